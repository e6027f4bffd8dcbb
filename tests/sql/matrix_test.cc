// Every comparison of a key of every declared type with every kind of right-hand side: literals,
// parameters, columns of every affinity and expressions, in every shape a query can have.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/sql/twin.h"

namespace memkv::test {
namespace {

const std::vector<std::string> kValues = {"5",
                                          "5.0",
                                          "'5'",
                                          "'05'",
                                          "'5.0'",
                                          "' 5'",
                                          "x'35'",
                                          "'abc'",
                                          "'ABC'",
                                          "x'61'",
                                          "NULL",
                                          "''",
                                          "x''",
                                          "-1",
                                          "0.5",
                                          "1e300",
                                          "'1e2'",
                                          "100",
                                          "9007199254740993",
                                          "9007199254740992.0",
                                          "9223372036854775807"};

const std::vector<std::string> kTypes = {"TEXT", "", "INTEGER", "REAL", "NUMERIC", "BLOB"};

// %k is the key, %v the value it is compared with.
const std::vector<std::string> kTests = {"%k = %v",
                                         "%v = %k",
                                         "%k < %v",
                                         "%k <= %v",
                                         "%k > %v",
                                         "%k >= %v",
                                         "%v < %k",
                                         "%k <> %v",
                                         "%k IS %v",
                                         "%k IS NOT %v",
                                         "%k IN (%v, 'zz')",
                                         "%k NOT IN (%v)",
                                         "%k BETWEEN %v AND 'b'",
                                         "%k LIKE %v",
                                         "%k GLOB %v",
                                         "has_prefix(%k, %v)"};

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

class Matrix {
 public:
  explicit Matrix(const std::string& type) : twin_("key " + type + " PRIMARY KEY, value") {
    for (size_t i = 0; i < kValues.size(); ++i) {
      Expect(twin_.Compare("INSERT OR IGNORE INTO t VALUES (" + kValues[i] + ", " +
                           std::to_string(i) + ")"));
    }
    Expect(twin_.Compare("CREATE TABLE n(i INTEGER, r REAL, x TEXT, b BLOB, m NUMERIC)"));
    for (const std::string& v : kValues) {
      Expect(twin_.Compare("INSERT INTO n VALUES (" + v + ", " + v + ", " + v + ", " + v + ", " +
                           v + ")"));
    }
  }

  void Run() {
    for (const std::string& test : kTests) {
      const std::string with_key = Replaced(test, "%k", "key");
      for (const std::string& v : kValues) {
        const std::string where = Replaced(with_key, "%v", v);
        Shapes(where, {});
        Expect(twin_.Compare("SELECT key, value FROM t WHERE " +
                             Replaced(with_key, "%v", "(" + v + " || '')")));
        Expect(twin_.Compare("SELECT key, value FROM t WHERE " +
                             Replaced(with_key, "%v", "CAST(" + v + " AS TEXT)")));
        Expect(twin_.Compare("SELECT key, value FROM t WHERE " +
                             Replaced(with_key, "%v", "CAST(" + v + " AS INTEGER)")));
      }
      Db values(":memory:", Load::kNothing);
      std::string list;
      for (const std::string& v : kValues) list += (list.empty() ? "(" : ", (") + v + ")";
      Shapes(Replaced(with_key, "%v", "?1"), values.Run("VALUES " + list).rows);
      for (const std::string column : {"i", "r", "x", "b", "m"}) {
        const std::string on = Replaced(Replaced(test, "%k", "t.key"), "%v", "n." + column);
        Expect(twin_.Compare("SELECT n.rowid, t.* FROM n CROSS JOIN t ON " + on +
                             " ORDER BY n.rowid, t.key"));
        Expect(twin_.Compare("SELECT n.rowid, (SELECT count(*) FROM t WHERE " + on +
                             ") FROM n ORDER BY 1"));
      }
    }
    for (const std::string column : {"i", "r", "x", "b", "m"}) {
      const std::string in = std::string(" IN (SELECT ") + column + " FROM n)";
      Expect(twin_.Compare("SELECT * FROM t WHERE key" + in + " ORDER BY key"));
      Expect(twin_.Compare("SELECT * FROM t WHERE key" + in + " AND key > 'a' ORDER BY key DESC"));
      Expect(twin_.Compare("SELECT * FROM t WHERE key" + in + " AND key GLOB '*5*' ORDER BY key"));
      Expect(twin_.Compare("SELECT * FROM t WHERE key" + in +
                           " AND key IN (SELECT value FROM t) ORDER BY key"));
      Expect(twin_.Compare("SELECT * FROM t WHERE key NOT" + in + " ORDER BY key"));
    }
  }

  void Freeze() { Expect(twin_.Freeze()); }
  bool ok() const { return failures_ == 0; }

 private:
  void Shapes(const std::string& where, const std::vector<Row>& parameters) {
    Expect(twin_.Compare("SELECT key, value FROM t WHERE " + where + " ORDER BY key", parameters));
    Expect(twin_.Compare("SELECT key, typeof(key) FROM t WHERE " + where + " ORDER BY key DESC",
                         parameters));
    Expect(twin_.Compare("SELECT value FROM t WHERE " + where + " ORDER BY key LIMIT 2 OFFSET 1",
                         parameters));
    Expect(twin_.Compare("SELECT count(*), max(key) FROM t WHERE " + where + " AND value > 3",
                         parameters));
  }

  void Expect(const std::string& differs) {
    if (differs.empty() || ++failures_ > 20) return;
    FAIL_CHECK(differs);
  }

  Twin twin_;
  int failures_ = 0;
};

TEST_CASE("every comparison of every type of key with every kind of value") {
  for (const std::string& type : kTypes) {
    CAPTURE(type);
    Matrix matrix(type);
    matrix.Run();
    matrix.Freeze();
    matrix.Run();
    CHECK(matrix.ok());
  }
}

}  // namespace
}  // namespace memkv::test
