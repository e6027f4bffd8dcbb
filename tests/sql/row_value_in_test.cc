// (key, a) IN (SELECT …): SQLite hands its parts over as key = ? and a = ?, but compares them by
// other affinities than those.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/sql/twin.h"

namespace memkv::test {
namespace {

const std::vector<std::string> kValues = {"5",      "5.0",  "'5'",  "'05'",  "'5.0'",
                                          "'10.0'", "10.0", "10",   "'1e1'", "x'35'",
                                          "'abc'",  "NULL", "' 5'", "9e999", "'Inf'"};
const std::vector<std::string> kLeft = {"(key, key)", "(key, a)", "(a, key)",   "(a, a)",
                                        "(key, b)",   "(b, a)",   "(key, a, b)"};
const std::vector<std::string> kRight = {
    "i", "r", "x", "v", "m", "10.0", "'5'", "+i", "CAST(v AS TEXT)"};
// %c is the IN.
const std::vector<std::string> kShapes = {
    "SELECT key, a FROM t WHERE %c ORDER BY key",
    "SELECT key, a FROM t WHERE %c AND key > '' ORDER BY key DESC LIMIT 3 OFFSET 1",
    "SELECT key, a FROM t WHERE %c AND a = 5 ORDER BY key",
    "SELECT key, a FROM t WHERE %c OR key = 'abc' ORDER BY key",
    "SELECT (SELECT count(*) FROM t WHERE %c AND n.i IS NOT a) FROM n ORDER BY 1",
    "SELECT n.rowid, key, a FROM n CROSS JOIN t ON t.key = n.i AND %c ORDER BY 1, 2, 3",
    "SELECT key FROM t WHERE NOT %c ORDER BY key"};

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// A memkv table beside one without any index: with one SQLite looks rows up by the affinity of the
// IN's first column alone, and loses some of its own.
class Grid {
 public:
  Grid(const std::string& key, const std::string& a) : twin_(":memory:", Load::kNothing) {
    memkv_.Exec("CREATE VIRTUAL TABLE t USING memkv(key " + key + " PRIMARY KEY, a " + a +
                " INDEXED, b)");
    twin_.Exec("PRAGMA automatic_index = 0");
    twin_.Exec("CREATE TABLE t(key " + key + " NOT NULL, a " + a + ", b)");
    Both("CREATE TABLE n(i INTEGER, r REAL, x TEXT, v, m NUMERIC)");
    for (size_t i = 0; i < kValues.size(); ++i) {
      const std::string& v = kValues[i];
      const std::string& other = kValues[(i * 7 + 3) % kValues.size()];
      for (const std::string& row : {v + ", " + v + ", " + v, v + " || 'z', " + other + ", " + v})
        memkv_.Run("INSERT OR IGNORE INTO t VALUES (" + row + ")");
      Both("INSERT INTO n VALUES (" + v + ", " + v + ", " + v + ", " + v + ", " + v + ")");
    }
    for (const Row& row : memkv_.Run("SELECT * FROM t").rows)
      twin_.Exec("INSERT INTO t VALUES (?1, ?2, ?3)", row);
  }

  void Run() {
    for (const std::string& left : kLeft) {
      for (size_t i = 0; i < kRight.size(); ++i) {
        for (const size_t j : {i, (i + 1) % kRight.size(), (i + 5) % kRight.size()}) {
          std::string list = kRight[i] + ", " + kRight[j];
          if (left == "(key, a, b)") list += ", v";
          const std::string in = left + " IN (SELECT " + list + " FROM n)";
          for (const std::string& shape : kShapes) Same(Replaced(shape, "%c", in));
        }
      }
    }
  }

  void Freeze() { memkv_.Exec("SELECT memkv_freeze('t')"); }
  void Both(const std::string& sql) {
    memkv_.Exec(sql);
    twin_.Exec(sql);
  }
  void Same(const std::string& sql, const Row& parameters = {}) {
    const Result ours = memkv_.Run(sql, parameters), theirs = twin_.Run(sql, parameters);
    if (ours == theirs || ++failures_ > 5) return;
    FAIL_CHECK(sql << "\n  memkv: " << ours.ToString() << "\n  twin:  " << theirs.ToString());
  }
  Db& memkv() { return memkv_; }

 private:
  Db memkv_, twin_;
  int failures_ = 0;
};

}  // namespace

TEST_CASE("an IN of row values compares by the affinities of both sides") {
  for (const std::string key : {"TEXT", "", "BLOB", "INTEGER", "REAL"}) {
    for (const std::string a : {"TEXT", "", "NUMERIC"}) {
      CAPTURE(key);
      CAPTURE(a);
      Grid grid(key, a);
      grid.Run();
      grid.Freeze();
      grid.Run();
    }
  }
}

TEST_CASE("an IN of row values in writes, views, triggers and kept statements") {
  Grid grid("TEXT", "TEXT");
  const std::string in = "(key, a) IN (SELECT i, x FROM n UNION ALL SELECT r, v FROM n)";
  grid.Both("CREATE VIEW w AS SELECT key, a FROM t WHERE " + in);
  grid.Same("SELECT * FROM w ORDER BY key");
  grid.Same("SELECT n.rowid, t.key FROM n CROSS JOIN t ON t.key = n.i ORDER BY 1, 2");
  grid.Both("CREATE TABLE log(x)");
  grid.Both(
      "CREATE TRIGGER logs AFTER INSERT ON log WHEN new.x = 1 BEGIN "
      "INSERT INTO log SELECT key FROM t WHERE " +
      in + "; END");
  grid.Both("INSERT INTO log VALUES(1)");
  grid.Same("SELECT x FROM log ORDER BY x");
  Cursor kept(grid.memkv(), "SELECT key FROM t WHERE (key, key) IN (SELECT ?1, ?2) ORDER BY key");
  for (const Row& row : std::vector<Row>{{IntegerCell(5), IntegerCell(5)},
                                         {TextCell("05"), TextCell("05")},
                                         {RealCell(10), TextCell("10.0")}}) {
    kept.Bind(row);
    CHECK(kept.Step() == SQLITE_ROW);
    kept.Reset();
  }
  grid.Both("UPDATE t SET b = 'found' WHERE " + in);
  grid.Same("SELECT * FROM t ORDER BY key");
  grid.Both("DELETE FROM t WHERE " + in);
  grid.Same("SELECT * FROM t ORDER BY key");
}

TEST_CASE("an IN of row values that comes to a doubt late fails once") {
  Grid grid("TEXT", "TEXT");
  Db& db = grid.memkv();
  const std::string sql =
      "SELECT key FROM t WHERE (key, b) IN (SELECT x, v FROM n WHERE x = 'abc') UNION ALL "
      "SELECT key FROM t WHERE (key, a) IN (SELECT i, x FROM n WHERE x = '05')";
  Cursor query(db, sql);
  REQUIRE(query.Step() == SQLITE_ROW);
  CHECK(query.Step() == SQLITE_ABORT);
  CHECK(std::string(sqlite3_errmsg(db.handle())).find("run the statement again") !=
        std::string::npos);
  query.Reset();
  grid.Same("SELECT key FROM t WHERE key = 'abc'");
  REQUIRE(query.Step() == SQLITE_ROW);
  REQUIRE(query.Step() == SQLITE_ROW);
  CHECK(query.row() == Row{TextCell("05")});
  CHECK(query.Step() == SQLITE_DONE);
  // Others are planned as before.
  CHECK(db.Plan("SELECT * FROM t WHERE key = ?1").find("key = ?") != std::string::npos);
}

}  // namespace memkv::test
