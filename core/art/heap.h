// Heap: the blocks of a tree in two arenas, the present tree, and the versions taken of it.
//
// Copy-on-write by birth. Every block (a node, a pair of descriptor and leaf, a far record) carries
// the number of the version it was made in. Taking a snapshot gives it the present number and
// counts on; a block born no later than the newest live snapshot is shared and is never written
// again: a write copies it and the path above it. What a write replaces is freed at once if no live
// snapshot was taken since its birth, else it is entered in the dead list of the newest one.
//
//   1. A live snapshot sees a block only if birth <= its number; a node's children are visible
//   wherever the node is.
//   2. A dead list holds only blocks that no younger snapshot sees, and not the present tree.
//   3. A descriptor and its leaf are shared by the same snapshots: one is never shared without the
//   other.
//
// When a snapshot dies, its dead blocks pass to the next older one if that is not older than their
// birth, or are freed. It may die on any thread: it is put on a list that the writer empties.

#ifndef MEMKV_CORE_ART_HEAP_H_
#define MEMKV_CORE_ART_HEAP_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/alloc.h"
#include "core/art/arena.h"
#include "core/art/coding.h"
#include "core/art/leaf.h"
#include "core/art/node.h"
#include "core/art/scratch.h"
#include "core/art/tree.h"
#include "core/status.h"

namespace memkv::art {

class Engine;

struct Version {
  Tree tree;
  uint64_t number = 0;
  Engine* engine = nullptr;  // kept alive by it
  Version* older = nullptr;
  Version* newer = nullptr;
  Version* next_released = nullptr;
  std::atomic<uint32_t> refs{0};
  uint32_t dead = 0;    // the first entry of its dead list
  bool forked = false;  // the present tree does not descend from it, or once did not
};

enum BlockKind : uint8_t { kNodeBlock, kPairBlock, kFarBlock };

class Heap {
 public:
  // `coding` counts the leaves of each book.
  Heap(Coding* coding, bool nets, uint32_t max_units);
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  Tree head;  // the present tree

  Node* node(Ref r) const { return head.node(r); }
  Leaf LeafAt(const Path& path) const { return Leaf(head.leaf(head.desc(path.desc()).leaf())); }
  // Whether a live snapshot sees the block: it is not to be written.
  bool Shared(const uint8_t* block) const { return Birth(block) <= shared_; }
  bool has_snapshots() const { return shared_ != 0; }
  Version* oldest() const { return oldest_; }

  // --- making of blocks; all throw std::bad_alloc or ArenaFull. What is made belongs to nobody
  // until it is linked: see Fresh.

  Ref NewNode(Kind kind, Bytes prefix);
  Ref CopyNode(Ref from);
  // The node with another size and prefix, its slots copied.
  Ref Rebuild(Ref from, Kind kind, Bytes prefix);
  Ref NewDesc(Ref leaf, Bytes tail);
  Ref NewLeaf(LeafParts& parts) {
    return NewLeaf(parts.bytes, parts.book,
                   [&](uint8_t* p, uint32_t g, uint64_t birth) { parts.Store(p, g, birth); });
  }
  // What write(block, granules, birth) makes, `bytes` long.
  template <class F>
  Ref NewLeaf(size_t bytes, uint8_t book, F&& write);
  // The same in place of an unshared leaf of that size; `image` has room for it. What is written
  // may be made of the leaf itself.
  template <class F>
  void Overwrite(Ref leaf, size_t bytes, uint8_t book, uint8_t* image, F&& write) noexcept;
  Ref CopyLeaf(Ref leaf);
  Ref NewFar(Bytes record);
  uint64_t far_records() const { return far_records_; }

  // --- freeing of blocks that no snapshot sees

  void FreeNode(Ref r) noexcept;
  void FreeDesc(Ref r) noexcept;
  void FreeLeaf(Ref r) noexcept;
  void FreeFar(Ref r) noexcept;

  // Blocks just made, freed again if the write throws before Keep().
  class Fresh {
   public:
    explicit Fresh(Heap* heap) : heap_(heap) {}
    ~Fresh();
    Ref Node(Ref r) { return Add(kNode, r); }
    Ref Desc(Ref r) { return Add(kDesc, r); }
    Ref Leaf(Ref r) { return Add(kLeaf, r); }
    Ref Far(Ref r) { return Add(kFar, r); }
    void Keep() { n_ = 0; }

   private:
    enum Kind : uint8_t { kNode, kDesc, kLeaf, kFar };
    Ref Add(Kind kind, Ref r) {
      kind_[n_] = kind;
      ref_[n_++] = r;
      return r;
    }
    Heap* heap_;
    int n_ = 0;
    Kind kind_[4];
    Ref ref_[4];
  };

  // --- what a write takes out of the present tree: freed, or kept for the snapshots that see it

  // Room for n more dead blocks: Retire() cannot lose them then. Throws std::bad_alloc.
  void ReserveDead(size_t n);
  void Retire(BlockKind kind, Ref r) noexcept;
  void RetireTree(Ref root) noexcept;
  // Far records of entries [from, to).
  void RetireFars(const Leaf& leaf, uint32_t from, uint32_t to) noexcept;
  // Trees may grow this high.
  void ReserveHeight(size_t height) { walk_.reserve(height); }

  // --- versions (versions.cc)

  // The present tree is about to differ from the newest snapshot.
  void NoteWrite() { written_ = true; }
  // The newest version, pinned once more, if it is the present tree; else nullptr.
  Version* PinNewest() noexcept;
  // Another version of the present tree, pinned once. Throws std::bad_alloc.
  Version* Take();
  // Not pinned any more. May be called on any thread.
  void Release(Version* v) noexcept;
  // Frees what released versions held.
  void Reap() noexcept {
    if (released_.load(std::memory_order_relaxed)) [[unlikely]]
      DropReleased();
  }
  // Makes v the present tree. O(what changed since).
  void Restore(Version* v) noexcept;

  // --- memory

  // Undoing may use what was reserved for it while that is open.
  void OpenReserve(bool open) noexcept;
  bool reserve_is_open() const { return reserve_is_open_; }
  // Reserves memory to undo what a log of so many bytes tells of, and for copies of a leaf.
  void ReserveUndo(uint64_t log_bytes, size_t leaf_bytes, size_t block);
  // Keeps at most so many bytes of it.
  void TrimReserve(uint64_t kept) noexcept;
  // Leaves room for erasing while one of these lives.
  struct Headroom {
    explicit Headroom(Heap* heap) : heap_(heap) { Set(heap->reserve_is_open_ ? 0 : 2); }
    ~Headroom() { Set(0); }
    void Set(uint32_t units) {
      heap_->leaves_.set_headroom(units);
      heap_->directory_.set_headroom(units);
    }
    Heap* heap_;
  };

  Arena& directory() { return directory_; }
  Arena& leaves() { return leaves_; }
  uint64_t used_bytes() const { return directory_.used_bytes() + leaves_.used_bytes(); }
  uint64_t slack_bytes() const {
    return directory_.held_bytes() + leaves_.held_bytes() - used_bytes();
  }
  uint64_t held_bytes() const;
  // Whether every block is in the present tree or in a dead list, and free ones are within slabs.
  Status CheckBlocks();

 private:
  struct Dead {
    uint64_t birth : 56;
    uint64_t kind : 8;
    Ref ref;
    uint32_t next;
  };

  void FreeBlock(BlockKind kind, Ref r) noexcept;
  // After arena growth readers' tables may have moved.
  void Refresh() noexcept {
    head.directory = directory_.bases();
    head.leaves = leaves_.bases();
  }

  uint64_t BirthOf(BlockKind kind, Ref r) const { return Birth(Header(kind, r)); }
  uint8_t* Header(BlockKind kind, Ref r) const;
  void DropReleased() noexcept;
  void Drop(Version* v) noexcept;
  // Every block of a subtree: enter(kind, ref) before what is below it, false leaves it and that
  // out; leave(kind, ref) after, and may free the block. Allocates nothing.
  template <class Enter, class Leave>
  void Walk(Ref root, Enter&& enter, Leave&& leave) noexcept;
  // Takes the entries that are alive again off a dead list.
  template <class F>
  void Revive(Version* v, F&& alive) noexcept;
  void FreeDeadEntry(uint32_t e) noexcept;

  Coding* coding_;
  Arena directory_, leaves_;
  bool reserve_is_open_ = false;
  uint64_t far_records_ = 0;

  uint64_t number_ = 1;  // of blocks made now
  uint64_t shared_ = 0;  // births up to here are visible to a live snapshot
  bool written_ = true;  // since the newest snapshot was taken
  Version* newest_ = nullptr;
  Version* oldest_ = nullptr;
  Version* spare_ = nullptr;
  std::atomic<Version*> released_{nullptr};
  std::vector<Dead, Allocator<Dead>> dead_;
  uint32_t dead_free_ = 0;
  size_t dead_used_ = 0;
  // Blocks nobody sees that could not be entered in a dead list for want of memory.
  uint64_t lost_ = 0;
  std::vector<std::pair<Ref, int>, Allocator<std::pair<Ref, int>>> walk_;
};

template <class F>
Ref Heap::NewLeaf(size_t bytes, uint8_t book, F&& write) {
  const uint32_t g = Arena::Granules(bytes);
  const Ref r = leaves_.Allocate(g);
  Refresh();
  write(leaves_.At(r), g, number_);
  coding_->Use(book);
  return r;
}

template <class F>
void Heap::Overwrite(Ref leaf, size_t bytes, uint8_t book, uint8_t* image, F&& write) noexcept {
  uint8_t* block = leaves_.At(leaf);
  write(image, Arena::Granules(bytes), Birth(block));
  coding_->Unuse(LeafHead::BookOf(block));
  coding_->Use(book);
  std::memcpy(block, image, bytes);
}

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_HEAP_H_
