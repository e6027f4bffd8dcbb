// CountedWalk: an interval of a cursor's entries, gone through by count: rows that nobody looks at
// cost a decrement.

#ifndef MEMKV_EXT_WALK_COUNTED_WALK_H_
#define MEMKV_EXT_WALK_COUNTED_WALK_H_

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/range.h"
#include "ext/sqlite.h"
#include "ext/walk/rank_range.h"

namespace memkv::sql {

// C: a LayeredCursor (core/view/cursor.h).
template <class C>
class CountedWalk {
 public:
  template <class V>
  CountedWalk(V&& view, bool descending)
      : cursor_(std::forward<V>(view)), step_(descending ? UINT64_MAX : 1) {}

  // Stands on the first entry of the interval, `skip` of them left out; false: there is none.
  // `may_compare`: keys are cheap to compare, so that a few entries are gone through by their keys,
  // and only if there are more are they counted.
  bool Start(KeyRange keys, const RankRange& ranks, uint64_t skip, bool may_compare) {
    keys_ = std::move(keys);
    ranks_ = ranks;
    left_ = compared_ = lag_ = 0;
    if (ranks_.nothing || keys_.empty()) return false;
    const bool bounded = !keys_.lo.empty() || keys_.hi;
    if (may_compare && skip == 0 && bounded && ranks_.everything()) return StartComparing();
    counted_ = true;
    const uint64_t size = cursor_.view().size();
    uint64_t first = keys_.lo.empty() ? 0 : RankOf(keys_.lo);
    uint64_t end = keys_.hi ? RankOf(*keys_.hi) : size;
    first = std::max(first, ranks_.first);
    end = std::min(end, ranks_.end);
    if (first >= end || skip >= end - first) return false;
    left_ = end - first - skip;
    rank_ = descending() ? end - 1 - skip : first + skip;
    if (rank_ == 0) {
      cursor_.SeekFirst();
    } else if (rank_ + 1 == size) {
      cursor_.SeekLast();
    } else {
      cursor_.SeekRank(rank_);
    }
    if (!cursor_.Valid()) FailShort();
    return true;
  }

  // Only where a next entry is certain and nothing can fail.
  bool FastNext() noexcept {
    if (left_ <= 1) return false;
    --left_;
    ++lag_;
    rank_ += step_;
    return true;
  }
  // False: there is no other.
  bool Next() {
    if (!counted_) {
      if (++compared_ <= kMostCompared) return NextByKey();
      Count();
    }
    return FastNext();
  }

  // The current entry is the last.
  void KeepOne() {
    if (!counted_) Count();
    left_ = 1;
  }

  // On the current entry.
  C& At() {
    if (lag_ > 0 || !cursor_.Valid()) CatchUp();
    return cursor_;
  }
  uint64_t rank() {
    if (!counted_) Count();
    return rank_;
  }
  bool counted() const { return counted_; }
  bool descending() const { return step_ != 1; }
  const KeyRange& keys() const { return keys_; }
  const RankRange& ranks() const { return ranks_; }

  // How far the cursor stands from the current entry, which is never behind it.
  int64_t lag() const {
    return descending() ? -static_cast<int64_t>(lag_) : static_cast<int64_t>(lag_);
  }
  // The cursor on the current entry, where it is there or one step before it; else null.
  C* NearAt() {
    if (lag_ > 1) return nullptr;
    if (lag_ == 1) {
      descending() ? cursor_.Prev() : cursor_.Next();
      lag_ = 0;
    }
    return cursor_.Valid() ? &cursor_ : nullptr;
  }
  C& cursor() { return cursor_; }  // wherever it stands

 private:
  static constexpr uint32_t kMostCompared = 24;
  static constexpr uint64_t kFewSteps = 16;

  uint64_t RankOf(Bytes key) const {
    uint64_t rank;
    Check(cursor_.view().Rank(key, &rank));
    return rank;
  }

  bool StartComparing() {
    counted_ = false;
    if (cursor_.view().size() == 0) return false;
    if (!descending()) {
      keys_.lo.empty() ? cursor_.SeekFirst() : cursor_.Seek(keys_.lo);
    } else {
      keys_.hi ? cursor_.SeekBefore(*keys_.hi) : cursor_.SeekLast();
    }
    return IsWithin();
  }
  bool NextByKey() {
    descending() ? cursor_.Prev() : cursor_.Next();
    return IsWithin();
  }
  // What was sought from one end is asked only about the other.
  bool IsWithin() {
    if (!cursor_.Valid()) {
      Check(cursor_.status());
      return false;
    }
    if (descending()) return keys_.lo.empty() || cursor_.key() >= keys_.lo;
    return keys_.Below(cursor_.key());
  }
  void Count() {
    rank_ = cursor_.rank();
    left_ = descending() ? rank_ + 1 - (keys_.lo.empty() ? 0 : RankOf(keys_.lo))
                         : (keys_.hi ? RankOf(*keys_.hi) : cursor_.view().size()) - rank_;
    counted_ = true;
  }

  void CatchUp() {
    if (lag_ > kFewSteps) {
      cursor_.SeekRank(rank_);
    } else {
      for (; lag_ > 0 && cursor_.Valid(); --lag_) descending() ? cursor_.Prev() : cursor_.Next();
    }
    lag_ = 0;
    if (!cursor_.Valid()) FailShort();
  }
  [[noreturn]] void FailShort() {
    Check(cursor_.status());
    Throw(Status::Corrupt("rows end before their count"));
  }

  C cursor_;
  const uint64_t step_;
  KeyRange keys_;
  RankRange ranks_;
  bool counted_ = true;  // left_ and rank_ are known
  uint32_t compared_ = 0;
  uint64_t left_ = 0;  // the current entry included
  uint64_t rank_ = 0;  // of the current entry
  uint64_t lag_ = 0;   // steps that cursor_ has not made: count(*) never makes them
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_WALK_COUNTED_WALK_H_
