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

// Makes tables and codes with one of them.
class SymbolCoder {
 public:
  // A table for such strings; deterministic. Throws std::bad_alloc.
  static SymbolTable Train(const std::vector<Bytes, Allocator<Bytes>>& sample);

  // Codes with `table` from now on.
  void Use(const SymbolTable& table);
  // Greedy, longest match first. `code` has room for 2 n bytes; returns how many it took.
  uint32_t Encode(const uint8_t* plain, uint32_t n, uint8_t* code) const {
    uint8_t* o = code;
    for (uint32_t i = 0; i < n;) {
      uint32_t len;
      const uint8_t c = Longest(plain + i, n - i, &len);
      *o++ = c;
      if (c == SymbolTable::kEscape) *o++ = plain[i];
      i += len;
    }
    return static_cast<uint32_t>(o - code);
  }

 private:
  static constexpr uint32_t kBuckets = 4096;
  static uint32_t Hash3(uint64_t w) {
    return (static_cast<uint32_t>(w & 0xffffff) * 2654435761u >> 20) & (kBuckets - 1);
  }
  // The code of the longest symbol that starts plain[0..avail), avail > 0.
  uint8_t Longest(const uint8_t* plain, uint32_t avail, uint32_t* len) const {
    const uint64_t w = LoadSome(plain, avail);
    const uint32_t h = Hash3(w);
    for (uint32_t i = head_[h]; i < head_[h + 1]; ++i) {
      const uint8_t c = order_[i];
      const uint32_t l = table_.len_[c];
      if (l <= avail && ((w ^ table_.symbol_[c]) & SymbolTable::LowBytes(l)) == 0) {
        *len = l;
        return c;
      }
    }
    const uint8_t c = avail >= 2 ? pair_[w & 0xffff] : byte_[w & 0xff];
    *len = c == SymbolTable::kEscape ? 1 : table_.len_[c];
    return c;
  }

  SymbolTable table_;
  uint8_t byte_[256];
  uint8_t pair_[65536];  // the code of two bytes, or of the first
  uint16_t head_[kBuckets + 1];
  uint8_t order_[256];  // codes of 3 and more bytes by bucket, longest first
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_SYMBOLS_H_
