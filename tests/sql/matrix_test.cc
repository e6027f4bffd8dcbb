// Every comparison of a key, and of an INDEXED column, of every declared type with every kind of
// right-hand side: literals, parameters, columns of every affinity and expressions, in every shape
// a query can have.

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

// The same of a secondary index. What SQLite asks of it and what of the twin's index is compared in
// key order, and in the index's own.
class IndexMatrix {
 public:
  explicit IndexMatrix(const std::string& type)
      : twin_("key INTEGER PRIMARY KEY, v " + type + " INDEXED, w") {
    for (size_t i = 0; i < 2 * kValues.size(); ++i) {
      Expect(twin_.Compare("INSERT INTO t VALUES (" + std::to_string(i * 7919 % 100) + ", " +
                           kValues[i % kValues.size()] + ", " + std::to_string(i) + ")"));
    }
    Expect(twin_.Compare("CREATE TABLE n(i INTEGER, r REAL, x TEXT, b BLOB, m NUMERIC)"));
    for (const std::string& v : kValues)
      Expect(twin_.Compare("INSERT INTO n VALUES (" + v + ", " + v + ", " + v + ", " + v + ", " +
                           v + ")"));
  }

  void Run() {
    Db values(":memory:", Load::kNothing);
    std::string list;
    for (const std::string& v : kValues) list += (list.empty() ? "(" : ", (") + v + ")";
    const std::vector<Row> parameters = values.Run("VALUES " + list).rows;
    for (const std::string& test : kTests) {
      const std::string with_v = Replaced(test, "%k", "v");
      for (const std::string& v : kValues) {
        Shapes(Replaced(with_v, "%v", v), {});
        for (const std::string expression : {" || ''", " + 0"})
          Expect(twin_.Compare("SELECT key, v FROM t WHERE " +
                               Replaced(with_v, "%v", "(" + v + expression + ")") +
                               " ORDER BY v, key"));
      }
      Shapes(Replaced(with_v, "%v", "?1"), parameters);
      for (const std::string column : {"i", "r", "x", "b", "m"}) {
        const std::string on = Replaced(Replaced(test, "%k", "t.v"), "%v", "n." + column);
        Expect(twin_.Compare("SELECT n.rowid, t.* FROM n CROSS JOIN t ON " + on +
                             " ORDER BY n.rowid, t.key"));
      }
    }
    for (const std::string where :
         {"v IS NULL", "v IS NOT NULL", "v IS NULL AND w > 3", "v IS NULL OR v > 5",
          "v IN (SELECT i FROM n)", "v = 5 AND key > 9"})
      Shapes(where, {});
  }

  void Freeze() { Expect(twin_.Freeze()); }
  void Change() {
    Expect(twin_.Compare("UPDATE t SET v = 5 WHERE v IS 'abc'"));
    Expect(twin_.Compare("UPDATE t SET v = v, w = w + 1 WHERE key % 3 = 0"));
    Expect(twin_.Compare("DELETE FROM t WHERE v < 1"));
    Expect(twin_.Compare("INSERT OR REPLACE INTO t SELECT key + 50, v, w FROM t ORDER BY key"));
    Expect(twin_.CheckIntegrity());
  }
  bool ok() const { return failures_ == 0; }

 private:
  void Shapes(const std::string& where, const std::vector<Row>& parameters) {
    Expect(twin_.Compare("SELECT key, v FROM t WHERE " + where + " ORDER BY v, key", parameters));
    Expect(twin_.Compare("SELECT key, typeof(v) FROM t WHERE " + where +
                             " ORDER BY v DESC, key DESC LIMIT 3 OFFSET 2",
                         parameters));
    Expect(twin_.Compare("SELECT key FROM t WHERE " + where + " ORDER BY key LIMIT 3 OFFSET 1",
                         parameters));
    Expect(twin_.Compare("SELECT count(*), max(v), min(v) FROM t WHERE " + where, parameters));
    Expect(twin_.Compare("SELECT key FROM t WHERE " + where + " AND v > 3 ORDER BY v, key",
                         parameters));
  }

  void Expect(const std::string& differs) {
    if (differs.empty() || ++failures_ > 20) return;
    FAIL_CHECK(differs);
  }

  Twin twin_;
  int failures_ = 0;
};

TEST_CASE("every comparison of every type of INDEXED column with every kind of value") {
  for (const std::string& type : kTypes) {
    CAPTURE(type);
    IndexMatrix matrix(type);
    matrix.Run();
    matrix.Freeze();
    matrix.Run();
    matrix.Change();
    matrix.Run();
    CHECK(matrix.ok());
  }
}

}  // namespace
}  // namespace memkv::test
