// A row as a Value: the value columns of one key, in as few bytes as they take.
//
//   Number(0)             every column is NULL
//   Number(0 < n < 2^63)  column 0 is the INTEGER whose zigzag code is n - 1, every other NULL
//   Number(n >= 2^63)     column 0 is the REAL whose IEEE 754 bits are n - 2^63, every other NULL
//   Record                anything else:
//
//     +--------------+----------------------+--------------------------+
//     | header bytes | a type for a column  | a body for a column      |
//     | varint       | varint each          | as long as its type says |
//     +--------------+----------------------+--------------------------+
//
//     type      body                                          stands for
//     0         -                                             NULL
//     1, 2      -                                             INTEGER 0, 1
//     3 .. 10   1 .. 8 bytes, little-endian two's complement  INTEGER
//     11        8 bytes, little-endian IEEE 754               REAL
//     12 + 2n   n bytes                                       BLOB
//     13 + 2n   n bytes                                       TEXT
//
// Trailing NULL columns are not stored, so that a column past the stored ones is NULL. Records may
// come from a database: they are untrusted, and reading one is memory-safe and finite whatever its
// bytes.

#ifndef MEMKV_CORE_ROW_H_
#define MEMKV_CORE_ROW_H_

#include <cstddef>
#include <span>
#include <string>

#include "core/bytes.h"
#include "core/datum.h"
#include "core/status.h"

namespace memkv {

// The columns as a Value. A record is written to *buffer (its former content is dropped) and
// borrowed from it; a number leaves *buffer alone. The same columns always give the same bytes.
Value EncodeRow(std::span<const Datum> columns, std::string* buffer);

// One column; text and blobs are borrowed from the record. Reads the header up to that column and
// no body but its own. kCorrupt if the record is not one up to there.
Status DecodeColumn(const Value& row, size_t column, Datum* out);

// The first columns.size() columns. Checks the whole record, and that it has no more columns than
// that.
Status DecodeRow(const Value& row, std::span<Datum> columns);

}  // namespace memkv

#endif  // MEMKV_CORE_ROW_H_
