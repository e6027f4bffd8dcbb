// UPDATEs whose rows meet each other, or that have none: what SQLite hands over is not what the
// statement says.

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

constexpr char kOverwritten[] =
    "memkv: UPDATE OR REPLACE moves rows onto rows it has yet to visit and computes from their "
    "values; select into a temp table first";

constexpr char kTables[] =
    "CREATE VIRTUAL TABLE t USING memkv(key INTEGER PRIMARY KEY, v);"
    "CREATE TABLE p(key INTEGER PRIMARY KEY NOT NULL, v) WITHOUT ROWID";

// "@" in the SQL is the table.
Result RunOn(Db& db, const std::string& table, std::string sql) {
  for (size_t at; (at = sql.find('@')) != std::string::npos;) sql.replace(at, 1, table);
  return db.Run(sql);
}

}  // namespace

TEST_CASE("UPDATE OR REPLACE that computes from values of rows it replaces is refused") {
  Db db;
  db.Exec(kTables);
  db.Exec("INSERT INTO t VALUES(1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO p SELECT * FROM t");
  CHECK(db.Error("UPDATE OR REPLACE t SET key = 4 - key, v = v || 'x'") == kOverwritten);
  CHECK(db.Rows("SELECT * FROM t") == "1, 'a' | 2, 'b' | 3, 'c'");
  db.Exec("BEGIN; INSERT INTO t VALUES(9, 'i')");
  CHECK(db.Error("UPDATE OR REPLACE t SET key = 4 - key, v = v || 'x' WHERE key < 9") ==
        kOverwritten);
  db.Exec("ROLLBACK");
  // What computes from keys alone, or moves nothing onto what is to come, is the twin's.
  for (const char* sql :
       {"UPDATE OR REPLACE @ SET key = key + 1", "UPDATE OR REPLACE @ SET v = v || 'y'",
        "UPDATE OR REPLACE @ SET key = key + 10, v = v || 'z'",
        "UPDATE OR REPLACE @ SET key = 14, v = 1 WHERE key < 20"}) {
    CAPTURE(sql);
    REQUIRE(RunOn(db, "t", sql).ok());
    REQUIRE(RunOn(db, "p", sql).ok());
    CHECK(db.Rows("SELECT * FROM t") == db.Rows("SELECT * FROM p"));
  }
}

TEST_CASE("key rewrites under OR REPLACE come to the same, or say that they cannot") {
  std::mt19937 random(7);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  int refused = 0;
  for (int round = 0; round < 2000; ++round) {
    Db db;
    db.Exec(kTables);
    for (int i = 0; i < 6; ++i)
      db.Exec("REPLACE INTO t VALUES(" + std::to_string(below(8)) + ", " + std::to_string(i) + ")");
    db.Exec("INSERT INTO p SELECT * FROM t");
    const std::string keys[] = {"key + 1", "key - 1",     "7 - key",      "key / 2",
                                "3",       "key * 3 % 8", "(key + 4) % 8"};
    const std::string values[] = {"", ", v = v + 10", ", v = key", ", v = 5", ", v = v * key"};
    const std::string sql = "UPDATE OR REPLACE @ SET key = " + keys[below(7)] + values[below(5)];
    CAPTURE(sql);
    const Result ours = RunOn(db, "t", sql);
    if (!ours.ok()) {
      REQUIRE(ours.message == kOverwritten);
      ++refused;
      continue;
    }
    REQUIRE(RunOn(db, "p", sql).ok());
    REQUIRE(db.Rows("SELECT * FROM t") == db.Rows("SELECT * FROM p"));
  }
  CHECK(refused > 0);
  CHECK(refused < 1000);
}

TEST_CASE("an UPDATE FROM that fails in a transaction changes nothing") {
  for (const bool stored : {false, true}) {
    CAPTURE(stored);
    Folder folder;
    Db db(stored ? folder / "a.db" : ":memory:");
    db.Exec(kTables);
    db.Exec("INSERT INTO t VALUES(1, 9), (2, 9), (3, 7); INSERT INTO p SELECT * FROM t");
    db.Exec("BEGIN; INSERT INTO t VALUES(4, 5); INSERT INTO p VALUES(4, 5)");
    for (const char* sql : {"UPDATE @ SET key = s.v FROM @ s WHERE s.key = @.key",
                            "UPDATE OR FAIL @ SET key = s.v + 1 FROM @ s WHERE s.key = @.key",
                            "UPDATE OR IGNORE @ SET key = s.v + 2 FROM @ s WHERE s.key = @.key",
                            "UPDATE @ SET key = 100 + s.v FROM @ s WHERE s.key = @.key"}) {
      CAPTURE(sql);
      const Result ours = RunOn(db, "t", sql), theirs = RunOn(db, "p", sql);
      CHECK(ours.code == theirs.code);
      CHECK(db.Rows("SELECT * FROM t") == db.Rows("SELECT * FROM p"));
    }
    db.Exec("COMMIT; INSERT INTO t(t) VALUES('integrity-check')");
    CHECK(db.Rows("SELECT * FROM t") == db.Rows("SELECT * FROM p"));
  }
}

TEST_CASE("UPDATE FROM an aggregate over no rows changes nothing") {
  Db db;
  db.Exec(kTables);
  db.Exec("CREATE TABLE o(x)");
  for (const char* sql :
       {"UPDATE @ SET v = (SELECT count(x)) FROM o", "UPDATE @ SET key = (SELECT count(x)) FROM o",
        "UPDATE @ SET key = 1, v = (SELECT count(x)) FROM o",
        "WITH c AS (SELECT 1) UPDATE @ SET v = (SELECT count(x)) FROM o"}) {
    CAPTURE(sql);
    const Result ours = RunOn(db, "t", sql), theirs = RunOn(db, "p", sql);
    REQUIRE(theirs.ok());
    CHECK_MESSAGE(ours.ok(), ours.message);
    CHECK(db.Rows("SELECT * FROM t") == db.Rows("SELECT * FROM p"));
  }
  db.Exec("INSERT INTO t VALUES(1, 1)");
  CHECK(db.Error("INSERT INTO t SELECT NULL, 1 FROM t") == "NOT NULL constraint failed: t.key");
}

TEST_CASE("an INSERT that names rowid before the table is connected is refused as the twin's") {
  Folder folder;
  {
    Db db(folder / "a.db");
    db.Exec(
        "CREATE VIRTUAL TABLE t USING memkv; CREATE TABLE p(key TEXT PRIMARY KEY, value) "
        "WITHOUT ROWID; CREATE TABLE o(x)");
  }
  for (const char* sql :
       {"INSERT INTO @(rowid, key) VALUES(5, 6)", "REPLACE INTO @(key, rowid) VALUES('a', 1)",
        "INSERT INTO @(rowid, key) SELECT x, x FROM o UNION ALL SELECT 1, 2"}) {
    CAPTURE(sql);
    Db db(folder / "a.db");
    const Result ours = RunOn(db, "t", sql), theirs = RunOn(db, "p", sql);
    CHECK(ours.code == theirs.code);
    CHECK(ours.message == "table t has no column named rowid");
    CHECK(db.Rows("SELECT * FROM t") == "");
  }
}

}  // namespace memkv::test
