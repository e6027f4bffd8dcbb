// Snapshots: taking, dying, dead lists, Restore.

#include <cassert>

#include "core/art/engine.h"

namespace memkv::art {

void Pin(Version* v) noexcept { v->refs.fetch_add(1, std::memory_order_relaxed); }

void Unpin(Version* v) noexcept {
  if (v->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  Engine* e = v->engine;
  Version* top = e->released_.load(std::memory_order_relaxed);
  do {
    v->next_released = top;
  } while (!e->released_.compare_exchange_weak(top, v, std::memory_order_release,
                                               std::memory_order_relaxed));
  e->Unref();
}

Version* Engine::Take() {
  Reap();
  if (newest_ && !written_) {
    // Nothing has changed since: one more pin, unless the last one is just going.
    uint32_t refs = newest_->refs.load(std::memory_order_relaxed);
    while (refs &&
           !newest_->refs.compare_exchange_weak(refs, refs + 1, std::memory_order_relaxed)) {
    }
    if (refs) return newest_;
  }
  Version* v = spare_;
  if (v) {
    spare_ = nullptr;
  } else {
    v = new (Allocate(sizeof(Version))) Version;
  }
  v->tree = head;
  v->number = number_;
  v->engine = this;
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
  AddRef();
  return v;
}

void Engine::Reap() noexcept {
  if (!released_.load(std::memory_order_relaxed)) [[likely]]
    return;
  Version* v = released_.exchange(nullptr, std::memory_order_acquire);
  while (v) {
    Version* next = v->next_released;
    Drop(v);
    v = next;
  }
}

void Engine::Drop(Version* v) noexcept {
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

void Engine::ReserveDead(size_t n) {
  if (!shared_) return;
  const size_t room = dead_.capacity() - dead_used_;
  if (room < n) dead_.reserve(std::max(2 * dead_.capacity(), dead_used_ + n));
}

void Engine::FreeDeadEntry(uint32_t e) noexcept {
  dead_[e - 1].next = dead_free_;
  dead_free_ = e;
  --dead_used_;
}

uint8_t* Engine::Header(BlockKind kind, Ref r) const {
  switch (kind) {
    case kNodeBlock:
      return directory_.At(r);
    case kPairBlock:
      return leaves_.At(head.desc(r).leaf());
    default:
      return leaves_.At(r);
  }
}

uint64_t Engine::BirthOf(BlockKind kind, Ref r) const { return Birth(Header(kind, r)); }

void Engine::Retire(BlockKind kind, Ref r) noexcept {
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

void Engine::Restore(Version* v) noexcept {
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
  sweep_from_.clear();
  hinted_ = false;
  written_ = v != newest_;
}

}  // namespace memkv::art
