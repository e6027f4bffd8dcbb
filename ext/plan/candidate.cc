#include "ext/plan/candidate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/query/regexp_prefix.h"
#include "ext/plan/cost.h"

namespace memkv::sql {
namespace {

std::optional<Term::Op> RangeOperator(Ask ask, bool exact) {
  switch (ask) {
    case Ask::kLess:
      return exact ? Term::kLess : Term::kLessChecked;
    case Ask::kLessEqual:
      return exact ? Term::kLessEqual : Term::kLessEqualChecked;
    case Ask::kGreater:
      return exact ? Term::kGreater : Term::kGreaterChecked;
    case Ask::kGreaterEqual:
      return exact ? Term::kGreaterEqual : Term::kGreaterEqualChecked;
    default:
      return std::nullopt;
  }
}

// Whether a constraint on a column may be a bound that SQLite derives from a pattern which is not
// well-formed UTF-8, or has U+FFFD in it. Such a pattern matches what lies outside these bounds.
bool MayMissMatches(const Constraint& c) {
  if (c.ask != Ask::kGreaterEqual && c.ask != Ask::kLess) return false;
  if (!c.value || c.value->kind != Datum::kText || c.value->bytes.empty()) return false;
  std::string prefix(c.value->bytes);
  if (c.ask == Ask::kLess) prefix.back() = static_cast<char>(prefix.back() - 1);
  return LiteralBytes(prefix) != prefix;
}

// Whether a range may be the first part of `(column, x) < (…)`, which SQLite offers as <= or >= and
// checks by itself: the rows of the walk need not be those of the answer.
bool MayBeOfRowValue(const Constraint& c) {
  return (c.ask == Ask::kGreaterEqual || c.ask == Ask::kLessEqual) && !c.value;
}

}  // namespace

// A text, too, may come from a numeric column, and is then above every key that looks like a
// number.
bool RangeIsExact(Affinity affinity, const std::optional<Datum>& v) {
  if (affinity != Affinity::kText && affinity != Affinity::kNone) return true;
  return v && v->kind != Datum::kInteger && v->kind != Datum::kReal;
}

// SQLite does not say whether a number that is compared with a TEXT column stands as it is written
// (a literal: '5') or comes from a numeric column (then '05' equals it too), nor whether a text
// that is compared with an untyped column has TEXT affinity.
bool EqualityIsExact(Affinity affinity, const std::optional<Datum>& v) {
  if (affinity != Affinity::kText && affinity != Affinity::kNone) return true;
  if (!v) return false;
  return v->kind == Datum::kBlob || v->kind == Datum::kNull ||
         (v->kind == Datum::kText && affinity == Affinity::kText);
}

Candidate::Candidate(const Query& query, Surroundings& around, size_t index)
    : query_(query),
      around_(around),
      schema_(around.schema()),
      index_(index),
      codec_(index == 0 ? kKeyCodec : kValueCodec),
      column_(schema_.key),
      rank_column_(schema_.rank_column()) {
  if (index > 0) {
    column_ = schema_.IndexedColumns()[index - 1];
    rank_column_ = schema_.index_rank_column(index - 1);
    answer_.plan.by = schema_.columns[column_].name;
  }
  answer_.usage.resize(query.constraints.size());
}

std::optional<Answer> Candidate::Choose(double key_rows) {
  TakePart({column_, schema_.columns[column_].affinity, index_ == 0 ? Term::kKey : Term::kValue,
            /*may_omit=*/true});
  if (index_ > 0 && one_value_ && !in_)
    TakePart({schema_.key, schema_.key_column().affinity, Term::kKey, exact_value_});
  CheckSkippedPattern();
  for (size_t i = 0; i < query_.constraints.size(); ++i)
    unclaimed_ |= !At(i).IsLimit() && !IsClaimed(i);
  Sort();
  if (index_ > 0 && answer_.plan.terms.empty() && !answer_.sorted) return std::nullopt;
  TakeDistinct();
  TakeOffset();
  int next = static_cast<int>(answer_.plan.terms.size()) + answer_.plan.offset;
  for (size_t i : bounds_) answer_.usage[i].argument = ++next;
  answer_.plan.with_rank = IsLookup() && ReadsRank();
  answer_.unique = index_ == 0 && exact_equal_ && !in_;
  Estimate(key_rows);
  return std::move(answer_);
}

// One row by its key, and nothing else is asked.
bool Candidate::IsLookup() const {
  if (index_ != 0 || answer_.plan.terms.size() != 1) return false;
  const Term& term = answer_.plan.terms[0];
  return term.target == Term::kKey && ComparisonOf(term.op) == CompareOp::kEqual;
}

// Whether a rank is read while others may change the table. An UPDATE marks whatever columns there
// could be as read, and reads all its rows before it changes the first.
bool Candidate::ReadsRank() const {
  constexpr size_t kNoColumn = 62;
  const size_t columns = schema_.index_rank_column(schema_.IndexedColumns().size());
  if (columns <= kNoColumn && query_.Reads(kNoColumn)) return false;
  bool reads = query_.Reads(schema_.rank_column());
  for (size_t i = 0; i < schema_.IndexedColumns().size(); ++i)
    reads |= query_.Reads(schema_.index_rank_column(i));
  return reads;
}

bool Candidate::IsClaimed(size_t i) const {
  return answer_.usage[i].argument > 0 || std::count(bounds_.begin(), bounds_.end(), i) > 0;
}

// omit: every row that the walk gives satisfies the term.
bool Candidate::Claim(size_t i, Term term, bool omit) {
  checked_ |= !omit;
  answer_.plan.terms.push_back(term);
  answer_.usage[i] = {static_cast<int>(answer_.plan.terms.size()), omit, false};
  return true;
}

// A bound that SQLite derived from a claimed pattern says nothing new. It is claimed with it, as an
// argument that nobody reads.
void Candidate::ClaimBound(size_t i, bool omit) {
  bounds_.push_back(i);
  answer_.usage[i].omit = omit;
}

void Candidate::TakePart(const Part& part) {
  TakePatterns(part);
  for (size_t i = 0; i < query_.constraints.size(); ++i) {
    const Constraint& c = At(i);
    if (!c.usable || c.IsLimit() || IsClaimed(i)) continue;
    if (c.column == rank_column_ && part.column == column_) {
      TakeRank(i);
    } else if (c.column == part.column) {
      TakeNull(i) || TakeFunction(part, i) || TakeEqual(part, i) || TakeFoldedEqual(part, i) ||
          TakeComparison(part, i);
    }
  }
}

bool Candidate::TakeRank(size_t i) {
  const Ask ask = At(i).ask;
  const Term::Target target = index_ == 0 ? Term::kRank : Term::kValueRank;
  if (ask == Ask::kEqual || ask == Ask::kIs) {  // a rank is never NULL
    in_ |= At(i).is_in;
    equal_ = exact_equal_ = true;
    return Claim(i, {Term::kEqual, target}, true);
  }
  const std::optional<Term::Op> op = RangeOperator(ask, true);
  if (!op) return false;
  row_value_ |= MayBeOfRowValue(At(i));
  return Claim(i, {*op, target}, true);
}

// Of an INDEXED column: a key is never NULL.
bool Candidate::TakeNull(size_t i) {
  const Constraint& c = At(i);
  if (index_ == 0 || c.column != column_) return false;
  if (c.ask == Ask::kIsNull) {
    equal_ = exact_equal_ = one_value_ = exact_value_ = true;
    return Claim(i, {Term::kIsNull, Term::kValue}, true);
  }
  if (c.ask != Ask::kNotNull || !OnTermsMayBeTaken()) return false;
  return Claim(i, {Term::kNotNull, Term::kValue}, around_.OnTermsAreHidden());
}

bool Candidate::TakeFunction(const Part& part, size_t i) {
  const Ask ask = At(i).ask;
  if (ask == Ask::kHasPrefix && OnTermsMayBeTaken())
    return Claim(i, {Term::kHasPrefix, part.target}, around_.OnTermsAreHidden() && part.may_omit);
  if (ask != Ask::kRegexp || has_pattern_ || !OnTermsMayBeTaken() || !around_.HasPlainRegexp())
    return false;
  has_pattern_ = true;
  return Claim(i, {Term::kRegexp, part.target}, false);
}

bool Candidate::TakeEqual(const Part& part, size_t i) {
  const Constraint& c = At(i);
  if ((c.ask != Ask::kEqual && c.ask != Ask::kIs) || c.collation != Collation::kBinary)
    return false;
  if (part.column != column_) return false;  // of one key: key order finds it
  if (c.is_in) {
    // One pass over all the values: one by one, SQLite would check them by another affinity than
    // that of IN.
    if (in_ || equal_) return false;
    in_ = true;
    Claim(i, {Term::kIn, part.target}, false);
    return answer_.usage[i].as_list = true;
  }
  bool exact = EqualityIsExact(part.affinity, c.value);
  if (!exact && index_ == 0 && !around_.MayHoldNumbers())
    exact = answer_.presumes_no_numbers = true;
  Term::Op op = exact ? Term::kEqual : c.value ? Term::kEqualLiteral : Term::kEqualChecked;
  if (c.ask == Ask::kIs && index_ > 0) op = Term::kIs;
  if (op == Term::kEqualChecked && around_.LeavesEqualities()) return false;
  equal_ = one_value_ = true;
  exact_equal_ |= exact;
  exact_value_ |= exact;
  return Claim(i, {op, part.target}, exact);
}

// COLLATE NOCASE folds as LIKE does.
bool Candidate::TakeFoldedEqual(const Part& part, size_t i) {
  const Constraint& c = At(i);
  if (c.ask != Ask::kEqual || c.collation != Collation::kNoCase || c.is_in || has_pattern_ ||
      !around_.HasPlainNoCase())
    return false;
  has_pattern_ = true;
  return Claim(i, {Term::kEqualFolded, part.target}, false);
}

bool Candidate::TakeComparison(const Part& part, size_t i) {
  const Constraint& c = At(i);
  if (c.collation != Collation::kBinary || MayMissMatches(c)) return false;
  const bool exact = RangeIsExact(part.affinity, c.value) && part.may_omit;
  const std::optional<Term::Op> op = RangeOperator(c.ask, exact);
  if (!op) return false;
  if (MayBeBoundOfPattern(i)) return Claim(i, {Term::kLessOrBlob, part.target}, false);
  row_value_ |= MayBeOfRowValue(c);
  return Claim(i, {*op, part.target}, exact);
}

// Key order, by key or by its rank, is that of unique keys. An index is by value, perhaps then by
// key; by its rank; of rows with one value, by key alone.
void Candidate::Sort() {
  if (query_.order_by.empty()) return;
  const Query::OrderTerm& first = query_.order_by[0];
  const auto is_key = [&](const Query::OrderTerm& term) {
    return term.column == schema_.key || term.column == schema_.rank_column();
  };
  bool sorted = is_key(first) && (index_ == 0 || (exact_equal_ && !in_));
  if (index_ > 0) {
    sorted |= first.column == rank_column_;
    if (first.column == column_) {
      sorted = query_.order_by.size() == 1;
      if (!sorted) {
        const Query::OrderTerm& second = query_.order_by[1];
        sorted = (is_key(second) || second.column == rank_column_) &&
                 second.descending == first.descending;
      }
    }
  }
  if (!sorted) return;
  answer_.sorted = true;
  answer_.plan.descending = first.descending;
}

// Where nothing is read but the value, one row of each will do: whatever else SQLite asks of a row,
// and does not tell, it asks of the value.
void Candidate::TakeDistinct() {
  answer_.plan.distinct = index_ > 0 && query_.is_distinct && answer_.sorted &&
                          query_.order_by.size() == 1 && query_.order_by[0].column == column_ &&
                          column_ < 63 && query_.columns_read == uint64_t{1} << column_;
}

// OFFSET is taken only where every row that the walk gives is a row of the answer: older SQLite
// offers it where it filters rows itself, too.
void Candidate::TakeOffset() {
  if (!around_.OffsetMayBeConsumed() || unclaimed_ || checked_ || row_value_ || in_) return;
  if (answer_.plan.distinct || (!query_.order_by.empty() && !answer_.sorted)) return;
  for (size_t i = 0; i < query_.constraints.size(); ++i) {
    if (At(i).ask != Ask::kOffset || !At(i).usable) continue;
    answer_.plan.offset = true;
    answer_.usage[i] = {static_cast<int>(answer_.plan.terms.size()) + 1, true, false};
    return;
  }
}

void Candidate::Estimate(double key_rows) {
  const double rows = answer_.rows = EstimatedRows();
  const bool all = answer_.plan.terms.empty() && index_ == 0;
  const double row = index_ > 0 ? kIndexRowCost
                     : equal_   ? kPointCost
                     : all      ? kKeyRowCost + kFullScanRowCost
                                : kKeyRowCost;
  const double visited = Visited(key_rows);
  answer_.cost = SeekCost(rows) + rows * row;
  answer_.work = visited * std::max(row, kKeyRowCost);
  if (!query_.order_by.empty() && !answer_.sorted) answer_.work += SortCost(rows);
}

// By rank where the right-hand sides are known, by the usual guesses where they are not.
double Candidate::EstimatedRows() const {
  const double size = static_cast<double>(around_.rows()), all = std::max(size, kFewestRows);
  double rows = all;
  KeyRange range;
  bool is_ranged = false;
  for (size_t i = 0; i < query_.constraints.size(); ++i) {
    const size_t argument = static_cast<size_t>(answer_.usage[i].argument);
    if (argument == 0 || argument > answer_.plan.terms.size()) continue;
    const Term& term = answer_.plan.terms[argument - 1];
    const bool is_of_value = term.target == Term::kValue || index_ == 0;
    std::optional<KeyRange> known;
    if (At(i).value && size >= kFewestRows && is_of_value && term.target != Term::kRank)
      known = KnownRange(term, *At(i).value);
    if (term.op == Term::kIsNull) known = NullIndexRange();
    if (known) {
      range = Intersect(std::move(range), *known);
      is_ranged = true;
    } else if (term.op == Term::kNotNull) {
      continue;
    } else if (ComparisonOf(term.op) == CompareOp::kEqual) {
      const bool one = term.target != Term::kValue;
      rows = std::min(rows, one ? 1.0 : std::max(all * kValueShare, 1.0));
    } else if (term.op == Term::kIn) {
      rows = std::min(rows, kListLength * (index_ > 0 ? std::max(all * kValueShare, 1.0) : 1.0));
    } else {
      rows *= kBoundShare;
    }
  }
  if (is_ranged && range.empty()) return 1;
  if (is_ranged && rows > 1) {
    if (const std::optional<uint64_t> n = around_.Count(index_, range))
      rows = std::min(rows, static_cast<double>(*n));
  }
  return std::max(rows, 1.0);
}

std::optional<KeyRange> Candidate::KnownRange(const Term& term, const Datum& v) const {
  if (const std::optional<CompareOp> op = ComparisonOf(term.op)) return codec_.compared(*op, v);
  const TermClass term_class = InfoOf(term.op).term_class;
  if (term_class == TermClass::kPrefix && (v.kind == Datum::kText || v.kind == Datum::kBlob))
    return codec_.with_prefix(v.kind == Datum::kText ? kTextTag : kBlobTag, v.bytes);
  if (term_class != TermClass::kPattern || v.kind != Datum::kText) return std::nullopt;
  // As it is written; other spellings are rare.
  const std::string prefix = term.op == Term::kRegexp ? RegexpPrefix(v.bytes)
                             : term.op == Term::kGlob || term.op == Term::kGlobPrefix
                                 ? GlobPrefix(v.bytes).bytes
                                 : LikePrefix(v.bytes, {}).bytes;
  return codec_.with_prefix(kTextTag, prefix);
}

// Up to a LIMIT, rows that other constraints will pass over are visited too.
double Candidate::Visited(double key_rows) const {
  if (!query_.order_by.empty() && !answer_.sorted) return answer_.rows;
  if (index_ == 0)
    return unclaimed_ || checked_ ? answer_.rows : std::min(answer_.rows, query_.Limit());
  const double all = std::max(static_cast<double>(around_.rows()), kFewestRows);
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
