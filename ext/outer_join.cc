#include "ext/outer_join.h"

#include <algorithm>
#include <string>

#include "ext/planner.h"
#include "ext/sqlite_version.h"

namespace memkv::sql {
namespace {

// `word` is in lower case.
bool Contains(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 0x20 : a) == b; };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

}  // namespace

bool NamesOuterJoin(std::string_view sql) {
  return Contains(sql, "join") &&
         (Contains(sql, "left") || Contains(sql, "right") || Contains(sql, "full"));
}

bool OuterJoinMayRun(sqlite3* db) {
  bool any_runs = false;
  for (sqlite3_stmt* at = nullptr; (at = sqlite3_next_stmt(db, at)) != nullptr;) {
    if (!sqlite3_stmt_busy(at)) continue;
    const char* sql = sqlite3_sql(at);
    if (sql == nullptr || NamesOuterJoin(sql)) return true;
    any_runs = true;
  }
  return !any_runs;
}

bool PatternsMaySlip(bool folds) {
  return LikeMatchesBlobs() ? !OuterJoinTermsAreHidden(sqlite3_libversion_number()) : folds;
}

bool MayHaveGivenRows(sqlite3_stmt* busy) {
  if (RowsAreKnownWhileRunning(sqlite3_libversion_number())) return sqlite3_data_count(busy) > 0;
  // Instructions are counted when sqlite3_step() returns, and are not forgotten when it is reset.
  return sqlite3_stmt_status(busy, SQLITE_STMTSTATUS_VM_STEP, 0) != 0;
}

bool MayPlanAnew(sqlite3* db) {
  for (sqlite3_stmt* at = nullptr; (at = sqlite3_next_stmt(db, at)) != nullptr;) {
    if (!sqlite3_stmt_busy(at)) continue;
    const char* sql = sqlite3_sql(at);
    if ((sql == nullptr || NamesOuterJoin(sql)) && MayHaveGivenRows(at)) return false;
  }
  return true;
}

}  // namespace memkv::sql
