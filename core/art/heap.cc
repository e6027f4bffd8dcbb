// Making, copying and freeing of blocks.

#include "core/art/heap.h"

#include <cassert>

namespace memkv::art {

Heap::Heap(Coding* coding, bool nets, uint32_t max_units)
    : coding_(coding), directory_(std::min(max_units, kMaxUnits / 2)), leaves_(max_units) {
  head.nets = nets;
  head.books = coding->books();
}

Heap::~Heap() {
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

Heap::Fresh::~Fresh() {
  for (int i = 0; i < n_; ++i) {
    switch (kind_[i]) {
      case kNode:
        heap_->FreeNode(ref_[i]);
        break;
      case kDesc:
        heap_->FreeDesc(ref_[i]);
        break;
      case kLeaf:
        heap_->FreeLeaf(ref_[i]);
        break;
      case kFar:
        heap_->FreeFar(ref_[i]);
    }
  }
}

Ref Heap::NewNode(Kind kind, Bytes prefix) {
  const uint32_t g = Arena::Granules(Node::Bytes(kind, prefix.size(), head.nets));
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

Ref Heap::CopyNode(Ref from) {
  const size_t bytes = Node::Bytes(node(from)->kind, node(from)->prefix_len, head.nets);
  const Ref r = directory_.Allocate(Arena::Granules(bytes));
  Refresh();
  std::memcpy(static_cast<void*>(node(r)), node(from), bytes);
  SetBirth(node(r)->birth, number_);
  return r;
}

Ref Heap::Rebuild(Ref from, Kind kind, Bytes prefix) {
  const Ref r = NewNode(kind, prefix);
  node(r)->CopySlots(*node(from), head.nets);
  return r;
}

Ref Heap::NewDesc(Ref leaf, Bytes tail) {
  const Ref r = directory_.Allocate(Arena::Granules(Desc::Bytes(tail.size())));
  Refresh();
  head.desc(r).Init(leaf, tail);
  assert(!(r & kDescBit));
  return r | kDescBit;
}

Ref Heap::CopyLeaf(Ref leaf) {
  const uint32_t g = Leaf(head.leaf(leaf)).granules;
  const Ref r = leaves_.Allocate(g);
  Refresh();
  uint8_t* p = leaves_.At(r);
  std::memcpy(p, head.leaf(leaf), size_t{g} * kGranule);
  SetBirth(p, number_);
  coding_->Use(LeafHead::BookOf(p));
  return r;
}

Ref Heap::NewFar(Bytes record) {
  const Ref r = leaves_.Allocate(Arena::Granules(FarRecord::Bytes(record.size())));
  Refresh();
  FarRecord::Put(leaves_.At(r), number_, record);
  ++far_records_;
  return r;
}

void Heap::FreeNode(Ref r) noexcept {
  const Node* x = node(r);
  directory_.Free(r, Arena::Granules(Node::Bytes(x->kind, x->prefix_len, head.nets)));
}

void Heap::FreeDesc(Ref r) noexcept {
  directory_.Free(Plain(r), Arena::Granules(head.desc(r).bytes()));
}

void Heap::FreeLeaf(Ref r) noexcept {
  const Leaf leaf(head.leaf(r));
  coding_->Unuse(leaf.book);
  leaves_.Free(r, leaf.granules);
}

void Heap::FreeFar(Ref r) noexcept {
  --far_records_;
  leaves_.Free(r, Arena::Granules(FarRecord::Bytes(FarRecord::Get(head.leaf(r)).size())));
}

void Heap::FreeBlock(BlockKind kind, Ref r) noexcept {
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

void Heap::OpenReserve(bool open) noexcept {
  reserve_is_open_ = open;
  leaves_.OpenReserve(open);
  directory_.OpenReserve(open);
}

void Heap::ReserveUndo(uint64_t log_bytes, size_t leaf_bytes, size_t block) {
  constexpr uint64_t kLeast = 8 << 10;
  leaves_.Reserve(std::max<uint64_t>({log_bytes, 4 * leaf_bytes, kLeast}), block);
  directory_.Reserve(log_bytes / 2, 0);
}

void Heap::TrimReserve(uint64_t kept) noexcept {
  for (Arena* arena : {&leaves_, &directory_}) {
    if (arena->reserved_bytes() > kept) arena->DropReserve();
  }
}

uint64_t Heap::held_bytes() const {
  uint64_t n = directory_.held_bytes() + leaves_.held_bytes() + dead_.capacity() * sizeof(Dead) +
               walk_.capacity() * sizeof(walk_[0]);
  for (const Version* v = newest_; v; v = v->older) n += sizeof(Version);
  return n;
}

}  // namespace memkv::art
