// What an authorizer has to allow for memkv tables to be read, as docs/limits.md says it: no more
// than for a table of SQLite's own, but for what older SQLite asks of every virtual table. One that
// refuses more, or has columns read as NULL, gets an error or the right answer.

#include <doctest/doctest.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

// The authorizer of docs/limits.md, letter by letter.
// clang-format off
int ReadOnly(void* unused, int action, const char* first, const char* second, const char* schema, const char* view) {
  (void)unused, (void)second, (void)schema, (void)view;
  switch (action) {
    case SQLITE_SELECT: case SQLITE_READ: case SQLITE_FUNCTION: case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_INSERT: case SQLITE_UPDATE:  /* older SQLite, as it connects a virtual table */
      return sqlite3_libversion_number() < 3041000 && strcmp(first, "sqlite_master") == 0 ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_PRAGMA:                      /* for patterns that are parameters; for functions before 3.39 */
      return strcmp(first, "function_list") == 0 || strcmp(first, "database_list") == 0 ? SQLITE_OK : SQLITE_DENY;
  }
  return SQLITE_DENY;
}
// clang-format on

// The same, but it refuses every PRAGMA that memkv can do without.
int NoPragma(void* unused, int action, const char* first, const char* second, const char* schema,
             const char* view) {
  if (action == SQLITE_PRAGMA &&
      (sqlite3_libversion_number() >= 3039000 || strcmp(first, "database_list") != 0))
    return SQLITE_DENY;
  return ReadOnly(unused, action, first, second, schema, view);
}

// What ReadOnly allows, but a table that may not be read.
struct Refused {
  std::string table;
  int answer;  // SQLITE_DENY, or SQLITE_IGNORE: its columns read as NULL
};
int RefusesTable(void* refused, int action, const char* first, const char* second,
                 const char* schema, const char* view) {
  const Refused& r = *static_cast<Refused*>(refused);
  if (action == SQLITE_READ && r.table == first) return r.answer;
  return ReadOnly(nullptr, action, first, second, schema, view);
}

// $ is the table.
const std::vector<std::string> kQueries = {
    "SELECT * FROM $",
    "SELECT count(*), max(key) FROM $",
    "SELECT * FROM $ WHERE key = 'http://a/1'",
    "SELECT key FROM $ WHERE key IN ('b', 'http://b/3')",
    "SELECT key FROM $ WHERE key LIKE 'http://a%'",
    "SELECT key FROM $ WHERE key LIKE '%/2'",
    "SELECT key FROM $ WHERE key LIKE ?1",
    "SELECT key FROM $ WHERE key GLOB ?1 || '*'",
    "SELECT key FROM $ WHERE has_prefix(key, ?1)",
    "SELECT key, rank, n_rank FROM $ WHERE n >= 2 ORDER BY n DESC",
    "SELECT key FROM $ WHERE rank >= 1 ORDER BY key LIMIT 2 OFFSET 1",
    "SELECT p.x, $.n FROM p LEFT JOIN $ ON $.key = p.x AND $.key LIKE 'b%'",
    "SELECT $.key, p.x FROM $ LEFT JOIN p ON $.key LIKE '%1'",
    "WITH RECURSIVE c(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM c WHERE i < 3) "
    "SELECT i, key FROM c JOIN $ ON rank = i",
    "SELECT memkv_count('$'), memkv_count('$', 'http://'), memkv_count('$', 'n', 1, 3)",
    "SELECT memkv_after('a'), memkv_host('http://a/'), memkv_surt('http://a/')",
    "SELECT length(memkv_flame('$', '/')) > 0",
    "SELECT value FROM memkv_stats('$') WHERE name = 'keys'",
    "SELECT * FROM memkv_check('$')",
    "SELECT * FROM memkv_facets('$', '', '/')",
    "SELECT * FROM memkv_lookup('$', '[\"b\", \"q\"]')",
    "SELECT * FROM memkv_fuzzy('$', 'c', 1)",
    "SELECT * FROM memkv_union('$', 'stored')",
    "SELECT * FROM memkv_folded('$', '/', 2)"};

const std::vector<std::string> kWrites = {"INSERT INTO $ VALUES ('new', 1, 1)",
                                          "UPDATE $ SET n = 7",
                                          "DELETE FROM $ WHERE key = 'b'",
                                          "INSERT INTO $($) VALUES ('freeze')",
                                          "SELECT memkv_freeze('$')",
                                          "DROP TABLE $",
                                          "ALTER TABLE $ RENAME TO other",
                                          "CREATE VIRTUAL TABLE fresh USING memkv",
                                          "UPDATE sqlite_master SET sql = 'x' WHERE name = '$'"};

std::string Of(std::string text, const std::string& table) {
  for (size_t at = 0; (at = text.find('$', at)) != std::string::npos; at += table.size())
    text.replace(at, 1, table);
  return text;
}

class Readers {
 public:
  Readers() : file_(folder_ / "a.db"), image_(folder_ / "a.mkv") {
    Db db(file_);
    const std::string columns = "(key TEXT PRIMARY KEY, value, n INTEGER INDEXED)";
    for (const std::string table : {"stored", "frozen", "merged"}) {
      db.Exec("CREATE VIRTUAL TABLE " + table + " USING memkv" + columns);
      Fill(db, table);
    }
    db.Exec("SELECT memkv_freeze('frozen'), memkv_freeze('merged')");
    db.Exec(
        "UPDATE merged SET value = value + 1 WHERE n > 1; INSERT INTO merged VALUES ('z', 1, 1)");
    db.Exec("CREATE TABLE p(x); INSERT INTO p VALUES ('b'), ('q')");
    db.Exec(
        "CREATE VIEW joined AS SELECT stored.key, p.x FROM stored LEFT JOIN p ON stored.key LIKE "
        "'%1'");
    db.Exec("SELECT memkv_export('frozen', ?1)", {TextCell(image_)});
  }

  // A connection that has yet to connect its tables.
  std::unique_ptr<Db> Open() {
    auto db = std::make_unique<Db>(file_);
    db->Exec(
        "CREATE VIRTUAL TABLE temp.memory USING memkv(key TEXT PRIMARY KEY, value, n INTEGER "
        "INDEXED)");
    Fill(*db, "memory");
    db->Exec("CREATE VIRTUAL TABLE temp.image USING memkv(file = '" + image_ + "')");
    db->Exec("BEGIN; CREATE TABLE temp.other(x); ROLLBACK");  // disconnects every virtual table
    return db;
  }

  static std::vector<std::string> Tables() {
    return {"stored", "frozen", "merged", "memory", "image"};
  }

 private:
  static void Fill(Db& db, const std::string& table) {
    db.Exec("INSERT INTO " + table +
            " VALUES ('http://a/1', 1, 3), ('http://a/2', 2, 1), ('http://b/3', 3, NULL), ('b', "
            "4, 2)");
  }

  Folder folder_;
  const std::string file_, image_;
};

const Row kParameters = {TextCell("http%")};

TEST_CASE("a read-only authorizer: everything can be read, from the first use on") {
  Readers readers;
  for (const auto authorizer : {&ReadOnly, &NoPragma}) {
    CAPTURE(authorizer == &NoPragma);
    for (const std::string& table : Readers::Tables()) {
      for (const std::string& query : kQueries) {
        const std::string sql = Of(query, table);
        CAPTURE(sql);
        const Result expected = readers.Open()->Run(sql, kParameters);
        REQUIRE_MESSAGE(expected.ok(), expected.ToString());
        const auto db = readers.Open();
        sqlite3_set_authorizer(db->handle(), authorizer, nullptr);
        CHECK(db->Run(sql, kParameters).ToString() == expected.ToString());
      }
      if (table == "image") continue;
      for (const std::string& write : kWrites) {
        const std::string sql = Of(write, table);
        CAPTURE(sql);
        const auto db = readers.Open();
        sqlite3_set_authorizer(db->handle(), authorizer, nullptr);
        CHECK_FALSE(db->Run(sql).ok());
        sqlite3_set_authorizer(db->handle(), nullptr, nullptr);
        const std::string rows = "SELECT count(*), sum(n), sum(value) FROM " + table;
        CHECK(db->Rows(rows) == readers.Open()->Rows(rows));
      }
    }
  }
}

TEST_CASE("an authorizer that hides tables gets errors, never wrong answers") {
  Readers readers;
  const std::vector<std::string> hidden = {"sqlite_master", "sqlite_temp_master", "merged_meta",
                                           "merged_log",    "merged_segment",     "memory_memory",
                                           "stored_meta",   "stored_log"};
  std::vector<std::string> queries = {"SELECT * FROM joined",
                                      "SELECT * FROM joined WHERE key > 'c'"};
  for (const std::string table : {"stored", "merged", "memory"}) {
    for (const std::string& query : kQueries) queries.push_back(Of(query, table));
  }
  for (const std::string& sql : queries) {
    CAPTURE(sql);
    const std::string expected = readers.Open()->Run(sql, kParameters).ToString();
    for (const std::string& table : hidden) {
      for (const int answer : {SQLITE_DENY, SQLITE_IGNORE}) {
        CAPTURE(table);
        CAPTURE(answer);
        Refused refused{table, answer};
        const auto db = readers.Open();
        sqlite3_set_authorizer(db->handle(), RefusesTable, &refused);
        const Result seen = db->Run(sql, kParameters);
        if (seen.ok()) CHECK(seen.ToString() == expected);
      }
    }
  }
}

TEST_CASE("what older SQLite asks for is named where it is refused") {
  const auto only_reads = [](void*, int action, const char*, const char*, const char*,
                             const char*) -> int {
    return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION
               ? SQLITE_OK
               : SQLITE_DENY;
  };
  Readers readers;
  for (const std::string& table : Readers::Tables()) {
    const auto db = readers.Open();
    sqlite3_set_authorizer(db->handle(), only_reads, nullptr);
    CHECK(db->Error("SELECT key FROM " + table) ==
          (sqlite3_libversion_number() >= 3041000
               ? "(succeeded)"
               : "memkv: not authorized (to connect a virtual table, SQLite before 3.41.0 asks the "
                 "authorizer for INSERT and UPDATE of sqlite_master)"));
  }
}

TEST_CASE("the authorizer of docs/limits.md is the one that is tested") {
  const auto read = [](const std::string& path) {
    std::ifstream in(std::string(MEMKV_SOURCE_DIR) + path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  };
  const std::string docs = read("/docs/limits.md"), here = read("/tests/sql/authorizer_test.cc");
  const size_t at = docs.find("  switch (action) {");
  REQUIRE(at != std::string::npos);
  CHECK(here.find(docs.substr(at, docs.find("```", at) - at)) != std::string::npos);
}

}  // namespace
}  // namespace memkv::test
