// TokenBook: up to some 38,000 tokens of 1 to 15 bytes, each coded in one byte or in two.
//
//   c       c < one()    token c
//   c d     c >= one()   token one() + ((c - one()) << 8 | d)
//
// Every byte is a token, so that every text has a code, of at most twice its bytes. Whatever a code
// holds, it can be read: one without a token stands for no bytes. All that reads a code REQUIRES
// that the byte behind it can be read, so that it need not branch on whether a code takes one byte
// or two.

#ifndef MEMKV_CORE_ART_TOKEN_BOOK_H_
#define MEMKV_CORE_ART_TOKEN_BOOK_H_

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/alloc.h"
#include "core/art/simd.h"

namespace memkv::art {

// One load of 16 bytes brings a token; what is behind its text is zero.
struct alignas(16) Token {
  static constexpr uint32_t kLongest = 15;
  uint8_t text[kLongest] = {};
  uint8_t length = 0;
};

class TokenBook {
 public:
  // What a book whose first `one` codes take one byte has room for.
  static constexpr uint32_t Room(uint32_t one) { return one + ((256 - one) << 8); }

  // An empty book. REQUIRES 1 <= one <= 256. Throws std::bad_alloc.
  explicit TokenBook(uint32_t one) : one_(one), tokens_(Room(one)) {}

  uint32_t one() const { return one_; }
  uint32_t room() const { return static_cast<uint32_t>(tokens_.size()); }
  const Token& operator[](uint32_t token) const { return tokens_[token]; }
  void Set(uint32_t token, const Token& to) { tokens_[token] = to; }
  uint64_t bytes() const { return sizeof(TokenBook) + tokens_.size() * sizeof(Token); }

  uint32_t CodeBytes(uint32_t token) const { return token < one_ ? 1 : 2; }
  // Writes two bytes, of which CodeBytes() count.
  void PutCode(uint32_t token, uint8_t* code) const {
    const uint32_t two = token - one_;
    code[0] = static_cast<uint8_t>(token < one_ ? token : one_ + (two >> 8));
    code[1] = static_cast<uint8_t>(two);
  }

  // The first `room` plain bytes of a code at most; what it has beyond them is left out. Returns
  // how many were written.
  uint32_t DecodeFront(const uint8_t* code, uint32_t n, uint8_t* out, uint32_t room) const {
    uint32_t o = 0;
    for (uint32_t i = 0; i < n && o < room;) {
      const Token& t = Next(code, &i);
      if (room - o >= sizeof(Token)) {
        std::memcpy(out + o, &t, sizeof(Token));
        o += t.length;
      } else {
        const uint32_t length = std::min<uint32_t>(t.length, room - o);
        std::memcpy(out + o, t.text, length);
        o += length;
      }
    }
    return o;
  }
  // All of them. REQUIRES room for 16 bytes more than there are, which is what it returns.
  uint32_t DecodeAll(const uint8_t* code, uint32_t n, uint8_t* out) const {
    uint8_t* o = out;
    for (uint32_t i = 0; i < n;) {
      const Token& t = Next(code, &i);
      std::memcpy(o, &t, sizeof(Token));
      o += t.length;
    }
    return static_cast<uint32_t>(o - out);
  }
  // How many plain bytes a code stands for.
  uint32_t PlainBytes(const uint8_t* code, uint32_t n) const {
    uint32_t o = 0;
    for (uint32_t i = 0; i < n;) o += Next(code, &i).length;
    return o;
  }

  // Compares a code with plain q. *k: how many bytes they share. 0 equal, -1 q below at byte k, 1 q
  // above at byte k, -2 q is a proper prefix of the coded bytes, 2 they are one of q.
  int Compare(const uint8_t* code, uint32_t n, const uint8_t* q, uint32_t qn, uint32_t* k) const {
    uint32_t at = 0;
    for (uint32_t i = 0; i < n;) {
      const Token& t = Next(code, &i);
      const uint32_t same = std::min<uint32_t>(SharedWith(t, q + at, qn - at), t.length);
      at += same;
      if (at == qn) {
        *k = qn;
        return same == t.length && i >= n ? 0 : -2;
      }
      if (same < t.length) {
        *k = at;
        return q[at] < t.text[same] ? -1 : 1;
      }
    }
    *k = at;
    return at == qn ? 0 : 2;
  }

  // The token that a code goes on with at its byte *i, which is moved past it.
  const Token& Next(const uint8_t* code, uint32_t* i) const {
    const uint32_t c = code[*i], two = one_ + ((c - one_) << 8 | code[*i + 1]);
    *i += 1 + (c >= one_);
    return tokens_[c < one_ ? c : two];
  }

  // Bytes that a token's text, zeros behind it, shares with n others.
  static uint32_t SharedWith(const Token& t, const uint8_t* q, uint32_t n) {
    uint64_t low, high;
    if (n >= sizeof(Token)) [[likely]] {
      low = Load64(q) ^ Load64(t.text);
      high = Load64(q + 8) ^ Load64(t.text + 8);
    } else {
      low = LoadSome(q, n) ^ Load64(t.text);
      high = (n > 8 ? LoadSome(q + 8, n - 8) : 0) ^ Load64(t.text + 8);
    }
    const auto first = [](uint64_t differ) {
      return static_cast<uint32_t>(std::countr_zero(differ)) / 8;
    };
    return std::min(low ? first(low) : 8 + first(high), n);
  }

 private:
  uint32_t one_;
  std::vector<Token, Allocator<Token>> tokens_;  // by their codes
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_TOKEN_BOOK_H_
