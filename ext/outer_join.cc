#include "ext/outer_join.h"

#include <algorithm>
#include <string>

#include "ext/plan/planner.h"
#include "ext/running.h"
#include "ext/sqlite_version.h"

namespace memkv::sql {
namespace {

// `word` is of lower-case letters.
bool Contains(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) { return (a | 0x20) == b; };
  for (const char first : {word[0], static_cast<char>(word[0] - 0x20)}) {
    for (size_t at = 0; (at = text.find(first, at)) != std::string_view::npos; ++at) {
      const std::string_view rest = text.substr(at, word.size());
      if (std::equal(rest.begin(), rest.end(), word.begin(), word.end(), same)) return true;
    }
  }
  return false;
}

}  // namespace

bool NamesOuterJoin(std::string_view sql) {
  return Contains(sql, "join") &&
         (Contains(sql, "left") || Contains(sql, "right") || Contains(sql, "full"));
}

bool NamesLikeOfRightJoin(std::string_view sql) {
  return Contains(sql, "join") && (Contains(sql, "right") || Contains(sql, "full")) &&
         Contains(sql, "like");
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

bool MayRunUnseen(const Plan& plan) {
  const auto may_slip = [](Term term) { return InfoOf(term.op).doubt == Doubt::kMaySlipFolding; };
  return !LikeMatchesBlobs() && std::any_of(plan.terms.begin(), plan.terms.end(), may_slip);
}

}  // namespace memkv::sql
