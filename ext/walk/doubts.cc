#include "ext/walk/doubts.h"

#include <algorithm>

#include "ext/outer_join.h"
#include "ext/plan/planner.h"
#include "ext/running.h"
#include "ext/sqlite_version.h"
#include "ext/table.h"

namespace memkv::sql {

bool Doubts::MayBeInOuterJoin() {
  if (!outer_join_) {
    outer_join_ = OuterJoinMayRun(table_.db()) ||
                  table_.connection().schema_texts().WhenRun(table_.state().schema_name);
  }
  return *outer_join_;
}

// A pattern that was claimed with omit, where SQLite or memkv may slip over it in an outer join.
void Doubts::CheckSlips(bool folds, const IndexOfView& index) {
  if (!PatternsMaySlip(folds) || !MayBeInOuterJoin() ||
      (LikeMatchesBlobs() && !index.HasKeysIn(ClassRange(kBlobTag))))
    return;
  PlanPatternsAnew(&NamesOuterJoin);
}

void Doubts::LookForUnseenPatterns() {
  TableState& state = table_.state();
  if (!state.checks_patterns) {
    // Views and triggers were looked at when the plan was made. A statement's own text is complete
    // by now; until it has run, or is gone, it may be the next.
    const auto may_be = [](std::string_view sql) {
      return sql.empty() || NamesLikeOfRightJoin(sql);
    };
    if (AnyRunning(table_.db(), [&](const RunningStatement& s) { return may_be(s.text); }))
      PlanPatternsAnew(&NamesLikeOfRightJoin);
    if (AnyPrepared(table_.db(), may_be)) return;
  }
  state.patterns_run_unseen = false;
}

void Doubts::PlanPatternsAnew(bool (*may_be)(std::string_view)) {
  TableState& state = table_.state();
  state.checks_patterns = true;
  const bool is_undone = FailedFunctionsAreUndone(sqlite3_libversion_number());
  const bool in_schema = table_.connection().schema_texts().WhenRun(state.schema_name);
  const auto may_hold = [in_schema, may_be](std::string_view sql) {
    return in_schema || may_be(sql);
  };
  PlanAnew(table_.db(), {may_hold, state.schema_name, state.schema.table, first_, is_undone,
                         "memkv: from now on SQLite checks LIKE and GLOB of " +
                             Shown(state.schema.table) + ", as this outer join needs"});
}

bool Doubts::Narrows(const Term& term, const IndexOfView& index) {
  const Doubt doubt = InfoOf(term.op).doubt;
  if (doubt == Doubt::kMayStandInOn)
    return OuterJoinTermsAreHidden(sqlite3_libversion_number()) || !MayBeInOuterJoin();
  if (doubt != Doubt::kNone) CheckSlips(doubt == Doubt::kMaySlipFolding, index);
  return true;
}

void Doubts::NumbersCame() {
  TableState& state = table_.state();
  state.numbers_were_met |= state.table.in_transaction();
  const auto any = [](std::string_view) { return true; };
  PlanAnew(table_.db(), {any, state.schema_name, state.schema.table, first_, false,
                         "memkv: " + Shown(state.schema.table) +
                             " holds keys that are numbers, or read as such, since this statement "
                             "was prepared"});
}

// Numeric affinity has made a number of what reads as one, but of a compound's or VALUES' columns,
// whose affinity is that of the first SELECT: they may hold a parameter as it was bound. What triggers
// are given is left to SQLite, too.
bool Doubts::IsTextByItself(sqlite3_value* value) {
  if (sqlite3_value_type(value) != SQLITE_TEXT || !sqlite3_value_frombind(value)) return false;
  const Bytes text = ToDatum(value).bytes;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return false;
  if (!may_pass_on_) {
    may_pass_on_ = AnyRunning(table_.db(), [](const RunningStatement& s) {
      return s.text.empty() || s.writes() || Names(s.text, "union") || Names(s.text, "values");
    });
  }
  return !*may_pass_on_;
}

void Doubts::ExpectNoRowValueIn() {
  if (no_row_value_in_) return;
  Connection& connection = table_.connection();
  connection.row_value_in().Check(&connection, table_.state(), first_);
  no_row_value_in_ = true;
}

}  // namespace memkv::sql
