// Erasing a range: the leaves at its two ends are cut, everything between goes by subtrees.

#include <algorithm>
#include <cassert>

#include "core/art/engine.h"

namespace memkv::art {

class RangeErasure {
 public:
  explicit RangeErasure(Engine* e)
      : e_(*e), heap_(e->heap_), head_(e->heap_.head), a_(e->path_), b_(e->other_) {}

  // Finds the entries [lo, hi). How many there are.
  uint64_t Find(Bytes lo, std::optional<Bytes> hi);
  // All there is.
  void EraseAll();
  // Whether one leaf has the range, and keeps other entries.
  bool IsWithinLeaf() const { return a_.desc() == b_.desc() && to_ - from_ < la_.n; }
  void EraseWithinLeaf();
  void EraseLeaves();

 private:
  void TakeInNeighbours();
  void MakeWritable();
  void CutEnds();
  void StoreEnds();
  void StoreEnd(Path& path, const Leaf& was, const LeafParts& parts, Ref leaf, Ref desc) noexcept;
  void Tidy() noexcept;
  void Count() noexcept {
    head_.size -= gone_;
    head_.net -= net_;
  }

  Engine& e_;
  Heap& heap_;
  Tree& head_;
  std::optional<Bytes> hi_;
  // From entry from_ of a's leaf to before entry to_ of b's.
  Path &a_, &b_;
  Leaf la_, lb_;
  uint32_t from_ = 0, to_ = 0;
  uint64_t gone_ = 0;
  int64_t net_ = 0;
  size_t fork_ = 0;   // the last node that both paths have
  bool one_ = false;  // what is left at the ends makes one leaf
  LeafParts &left_ = e_.parts_, &right_ = e_.parts2_;
};

uint64_t RangeErasure::Find(Bytes lo, std::optional<Bytes> hi) {
  hi_ = hi;
  a_.Floor(head_, lo);
  la_ = heap_.LeafAt(a_);
  from_ = la_.Find(head_.book(la_), lo).pos;
  if (hi) {
    b_.Floor(head_, *hi);
  } else {
    b_.Last(head_);
  }
  lb_ = heap_.LeafAt(b_);
  to_ = hi ? lb_.Find(head_.book(lb_), *hi).pos : lb_.n;
  gone_ = b_.CountBefore(head_) + to_ - a_.CountBefore(head_) - from_;
  net_ = b_.NetBefore(head_) + lb_.net_sum(to_) - a_.NetBefore(head_) - la_.net_sum(from_);
  return gone_;
}

void RangeErasure::EraseAll() {
  heap_.ReserveDead(heap_.directory().blocks() + heap_.leaves().blocks());
  heap_.RetireTree(head_.root);
  head_.root = 0;
  Count();
}

void RangeErasure::EraseWithinLeaf() {
  e_.directory_.MakeWritable(a_);
  heap_.ReserveDead(4 + (la_.has_records() ? kLeafMax : 0));
  LeafParts& parts = left_;
  parts.Load(la_);
  e_.coder_.Recode(parts);
  if (to_ < la_.n) {
    const Bytes next = e_.PlainKey(a_, la_, to_);
    const Bytes prev = from_ ? e_.PlainKey(a_, la_, from_ - 1) : Bytes();
    const auto shared = from_ ? static_cast<uint32_t>(CommonPrefix(prev, next)) : parts.skip;
    e_.coder_.SetRest(parts, to_, shared, next);
  }
  if (from_ == 0) parts.empty_first = false;
  parts.Remove(from_, to_);
  parts.run = 0;
  parts.Plan();
  // The leaf may be freed by then, so that its far records are noted now.
  Ref fars[kLeafMax];
  uint32_t n = 0;
  for (uint32_t i = from_; la_.has_records() && i < to_; ++i) {
    if ((la_.code(i) & 3) == kFarCell) fars[n++] = Load32(la_.cell(i));
  }
  e_.directory_.StoreLeaf(a_, parts);
  for (uint32_t i = 0; i < n; ++i) heap_.Retire(kFarBlock, fars[i]);
  e_.directory_.AddCounts(a_, -static_cast<int64_t>(gone_), -net_);
  Count();
}

void RangeErasure::EraseLeaves() {
  TakeInNeighbours();
  MakeWritable();
  CutEnds();
  StoreEnds();
  Tidy();
}

// The leaf before the range keeps an entry, unless the range begins with the first leaf; the leaf
// after it does, unless the range ends with the last.
void RangeErasure::TakeInNeighbours() {
  size_t level;
  if (from_ == 0 && a_.Prev(head_, &level)) from_ = heap_.LeafAt(a_).n;
  if (to_ == lb_.n && b_.Next(head_, &level)) to_ = 0;
  // Retiring must not fail.
  if (!heap_.has_snapshots()) return;
  size_t leaves = 2;
  Path p = a_;
  while (p.desc() != b_.desc() && p.Next(head_, &level)) ++leaves;
  heap_.ReserveDead(3 * leaves + a_.height() + b_.height() + 16 + heap_.far_records());
}

void RangeErasure::MakeWritable() {
  e_.directory_.MakeWritable(a_);
  // Nodes above b may have been copied. Descriptors have not.
  while (a_[fork_].slot == b_[fork_].slot) ++fork_;
  for (size_t i = 0; i <= fork_; ++i) b_[i].node = a_[i].node;
  e_.directory_.MakeWritable(b_);
  la_ = heap_.LeafAt(a_);
  lb_ = heap_.LeafAt(b_);
}

// What is left of the leaves at the ends, as parts: of one leaf where they are small, or nothing is
// left of one.
void RangeErasure::CutEnds() {
  LeafParts &a = left_, &b = right_;
  a.Load(la_);
  b.Load(lb_);
  e_.coder_.Recode(a);
  e_.coder_.Recode(b);
  const Bytes first_a = from_ && !a.empty_first ? e_.PlainKey(a_, la_, 0) : Bytes();
  const Bytes last_a = from_ ? e_.PlainKey(a_, la_, from_ - 1) : Bytes();
  const Bytes first_b = to_ < lb_.n ? e_.PlainKey(b_, lb_, to_) : Bytes();
  a.n = from_;
  if (from_ == 0) a.empty_first = false;
  b.Remove(0, to_);
  constexpr uint32_t kMost = kLeafMax * 3 / 4;
  constexpr size_t kMostBytes = 8 << 10;
  one_ = a.n == 0 || b.n == 0 ||
         (a.n + b.n <= kMost && (size_t{la_.granules} + lb_.granules) * kGranule < kMostBytes);
  const uint32_t shared =
      one_ ? std::min(a_[fork_].depth, b_.SharedWithNext(head_)) : a_[fork_].depth;
  const uint32_t skip = SkipFor(a_.SeparatorBytes(head_), shared);
  if (one_) {
    e_.JoinParts(a, b, skip, first_a, last_a, first_b);
  } else {
    e_.LowerSkip(a, skip, first_a);
    e_.coder_.SetRest(b, 0, b.skip, first_b);
    a.run = b.run = 0;
    b.Plan();
  }
  a.Plan();
}

void RangeErasure::StoreEnds() {
  Heap::Fresh fresh(&heap_);
  const Ref leaf_a = fresh.Leaf(heap_.NewLeaf(left_));
  const Ref leaf_b = one_ ? 0 : fresh.Leaf(heap_.NewLeaf(right_));
  const Ref desc_a = e_.directory_.NewDescFor(a_, leaf_a);
  if (desc_a) fresh.Desc(desc_a);
  const Ref desc_b = one_ ? 0 : e_.directory_.NewDescFor(b_, leaf_b);
  fresh.Keep();
  // From here on nothing fails.
  heap_.RetireFars(la_, from_, la_.n);
  heap_.RetireFars(lb_, 0, to_);
  StoreEnd(a_, la_, left_, leaf_a, desc_a);
  if (!one_) StoreEnd(b_, lb_, right_, leaf_b, desc_b);
  e_.directory_.DropBetween(a_, b_);
  if (one_) {
    const Ref old_b = b_.desc();
    e_.directory_.AddCounts(b_, -static_cast<int64_t>(lb_.n), -lb_.net_sum(lb_.n));
    e_.directory_.Remove(b_);
    heap_.Retire(kPairBlock, old_b);
  }
  Count();
}

void RangeErasure::StoreEnd(Path& path, const Leaf& was, const LeafParts& parts, Ref leaf,
                            Ref desc) noexcept {
  e_.directory_.AddCounts(path, static_cast<int64_t>(parts.n) - was.n,
                          parts.net_sum() - was.net_sum(was.n));
  e_.directory_.SwapLeaf(path, leaf, desc);
}

// Nodes that have lost children; saves memory, and may fail.
void RangeErasure::Tidy() noexcept {
  try {
    for (size_t i = a_.height(); i-- > 0;) e_.directory_.Tidy(a_, i);
    if (one_) return;
    b_.Floor(head_, *hi_);  // not one leaf: the range ends before the last
    e_.directory_.MakeWritable(b_);
    for (size_t i = b_.height(); i-- > 0;) e_.directory_.Tidy(b_, i);
  } catch (const std::bad_alloc&) {
  }
}

uint64_t Engine::EraseRange(Bytes lo, std::optional<Bytes> hi) {
  Begin();
  if (!head().root) return 0;
  hint_.Clear();
  RangeErasure erasure(this);
  const uint64_t gone = erasure.Find(lo, hi);
  if (!gone) return 0;
  heap_.NoteWrite();
  if (gone == head().size) {
    erasure.EraseAll();
    return gone;
  }
  if (erasure.IsWithinLeaf()) {
    erasure.EraseWithinLeaf();
  } else {
    erasure.EraseLeaves();
  }
  Tend();
  return gone;
}

}  // namespace memkv::art
