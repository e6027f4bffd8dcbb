// Arguments and keys that are made to hurt: each statement ends in time and in memory that its
// input or output is worth, or stops when it is asked to.

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/folder.h"
#include "tests/sql/apart.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

struct Work {
  std::string sql;
  Row parameters;
  size_t bytes;  // of memory that it may take
};

// Each ends within a few seconds, or soon after it was asked to.
void CheckAll(Db& db, const std::vector<Work>& all) {
  for (const Work& work : all) {
    CAPTURE(work.sql);
    // The result's copies, and what the allocator keeps.
    const size_t bytes = work.bytes + 24 * kMiB;
    const Outcome whole = RunApart(db, work.sql, work.parameters, bytes, Stop::kNever);
    CAPTURE(whole.code);
    CAPTURE(whole.grown / kMiB);
    CHECK((whole.code == SQLITE_OK || whole.code == SQLITE_TOOBIG));
    CHECK(whole.seconds < 10 * kPatience);
    for (const Stop stop : {Stop::kInterrupt, Stop::kHandler}) {
      CAPTURE(static_cast<int>(stop));
      const Outcome stopped = RunApart(db, work.sql, work.parameters, bytes, stop);
      CAPTURE(stopped.code);
      CHECK((stopped.code == SQLITE_OK || stopped.code == SQLITE_TOOBIG ||
             stopped.code == SQLITE_INTERRUPT));
      CHECK(stopped.seconds < 0.5 * kPatience);
    }
  }
}

TEST_CASE("deep keys") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE one USING memkv(key TEXT PRIMARY KEY)");
  db.Exec("INSERT INTO one VALUES(?1)", {TextCell(std::string(20000, '/'))});
  db.Exec("CREATE VIRTUAL TABLE long USING memkv(key TEXT PRIMARY KEY)");
  db.Exec("INSERT INTO long VALUES(?1)", {TextCell(std::string(kMiB, '/'))});
  // Two that share all but their last bytes, and one more that they share half of.
  db.Exec("CREATE VIRTUAL TABLE three USING memkv(key TEXT PRIMARY KEY)");
  for (const std::string end : {"a", "b"})
    db.Exec("INSERT INTO three VALUES(?1)", {TextCell(std::string(200000, '/') + end)});
  db.Exec("INSERT INTO three VALUES(?1)", {TextCell(std::string(100000, '/') + "c")});
  std::vector<Work> all;
  for (const bool frozen : {false, true}) {
    if (frozen) db.Exec("SELECT memkv_freeze('one'), memkv_freeze('long'), memkv_freeze('three')");
    const auto folded = [&db](const std::string& table) {
      return db.Rows("SELECT count(*), sum(count), max(length(stack)) FROM memkv_folded('" + table +
                     "', '/', 1000000000000)");
    };
    CHECK(folded("one") == "1, 1, 40003");
    CHECK(folded("three") == "3, 3, 400007");
    CheckAll(db,
             {
                 {"SELECT * FROM memkv_folded('one', '/', 1000000000)", {}, 4 * kMiB},
                 {"SELECT * FROM memkv_folded('long', '/', 9000000000000000)", {}, 80 * kMiB},
                 {"SELECT * FROM memkv_folded('three', '/', 1000000000, 0.5)", {}, 40 * kMiB},
                 {"SELECT * FROM memkv_folded('three', '//', 1000000000)", {}, 40 * kMiB},
                 {"SELECT memkv_flame('long', '/', 0)", {}, 16 * kMiB},
                 {"SELECT * FROM memkv_facets('long', '', '/', 9000000000000000)", {}, 8 * kMiB},
                 {"SELECT * FROM memkv_facets('long', '', '/', 1000000)", {}, 8 * kMiB},
             });
  }
}

// Keys of a mebibyte, alike for most of it.
void FillLong(Db& db, const std::string& table, int rows) {
  db.Exec("CREATE VIRTUAL TABLE " + table + " USING memkv(key TEXT PRIMARY KEY, value)");
  for (int i = 0; i < rows; ++i) {
    std::string key(kMiB - 1000, 'a');
    key += std::to_string(100 + i);
    key.resize(kMiB, '/');
    db.Exec("INSERT INTO " + table + " VALUES(?1, 1)", {TextCell(key)});
  }
}

TEST_CASE("long keys and long words") {
  Db db;
  FillLong(db, "t", 60);
  FillLong(db, "u", 60);
  db.Exec("DELETE FROM u WHERE rank % 2 = 0");
  const std::string word(kMiB - 1, 'a'), needle = std::string(kMiB / 2, 'a') + "b";
  TempFile file;
  for (const bool frozen : {false, true}) {
    if (frozen) db.Exec("SELECT memkv_freeze('t')");
    CheckAll(db,
             {
                 {"SELECT * FROM memkv_fuzzy('t', ?1, 3)", {TextCell(word)}, 16 * kMiB},
                 {"SELECT * FROM memkv_fuzzy('t', ?1, 3)",
                  {TextCell(std::string(64 * kMiB, 'a'))},
                  80 * kMiB},
                 {"SELECT * FROM memkv_facets('t', '', ?1)", {TextCell(needle)}, 16 * kMiB},
                 {"SELECT * FROM memkv_folded('t', ?1, 10)", {TextCell(needle)}, 16 * kMiB},
                 {"SELECT memkv_flame('t', ?1)", {TextCell(needle)}, 16 * kMiB},
                 {"SELECT count(*) FROM memkv_except('t', 't')", {}, 16 * kMiB},
                 {"SELECT count(*) FROM memkv_intersect('t', 'u')", {}, 16 * kMiB},
                 {"SELECT count(*) FROM t WHERE key LIKE '%nowhere%'", {}, 16 * kMiB},
                 {"SELECT count(*) FROM t WHERE key GLOB '*nowhere*'", {}, 16 * kMiB},
                 {"SELECT * FROM memkv_check('t')", {}, 64 * kMiB},
                 {"INSERT INTO t(t) VALUES('integrity-check')", {}, 64 * kMiB},
                 {"INSERT INTO t(t) VALUES('freeze')", {}, 300 * kMiB},
                 {"INSERT INTO t(t, key) VALUES('delete-prefix', 'aaa')", {}, 100 * kMiB},
                 {"INSERT INTO t(t, key) VALUES('delete-prefix', ?1)", {TextCell(word)}, 16 * kMiB},
                 {"SELECT memkv_export_keys('t', ?1)", {TextCell(file.path())}, 16 * kMiB},
                 {"SELECT memkv_export('t', ?1)", {TextCell(file.path())}, 300 * kMiB},
             });
  }
}

TEST_CASE("many keys") {
  Db db;
  db.Exec(
      "CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, value, n INTEGER INDEXED); "
      "INSERT INTO t WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM c WHERE i < "
      "300000) SELECT 'https://' || (i % 997) || '.example/' || i, i, i % 1000 FROM c; "
      "SELECT memkv_count('t', 'n', NULL, NULL)");
  TempFile file;
  for (const bool frozen : {false, true}) {
    if (frozen) db.Exec("SELECT memkv_freeze('t')");
    CheckAll(db,
             {
                 {"SELECT memkv_flame('t', '/', 0)", {}, 400 * kMiB},
                 {"SELECT count(*) FROM memkv_folded('t', '/', 9, 0)", {}, 8 * kMiB},
                 {"SELECT count(*) FROM memkv_except('t', 't')", {}, 8 * kMiB},
                 {"SELECT * FROM memkv_check('t')", {}, 64 * kMiB},
                 {"INSERT INTO t(t) VALUES('integrity-check')", {}, 64 * kMiB},
                 {"INSERT INTO t(t) VALUES('freeze')", {}, 200 * kMiB},
                 {"INSERT INTO t(t, key) VALUES('delete-prefix', 'https://')", {}, 100 * kMiB},
                 {"SELECT memkv_export_keys('t', ?1)", {TextCell(file.path())}, 8 * kMiB},
                 {"SELECT memkv_export('t', ?1)", {TextCell(file.path())}, 200 * kMiB},
                 {"SELECT key FROM t WHERE key LIKE 'https%' LIMIT 1 OFFSET 299000", {}, 8 * kMiB},
             });
  }
}

TEST_CASE("huge texts") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, value)");
  constexpr size_t kBytes = 24 * kMiB;
  std::string escapes("[\""), keys("[1");
  while (escapes.size() < kBytes) escapes += "\\u0041";
  while (keys.size() < kBytes) keys += ",12345678901234";
  const std::vector<std::string> jsons = {std::string(kBytes, ' '),
                                          "[" + std::string(kBytes, ' '),
                                          "[\"" + std::string(kBytes, 'a'),
                                          "[\"" + std::string(kBytes, 'a') + "\"]",
                                          escapes + "\"]",
                                          keys + "]",
                                          "[" + std::string(kBytes, '9') + "]"};
  const std::vector<std::string> urls = {
      std::string(kBytes, 'a'),
      "http://" + std::string(kBytes, '.'),
      "http://" + std::string(kBytes, ':'),
      "http://" + std::string(kBytes, '@'),
      "http://" + std::string(kBytes, 'A'),
      "http://a/" + std::string(kBytes, '?'),
  };
  std::vector<Work> all;
  for (const std::string& json : jsons) {
    // The argument's copy and a key of that length, decoded, encoded and shown.
    all.push_back({"SELECT count(*), sum(found) FROM memkv_lookup('t', ?1) UNION ALL SELECT 1, 1",
                   {TextCell(json)},
                   7 * kBytes});
  }
  all.push_back({"SELECT has_prefix(?1, ?1), memkv_count('t', ?1), memkv_count('t', ?1, ?1)",
                 {TextCell(urls[0])},
                 6 * kBytes});
  for (const Work& work : all) {
    CAPTURE(work.sql);
    CAPTURE(work.parameters[0].substr(0, 20));
    const Outcome whole = RunApart(db, work.sql, work.parameters, work.bytes, Stop::kNever);
    CAPTURE(whole.grown / kMiB);
    CAPTURE(whole.code);
    CHECK((whole.code == SQLITE_OK || whole.code == SQLITE_ERROR));
    CHECK(whole.seconds < 5 * kPatience);
    for (const Stop stop : {Stop::kInterrupt, Stop::kHandler}) {
      const Outcome stopped = RunApart(db, work.sql, work.parameters, work.bytes, stop);
      CHECK(stopped.code >= 0);
      CHECK(stopped.code != SQLITE_NOMEM);
      CHECK(stopped.seconds < 1 * kPatience);
    }
  }
  // These are linear, and ask nobody, as upper() does.
  for (const std::string& url : urls) {
    CAPTURE(url.substr(0, 20));
    const Outcome whole = RunApart(db, "SELECT length(memkv_surt(?1)), length(memkv_host(?1))",
                                   {TextCell(url)}, 6 * kBytes, Stop::kNever);
    CHECK(whole.code == SQLITE_OK);
    CHECK(whole.seconds < 3 * kPatience);
  }
}

TEST_CASE("a progress handler is called however large its period") {
  Db db;
  db.Exec(
      "CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t WITH RECURSIVE c(i) AS (VALUES(1) UNION "
      "ALL SELECT i + 1 FROM c WHERE i < 400000) SELECT i, i FROM c");
  int calls = 0;
  sqlite3_progress_handler(
      db.handle(), 20000, [](void* n) { return ++*static_cast<int*>(n), 0; }, &calls);
  const double begin = Seconds();
  db.Exec("INSERT INTO t(t) VALUES('freeze')");
  const double seconds = Seconds() - begin;
  sqlite3_progress_handler(db.handle(), 0, nullptr, nullptr);
  CAPTURE(seconds);
  CHECK(calls >= seconds / 0.1);  // at least every 0.1 s
}

TEST_CASE("a connection closes while a table function's statement is not at its end") {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(":memory:", &handle) == SQLITE_OK);
  std::string message;
  REQUIRE((LoadModule(handle, Load::kModule, &message) & 0xff) == SQLITE_OK);
  REQUIRE(sqlite3_exec(handle,
                       "CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t WITH RECURSIVE c(i) AS "
                       "(VALUES(1) UNION ALL SELECT i + 1 FROM c WHERE i < 200000) SELECT i, i "
                       "FROM c; CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES('99', 1)",
                       nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_stmt* stmt = nullptr;
  REQUIRE(sqlite3_prepare_v2(handle, "SELECT key FROM memkv_intersect('t', 'u')", -1, &stmt,
                             nullptr) == SQLITE_OK);
  CHECK(sqlite3_step(stmt) == SQLITE_ROW);
  CHECK(sqlite3_exec(handle, "CREATE TABLE other(x)", nullptr, nullptr, nullptr) == SQLITE_OK);
  CHECK(sqlite3_reset(stmt) == SQLITE_OK);
  sqlite3_finalize(stmt);
  CHECK(sqlite3_next_stmt(handle, nullptr) == nullptr);
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

}  // namespace
}  // namespace memkv::test
