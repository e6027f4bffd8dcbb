// A memkv table in a database file: what is committed is there again, what is not is not, and it
// goes through everything that SQLite does with a file.

#include <doctest/doctest.h>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

constexpr char kAll[] = "SELECT key, value FROM t ORDER BY key";

void CheckSound(Db& db) {
  CHECK(db.Rows("SELECT * FROM memkv_check('t')") == "");
  CHECK(db.Code("INSERT INTO t(t) VALUES('integrity-check')") == SQLITE_OK);
  CHECK(db.Rows("PRAGMA integrity_check") == "'ok'");
}

}  // namespace

TEST_CASE("what was committed is there after a reopen") {
  for (const char* mode : {"wal", "delete"}) {
    CAPTURE(mode);
    Folder folder;
    {
      Db db(folder / "a.db");
      db.Exec(std::string("PRAGMA journal_mode = ") + mode);
      db.Exec("CREATE VIRTUAL TABLE t USING memkv");
      db.Exec(
          "INSERT INTO t VALUES('a', 1), ('b', x'00ff'), ('c', 'text'), ('d', NULL), ('e', 2.5), "
          "(x'01', -7)");
      db.Exec("UPDATE t SET value = value + 1 WHERE key = 'a'; DELETE FROM t WHERE key = 'd'");
      db.Exec("BEGIN; INSERT INTO t VALUES('gone', 1); ROLLBACK");
      db.Exec("BEGIN; INSERT INTO t VALUES('kept', 1)");
      // Closed inside a transaction: rolled back.
    }
    const std::string rows = "'a', 2 | 'b', x'00ff' | 'c', 'text' | 'e', 2.5 | x'01', -7";
    for (int i = 0; i < 2; ++i) {
      Db db(folder / "a.db");
      CHECK(db.Rows(kAll) == rows);
      CHECK(db.Rows("SELECT memkv_count('t')") == "5");
      CheckSound(db);
      if (i == 0) CHECK(db.Rows("SELECT memkv_freeze('t')") == "5");
    }
    Db db(folder / "a.db");
    db.Exec(
        "INSERT INTO t VALUES('f', 6); DELETE FROM t WHERE key = 'b'; REPLACE INTO t VALUES('c', "
        "3)");
    db.Exec("INSERT INTO t(t, key) VALUES('delete-prefix', 'e')");
    Db again(folder / "a.db");
    CHECK(again.Rows(kAll) == "'a', 2 | 'c', 3 | 'f', 6 | x'01', -7");
    CheckSound(again);
    db.Exec("INSERT INTO t(t) VALUES('truncate')");
    CHECK(again.Rows(kAll) == "");
    CHECK(again.Rows("SELECT count(*) FROM t_log") == "0");
  }
}

TEST_CASE("options and shadow tables") {
  Folder folder;
  Db db(folder / "a.db");
  CHECK(db.Error("CREATE VIRTUAL TABLE t USING memkv(durable = off)") ==
        "memkv: \"t\": durable = off in a database file (allowed: in the temp schema, as in CREATE "
        "VIRTUAL TABLE "
        "temp.\"t\", and in :memory: databases)");
  CHECK(db.Error("CREATE VIRTUAL TABLE t USING memkv(delta_limit = 'much')") ==
        "memkv: delta_limit = 'much' (allowed: off, a size as in '64MB', a share as in '10%')");
  db.Exec("CREATE VIRTUAL TABLE temp.u USING memkv");
  CHECK(db.Rows("SELECT name FROM temp.sqlite_schema") == "'u' | 'u_memory'");
  db.Exec(
      "CREATE VIRTUAL TABLE temp.v USING memkv(durable = on, delta_limit = '64MB'); INSERT INTO v "
      "VALUES(1, 2)");
  CHECK(db.Rows("SELECT name FROM temp.sqlite_schema ORDER BY 1") ==
        "'u' | 'u_memory' | 'v' | 'v_log' | 'v_meta' | 'v_segment'");
  db.Exec("CREATE TABLE w_log(x)");
  CHECK(
      db.Error("CREATE VIRTUAL TABLE w USING memkv") ==
      "memkv: table \"w\" cannot be made: \"w_log\", where it would keep its rows, exists already");
  CHECK(db.Rows("SELECT name FROM sqlite_schema") == "'w_log'");
  db.Exec("CREATE VIRTUAL TABLE t USING memkv");
  sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  CHECK(db.Error("DELETE FROM t_log") == "table t_log may not be modified");
  db.Exec("INSERT INTO t VALUES('a', 1); SELECT memkv_freeze('t'); INSERT INTO t VALUES('b', 1)");
  db.Exec("ALTER TABLE t RENAME TO t2");
  CHECK(db.Rows("SELECT name FROM sqlite_schema WHERE name LIKE 't2%' ORDER BY 1") ==
        "'t2' | 't2_log' | 't2_meta' | 't2_segment'");
  CHECK(db.Rows("SELECT key FROM t2") == "'a' | 'b'");
  db.Exec("BEGIN; ALTER TABLE t2 RENAME TO t3; INSERT INTO t3 VALUES('c', 1); ROLLBACK");
  CHECK(db.Rows("SELECT key FROM t2") == "'a' | 'b'");
  db.Exec("DROP TABLE t2");
  CHECK(db.Rows("SELECT name FROM sqlite_schema") == "'w_log'");
}

TEST_CASE("last_insert_rowid is the user's") {
  Folder folder;
  Db db(folder / "a.db");
  db.Exec(
      "CREATE TABLE plain(id INTEGER PRIMARY KEY); INSERT INTO plain VALUES(77); CREATE VIRTUAL "
      "TABLE t USING memkv");
  db.Exec(
      "INSERT INTO t VALUES('a', 1); BEGIN; INSERT INTO t VALUES('b', 1); COMMIT; SELECT "
      "memkv_freeze('t')");
  CHECK(sqlite3_last_insert_rowid(db.handle()) == 77);
}

TEST_CASE("a DROP that fails leaves nothing behind when the connection closes") {
  Folder folder;
  auto fail = [&](bool message) {
    Db db(folder / (message ? "a.db" : "b.db"));
    db.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1)");
    Cursor reading(db, "SELECT * FROM t_log");
    REQUIRE(reading.Step() == SQLITE_ROW);
    if (message) CHECK(db.Code("DROP TABLE t") == SQLITE_LOCKED);
  };
  fail(false);
  const sqlite3_int64 before = sqlite3_memory_used();
  fail(true);
  CHECK(sqlite3_memory_used() == before);
}

TEST_CASE("delta_limit merges as a transaction commits, and a rollback takes that back") {
  Folder folder;
  Db db(folder / "a.db");
  db.Exec(
      "CREATE VIRTUAL TABLE t USING memkv(delta_limit = '1kB', background = off); INSERT INTO t "
      "VALUES('small', 1)");
  CHECK(db.Rows("SELECT (SELECT count(*) FROM t_log), (SELECT count(*) FROM t_segment)") == "1, 0");
  db.Exec("INSERT INTO t VALUES('large', zeroblob(2000))");
  CHECK(db.Rows("SELECT (SELECT count(*) FROM t_log), (SELECT count(*) FROM t_segment)") == "0, 1");
  CHECK(db.Rows("SELECT key FROM t") == "'large' | 'small'");
  db.Exec(
      "CREATE VIRTUAL TABLE u USING memkv(delta_limit = off); INSERT INTO u VALUES('large', "
      "zeroblob(2000))");
  CHECK(db.Rows("SELECT (SELECT count(*) FROM u_log), (SELECT count(*) FROM u_segment)") == "1, 0");
  CHECK(db.Code("INSERT INTO u(u) VALUES('rebuild')") == SQLITE_OK);
  CHECK(db.Rows("SELECT key FROM u") == "'large'");
  CheckSound(db);
}

TEST_CASE("savepoints: what was buffered at the mark is buffered again") {
  for (const char* values :
       {"VALUES('in', 1)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
        "SELECT 'key number ' || i, zeroblob(20) FROM n"}) {
    CAPTURE(values);
    Folder folder;
    Db db(folder / "a.db");
    db.Exec(
        "CREATE VIRTUAL TABLE t USING memkv; BEGIN; INSERT INTO t VALUES('before', 1); SAVEPOINT "
        "s");
    db.Exec(std::string("INSERT OR REPLACE INTO t ") + values);
    db.Exec(
        "SAVEPOINT inner; DELETE FROM t WHERE key = 'before'; ROLLBACK TO inner; ROLLBACK TO s");
    db.Exec(
        "INSERT INTO t VALUES('after', 1); RELEASE s; SAVEPOINT u; INSERT INTO t VALUES('no', 1); "
        "ROLLBACK TO u; COMMIT");
    CHECK(db.Rows("SELECT key FROM t") == "'after' | 'before'");
    Db again(folder / "a.db");
    CHECK(again.Rows("SELECT key FROM t") == "'after' | 'before'");
    CheckSound(again);
    CheckSound(db);
  }
}

TEST_CASE("a row that fails leaves nothing behind, in a transaction and out of it") {
  Folder folder;
  Db db(folder / "a.db");
  db.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1)");
  CHECK(db.Code("INSERT INTO t VALUES('a', 2)") == SQLITE_CONSTRAINT_PRIMARYKEY);
  CHECK(db.Code("INSERT INTO t VALUES('b', 2), ('a', 2)") == SQLITE_CONSTRAINT_PRIMARYKEY);
  db.Exec("BEGIN");
  CHECK(db.Code("INSERT INTO t VALUES('c', 2), ('a', 2)") == SQLITE_CONSTRAINT_PRIMARYKEY);
  CHECK(db.Code("INSERT OR FAIL INTO t VALUES('d', 2), ('a', 2)") == SQLITE_CONSTRAINT_PRIMARYKEY);
  db.Exec("INSERT OR IGNORE INTO t VALUES('e', 2), ('a', 2); COMMIT");
  Db again(folder / "a.db");
  CHECK(again.Rows("SELECT key FROM t") == "'a' | 'd' | 'e'");
}

TEST_CASE("DROP, RENAME and CREATE roll back with everything written") {
  Folder folder;
  Db db(folder / "a.db");
  db.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1)");
  db.Exec("BEGIN; INSERT INTO t VALUES('b', 1); DROP TABLE t; ROLLBACK");
  CHECK(db.Rows("SELECT key FROM t") == "'a'");
  db.Exec(
      "BEGIN; INSERT INTO t VALUES('b', 1); DROP TABLE t; CREATE VIRTUAL TABLE t USING memkv(k, v "
      "INTEGER)");
  db.Exec("INSERT INTO t VALUES(1, 2); ROLLBACK");
  CHECK(db.Rows("SELECT key FROM t") == "'a'");
  db.Exec(
      "BEGIN; SAVEPOINT s; INSERT INTO t VALUES('b', 1); DROP TABLE t; ROLLBACK TO s; INSERT INTO "
      "t VALUES('c', 1); COMMIT");
  CHECK(db.Rows("SELECT key FROM t") == "'a' | 'c'");
  // What was written before a savepoint is back with it.
  db.Exec(
      "BEGIN; INSERT INTO t VALUES('d', 1); SAVEPOINT s; INSERT INTO t VALUES('e', 1); DROP TABLE "
      "t; ROLLBACK TO s; COMMIT");
  CHECK(db.Rows("SELECT key FROM t") == "'a' | 'c' | 'd'");
  db.Exec("BEGIN; CREATE VIRTUAL TABLE x USING memkv; INSERT INTO x VALUES(1, 1); ROLLBACK");
  CHECK(db.Rows("SELECT name FROM sqlite_schema WHERE name LIKE 'x%'") == "");
  db.Exec(
      "DROP TABLE t; CREATE VIRTUAL TABLE t USING memkv(k INTEGER PRIMARY KEY, v); INSERT INTO t "
      "VALUES(5, 6)");
  Db again(folder / "a.db");
  CHECK(again.Rows("SELECT * FROM t") == "5, 6");
}

TEST_CASE("VACUUM, VACUUM INTO, backup, deserialize, ATTACH, read-only, query_only, .dump's way") {
  Folder folder;
  Db db(folder / "a.db");
  db.Exec(
      "CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1); SELECT memkv_freeze('t'); "
      "INSERT INTO t VALUES('b', 2)");
  const std::string rows = "'a', 1 | 'b', 2";
  db.Exec("VACUUM");
  CHECK(db.Rows(kAll) == rows);
  db.Exec("VACUUM INTO '" + (folder / "copy.db") + "'");
  {
    Db copy(folder / "copy.db");
    CHECK(copy.Rows(kAll) == rows);
    copy.Exec("INSERT INTO t VALUES('c', 3)");
    CHECK(copy.Rows(kAll) == rows + " | 'c', 3");
    CHECK(db.Rows(kAll) == rows);
    // Over a database that is open and loaded.
    sqlite3_backup* backup = sqlite3_backup_init(copy.handle(), "main", db.handle(), "main");
    REQUIRE(backup != nullptr);
    CHECK(sqlite3_backup_step(backup, -1) == SQLITE_DONE);
    CHECK(sqlite3_backup_finish(backup) == SQLITE_OK);
    CHECK(copy.Rows(kAll) == rows);
    CheckSound(copy);
  }
  {
    Db read(folder / "copy.db", Load::kModule, SQLITE_OPEN_READONLY);
    CHECK(read.Rows(kAll) == rows);
    CHECK(read.Rows("PRAGMA integrity_check") == "'ok'");
    CHECK(read.Code("INSERT INTO t VALUES('x', 1)") == SQLITE_READONLY);
    Db immutable("file:" + (folder / "copy.db") + "?immutable=1", Load::kModule,
                 SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    CHECK(immutable.Rows(kAll) == rows);
  }
  db.Exec("PRAGMA query_only = 1");
  CHECK(db.Code("INSERT INTO t VALUES('x', 1)") == SQLITE_READONLY);
  CHECK(db.Rows(kAll) == rows);
  db.Exec("PRAGMA query_only = 0; ATTACH '" + (folder / "copy.db") + "' AS other");
  db.Exec(
      "BEGIN; INSERT INTO other.t SELECT key || '2', value FROM main.t; INSERT INTO t VALUES('z', "
      "0); COMMIT");
  CHECK(db.Rows("SELECT key FROM other.t") == "'a' | 'a2' | 'b' | 'b2'");
  CHECK(db.Rows("SELECT memkv_count('other.t'), memkv_count('t')") == "4, 3");
  db.Exec("DETACH other");
  sqlite3_int64 size;
  unsigned char* image = sqlite3_serialize(db.handle(), "main", &size, 0);
  REQUIRE(image != nullptr);
  Db memory;
  memory.Exec("CREATE VIRTUAL TABLE t USING memkv(durable = on); INSERT INTO t VALUES('old', 1)");
  REQUIRE(sqlite3_deserialize(memory.handle(), "main", image, size, size,
                              SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE) ==
          SQLITE_OK);
  CHECK(memory.Rows("SELECT key FROM t") == "'a' | 'b' | 'z'");
  memory.Exec("INSERT INTO t VALUES('y', 1)");
  CHECK(memory.Rows("SELECT key FROM t") == "'a' | 'b' | 'y' | 'z'");
  CheckSound(memory);
}

}  // namespace memkv::test
