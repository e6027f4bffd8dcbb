// Functions on a table that another connection has made anew, renamed or dropped since they were
// last asked: each answers as on a new connection.

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

constexpr char kMade[] =
    "CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, v INTEGER INDEXED);"
    "INSERT INTO t VALUES('http://a/1', 1), ('http://a/2', 2), ('http://b/1', 3)";

const char* const kChanges[] = {
    "INSERT INTO t VALUES('http://c/1', 4)",
    "SELECT memkv_freeze('t')",
    "DROP TABLE t; CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, v INTEGER INDEXED)",
    "DROP TABLE t; CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, v INTEGER, w TEXT); "
    "INSERT INTO t VALUES('http://d/1', 1, 'one'), ('http://d/2', 2, 'two')",
    "DROP TABLE t; CREATE VIRTUAL TABLE t USING memkv(url TEXT PRIMARY KEY); INSERT INTO t "
    "VALUES('http://e/1')",
    "DROP TABLE t; CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, v INTEGER, w INTEGER "
    "INDEXED); INSERT INTO t VALUES('http://f/1', 1, 2); SELECT memkv_freeze('t')",
    "DROP TABLE t",
    "DROP TABLE t; CREATE TABLE t(key, v)",
    "ALTER TABLE t RENAME TO u",
    "ALTER TABLE t RENAME TO u; CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, x); "
    "INSERT "
    "INTO t VALUES('http://g/1', 'x')",
};

const char* const kFunctions[] = {
    "SELECT memkv_count('t')",
    "SELECT memkv_count('t', 'http://a')",
    "SELECT memkv_count('t', 'http://a', 'http://c')",
    "SELECT memkv_count('t', 'v', 2, 9)",
    "SELECT memkv_count('main.t')",
    "SELECT memkv_export('t', '%')",
    "SELECT memkv_export_keys('t', '%')",
    "SELECT length(memkv_flame('t', '/'))",
    "SELECT value FROM memkv_stats('t') WHERE name IN ('keys', 'frozen_keys')",
    "SELECT * FROM memkv_check('t')",
    "SELECT * FROM memkv_facets('t', 'http://', '/')",
    "SELECT * FROM memkv_folded('t', '/', 3)",
    "SELECT * FROM memkv_lookup('t', '[\"http://a/1\", \"http://d/1\", \"http://g/1\"]')",
    "SELECT * FROM memkv_fuzzy('t', 'http://a/3', 1)",
    "SELECT * FROM memkv_union('t', 't')",
    "SELECT memkv_freeze('t')",
};

std::string Run(Db& db, std::string sql, const std::string& file) {
  if (const size_t at = sql.find('%'); at != std::string::npos) sql.replace(at, 1, file);
  std::string text = db.Run(sql).ToString();
  return std::filesystem::exists(file) ? text + "\n" + ReadAll(file) : text;
}

}  // namespace

TEST_CASE("a function sees a table that another connection has made anew") {
  for (const char* function : kFunctions) {
    for (const char* change : kChanges) {
      for (const bool in_transaction : {false, true}) {
        CAPTURE(function);
        CAPTURE(change);
        CAPTURE(in_transaction);
        Folder folder;
        Db other(folder / "a.db");
        other.Exec(kMade);
        Db db(folder / "a.db");
        const std::string file = folder / "out";
        Run(db, function, file);
        std::filesystem::remove(file);
        other.Exec(change);
        if (in_transaction) db.Exec("BEGIN");
        const std::string seen = Run(db, function, file);
        if (in_transaction) db.Exec("COMMIT");
        std::filesystem::remove(file);
        Db fresh(folder / "a.db");
        CHECK(seen == Run(fresh, function, file));
      }
    }
  }
}

}  // namespace memkv::test
