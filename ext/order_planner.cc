#include "ext/order_planner.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/order_key.h"
#include "ext/sqlite.h"
#include "ext/sqlite_version.h"

namespace memkv::sql {
namespace {

// A walk in a second order reads each row by itself.
constexpr double kRowWork = 1.0;

// One second order, and what it can do.
class Candidate {
 public:
  Candidate(Connection& connection, const TableState& state, sqlite3_index_info& info, size_t order,
            size_t column)
      : connection_(connection),
        state_(state),
        schema_(state.schema),
        info_(info),
        order_(order),
        column_(column) {
    const auto n = static_cast<size_t>(info.nConstraint);
    out_.plan.by = schema_.columns[column].name;
    out_.argument.assign(n, 0);
    out_.omit.assign(n, false);
  }

  std::optional<OrderedPlan> Choose(double key_rows) {
    for (int i = 0; i < info_.nConstraint; ++i) {
      if (IsLimit(i)) continue;
      if (!info_.aConstraint[i].usable || !Constraint(i)) ++unclaimed_;
    }
    Sort();
    if (out_.plan.terms.empty() && !out_.sorted) return std::nullopt;
    Offset();
    Weigh(key_rows);
    return std::move(out_);
  }

 private:
  bool IsLimit(int i) const {
    const int op = info_.aConstraint[i].op;
    return op == SQLITE_INDEX_CONSTRAINT_LIMIT || op == SQLITE_INDEX_CONSTRAINT_OFFSET;
  }
  std::optional<Datum> Known(int i) const { return KnownValue(info_, i); }

  bool Claim(int i, Term term, bool omit) {
    checked_ |= !omit;
    out_.plan.terms.push_back(term);
    out_.argument[static_cast<size_t>(i)] = static_cast<int>(out_.plan.terms.size());
    out_.omit[static_cast<size_t>(i)] = omit;
    return true;
  }

  bool Constraint(int i) {
    const auto& c = info_.aConstraint[i];
    const bool rank = c.iColumn == static_cast<int>(schema_.order_rank_column(order_));
    if (!rank && c.iColumn != static_cast<int>(column_)) return false;
    const Term::Target target = rank ? Term::kValueRank : Term::kValue;
    switch (c.op) {
      case SQLITE_INDEX_CONSTRAINT_ISNULL:
        return !rank && Claim(i, {Term::kIsNull, target}, true);
      case SQLITE_INDEX_CONSTRAINT_ISNOTNULL:
        return !rank && NotNull(i);
      case SQLITE_INDEX_CONSTRAINT_EQ:
      case SQLITE_INDEX_CONSTRAINT_IS:
        return Equal(i, target);
    }
    const std::optional<Term::Op> op = RangeOperator(c.op);
    if (!op) return false;
    if (!rank && (!IsBinary(i) || MayMissMatches(info_, i))) return false;
    if (!rank && MayBeBoundOfPattern(info_, i)) return Claim(i, {Term::kLessOrBlob, target}, false);
    const bool exact = rank || RangeIsExact(affinity(), Known(i));
    row_value_ |= MayBeOfRowValue(info_, i);
    return Claim(i, {exact ? *op : Checked(*op), target}, exact);
  }

  // It may stand in the ON of an outer join, as patterns may (ext/outer_join.h).
  bool NotNull(int i) {
    const bool hidden = OuterJoinTermsAreHidden(sqlite3_libversion_number());
    if (!hidden && connection_.schema_texts().WhenPlanned(state_.schema_name).value_or(false))
      return false;
    return Claim(i, {Term::kNotNull, Term::kValue}, hidden);
  }

  bool Equal(int i, Term::Target target) {
    const bool is = info_.aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_IS;
    if (target == Term::kValueRank) {
      if (is) return false;  // IS NULL is no rank
    } else if (!IsBinary(i)) {
      return false;
    }
    const bool exact = target == Term::kValueRank || EqualityIsExact(affinity(), Known(i));
    // Value by value: SQLite would check them by another affinity than that of IN.
    if (!is && sqlite3_vtab_in(&info_, i, -1)) {
      if (!exact) return false;
      in_ = true;
    }
    const Term::Op op = is ? Term::kIs : Equality(exact, Known(i));
    if (op == Term::kEqualChecked && connection_.row_value_in().LeavesEqualities()) return false;
    equal_ |= target == Term::kValueRank || (exact && !in_);
    return Claim(i, {op, target}, exact);
  }

  bool IsBinary(int i) const {
    return sqlite3_stricmp(sqlite3_vtab_collation(&info_, i), "BINARY") == 0;
  }
  Affinity affinity() const { return schema_.columns[column_].affinity; }

  // By value, perhaps then by key; by the rank; of rows with one value, by key alone.
  void Sort() {
    if (info_.nOrderBy == 0) return;
    auto is = [&](int term, size_t column) {
      return info_.aOrderBy[term].iColumn == static_cast<int>(column);
    };
    auto is_key = [&](int term) {
      return is(term, schema_.key) || is(term, schema_.rank_column());
    };
    const auto& first = info_.aOrderBy[0];
    bool sorted = is(0, schema_.order_rank_column(order_)) || (is_key(0) && equal_);
    if (is(0, column_)) {
      sorted = info_.nOrderBy == 1 || ((is_key(1) || is(1, schema_.order_rank_column(order_))) &&
                                       info_.aOrderBy[1].desc == first.desc);
    }
    if (!sorted) return;
    out_.sorted = true;
    out_.plan.descending = first.desc;
  }

  // As in key order (planner.cc).
  void Offset() {
    if (!OffsetMayBeConsumed(sqlite3_libversion_number())) return;
    if (unclaimed_ > 0 || checked_ || row_value_ || in_) return;
    if (info_.nOrderBy > 0 && !out_.sorted) return;
    for (int i = 0; i < info_.nConstraint; ++i) {
      if (info_.aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_OFFSET || !info_.aConstraint[i].usable)
        continue;
      out_.plan.offset = true;
      out_.argument[static_cast<size_t>(i)] = static_cast<int>(out_.plan.terms.size()) + 1;
      out_.omit[static_cast<size_t>(i)] = true;
      return;
    }
  }

  void Weigh(double key_rows) {
    const double size = static_cast<double>(state_.table.size());
    const double all = std::max(size, kFewestRows);
    double rows = all;
    KeyRange range;
    bool ranged = false;
    for (int i = 0; i < info_.nConstraint; ++i) {
      const int argument = out_.argument[static_cast<size_t>(i)];
      if (argument == 0 || IsLimit(i)) continue;
      const Term& t = out_.plan.terms[static_cast<size_t>(argument) - 1];
      const std::optional<Datum> v = size < kFewestRows ? std::nullopt : Known(i);
      if (t.target == Term::kValueRank) {
        rows = t.op == Term::kEqual ? 1 : rows / 4;
      } else if (t.op == Term::kIsNull) {
        range = Intersect(std::move(range), NullOrderRange());
        ranged = true;
      } else if (const std::optional<CompareOp> op = ComparisonOf(t.op); op && v) {
        range = Intersect(std::move(range), OrderRange(*op, *v));
        ranged = true;
      } else if (t.op == Term::kNotNull) {
        continue;
      } else if (ComparisonOf(t.op) == CompareOp::kEqual) {
        rows = std::min(rows, std::max(all / 1000, 1.0));
      } else {
        rows /= 4;
      }
    }
    if (ranged) rows = std::min(rows, Count(range, all));
    rows = std::max(rows, 1.0);
    out_.rows = rows;
    // Rows that other constraints will pass over are visited too.
    double visited = rows;
    if (info_.nOrderBy == 0 || out_.sorted) {
      const double share = unclaimed_ > 0 ? std::clamp(key_rows / all, 1 / all, 1.0) : 1.0;
      visited = std::min(visited, LimitOf(info_) / share);
    }
    out_.work = SortWork(info_, out_.sorted, rows) + visited * kRowWork;
  }

  double Count(const KeyRange& range, double all) const {
    if (range.empty()) return 0;
    const View view = state_.table.Latest();
    if (!state_.FileStatus().ok() || !view.has_orders()) return all;
    const OrderView order = view.Order(order_);
    uint64_t lo = 0, hi = order.size();
    if (!order.Rank(range.lo, &lo).ok() || (range.hi && !order.Rank(*range.hi, &hi).ok()))
      return all;
    return static_cast<double>(hi - lo);
  }

  Connection& connection_;
  const TableState& state_;
  const Schema& schema_;
  sqlite3_index_info& info_;
  const size_t order_, column_;
  OrderedPlan out_;
  int unclaimed_ = 0;       // constraints that are left to SQLite
  bool checked_ = false;    // some claimed constraint is checked again by SQLite
  bool row_value_ = false;  // so may be one that was claimed with omit
  bool in_ = false, equal_ = false;
};

}  // namespace

double LimitOf(const sqlite3_index_info& info) {
  constexpr double kGuess = 100;  // of a parameter
  double limit = std::numeric_limits<double>::infinity(), offset = 0;
  for (int i = 0; i < info.nConstraint; ++i) {
    const int op = info.aConstraint[i].op;
    if (op != SQLITE_INDEX_CONSTRAINT_LIMIT && op != SQLITE_INDEX_CONSTRAINT_OFFSET) continue;
    const std::optional<Datum> v = KnownValue(info, i);
    const bool known = v && v->kind == Datum::kInteger;
    const double n = known ? static_cast<double>(v->integer) : kGuess;
    if (op == SQLITE_INDEX_CONSTRAINT_OFFSET) {
      offset = known ? std::max(n, 0.0) : 0;
    } else if (n >= 0) {
      limit = n;
    }
  }
  return limit + offset;
}

double SortWork(const sqlite3_index_info& info, bool sorted, double rows) {
  return info.nOrderBy > 0 && !sorted ? rows * std::log2(rows + 2) * 0.5 : 0;
}

std::optional<OrderedPlan> ChooseOrder(Connection& connection, const TableState& state,
                                       sqlite3_index_info& info, double key_rows) {
  std::optional<OrderedPlan> best;
  const std::vector<size_t> indexed = state.schema.IndexedColumns();
  for (size_t i = 0; i < indexed.size(); ++i) {
    std::optional<OrderedPlan> plan =
        Candidate(connection, state, info, i, indexed[i]).Choose(key_rows);
    if (plan && (!best || plan->work < best->work)) best = std::move(plan);
  }
  return best;
}

void OrderedPlan::Emit(sqlite3_index_info* info) const {
  for (int i = 0; i < info->nConstraint; ++i) {
    info->aConstraintUsage[i].argvIndex = argument[static_cast<size_t>(i)];
    info->aConstraintUsage[i].omit = omit[static_cast<size_t>(i)];
    if (sqlite3_vtab_in(info, i, -1)) sqlite3_vtab_in(info, i, 0);  // value by value
  }
  info->orderByConsumed = sorted;
  info->idxFlags = 0;
  info->estimatedRows = static_cast<sqlite3_int64>(std::max(rows, 1.0));
  info->estimatedCost = std::log2(rows + 2) + rows * kRowWork;
  info->idxNum = plan.Number();
  info->idxStr = sqlite3_mprintf("%s", plan.ToText().c_str());
  if (info->idxStr == nullptr) throw std::bad_alloc();
  info->needToFreeIdxStr = 1;
}

}  // namespace memkv::sql
