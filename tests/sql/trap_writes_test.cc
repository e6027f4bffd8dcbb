// Statements, savepoints and transactions as SQLite tells a virtual table of them, and cursors that
// stay open meanwhile.

#include <doctest/doctest.h>

#include <string>

#include "tests/sql/twin.h"

namespace memkv::test {
namespace {

#define CHECK_BOTH(sql) CHECK(twin.Compare(sql) == "")
#define REQUIRE_BOTH(sql) REQUIRE(twin.CompareSuccess(sql) == "")

constexpr char kThree[] = "INSERT INTO t VALUES ('a',1), ('b',2), ('c',3)";

TEST_CASE("a single-row INSERT that fails inside BEGIN leaves nothing behind") {
  for (const std::string columns :
       {"key TEXT PRIMARY KEY, value", "key TEXT PRIMARY KEY, value NOT NULL"}) {
    Twin twin(columns);
    REQUIRE_BOTH(kThree);
    CHECK_BOTH("BEGIN");
    CHECK_BOTH("INSERT INTO t VALUES ('a', 9)");
    CHECK_BOTH("INSERT INTO t VALUES (NULL, 9)");
    CHECK_BOTH("INSERT INTO t VALUES ('n', NULL)");
    CHECK_BOTH("INSERT OR IGNORE INTO t VALUES ('a', 9)");
    CHECK_BOTH("INSERT OR FAIL INTO t VALUES ('a', 9)");
    CHECK(twin.memkv().Code("INSERT INTO t VALUES (zeroblob(2000000), 9)") == SQLITE_TOOBIG);
    CHECK(twin.CompareContents() == "");
    CHECK_BOTH("COMMIT");
    CHECK(twin.CompareContents() == "");
  }
}

TEST_CASE("a statement that fails half-way is undone, inside BEGIN and outside") {
  Twin twin;
  REQUIRE_BOTH(kThree);
  for (const bool begin : {false, true}) {
    if (begin) CHECK_BOTH("BEGIN");
    CHECK_BOTH("INSERT INTO t VALUES ('x',1), ('y',2), ('a',3), ('z',4)");
    CHECK(twin.CompareContents() == "");
    CHECK_BOTH("UPDATE t SET key = key || 'x' WHERE key < 'c'");
    CHECK_BOTH("UPDATE t SET key = 'same'");
    CHECK(twin.CompareContents() == "");
    CHECK_BOTH(
        "INSERT INTO t SELECT 'i' || key, CASE WHEN key > 'b' THEN abs(-9223372036854775808) END "
        "FROM t");
    CHECK(twin.CompareContents() == "");
    // Before 3.40 SQLite itself does not undo this in a transaction, in tables of its own.
    if (!begin || sqlite3_libversion_number() >= 3040000)
      CHECK_BOTH("DELETE FROM t WHERE key = 'c' OR abs(-9223372036854775808 + (key < 'b'))");
    CHECK(twin.CompareContents() == "");
    CHECK_BOTH("INSERT OR FAIL INTO t VALUES ('x" + std::to_string(begin) +
               "',1), ('bx',2), ('z',4)");
    CHECK(twin.CompareContents() == "");
  }
  CHECK_BOTH("COMMIT");
  CHECK(twin.CompareContents() == "");
}

TEST_CASE("a table made in a transaction is written in it, kept by COMMIT and gone by ROLLBACK") {
  Db db;
  db.Exec(
      "BEGIN; CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a',1); SAVEPOINT s; "
      "INSERT INTO u VALUES ('b',2); "
      "ROLLBACK TO s; INSERT INTO u VALUES ('c',3); COMMIT");
  CHECK(db.Rows("SELECT * FROM u") == "'a', 1 | 'c', 3");
  db.Exec("BEGIN; CREATE VIRTUAL TABLE v USING memkv; INSERT INTO v VALUES ('a',1); ROLLBACK");
  CHECK(db.Error("SELECT * FROM v") == "no such table: v");
  db.Exec("CREATE VIRTUAL TABLE v USING memkv");
  CHECK(db.Rows("SELECT * FROM v") == "");
  db.Exec(
      "BEGIN; INSERT INTO u VALUES ('d',4); SAVEPOINT s; CREATE VIRTUAL TABLE w USING memkv; "
      "INSERT INTO w VALUES ('x',1); "
      "INSERT INTO u VALUES ('e',5); ROLLBACK TO s; COMMIT");
  CHECK(db.Rows("SELECT * FROM u") == "'a', 1 | 'c', 3 | 'd', 4");
  CHECK(db.Error("SELECT * FROM w") == "no such table: w");
}

TEST_CASE("savepoints opened before the table's first write are undone to as well") {
  for (const std::string undo : {"ROLLBACK TO one", "ROLLBACK TO two", "ROLLBACK TO three",
                                 "RELEASE three", "RELEASE two"}) {
    for (const std::string then : {"ROLLBACK TO one", "RELEASE one", "ROLLBACK", "COMMIT"}) {
      for (const std::string begin : {"BEGIN", "SELECT 1"}) {
        CAPTURE(undo);
        CAPTURE(then);
        CAPTURE(begin);
        Twin twin;
        REQUIRE_BOTH(kThree);
        REQUIRE_BOTH(begin);
        REQUIRE_BOTH("SAVEPOINT one");
        REQUIRE_BOTH("SAVEPOINT two");
        REQUIRE_BOTH("SAVEPOINT three");
        REQUIRE_BOTH("DELETE FROM t WHERE key = 'a'");
        REQUIRE_BOTH(undo);
        CHECK(twin.CompareContents() == "");
        REQUIRE_BOTH("INSERT INTO t VALUES ('x', 1)");
        CHECK_BOTH(then);
        CHECK(twin.CompareContents() == "");
        CHECK_BOTH("INSERT INTO t VALUES ('y', 1)");
        CHECK_BOTH("ROLLBACK");
        CHECK(twin.CompareContents() == "");
      }
    }
  }
}

TEST_CASE(
    "a table that joins a transaction late keeps to its savepoints, the other table to its own") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE u USING memkv; CREATE VIRTUAL TABLE v USING memkv");
  db.Exec(
      "BEGIN; INSERT INTO u VALUES ('u1',1); SAVEPOINT one; INSERT INTO u VALUES ('u2',2); "
      "SAVEPOINT two; "
      "INSERT INTO v VALUES ('v1',1); INSERT INTO u VALUES ('u3',3)");
  CHECK(db.Rows("SELECT key FROM u UNION ALL SELECT key FROM v") == "'u1' | 'u2' | 'u3' | 'v1'");
  db.Exec("ROLLBACK TO two");
  CHECK(db.Rows("SELECT key FROM u UNION ALL SELECT key FROM v") == "'u1' | 'u2'");
  db.Exec("INSERT INTO v VALUES ('v2',2); ROLLBACK TO one; INSERT INTO v VALUES ('v3',3); COMMIT");
  CHECK(db.Rows("SELECT key FROM u UNION ALL SELECT key FROM v") == "'u1' | 'v3'");
  db.Exec("BEGIN; DELETE FROM u; DELETE FROM v; ROLLBACK");
  CHECK(db.Rows("SELECT key FROM u UNION ALL SELECT key FROM v") == "'u1' | 'v3'");
  db.Exec("INSERT INTO u SELECT key || 'x', value FROM v; INSERT INTO v SELECT * FROM u");
  CHECK(db.Rows("SELECT key FROM v") == "'u1' | 'v3' | 'v3x'");
}

TEST_CASE("UPDATE of a value keeps the key as it is; UPDATE of a key keeps the values") {
  Twin twin("key PRIMARY KEY, a, b TEXT, c");
  REQUIRE_BOTH(
      "INSERT INTO t VALUES (1.0, x'00', 'b', 1), (2, NULL, NULL, NULL), ('3', 1.5, '', -1), "
      "(x'34', 1, 2, 3)");
  for (const int frozen : {0, 1}) {
    if (frozen) REQUIRE(twin.Freeze() == "");
    CHECK_BOTH("UPDATE t SET c = 7");
    CHECK_BOTH("UPDATE t SET key = key || 'x' WHERE key = '3'");
    CHECK_BOTH("UPDATE t SET b = NULL, c = a WHERE key >= 1");
    CHECK_BOTH("UPDATE t SET key = key + 1 WHERE typeof(key) = 'integer'");
    CHECK_BOTH("UPDATE t SET a = NULL");
    CHECK(twin.CompareContents() == "");
  }
}

TEST_CASE("statements that move the rows they walk over") {
  Twin twin;
  REQUIRE_BOTH(
      "INSERT INTO t WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c WHERE i < "
      "500) SELECT 'k' || i, i FROM c");
  for (const int frozen : {0, 1}) {
    if (frozen) REQUIRE(twin.Freeze() == "");
    CHECK_BOTH("UPDATE t SET key = 'z' || key WHERE key > 'a'");
    CHECK_BOTH("UPDATE t SET key = substr(key, 2)");
    CHECK_BOTH("INSERT INTO t SELECT key || '.', value FROM t WHERE value % 5 = 0");
    CHECK_BOTH("DELETE FROM t WHERE key LIKE '%.' OR value % 7 = 0");
    CHECK_BOTH("DELETE FROM t WHERE key IN (SELECT key FROM t WHERE value % 11 = 0)");
    CHECK_BOTH("UPDATE t SET value = (SELECT count(*) FROM t u WHERE u.key < t.key)");
    CHECK_BOTH("INSERT OR REPLACE INTO t SELECT key, value + 1 FROM t ORDER BY key DESC");
    CHECK(twin.CompareContents() == "");
  }
}

TEST_CASE("last_insert_rowid() and changes() are the user's") {
  Db db;
  db.Exec(
      "CREATE TABLE r(x); CREATE VIRTUAL TABLE u USING memkv; INSERT INTO r(rowid, x) VALUES (77, "
      "1)");
  db.Exec("INSERT INTO u VALUES ('a',1), ('b',2), ('c',3)");
  CHECK(db.Rows("SELECT last_insert_rowid(), changes()") == "77, 3");
  db.Exec("SELECT memkv_freeze('u')");
  CHECK(db.Rows("SELECT last_insert_rowid()") == "77");
  db.Exec("UPDATE u SET value = 9 WHERE key > 'a'");
  CHECK(db.Rows("SELECT last_insert_rowid(), changes()") == "77, 2");
  db.Exec("DELETE FROM u");
  CHECK(db.Rows("SELECT last_insert_rowid(), changes()") == "77, 3");
  db.Exec("INSERT INTO u(u) VALUES ('truncate')");
  CHECK(db.Rows("SELECT last_insert_rowid()") == "77");
}

// Steps `cursor` to its end.
std::string Rest(Cursor& cursor) {
  std::vector<Row> rows;
  int rc;
  while ((rc = cursor.Step()) == SQLITE_ROW) rows.push_back(cursor.row());
  return rc == SQLITE_DONE ? Show(rows) : "error " + std::to_string(rc);
}

TEST_CASE("an open cursor sees the table as it was, whatever is done to it") {
  const char* rows = "'b', 2 | 'c', 3 | 'd', 4 | 'e', 5";
  for (const int frozen : {0, 1, 2}) {
    for (const std::string sql :
         {"SELECT * FROM u", "SELECT * FROM u ORDER BY key DESC",
          "SELECT * FROM u WHERE key >= 'a'", "SELECT * FROM u WHERE key LIKE '_'",
          "SELECT * FROM u WHERE rank >= 0", "SELECT * FROM u WHERE key GLOB '[a-f]'"}) {
      for (const std::string what :
           {"DELETE FROM u",
            "INSERT INTO u VALUES ('bb',1), ('cc',2), ('zz',3); DELETE FROM u WHERE key = 'c'",
            "UPDATE u SET value = -1", "UPDATE u SET key = key || 'x'",
            "BEGIN; DELETE FROM u; COMMIT", "BEGIN; DELETE FROM u; ROLLBACK",
            "BEGIN; DELETE FROM u; SAVEPOINT s; INSERT INTO u VALUES ('c',0); ROLLBACK TO s; "
            "INSERT INTO u VALUES ('d',0); COMMIT",
            "INSERT INTO u(u) VALUES ('truncate'); INSERT INTO u VALUES ('c', 'new')",
            "SELECT memkv_freeze('u')",
            "DELETE FROM u WHERE key > 'b'; SELECT memkv_freeze('u'); INSERT INTO u VALUES ('c', "
            "'new')",
            "BEGIN; SELECT memkv_freeze('u'); ROLLBACK; DELETE FROM u",
            "BEGIN; CREATE TABLE z(x); DELETE FROM u; ROLLBACK; DELETE FROM u",
            "ALTER TABLE u RENAME TO w; DELETE FROM w",
            "INSERT INTO u(u, key) VALUES ('delete-prefix', 'c')"}) {
        CAPTURE(frozen);
        CAPTURE(sql);
        CAPTURE(what);
        Db db;
        db.Exec(
            "CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a',1), ('b',2), ('c',3), "
            "('d',4), ('e',5)");
        if (frozen >= 1) db.Exec("SELECT memkv_freeze('u')");
        if (frozen == 2) db.Exec("UPDATE u SET value = value WHERE key IN ('b', 'd')");
        Cursor cursor(db, sql);
        REQUIRE(cursor.Step() == SQLITE_ROW);
        const bool descending = cursor.row()[0] == TextCell("e");
        const Result done = db.Run(what);
        if (!done.ok()) {  // SQLite itself refuses some DDL while a statement runs
          CHECK(done.message.find("database table is locked") != std::string::npos);
        }
        CHECK(Rest(cursor) == (descending ? "'d', 4 | 'c', 3 | 'b', 2 | 'a', 1" : rows));
      }
    }
  }
}

TEST_CASE("a cursor opened inside a transaction outlives its rollback, and gives what is left") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a',1), ('b',2)");
  db.Exec("BEGIN; INSERT INTO u VALUES ('c',3), ('d',4)");
  Cursor cursor(db, "SELECT key FROM u");
  REQUIRE(cursor.Step() == SQLITE_ROW);
  db.Exec("ROLLBACK");
  CHECK(Rest(cursor) == "'b'");
  CHECK(db.Rows("SELECT key FROM u") == "'a' | 'b'");
}

TEST_CASE("a table with an open cursor is not dropped") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a',1), ('b',2)");
  {
    Cursor cursor(db, "SELECT key FROM u");
    REQUIRE(cursor.Step() == SQLITE_ROW);
    CHECK((db.Code("DROP TABLE u") & 0xff) == SQLITE_LOCKED);
    CHECK(Rest(cursor) == "'b'");
  }
  CHECK(db.Rows("SELECT key FROM u") == "'a' | 'b'");
  db.Exec("DROP TABLE u");
}

TEST_CASE("a statement that walks and writes the same table by hand") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a',1), ('b',2), ('c',3)");
  Cursor cursor(db, "SELECT key FROM u");
  int steps = 0;
  for (; cursor.Step() == SQLITE_ROW && steps < 100; ++steps) {
    db.Exec("DELETE FROM u WHERE key = ?1", cursor.row());
    db.Exec("INSERT INTO u VALUES (?1 || 'x', 1)", cursor.row());
  }
  CHECK(steps == 3);
  CHECK(db.Rows("SELECT key FROM u") == "'ax' | 'bx' | 'cx'");
}

TEST_CASE("memory comes back after DELETE, truncate and ROLLBACK") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE u USING memkv");
  auto memory = [&db] {
    return std::stoll(db.Rows("SELECT value FROM memkv_stats('u') WHERE name = 'memory_bytes'"));
  };
  const long long empty = memory();
  const std::string fill =
      "INSERT INTO u WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c WHERE i < "
      "30000) SELECT 'key' || i, i FROM c";
  db.Exec(fill);
  const long long full = memory();
  CHECK(full > empty + 30000 * 4);
  db.Exec("INSERT INTO u(u) VALUES ('truncate')");
  CHECK(memory() < empty + full / 5);
  db.Exec("BEGIN; " + fill + "; ROLLBACK");
  CHECK(memory() < empty + full / 5);
  db.Exec(fill + "; DELETE FROM u");
  CHECK(memory() < empty + full / 5);
  db.Exec(fill + "; SELECT memkv_freeze('u'); DELETE FROM u; SELECT memkv_freeze('u')");
  CHECK(memory() < empty + full / 5);
}

}  // namespace
}  // namespace memkv::test
