// A key as bytes: an SQL value encoded so that memcmp sorts as SQLite sorts under BINARY.
//
//   byte 0   of                   rest
//   00       NULL                 -     (secondary indexes only; never a key)
//   01       INTEGER and REAL,    8 bytes: the largest double <= the number, order-preserving
//            by exact value       big-endian; then, where an integer lies above that double,
//                                 2 bytes big-endian: by how much (1..1023)
//   02       TEXT                 the UTF-8 bytes as they are
//   03       BLOB                 the bytes as they are
//
// Equal numbers have one encoding (1 and 1.0; 0.0 and -0.0); which class it was is the row's
// business (core/row.h).

#ifndef MEMKV_CORE_KEY_H_
#define MEMKV_CORE_KEY_H_

#include <string>

#include "core/bytes.h"
#include "core/datum.h"

namespace memkv {

enum KeyTag : char { kNullTag = 0, kNumberTag = 1, kTextTag = 2, kBlobTag = 3 };
// Whether it is the first byte of one.
inline bool IsKeyTag(char c) { return c >= kNullTag && c <= kBlobTag; }

// Appends the encoding of v to *out.
void AppendKey(const Datum& v, std::string* out);
std::string EncodeKey(const Datum& v);

// The value a key stands for; text and blobs are borrowed from `key`. A number comes back as
// INTEGER where it is one that int64 holds, else as REAL. False if the bytes are no key.
bool DecodeKey(Bytes key, Datum* v);

}  // namespace memkv

#endif  // MEMKV_CORE_KEY_H_
