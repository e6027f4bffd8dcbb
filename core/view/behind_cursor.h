// BehindCursor: those entries of a cursor whose keys begin with given bytes, as if these were not
// there. Keeps the contract of core/cursor.h.

#ifndef MEMKV_CORE_VIEW_BEHIND_CURSOR_H_
#define MEMKV_CORE_VIEW_BEHIND_CURSOR_H_

#include <string>
#include <utility>

#include "core/bytes.h"
#include "core/cursor.h"

namespace memkv {

template <OrderedCursor C>
class BehindCursor {
 public:
  BehindCursor(C under, std::string head) : under_(std::move(under)), head_(std::move(head)) {}

  void SeekFirst() { Seek(""); }
  void SeekLast() {
    if (const std::optional<std::string> past = PrefixSuccessor(head_)) {
      under_.SeekBefore(*past);
    } else {
      under_.SeekLast();
    }
    Look(0);
  }
  void Seek(Bytes key) {
    under_.Seek(Whole(key));
    Look(0);
  }
  void SeekBefore(Bytes key) {
    under_.SeekBefore(Whole(key));
    Look(0);
  }
  void SeekRank(uint64_t rank) {
    under_.SeekRank(rank);
    Look(0);
  }
  void Next() {
    under_.Next();
    Look(under_.Valid() ? under_.shared() : 0);
  }
  void Prev() {
    under_.Prev();
    Look(0);
  }
  void NextPast(size_t n) {
    under_.NextPast(head_.size() + n);
    Look(under_.Valid() ? under_.shared() : 0);
  }

  bool Valid() const { return valid_; }
  Bytes key() const { return under_.key().substr(head_.size()); }
  size_t shared() const {
    return under_.shared() > head_.size() ? under_.shared() - head_.size() : 0;
  }
  const Status& status() const { return under_.status(); }

  const C& under() const { return under_; }

 private:
  Bytes Whole(Bytes key) {
    sought_.assign(head_);
    return sought_.append(key);
  }
  // Whether the entry under it, which shares so many bytes with the one before, is one of its own.
  void Look(size_t shared) {
    valid_ = under_.Valid() && (shared >= head_.size() || under_.key().starts_with(head_));
  }

  C under_;
  std::string head_, sought_;
  bool valid_ = false;
};

}  // namespace memkv

#endif  // MEMKV_CORE_VIEW_BEHIND_CURSOR_H_
