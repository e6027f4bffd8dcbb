// Generation: which content a stored table has, as 128 bits that chain over everything that was
// written to it.
//
// Equal generations mean equal content, however it came there; so a commit that was undone behind
// our back, or another one in its place, is seen as what it is. No time, counter or randomness goes
// in: replicas agree. This holds for what memkv has written: it is no cryptographic hash, and is
// not relied on where somebody could forge one (core/store/versions.h).

#ifndef MEMKV_CORE_STORE_GENERATION_H_
#define MEMKV_CORE_STORE_GENERATION_H_

#include <compare>
#include <cstdint>
#include <string>

#include "core/bytes.h"

namespace memkv {

struct Generation {
  uint64_t lo = 0, hi = 0;

  static constexpr size_t kBytes = 16;

  // The generation after `bytes` were written: a 128-bit hash (MurmurHash3 x64, by Austin Appleby,
  // seeded with this one).
  Generation Chain(Bytes bytes) const;

  // As stored: lo, hi, little-endian.
  std::string Encode() const;
  static bool Decode(Bytes bytes, Generation* out);
  std::string ToString() const;  // 32 hexadecimal digits

  friend auto operator<=>(const Generation&, const Generation&) = default;
};

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_GENERATION_H_
