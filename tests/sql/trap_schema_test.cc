// A table's rows outlive its sqlite3_vtab object: SQLite destroys and makes that anew at VACUUM,
// RENAME, DDL that is rolled back and DDL of other connections. What has no rows, since it is a
// copy of a memory table, says so.

#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

constexpr char kSaved[] =
    "\" was a memory table; its rows were not saved (create it with durable = on)";
std::string NotSaved(const std::string& table) { return "memkv: \"" + table + kSaved; }

constexpr char kTable[] =
    "CREATE VIRTUAL TABLE temp.u USING memkv; INSERT INTO u VALUES ('a',1), ('b',2), ('c',3)";
constexpr char kRows[] = "'a', 1 | 'b', 2 | 'c', 3";

TEST_CASE("rows survive whatever disconnects the table") {
  for (const bool frozen : {false, true}) {
    for (const std::string what :
         {"VACUUM", "BEGIN; CREATE TABLE z(x); ROLLBACK",
          "CREATE TABLE z(x); ALTER TABLE z RENAME TO zz; DROP TABLE zz",
          "CREATE TABLE z(x); ALTER TABLE z ADD COLUMN y; ALTER TABLE z DROP COLUMN x",
          "ATTACH ':memory:' AS o; DETACH o",
          "ATTACH ':memory:' AS o; CREATE TABLE o.z(x); BEGIN; CREATE TABLE o.y(x); ROLLBACK; "
          "DETACH o",
          "REINDEX; ANALYZE", "PRAGMA writable_schema = RESET",
          "SAVEPOINT s; CREATE TEMP TABLE z(x); ROLLBACK TO s; RELEASE s",
          "BEGIN; DROP TABLE u; ROLLBACK", "SAVEPOINT s; DROP TABLE u; ROLLBACK TO s; RELEASE s",
          "BEGIN; DROP TABLE u; CREATE VIRTUAL TABLE temp.u USING memkv(other, columns); INSERT "
          "INTO u VALUES (1, 2); ROLLBACK",
          "BEGIN; ALTER TABLE u RENAME TO v; INSERT INTO v VALUES ('d', 4); ROLLBACK",
          "ALTER TABLE u RENAME TO v; ALTER TABLE v RENAME TO u",
          "BEGIN; ALTER TABLE u RENAME TO v; CREATE VIRTUAL TABLE temp.u USING memkv; INSERT INTO "
          "u VALUES ('x', 9); ROLLBACK",
          "SAVEPOINT s; ALTER TABLE u RENAME TO v; DROP TABLE v; ROLLBACK TO s; RELEASE s",
          "BEGIN; ALTER TABLE u RENAME TO v; ALTER TABLE v RENAME TO w; DROP TABLE w; ROLLBACK",
          "BEGIN; ALTER TABLE u RENAME TO v; SAVEPOINT s; ALTER TABLE v RENAME TO w; ROLLBACK TO "
          "s; ALTER TABLE v RENAME TO u; COMMIT",
          "BEGIN; DROP TABLE u; SAVEPOINT s; CREATE VIRTUAL TABLE temp.u USING memkv; ROLLBACK TO "
          "s; ROLLBACK"}) {
      CAPTURE(frozen);
      CAPTURE(what);
      Db db;
      db.Exec(kTable);
      if (frozen) db.Exec("SELECT memkv_freeze('u')");
      db.Exec(what);
      CHECK(db.Rows("SELECT * FROM u") == kRows);
      CHECK(db.Rows("SELECT memkv_count('u')") == "3");
      db.Exec("BEGIN; INSERT INTO u VALUES ('d', 4); ROLLBACK");
      CHECK(db.Rows("SELECT * FROM u") == kRows);
      CHECK(db.Error("SELECT * FROM v") == "no such table: v");
      db.Exec("INSERT INTO u VALUES ('d', 4)");
      CHECK(db.Rows("SELECT * FROM u WHERE key > 'b'") == "'c', 3 | 'd', 4");
      CHECK(db.Rows("SELECT * FROM memkv_check('u')") == "");
    }
  }
}

TEST_CASE("a failing CREATE VIRTUAL TABLE changes nothing, and its name is free") {
  Db db;
  db.Exec(kTable);
  CHECK(db.Error("CREATE VIRTUAL TABLE temp.v USING memkv(frob = 1)") ==
        "memkv: unknown option \"frob\" (known: background, delta_limit, durable, file)");
  CHECK(db.Error("CREATE VIRTUAL TABLE temp.u USING memkv") == "table u already exists");
  CHECK(db.Rows("SELECT * FROM u") == kRows);
  db.Exec("CREATE VIRTUAL TABLE temp.v USING memkv; INSERT INTO v VALUES (1, 1)");
  CHECK(db.Rows("SELECT * FROM v") == "'1', 1");
}

TEST_CASE("CREATE after DROP begins empty, in one transaction or in two") {
  Db db;
  db.Exec(kTable);
  db.Exec("DROP TABLE u; CREATE VIRTUAL TABLE temp.u USING memkv");
  CHECK(db.Rows("SELECT * FROM u") == "");
  db.Exec(
      "INSERT INTO u VALUES ('x', 1); BEGIN; DROP TABLE u; CREATE VIRTUAL TABLE temp.u USING "
      "memkv; INSERT INTO u VALUES ('y', 2); COMMIT");
  CHECK(db.Rows("SELECT * FROM u") == "'y', 2");
  db.Exec("BEGIN; DROP TABLE u; COMMIT; CREATE VIRTUAL TABLE temp.u USING memkv");
  CHECK(db.Rows("SELECT * FROM u") == "");
}

TEST_CASE("tables whose names were swapped keep their rows") {
  for (const std::string end : {"COMMIT", "ROLLBACK"}) {
    CAPTURE(end);
    Db db;
    db.Exec(
        "CREATE VIRTUAL TABLE one USING memkv; CREATE VIRTUAL TABLE two USING memkv; INSERT INTO "
        "one VALUES ('one', 1); "
        "INSERT INTO two VALUES ('two', 2)");
    db.Exec(
        "BEGIN; ALTER TABLE one RENAME TO other; ALTER TABLE two RENAME TO one; ALTER TABLE other "
        "RENAME TO two");
    CHECK(db.Rows("SELECT * FROM one") == "'two', 2");
    db.Exec("INSERT INTO one VALUES ('x', 3)");
    db.Exec(end);
    const bool kept = end == "COMMIT";
    CHECK(db.Rows("SELECT * FROM one") == (kept ? "'two', 2 | 'x', 3" : "'one', 1"));
    CHECK(db.Rows("SELECT * FROM two") == (kept ? "'one', 1" : "'two', 2"));
    db.Exec("VACUUM");
    CHECK(db.Rows("SELECT * FROM one") == (kept ? "'two', 2 | 'x', 3" : "'one', 1"));
    CHECK(db.Rows("SELECT * FROM two") == (kept ? "'one', 1" : "'two', 2"));
  }
}

TEST_CASE("RENAME keeps the rows, the commands and the case of the name") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a', 1)");
  db.Exec("ALTER TABLE u RENAME TO Pages");
  CHECK(db.Rows("SELECT * FROM pages") == "'a', 1");
  db.Exec("INSERT INTO pages(pages) VALUES ('freeze')");
  CHECK(db.Error("INSERT INTO pages VALUES ('a', 1)") == "UNIQUE constraint failed: Pages.key");
  CHECK(db.Rows("SELECT memkv_count('PAGES')") == "1");
  db.Exec("ALTER TABLE pages RENAME TO \"a \"\"b\"\" c\"");
  CHECK(db.Rows("SELECT memkv_freeze('a \"b\" c'), memkv_count('main.a \"b\" c')") == "1, 1");
  CHECK(db.Rows("SELECT * FROM \"a \"\"b\"\" c\"") == "'a', 1");
}

TEST_CASE("a name that is a column's is refused by CREATE and RENAME, whatever the case") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a', 1)");
  const std::string refused =
      "memkv: table \"VALUE\" may not have a column named \"value\" (the table's own name is its "
      "command column)";
  CHECK(db.Error("ALTER TABLE u RENAME TO VALUE") == refused);
  CHECK(db.Rows("SELECT * FROM u") == "'a', 1");
  CHECK(db.Error("CREATE VIRTUAL TABLE VALUE USING memkv") == refused);
  CHECK(db.Error("ALTER TABLE u RENAME TO rank") ==
        "memkv: a table may not be named \"rank\" (it has a column named \"rank\")");
  CHECK(db.Error("CREATE VIRTUAL TABLE rank USING memkv") ==
        "memkv: a table may not be named \"rank\" (it has a column named \"rank\")");
  CHECK(db.Rows("SELECT * FROM u") == "'a', 1");
  db.Exec("DROP TABLE u");
}

TEST_CASE("DDL of another connection disconnects a temp table, and it keeps its rows") {
  TempFile file("ddl.db");
  Db db(file.path());
  db.Exec("PRAGMA journal_mode = WAL; CREATE TABLE r(x)");
  db.Exec(kTable);
  Db other(file.path(), Load::kNothing);
  other.Exec("CREATE TABLE z(x); INSERT INTO r VALUES (1)");
  CHECK(db.Rows("SELECT * FROM u, r") == "'a', 1, 1 | 'b', 2, 1 | 'c', 3, 1");
  db.Exec("BEGIN; INSERT INTO u VALUES ('d', 4)");
  other.Exec("DROP TABLE z");
  CHECK(db.Rows("SELECT count(*) FROM u, r") == "4");
  db.Exec("ROLLBACK");
  other.Exec("CREATE INDEX i ON r(x)");
  CHECK(db.Rows("SELECT * FROM u, r") == "'a', 1, 1 | 'b', 2, 1 | 'c', 3, 1");
}

TEST_CASE("a memory table in a database file is refused; in temp and :memory: it is not") {
  TempFile file("place.db");
  Db db(file.path());
  CHECK(db.Error("CREATE VIRTUAL TABLE u USING memkv(durable = off)") ==
        "memkv: \"u\": durable = off in a database file (allowed: in the temp schema, as in CREATE "
        "VIRTUAL TABLE temp.\"u\", and in :memory: databases)");
  CHECK(db.Rows("SELECT count(*) FROM sqlite_schema") == "0");
  db.Exec(kTable);
  db.Exec(
      "ATTACH ':memory:' AS m; CREATE VIRTUAL TABLE m.u USING memkv; INSERT INTO m.u VALUES ('m', "
      "1)");
  CHECK(db.Rows("SELECT memkv_count('u'), memkv_count('temp.u'), memkv_count('m.u')") == "3, 3, 1");
  CHECK(db.Rows("SELECT * FROM m.u") == "'m', 1");
  db.Exec("SELECT memkv_freeze('m.u')");
  CHECK(db.Rows("SELECT value FROM memkv_stats('m.u') WHERE name = 'frozen_keys'") == "1");
  CHECK(db.Rows("SELECT value FROM memkv_stats('temp.u') WHERE name = 'frozen_keys'") == "0");
  db.Exec("DETACH m");
  db.Exec("ATTACH ':memory:' AS m");
  CHECK(db.Error("SELECT * FROM m.u") == "no such table: m.u");
  CHECK(db.Rows("SELECT * FROM u") == kRows);
}

TEST_CASE("a temp table takes no lock of the file, and works where the file cannot be written") {
  TempFile file("readonly.db");
  { Db(file.path(), Load::kNothing).Exec("CREATE TABLE r(x); INSERT INTO r VALUES ('a')"); }
  Db db(file.path(), Load::kModule, SQLITE_OPEN_READONLY);
  db.Exec(kTable);
  CHECK(db.Rows("SELECT value FROM u JOIN r ON key = x") == "1");
  Db writer(file.path(), Load::kNothing);
  writer.Exec("BEGIN IMMEDIATE; INSERT INTO r VALUES ('b')");
  db.Exec("INSERT INTO u VALUES ('d', 4)");
  CHECK(db.Rows("SELECT count(*) FROM u") == "4");
  writer.Exec("ROLLBACK");
}

// What a copy of a memory table may be asked.
void CheckCopy(Db& db) {
  for (const std::string sql :
       {"SELECT * FROM u", "SELECT count(*) FROM u", "SELECT * FROM u WHERE key = 'a'",
        "INSERT INTO u VALUES ('x', 1)", "DELETE FROM u", "UPDATE u SET value = 1",
        "INSERT INTO u(u) VALUES ('freeze')", "INSERT INTO u(u) VALUES ('truncate')",
        "SELECT memkv_count('u')", "SELECT memkv_freeze('u')", "SELECT * FROM memkv_stats('u')",
        "SELECT * FROM memkv_check('u')"}) {
    CAPTURE(sql);
    CHECK(db.Error(sql) == NotSaved("u"));
  }
  CHECK(db.Rows("SELECT * FROM r") == "7");
  db.Exec("BEGIN; DROP TABLE u; ROLLBACK");
  CHECK(db.Error("SELECT * FROM u") == NotSaved("u"));
  db.Exec("DROP TABLE u");
  CHECK(db.Error("SELECT * FROM u") == "no such table: u");
}

TEST_CASE("copies of a memory table refuse every use but DROP, and say why") {
  constexpr char kMake[] =
      "CREATE TABLE r(x); INSERT INTO r VALUES (7); CREATE VIRTUAL TABLE u USING memkv; INSERT "
      "INTO u VALUES ('a', 1)";
  SUBCASE("VACUUM INTO") {
    TempFile file("vacuum.db");
    Db db;
    db.Exec(kMake);
    db.Exec("VACUUM INTO '" + file.path() + "'");
    CHECK(db.Rows("SELECT * FROM u") == "'a', 1");
    Db copy(file.path());
    CheckCopy(copy);
  }
  SUBCASE("backup") {
    Db db, copy;
    db.Exec(kMake);
    sqlite3_backup* backup = sqlite3_backup_init(copy.handle(), "main", db.handle(), "main");
    REQUIRE(backup != nullptr);
    CHECK(sqlite3_backup_step(backup, -1) == SQLITE_DONE);
    CHECK(sqlite3_backup_finish(backup) == SQLITE_OK);
    CheckCopy(copy);
    CHECK(db.Rows("SELECT * FROM u") == "'a', 1");
  }
  SUBCASE("backup over a memory table of the same name") {
    Db db, copy;
    db.Exec(kMake);
    copy.Exec("CREATE VIRTUAL TABLE v USING memkv; INSERT INTO v VALUES ('b', 2)");
    sqlite3_backup* backup = sqlite3_backup_init(copy.handle(), "main", db.handle(), "main");
    REQUIRE(backup != nullptr);
    CHECK(sqlite3_backup_step(backup, -1) == SQLITE_DONE);
    CHECK(sqlite3_backup_finish(backup) == SQLITE_OK);
    CHECK(copy.Error("SELECT * FROM v") == "no such table: v");
    CheckCopy(copy);
  }
  SUBCASE("serialize") {
    Db db, copy;
    db.Exec(kMake);
    sqlite3_int64 size = 0;
    unsigned char* image = sqlite3_serialize(db.handle(), "main", &size, 0);
    REQUIRE(image != nullptr);
    REQUIRE(sqlite3_deserialize(copy.handle(), "main", image, size, size,
                                SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE) ==
            SQLITE_OK);
    CheckCopy(copy);
    CHECK(db.Rows("SELECT * FROM u") == "'a', 1");
  }
  SUBCASE(".dump") {
    Db db;
    db.Exec(
        "CREATE TABLE r(x); INSERT INTO r VALUES (7); PRAGMA writable_schema = ON; INSERT INTO "
        "sqlite_schema VALUES "
        "('table', 'u', 'u', 0, 'CREATE VIRTUAL TABLE u USING memkv'); PRAGMA writable_schema = "
        "RESET");
    CheckCopy(db);
  }
  SUBCASE("a copy may be renamed") {
    TempFile file("rename.db");
    Db db;
    db.Exec(kMake);
    db.Exec("VACUUM INTO '" + file.path() + "'");
    Db copy(file.path());
    copy.Exec("ALTER TABLE u RENAME TO w");
    CHECK(copy.Error("SELECT * FROM w") == NotSaved("w"));
    copy.Exec("DROP TABLE w");
  }
}

TEST_CASE("where the module is not loaded, everything else of the database works") {
  TempFile file("unloaded.db");
  {
    Db db;
    db.Exec("CREATE TABLE r(x); INSERT INTO r VALUES (7); CREATE VIRTUAL TABLE u USING memkv");
    db.Exec("VACUUM INTO '" + file.path() + "'");
  }
  Db db(file.path(), Load::kNothing);
  CHECK(db.Error("SELECT * FROM u") == "no such module: memkv");
  CHECK(db.Rows("SELECT * FROM r; PRAGMA integrity_check") == "7 | 'ok'");
  db.Exec("VACUUM; INSERT INTO r VALUES (8)");
  std::string message;
  CHECK((LoadModule(db.handle(), Load::kModule, &message) & 0xff) == SQLITE_OK);
  CHECK(db.Error("SELECT * FROM u") == NotSaved("u"));
}

TEST_CASE("views and triggers may read and write a memkv table") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE u USING memkv; CREATE TABLE r(x)");
  db.Exec("CREATE TRIGGER g AFTER INSERT ON r BEGIN INSERT INTO u VALUES (new.x, 1); END");
  db.Exec("CREATE VIEW w AS SELECT key FROM u");
  db.Exec("INSERT INTO r VALUES ('a'), ('b')");
  CHECK(db.Rows("SELECT * FROM w") == "'a' | 'b'");
  CHECK(db.Error("INSERT INTO r VALUES ('c'), ('a')") == "UNIQUE constraint failed: u.key");
  CHECK(db.Rows("SELECT * FROM w; SELECT x FROM r") == "'a' | 'b' | 'a' | 'b'");
}

TEST_CASE("a function finds a table again that a failed CREATE disconnected") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a', 1)");
  CHECK(db.Rows("SELECT memkv_count('u')") == "1");
  for (int i = 0; i < 2; ++i) {
    CHECK(!db.Run("CREATE VIRTUAL TABLE temp.x USING memkv(frob = 1)").ok());
    CHECK(db.Rows("SELECT memkv_count('u')") == "1");
    db.Exec("BEGIN; CREATE TABLE r(x); ROLLBACK");
    CHECK(db.Rows("SELECT memkv_count('u')") == "1");
    CHECK(db.Rows("SELECT * FROM u") == "'a', 1");
  }
}

TEST_CASE("what reads files or freezes is for direct SQL only") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE u USING memkv; CREATE TABLE r(x)");
  db.Exec(
      "CREATE TRIGGER g1 AFTER INSERT ON r WHEN new.x = 1 BEGIN INSERT INTO u(u, key) VALUES "
      "('import', '/etc/passwd'); END");
  db.Exec(
      "CREATE TRIGGER g2 AFTER INSERT ON r WHEN new.x = 2 BEGIN INSERT INTO u(u, key) VALUES "
      "('import', memkv_file('/etc/passwd')); END");
  CHECK(db.Error("INSERT INTO r VALUES (1)") == "unsafe use of memkv_file()");
  CHECK(db.Error("INSERT INTO r VALUES (2)") == "unsafe use of memkv_file()");
  db.Exec("DROP TRIGGER g2");
  CHECK(db.Error("INSERT INTO r VALUES (1)") == "memkv: 'import' takes memkv_file(path)");
  CHECK(db.Error("INSERT INTO u(u, key) VALUES ('import', '/etc/passwd')") ==
        "memkv: 'import' takes memkv_file(path)");
  CHECK(db.Rows("SELECT count(*) FROM u; SELECT count(*) FROM r") == "0 | 0");
  db.Exec("CREATE VIEW w AS SELECT memkv_freeze('u')");
  CHECK(db.Error("SELECT * FROM w") == "unsafe use of memkv_freeze()");
  CHECK(db.Rows("SELECT typeof(memkv_file('/etc/passwd'))") == "'null'");
}

TEST_CASE("'import' takes one key a line, or a key and its values by TAB") {
  TempFile file("import.txt");
  auto write = [&file](const std::string& text) {
    std::FILE* f = std::fopen(file.path().c_str(), "wb");
    REQUIRE(f != nullptr);
    std::fwrite(text.data(), 1, text.size(), f);
    std::fclose(f);
  };
  const std::string import =
      "INSERT INTO u(u, key) VALUES ('import', memkv_file('" + file.path() + "'))";
  Db db;
  db.Exec("CREATE VIRTUAL TABLE u USING memkv(key TEXT PRIMARY KEY, n INTEGER, s TEXT)");
  write("b|x\t5\tfive\na\"b\nc\t\t\n\r\n'd'\t7\ne\t6\tlast");
  db.Exec(import);
  CHECK(db.Rows("SELECT *, typeof(n) FROM u") ==
        "'', NULL, NULL, 'null' | '''d''', 7, NULL, 'integer' | 'a\"b', NULL, NULL, 'null' | "
        "'b|x', 5, 'five', 'integer' | "
        "'c', '', '', 'text' | 'e', 6, 'last', 'integer'");
  const std::string before = db.Rows("SELECT * FROM u");
  write("f\t1\na\t1\t2\t3\n");
  CHECK(db.Error(import) == "memkv: \"" + file.path() +
                                "\": 1 malformed line, nothing was imported; line 2: more fields "
                                "than columns (allowed: a key and at most 2 "
                                "values, separated by TAB)");
  CHECK(db.Rows("SELECT * FROM u") == before);
  write("");
  db.Exec(import);
  CHECK(db.Rows("SELECT * FROM u") == before);
  write("b|x\t9\nnew\n");
  db.Exec("BEGIN; " + import + "; SAVEPOINT s; DELETE FROM u; " + import + "; ROLLBACK TO s");
  CHECK(
      db.Rows("SELECT key, n FROM u WHERE key >= 'b' AND key < 'c' OR key = 'new' ORDER BY key") ==
      "'b|x', 9 | 'new', NULL");
  db.Exec("ROLLBACK");
  CHECK(db.Rows("SELECT * FROM u") == before);
  CHECK(
      db.Error("INSERT INTO u(u, key) VALUES ('import', memkv_file('" + file.path() + ".none'))") ==
      "memkv: cannot read \"" + file.path() + ".none\": No such file or directory");
}

TEST_CASE("PRAGMA integrity_check asks the table, where SQLite can") {
  Db db;
  db.Exec(
      "CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a',1), ('b',2); SELECT "
      "memkv_freeze('u'); DELETE FROM u WHERE key = 'a'");
  CHECK(db.Rows("PRAGMA integrity_check") == "'ok'");
  CHECK(db.Rows("PRAGMA quick_check") == "'ok'");
  CHECK(db.Rows("PRAGMA integrity_check('u')") == "'ok'");
  db.Exec("INSERT INTO u(u) VALUES ('integrity-check')");
  CHECK(db.Rows("SELECT * FROM memkv_check('u')") == "");
}

}  // namespace
}  // namespace memkv::test
