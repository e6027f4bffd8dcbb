// Sweep: blocks leave the emptiest slabs, so that these can go back; nodes are laid out in
// pre-order, descriptors beside them, so that a descent touches fewer lines; leaves are coded with
// the present token book.
//
// A sweep marks slabs, then walks the tree in key order, a slice at a time between writes, and
// moves what it meets in a marked slab. Nothing is allocated there, so after one walk nothing of
// the present tree is left in them. A block that a snapshot sees is copied and retired like one
// that is written to, unless an old snapshot would keep the original for long.

#ifndef MEMKV_CORE_ART_SWEEP_H_
#define MEMKV_CORE_ART_SWEEP_H_

#include <cstdint>
#include <string>

#include "core/alloc.h"
#include "core/art/coding.h"
#include "core/art/directory.h"
#include "core/art/heap.h"
#include "core/art/leaf_coder.h"
#include "core/art/scratch.h"

namespace memkv::art {

class Sweep {
 public:
  // All live as long.
  Sweep(Heap* heap, Directory* directory, Coding* coding, LeafCoder* coder, Scratch* scratch)
      : heap_(heap), directory_(directory), coding_(coding), coder_(coder), scratch_(scratch) {}

  // A slice of what there is to do, under a ms or so; begins a sweep if that is worth it. Whether
  // blocks of the present tree may have moved. What memory was too short for is done another time.
  // REQUIRES a tree that is not empty.
  bool Turn() noexcept;
  // Leaves of another book than the present one are to be coded anew.
  void Recode() { recode_ = true; }
  // The tree is another one: walks begin at its start again.
  void StartOver() noexcept { from_.clear(); }

 private:
  using Key = std::basic_string<char, std::char_traits<char>, Allocator<char>>;

  bool Begin();
  bool Slice(int leaves);
  void End() noexcept;
  bool MoveMarked(Path& path, size_t level);
  void MovePair(Path& path);
  void MoveFars(Path& path);
  bool Movable(const uint8_t* block) const { return Birth(block) > pinned_; }

  Heap* heap_;
  Directory* directory_;
  Coding* coding_;
  LeafCoder* coder_;
  Scratch* scratch_;

  bool under_way_ = false;
  bool recode_ = false;       // leaves of another book than the present one are to be coded anew
  bool recoding_ = false;     // the sweep under way does so
  Key from_;                  // the separator it goes on from
  uint64_t pause_ = 0;        // turns to wait: the last sweep brought nothing
  uint64_t slack_ = 0;        // when it began
  uint64_t pinned_ = 0;       // blocks born until then stay: a snapshot that lives long holds them
  uint64_t oldest_then_ = 0;  // the oldest snapshot at the last sweep
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_SWEEP_H_
