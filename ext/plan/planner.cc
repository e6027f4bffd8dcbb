#include "ext/plan/planner.h"

#include <algorithm>

#include "ext/outer_join.h"
#include "ext/plan/candidate.h"
#include "ext/sqlite.h"
#include "ext/sqlite_version.h"

namespace memkv::sql {
namespace {

class TableSurroundings : public Surroundings {
 public:
  TableSurroundings(Connection& connection, const TableState& state)
      : connection_(connection), state_(state) {}

  const Schema& schema() const override { return state_.schema; }
  uint64_t rows() const override { return state_.table.size(); }

  std::optional<uint64_t> Count(size_t index, const KeyRange& range) const override {
    const View view = state_.table.Latest();
    if (!state_.FileStatus().ok() || (index > 0 && !view.has_indexes())) return std::nullopt;
    return index == 0 ? CountIn(view, range) : CountIn(view.Index(index - 1), range);
  }

  bool LikeMatchesBlobs() const override { return sql::LikeMatchesBlobs(); }
  bool IsPatternOverLimit(Bytes pattern) const override {
    return sql::IsPatternOverLimit(connection_.db(), pattern);
  }
  bool HasPlainRegexp() const override { return connection_.HasPlainRegexp(); }
  bool HasPlainNoCase() const override { return connection_.HasPlainNoCase(); }
  bool MayHoldNumbers() const override {
    return state_.table.may_hold_numbers() || state_.numbers_were_met;
  }
  bool OffsetMayBeConsumed() const override {
    return sql::OffsetMayBeConsumed(sqlite3_libversion_number());
  }
  bool OnTermsAreHidden() const override {
    return OuterJoinTermsAreHidden(sqlite3_libversion_number());
  }
  std::optional<bool> SchemaHoldsOuterJoin() const override {
    return connection_.schema_texts().WhenPlanned(state_.schema_name);
  }
  bool PatternsMaySlip(bool folds) const override { return sql::PatternsMaySlip(folds); }
  bool PatternsAreChecked() const override { return state_.checks_patterns; }
  bool LeavesEqualities() override { return connection_.row_value_in().LeavesEqualities(); }

 private:
  template <class V>
  static std::optional<uint64_t> CountIn(const V& view, const KeyRange& range) {
    uint64_t lo = 0, hi = view.size();
    if (!view.Rank(range.lo, &lo).ok() || (range.hi && !view.Rank(*range.hi, &hi).ok()))
      return std::nullopt;
    return hi - std::min(lo, hi);
  }

  Connection& connection_;
  const TableState& state_;
};

Ask AskOf(int op) {
  switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
      return Ask::kEqual;
    case SQLITE_INDEX_CONSTRAINT_IS:
      return Ask::kIs;
    case SQLITE_INDEX_CONSTRAINT_ISNULL:
      return Ask::kIsNull;
    case SQLITE_INDEX_CONSTRAINT_ISNOTNULL:
      return Ask::kNotNull;
    case SQLITE_INDEX_CONSTRAINT_LT:
      return Ask::kLess;
    case SQLITE_INDEX_CONSTRAINT_LE:
      return Ask::kLessEqual;
    case SQLITE_INDEX_CONSTRAINT_GT:
      return Ask::kGreater;
    case SQLITE_INDEX_CONSTRAINT_GE:
      return Ask::kGreaterEqual;
    case SQLITE_INDEX_CONSTRAINT_LIKE:
      return Ask::kLike;
    case SQLITE_INDEX_CONSTRAINT_GLOB:
      return Ask::kGlob;
    case SQLITE_INDEX_CONSTRAINT_REGEXP:
      return Ask::kRegexp;
    case SQLITE_INDEX_CONSTRAINT_LIMIT:
      return Ask::kLimit;
    case SQLITE_INDEX_CONSTRAINT_OFFSET:
      return Ask::kOffset;
    case kHasPrefixOp:
      return Ask::kHasPrefix;
    default:
      return Ask::kOther;
  }
}

Query QueryOf(sqlite3_index_info& info) {
  Query query;
  query.constraints.resize(static_cast<size_t>(info.nConstraint));
  for (int i = 0; i < info.nConstraint; ++i) {
    Constraint& c = query.constraints[static_cast<size_t>(i)];
    c.ask = AskOf(info.aConstraint[i].op);
    c.usable = info.aConstraint[i].usable;
    c.column = static_cast<size_t>(info.aConstraint[i].iColumn);
    sqlite3_value* value = nullptr;
    if (sqlite3_vtab_rhs_value(&info, i, &value) == SQLITE_OK && value) c.value = ToDatum(value);
    if (c.IsLimit()) continue;
    const char* collation = sqlite3_vtab_collation(&info, i);
    c.collation = sqlite3_stricmp(collation, "BINARY") == 0   ? Collation::kBinary
                  : sqlite3_stricmp(collation, "NOCASE") == 0 ? Collation::kNoCase
                                                              : Collation::kOther;
    c.is_in = c.ask == Ask::kEqual && sqlite3_vtab_in(&info, i, -1);
  }
  for (int i = 0; i < info.nOrderBy; ++i) {
    query.order_by.push_back(
        {static_cast<size_t>(info.aOrderBy[i].iColumn), info.aOrderBy[i].desc != 0});
  }
  query.is_distinct = sqlite3_vtab_distinct(&info) >= 2;
  query.columns_read = info.colUsed;
  return query;
}

void Emit(const Answer& answer, const Schema& schema, sqlite3_index_info* info) {
  for (int i = 0; i < info->nConstraint; ++i) {
    const Answer::Usage& usage = answer.usage[static_cast<size_t>(i)];
    info->aConstraintUsage[i].argvIndex = usage.argument;
    info->aConstraintUsage[i].omit = usage.omit;
    if (usage.as_list) sqlite3_vtab_in(info, i, 1);
  }
  info->orderByConsumed = answer.sorted;
  info->idxFlags = answer.unique ? SQLITE_INDEX_SCAN_UNIQUE : 0;
  info->estimatedRows = static_cast<sqlite3_int64>(answer.rows);
  info->estimatedCost = answer.cost;
  info->idxNum = answer.plan.Number();
  info->idxStr =
      sqlite3_mprintf("%s", answer.plan.ToText(schema.PartNames(answer.plan.by)).c_str());
  if (info->idxStr == nullptr) throw std::bad_alloc();
  info->needToFreeIdxStr = 1;
}

}  // namespace

Answer ChooseAnswer(const Query& query, Surroundings& around) {
  Answer best = *Candidate(query, around, 0).Choose(0);
  const double key_rows = best.rows;
  const size_t indexes = around.schema().indexes.size();
  for (size_t i = 1; i <= indexes; ++i) {
    std::optional<Answer> answer = Candidate(query, around, i).Choose(key_rows);
    if (answer && answer->work < best.work) best = std::move(*answer);
  }
  return best;
}

Answer ChoosePlan(Connection& connection, const TableState& state, sqlite3_index_info& info) {
  TableSurroundings around(connection, state);
  Answer answer = ChooseAnswer(QueryOf(info), around);
  Emit(answer, state.schema, &info);
  return answer;
}

bool LikeMatchesBlobs() {
  static const bool matches = sqlite3_compileoption_used("LIKE_DOESNT_MATCH_BLOBS") == 0;
  return matches;
}

bool IsPatternOverLimit(sqlite3* db, Bytes pattern) {
  const int limit = sqlite3_limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, -1);
  return pattern.size() > static_cast<size_t>(limit);
}

}  // namespace memkv::sql
