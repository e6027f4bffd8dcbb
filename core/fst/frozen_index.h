// A secondary index of a frozen image: its rows by one column's value, or by several, then by key.
// One section kIndex (index: which column of the row), or kIndexOfSeveral (index: a number):
//
// clang-format off
//   kIndexOfSeveral   2 how many columns, each: 1 kind | 4 which, as IndexColumn has them; then as kIndex
//   kIndex            1 width w (1..56) | 1 shift s | heads: 8 per 2^s rows | ranks: w bits per row, and zeros to a whole byte
// clang-format on
//
// Ranks are those of the rows, in the index's order. A head is the first eight bytes of the values'
// part of the index key (core/index_key.h; shorter ones zero-padded), big-endian value, of the
// first of 2^s rows: a search looks there first, and reads few rows.

#ifndef MEMKV_CORE_FST_FROZEN_INDEX_H_
#define MEMKV_CORE_FST_FROZEN_INDEX_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/fst/progress.h"
#include "core/index_def.h"
#include "core/status.h"

namespace memkv {

class Fst;

// Offers what core/view asks of a base. Positions are ranks in this index; keys are index keys.
// Untrusted: memory-safe and finite on any bytes; kCorrupt where a rank leaves the image.
class FrozenIndex {
 public:
  Status Open(const Fst* fst, IndexDef def, Bytes section);
  // What a section kIndexOfSeveral begins with: how many bytes that is, of the section or of a part
  // that holds the kDefHeadBytes first; and it itself, which is read off. False if it is damaged.
  static constexpr size_t kDefHeadBytes = 2;
  static size_t DefBytes(Bytes section);
  static bool TakeDef(Bytes* section, IndexDef* def);
  static void AppendDef(const IndexDef& def, std::string* section);

  uint64_t size() const;
  const IndexDef& def() const { return def_; }

  // O(log n) rows are read, O(1) in Select and RankAt.
  Status LowerBound(Bytes index_key, uint64_t* position) const;  // how many keys are below
  // The same for the key of a row: its values' part, and its rank.
  Status PositionOf(Bytes value, uint64_t rank, uint64_t* position) const;
  Status Select(uint64_t position, std::string* index_key) const;  // REQUIRES position < size()
  Status RankAt(uint64_t position, uint64_t* rank) const;          // likewise

  // Ascending, and each row once.
  Status Verify(fst::Progress* progress) const;

 private:
  static constexpr size_t kHeadBytes = 2;

  // Key_before tells whether a row of that rank, with the value looked for, is below.
  template <class KeyBefore>
  Status Search(Bytes target, KeyBefore&& key_before, uint64_t* position) const;
  Status ValueAt(uint64_t rank, std::string* value, std::string* buffer) const;
  Status Corrupt(uint64_t position, const char* what) const;
  bool Readable(const uint8_t* p, uint64_t n) const;

  static constexpr size_t kDefColumnBytes = 5;

  const Fst* fst_ = nullptr;
  IndexDef def_ = 0;
  uint32_t width_ = 1, shift_ = 0;
  uint64_t samples_ = 0;
  const uint8_t* heads_ = nullptr;
  const uint8_t* ranks_ = nullptr;
};

// Keeps the contract of core/cursor.h, and rank() (the position).
class FrozenIndexCursor {
 public:
  explicit FrozenIndexCursor(std::shared_ptr<const FrozenIndex> index);

  void SeekFirst() { SeekRank(0); }
  void SeekLast() { SeekRank(index_->size() - 1); }  // of none: nowhere
  void Seek(Bytes key);
  void SeekBefore(Bytes key);
  void SeekRank(uint64_t rank) {
    status_ = {};
    Go(rank);
  }
  void Next() { Go(at_ + 1); }
  void Prev() { Go(at_ - 1); }
  void NextPast(size_t n);

  bool Valid() const { return valid_; }
  // Nowhere, with a status, if it cannot be read.
  Bytes key();
  size_t shared() const { return 0; }
  uint64_t rank() const { return at_; }
  const Status& status() const { return status_; }

 private:
  void Go(uint64_t position) {
    at_ = position;
    assembled_ = false;
    valid_ = position < index_->size();
  }
  void Fail(Status status);

  std::shared_ptr<const FrozenIndex> index_;
  bool valid_ = false, assembled_ = false;
  uint64_t at_ = 0;
  std::string key_;
  Status status_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_FST_FROZEN_INDEX_H_
