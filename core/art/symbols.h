// SymbolTable: 255 symbols of 1 to 8 bytes, each coded in one byte; 255 escapes a byte. After
// Boncz, Neumann and Leis, "FSST: Fast Random Access String Compression", VLDB 2020.

#ifndef MEMKV_CORE_ART_SYMBOLS_H_
#define MEMKV_CORE_ART_SYMBOLS_H_

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/alloc.h"
#include "core/art/simd.h"
#include "core/bytes.h"

namespace memkv::art {

class SymbolTable {
 public:
  static constexpr uint8_t kEscape = 255;

  // Appends the plain bytes to out, at most `room` of them; *n_out says how many. False if the code
  // is no code or does not fit.
  bool Decode(const uint8_t* code, uint32_t n, uint8_t* out, uint32_t room, uint32_t* n_out) const {
    uint32_t o = 0;
    for (uint32_t i = 0; i < n;) {
      const uint8_t c = code[i++];
      if (c == kEscape) {
        if (i == n || o == room) return false;
        out[o++] = code[i++];
        continue;
      }
      const uint32_t len = len_[c];
      if (len > room - o) return false;
      if (room - o >= 8) {
        std::memcpy(out + o, &symbol_[c], 8);
      } else {
        std::memcpy(out + o, &symbol_[c], len);
      }
      o += len;
    }
    *n_out = o;
    return true;
  }
  // The first `room` plain bytes at most; what the code has beyond them is left out.
  void DecodeFront(const uint8_t* code, uint32_t n, uint8_t* out, uint32_t room) const {
    uint32_t o = 0;
    for (uint32_t i = 0; i < n && o < room;) {
      const uint8_t c = code[i++];
      if (c == kEscape) {
        if (i == n) return;
        out[o++] = code[i++];
        continue;
      }
      if (room - o >= 8) {
        std::memcpy(out + o, &symbol_[c], 8);
        o += len_[c];
      } else {
        const uint32_t len = std::min<uint32_t>(len_[c], room - o);
        std::memcpy(out + o, &symbol_[c], len);
        o += len;
      }
    }
  }
  // All of them. REQUIRES room for 8 bytes for each byte of code; returns how many there are.
  uint32_t DecodeAll(const uint8_t* code, uint32_t n, uint8_t* out) const {
    uint8_t* o = out;
    for (const uint8_t* end = code + n; code < end;) {
      const uint8_t c = *code++;
      if (c == kEscape) [[unlikely]] {
        if (code < end) *o++ = *code++;
        continue;
      }
      std::memcpy(o, &symbol_[c], 8);
      o += len_[c];
    }
    return static_cast<uint32_t>(o - out);
  }
  // How many plain bytes a code stands for.
  uint32_t PlainBytes(const uint8_t* code, uint32_t n) const {
    uint32_t o = 0;
    for (uint32_t i = 0; i < n; ++i) {
      if (code[i] == kEscape) {
        ++i;
        ++o;
      } else {
        o += len_[code[i]];
      }
    }
    return o;
  }

  // Compares a code with plain q. *k: how many bytes they share. 0 equal, -1 q below at byte k, 1 q
  // above at byte k, -2 q is a proper prefix of the coded bytes, 2 they are one of q.
  int Compare(const uint8_t* code, uint32_t n, const uint8_t* q, uint32_t qn, uint32_t* k) const {
    uint32_t at = 0;
    for (uint32_t i = 0; i < n;) {
      const uint8_t c = code[i++];
      uint64_t y;
      uint32_t len;
      if (c == kEscape) {
        y = i < n ? code[i] : 0;
        ++i;
        len = 1;
      } else {
        y = symbol_[c];
        len = len_[c];
      }
      const uint64_t x = (LoadSome(q + at, qn - at) ^ y) & LowBytes(len);
      const uint32_t same = x ? static_cast<uint32_t>(std::countr_zero(x)) / 8 : len;
      if (at + same >= qn) {
        const bool all = same == len && at + same == qn && i >= n;
        *k = qn;
        return all ? 0 : -2;
      }
      at += same;
      if (x) {
        *k = at;
        return q[at] < static_cast<uint8_t>(y >> (8 * same)) ? -1 : 1;
      }
    }
    *k = at;
    return at == qn ? 0 : 2;
  }

 private:
  static uint64_t LowBytes(uint32_t n) {
    return n >= 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * n)) - 1;
  }

  friend class SymbolCoder;
  uint64_t symbol_[256] = {};
  uint8_t len_[256] = {};
};

// Makes tables and codes with one of them. A table is made so that the longest match is found
// without a loop or a branch: of the symbols of three and more bytes at most two share a bucket, by
// the hash of their first three bytes, and none of more than one byte ends with a zero, so that none
// matches zeros put after the end of a text.
class SymbolCoder {
 public:
  // A table for such strings; deterministic. Throws std::bad_alloc.
  static SymbolTable Train(const std::vector<Bytes, Allocator<Bytes>>& sample);

  // Codes with `table`, which Train made, from now on.
  void Use(const SymbolTable& table);
  // Greedy, longest match first. `code` has room for 2 n bytes; returns how many it took.
  uint32_t Encode(const uint8_t* plain, uint32_t n, uint8_t* code) const {
    uint8_t* o = code;
    for (uint32_t i = 0; i < n;) {
      const Match m = Longest(LoadSome(plain + i, n - i));
      *o++ = m.code();
      if (m.code() == SymbolTable::kEscape) *o++ = plain[i];
      i += m.len();
    }
    return static_cast<uint32_t>(o - code);
  }

  // One of many strings to code. REQUIRES that the kBefore bytes before the plain ones can be read,
  // or that there are as many of these.
  static constexpr uint32_t kBefore = 8;
  struct Job {
    const uint8_t* plain;
    uint32_t n;
    uint8_t* code;   // room for 2 n bytes
    uint32_t coded;  // gets how many it took
  };
  // What Encode does for each, several at a time: their dependent loads overlap.
  void EncodeMany(Job* jobs, size_t n) const;

 private:
  static constexpr uint32_t kBuckets = 512;
  struct Match {
    uint32_t bits;  // code | length << 8
    uint8_t code() const { return static_cast<uint8_t>(bits); }
    uint32_t len() const { return bits >> 8; }
  };
  struct Slot {
    uint64_t text;
    uint32_t shift;  // brings the bytes after the text's out of a word
    uint32_t bits;   // of its Match
  };
  static uint32_t BucketOf(uint64_t text) {
    return static_cast<uint32_t>(text & 0xffffff) * 2654435761u >> 23;
  }
  static uint32_t Bits(uint32_t code, uint32_t len) { return code | len << 8; }
  static bool Allowed(uint64_t text, uint32_t len) { return len < 2 || text >> (8 * len - 8); }
  // The longest symbol that starts w: a text and, where it is shorter than 8 bytes, zeros.
  Match Longest(uint64_t w) const {
    const Slot* slot = slot_ + 2 * BucketOf(w);
    uint32_t m = pair_[w & 0xffff];
    m = (w ^ slot[0].text) << slot[0].shift == 0 ? slot[0].bits : m;
    m = (w ^ slot[1].text) << slot[1].shift == 0 ? slot[1].bits : m;  // the longer one
    return {m};
  }

  uint16_t pair_[65536];  // the Match of two bytes, or of the first
  Slot slot_[2 * kBuckets];
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_SYMBOLS_H_
