// Directory: the tree of separators above the leaves, written under paths.
//
// Every write goes along a path that was made writable: no node of it is shared with a snapshot.
// The pair of descriptor and leaf at its end may be.

#ifndef MEMKV_CORE_ART_DIRECTORY_H_
#define MEMKV_CORE_ART_DIRECTORY_H_

#include <algorithm>
#include <cstdint>

#include "core/art/heap.h"
#include "core/art/leaf.h"
#include "core/art/scratch.h"
#include "core/art/tree.h"
#include "core/bytes.h"

namespace memkv::art {

class Directory {
 public:
  // Both live as long.
  Directory(Heap* heap, Scratch* scratch) : heap_(heap), scratch_(scratch) {}

  // Copies the shared nodes of a path, which then has the copies.
  void MakeWritable(Path& path);
  // Entries and nets that came or went at the end of a writable path.
  void AddCounts(const Path& path, int64_t count, int64_t net) noexcept;

  // --- the leaf at the end of a writable path

  // Stores what write(block, granules, birth) makes, `bytes` long, in place of the leaf; it may be
  // made of that. REQUIRES room in the dead lists for two blocks, where there are snapshots.
  template <class F>
  void StoreLeaf(Path& path, size_t bytes, uint8_t book, F&& write);
  // The same with what parts hold. REQUIRES Plan().
  void StoreLeaf(Path& path, LeafParts& parts) {
    StoreLeaf(path, parts.bytes, parts.book,
              [&](uint8_t* block, uint32_t g, uint64_t birth) { parts.Store(block, g, birth); });
  }
  // Has the pair copied if it is shared.
  void Unshare(Path& path);
  // In two steps, the first of which may fail and the second not: a descriptor for another leaf, 0
  // where the one that is there will do; and the leaf there instead of the old one.
  Ref NewDescFor(const Path& path, Ref leaf);
  void SwapLeaf(Path& path, Ref leaf, Ref desc) noexcept;
  // The same descriptor, in another block.
  void MoveDesc(Path& path);
  // The same node at `level`, in another block.
  void MoveNode(Path& path, size_t level);

  // --- separators

  // Bytes that a new separator shares with those before and after it (0 where there is none); the
  // one before may end there.
  void Neighbours(Bytes sep, uint32_t* shared_prev, uint32_t* shared_next) const;
  // A leaf with so many entries behind a new separator. Paths grow by one node at most.
  void Insert(Bytes sep, Ref leaf, uint32_t count, int32_t net);
  // The separator at the end of a writable path, with the nodes that have no other. The path ends
  // above them. Descriptor and leaf are left to the caller.
  void Remove(Path& path) noexcept;
  // Retires every leaf between two, given their writable paths, which stay good.
  void DropBetween(Path& a, Path& b) noexcept;
  // The node at `level` of a writable path gives way to its only child, or to a smaller size, if it
  // can; then the path ends above it.
  void Tidy(Path& path, size_t level);

  // Separators that came since ResetInserted().
  uint64_t inserted() const { return inserted_; }
  void ResetInserted() { inserted_ = 0; }

 private:
  Tree& tree() const { return heap_->head; }
  Node* node(Ref r) const { return heap_->node(r); }
  // The prefix of a node, or the tail of a descriptor.
  Bytes TextOf(Ref r) const;

  void Link(const Path& path, size_t level, Ref r) noexcept;
  void LinkDesc(Path& path, Ref desc) noexcept;
  void FixMax(const Path& path) noexcept;
  // What is at r with another prefix or tail, in place of r, which is gone. Nothing may fail
  // behind it.
  Ref WithText(Ref r, Bytes text);
  void AddChild(Path& path, Bytes sep, Ref leaf, uint32_t count, int32_t net);
  void Fork(Path& path, Ref r, uint32_t depth, uint32_t shared, Bytes sep, Ref leaf, uint32_t count,
            int32_t net);
  void RemoveSlots(Ref at, int from, int to, int* below) noexcept;
  void SumCounts(const Path& path, size_t from, size_t to) noexcept;

  Heap* heap_;
  Scratch* scratch_;
  Path new_path_;  // of a separator that comes
  uint64_t inserted_ = 0;
};

template <class F>
void Directory::StoreLeaf(Path& path, size_t bytes, uint8_t book, F&& write) {
  const Ref old = tree().desc(path.desc()).leaf();
  const Leaf was(tree().leaf(old));
  if (!heap_->Shared(was.p) && Arena::Granules(bytes) == was.granules) {
    heap_->Overwrite(old, bytes, book, scratch_->Take(bytes), write);
    return;
  }
  heap_->ReserveDead(2);
  Heap::Fresh fresh(heap_);
  const Ref leaf = fresh.Leaf(heap_->NewLeaf(bytes, book, write));
  const Ref desc = NewDescFor(path, leaf);
  fresh.Keep();
  SwapLeaf(path, leaf, desc);
}

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_DIRECTORY_H_
