// Snapshots: taking, dying, dead lists, Restore.

#include <cassert>

#include "core/art/heap.h"

namespace memkv::art {

template <class Enter, class Leave>
void Heap::Walk(Ref root, Enter&& enter, Leave&& leave) noexcept {
  walk_.clear();
  auto visit = [&](Ref r) {
    if (!IsDesc(r)) {
      if (enter(kNodeBlock, r))
        walk_.push_back({r, Node::kNone});  // room was reserved when the tree grew this high
      return;
    }
    if (!enter(kPairBlock, r)) return;
    const Leaf leaf(head.leaf(head.desc(r).leaf()));
    if (leaf.has_records()) {
      const uint8_t* at = leaf.cells();
      for (uint32_t i = 0; i < leaf.n; at += leaf.code(i) >> 2, ++i) {
        if ((leaf.code(i) & 3) != kFarCell) continue;
        const Ref far = Load32(at);
        if (enter(kFarBlock, far)) leave(kFarBlock, far);
      }
    }
    leave(kPairBlock, r);
  };
  if (root) visit(root);
  while (!walk_.empty()) {
    auto& [r, slot] = walk_.back();
    slot = node(r)->After(slot);
    if (slot != Node::kNone) {
      visit(node(r)->at(slot));
    } else {
      const Ref done = r;
      walk_.pop_back();
      leave(kNodeBlock, done);
    }
  }
}

template <class F>
void Heap::Revive(Version* v, F&& alive) noexcept {
  for (uint32_t* link = &v->dead; *link;) {
    const uint32_t e = *link;
    Dead& d = dead_[e - 1];
    if (alive(d)) {
      *link = d.next;
      FreeDeadEntry(e);
    } else {
      link = &d.next;
    }
  }
}

Version* Heap::PinNewest() noexcept {
  if (!newest_ || written_) return nullptr;
  // Unless the last pin is just going.
  uint32_t refs = newest_->refs.load(std::memory_order_relaxed);
  while (refs && !newest_->refs.compare_exchange_weak(refs, refs + 1, std::memory_order_relaxed)) {
  }
  return refs ? newest_ : nullptr;
}

Version* Heap::Take() {
  Version* v = spare_;
  if (v) {
    spare_ = nullptr;
  } else {
    v = new (Allocate(sizeof(Version))) Version;
  }
  v->tree = head;
  v->number = number_;
  v->older = newest_;
  v->newer = nullptr;
  v->dead = 0;
  v->forked = false;
  v->refs.store(1, std::memory_order_relaxed);
  if (newest_) {
    newest_->newer = v;
  } else {
    oldest_ = v;
  }
  newest_ = v;
  shared_ = number_++;
  written_ = false;
  return v;
}

void Heap::Release(Version* v) noexcept {
  Version* top = released_.load(std::memory_order_relaxed);
  do {
    v->next_released = top;
  } while (!released_.compare_exchange_weak(top, v, std::memory_order_release,
                                            std::memory_order_relaxed));
}

void Heap::DropReleased() noexcept {
  Version* v = released_.exchange(nullptr, std::memory_order_acquire);
  while (v) {
    Version* next = v->next_released;
    Drop(v);
    v = next;
  }
}

void Heap::Drop(Version* v) noexcept {
  Version* older = v->older;
  for (uint32_t e = v->dead; e;) {
    Dead& d = dead_[e - 1];
    const uint32_t next = d.next;
    if (older && d.birth <= older->number) {
      d.next = older->dead;
      older->dead = e;
    } else {
      FreeBlock(static_cast<BlockKind>(d.kind), d.ref);
      FreeDeadEntry(e);
    }
    e = next;
  }
  if (older) {
    older->newer = v->newer;
  } else {
    oldest_ = v->newer;
  }
  if (v->newer) {
    v->newer->older = older;
  } else {
    newest_ = older;
    written_ = true;
  }
  shared_ = newest_ ? newest_->number : 0;
  if (!newest_ && dead_.capacity() > 256) {
    assert(dead_used_ == 0);
    std::vector<Dead, Allocator<Dead>>().swap(dead_);
    dead_free_ = 0;
  }
  if (!spare_) {
    spare_ = v;
  } else {
    v->~Version();
    Free(v, sizeof(Version));
  }
}

void Heap::ReserveDead(size_t n) {
  if (!shared_) return;
  const size_t room = dead_.capacity() - dead_used_;
  if (room < n) dead_.reserve(std::max(2 * dead_.capacity(), dead_used_ + n));
}

void Heap::FreeDeadEntry(uint32_t e) noexcept {
  dead_[e - 1].next = dead_free_;
  dead_free_ = e;
  --dead_used_;
}

uint8_t* Heap::Header(BlockKind kind, Ref r) const {
  switch (kind) {
    case kNodeBlock:
      return directory_.At(r);
    case kPairBlock:
      return leaves_.At(head.desc(r).leaf());
    default:
      return leaves_.At(r);
  }
}

void Heap::Retire(BlockKind kind, Ref r) noexcept {
  const uint64_t birth = BirthOf(kind, r);
  if (birth > shared_) {
    FreeBlock(kind, r);
    return;
  }
  uint32_t e = dead_free_;
  if (e) {
    dead_free_ = dead_[e - 1].next;
  } else {
    try {
      dead_.push_back({});
    } catch (const std::bad_alloc&) {
      lost_ += kind == kPairBlock ? 2 : 1;
      return;
    }
    e = static_cast<uint32_t>(dead_.size());
  }
  ++dead_used_;
  dead_[e - 1] = Dead{birth, kind, r, newest_->dead};
  newest_->dead = e;
}

void Heap::RetireTree(Ref root) noexcept {
  Walk(
      root, [](BlockKind, Ref) { return true; }, [&](BlockKind kind, Ref r) { Retire(kind, r); });
}

void Heap::RetireFars(const Leaf& leaf, uint32_t from, uint32_t to) noexcept {
  if (!leaf.has_records()) return;
  const uint8_t* at = leaf.cells();
  for (uint32_t i = 0; i < to; at += leaf.code(i) >> 2, ++i) {
    if (i >= from && (leaf.code(i) & 3) == kFarCell) Retire(kFarBlock, Load32(at));
  }
}

void Heap::Restore(Version* v) noexcept {
  Reap();
  if (v->forked) {
    // The two trees are cousins. What they share is found by marking all of v's.
    auto mark = [&](bool on) {
      Walk(
          v->tree.root,
          [&](BlockKind kind, Ref r) {
            SetMark(Header(kind, r), on);
            return true;
          },
          [](BlockKind, Ref) {});
    };
    mark(true);
    Walk(
        head.root, [&](BlockKind kind, Ref r) { return !Marked(Header(kind, r)); },
        [&](BlockKind kind, Ref r) { Retire(kind, r); });
    for (Version* w = oldest_; w; w = w->newer) {
      Revive(w,
             [&](const Dead& d) { return Marked(Header(static_cast<BlockKind>(d.kind), d.ref)); });
      w->forked = true;
    }
    mark(false);
  } else {
    // The present tree descends from v: they share exactly what was born by then.
    const uint64_t number = v->number;
    Walk(
        head.root, [&](BlockKind kind, Ref r) { return BirthOf(kind, r) > number; },
        [&](BlockKind kind, Ref r) { Retire(kind, r); });
    for (Version* w = v; w; w = w->newer) {
      Revive(w, [&](const Dead& d) { return d.birth <= number; });
      w->forked = w != v;
    }
  }
  head = v->tree;
  Refresh();
  written_ = v != newest_;
}

Status Heap::CheckBlocks() {
  if (!directory_.Consistent() || !leaves_.Consistent())
    return Status::Corrupt("art: arena sizes do not add up");
  uint64_t blocks = lost_;
  auto count = [&](BlockKind kind, Ref) { blocks += kind == kPairBlock ? 2 : 1; };
  Walk(
      head.root, [](BlockKind, Ref) { return true; }, count);
  for (const Version* v = newest_; v; v = v->older) {
    for (uint32_t e = v->dead; e; e = dead_[e - 1].next) {
      const Dead& d = dead_[e - 1];
      if (d.birth > v->number) return Status::Corrupt("art: dead block younger than its snapshot");
      count(static_cast<BlockKind>(d.kind), d.ref);
    }
  }
  const uint64_t held = directory_.blocks() + leaves_.blocks();
  if (blocks != held)
    return Status::Corrupt("art: " + std::to_string(blocks) + " blocks known, " +
                           std::to_string(held) + " allocated");
  return Status();
}

}  // namespace memkv::art
