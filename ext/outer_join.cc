#include "ext/outer_join.h"

#include <algorithm>
#include <string>

#include "ext/planner.h"
#include "ext/running.h"
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
  const bool may = AnyRunning(db, [&any_runs](const RunningStatement& running) {
    any_runs = true;
    return running.text.empty() || NamesOuterJoin(running.text);
  });
  return may || !any_runs;
}

bool PatternsMaySlip(bool folds) {
  return LikeMatchesBlobs() ? !OuterJoinTermsAreHidden(sqlite3_libversion_number()) : folds;
}

}  // namespace memkv::sql
