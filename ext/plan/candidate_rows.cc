// How many rows a candidate leaves, and what they cost.

#include <algorithm>
#include <limits>

#include "core/query/regexp_prefix.h"
#include "ext/plan/candidate.h"
#include "ext/plan/cost.h"

namespace memkv::sql {

void Candidate::Estimate(double key_rows) {
  const double rows = answer_.rows = EstimatedRows();
  const bool all = answer_.plan.terms.empty() && index_ == 0;
  const bool one = rank_equal_ || (fixed_.size() == parts_.size() && fixed_.back().equal);
  const double row = index_ > 0 ? kIndexRowCost
                     : one      ? kPointCost
                     : all      ? kKeyRowCost + kFullScanRowCost
                                : kKeyRowCost;
  const double visited = Visited(key_rows);
  answer_.cost = SeekCost(rows) + rows * row;
  answer_.work = visited * std::max(row, kKeyRowCost);
  if (!query_.order_by.empty() && !answer_.sorted) answer_.work += SortCost(rows);
}

// By rank where the right-hand sides are known, by the usual guesses where they are not, or where the
// index cannot be counted yet.
double Candidate::EstimatedRows() const {
  const bool is_small = static_cast<double>(around_.rows()) < kFewestRows;
  double guess = AllRows(), rest = guess;  // rest: of what is not known alone
  KeyRange range;
  bool is_ranged = false, behind_is_known = true;
  std::string behind;  // what is known of the parts before
  for (size_t part = 0; part < fixed_.size(); ++part) {
    std::optional<std::string> one;
    for (size_t i = 0; i < query_.constraints.size(); ++i) {
      const size_t argument = static_cast<size_t>(answer_.usage[i].argument);
      if (argument == 0 || argument > answer_.plan.terms.size()) continue;
      const Term& term = answer_.plan.terms[argument - 1];
      if (term.part != part && !(term.is_rank() && part == 0)) continue;
      guess = Guess(term, guess);
      std::optional<KeyRange> known;
      if (At(i).value && !is_small && !term.is_rank() && behind_is_known)
        known = KnownRange(term, *At(i).value);
      if (term.op == Term::kIsNull && behind_is_known) known = NullIndexRange();
      if (!known) {
        rest = Guess(term, rest);
        continue;
      }
      range =
          Intersect(std::move(range), behind.empty() ? *known : KeysOfIndexValue(behind, *known));
      is_ranged = true;
      if (ComparisonOf(term.op) == CompareOp::kEqual)
        AppendIndexValue(*At(i).value, &one.emplace());
      if (term.op == Term::kIsNull) one = std::string(1, kNullTag);
    }
    behind_is_known = behind_is_known && one;
    if (one) behind += *one;
  }
  if (is_ranged && range.empty()) return 1;
  std::optional<uint64_t> n;
  if (is_ranged && rest > 1) n = around_.Count(index_, range);
  return std::max(n ? std::min(rest, static_cast<double>(*n)) : guess, 1.0);
}

double Candidate::AllRows() const {
  return std::max(static_cast<double>(around_.rows()), kFewestRows);
}

// What a term whose right-hand side is not known leaves of so many rows.
double Candidate::Guess(const Term& term, double rows) const {
  if (term.op == Term::kNotNull) return rows;
  const bool is_equal = ComparisonOf(term.op) == CompareOp::kEqual || term.op == Term::kIsNull;
  if (!is_equal && term.op != Term::kIn) return rows * kBoundShare;
  const double of_one = term.is_rank() ? 1.0 : std::max(AllRows() * ShareOfValue(term.part), 1.0);
  return std::min(rows, (is_equal ? 1.0 : kListLength) * of_one);
}

// How much of a table has one value of a part, and of each before it: the fewer, the fewer columns of
// the index come after.
double Candidate::ShareOfValue(size_t part) const {
  if (index_ == 0 && part + 1 == parts_.size()) return 0;  // one row
  const size_t columns = index_ == 0 ? parts_.size() : own_parts_;
  double share = kValueShare;
  for (size_t i = part + 1; i < columns; ++i) share *= kNextColumnValues;
  return std::min(share, kMostOfOneValue);
}

std::optional<KeyRange> Candidate::KnownRange(const Term& term, const Datum& v) const {
  const IndexCodec& codec = CodecOf(term.part);
  if (const std::optional<CompareOp> op = ComparisonOf(term.op)) return codec.compared(*op, v);
  const TermClass term_class = InfoOf(term.op).term_class;
  if (term_class == TermClass::kPrefix && (v.kind == Datum::kText || v.kind == Datum::kBlob))
    return codec.with_prefix(v.kind == Datum::kText ? kTextTag : kBlobTag, v.bytes);
  if (term_class != TermClass::kPattern || v.kind != Datum::kText) return std::nullopt;
  // As it is written; other spellings are rare.
  const std::string prefix = term.op == Term::kRegexp ? RegexpPrefix(v.bytes)
                             : term.op == Term::kGlob || term.op == Term::kGlobPrefix
                                 ? GlobPrefix(v.bytes).bytes
                                 : LikePrefix(v.bytes, {}).bytes;
  return codec.with_prefix(kTextTag, prefix);
}

// Up to a LIMIT, rows that other constraints will pass over are visited too.
double Candidate::Visited(double key_rows) const {
  if (!query_.order_by.empty() && !answer_.sorted) return answer_.rows;
  if (index_ == 0)
    return unclaimed_ || checked_ ? answer_.rows : std::min(answer_.rows, query_.Limit());
  const double all = AllRows();
  const double share = unclaimed_ ? std::clamp(key_rows / all, 1 / all, 1.0) : 1.0;
  return std::min(answer_.rows, query_.Limit() / share);
}

double Query::Limit() const {
  double limit = std::numeric_limits<double>::infinity(), offset = 0;
  for (const Constraint& c : constraints) {
    if (!c.IsLimit()) continue;
    const bool known = c.value && c.value->kind == Datum::kInteger;
    const double n = known ? static_cast<double>(c.value->integer) : kLimitGuess;
    if (c.ask == Ask::kOffset) {
      offset = known ? std::max(n, 0.0) : 0;
    } else if (n >= 0) {
      limit = n;
    }
  }
  return limit + offset;
}

}  // namespace memkv::sql
