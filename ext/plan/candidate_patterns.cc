// What a candidate does with patterns: LIKE and GLOB.
//
// SQLite adds the bounds of a pattern's literal prefix where the function is its own and the
// pattern is known: NOCASE for LIKE, BINARY for GLOB and for LIKE under case_sensitive_like. It
// drops its own check of a pattern only if the pattern and both bounds are claimed. Of LIKE …
// ESCAPE it offers the bounds alone.

#include "core/query/pattern.h"
#include "ext/plan/candidate.h"

namespace memkv::sql {

void Candidate::TakePatterns(const Part& part) {
  for (size_t i = 0; i < query_.constraints.size() && !has_pattern_; ++i) {
    if (IsPattern(part, i) && part.may_omit) has_pattern_ = TakeWithBounds(part, i);
  }
  const bool text_alone = part.affinity == Affinity::kText && !around_.LikeMatchesBlobs();
  for (size_t i = 0; i < query_.constraints.size() && !has_pattern_; ++i) {
    if (!IsPattern(part, i) || !OnTermsMayBeTaken() || GainsNothing(part, i)) continue;
    // It is checked again by SQLite, so that its bounds, if any, are hints too.
    Claim(i, {At(i).ask == Ask::kLike ? Term::kLike : Term::kGlob, part.number}, false);
    has_pattern_ = true;
    for (size_t j = 0; j < query_.constraints.size(); ++j) {
      if (IsBound(part, j) && At(j).collation == Collation::kBinary && !text_alone)
        ClaimBound(j, false);
    }
  }
  TakeEscaped(part);
}

bool Candidate::IsPattern(const Part& part, size_t i) const {
  const Constraint& c = At(i);
  return c.usable && !IsClaimed(i) && c.column == part.column &&
         (c.ask == Ask::kLike || c.ask == Ask::kGlob);
}

// A pattern that begins with a wildcard looks at each entry. Of the index of an INDEXED column that
// takes longer than a row in key order does: a frozen entry has to be put together.
bool Candidate::GainsNothing(const Part& part, size_t i) const {
  const Constraint& c = At(i);
  if ((index_ == 0 || part.number > 0) || !c.value || c.value->kind != Datum::kText) return false;
  const LiteralPrefix prefix =
      c.ask == Ask::kLike ? LikePrefix(c.value->bytes, std::nullopt) : GlobPrefix(c.value->bytes);
  return prefix.bytes.empty();
}

bool Candidate::IsBound(const Part& part, size_t i) const {
  const Constraint& c = At(i);
  return c.usable && c.column == part.column &&
         (c.ask == Ask::kGreaterEqual || c.ask == Ask::kLess);
}

// A pattern that is known, and stands beside its bounds. Bounds are never offered from an ON
// (ext/outer_join.h): a pattern that says the same as they do need not be asked where it stands,
// though another pattern, or the user, may have given them.
bool Candidate::TakeWithBounds(const Part& part, size_t i) {
  const bool like = At(i).ask == Ask::kLike;
  const std::optional<Datum>& pattern = At(i).value;
  if (part.affinity != Affinity::kText || !pattern || pattern->kind != Datum::kText ||
      pattern->bytes.size() >= 1000)
    return false;
  const LiteralPrefix prefix =
      like ? LikePrefix(pattern->bytes, std::nullopt) : GlobPrefix(pattern->bytes);
  // Over the limit: an error of SQLite's, unless it is a prefix and one wildcard, which it makes a
  // range.
  const bool refused = around_.IsPatternOverLimit(pattern->bytes);
  if (refused && pattern->bytes.size() > prefix.bytes.size() + 1) return false;
  size_t lo, hi;
  if (like && FindBounds(part, prefix.bytes, Collation::kNoCase, &lo, &hi)) {
    if (refused) return false;
    const bool hidden = around_.OnTermsAreHidden();
    // '@' is followed by 'A', which NOCASE takes for 'a': the bounds of 'a@%' hold more than it.
    const bool pure = prefix.then_any && (hidden || prefix.bytes.back() != '@');
    if (!pure && !OnTermsMayBeTaken()) return false;
    bool exact = pure || (hidden && pattern->bytes.size() <= Pattern::kMaxElements);
    exact = exact && !IsToBeChecked(true);
    const Term::Op op = pure    ? exact ? Term::kLikeFoldedPrefix : Term::kLikeFoldedPrefixChecked
                        : exact ? Term::kLikeFolded
                                : Term::kLikeFoldedChecked;
    Claim(i, {op, part.number}, exact);
    ClaimBound(lo, exact);
    ClaimBound(hi, exact);
    if (exact) folding_ = {i, lo, hi};
    return true;
  }
  if (!prefix.then_any || !FindBounds(part, prefix.bytes, Collation::kBinary, &lo, &hi) ||
      IsToBeChecked(false))
    return false;
  Claim(i, {like ? Term::kLikePrefix : Term::kGlobPrefix, part.number}, true);
  ClaimBound(lo, true);
  ClaimBound(hi, true);
  return true;
}

// LIKE … ESCAPE.
void Candidate::TakeEscaped(const Part& part) {
  std::optional<size_t> lo, hi;
  for (size_t i = 0; i < query_.constraints.size(); ++i) {
    if (IsClaimed(i) || !IsBound(part, i) || At(i).collation != Collation::kNoCase) continue;
    (At(i).ask == Ask::kGreaterEqual ? lo : hi) = i;
  }
  if (!lo || !hi || has_pattern_ || !around_.HasPlainNoCase()) return;
  Claim(*lo, {Term::kFoldedAtLeast, part.number}, false);
  Claim(*hi, {Term::kFoldedBelow, part.number}, false);
  has_pattern_ = true;
}

// The one pair of bounds that SQLite derives from a pattern that starts with `prefix`. None where
// there are two pairs (then one is the user's), nor for a prefix that may look like a number
// (SQLite derives none).
bool Candidate::FindBounds(const Part& part, Bytes prefix, Collation collation, size_t* lo,
                           size_t* hi) const {
  if (prefix.empty() ||
      std::string_view("0123456789+-. \t\n\v\f\r").find(prefix[0]) != std::string_view::npos)
    return false;
  std::string low(prefix), high(prefix);
  for (size_t i = 0; collation == Collation::kNoCase && i < prefix.size(); ++i) {
    low[i] = static_cast<char>(CasePair(static_cast<uint8_t>(low[i])).upper);
    high[i] = static_cast<char>(CasePair(static_cast<uint8_t>(high[i])).lower);
  }
  high.back() = static_cast<char>(high.back() + 1);
  constexpr size_t kNone = SIZE_MAX;
  *lo = *hi = kNone;
  int others = 0;
  for (size_t i = 0; i < query_.constraints.size(); ++i) {
    const Constraint& c = At(i);
    const bool is_lo = c.ask == Ask::kGreaterEqual;
    if (c.column != part.column || !(is_lo || c.ask == Ask::kLess) || c.collation != collation)
      continue;
    if (!c.value || c.value->kind != Datum::kText || c.value->bytes != (is_lo ? low : high))
      continue;
    size_t* slot = is_lo ? lo : hi;
    if (*slot != kNone || !c.usable) ++others;
    *slot = i;
  }
  return *lo != kNone && *hi != kNone && others == 0;
}

// Whether `column < v` is the upper one of two bounds that together are a prefix, where SQLite
// derives such from a pattern that matches BLOBs too: nothing tells it from one that the user
// wrote.
bool Candidate::MayBeBoundOfPattern(size_t i) const {
  const Constraint& upper = At(i);
  if (upper.ask != Ask::kLess || !around_.LikeMatchesBlobs()) return false;
  const auto is_text = [](const std::optional<Datum>& v) {
    return v && v->kind == Datum::kText && !v->bytes.empty();
  };
  if (!is_text(upper.value)) return false;
  for (const Constraint& lower : query_.constraints) {
    if (!lower.usable || lower.ask != Ask::kGreaterEqual || lower.column != upper.column ||
        lower.collation != Collation::kBinary || !is_text(lower.value))
      continue;
    std::string next(lower.value->bytes);
    next.back() = static_cast<char>(next.back() + 1);
    if (next == upper.value->bytes) return true;
  }
  return false;
}

// Whether a pattern beside its bounds is left for SQLite to check, as an outer join may be about.
bool Candidate::IsToBeChecked(bool folds) const {
  return around_.PatternsMaySlip(folds) &&
         (around_.PatternsAreChecked() || around_.SchemaHoldsOuterJoin().value_or(true));
}

// An equality whose value is not known may be one of an IN that SQLite goes through: no walk runs
// where that is empty, and nothing sees that an outer join is about (ext/outer_join.h). Beside such
// a one SQLite checks a folding pattern.
void Candidate::CheckSkippedPattern() {
  if (folding_.empty() || !around_.PatternsMaySlip(true)) return;
  bool may_skip = false;
  for (size_t i = 0; i < query_.constraints.size(); ++i) {
    const Constraint& c = At(i);
    const bool is_equal = c.ask == Ask::kEqual || c.ask == Ask::kIs;
    may_skip |= is_equal && !c.value && answer_.usage[i].argument > 0 && !answer_.usage[i].as_list;
  }
  if (!may_skip) return;
  for (const size_t i : folding_) answer_.usage[i].omit = false;
  Term& pattern = answer_.plan.terms[static_cast<size_t>(answer_.usage[folding_[0]].argument) - 1];
  pattern.op = pattern.op == Term::kLikeFoldedPrefix ? Term::kLikeFoldedPrefixChecked
                                                     : Term::kLikeFoldedChecked;
  checked_ = true;
}

// Whether a term that may stand in the ON of an outer join can be taken, to be looked at again when
// the query runs.
bool Candidate::OnTermsMayBeTaken() {
  if (!may_take_)
    may_take_ = around_.OnTermsAreHidden() || !around_.SchemaHoldsOuterJoin().value_or(false);
  return *may_take_;
}

}  // namespace memkv::sql
