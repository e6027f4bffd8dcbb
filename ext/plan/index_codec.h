// How the values of an index are its keys: those of key order are core/key.h's, those of an INDEXED
// column's are core/index_key.h's. They begin alike.

#ifndef MEMKV_EXT_PLAN_INDEX_CODEC_H_
#define MEMKV_EXT_PLAN_INDEX_CODEC_H_

#include "core/index_key.h"
#include "core/range.h"

namespace memkv::sql {

struct IndexCodec {
  KeyRange (*compared)(CompareOp op, const Datum& v);
  KeyRange (*with_prefix)(KeyTag tag, Bytes prefix);  // of texts, or of blobs
};

inline constexpr IndexCodec kKeyCodec{&CompareRange, &PrefixRange};
inline constexpr IndexCodec kValueCodec{&IndexRange, &IndexPrefixRange};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_PLAN_INDEX_CODEC_H_
