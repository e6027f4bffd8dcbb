#include "core/view/cursor.h"

#include <cassert>

namespace memkv {

template <class V>
LayeredCursor<V>::LayeredCursor(V view)
    : view_(std::move(view)),
      delta_(view_.delta().NewCursor()),
      has_delta_(view_.delta().size() > 0) {
  if (view_.base() && view_.base()->size() > 0) base_.emplace(view_.base());
}

template <class V>
void LayeredCursor<V>::SeekFirst() {
  if (has_delta_) delta_.SeekFirst();
  if (base_) base_->SeekFirst();
  LocateDelta();
  Forwards();
}

template <class V>
void LayeredCursor<V>::SeekLast() {
  if (has_delta_) delta_.SeekLast();
  if (base_) base_->SeekLast();
  LocateDelta();
  Backwards();
}

template <class V>
void LayeredCursor<V>::Seek(Bytes key) {
  if (has_delta_) delta_.Seek(key);
  if (base_) base_->Seek(key);
  LocateDelta();
  Forwards();
}

template <class V>
void LayeredCursor<V>::SeekBefore(Bytes key) {
  if (has_delta_) delta_.SeekBefore(key);
  if (base_) base_->SeekBefore(key);
  LocateDelta();
  Backwards();
}

// Finds the last base key b with rank(b) <= rank by bisection; the row is b itself or one of the
// delta's new keys that follow b before the next base key.
template <class V>
void LayeredCursor<V>::SeekRank(uint64_t rank) {
  at_ = kNowhere;
  status_ = {};
  if (rank >= view_.size()) return;
  if (!base_) {
    delta_.SeekRank(rank);
    Forwards();
    return;
  }
  if (!has_delta_) {
    base_->SeekRank(rank);
    Forwards();
    return;
  }
  const typename V::Base& base = *view_.base();
  std::string key;
  auto view_rank = [&](uint64_t base_rank) -> int64_t {
    status_ = base.Select(base_rank, &key);
    return static_cast<int64_t>(base_rank) + (status_.ok() ? view_.delta().NetRank(key) : 0);
  };
  uint64_t lo = 0, hi = base.size();  // view_rank(b) <= rank for b < lo; > rank for b >= hi
  while (lo < hi) {
    const uint64_t mid = lo + (hi - lo) / 2;
    const bool low = view_rank(mid) <= static_cast<int64_t>(rank);
    if (!status_.ok()) return;
    if (low) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  if (lo == 0) {
    delta_.SeekRank(rank);  // only new keys lie below the first base key
  } else {
    uint64_t left = rank - static_cast<uint64_t>(view_rank(lo - 1));
    if (!status_.ok()) return;
    Entry entry;
    const bool in_delta = view_.delta().Find(key, &entry);
    const bool live = !in_delta || entry.net >= 0;
    if (live && left == 0) return Seek(key);
    if (live) --left;
    delta_.SeekRank(view_.delta().Rank(key) + (in_delta ? 1 : 0) + left);
  }
  if (!delta_.Valid()) return;  // a base whose Select and LowerBound disagree
  base_->Seek(delta_.key());
  LocateDelta();
  Forwards();
}

template <class V>
void LayeredCursor<V>::NextOfBoth() {
  assert(Valid());
  if (!forwards_) Turn(true);
  const At from = at_;
  if (from != kBase) {
    delta_.Next();
    LocateDelta();
  }
  if (from != kDelta) base_->Next();
  const bool passed_over = Forwards();
  shared_ = 0;
  if (!Valid() || passed_over || at_ != from) return;
  // One layer moved and is still the current one, so it knows what the two keys share.
  if (at_ == kBase) shared_ = base_->shared();
  if (at_ == kDelta) shared_ = delta_.shared();
}

template <class V>
void LayeredCursor<V>::Prev() {
  assert(Valid());
  if (forwards_ && base_ && has_delta_) Turn(false);
  const At from = at_;
  if (from != kBase) {
    delta_.Prev();
    LocateDelta();
  }
  if (from != kDelta) base_->Prev();
  Backwards();
}

template <class V>
void LayeredCursor<V>::NextPast(size_t n) {
  assert(Valid());
  if (!forwards_) Turn(true);
  if (!has_delta_) {
    base_->NextPast(n);
  } else if (!base_) {
    delta_.NextPast(n);
  } else {
    const std::string prefix(key().substr(0, n));
    if (delta_.Valid() && delta_.key().starts_with(prefix)) {
      delta_.NextPast(n);
      LocateDelta();
    }
    if (base_->Valid() && base_->key().starts_with(prefix)) base_->NextPast(n);
  }
  shared_ = 0;
  Forwards();
}

template <class V>
RowRef LayeredCursor<V>::row() const requires std::same_as<V, View> {
  if (at_ == kBase) return {true, base_->rank(), {}};
  return {false, 0, delta_.entry().value};
}

template <class V>
uint64_t LayeredCursor<V>::rank() const {
  if (!base_) return delta_.rank();
  if (!has_delta_) return base_->rank();
  if (forwards_) {
    const uint64_t below = base_->Valid() ? base_->rank() : view_.base()->size();
    const int64_t net = delta_.Valid() ? delta_.net_rank() : view_.delta().net();
    return static_cast<uint64_t>(static_cast<int64_t>(below) + net);
  }
  const uint64_t below = at_ == kDelta ? delta_in_base_ : base_->rank();
  const int64_t net = at_ == kBase ? view_.delta().NetRank(key()) : delta_.net_rank();
  return static_cast<uint64_t>(static_cast<int64_t>(below) + net);
}

template <class V>
void LayeredCursor<V>::LocateDelta() {
  if (!base_ || !has_delta_ || !delta_.Valid()) return;
  if (Status s = view_.base()->LowerBound(delta_.key(), &delta_in_base_); !s.ok()) status_ = s;
}

template <class V>
bool LayeredCursor<V>::Failed() {
  if (status_.ok() && base_) status_ = base_->status();
  if (status_.ok()) return false;
  at_ = kNowhere;
  return true;
}

template <class V>
bool LayeredCursor<V>::Forwards() {
  forwards_ = true;
  for (bool passed_over = false;; passed_over = true) {
    if (Failed()) return passed_over;
    const bool d = has_delta_ && delta_.Valid(), b = BaseValid();
    if (!d) {
      at_ = b ? kBase : kNowhere;
    } else if (!b || delta_in_base_ < base_->rank()) {
      at_ = kDelta;
    } else if (base_->rank() < delta_in_base_) {
      at_ = kBase;
    } else {
      at_ = delta_.entry().net == 1 ? kDelta : kBoth;
    }
    if (!d || at_ == kBase || delta_.entry().net >= 0) return passed_over;
    delta_.Next();
    LocateDelta();
    if (at_ == kBoth) base_->Next();
  }
}

template <class V>
void LayeredCursor<V>::Backwards() {
  forwards_ = false;
  shared_ = 0;
  for (;;) {
    if (Failed()) return;
    const bool d = has_delta_ && delta_.Valid(), b = BaseValid();
    if (!d) {
      at_ = b ? kBase : kNowhere;
    } else if (!b || base_->rank() < delta_in_base_) {
      at_ = kDelta;
    } else if (base_->rank() > delta_in_base_ || delta_.entry().net == 1) {
      at_ = kBase;
    } else {
      at_ = kBoth;
    }
    if (!d || at_ == kBase || delta_.entry().net >= 0) return;
    delta_.Prev();
    LocateDelta();
    if (at_ == kBoth) base_->Prev();
  }
}

template <class V>
void LayeredCursor<V>::Turn(bool forwards) {
  const std::string key(this->key());
  if (forwards) {
    Seek(key);
  } else {
    // One past the key, so that the current entry itself is found again.
    SeekBefore(key + '\0');
  }
}

template class LayeredCursor<View>;
template class LayeredCursor<IndexView>;

}  // namespace memkv
