// A key of a secondary index: one or more values, then the key of its row, as bytes that memcmp
// sorts by (value, …, key), values as SQLite sorts them. Of each value:
//
//   bytes                                         value
//   00                            | key           NULL
//   01 | 8 bytes                  | key           a number that is a double, as core/key.h has it
//   01 | 8 bytes | 04 | 2 bytes   | key           an integer above that double, by 1..1023
//   02 | the text,  NUL as 00 FF  | 00 | key      TEXT
//   03 | the bytes, NUL as 00 FF  | 00 | key      BLOB
//
// A key begins with 01, 02 or 03 (core/key.h), so that what follows a value tells where it ends.

#ifndef MEMKV_CORE_INDEX_KEY_H_
#define MEMKV_CORE_INDEX_KEY_H_

#include <string>

#include "core/bytes.h"
#include "core/datum.h"
#include "core/range.h"

namespace memkv {

// Appends the value's part.
void AppendIndexValue(const Datum& v, std::string* out);

// The bytes of a text or blob as its value's part has them, without tag and end.
void AppendIndexText(Bytes text, std::string* out);
// Where they end that begin at `from`: at a 00 that no FF follows; npos: nowhere.
size_t IndexTextEnd(Bytes index_key, size_t from);
// Them as they were; borrowed from `text` or *buffer. False if they are none.
bool DecodeIndexText(Bytes text, std::string* buffer, Bytes* out);

// Cuts an index key in two, behind its first value, or its first `values`. False if it is none.
bool SplitIndexKey(Bytes index_key, Bytes* value, Bytes* key);
bool SplitIndexKey(Bytes index_key, size_t values, Bytes* part, Bytes* key);

// The value of a value's part; a text or blob is borrowed from it or from *buffer. A number comes
// back as INTEGER where it is one that int64 holds, else as REAL. False if it is none.
bool DecodeIndexValue(Bytes value, std::string* buffer, Datum* out);

// Exactly the index keys of rows whose value compares so with v; none where v is NULL. REQUIRES:
// the column's affinity has been applied to v.
KeyRange IndexRange(CompareOp op, const Datum& v);
// Exactly those whose value is a text (kTextTag) or a blob (kBlobTag) that begins with `prefix`.
KeyRange IndexPrefixRange(KeyTag tag, Bytes prefix);
// Whether a key begins with this value's part.
bool IsOfIndexValue(Bytes index_key, Bytes value);
// Those whose value has this value's part, and whose key is in the range.
KeyRange KeysOfIndexValue(Bytes value, const KeyRange& keys);
// Those whose value is NULL, and those whose is not.
KeyRange NullIndexRange();
KeyRange NotNullIndexRange();

}  // namespace memkv

#endif  // MEMKV_CORE_INDEX_KEY_H_
