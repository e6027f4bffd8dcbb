// Comparisons where SQLite does not say how it compares: whether a number stands as it is written
// or comes from a numeric column, whether a text has TEXT affinity. A walk then takes in whatever
// either reading allows, and SQLite checks each row again.

#ifndef MEMKV_EXT_WALK_COMPARED_RANGE_H_
#define MEMKV_EXT_WALK_COMPARED_RANGE_H_

#include <functional>
#include <optional>

#include "ext/affinity.h"
#include "ext/plan/index_codec.h"
#include "ext/schema.h"

namespace memkv::sql {

// Whether there are any keys in a range.
using HasKeys = std::function<bool(const KeyRange&)>;

// What a value that is compared with a column may equal; none where there is no doubt.
std::optional<KeyRange> AmbiguousRange(sqlite3_value* value, Affinity affinity,
                                       const HasKeys& has_keys);

// What `column op value` may let through, op not kEqual, whichever way SQLite compares.
KeyRange CheckedRange(CompareOp op, sqlite3_value* value, Affinity affinity,
                      const IndexCodec& codec);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_WALK_COMPARED_RANGE_H_
