// Databases of every make: page sizes, auto_vacuum, a shared cache, settings that distrust the
// schema, files that are full, text dumps; and files that claim to be others.

#include <doctest/doctest.h>

#include <string>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

constexpr char kRows[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) ";

void RequireSound(Db& db) {
  REQUIRE(db.Rows("SELECT key, value FROM t ORDER BY key") ==
          db.Rows("SELECT key, value FROM p ORDER BY key"));
  REQUIRE(db.Error("INSERT INTO t(t) VALUES('integrity-check')") == "(succeeded)");
  REQUIRE(db.Rows("PRAGMA integrity_check") == "'ok'");
  REQUIRE(db.Rows("PRAGMA quick_check") == "'ok'");
}

void Tables(Db& db) {
  db.Exec(
      "CREATE VIRTUAL TABLE t USING memkv;"
      "CREATE TABLE p(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID");
}

void Both(Db& db, const std::string& sql) {
  std::string other = sql;
  other.replace(other.find(" t "), 3, " p ");
  db.Exec(sql);
  db.Exec(other);
}

// What the shell's .dump writes.
std::string Dump(Db& db) {
  const auto text = [](const Cell& cell) { return cell.substr(1); };
  std::string out = "PRAGMA foreign_keys=OFF; BEGIN;";
  for (const Row& table :
       db.Run("SELECT name, sql, quote(sql) FROM sqlite_schema WHERE type = 'table'").rows) {
    const std::string name = text(table[0]), sql = text(table[1]);
    if (sql.starts_with("CREATE VIRTUAL")) {
      out +=
          "PRAGMA writable_schema=ON; INSERT INTO sqlite_schema(type, name, tbl_name, rootpage, "
          "sql) VALUES('table', '" +
          name + "', '" + name + "', 0, " + text(table[2]) + ");";
      continue;
    }
    out += sql + ";";
    std::string list;
    for (const Row& column : db.Run("SELECT name FROM pragma_table_info('" + name + "')").rows)
      list += (list.empty() ? "quote(" : " || ',' || quote(") + text(column[0]) + ")";
    for (const Row& row : db.Run("SELECT " + list + " FROM " + name).rows)
      out += "INSERT INTO " + name + " VALUES(" + text(row[0]) + ");";
  }
  return out + "PRAGMA writable_schema=OFF; COMMIT;";
}

}  // namespace

TEST_CASE("page sizes and auto_vacuum") {
  for (const int size : {512, 1024, 2048, 8192, 16384, 32768, 65536}) {
    for (const char* vacuum : {"NONE", "FULL", "INCREMENTAL"}) {
      CAPTURE(size);
      CAPTURE(vacuum);
      Folder folder;
      {
        Db db(folder / "a.db");
        db.Exec("PRAGMA page_size = " + std::to_string(size) + "; PRAGMA auto_vacuum = " + vacuum +
                "; PRAGMA synchronous = OFF");
        Tables(db);
        Both(db, std::string("INSERT INTO t ") + kRows + "SELECT 'key ' || i, zeroblob(i) FROM n");
        db.Exec("SELECT memkv_freeze('t')");
        Both(db, "DELETE FROM t WHERE key LIKE 'key 2%'");
        Both(db, "INSERT INTO t VALUES('large', zeroblob(300000))");
        db.Exec("INSERT INTO t(t, rank) VALUES('merge', 1); PRAGMA incremental_vacuum(5)");
        RequireSound(db);
        Both(db, "DELETE FROM t WHERE key > 'key 5'");
      }
      Db db(folder / "a.db");
      CHECK(db.Rows("PRAGMA page_size") == std::to_string(size));
      RequireSound(db);
      db.Exec("PRAGMA page_size = 4096; VACUUM; PRAGMA incremental_vacuum");
      RequireSound(db);
    }
  }
}

TEST_CASE("a shared cache") {
  Folder folder;
  const std::string uri = "file:" + (folder / "a.db") + "?cache=shared";
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI;
  Db a(uri, Load::kModule, flags), b(uri, Load::kModule, flags);
  Tables(a);
  Both(a, "INSERT INTO t VALUES('a', 1)");
  RequireSound(b);
  a.Exec("BEGIN");
  Both(a, "INSERT INTO t VALUES('b', 1)");
  // What b sees is what was committed, or a plain error.
  const Result seen = b.Run("SELECT count(*) FROM t");
  CHECK((seen.code == SQLITE_LOCKED_SHAREDCACHE || seen.code == SQLITE_LOCKED ||
         (seen.ok() && b.Rows("SELECT count(*) FROM t") == "1")));
  CHECK((b.Code("INSERT INTO t VALUES('x', 1)") & 0xff) == SQLITE_LOCKED);
  a.Exec("COMMIT");
  RequireSound(b);
  RequireSound(a);
  Both(b, "INSERT INTO t VALUES('c', 1)");
  RequireSound(a);
  a.Exec("BEGIN");
  Both(a, "INSERT INTO t VALUES('d', 1)");
  a.Exec("ROLLBACK");
  RequireSound(a);
  RequireSound(b);
  b.Exec("SELECT memkv_freeze('t')");
  RequireSound(a);
}

TEST_CASE("trusted_schema off, defensive mode") {
  Folder folder;
  Db db(folder / "a.db");
  Tables(db);
  db.Exec("CREATE VIEW v AS SELECT key FROM t; CREATE TABLE q(x); PRAGMA trusted_schema = 0");
  sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  db.Exec("CREATE TRIGGER r AFTER INSERT ON q BEGIN INSERT INTO t VALUES(new.x, 1); END");
  Both(db, "INSERT INTO t VALUES('a', 1)");
  db.Exec("SELECT memkv_freeze('t'); INSERT INTO t(t, rank) VALUES('merge', 1)");
  RequireSound(db);
  CHECK(db.Rows("SELECT * FROM v") == "'a'");
  db.Exec("INSERT INTO q VALUES('b'); INSERT INTO p VALUES('b', 1)");
  CHECK(db.Rows("SELECT * FROM v") == "'a' | 'b'");
  RequireSound(db);
}

TEST_CASE("a dump as SQL text, and what is restored from it") {
  Folder folder;
  Db db(folder / "a.db");
  Tables(db);
  Both(db, std::string("INSERT INTO t ") + kRows + "SELECT 'key ' || i, i FROM n");
  db.Exec("SELECT memkv_freeze('t')");
  Both(db, "DELETE FROM t WHERE key LIKE 'key 2%'");
  const std::string dump = Dump(db);
  {
    Db restored(folder / "b.db");
    restored.Exec(dump);
  }
  Db restored(folder / "b.db");
  RequireSound(restored);
  Both(restored, "INSERT INTO t VALUES('more', 1)");
  RequireSound(restored);
  RequireSound(db);
}

TEST_CASE("a file that is full") {
  for (const char* mode : {"wal", "delete"}) {
    CAPTURE(mode);
    Folder folder;
    Db db(folder / "a.db");
    db.Exec(std::string("PRAGMA journal_mode = ") + mode);
    Tables(db);
    Both(db, "INSERT INTO t VALUES('a', 1)");
    db.Exec("PRAGMA max_page_count = 30");
    CHECK(db.Code("INSERT INTO t VALUES('large', randomblob(1000000))") == SQLITE_FULL);
    RequireSound(db);
    db.Exec("BEGIN; INSERT INTO t VALUES('large', randomblob(1000000))");
    CHECK(db.Code("COMMIT") == SQLITE_FULL);
    if (!db.autocommit()) db.Exec("ROLLBACK");
    RequireSound(db);
    Both(db, "INSERT INTO t VALUES('b', 1)");
    Db again(folder / "a.db");
    RequireSound(again);
  }
}

TEST_CASE("a file that claims another's generation is not taken for it") {
  for (const bool frozen : {false, true}) {
    CAPTURE(frozen);
    Folder folder;
    Db a(folder / "a.db");
    a.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('secret', 1)");
    if (frozen) a.Exec("SELECT memkv_freeze('t')");
    const std::string generation = frozen ? a.Rows("SELECT value FROM t_meta WHERE id = 2")
                                          : a.Rows("SELECT generation FROM t_log");
    {
      Db b(folder / "b.db");
      b.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('x', 1)");
      if (frozen) b.Exec("SELECT memkv_freeze('t')");
    }
    Db b(folder / "b.db");
    b.Exec((frozen ? "UPDATE t_meta SET value = " + generation + " WHERE id IN (2, 3)"
                   : "UPDATE t_log SET generation = " + generation));
    CHECK(b.Code("SELECT * FROM t") == SQLITE_CORRUPT_VTAB);
    // In memory, too, where databases have no names.
    sqlite3_int64 size;
    unsigned char* image = sqlite3_serialize(b.handle(), "main", &size, 0);
    Db memory;
    REQUIRE(sqlite3_deserialize(memory.handle(), "main", image, size, size,
                                SQLITE_DESERIALIZE_FREEONCLOSE) == SQLITE_OK);
    CHECK(memory.Code("SELECT * FROM t") == SQLITE_CORRUPT_VTAB);
    Db reader(folder / "a.db");
    CHECK(reader.Rows("SELECT key FROM t") == "'secret'");
    CHECK(a.Rows("SELECT key FROM t") == "'secret'");
  }
}

TEST_CASE("a log whose last row has the greatest id takes no other, and is frozen") {
  Folder folder;
  {
    Db db(folder / "a.db");
    Tables(db);
    Both(db, "INSERT INTO t VALUES('a', 1)");
    db.Exec("UPDATE t_log SET id = 9223372036854775807");
  }
  Db db(folder / "a.db");
  RequireSound(db);
  CHECK(db.Error("INSERT INTO t VALUES('b', 2)") ==
        "memkv: log row 9223372036854775807: its id leaves none for the next one");
  CHECK(db.Code("INSERT INTO t VALUES('b', 2)") == SQLITE_CORRUPT_VTAB);
  RequireSound(db);
  db.Exec("INSERT INTO t(t) VALUES('freeze')");
  Both(db, "INSERT INTO t VALUES('b', 2)");
  RequireSound(db);
}

// A statement on a shadow table that leads back to the table keeps it connected; one that were kept
// would keep the connection from being closed.
TEST_CASE("a connection closes where triggers and views lead from the shadow tables to the table") {
  const char* const kBack[] = {
      "CREATE TRIGGER g AFTER INSERT ON t_log BEGIN SELECT count(*) FROM t; END",
      "CREATE TRIGGER g AFTER INSERT ON t_log BEGIN DELETE FROM t; END",
      "CREATE TRIGGER g BEFORE INSERT ON T_LOG BEGIN INSERT INTO t VALUES('again', 1); END",
      "CREATE TEMP TRIGGER g AFTER INSERT ON main.t_log BEGIN SELECT count(*) FROM t; END",
      "ALTER TABLE t_log RENAME TO o; CREATE VIEW t_log AS SELECT id, generation, data FROM o, "
      "(SELECT count(*) FROM t)",
      "CREATE TABLE o AS SELECT * FROM t_meta; DROP TABLE t_meta; CREATE VIEW t_meta AS SELECT "
      "o.* FROM o WHERE (SELECT count(*) FROM t) IS NOT NULL",
  };
  const char* const kUse[] = {"SELECT count(*) FROM t", "INSERT INTO t VALUES('b', 2)",
                              "INSERT INTO t_log SELECT id + 1, generation, data FROM t_log",
                              "BEGIN; INSERT INTO t VALUES('c', 2); SELECT * FROM t; ROLLBACK",
                              "SELECT count(*) FROM t"};
  for (const char* back : kBack) {
    for (const bool used : {false, true}) {
      CAPTURE(back);
      CAPTURE(used);
      Folder folder;
      {
        Db db(folder / "a.db");
        db.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1)");
      }
      sqlite3* db = nullptr;
      REQUIRE(sqlite3_open((folder / "a.db").c_str(), &db) == SQLITE_OK);
      std::string message;
      REQUIRE(LoadModule(db, Load::kModule, &message) == SQLITE_OK);
      const auto run = [&](const char* sql) {
        return sqlite3_exec(db, sql, nullptr, nullptr, nullptr);
      };
      if (used) {
        CHECK(run("INSERT INTO t VALUES('used', 1)") == SQLITE_OK);
        CHECK(run("SELECT count(*) FROM t") == SQLITE_OK);
      }
      run("PRAGMA legacy_alter_table = on");
      CHECK(run(back) == SQLITE_OK);
      // Some of it is refused.
      for (const char* use : kUse) {
        run(use);
        if (!sqlite3_get_autocommit(db)) run("ROLLBACK");
      }
      CHECK(sqlite3_close(db) == SQLITE_OK);
    }
  }
}

TEST_CASE(
    "a view in place of a shadow table that reads the table itself is an error that says so") {
  Folder folder;
  Db db(folder / "a.db");
  db.Exec(
      "CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1); ALTER TABLE t_log RENAME "
      "TO o; CREATE VIEW t_log AS SELECT o.* FROM o WHERE (SELECT count(*) FROM t) IS NOT NULL");
  {
    Db other(folder / "a.db");
    other.Exec("CREATE TABLE x(y)");
  }
  const Result result = db.Run("SELECT count(*) FROM t");
  CHECK(result.code == SQLITE_CORRUPT_VTAB);
  CHECK(result.message ==
        "memkv: table \"t\": what stands for its shadow tables reads the table itself (only tables "
        "may be there, no views)");
  db.Exec("DROP VIEW t_log; ALTER TABLE o RENAME TO t_log");
  CHECK(db.Rows("SELECT key, value FROM t") == "'a', 1");
}

}  // namespace memkv::test
