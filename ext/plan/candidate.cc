#include "ext/plan/candidate.h"

#include <algorithm>

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
      parts_(schema_.IndexParts(index)),
      own_parts_(parts_.size() - schema_.key.size()),
      rank_column_(index == 0 ? schema_.rank_column() : schema_.index_rank_column(index - 1)) {
  if (index > 0) answer_.plan.by = schema_.indexes[index - 1].name;
  answer_.usage.resize(query.constraints.size());
}

Candidate::Part Candidate::PartAt(size_t number) const {
  const size_t column = parts_[number];
  bool exact = true;
  for (const Fixed& before : fixed_) exact &= before.exact;
  return {column, static_cast<uint16_t>(number),         schema_.columns[column].affinity,
          exact,  schema_.KeyPartOf(column).has_value(), number + 1 == parts_.size()};
}

std::optional<Answer> Candidate::Choose(double key_rows) {
  for (size_t i = 0; i < parts_.size(); ++i) {
    const auto before = parts_.begin() + static_cast<ptrdiff_t>(i);
    if (std::find(parts_.begin(), before, parts_[i]) != before) break;  // has its place already
    if (!TakePart(PartAt(i))) break;
  }
  CheckSkippedPattern();
  for (size_t i = 0; i < query_.constraints.size(); ++i)
    unclaimed_ |= !At(i).IsLimit() && !IsClaimed(i);
  answer_.sorted = Sort();
  if (!answer_.sorted) answer_.plan.one_value = 0;
  if (index_ > 0 && answer_.plan.terms.empty() && !answer_.sorted) return std::nullopt;
  TakeDistinct();
  TakeOffset();
  int next = static_cast<int>(answer_.plan.terms.size()) + answer_.plan.offset;
  for (size_t i : bounds_) answer_.usage[i].argument = ++next;
  answer_.plan.with_rank = IsLookup() && ReadsRank();
  const auto is_exact = [](const Fixed& part) { return part.equal && part.exact; };
  const bool one_key =
      fixed_.size() == parts_.size() && std::all_of(fixed_.begin(), fixed_.end(), is_exact);
  answer_.unique = index_ == 0 && (one_key || rank_equal_) && !in_;
  Estimate(key_rows);
  return std::move(answer_);
}

// One row by its key, and nothing else is asked.
bool Candidate::IsLookup() const {
  const std::vector<Term>& terms = answer_.plan.terms;
  if (index_ != 0 || terms.size() != parts_.size()) return false;
  for (size_t i = 0; i < terms.size(); ++i) {
    if (terms[i].part != i || ComparisonOf(terms[i].op) != CompareOp::kEqual) return false;
  }
  return true;
}

// Whether a rank is read while others may change the table. An UPDATE marks whatever columns there
// could be as read, and reads all its rows before it changes the first.
bool Candidate::ReadsRank() const {
  constexpr size_t kNoColumn = 62;
  const size_t columns = schema_.whole_key_column() + schema_.has_composite_key();
  if (columns <= kNoColumn && query_.Reads(kNoColumn)) return false;
  bool reads = query_.Reads(schema_.rank_column());
  for (size_t i = 0; i < schema_.indexes.size(); ++i)
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

bool Candidate::TakePart(const Part& part) {
  fixed_.emplace_back();
  TakePatterns(part);
  for (size_t i = 0; i < query_.constraints.size(); ++i) {
    const Constraint& c = At(i);
    if (!c.usable || c.IsLimit() || IsClaimed(i)) continue;
    if (c.column == rank_column_ && part.number == 0) {
      TakeRank(i);
    } else if (c.column == part.column) {
      TakeNull(part, i) || TakeFunction(part, i) || TakeEqual(part, i) ||
          TakeFoldedEqual(part, i) || TakeComparison(part, i);
    }
  }
  return fixed_.back().equal && !in_;
}

bool Candidate::TakeRank(size_t i) {
  const Ask ask = At(i).ask;
  if (ask == Ask::kEqual || ask == Ask::kIs) {  // a rank is never NULL
    in_ |= At(i).is_in;
    rank_equal_ = true;
    return Claim(i, {Term::kEqual, Term::kRank}, true);
  }
  const std::optional<Term::Op> op = RangeOperator(ask, true);
  if (!op) return false;
  row_value_ |= MayBeOfRowValue(At(i));
  return Claim(i, {*op, Term::kRank}, true);
}

// A key column is never NULL.
bool Candidate::TakeNull(const Part& part, size_t i) {
  const Constraint& c = At(i);
  if (part.is_key) return false;
  if (c.ask == Ask::kIsNull) {
    fixed_.back() = {true, true};
    return Claim(i, {Term::kIsNull, part.number}, part.may_omit);
  }
  if (c.ask != Ask::kNotNull || !OnTermsMayBeTaken()) return false;
  return Claim(i, {Term::kNotNull, part.number}, around_.OnTermsAreHidden() && part.may_omit);
}

bool Candidate::TakeFunction(const Part& part, size_t i) {
  const Ask ask = At(i).ask;
  if (ask == Ask::kHasPrefix && OnTermsMayBeTaken())
    return Claim(i, {Term::kHasPrefix, part.number}, around_.OnTermsAreHidden() && part.may_omit);
  if (ask != Ask::kRegexp || has_pattern_ || !OnTermsMayBeTaken() || !around_.HasPlainRegexp())
    return false;
  has_pattern_ = true;
  return Claim(i, {Term::kRegexp, part.number}, false);
}

bool Candidate::TakeEqual(const Part& part, size_t i) {
  const Constraint& c = At(i);
  if ((c.ask != Ask::kEqual && c.ask != Ask::kIs) || c.collation != Collation::kBinary)
    return false;
  if (index_ > 0 && part.last) return false;  // of one key: key order finds it
  Fixed& fixed = fixed_.back();
  if (c.is_in) {
    // One pass over all the values: one by one, SQLite would check them by another affinity than
    // that of IN.
    if (in_ || fixed.equal || rank_equal_) return false;
    in_ = true;
    Claim(i, {Term::kIn, part.number}, false);
    return answer_.usage[i].as_list = true;
  }
  bool exact = EqualityIsExact(part.affinity, c.value);
  if (!exact && index_ == 0 && part.number == 0 && !around_.MayHoldNumbers())
    exact = answer_.presumes_no_numbers = true;
  Term::Op op = exact ? Term::kEqual : c.value ? Term::kEqualLiteral : Term::kEqualChecked;
  if (c.ask == Ask::kIs && !part.is_key) op = Term::kIs;
  if (op == Term::kEqualChecked && around_.LeavesEqualities()) return false;
  fixed = {true, fixed.exact || exact};
  return Claim(i, {op, part.number}, exact && part.may_omit);
}

// COLLATE NOCASE folds as LIKE does.
bool Candidate::TakeFoldedEqual(const Part& part, size_t i) {
  const Constraint& c = At(i);
  if (c.ask != Ask::kEqual || c.collation != Collation::kNoCase || c.is_in || has_pattern_ ||
      !around_.HasPlainNoCase())
    return false;
  has_pattern_ = true;
  return Claim(i, {Term::kEqualFolded, part.number}, false);
}

bool Candidate::TakeComparison(const Part& part, size_t i) {
  const Constraint& c = At(i);
  if (c.collation != Collation::kBinary || MayMissMatches(c)) return false;
  const bool exact = RangeIsExact(part.affinity, c.value) && part.may_omit;
  const std::optional<Term::Op> op = RangeOperator(c.ask, exact);
  if (!op) return false;
  if (MayBeBoundOfPattern(i)) return Claim(i, {Term::kLessOrBlob, part.number}, false);
  row_value_ |= MayBeOfRowValue(c);
  return Claim(i, {*op, part.number}, exact);
}

bool Candidate::IsFixed(size_t column) const {
  for (size_t i = 0; i < fixed_.size(); ++i) {
    if (parts_[i] == column) return fixed_[i].equal && fixed_[i].exact && !in_;
  }
  return false;
}

// The index's parts in turn, those that have one value perhaps left out; its rank is all of them,
// and that of key order those of the key.
bool Candidate::Sort() {
  if (query_.order_by.empty()) return false;
  std::optional<bool> descending;
  const bool one_row = rank_equal_ && !in_;
  size_t at = 0;
  bool in_front = true;  // no part was ordered by yet
  for (const Query::OrderTerm& term : query_.order_by) {
    if (one_row || IsFixed(term.column)) continue;
    const bool is_rank = term.column == rank_column_;
    const bool is_key_rank = !is_rank && term.column == schema_.rank_column();
    const size_t skipped_to = is_rank ? at : is_key_rank ? own_parts_ : parts_.size();
    while (at < skipped_to && parts_[at] != term.column) {
      if (!IsFixed(parts_[at])) {
        const bool last = at + 1 == parts_.size();
        if (!in_front || in_ || last || at >= fixed_.size() || !fixed_[at].equal) break;
        answer_.plan.one_value = static_cast<uint16_t>(at + 1);
      }
      ++at;
    }
    // Behind all parts any order is that of one row, but where several values may be equal.
    if (at == parts_.size() && answer_.plan.one_value > 0) return false;
    if (at < parts_.size() &&
        !(parts_[at] == term.column || is_rank || (is_key_rank && at >= own_parts_)))
      return false;
    if (at < parts_.size() && descending.value_or(term.descending) != term.descending) return false;
    descending = descending.value_or(term.descending);
    at = is_rank || is_key_rank ? parts_.size() : std::min(at + 1, parts_.size());
    in_front = false;
  }
  answer_.plan.descending = descending.value_or(query_.order_by[0].descending);
  return true;
}

// Where nothing is read but the first values, one row of each will do: whatever else SQLite asks of
// a row, and does not tell, it asks of them.
void Candidate::TakeDistinct() {
  const size_t n = query_.order_by.size(), most = index_ == 0 ? parts_.size() - 1 : own_parts_;
  if (!query_.is_distinct || !answer_.sorted || n == 0 || n > most) return;
  uint64_t columns = 0;
  for (size_t i = 0; i < n; ++i) {
    if (query_.order_by[i].column != parts_[i] || parts_[i] >= 63) return;
    columns |= uint64_t{1} << parts_[i];
  }
  if (query_.columns_read == columns) answer_.plan.distinct = static_cast<uint16_t>(n);
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

}  // namespace memkv::sql
