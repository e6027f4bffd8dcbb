// Two connections that want to write: whoever is refused holds no lock that the plain table would
// not hold, so that the other one's COMMIT goes through.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

// How much the refused connection knew of the table before.
enum class Known { kNothing, kSchema, kRows, kOldRows, kOldSchema, kMadeIt, kMadeItAndOldSchema };

// Runs one story and returns the result codes of its statements.
std::string Story(const std::string& table, const std::string& mode, Known known,
                  const std::string& lock, const std::string& begin, const std::string& first) {
  const TempFile file;
  Db writer(file.path());
  writer.Exec("PRAGMA synchronous = off; PRAGMA journal_mode = " + mode);
  auto refused = std::make_unique<Db>(file.path());
  refused->Exec("PRAGMA synchronous = off");
  (known >= Known::kMadeIt ? *refused : writer)
      .Exec(table + "; INSERT INTO t VALUES('a', 1), ('b', 2); CREATE TABLE p(x)");
  if (known == Known::kSchema) refused->Exec("SELECT count(*) FROM sqlite_schema");
  if (known >= Known::kRows) refused->Exec("SELECT * FROM t");
  if (known == Known::kOldRows) writer.Exec("INSERT INTO t VALUES('c', 3)");
  if (known == Known::kOldSchema || known == Known::kMadeItAndOldSchema)
    writer.Exec("CREATE TABLE q(x)");
  std::string codes;
  auto run = [&codes](Db& db, const std::string& sql) {
    codes += std::to_string(db.Code(sql)) + ' ';
  };
  run(writer, lock);
  run(writer, "INSERT INTO t VALUES('d', 4)");
  run(*refused, begin);
  run(*refused, first);
  run(*refused, first);
  run(writer, "COMMIT");
  run(writer, "ROLLBACK");
  run(*refused, first);
  run(*refused, "COMMIT");
  run(*refused, "ROLLBACK");
  run(writer, "INSERT INTO t VALUES('e', 5)");
  codes += writer.Rows("SELECT key, value FROM t");
  CHECK(refused->Rows("SELECT key, value FROM t") == writer.Rows("SELECT key, value FROM t"));
  refused.reset();
  return codes;
}

TEST_CASE("a refused write leaves the locks that the plain table's leaves") {
  const std::string memkv = "CREATE VIRTUAL TABLE t USING memkv";
  const std::string twin = "CREATE TABLE t(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID";
  const std::vector<std::pair<std::string, std::string>> statements = {
      {"INSERT INTO t VALUES('x', 1)", ""},
      {"INSERT OR REPLACE INTO t VALUES('a', 9)", ""},
      {"UPDATE t SET value = 7", ""},
      {"UPDATE t SET value = 7 WHERE key = 'a'", ""},
      {"UPDATE t SET value = 7 WHERE key > 'a'", ""},
      {"DELETE FROM t", ""},
      {"DELETE FROM t WHERE key LIKE 'a%'", ""},
      {"INSERT INTO t SELECT key || 'x', value FROM t", ""},
      {"SELECT * FROM t", ""},
      {"SELECT * FROM t WHERE key = 'a'", ""},
      // Commands, and what the plain table does in their place.
      {"INSERT INTO t(t) VALUES('truncate')", "DELETE FROM t"},
      {"INSERT INTO t(t, key) VALUES('delete-prefix', 'a')", "DELETE FROM t WHERE key = 'a'"},
      {"INSERT INTO t(t, key, value) VALUES('add', 'a', 1)",
       "UPDATE t SET value = value + 1 WHERE key = 'a'"},
      {"INSERT INTO t(t) VALUES('freeze')", "UPDATE t SET value = value"},
      {"INSERT INTO t(t) VALUES('integrity-check')", "UPDATE t SET value = value"},
  };
  for (const std::string mode : {"delete", "truncate", "wal"}) {
    for (const Known known : {Known::kNothing, Known::kSchema, Known::kRows, Known::kOldRows,
                              Known::kOldSchema, Known::kMadeIt, Known::kMadeItAndOldSchema}) {
      for (const std::string lock : {"BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"}) {
        for (const std::string begin : {"BEGIN", "SELECT 1", "BEGIN IMMEDIATE"}) {
          for (const auto& [first, of_twin] : statements) {
            CAPTURE(mode);
            CAPTURE(static_cast<int>(known));
            CAPTURE(lock);
            CAPTURE(begin);
            CAPTURE(first);
            CHECK(Story(memkv, mode, known, lock, begin, first) ==
                  Story(twin, mode, known, lock, begin, of_twin.empty() ? first : of_twin));
          }
        }
      }
    }
  }
}

TEST_CASE("a COMMIT that is refused, of a table that is undone, renamed or dropped afterwards") {
  const std::vector<std::vector<std::string>> stories = {
      {"SAVEPOINT s", "MAKE", "COMMIT", "ROLLBACK TO s", "COMMIT"},
      {"BEGIN", "SAVEPOINT s", "MAKE", "INSERT INTO t VALUES('a', 1)", "COMMIT", "ROLLBACK TO s",
       "COMMIT"},
      {"BEGIN", "MAKE", "COMMIT", "ALTER TABLE t RENAME TO u", "DROP TABLE u", "COMMIT"},
      {"BEGIN", "MAKE", "INSERT INTO t VALUES('a', 1)", "COMMIT", "ALTER TABLE t RENAME TO u",
       "INSERT INTO u VALUES('b', 1)", "COMMIT"},
      {"BEGIN", "MAKE", "INSERT INTO t VALUES('a', 1)", "COMMIT", "DROP TABLE t", "MAKE", "COMMIT"},
  };
  for (const std::vector<std::string>& story : stories) {
    std::string told[2];
    for (const bool plain : {false, true}) {
      const TempFile file;
      Db writer(file.path()), reader(file.path());
      writer.Exec("CREATE TABLE o(x)");
      reader.Exec("BEGIN; SELECT * FROM o");
      for (std::string sql : story) {
        if (sql == "MAKE") {
          sql = plain ? "CREATE TABLE t(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID"
                      : "CREATE VIRTUAL TABLE t USING memkv";
        }
        told[plain] += std::to_string(writer.Code(sql)) + ' ';
      }
      reader.Exec("COMMIT");
      for (const std::string sql : {"COMMIT", "SELECT * FROM t", "SELECT * FROM u"}) {
        const Result result = writer.Run(sql);
        told[plain] += std::to_string(result.code) + Show(result.rows) + ' ';
      }
    }
    CAPTURE(story[2]);
    CHECK(told[0] == told[1]);
  }
}

TEST_CASE("a function looks where its table is, and nowhere else") {
  const TempFile main, aux;
  Db db(main.path());
  db.Exec("ATTACH '" + aux.path() +
          "' AS aux; CREATE VIRTUAL TABLE t USING memkv; "
          "CREATE VIRTUAL TABLE aux.u USING memkv; CREATE TEMP TABLE x(y)");
  const auto state = [&db](const char* schema) { return sqlite3_txn_state(db.handle(), schema); };
  for (const char* sql : {"SELECT memkv_count('t')", "SELECT memkv_count('main.t')",
                          "SELECT memkv_freeze('nope')", "SELECT memkv_count('aux.t')"}) {
    CAPTURE(sql);
    Db again(main.path());
    for (Db* each : {&db, &again}) {
      each->Exec("BEGIN");
      each->Run(sql);
      CHECK(state("aux") == SQLITE_TXN_NONE);
      each->Exec("COMMIT");
    }
  }
  db.Exec("BEGIN");
  CHECK(db.Rows("SELECT memkv_count('u')") == "0");
  CHECK(db.Run("SELECT memkv_count('aux.nope')").message == "memkv: no such table: \"aux.nope\"");
  CHECK(state("main") == SQLITE_TXN_NONE);
  CHECK(state("aux") == SQLITE_TXN_READ);
  db.Exec("COMMIT");
  // What another connection has made since is found.
  Db other(aux.path());
  other.Exec("CREATE VIRTUAL TABLE later USING memkv; INSERT INTO later VALUES('a', 1)");
  CHECK(db.Rows("SELECT memkv_count('later')") == "1");
  other.Exec(
      "CREATE VIRTUAL TABLE sooner USING memkv; CREATE VIEW v AS SELECT 1; DROP TABLE later");
  CHECK(db.Rows("SELECT memkv_count('aux.sooner')") == "0");
  CHECK(db.Run("SELECT memkv_count('v')").message == "memkv: \"v\" is not a memkv table");
  CHECK(db.Run("SELECT memkv_count('later')").message == "memkv: no such table: \"later\"");
}

TEST_CASE("a DROP that is refused leaves no message behind") {
  const TempFile file;
  Db db(file.path()), reader(file.path());
  db.Exec(
      "CREATE VIRTUAL TABLE t USING memkv; CREATE VIRTUAL TABLE u USING memkv; "
      "INSERT INTO t VALUES('a', 1)");
  reader.Exec("BEGIN; SELECT * FROM t");
  Cursor open(db, "SELECT * FROM t");
  REQUIRE(open.Step() == SQLITE_ROW);
  db.Exec("BEGIN; INSERT INTO u VALUES('b', 2)");
  CHECK(db.Code("DROP TABLE u") == SQLITE_LOCKED);
  CHECK(db.Run("COMMIT").message == "database is locked");
}

TEST_CASE("a COMMIT that is refused can be tried again") {
  for (const std::string mode : {"delete", "truncate", "wal"}) {
    CAPTURE(mode);
    std::string codes[2];
    for (const bool plain : {false, true}) {
      const TempFile file;
      Db writer(file.path()), reader(file.path());
      writer.Exec("PRAGMA synchronous = off; PRAGMA journal_mode = " + mode + "; " +
                  (plain ? "CREATE TABLE t(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID"
                         : "CREATE VIRTUAL TABLE t USING memkv") +
                  "; INSERT INTO t VALUES('a', 1)");
      reader.Exec("BEGIN; SELECT * FROM t");
      auto run = [&](Db& db, const std::string& sql) {
        codes[plain] += std::to_string(db.Code(sql)) + ' ';
      };
      run(writer, "BEGIN");
      run(writer, "INSERT INTO t VALUES('b', 2)");
      run(writer, "COMMIT");
      run(writer, "INSERT INTO t VALUES('c', 3)");
      run(writer, "COMMIT");
      codes[plain] += reader.Rows("SELECT * FROM t");
      run(reader, "COMMIT");
      run(writer, "COMMIT");
      run(writer, "INSERT INTO t VALUES('d', 4)");
      codes[plain] += writer.Rows("SELECT * FROM t") + reader.Rows("SELECT * FROM t");
      if (!plain) {
        writer.Exec("INSERT INTO t(t) VALUES('integrity-check')");
        Db third(file.path());
        CHECK(third.Rows("SELECT key FROM t") == writer.Rows("SELECT key FROM t"));
      }
    }
    CHECK(codes[0] == codes[1]);
  }
}

}  // namespace
}  // namespace memkv::test
