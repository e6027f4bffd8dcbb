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
