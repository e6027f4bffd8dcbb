// Making, copying and freeing of blocks.

#include <cassert>

#include "core/art/engine.h"

namespace memkv::art {

Engine::Engine(bool nets, uint32_t max_units)
    : directory_(std::min(max_units, kMaxUnits / 2)), leaves_(max_units) {
  head.nets = nets;
  head.books = coding_.books();
}

void Engine::Disown(std::shared_ptr<std::atomic<uint64_t>> orphaned) noexcept {
  if (orphaned_) orphaned_->fetch_sub(orphaned_bytes_, std::memory_order_relaxed);
  orphaned_ = std::move(orphaned);
  orphaned_bytes_ = held_bytes();
  if (orphaned_) orphaned_->fetch_add(orphaned_bytes_, std::memory_order_relaxed);
}

Engine::~Engine() {
  if (orphaned_) orphaned_->fetch_sub(orphaned_bytes_, std::memory_order_relaxed);
  while (Version* v = released_.load(std::memory_order_acquire)) {
    released_.store(v->next_released, std::memory_order_relaxed);
    v->~Version();
    Free(v, sizeof(Version));
  }
  if (spare_) {
    spare_->~Version();
    Free(spare_, sizeof(Version));
  }
}

void Engine::Unref() noexcept {
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    this->~Engine();
    Free(this, sizeof(Engine));
  }
}

void Engine::OpenReserve(bool open) noexcept {
  undoing_ = open;
  leaves_.OpenReserve(open);
  directory_.OpenReserve(open);
}

void Engine::TrimReserve(uint64_t kept) noexcept {
  for (Arena* arena : {&leaves_, &directory_}) {
    if (arena->reserved_bytes() > kept) arena->DropReserve();
  }
}

Engine::Fresh::~Fresh() {
  for (int i = 0; i < n_; ++i) {
    switch (kind_[i]) {
      case 0:
        e_->FreeNode(ref_[i]);
        break;
      case 1:
        e_->FreeDesc(ref_[i]);
        break;
      case 2:
        e_->FreeLeaf(ref_[i]);
        break;
      default:
        e_->FreeFar(ref_[i]);
    }
  }
}

Ref Engine::NewNode(Kind kind, Bytes prefix) {
  const size_t bytes = Node::Bytes(kind, prefix.size(), head.nets);
  const uint32_t g = Arena::Granules(bytes);
  const Ref r = directory_.Allocate(g);
  Refresh();
  Node* x = node(r);
  std::memset(static_cast<void*>(x), 0, size_t{g} * kGranule);
  SetBirth(x->birth, number_);
  x->kind = kind;
  x->prefix_len = static_cast<uint32_t>(prefix.size());
  if (!prefix.empty()) std::memcpy(x->prefix(), prefix.data(), prefix.size());
  return r;
}

Ref Engine::Rebuild(Ref from, Kind kind, Bytes prefix) {
  const Ref r = NewNode(kind, prefix);
  const Node* x = node(from);
  Node* y = node(r);
  y->max = x->max;
  y->term = x->term;
  y->add_count(Node::kTermSlot, x->count(Node::kTermSlot));
  if (head.nets) y->add_net(Node::kTermSlot, x->net(Node::kTermSlot));
  for (int s = x->After(Node::kTermSlot); s != Node::kNone; s = x->After(s)) {
    AddSlot(y, x->ByteAt(s), x->kid(s), x->count(s), head.nets ? x->net(s) : 0);
  }
  return r;
}

Ref Engine::NewDesc(Ref leaf, Bytes tail) {
  const Ref r = directory_.Allocate(Arena::Granules(Desc::Bytes(tail.size())));
  Refresh();
  head.desc(r).Init(leaf, tail);
  assert(!(r & kDescBit));
  return r | kDescBit;
}

Ref Engine::CopyLeaf(Ref leaf) {
  const uint32_t g = Leaf(head.leaf(leaf)).granules;
  const Ref r = leaves_.Allocate(g);
  Refresh();
  uint8_t* p = leaves_.At(r);
  std::memcpy(p, head.leaf(leaf), size_t{g} * kGranule);
  SetBirth(p, number_);
  coding_.Use(LeafHead::BookOf(p));
  return r;
}

Ref Engine::NewLeaf(LeafParts& parts) {
  const uint32_t g = Arena::Granules(parts.bytes);
  const Ref r = leaves_.Allocate(g);
  Refresh();
  parts.Store(leaves_.At(r), g, number_);
  coding_.Use(parts.book);
  return r;
}

Ref Engine::NewFar(Bytes record) {
  const Ref r = leaves_.Allocate(Arena::Granules(FarRecord::Bytes(record.size())));
  Refresh();
  uint8_t* p = leaves_.At(r);
  const uint64_t n = record.size();
  SetBirth(p, number_);
  std::memset(p + 6, 0, 2);
  std::memcpy(p + 8, &n, 8);
  std::memcpy(p + 16, record.data(), n);
  ++far_records_;
  return r;
}

void Engine::FreeNode(Ref r) noexcept {
  const Node* x = node(r);
  directory_.Free(r, Arena::Granules(Node::Bytes(x->kind, x->prefix_len, head.nets)));
}

void Engine::FreeDesc(Ref r) noexcept {
  directory_.Free(Plain(r), Arena::Granules(head.desc(r).bytes()));
}

void Engine::FreeLeaf(Ref r) noexcept {
  const Leaf leaf(head.leaf(r));
  coding_.Unuse(leaf.book);
  leaves_.Free(r, leaf.granules);
}

void Engine::FreeFar(Ref r) noexcept {
  --far_records_;
  leaves_.Free(r, Arena::Granules(FarRecord::Bytes(FarRecord::Get(head.leaf(r)).size())));
}

void Engine::FreeBlock(BlockKind kind, Ref r) noexcept {
  switch (kind) {
    case kNodeBlock:
      FreeNode(r);
      break;
    case kPairBlock:
      FreeLeaf(head.desc(r).leaf());
      FreeDesc(r);
      break;
    case kFarBlock:
      FreeFar(r);
  }
}

}  // namespace memkv::art
