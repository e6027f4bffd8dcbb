// Statements that memkv has SQLite plan anew when they run already (ext/running.h): they begin
// again from their first row, and so must have given none, and have written none.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/sql/db.h"

namespace memkv::test {
namespace {

// In each the doubt comes up late: at the row of p whose y is 5.
const std::vector<std::string> kWrites = {
    "UPDATE p SET n = n + 1, c = (SELECT count(*) FROM u WHERE (u.key, u.a) IN (SELECT p.y, 1))",
    "UPDATE p SET n = n + 1, c = CASE WHEN y = 5 THEN (SELECT count(*) FROM u WHERE (u.key, u.a) "
    "IN (SELECT k, 1 FROM z)) END",
    "UPDATE OR FAIL p SET n = n + 1, c = CASE WHEN y = 5 THEN (SELECT count(*) FROM u WHERE "
    "(u.key, u.a) IN (SELECT k, 1 FROM z)) END",
    "UPDATE p SET n = n + 1, c = CASE WHEN y = 5 THEN (SELECT count(*) FROM o LEFT JOIN u ON "
    "u.key LIKE 'q%') END",
    "INSERT INTO p SELECT 1, 1, 1 UNION ALL SELECT x, 0, 0 FROM o LEFT JOIN u ON u.key LIKE 'q%'",
    "INSERT INTO p SELECT 1, 1, 1 UNION ALL SELECT key, 0, 0 FROM u WHERE (key, a) IN (SELECT k, 1 "
    "FROM z)",
    "INSERT INTO p SELECT key, 0, 0 FROM u WHERE (key, a) IN (SELECT 'x', 1 UNION ALL SELECT k, 1 "
    "FROM z)",
    "INSERT INTO p SELECT x, 0, 0 FROM o LEFT JOIN u ON u.key LIKE 'q%'",
    "INSERT INTO p(y, n) SELECT y, CASE WHEN y = 5 THEN (SELECT count(*) FROM o LEFT JOIN u ON "
    "u.key LIKE 'q%') END FROM p LIMIT 4",
    "DELETE FROM p WHERE CASE WHEN y = 5 THEN (SELECT count(*) FROM o LEFT JOIN u ON u.key LIKE "
    "'q%') = 2 ELSE y = 'x' END",
    "DELETE FROM p WHERE y IN (SELECT x FROM o LEFT JOIN u ON u.key LIKE 'q%')",
    "UPDATE u SET a = a + 1 WHERE (key, a) IN (SELECT k, 1 FROM z)",
    "DELETE FROM u WHERE (key, a) IN (SELECT 'x', 1 UNION ALL SELECT k, 1 FROM z)",
    "WITH w(k) AS (SELECT k FROM z) UPDATE \"u\" SET a = 7 WHERE (key, a) IN (SELECT k, 1 FROM w)",
    "INSERT INTO q VALUES (1)",  // a trigger
    "CREATE TABLE made AS SELECT x FROM o LEFT JOIN u ON u.key LIKE 'q%'"};

class Side {
 public:
  explicit Side(bool memkv) {
    db_.Exec(memkv ? "CREATE VIRTUAL TABLE u USING memkv(key TEXT PRIMARY KEY, a)"
                   : "CREATE TABLE u(key TEXT NOT NULL, a)");  // see row_value_in_test.cc
    db_.Exec(
        "INSERT INTO u VALUES ('05', 1), ('5', 1), ('x', 1); CREATE TABLE p(y, n INT, c); "
        "INSERT INTO p VALUES ('x', 0, NULL), ('x', 0, NULL), (5, 0, NULL), ('q', 0, NULL); "
        "CREATE TABLE z(k INTEGER); INSERT INTO z VALUES (5); CREATE TABLE o(x); "
        "INSERT INTO o VALUES (7), (8); CREATE TABLE q(x); "
        "CREATE TRIGGER g AFTER INSERT ON q BEGIN UPDATE p SET n = n + 1; "
        "INSERT INTO p SELECT key, 9, 9 FROM u WHERE (key, a) IN (SELECT k, 1 FROM z); END");
  }
  Db& db() { return db_; }
  std::string Contents() {
    std::string all;
    for (const char* table : {"p", "u", "q"})
      all += Show(db_.Run(std::string("SELECT * FROM ") + table + " ORDER BY 1, 2").rows) + "\n";
    return all + db_.Run("SELECT * FROM made").ToString();
  }

 private:
  Db db_;
};

// As far as they go in one transaction; again where memkv has had it rolled back.
std::string Story(bool memkv, const std::string& begin, const std::string& write,
                  const std::string& before = "", const std::string& also = "SELECT 1") {
  Side side(memkv);
  Db& db = side.db();
  db.Exec(before);
  for (int tries = 0; tries < 2; ++tries) {
    db.Exec(begin);
    const Result result = db.Run(write);
    if (result.code == SQLITE_INTERRUPT) {
      CHECK(result.message.find("run the transaction again") != std::string::npos);
      CHECK(db.autocommit());
      CHECK(tries == 0);
      continue;
    }
    const std::string story = result.ToString() + "\n" + side.Contents();
    if (!db.autocommit()) db.Exec("COMMIT");
    return story + side.Contents() + db.Run(also).ToString();
  }
  return "it fails again";
}

}  // namespace

TEST_CASE("what a write has done already is not done twice, and not half") {
  for (const std::string begin :
       {"SELECT * FROM p", "BEGIN", "BEGIN; SELECT * FROM u",
        "BEGIN; INSERT INTO p VALUES ('before', 0, 0)", "SAVEPOINT s; UPDATE p SET c = 1"}) {
    for (const std::string& write : kWrites) {
      CAPTURE(begin);
      CAPTURE(write);
      CHECK(Story(true, begin, write) == Story(false, begin, write));
    }
  }
}

// A text tells only so much of what a statement changes.
TEST_CASE("a write of another table that is called likewise, or that seems to be") {
  const std::string late =
      " SET n = n + 1, c = CASE WHEN y = 5 THEN (SELECT count(*) FROM main.u AS m WHERE (m.key, "
      "m.a) IN (SELECT k, 1 FROM z)) END";
  const auto same = [](const std::string& write, const std::string& before,
                       const std::string& also) {
    CAPTURE(write);
    CHECK(Story(true, "BEGIN", write, before, also) == Story(false, "BEGIN", write, before, also));
  };
  same("UPDATE x.u" + late, "ATTACH ':memory:' AS x; CREATE TABLE x.u AS SELECT * FROM p",
       "SELECT * FROM x.u");
  same("UPDATE u" + late, "CREATE TABLE temp.u AS SELECT * FROM p", "SELECT * FROM temp.u");
  same("WITH w AS (SELECT last_update u FROM (SELECT 1 AS last_update)) UPDATE p" + late, "",
       "SELECT 1");
  same("WITH w AS (SELECT 'update u' AS t) UPDATE p" + late, "", "SELECT 1");
  same(
      "WITH w(t) AS (SELECT 'delete from u ') INSERT INTO p SELECT t, 1, 1 FROM w UNION ALL "
      "SELECT key, 0, 0 FROM u WHERE (key, a) IN (SELECT k, 1 FROM z)",
      "", "SELECT 1");
  same("/* UPDATE u */ UPDATE p" + late, "", "SELECT 1");
  const std::string view =
      "CREATE VIEW v AS SELECT count(*) AS n FROM o LEFT JOIN u ON u.key LIKE 'q%'";
  same("UPDATE p SET n = n + 1, c = CASE WHEN y = 5 THEN (SELECT n FROM v) END", view, "SELECT 1");
}

TEST_CASE("a kept write that was prepared before the transaction") {
  for (const std::string& write : kWrites) {
    if (write.starts_with("CREATE")) continue;
    CAPTURE(write);
    std::string rows[2];
    for (const bool memkv : {false, true}) {
      Side side(memkv);
      Cursor kept(side.db(), write);
      int refused = 0;
      for (int run = 0; run < 3;) {
        side.db().Exec("BEGIN; SELECT * FROM u");
        const int rc = kept.Step();
        kept.Reset();
        if (rc == SQLITE_INTERRUPT) {
          REQUIRE(++refused == 1);
          REQUIRE(side.db().autocommit());
          continue;
        }
        side.db().Exec("COMMIT");
        ++run;
      }
      rows[memkv] = side.Contents();
    }
    CHECK(rows[0] == rows[1]);
  }
}

}  // namespace memkv::test
