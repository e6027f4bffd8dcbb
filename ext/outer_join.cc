#include "ext/outer_join.h"

#include <algorithm>
#include <string>

#include "ext/plan/planner.h"
#include "ext/running.h"
#include "ext/sqlite_version.h"

namespace memkv::sql {

bool NamesOuterJoin(std::string_view sql) {
  return Names(sql, "join") && (Names(sql, "left") || Names(sql, "right") || Names(sql, "full"));
}

bool NamesLikeOfRightJoin(std::string_view sql) {
  return Names(sql, "join") && (Names(sql, "right") || Names(sql, "full")) && Names(sql, "like");
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
