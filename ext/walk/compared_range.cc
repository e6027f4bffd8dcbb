#include "ext/walk/compared_range.h"

#include <algorithm>
#include <cmath>

#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

// TEXT keys that a number may equal once they are converted all lie in it.
KeyRange NumberLikeText() { return {std::string{kTextTag, '\t'}, std::string{kTextTag, '9' + 1}}; }

bool AnyNumberLikeText(const HasKeys& has_keys) {
  const auto texts = NumberLikeRanges().subspan(1);
  return std::any_of(texts.begin(), texts.end(), has_keys);
}

}  // namespace

std::optional<KeyRange> AmbiguousRange(sqlite3_value* value, Affinity affinity,
                                       const HasKeys& has_keys) {
  // A parameter may stand for a column: SQLite makes k = ? of k = c AND c = ?, and keeps c's
  // affinity.
  const int type = sqlite3_value_type(value);
  KeyRange range;
  if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
    if (affinity != Affinity::kText && affinity != Affinity::kNone) return std::nullopt;
    // As a text, an infinity is 'Inf', which reads as no number.
    const bool infinite = std::isinf(sqlite3_value_double(value));
    range = infinite ? ClassRange(kTextTag) : NumberLikeText();
    if (infinite ? !has_keys(range) : !AnyNumberLikeText(has_keys)) return std::nullopt;
    if (affinity == Affinity::kNone) range.lo = std::string{kNumberTag};
    return range;
  }
  if (type == SQLITE_TEXT && affinity == Affinity::kNone) {
    range = {std::string{kNumberTag}, std::string{kBlobTag}};
    if (has_keys(ClassRange(kNumberTag))) return range;
  }
  return std::nullopt;
}

// The value may come from a numeric column: then keys that look like numbers are compared as
// numbers, below every text.
KeyRange CheckedRange(CompareOp op, sqlite3_value* value, Affinity affinity,
                      const IndexCodec& codec) {
  const Converted v = Converted::Compared(value, affinity);
  KeyRange range = codec.compared(op, v.datum());
  if (sqlite3_value_type(value) == SQLITE_BLOB) return range;  // never converted
  const std::string above_numbers = *NumberLikeText().hi;
  if (op == CompareOp::kLess || op == CompareOp::kLessEqual) {
    if (range.hi && *range.hi < above_numbers) range.hi = above_numbers;
  } else if (affinity == Affinity::kText && sqlite3_value_type(value) != SQLITE_TEXT) {
    return KeyRange::All();  // any text may be above a number
  }
  return range;
}

}  // namespace memkv::sql
