// A leaf: up to 64 consecutive keys, front-coded in one block.
//
//   0     6   7       8           9       10         12     14     16
//   birth | n | flags | width_run | book | granules | skip | blob | [wide head] | body
//
//   flags      bits 0-1: lengths are 1, 2 or 4 bytes
//              bit 2: the wide head is there, and its numbers count:
//                     granules u32 | skip u32 | blob u32 | 0 u32
//              bit 3: nets
//              bit 4: some value is a record
//              bits 5-6: value codes are 1, 2 or 4 bytes
//              bit 7: open, arrays are spaced for 64 entries
//   width_run  bits 0-3: bytes of a number
//              bits 4-6: appends in a row
//              bit 7: the first key is the empty string
//   book      the token book of the rests (coding.h); 0: they are plain
//   granules   size of the block
//   skip       leading bytes that every key of the leaf shares because both its fences do; they
//              are stored nowhere
//   blob       bytes of all rests
//
//   body       L[n] | F[n] | R[n] | values | nets 2 bits each | rests | cells
//
//   L[i]       bytes key i shares with key i-1, above skip (L[0] = 0)
//   F[i]       the first byte after those
//   R[i]       stored bytes of the rest, which is what comes after F[i]
//   values     numbers of `width` bytes; where flags has records, codes instead:
//              (bytes of the cell << 2) | 0 a number, 1 a record, 2 the reference of a record's
//              own block
//   cells      what the codes tell, in order; a byte is left behind them: codes are read past their
//              end (token_book.h)
//
// Search needs L and F alone: with m bytes matched, the entries that go on matching are those with
// L == m before the next L < m; the last of them with F <= q[m] is the candidate, and one
// comparison with its rest raises m. No key is decoded.

#ifndef MEMKV_CORE_ART_LEAF_H_
#define MEMKV_CORE_ART_LEAF_H_

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/art/arena.h"
#include "core/art/node.h"
#include "core/art/scratch.h"
#include "core/art/simd.h"
#include "core/art/token_book.h"
#include "core/bytes.h"
#include "core/datum.h"

namespace memkv::art {

inline constexpr uint32_t kLeafMax = 64;
inline constexpr size_t kInlineRecord = 512;  // longer records have blocks of their own

// What a leaf skips between fences that share `shared` bytes: all its keys are longer.
inline uint32_t SkipFor(uint32_t separator_bytes, uint32_t shared) {
  return std::min(shared, std::max(separator_bytes, 1u) - 1);
}

// A record's own block: birth (6 bytes), 2 unused, length u64, the bytes.
struct FarRecord {
  static size_t Bytes(uint64_t len) { return 16 + len; }
  static memkv::Bytes Get(const uint8_t* block) {
    return {reinterpret_cast<const char*>(block) + 16, Load64(block + 8)};
  }
  static void Put(uint8_t* block, uint64_t birth, memkv::Bytes record) {
    const uint64_t n = record.size();
    SetBirth(block, birth);
    std::memset(block + 6, 0, 2);
    std::memcpy(block + 8, &n, 8);
    std::memcpy(block + 16, record.data(), n);
  }
};

// What a value code tells.
enum CellKind : uint8_t { kNumberCell, kRecordCell, kFarCell };

// Where a key is or would be. The lengths shared with the neighbours are exact only where those
// exist.
struct LeafPos {
  uint32_t pos;
  bool exact;
  uint32_t lcp_prev, lcp_next;
};

// What the head of a leaf says.
struct LeafHead {
  enum : uint8_t {
    kLengths = 3,
    kWideHead = 4,
    kNets = 8,
    kRecords = 16,
    kCodeShift = 5,
    kCodes = 0x60,
    kOpen = 0x80,
  };
  static constexpr size_t kHead = 16, kWideHeadBytes = 32;
  static constexpr uint8_t kMostRun = 7;

  uint32_t n = 0, granules = 0, skip = 0, blob = 0;
  uint8_t flags = 0, width = 0, run = 0, book = 0;
  bool empty_first = false;

  // Both return where the body is. A wide head is read and written where flags say so.
  const uint8_t* Read(const uint8_t* block);
  uint8_t* Write(uint8_t* block, uint64_t birth) const;
  static uint8_t BookOf(const uint8_t* block) { return block[9]; }
};

// A block taken apart; reading only.
struct Leaf : LeafHead {
  const uint8_t* p = nullptr;
  uint32_t stride = 0, log_len = 0;
  const uint8_t *L = nullptr, *F = nullptr, *R = nullptr, *V = nullptr;

  Leaf() = default;
  explicit Leaf(const uint8_t* block);

  uint32_t length(const uint8_t* a, uint32_t i) const {
    if (log_len == 0) return a[i];
    if (log_len == 2) return Load32(a + 4 * i);
    uint16_t x;
    std::memcpy(&x, a + 2 * i, 2);
    return x;
  }
  uint32_t l(uint32_t i) const { return skip + length(L, i); }
  uint32_t r(uint32_t i) const { return length(R, i); }
  bool has_nets() const { return flags & kNets; }
  bool has_records() const { return flags & kRecords; }
  uint32_t code_bytes() const { return 1u << ((flags & kCodes) >> kCodeShift); }
  uint32_t code(uint32_t i) const {
    const uint32_t w = code_bytes();
    return static_cast<uint32_t>(LoadSome(V + i * w, w));
  }
  const uint8_t* nets() const { return V + stride * (has_records() ? code_bytes() : width); }
  const uint8_t* rests() const { return nets() + (has_nets() ? (stride + 3) / 4 : 0); }
  const uint8_t* cells() const { return rests() + blob; }
  // Whether 64 bytes may be read from each of L, F and R without leaving the block.
  bool roomy() const { return log_len == 0 && R + 64 <= p + size_t{granules} * kGranule; }

  // The sum of R[0..i).
  uint32_t Offset(uint32_t i) const {
    if (roomy()) return SumFirst64(R, i);
    uint32_t s = 0;
    for (uint32_t k = 0; k < i; ++k) s += r(k);
    return s;
  }
  int net(uint32_t i) const {
    return has_nets() ? static_cast<int>(nets()[i / 4] >> (i % 4 * 2) & 3) - 1 : 1;
  }
  int net_sum(uint32_t n_first) const;
  uint64_t number(uint32_t i) const { return LoadSome(V + i * width, width); }
  // The code's cell.
  const uint8_t* cell(uint32_t i) const { return cells() + CellBytes(0, i); }
  // Of the cells from entry `from` on, before entry `to`.
  uint32_t CellBytes(uint32_t from, uint32_t to) const;
  Entry entry(uint32_t i, uint8_t* const* bases) const;
  // The same of records, where cell(i) is known.
  Entry entry_at(uint32_t i, const uint8_t* cell, uint8_t* const* bases) const;

  // REQUIRES that q shares the leaf's skipped bytes.
  LeafPos Find(const TokenBook* tokens, Bytes q) const;

  // Bytes of key i.
  uint32_t KeyBytes(const TokenBook* tokens, uint32_t i) const;
  // Writes key i into out, which has room for KeyBytes and holds its first `valid` bytes already;
  // skip <= valid <= l(i) or so.
  void AssembleKey(const TokenBook* tokens, uint32_t i, uint32_t valid, uint8_t* out,
                   uint32_t key_bytes) const;

 private:
  LeafPos FindSlowly(const TokenBook* tokens, Bytes q) const;
  int CompareRest(const TokenBook* tokens, const uint8_t* rest, uint32_t n, Bytes q, uint32_t from,
                  uint32_t* k) const;
};

// A leaf as parts that can be edited, then stored as a new block. Rests and cells are borrowed from
// the blocks they were loaded from and from a Scratch.
struct LeafParts : LeafHead {
  struct Cell {
    CellKind kind;
    uint32_t size;        // of an inline record
    uint64_t number;      // or a far record's reference
    const uint8_t* data;  // an inline record
  };

  bool open = false;
  size_t bytes = 0;  // what Plan() found, beside flags, width and blob
  // Of an open leaf: bytes to keep for the rests to come, and of a number.
  size_t spare = 0;
  uint8_t least_width = 0;

  uint32_t l[kLeafMax], r[kLeafMax];
  uint8_t f[kLeafMax];
  int8_t net[kLeafMax];
  const uint8_t* rest[kLeafMax];
  Cell cell[kLeafMax];

  void Load(const Leaf& leaf);
  // No entries yet.
  void Clear(uint8_t in_book);
  int32_t net_sum() const;
  // Appends entries a..b-1 of another; REQUIRES the same book.
  void Append(const LeafParts& other, uint32_t a, uint32_t b);
  void MakeRoom(uint32_t at);
  void Remove(uint32_t a, uint32_t b);
  // Chooses the forms; sets bytes.
  void Plan();
  // REQUIRES Plan() and room for `bytes`.
  void Store(uint8_t* block, uint32_t granules, uint64_t birth);
};

// --- inline ---

inline const uint8_t* LeafHead::Read(const uint8_t* p) {
  n = p[6];
  flags = p[7];
  width = p[8] & 15;
  run = p[8] >> 4 & 7;
  empty_first = p[8] & 0x80;
  book = p[9];
  if (flags & kWideHead) [[unlikely]] {
    granules = Load32(p + 16);
    skip = Load32(p + 20);
    blob = Load32(p + 24);
    return p + kWideHeadBytes;
  }
  uint16_t a[3];
  std::memcpy(a, p + 10, 6);
  granules = a[0];
  skip = a[1];
  blob = a[2];
  return p + kHead;
}

inline uint8_t* LeafHead::Write(uint8_t* p, uint64_t birth) const {
  SetBirth(p, birth);
  p[6] = static_cast<uint8_t>(n);
  p[7] = flags;
  p[8] = static_cast<uint8_t>(width | run << 4 | (empty_first ? 0x80 : 0));
  p[9] = book;
  if (flags & kWideHead) [[unlikely]] {
    const uint32_t a[4] = {granules, skip, blob, 0};
    std::memset(p + 10, 0, 6);
    std::memcpy(p + 16, a, 16);
    return p + kWideHeadBytes;
  }
  const uint16_t a[3] = {static_cast<uint16_t>(granules), static_cast<uint16_t>(skip),
                         static_cast<uint16_t>(blob)};
  std::memcpy(p + 10, a, 6);
  return p + kHead;
}

inline Leaf::Leaf(const uint8_t* block) : p(block) {
  const uint8_t* body = Read(block);
  log_len = flags & kLengths;
  stride = flags & kOpen ? kLeafMax : n;
  L = body;
  F = L + (stride << log_len);
  R = F + stride;
  V = R + (stride << log_len);
}

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_LEAF_H_
