// DDL that SQLite undoes without a word to the table: what was written stays with the table that it
// was written to. Each script runs on memkv tables and, beside them, on plain ones; MAKE stands for
// what makes one. tests/random/ddl_twin.cc makes scripts of the kind by itself.

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

std::string Replace(std::string text, const std::string& what, const std::string& by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

// "MAKE n;" and "FREEZE n;" for either side.
std::string For(bool memkv, const std::string& schema, std::string sql) {
  for (const std::string name : {"m", "n", "t", "old"}) {
    const std::string full = schema + name;
    sql = Replace(
        sql, "MAKE " + name + ";",
        memkv ? "CREATE VIRTUAL TABLE " + full + " USING memkv;"
              : "CREATE TABLE " + full + "(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID;");
    sql = Replace(sql, "FREEZE " + name + ";",
                  memkv ? "INSERT INTO " + full + "(" + name + ") VALUES('freeze');" : "");
  }
  return sql;
}

// All rows of the tables that there are.
std::string Contents(Db& db) {
  std::string all;
  for (const std::string table : {"m", "n", "t", "old", "o"}) {
    const Result rows = db.Run("SELECT * FROM " + table + " ORDER BY 1");
    all += table + ": " + (rows.ok() ? Show(rows.rows) : rows.message) + "\n";
  }
  return all;
}

struct Script {
  const char* what;
  std::vector<std::string> steps;
};

const Script kScripts[] = {
    {"CREATE after a savepoint that is rolled back to",
     {"CREATE TABLE o(x)", "BEGIN", "INSERT INTO o VALUES(1)", "SAVEPOINT s", "MAKE n;",
      "INSERT INTO n VALUES('x', 1)", "ROLLBACK TO s", "COMMIT"}},
    {"a second CREATE before COMMIT",
     {"BEGIN", "SAVEPOINT s", "MAKE n;", "INSERT INTO n VALUES('x', 1)", "ROLLBACK TO s", "MAKE n;",
      "INSERT INTO n VALUES('y', 2)", "COMMIT"}},
    {"a plain table in the place of a shadow table",
     {"BEGIN", "SAVEPOINT s", "MAKE n;", "INSERT INTO n VALUES('x', 1)", "ROLLBACK TO s",
      "CREATE TABLE n_log(id INTEGER PRIMARY KEY, generation, data)", "COMMIT",
      "SELECT * FROM n_log"}},
    {"a frozen table dropped and made again inside a savepoint",
     {"MAKE n;", "INSERT INTO n VALUES('a', 1), ('b', 2)", "FREEZE n;", "BEGIN", "SAVEPOINT s",
      "DROP TABLE n", "MAKE n;", "INSERT INTO n VALUES('x', 9)", "ROLLBACK TO s", "COMMIT",
      "INSERT INTO n VALUES('c', 3)", "FREEZE n;"}},
    {"an empty table dropped and made again inside a savepoint",
     {"MAKE n;", "BEGIN", "SAVEPOINT s", "DROP TABLE n", "MAKE n;", "INSERT INTO n VALUES('x', 9)",
      "ROLLBACK TO s", "COMMIT"}},
    {"RENAME after unwritten rows",
     {"MAKE m;", "BEGIN", "INSERT INTO m VALUES('a', 1)", "ALTER TABLE m RENAME TO n", "COMMIT"}},
    {"a table changed in twelve steps, and looked at in between",
     {"MAKE t;", "INSERT INTO t VALUES('a', 1), ('b', 2)", "BEGIN", "MAKE n;",
      "INSERT INTO n SELECT * FROM t", "SELECT count(*) FROM n", "DROP TABLE t",
      "ALTER TABLE n RENAME TO t", "SELECT count(*) FROM t", "INSERT INTO t VALUES('c', 3)",
      "COMMIT"}},
    {"ALTER of another table between a write and a DROP",
     {"MAKE m;", "CREATE TABLE o(x)", "BEGIN", "INSERT INTO m VALUES('a', 1)",
      "ALTER TABLE o RENAME TO p", "DROP TABLE m", "ALTER TABLE p RENAME TO o", "COMMIT"}},
    {"two names swapped after a write",
     {"MAKE m;", "MAKE n;", "INSERT INTO m VALUES('m', 1)", "INSERT INTO n VALUES('n', 2)", "BEGIN",
      "INSERT INTO m VALUES('mm', 3)", "ALTER TABLE m RENAME TO t", "ALTER TABLE n RENAME TO m",
      "ALTER TABLE t RENAME TO n", "INSERT INTO n VALUES('mmm', 4)", "COMMIT"}},
    {"two names swapped, read, rolled back",
     {"MAKE m;", "MAKE n;", "INSERT INTO m VALUES('m', 1)", "INSERT INTO n VALUES('n', 2)", "BEGIN",
      "ALTER TABLE m RENAME TO t", "ALTER TABLE n RENAME TO m", "ALTER TABLE t RENAME TO n",
      "SELECT * FROM m", "ROLLBACK", "SELECT * FROM m", "INSERT INTO m VALUES('x', 3)"}},
    {"a rolled-back DROP, then any DDL",
     {"MAKE m;", "INSERT INTO m VALUES('a', 1)", "BEGIN", "DROP TABLE m", "ROLLBACK",
      "CREATE TABLE o(x)", "INSERT INTO m VALUES('b', 2)"}},
    {"a rolled-back RENAME, then any DDL",
     {"MAKE m;", "INSERT INTO m VALUES('a', 1)", "BEGIN", "ALTER TABLE m RENAME TO n", "ROLLBACK",
      "CREATE TABLE o(x)", "INSERT INTO m VALUES('b', 2)"}},
    {"INSERT, DROP, ROLLBACK",
     {"MAKE m;", "INSERT INTO m VALUES('a', 1)", "BEGIN", "INSERT INTO m VALUES('b', 2)",
      "DROP TABLE m", "ROLLBACK", "BEGIN", "CREATE TABLE o(x)", "SELECT * FROM m", "COMMIT"}},
    {"a DROP that is rolled back to the outer of two savepoints",
     {"MAKE m;", "BEGIN", "INSERT INTO m VALUES('a', 1)", "SAVEPOINT r",
      "INSERT INTO m VALUES('b', 2)", "SAVEPOINT s", "INSERT INTO m VALUES('c', 3)", "DROP TABLE m",
      "ROLLBACK TO r", "COMMIT", "INSERT INTO m VALUES('d', 4)"}},
    {"a DROP that is rolled back to the inner of two savepoints, and then everything",
     {"MAKE m;", "INSERT INTO m VALUES('z', 0)", "BEGIN", "INSERT INTO m VALUES('a', 1)",
      "SAVEPOINT r", "INSERT INTO m VALUES('b', 2)", "SAVEPOINT s", "INSERT INTO m VALUES('c', 3)",
      "DROP TABLE m", "ROLLBACK TO s", "SELECT * FROM m", "INSERT INTO m VALUES('d', 4)",
      "ROLLBACK"}},
    {"CREATE, the schema read again, a write, all of it rolled back to a savepoint",
     {"SAVEPOINT r", "MAKE n;", "PRAGMA writable_schema = RESET", "INSERT INTO n VALUES('a', 1)",
      "ROLLBACK TO r", "RELEASE r"}},
    {"a table remade in a transaction, its DROP rolled back, other DDL before it is written again",
     {"MAKE m;", "SAVEPOINT r", "INSERT INTO m VALUES('a', 1)", "MAKE t;",
      "INSERT INTO t SELECT * FROM m", "DROP TABLE m", "ALTER TABLE t RENAME TO m", "SAVEPOINT s",
      "DELETE FROM m", "DROP TABLE m", "ROLLBACK TO s", "SELECT * FROM m", "MAKE n;",
      "SELECT * FROM m", "CREATE TABLE o(x)", "RELEASE r"}},
};

// What runs on both sides must come to the same, the rows after each step too.
void RequireSameSteps(const Script& script, Db& memkv, Db& plain, const std::string& schema) {
  CAPTURE(script.what);
  for (const std::string& step : script.steps) {
    CAPTURE(step);
    const Result ours = memkv.Run(For(true, schema, step));
    const Result theirs = plain.Run(For(false, schema, step));
    REQUIRE_MESSAGE(ours.code == theirs.code, ours.ToString());
    REQUIRE(Show(ours.rows) == Show(theirs.rows));
    if (theirs.code == SQLITE_OK && step == script.steps.back())
      REQUIRE(Contents(memkv) == Contents(plain));
  }
}

}  // namespace

TEST_CASE("DDL that is undone unseen takes no stored row with it, and leaves none behind") {
  for (const Script& script : kScripts) {
    Folder folder;
    Db plain;
    {
      Db memkv(folder / "a.db");
      RequireSameSteps(script, memkv, plain, "");
    }
    Db again(folder / "a.db");
    CAPTURE(script.what);
    REQUIRE(Contents(again) == Contents(plain));
    CHECK(again.Rows("PRAGMA integrity_check") == "'ok'");
    for (const std::string table : {"m", "n", "t", "old"}) {
      if (again.Rows("SELECT count(*) FROM sqlite_schema WHERE name = '" + table + "'") == "0")
        continue;
      again.Exec("INSERT INTO " + table + "(" + table + ") VALUES('integrity-check')");
      CHECK(again.Rows("SELECT count(*) FROM " + table + "_meta WHERE name <> 'creation'") == "3");
    }
  }
}

TEST_CASE("DDL that is undone unseen takes no row of a memory table with it, and leaves none") {
  for (const char* schema : {"", "temp."}) {
    CAPTURE(schema);
    for (const Script& script : kScripts) {
      if (std::string(script.what).find("plain table in") != std::string::npos) continue;
      Db memkv, plain;
      RequireSameSteps(script, memkv, plain, schema);
    }
  }
}

TEST_CASE("a COMMIT whose rows would go to other content fails, and says which table's") {
  Folder folder;
  Db db(folder / "a.db");
  db.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1)");
  db.Exec("BEGIN; INSERT INTO t VALUES('b', 2); DELETE FROM t_log");
  const Result result = db.Run("COMMIT");
  CHECK(result.code == SQLITE_ABORT);
  CHECK(result.message ==
        "memkv: table \"t\": what is stored is not what the unwritten rows extend");
  CHECK(db.Rows("SELECT * FROM t") == "'a', 1");
}

TEST_CASE("a copy of a memory table refuses, whatever tables stand beside it") {
  // As Python's iterdump() restores a stored table into memory: the shadow tables come after it.
  Folder folder;
  {
    Db stored(folder / "stored.db");
    stored.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('old', 1)");
    Db restored;
    restored.Exec("ATTACH '" + folder / "stored.db" + "' AS s; CREATE VIRTUAL TABLE t USING memkv");
    for (const std::string shadow : {"t_meta", "t_log", "t_segment"})
      restored.Exec("CREATE TABLE " + shadow + " AS SELECT * FROM s." + shadow);
    restored.Exec("DETACH s; INSERT INTO t VALUES('new', 2)");
    CHECK(restored.Rows("SELECT * FROM t") == "'new', 2");
    restored.Exec("VACUUM INTO '" + folder / "copy.db" + "'");
  }
  Db copy(folder / "copy.db");
  const std::string refused =
      "memkv: \"t\" was a memory table; its rows were not saved (create it with durable = on)";
  CHECK(copy.Error("SELECT * FROM t") == refused);
  CHECK(copy.Error("INSERT INTO t VALUES('x', 1)") == refused);
  CHECK(copy.Error("SELECT memkv_count('t')") == refused);
  copy.Exec("ALTER TABLE t RENAME TO u; DROP TABLE u");
  CHECK(copy.Rows("SELECT name FROM sqlite_schema ORDER BY name") ==
        "'t_log' | 't_meta' | 't_segment'");
}

TEST_CASE("log rows that the others do not lead to are damage, whatever their ids") {
  for (const std::string id : {"0", "-1", "-9223372036854775808"}) {
    for (const char* which : {"", " WHERE id = 1", " WHERE id = 2", " WHERE id = 3"}) {
      CAPTURE(id);
      CAPTURE(which);
      Folder folder;
      {
        Db db(folder / "a.db");
        db.Exec("CREATE VIRTUAL TABLE t USING memkv");
        for (const std::string key : {"a", "b", "c"}) {
          db.Exec("INSERT INTO t VALUES('" + key + "', 1)");
          if (*which == '\0') break;
        }
        db.Exec("UPDATE t_log SET id = " + id + which);
      }
      Db db(folder / "a.db");
      const Result result = db.Run("SELECT * FROM t");
      CHECK(result.code == SQLITE_CORRUPT_VTAB);
      CHECK(result.message == "memkv: t_log: row " + id + ": ids begin at 1");
      CHECK(db.Code("INSERT INTO t VALUES('d', 1)") == SQLITE_CORRUPT_VTAB);
    }
  }
}

}  // namespace memkv::test
