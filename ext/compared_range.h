// Comparisons where SQLite does not say how it compares: whether a number stands as it is written
// or comes from a numeric column, whether a text has TEXT affinity. A walk then takes in whatever
// either reading allows, and SQLite checks each row again.
//
// The ranges are of keys, or of order keys (core/order_key.h), which begin alike.

#ifndef MEMKV_EXT_COMPARED_RANGE_H_
#define MEMKV_EXT_COMPARED_RANGE_H_

#include <functional>
#include <optional>

#include "core/range.h"
#include "ext/affinity.h"
#include "ext/args.h"
#include "ext/planner.h"

namespace memkv::sql {

// Whether there are any keys in a range.
using HasKeys = std::function<bool(const KeyRange&)>;

// What a value that is compared with a column may equal; none where there is no doubt.
std::optional<KeyRange> AmbiguousRange(sqlite3_value* value, Affinity affinity,
                                       const HasKeys& has_keys);

// What `column op value` lets through, or more where SQLite checks it again; none where op is no
// comparison. range_of is CompareRange or OrderRange. in_doubt is called where the op is
// kEqualChecked, and the value may equal more than one key. REQUIRES that value is not NULL.
std::optional<KeyRange> ComparedRange(Term::Op op, sqlite3_value* value, Affinity affinity,
                                      KeyRange (*range_of)(CompareOp, const Datum&),
                                      const HasKeys& has_keys,
                                      const std::function<void()>& in_doubt);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_COMPARED_RANGE_H_
