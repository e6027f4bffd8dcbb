// IndexOfView: one index of a view. Index 0 is key order, the others are those of the INDEXED
// columns, from 1: the secondary indexes, each an IndexView (core/view/view.h).

#ifndef MEMKV_EXT_WALK_INDEX_OF_VIEW_H_
#define MEMKV_EXT_WALK_INDEX_OF_VIEW_H_

#include <optional>

#include "core/range.h"
#include "core/view/view.h"
#include "ext/sqlite.h"

namespace memkv::sql {

// Borrows the view. All but the constructor throw SqlError on stored bytes that are wrong.
class IndexOfView {
 public:
  // Throws std::bad_alloc where the index cannot be read for want of memory.
  IndexOfView(const View& view, size_t index) : view_(&view) {
    if (index > 0) secondary_ = view.Index(index - 1);
  }

  uint64_t size() const { return secondary_ ? secondary_->size() : view_->size(); }
  // How many keys are below.
  uint64_t Rank(Bytes key) const {
    uint64_t rank;
    Check(secondary_ ? secondary_->Rank(key, &rank) : view_->Rank(key, &rank));
    return rank;
  }
  uint64_t CountIn(const KeyRange& range) const {
    if (range.empty()) return 0;
    const uint64_t lo = range.lo.empty() ? 0 : Rank(range.lo);
    return (range.hi ? Rank(*range.hi) : size()) - lo;
  }
  bool HasKeysIn(const KeyRange& range) const {
    return Rank(range.lo) < (range.hi ? Rank(*range.hi) : size());
  }
  // Whether some of its entries are of the frozen base.
  bool has_base() const {
    return secondary_ && secondary_->base() && secondary_->base()->size() > 0;
  }

 private:
  const View* view_;
  std::optional<IndexView> secondary_;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_WALK_INDEX_OF_VIEW_H_
