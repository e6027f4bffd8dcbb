// Columns of values by rank: one section kColumn per column, in blocks of 512 rows. W<n> is an
// integer of n bytes.
//
// clang-format off
//   section     W<6> directory | W<6> dictionary | W<6> code | blocks | dictionary | code | directory
//               (offsets in the section)
//   directory   W<6> per block: where it begins
//   code        a section kCode (format.h) for the texts, ending where the directory begins; or nothing
//   dictionary  W<4> entries | W<1> width w | entries + 1 offsets W<w> into what follows
//               | per entry: 1 kind | bytes
//
//   block       1 encoding, + 80 if rows may be NULL | with 80: a bit per row, 1 is NULL, 64 bytes
//               | as the encoding says:
//     0 CONST       1 kind | W<4> n | n bytes: an integer or real in 8, text or blob as they are
//     1 INTS        ints                                      INTEGERs
//     2 REALS       1 scale s | ints                          REALs, each int / 10^s
//     3 RAW REALS   8 per row
//     4 DICTIONARY  ints: entries of the dictionary           TEXTs and BLOBs
//     5 TEXTS       1 coded | ints: rows + 1 offsets | bytes  TEXTs; coded: in the column's code, ENDed
//     6 BLOBS       ints: rows + 1 offsets | bytes
//     7 MIXED       1 coded | 1 kind per row | ints: rows + 1 offsets | bytes: integers
//                   sign-extended, reals of 8, texts as in 5
//
//   ints        8 base | 8 stride | 1 width w (0..56, 64) | W<2> outliers n | rows of w bits
//               | n places W<2>, ascending | n values of 8
//               Value i is base + i * stride + bits i, modulo 2^64, or its outlier.
// clang-format on

#ifndef MEMKV_CORE_FST_VALUES_H_
#define MEMKV_CORE_FST_VALUES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/datum.h"
#include "core/fst/body.h"
#include "core/fst/progress.h"
#include "core/fst/token_code.h"
#include "core/status.h"

namespace memkv::fst {

inline constexpr uint32_t kBlockShift = 9;
inline constexpr uint64_t kBlockRows = uint64_t{1} << kBlockShift;
inline constexpr uint8_t kNullsFlag = 0x80;
inline constexpr size_t kNullBytes = kBlockRows / 8;
inline constexpr size_t kColumnHead = 18;
inline constexpr uint8_t kMostScale = 4;
inline constexpr double kPowersOfTen[kMostScale + 1] = {1, 10, 100, 1000, 10000};

enum BlockKind : uint8_t { kConst, kInts, kReals, kRawReals, kDictionary, kTexts, kBlobs, kMixed };

class ColumnReader {
  // A row of packed integers, found and checked.
  struct Ints {
    uint64_t base, stride;
    uint32_t width, outliers;
    const uint8_t* bits;
    const uint8_t* places;
    const uint8_t* end;

    uint64_t At(uint64_t i) const {
      if (outliers > 0) return AtAmongOutliers(i);
      return base + i * stride + Bits(i);
    }
    uint64_t Bits(uint64_t i) const {
      if (width == 0) return 0;
      if (width == 64) return Load64(bits + 8 * i);
      const uint64_t bit = i * width;
      return Load64(bits + bit / 8) >> (bit % 8) & ((uint64_t{1} << width) - 1);
    }
    uint64_t AtAmongOutliers(uint64_t i) const;
  };

 public:
  // A block, found and checked: what reads of neighbouring rows need not do again.
  class Block {
    friend class ColumnReader;
    uint64_t first_ = 0, rows_ = 0;   // no rows: no block yet
    const uint8_t* nulls_ = nullptr;  // a bit per row, or nothing
    const uint8_t* body_ = nullptr;   // what follows them
    BlockKind kind_ = kConst;
    Ints ints_ = {};
  };

  // The section's head is read now, the rest when asked for. All must outlive the reader.
  Status Open(Bytes section, uint32_t index, uint64_t rows, const PageGuard* pages);
  // REQUIRES row < rows. Text and blobs are borrowed from the image or from *buffer.
  Status Get(uint64_t row, std::string* buffer, Datum* out) const {
    Block block;
    return Get(row, &block, buffer, out);
  }
  // The same; *block is of this reader, from one call to the next.
  Status Get(uint64_t row, Block* block, std::string* buffer, Datum* out) const {
    const uint64_t i = row - block->first_;
    if (i < block->rows_ && block->kind_ == kInts && !block->nulls_) [[likely]] {
      *out = Datum::Integer(static_cast<int64_t>(block->ints_.At(i)));
      return {};
    }
    return GetSlowly(row, block, buffer, out);
  }
  Status Verify(Progress* progress) const;
  uint64_t memory_bytes() const {
    return code_ ? sizeof *code_ + code_->slot_count * sizeof(TokenSlot) : 0;
  }

 private:
  bool Holds(const uint8_t* p, uint64_t n) const;
  bool OpenInts(const uint8_t* p, uint64_t rows, Ints* out) const;
  Status GetSlowly(uint64_t row, Block* block, std::string* buffer, Datum* out) const;
  bool OpenBlock(uint64_t row, Block* block) const;
  bool ValueIn(const Block& block, uint64_t i, std::string* buffer, Datum* out) const;
  bool Span(const Ints& offsets, uint64_t i, const uint8_t** from, uint64_t* n) const;
  bool Text(const uint8_t* from, uint64_t n, bool coded, std::string* buffer, Datum* out) const;
  bool Mixed(uint8_t kind, const uint8_t* from, uint64_t n, bool coded, std::string* buffer,
             Datum* out) const;
  bool Entry(uint64_t id, Datum* out) const;
  Status Corrupt(uint64_t row) const;

  const uint8_t* base_ = nullptr;
  const uint8_t* end_ = nullptr;
  uint64_t directory_ = 0, dictionary_ = 0, code_at_ = 0;
  uint64_t rows_ = 0;
  uint32_t index_ = 0;
  const PageGuard* pages_ = nullptr;
  std::unique_ptr<TokenCode> code_;
};

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_VALUES_H_
