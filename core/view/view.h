// A View is what a query sees: one ART delta over at most one frozen FST, as if they were a single
// sorted map. It is immutable; taking one is two pointer copies.
//
//   delta   a=1   c=(gone)   d=4         newest wins;
//   base          c=3   d=9   e=5        a tombstone hides what lies below it
//   view    a=1         d=4   e=5
//
// Ranks add up: the delta counts +1 for a key that is new to the base, 0 for one that overrides, -1
// for a tombstone, so that rank(key) = keys of the base below key + net of the delta below key.

#ifndef MEMKV_CORE_VIEW_VIEW_H_
#define MEMKV_CORE_VIEW_VIEW_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/art/art.h"
#include "core/bytes.h"
#include "core/datum.h"
#include "core/fst/fst.h"
#include "core/index_def.h"
#include "core/row.h"
#include "core/status.h"

namespace memkv {

// Where a row's columns lie: a Value of the delta, or a rank of the base.
struct RowRef {
  bool in_base = false;
  uint64_t base_rank = 0;
  Value value;  // borrowed from the delta
};

// A secondary index of a view's rows: delta over base likewise, of index keys (core/index_key.h). A
// row whose value has changed since it was frozen has a tombstone and a new entry; no entry
// overrides.
class IndexView {
 public:
  using Base = FrozenIndex;
  using BaseCursor = FrozenIndexCursor;

  IndexView() = default;
  // `values`: how many its keys have before the row's key.
  IndexView(ArtSnapshot delta, std::shared_ptr<const FrozenIndex> base, size_t values = 1)
      : delta_(std::move(delta)), base_(std::move(base)), values_(values) {}

  uint64_t size() const {
    return static_cast<uint64_t>(static_cast<int64_t>(base_ ? base_->size() : 0) + delta_.net());
  }
  const ArtSnapshot& delta() const { return delta_; }
  const std::shared_ptr<const FrozenIndex>& base() const { return base_; }
  size_t values() const { return values_; }

  Status Rank(Bytes index_key, uint64_t* rank) const;  // how many index keys are below

 private:
  ArtSnapshot delta_;
  std::shared_ptr<const FrozenIndex> base_;
  size_t values_ = 1;
};

// The deltas of a table's secondary indexes at one moment.
struct IndexSnapshot {
  IndexDef def;
  ArtSnapshot delta;
};
using IndexSnapshots = std::shared_ptr<const std::vector<IndexSnapshot>>;

class View {
 public:
  using Base = Fst;
  using BaseCursor = FstCursor;

  View() = default;
  // `indexes`: null where there are none, or where they cannot be read for want of memory.
  View(ArtSnapshot delta, std::shared_ptr<const Fst> base, IndexSnapshots indexes = nullptr)
      : delta_(std::move(delta)), base_(std::move(base)), indexes_(std::move(indexes)) {}

  uint64_t size() const {
    return static_cast<uint64_t>(static_cast<int64_t>(base_ ? base_->size() : 0) + delta_.net());
  }
  const ArtSnapshot& delta() const { return delta_; }
  const std::shared_ptr<const Fst>& base() const { return base_; }

  // O(key length) each.
  Status Find(Bytes key, bool* found, RowRef* row) const;
  Status Rank(Bytes key, uint64_t* rank) const;  // how many keys are below key

  // Find for n keys at once, cache misses overlapped: found[i], rows[i] answer keys[i].
  Status FindMany(const Bytes* keys, size_t n, bool* found, RowRef* rows) const;

  // One column of a row; text and blobs are borrowed from the view or from *buffer. kCorrupt on
  // stored bytes that are wrong.
  Status Column(const RowRef& row, size_t column, std::string* buffer, Datum* out) const;
  // The same for rows in order; *block is kept by the caller for one column of one view.
  Status Column(const RowRef& row, size_t column, Fst::ColumnBlock* block, std::string* buffer,
                Datum* out) const {
    if (row.in_base) return base_->Column(row.base_rank, column, block, buffer, out);
    return DecodeColumn(row.value, column, out);
  }

  bool has_indexes() const { return indexes_ != nullptr; }
  // Secondary index i of the table, from 0. Throws std::bad_alloc where it cannot be read.
  IndexView Index(size_t i) const;
  // How many rows are before this one in it.
  Status IndexRank(size_t i, Bytes key, const RowRef& row, uint64_t* rank) const;

 private:
  ArtSnapshot delta_;
  std::shared_ptr<const Fst> base_;
  IndexSnapshots indexes_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_VIEW_VIEW_H_
