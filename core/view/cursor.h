// LayeredCursor: the merge of a delta cursor and a base cursor. Keeps the contract of
// core/cursor.h. Of a View in key order (ViewCursor), or of one of its indexes (IndexCursor).
//
// Invariants while it stands on an entry, moving forwards (backwards mirrors them):
//  1. delta_ is at the first delta entry, base_ at the first base entry, that is >= the current
//  key;
//  2. the current entry is the smaller of the two; where both have the key the delta's wins;
//  3. a tombstone is never current: it and the base entry that it hides are passed over together.
// A delta entry with net +1 is absent from the base, any other is present in it; so the base rank
// of the delta's key (one LowerBound per delta entry) tells the order of the two without assembling
// a key.

#ifndef MEMKV_CORE_VIEW_CURSOR_H_
#define MEMKV_CORE_VIEW_CURSOR_H_

#include <concepts>
#include <optional>
#include <string>

#include "core/view/view.h"

namespace memkv {

template <class V>
class LayeredCursor {
 public:
  explicit LayeredCursor(V view);

  void SeekFirst();
  void SeekLast();
  void Seek(Bytes key);
  void SeekBefore(Bytes key);
  void SeekRank(uint64_t rank);
  void Next() {
    if (!base_) {  // one layer, and no tombstones without a base
      delta_.Next();
      at_ = delta_.Valid() ? kDelta : kNowhere;
      shared_ = at_ != kNowhere ? delta_.shared() : 0;
    } else if (!has_delta_) {
      base_->Next();
      at_ = base_->Valid() ? kBase : kNowhere;
      shared_ = base_->shared();
      if (at_ == kNowhere) Failed();
    } else {
      NextOfBoth();
    }
  }
  void Prev();
  void NextPast(size_t n);

  bool Valid() const { return at_ != kNowhere; }
  // A NUL follows it where V is a View, or the entry is the delta's.
  Bytes key() const { return at_ == kBase ? base_->key() : delta_.key(); }
  size_t shared() const { return shared_; }
  const Status& status() const { return status_; }

  RowRef row() const  // REQUIRES Valid()
      requires std::same_as<V, View>;
  // How the base codes the key that key() has just given, going forwards; nothing for the delta's.
  KeyCode code() const {
    if constexpr (std::same_as<V, View>) {
      if (at_ == kBase) return base_->code();
    }
    return {};  // an index's keys have none
  }
  uint64_t rank() const;  // REQUIRES Valid()
  // REQUIRES Valid(). Whether the entry is the base's alone, and where it is there.
  bool in_base() const { return at_ == kBase; }
  uint64_t base_rank() const { return base_->rank(); }  // REQUIRES in_base()
  const V& view() const { return view_; }
  // The delta's cursor where there is no base: it stands where this one does.
  const ArtCursor* delta_alone() const { return base_ ? nullptr : &delta_; }

 private:
  enum At : uint8_t { kNowhere, kDelta, kBase, kBoth };

  void NextOfBoth();
  // Re-establish the invariants from where the two cursors are. Forwards tells whether it passed
  // over a tombstone.
  bool Forwards();
  void Backwards();
  void LocateDelta();  // the base rank of delta_'s key
  bool BaseValid() const { return base_ && base_->Valid(); }
  void Turn(bool forwards);
  bool Failed();

  V view_;
  ArtCursor delta_;
  mutable std::optional<typename V::BaseCursor> base_;  // mutable: it assembles a key when asked
  bool has_delta_;
  bool forwards_ = true;
  At at_ = kNowhere;
  // Base keys below delta_'s key; kept only where both layers have entries.
  uint64_t delta_in_base_ = 0;
  size_t shared_ = 0;
  Status status_;
};

using ViewCursor = LayeredCursor<View>;
using IndexCursor = LayeredCursor<IndexView>;

}  // namespace memkv

#endif  // MEMKV_CORE_VIEW_CURSOR_H_
