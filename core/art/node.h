// The blocks of the directory: an adaptive radix tree over separators. A leaf's separator is the
// shortest string that is above every key of the leaf before it and not above any of its own; the
// first leaf's is "".
//
// Node, sizes 4, 8, 16, 48, 256 (`cap`):
//
//   0     6     7   8            12     16     20
//   birth | kind | n | prefix_len | max  | term | prefix, padded to 4 | keys | kids u32[cap]
//                                               | counts u32[cap+1] | nets i32[cap+1]
//
//   birth   the version the block was made in (47 bits, and a mark)
//   n       children beside term; 0 in a Node256 means 256
//   max     the descriptor of the last leaf below
//   term    the descriptor of the separator that ends after the prefix; 0 if there is none
//   keys    cap <= 16: cap bytes, sorted. 48 and 256: a presence map of 256 bits; 48 has after it
//           the number of bits in the words before each word, u8[4]. Children stand in key order,
//           in a Node256 at their byte.
//   counts  entries below term, then below each child
//   nets    the same for nets; only in an Art over a base
//
// Descriptor (one per leaf, multiples of 16 bytes):
//
//   0    4     5                               0    4     5     9
//   leaf | len | tail (len <= 11: 16 bytes)    leaf | 255 | len | tail          where len > 254
//
//   leaf    the leaf's reference in the arena of leaves
//   tail    the end of the separator: what comes after the branch byte of the node above
//
// A child is a Ref into the directory's arena; its top bit tells a descriptor from a node (so the
// directory may grow to 32 GiB).

#ifndef MEMKV_CORE_ART_NODE_H_
#define MEMKV_CORE_ART_NODE_H_

#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>

#include "core/art/arena.h"
#include "core/art/simd.h"
#include "core/bytes.h"

namespace memkv::art {

inline constexpr Ref kDescBit = 0x80000000u;
inline bool IsDesc(Ref r) { return r & kDescBit; }
inline Ref Plain(Ref r) { return r & ~kDescBit; }

// Births. The mark is the top bit of byte 5: only the writer reads or writes it.
inline constexpr uint64_t kBirthMask = (uint64_t{1} << 47) - 1;
inline uint64_t Birth(const uint8_t* block) {
  uint64_t b = 0;
  std::memcpy(&b, block, 6);
  return b & kBirthMask;
}
inline void SetBirth(uint8_t* block, uint64_t birth) { std::memcpy(block, &birth, 6); }
inline bool Marked(const uint8_t* block) { return block[5] & 0x80; }
inline void SetMark(uint8_t* block, bool on) {
  block[5] = static_cast<uint8_t>((block[5] & 0x7f) | (on ? 0x80 : 0));
}

enum Kind : uint8_t { kNode4, kNode8, kNode16, kNode48, kNode256 };

struct Node {
  uint8_t birth[6];
  uint8_t kind;
  uint8_t n;
  uint32_t prefix_len;
  Ref max;
  Ref term;

  static constexpr uint32_t kCap[5] = {4, 8, 16, 48, 256};
  // Slots: kTermSlot, then children 0..n-1 (in a Node256 their byte). kNone: no slot.
  static constexpr int kTermSlot = -1;
  static constexpr int kNone = -2;

  uint32_t cap() const { return kCap[kind]; }
  uint32_t children() const { return kind == kNode256 && n == 0 ? 256 : n; }
  const uint8_t* prefix() const { return reinterpret_cast<const uint8_t*>(this + 1); }
  uint8_t* prefix() { return reinterpret_cast<uint8_t*>(this + 1); }
  const uint8_t* keys() const { return prefix() + ((prefix_len + 3) & ~3u); }
  uint8_t* keys() { return prefix() + ((prefix_len + 3) & ~3u); }

  static constexpr uint32_t KeyBytes(uint32_t kind) {
    return kind <= kNode16 ? kCap[kind] : kind == kNode48 ? 36 : 32;
  }
  static size_t Bytes(uint32_t kind, size_t prefix_len, bool nets) {
    return sizeof(Node) + ((prefix_len + 3) & ~size_t{3}) + KeyBytes(kind) + 4 * kCap[kind] +
           (nets ? 8 : 4) * (kCap[kind] + 1);
  }

  const uint8_t* kids() const { return keys() + KeyBytes(kind); }
  uint8_t* kids() { return keys() + KeyBytes(kind); }
  Ref kid(int slot) const { return Load32(kids() + 4 * slot); }
  void set_kid(int slot, Ref r) { Store32(kids() + 4 * slot, r); }
  // A slot's reference, tagged; kTermSlot too.
  Ref at(int slot) const { return slot == kTermSlot ? term : kid(slot); }
  void set_at(int slot, Ref r) {
    if (slot == kTermSlot) {
      term = r;
    } else {
      set_kid(slot, r);
    }
  }

  const uint8_t* counts() const { return kids() + 4 * cap(); }
  uint8_t* counts() { return kids() + 4 * cap(); }
  uint32_t count(int slot) const { return Load32(counts() + 4 * (slot + 1)); }
  void add_count(int slot, uint32_t by) {
    uint8_t* p = counts() + 4 * (slot + 1);
    Store32(p, Load32(p) + by);
  }
  uint8_t* nets() { return counts() + 4 * (cap() + 1); }
  const uint8_t* nets() const { return counts() + 4 * (cap() + 1); }
  int32_t net(int slot) const { return static_cast<int32_t>(Load32(nets() + 4 * (slot + 1))); }
  void add_net(int slot, int32_t by) {
    uint8_t* p = nets() + 4 * (slot + 1);
    Store32(p, Load32(p) + static_cast<uint32_t>(by));
  }

  // All REQUIRE the tree's `nets`. A child at a byte without one, in a node with room for it.
  void AddSlot(uint8_t c, Ref kid, uint32_t count, int32_t net, bool nets) noexcept;
  void RemoveSlot(int slot, bool nets) noexcept;
  void SetTerm(Ref to, uint32_t count, int32_t net, bool nets) noexcept;
  // Those of another node, with max and term, into a node without any.
  void CopySlots(const Node& from, bool nets) noexcept;
  // The smallest size for so many children.
  static Kind KindFor(uint32_t children) {
    return children <= 4    ? kNode4
           : children <= 8  ? kNode8
           : children <= 16 ? kNode16
           : children <= 48 ? kNode48
                            : kNode256;
  }

  // The child at byte c, or kNone; *lower: the last slot whose byte is below c (kNone if there is
  // none; never kTermSlot).
  int Find(uint8_t c, int* lower) const;
  uint8_t ByteAt(int slot) const;
  // In order, kTermSlot first; kNone at the ends. After(kNone) is the first, Before(kNone) the
  // last.
  int After(int slot) const;
  int Before(int slot) const;
};
static_assert(sizeof(Node) == 20);

namespace map256 {

inline uint64_t Word(const uint8_t* map, uint32_t w) { return Load64(map + 8 * w); }
inline bool Has(const uint8_t* map, uint32_t c) { return map[c >> 3] >> (c & 7) & 1; }
// The last byte present below c / the first at or above c; -1 / 256 if there is none.
inline int Below(const uint8_t* map, uint32_t c) {
  if (c == 0) return -1;
  uint32_t w = (c - 1) >> 6;
  uint64_t v = Word(map, w) & LowMask(((c - 1) & 63) + 1);
  while (!v) {
    if (!w) return -1;
    v = Word(map, --w);
  }
  return static_cast<int>(w * 64 + 63 - static_cast<uint32_t>(std::countl_zero(v)));
}
inline int From(const uint8_t* map, uint32_t c) {
  if (c > 255) return 256;
  uint32_t w = c >> 6;
  uint64_t v = Word(map, w) & ~LowMask(c & 63);
  while (!v) {
    if (++w == 4) return 256;
    v = Word(map, w);
  }
  return static_cast<int>(w * 64 + static_cast<uint32_t>(std::countr_zero(v)));
}
// How many bytes below c a Node48 has.
inline int RankOf(const uint8_t* keys, uint32_t c) {
  return keys[32 + (c >> 6)] + std::popcount(Word(keys, c >> 6) & LowMask(c & 63));
}
inline void CountWords(uint8_t* keys) {
  uint32_t sum = 0;
  for (uint32_t w = 0; w < 4; ++w) {
    keys[32 + w] = static_cast<uint8_t>(sum);
    sum += static_cast<uint32_t>(std::popcount(Word(keys, w)));
  }
}

}  // namespace map256

inline int Node::Find(uint8_t c, int* lower) const {
  const uint8_t* k = keys();
  if (kind <= kNode16) {
    uint32_t lt, eq;
    Compare16(k, c, &lt, &eq);
    const uint32_t m = static_cast<uint32_t>(LowMask(n));
    lt &= m;
    eq &= m;
    *lower = lt ? 31 - std::countl_zero(lt) : kNone;
    return eq ? std::countr_zero(eq) : kNone;
  }
  const bool has = map256::Has(k, c);
  if (kind == kNode48) {
    const int rank = map256::RankOf(k, c);
    *lower = rank ? rank - 1 : kNone;
    return has ? rank : kNone;
  }
  const int below = map256::Below(k, c);
  *lower = below < 0 ? kNone : below;
  return has ? c : kNone;
}

inline uint8_t Node::ByteAt(int slot) const {
  const uint8_t* k = keys();
  if (kind <= kNode16) return k[slot];
  if (kind == kNode256) return static_cast<uint8_t>(slot);
  uint32_t w = 3;
  while (k[32 + w] > slot) --w;
  uint64_t v = map256::Word(k, w);
  for (int i = slot - k[32 + w]; i > 0; --i) v &= v - 1;
  return static_cast<uint8_t>(w * 64 + static_cast<uint32_t>(std::countr_zero(v)));
}

inline int Node::After(int slot) const {
  if (slot == kNone && term) return kTermSlot;
  const int from = slot < 0 ? 0 : slot + 1;
  if (kind == kNode256) {
    const int c = map256::From(keys(), static_cast<uint32_t>(from));
    return c == 256 ? kNone : c;
  }
  return from < n ? from : kNone;
}

inline int Node::Before(int slot) const {
  if (slot == kTermSlot) return kNone;
  if (kind == kNode256) {
    const int c = map256::Below(keys(), slot == kNone ? 256 : static_cast<uint32_t>(slot));
    return c >= 0 ? c : term ? kTermSlot : kNone;
  }
  const int below = (slot == kNone ? n : slot) - 1;
  return below >= 0 ? below : term ? kTermSlot : kNone;
}

// A descriptor's parts.
struct Desc {
  uint8_t* p;
  static size_t Bytes(size_t tail_len) { return (tail_len > 254 ? 9 : 5) + tail_len; }
  Ref leaf() const { return Load32(p); }
  void set_leaf(Ref r) { Store32(p, r); }
  uint32_t tail_len() const { return p[4] != 255 ? p[4] : Load32(p + 5); }
  const uint8_t* tail() const { return p + (p[4] != 255 ? 5 : 9); }
  size_t bytes() const { return Bytes(tail_len()); }
  void Init(Ref leaf, memkv::Bytes tail) {
    Store32(p, leaf);
    if (tail.size() <= 254) {
      p[4] = static_cast<uint8_t>(tail.size());
    } else {
      p[4] = 255;
      Store32(p + 5, static_cast<uint32_t>(tail.size()));
    }
    if (!tail.empty()) std::memcpy(p + (p[4] != 255 ? 5 : 9), tail.data(), tail.size());
  }
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_NODE_H_
