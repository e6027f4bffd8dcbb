// COLLATE NOCASE where the host has put a collation of its own in the place of SQLite's.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "tests/sql/db.h"

namespace memkv::test {
namespace {

// Folds the letter é, heeds no hyphens, and is ASCII's otherwise.
std::string Folded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-') continue;
    const bool is_capital_accent = c == '\x89' && !out.empty() && out.back() == '\xc3';
    out += is_capital_accent ? '\xa9' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c;
  }
  return out;
}

int Compare(void*, int n, const void* a, int m, const void* b) {
  const auto view = [](const void* p, int size) {
    return std::string_view(static_cast<const char*>(p), static_cast<size_t>(size));
  };
  return Folded(view(a, n)).compare(Folded(view(b, m)));
}

constexpr const char* kQueries[] = {
    "SELECT key FROM t WHERE key = 'CAFÉ' COLLATE NOCASE ORDER BY key",
    "SELECT key FROM t WHERE key = ?1 COLLATE NOCASE ORDER BY key",
    "SELECT key FROM t WHERE s = 'CAFÉ' COLLATE NOCASE ORDER BY key",
    "SELECT key FROM t WHERE key >= 'CAF' COLLATE NOCASE AND key < 'cag' COLLATE NOCASE ORDER BY "
    "key",
    "SELECT key FROM t WHERE s >= 'CAF' COLLATE NOCASE AND s < 'cag' COLLATE NOCASE ORDER BY key",
    "SELECT key FROM t WHERE key LIKE 'caf!_%' ESCAPE '!' ORDER BY key",
    "SELECT key FROM t WHERE key LIKE 'CAF%' ORDER BY key"};

}  // namespace

TEST_CASE("a NOCASE of the host's is asked, and SQLite's own narrows again") {
  Db memkv, plain;
  memkv.Exec("CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, s TEXT INDEXED)");
  plain.Exec("CREATE TABLE t(key TEXT PRIMARY KEY, s TEXT) WITHOUT ROWID");
  for (Db* db : {&memkv, &plain})
    db->Exec(
        "INSERT INTO t VALUES ('café', 'café'), ('CAFÉ', 'CAFÉ'), ('CAFé', 'CAFé'), ('c-afé', "
        "'c-afé'), ('caf', 'caf'), ('caf_x', 'caf_x'), ('-CAF-', '-CAF-'), ('cag', 'cag'), ('b', "
        "'b')");
  const Row parameters = {TextCell("cAFé")};
  const auto require_same = [&] {
    for (const char* sql : kQueries) {
      CAPTURE(std::string(sql));
      const Result ours = memkv.Run(sql, std::string(sql).find("?1") < 99 ? parameters : Row());
      const Result theirs = plain.Run(sql, std::string(sql).find("?1") < 99 ? parameters : Row());
      CHECK(ours.ToString() == theirs.ToString());
    }
  };
  require_same();
  CHECK(memkv.Plan(kQueries[0]).find("(folded)") != std::string::npos);
  Cursor kept(memkv, kQueries[0]);
  CHECK(kept.Step() == SQLITE_ROW);
  kept.Reset();
  for (Db* db : {&memkv, &plain})
    REQUIRE(sqlite3_create_collation(db->handle(), "NOCASE", SQLITE_UTF8, nullptr, &Compare) ==
            SQLITE_OK);
  require_same();
  CHECK(memkv.Plan(kQueries[0]).find("(folded)") == std::string::npos);
  int rows = 0;
  while (kept.Step() == SQLITE_ROW) ++rows;
  CHECK(rows == 4);
}

}  // namespace memkv::test
