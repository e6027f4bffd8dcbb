// Characters as SQLite's LIKE and GLOB read them from UTF-8, well-formed or not.
//
// A byte below 0xC0 is a character by itself. One from 0xC0 on takes in every continuation byte
// (0x80..0xBF) that follows, however many; what comes out overlong for ASCII, a surrogate or
// xxFFFE/xxFFFF is U+FFFD.

#ifndef MEMKV_CORE_UTF8_H_
#define MEMKV_CORE_UTF8_H_

#include <cstdint>
#include <string>

#include "core/bytes.h"

namespace memkv {

// What a lead byte (>= 0xC0) puts into the character's value.
inline uint32_t Utf8Lead(uint8_t byte) {
  if (byte < 0xe0) return byte & 0x1f;
  if (byte < 0xf0) return byte & 0x0f;
  if (byte < 0xf8) return byte & 0x07;
  return byte < 0xfc ? byte & 0x03 : byte == 0xfd;
}

inline bool IsUtf8Continuation(uint8_t byte) { return (byte & 0xc0) == 0x80; }

// The value with one more continuation byte; wraps at 32 bits.
inline uint32_t Utf8Extend(uint32_t value, uint8_t byte) { return value << 6 | (byte & 0x3f); }

// The character that a multi-byte value stands for once no continuation byte follows.
inline uint32_t Utf8Finish(uint32_t value) {
  const bool invalid =
      value < 0x80 || (value & 0xfffff800) == 0xd800 || (value & 0xfffffffe) == 0xfffe;
  return invalid ? 0xfffd : value;
}

// Reads one character off the front. REQUIRES !in->empty().
inline uint32_t ReadUtf8(Bytes* in) {
  uint32_t c = static_cast<uint8_t>(in->front());
  in->remove_prefix(1);
  if (c < 0xc0) return c;
  c = Utf8Lead(static_cast<uint8_t>(c));
  while (!in->empty() && IsUtf8Continuation(static_cast<uint8_t>(in->front()))) {
    c = Utf8Extend(c, static_cast<uint8_t>(in->front()));
    in->remove_prefix(1);
  }
  return Utf8Finish(c);
}

// How many bytes the character at the front of `text` has, by RFC 3629; 0 if there is none that is
// well-formed.
inline size_t Utf8Bytes(Bytes text) {
  if (text.empty()) return 0;
  const auto at = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t c = at(0);
  const size_t n = c < 0x80                ? 1
                   : c >= 0xc2 && c < 0xe0 ? 2
                   : c >= 0xe0 && c < 0xf0 ? 3
                   : c >= 0xf0 && c < 0xf5 ? 4
                                           : 0;
  if (n == 0 || text.size() < n) return 0;
  for (size_t i = 1; i < n; ++i) {
    if (!IsUtf8Continuation(at(i))) return 0;
  }
  // Overlong forms, surrogates, and what lies past U+10FFFF.
  if (n > 2 && ((c == 0xe0 && at(1) < 0xa0) || (c == 0xed && at(1) >= 0xa0) ||
                (c == 0xf0 && at(1) < 0x90) || (c == 0xf4 && at(1) >= 0x90)))
    return 0;
  return n;
}

// The well-formed encoding of c. REQUIRES c <= 0x10FFFF.
inline void AppendUtf8(uint32_t c, std::string* out) {
  const auto put = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xe0 | c >> 12);
    } else {
      put(0xf0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3f));
    }
    put(0x80 | (c >> 6 & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

}  // namespace memkv

#endif  // MEMKV_CORE_UTF8_H_
