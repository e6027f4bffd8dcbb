// Bytes: what keys are made of, and the few questions every room asks of them.

#ifndef MEMKV_CORE_BYTES_H_
#define MEMKV_CORE_BYTES_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace memkv {

// A borrowed run of bytes. Compared as memcmp compares, the shorter first where one is a prefix of
// the other.
using Bytes = std::string_view;

// The longest key a table takes, in bytes of the encoded key (core/key.h adds one tag byte to 1 MiB
// of text).
inline constexpr size_t kMaxKeyBytes = (size_t{1} << 20) + 1;

// How many leading bytes a and b share.
inline size_t CommonPrefix(Bytes a, Bytes b) {
  const size_t n = std::min(a.size(), b.size());
  size_t i = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (; i + 8 <= n; i += 8) {
      uint64_t x, y;
      std::memcpy(&x, a.data() + i, 8);
      std::memcpy(&y, b.data() + i, 8);
      if (x != y) return i + static_cast<size_t>(std::countr_zero(x ^ y)) / 8;
    }
  }
  while (i < n && a[i] == b[i]) ++i;
  return i;
}

// Where `what` is first found in `text` from byte `from` on; npos: nowhere. Unlike find(), never
// worse than linear in the text. REQUIRES from <= text.size(), !what.empty().
inline size_t FindBytes(Bytes text, Bytes what, size_t from) {
  const void* at = memmem(text.data() + from, text.size() - from, what.data(), what.size());
  return at ? static_cast<size_t>(static_cast<const char*>(at) - text.data()) : Bytes::npos;
}

// Eight bytes as a number that compares as they do, and back.
inline uint64_t LoadBigEndian64(const char* p) {
  uint64_t v;
  std::memcpy(&v, p, 8);
  return std::endian::native == std::endian::little ? __builtin_bswap64(v) : v;
}
inline void StoreBigEndian64(uint64_t v, char* p) {
  if (std::endian::native == std::endian::little) v = __builtin_bswap64(v);
  std::memcpy(p, &v, 8);
}

// Eight bytes of a key from `depth` on, as a number that compares as they do; zeros past its end.
inline uint64_t HeadAt(Bytes key, size_t depth) {
  if (depth >= key.size()) return 0;
  if (key.size() - depth >= 8) return LoadBigEndian64(key.data() + depth);
  char head[8] = {};
  std::memcpy(head, key.data() + depth, key.size() - depth);
  return LoadBigEndian64(head);
}

// The smallest string greater than every string that starts with `prefix`; none if there is no such
// string.
inline std::optional<std::string> PrefixSuccessor(Bytes prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == 0xff) prefix.remove_suffix(1);
  if (prefix.empty()) return std::nullopt;
  std::string next(prefix);
  next.back() = static_cast<char>(static_cast<uint8_t>(next.back()) + 1);
  return next;
}

// Unsigned LEB128: 7 bits a byte, least significant first, at most 10 bytes.
inline void PutVarint(std::string* out, uint64_t v) {
  for (; v >= 0x80; v >>= 7) out->push_back(static_cast<char>(v | 0x80));
  out->push_back(static_cast<char>(v));
}

// Reads a varint off the front of *in; false, leaving *in as it was, if it is cut short or over 64
// bits.
inline bool GetVarint(Bytes* in, uint64_t* v) {
  uint64_t x = 0;
  for (size_t i = 0; i < in->size() && i < 10; ++i) {
    const uint64_t b = static_cast<uint8_t>((*in)[i]);
    if (i == 9 && b > 1) return false;
    x |= (b & 0x7f) << (7 * i);
    if (b < 0x80) {
      *v = x;
      in->remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

}  // namespace memkv

#endif  // MEMKV_CORE_BYTES_H_
