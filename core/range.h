// KeyRange: an interval of encoded keys, and how a comparison or a pattern becomes one.

#ifndef MEMKV_CORE_RANGE_H_
#define MEMKV_CORE_RANGE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/bytes.h"
#include "core/datum.h"
#include "core/key.h"

namespace memkv {

// The keys k with lo <= k, and k < hi where there is a hi. A default-made one holds every key.
struct KeyRange {
  std::string lo;
  std::optional<std::string> hi;

  static KeyRange All() { return {}; }
  static KeyRange None() { return {"", ""}; }

  bool empty() const { return hi && *hi <= lo; }
  // Whether the key is below the upper end: all that a walk which began at lo has to ask.
  bool Below(Bytes key) const { return !hi || key < *hi; }
  bool Contains(Bytes key) const { return key >= lo && Below(key); }

  friend bool operator==(const KeyRange&, const KeyRange&) = default;
};

// The keys in both.
KeyRange Intersect(KeyRange a, const KeyRange& b);

enum class CompareOp { kLess, kLessEqual, kEqual, kGreaterEqual, kGreater };

// Exactly the keys for which `key op v` is true in SQL under BINARY; none where v is NULL.
// REQUIRES: the key column's affinity has been applied to v.
KeyRange CompareRange(CompareOp op, const Datum& v);

// All keys of one class: kNumberTag, kTextTag or kBlobTag.
KeyRange ClassRange(KeyTag tag);

// The keys that are numbers, and TEXT that may be taken for one: it reads as a number to some
// SQLite, as it begins with white space, or a digit, or a point before a digit, or a sign before
// either; or it begins as an infinity does that SQLite has made a text.
std::span<const KeyRange> NumberLikeRanges();
bool IsNumberLike(Bytes key);  // whether it lies in one of them

// Exactly the keys of one class (kTextTag or kBlobTag) whose bytes start with prefix.
KeyRange PrefixRange(KeyTag tag, Bytes prefix);

// What a pattern says about the start of each text that matches it. `bytes` ends before the first
// wildcard, and before the first character that is not well-formed UTF-8, since SQLite takes
// several byte sequences for one such character.
struct LiteralPrefix {
  std::string bytes;
  bool whole = false;     // no wildcard follows: the pattern matches `bytes` alone
  bool then_any = false;  // only % (or *) follows: the pattern matches whatever starts with `bytes`
};
LiteralPrefix LikePrefix(Bytes pattern, std::optional<uint32_t> escape);
LiteralPrefix GlobPrefix(Bytes pattern);
// How much of a literal goes into such `bytes`.
Bytes LiteralBytes(Bytes literal);

// A range that holds every match; where `exact`, it holds nothing else.
struct PatternRange {
  KeyRange range;
  bool exact = false;
};

// `LIKE pattern [ESCAPE escape]` where LIKE tells case apart (PRAGMA case_sensitive_like=1), and
// `GLOB pattern`, over keys of one class (kTextTag or kBlobTag). The bounds are bytewise, as those
// of SQLite's own LIKE optimisation are. A LIKE that folds case is no range: core/query/pattern.h
// walks it.
PatternRange LikeRange(KeyTag tag, Bytes pattern, std::optional<uint32_t> escape);
PatternRange GlobRange(KeyTag tag, Bytes pattern);

}  // namespace memkv

#endif  // MEMKV_CORE_RANGE_H_
