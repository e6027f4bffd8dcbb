#include "ext/planner.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/query/pattern.h"
#include "core/query/regexp_prefix.h"
#include "core/range.h"
#include "ext/affinity.h"
#include "ext/order_planner.h"
#include "ext/outer_join.h"
#include "ext/sqlite.h"
#include "ext/sqlite_version.h"

namespace memkv::sql {
namespace {

// What xBestIndex is asked, sorted by what memkv can do with it.
class Chooser {
 public:
  Chooser(Connection& connection, const TableState& state, sqlite3_index_info& info)
      : connection_(connection), state_(state), schema_(state.schema), info_(info) {}

  void Choose() {
    for (int i = 0; i < info_.nConstraint; ++i) {
      if (IsLimit(i)) continue;
      if (!info_.aConstraint[i].usable) unclaimed_ = true;
    }
    Patterns();
    for (int i = 0; i < info_.nConstraint; ++i) {
      if (info_.aConstraint[i].usable && !claimed(i) && !IsLimit(i)) Constraint(i);
    }
    Order();
    Offset();
    Estimate();
    if (std::optional<OrderedPlan> by = ChooseOrder(connection_, state_, info_, rows_)) {
      if (by->work < Work()) return by->Emit(&info_);
    }
    Emit();
  }

 private:
  // What the plan takes, to be weighed against another: rows that are visited, and sorted.
  double Work() const {
    double visited = rows_;
    if (!unclaimed_ && !checked_ && (info_.nOrderBy == 0 || info_.orderByConsumed))
      visited = std::min(visited, LimitOf(info_));
    return SortWork(info_, info_.orderByConsumed, rows_) + visited * 0.5 +
           (plan_.terms.empty() ? (visited - std::min(visited, 1.0)) * 0.1 : 0);
  }

  bool IsLimit(int i) const {
    const int op = info_.aConstraint[i].op;
    return op == SQLITE_INDEX_CONSTRAINT_LIMIT || op == SQLITE_INDEX_CONSTRAINT_OFFSET;
  }
  bool IsKey(int i) const { return info_.aConstraint[i].iColumn == static_cast<int>(schema_.key); }
  bool claimed(int i) const {
    return info_.aConstraintUsage[i].argvIndex > 0 ||
           std::find(bounds_.begin(), bounds_.end(), i) != bounds_.end();
  }
  bool IsCollation(int i, const char* name) const {
    return sqlite3_stricmp(sqlite3_vtab_collation(&info_, i), name) == 0;
  }

  std::optional<Datum> Known(int i) const { return KnownValue(info_, i); }

  // omit: every row that the walk gives satisfies the term.
  void Claim(int i, Term term, bool omit) {
    checked_ |= !omit;
    plan_.terms.push_back(term);
    info_.aConstraintUsage[i].argvIndex = static_cast<int>(plan_.terms.size());
    info_.aConstraintUsage[i].omit = omit;
  }

  // A bound that SQLite derived from a claimed pattern says nothing new. It is claimed with it, as
  // an argument that nobody reads.
  void ClaimBound(int i, bool omit) {
    bounds_.push_back(i);
    info_.aConstraintUsage[i].omit = omit;
  }

  // LIKE and GLOB. SQLite adds the bounds of a pattern's literal prefix where the function is its
  // own and the pattern is known: NOCASE for LIKE, BINARY for GLOB and for LIKE under
  // case_sensitive_like. It drops its own check of a pattern only if the pattern and both bounds
  // are claimed.
  void Patterns() {
    for (int i = 0; i < info_.nConstraint && !has_pattern_; ++i) {
      if (IsPattern(i)) has_pattern_ = TakeWithBounds(i);
    }
    for (int i = 0; i < info_.nConstraint && !has_pattern_; ++i) {
      if (!IsPattern(i) || !OnTermsMayBeTaken()) continue;
      // It is checked again by SQLite, so that its bounds, if any, are hints too.
      const bool like = info_.aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_LIKE;
      Claim(i, {like ? Term::kLike : Term::kGlob}, false);
      has_pattern_ = true;
      for (int j = 0; j < info_.nConstraint; ++j) {
        if (IsBound(j) && IsCollation(j, "BINARY") && !(text_only_ && !LikeMatchesBlobs()))
          ClaimBound(j, false);
      }
    }
    Escaped();
  }

  bool IsPattern(int i) const {
    const auto& c = info_.aConstraint[i];
    return c.usable && IsKey(i) &&
           (c.op == SQLITE_INDEX_CONSTRAINT_LIKE || c.op == SQLITE_INDEX_CONSTRAINT_GLOB);
  }

  // A pattern that is known, and stands beside its bounds. Bounds are never offered from an ON
  // (ext/outer_join.h): a pattern that says the same as they do need not be asked where it stands,
  // though another pattern, or the user, may have given them.
  bool TakeWithBounds(int i) {
    const bool like = info_.aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_LIKE;
    const std::optional<Datum> pattern = Known(i);
    if (!text_only_ || !pattern || pattern->kind != Datum::kText || pattern->bytes.size() >= 1000)
      return false;
    const LiteralPrefix prefix =
        like ? LikePrefix(pattern->bytes, std::nullopt) : GlobPrefix(pattern->bytes);
    // Over the limit: an error of SQLite's, unless it is a prefix and one wildcard, which it makes
    // a range.
    const bool refused = IsPatternOverLimit(connection_.db(), pattern->bytes);
    if (refused && pattern->bytes.size() > prefix.bytes.size() + 1) return false;
    int lo, hi;
    if (like && Bounds(prefix.bytes, "NOCASE", &lo, &hi)) {
      if (refused) return false;
      // '@' is followed by 'A', which NOCASE takes for 'a': the bounds of 'a@%' hold more than it.
      const bool pure = prefix.then_any && (on_terms_are_hidden_ || prefix.bytes.back() != '@');
      if (!pure && !OnTermsMayBeTaken()) return false;
      bool exact = pure || (on_terms_are_hidden_ && pattern->bytes.size() <= Pattern::kMaxElements);
      exact = exact && !IsToBeChecked(true);
      Claim(i, {FoldedOp(pure, exact)}, exact);
      ClaimBound(lo, exact);
      ClaimBound(hi, exact);
      return true;
    }
    if (!prefix.then_any || !Bounds(prefix.bytes, "BINARY", &lo, &hi) || IsToBeChecked(false))
      return false;
    Claim(i, {like ? Term::kLikePrefix : Term::kGlobPrefix}, true);
    ClaimBound(lo, true);
    ClaimBound(hi, true);
    return true;
  }

  static Term::Op FoldedOp(bool pure, bool exact) {
    if (pure) return exact ? Term::kLikeFoldedPrefix : Term::kLikeFoldedPrefixChecked;
    return exact ? Term::kLikeFolded : Term::kLikeFoldedChecked;
  }

  // Whether a pattern beside its bounds is left for SQLite to check, as an outer join may be about.
  bool IsToBeChecked(bool folds) {
    return PatternsMaySlip(folds) &&
           (state_.checks_patterns ||
            connection_.schema_texts().WhenPlanned(state_.schema_name).value_or(true));
  }

  // Whether a term that may stand in the ON of an outer join can be taken, to be looked at again
  // when the query runs.
  bool OnTermsMayBeTaken() {
    if (!may_take_) {
      may_take_ = on_terms_are_hidden_ ||
                  !connection_.schema_texts().WhenPlanned(state_.schema_name).value_or(false);
    }
    return *may_take_;
  }

  // LIKE … ESCAPE shows as its bounds alone.
  void Escaped() {
    int lo = -1, hi = -1;
    for (int i = 0; i < info_.nConstraint; ++i) {
      if (claimed(i) || !IsBound(i) || !IsCollation(i, "NOCASE")) continue;
      (info_.aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_GE ? lo : hi) = i;
    }
    if (lo >= 0 && hi >= 0 && !has_pattern_) {
      Claim(lo, {Term::kFoldedAtLeast}, false);
      Claim(hi, {Term::kFoldedBelow}, false);
      has_pattern_ = true;
    }
  }

  bool IsBound(int i) const {
    const auto& c = info_.aConstraint[i];
    return c.usable && IsKey(i) &&
           (c.op == SQLITE_INDEX_CONSTRAINT_GE || c.op == SQLITE_INDEX_CONSTRAINT_LT);
  }

  // The one pair of bounds that SQLite derives from a pattern that starts with `prefix`. None where
  // there are two pairs (then one is the user's), nor for a prefix that may look like a number
  // (SQLite derives none).
  bool Bounds(Bytes prefix, const char* collation, int* lo, int* hi) const {
    if (prefix.empty() ||
        std::string_view("0123456789+-. \t\n\v\f\r").find(prefix[0]) != std::string_view::npos)
      return false;
    const bool fold = sqlite3_stricmp(collation, "NOCASE") == 0;
    std::string low(prefix), high(prefix);
    for (size_t i = 0; fold && i < prefix.size(); ++i) {
      if (low[i] >= 'a' && low[i] <= 'z') low[i] -= 32;
      if (high[i] >= 'A' && high[i] <= 'Z') high[i] += 32;
    }
    high.back() = static_cast<char>(high.back() + 1);
    *lo = *hi = -1;
    int others = 0;
    for (int i = 0; i < info_.nConstraint; ++i) {
      const auto& c = info_.aConstraint[i];
      const bool is_lo = c.op == SQLITE_INDEX_CONSTRAINT_GE;
      if (!IsKey(i) || !(is_lo || c.op == SQLITE_INDEX_CONSTRAINT_LT) || !IsCollation(i, collation))
        continue;
      const std::optional<Datum> v = Known(i);
      if (!v || v->kind != Datum::kText || v->bytes != (is_lo ? low : high)) continue;
      int* slot = is_lo ? lo : hi;
      if (*slot >= 0 || !c.usable) ++others;
      *slot = i;
    }
    return *lo >= 0 && *hi >= 0 && others == 0;
  }

  void Constraint(int i) {
    const auto& c = info_.aConstraint[i];
    const bool key = IsKey(i), rank = c.iColumn == static_cast<int>(schema_.rank_column());
    if (!key && !rank) {
      unclaimed_ = true;
      return;
    }
    const Term::Target target = key ? Term::kKey : Term::kRank;
    if (c.op == SQLITE_INDEX_CONSTRAINT_EQ || c.op == SQLITE_INDEX_CONSTRAINT_IS)
      return Equal(i, target);
    if (key && c.op == kHasPrefixOp && OnTermsMayBeTaken())
      return Claim(i, {Term::kHasPrefix}, on_terms_are_hidden_);
    if (key && c.op == SQLITE_INDEX_CONSTRAINT_REGEXP && !has_pattern_ && OnTermsMayBeTaken() &&
        connection_.HasPlainRegexp()) {
      has_pattern_ = true;
      return Claim(i, {Term::kRegexp}, false);
    }
    const std::optional<Term::Op> range = RangeOperator(c.op);
    if (!range) {
      unclaimed_ = true;
      return;
    }
    const Term::Op op = *range;
    if (key && (!IsCollation(i, "BINARY") || MayMissMatches(info_, i))) {
      unclaimed_ = true;
      return;
    }
    if (key && MayBeBoundOfPattern(info_, i)) return Claim(i, {Term::kLessOrBlob}, false);
    const bool exact = !key || RangeIsExact(schema_.key_column().affinity, Known(i));
    Claim(i, {exact ? op : Checked(op), target}, exact);
    row_value_ |= MayBeOfRowValue(info_, i);
  }

  void Equal(int i, Term::Target target) {
    if (target == Term::kKey && !IsCollation(i, "BINARY")) {
      unclaimed_ = true;
      return;
    }
    const bool exact =
        target == Term::kRank || EqualityIsExact(schema_.key_column().affinity, Known(i));
    if (target == Term::kKey && info_.aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_EQ &&
        sqlite3_vtab_in(&info_, i, -1)) {
      // One pass over all the values, unless another term narrows the walk already.
      if (plan_.terms.empty() && sqlite3_vtab_in(&info_, i, 1)) {
        Claim(i, {Term::kIn}, false);
        in_ = true;
        return;
      }
      // Value by value: SQLite calls xFilter for each, and would check them by another affinity
      // than that of IN.
      if (!exact) {
        unclaimed_ = true;
        return;
      }
      in_ = true;
    }
    const Term::Op op = Equality(exact, Known(i));
    if (op == Term::kEqualChecked && connection_.row_value_in().LeavesEqualities()) {
      unclaimed_ = true;
      return;
    }
    Claim(i, {op, target}, exact);
    unique_ |= exact;
    equal_ = true;
  }

  void Order() {
    if (info_.nOrderBy == 0) return;
    const int first = info_.aOrderBy[0].iColumn;
    if (first != static_cast<int>(schema_.key) && first != static_cast<int>(schema_.rank_column()))
      return;
    plan_.descending = info_.aOrderBy[0].desc;
    info_.orderByConsumed = 1;
  }

  // OFFSET is taken only where every row that the walk gives is a row of the answer: older SQLite
  // offers it where it filters rows itself, too.
  void Offset() {
    if (!OffsetMayBeConsumed(sqlite3_libversion_number())) return;
    if (unclaimed_ || checked_ || row_value_ || in_) return;
    if (info_.nOrderBy > 0 && !info_.orderByConsumed) return;
    for (int i = 0; i < info_.nConstraint; ++i) {
      if (info_.aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_OFFSET || !info_.aConstraint[i].usable)
        continue;
      plan_.offset = true;
      info_.aConstraintUsage[i].argvIndex = static_cast<int>(plan_.terms.size()) + 1;
      info_.aConstraintUsage[i].omit = 1;
      return;
    }
  }

  // Rows by rank where the right-hand sides are known, by the usual guesses where they are not.
  void Estimate() {
    const double all = static_cast<double>(state_.table.size());
    double rows = all;
    KeyRange range;
    bool ranged = false;
    for (int i = 0; i < info_.nConstraint; ++i) {
      if (info_.aConstraintUsage[i].argvIndex == 0 || IsLimit(i)) continue;
      const Term& t = plan_.terms[static_cast<size_t>(info_.aConstraintUsage[i].argvIndex) - 1];
      const std::optional<Datum> v = Known(i);
      if (ComparisonOf(t.op) == CompareOp::kEqual) {
        rows = std::min(rows, 1.0);
      } else if (t.op == Term::kIn) {
        rows = std::min(rows, 25.0);
      } else if (t.target == Term::kRank || !v) {
        rows /= 4;
      } else if (const std::optional<KeyRange> r = KnownRange(t, *v)) {
        range = Intersect(std::move(range), *r);
        ranged = true;
      } else {
        rows /= 4;
      }
    }
    if (ranged && rows > 1) {
      const View view = state_.table.Latest();
      uint64_t lo = 0, hi = view.size();
      if (range.empty()) {
        hi = 0;
      } else if (!state_.FileStatus().ok() || !view.Rank(range.lo, &lo).ok() ||
                 (range.hi && !view.Rank(*range.hi, &hi).ok())) {
        lo = 0, hi = view.size();
      }
      rows = std::min(rows, static_cast<double>(hi - lo));
    }
    rows_ = std::max(rows, 1.0);
    if (all < kFewestRows) {
      rows_ = kFewestRows / std::pow(4.0, static_cast<double>(plan_.terms.size()));
      if (equal_) rows_ = 1;
      if (in_) rows_ = 25;
    }
    const double seek = std::log2(all + 2);
    info_.estimatedRows = static_cast<sqlite3_int64>(std::max(rows, 1.0));
    info_.estimatedCost =
        seek + rows * (equal_ ? 0.1 : 0.5) + (plan_.terms.empty() ? all * 0.5 : 0);
    if (unique_ && !in_) info_.idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
  }

  std::optional<KeyRange> KnownRange(const Term& t, const Datum& v) const {
    if (const std::optional<CompareOp> op = ComparisonOf(t.op)) return CompareRange(*op, v);
    switch (t.op) {
      case Term::kGlobPrefix:
      case Term::kGlob:
        if (v.kind != Datum::kText) return std::nullopt;
        return PrefixRange(kTextTag, GlobPrefix(v.bytes).bytes);
      case Term::kRegexp:
        if (v.kind != Datum::kText) return std::nullopt;
        return PrefixRange(kTextTag, RegexpPrefix(v.bytes));
      case Term::kHasPrefix:
        if (v.kind != Datum::kText && v.kind != Datum::kBlob) return std::nullopt;
        return PrefixRange(v.kind == Datum::kText ? kTextTag : kBlobTag, v.bytes);
      case Term::kLikePrefix:
      case Term::kLikeFoldedPrefix:
      case Term::kLikeFolded:
      case Term::kLikeFoldedPrefixChecked:
      case Term::kLikeFoldedChecked:
        // As it is written; other spellings are rare.
        return PrefixRange(kTextTag, LikePrefix(v.bytes, std::nullopt).bytes);
      default:
        return std::nullopt;
    }
  }

  void Emit() {
    int next = static_cast<int>(plan_.terms.size()) + (plan_.offset ? 1 : 0);
    for (int i : bounds_) info_.aConstraintUsage[i].argvIndex = ++next;
    info_.idxNum = plan_.Number();
    info_.idxStr = sqlite3_mprintf("%s", plan_.ToText().c_str());
    if (info_.idxStr == nullptr) throw std::bad_alloc();
    info_.needToFreeIdxStr = 1;
  }

  Connection& connection_;
  const TableState& state_;
  const Schema& schema_;
  sqlite3_index_info& info_;
  Plan plan_;
  std::vector<int> bounds_;  // constraints that say nothing new
  const bool text_only_ = schema_.key_column().affinity == Affinity::kText;  // no key is a number
  const bool on_terms_are_hidden_ = OuterJoinTermsAreHidden(sqlite3_libversion_number());
  std::optional<bool> may_take_;  // OnTermsMayBeTaken(), once asked
  bool unclaimed_ = false;        // some constraint is left to SQLite
  bool checked_ = false;          // some claimed constraint is checked again by SQLite
  bool row_value_ = false;        // so may be one that was claimed with omit
  bool has_pattern_ = false;      // a walk follows one pattern
  bool in_ = false;
  bool equal_ = false, unique_ = false;
  double rows_ = 0;  // that the walk gives, about
};

}  // namespace

void ChoosePlan(Connection& connection, const TableState& state, sqlite3_index_info& info) {
  Chooser(connection, state, info).Choose();
}

}  // namespace memkv::sql
