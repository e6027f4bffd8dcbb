// A key of several columns as bytes: memcmp sorts by the first column, then by the next, as SQLite
// sorts each.
//
//   bytes   value | … | key      all columns but the last as values of index keys
//                                (core/index_key.h), the last as a key (core/key.h)
//
// A key of one column is that of core/key.h alone. No part is NULL.

#ifndef MEMKV_CORE_KEY_PARTS_H_
#define MEMKV_CORE_KEY_PARTS_H_

#include <string>

#include "core/bytes.h"
#include "core/datum.h"
#include "core/index_key.h"
#include "core/key.h"

namespace memkv {

inline void AppendKeyPart(const Datum& v, bool last, std::string* key) {
  last ? AppendKey(v, key) : AppendIndexValue(v, key);
}

// The bytes of part i, from 0; `last`: it is the key's last. False if the key has no such part.
bool KeyPart(Bytes key, size_t i, bool last, Bytes* part);

// The value of a part; a text or blob is borrowed from it or from *buffer, and a NUL follows it if
// one follows the key. A number comes back as INTEGER where it is one that int64 holds, else as
// REAL. False if it is none.
inline bool DecodeKeyPart(Bytes part, bool last, std::string* buffer, Datum* v) {
  return last ? DecodeKey(part, v) : DecodeIndexValue(part, buffer, v);
}

}  // namespace memkv

#endif  // MEMKV_CORE_KEY_PARTS_H_
