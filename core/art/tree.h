// Tree: one version as readers see it. Path: the way from its root down to a leaf.

#ifndef MEMKV_CORE_ART_TREE_H_
#define MEMKV_CORE_ART_TREE_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/alloc.h"
#include "core/art/leaf.h"
#include "core/art/node.h"
#include "core/bytes.h"

namespace memkv::art {

struct Tree {
  uint8_t* const* directory = nullptr;  // slab tables of the two arenas
  uint8_t* const* leaves = nullptr;
  const TokenBook* const* books = nullptr;  // by number
  Ref root = 0;                             // tagged; 0: empty
  bool nets = false;
  uint64_t size = 0;
  int64_t net = 0;

  Node* node(Ref r) const { return reinterpret_cast<Node*>(At(directory, r)); }
  Desc desc(Ref r) const { return {At(directory, Plain(r))}; }
  const uint8_t* leaf(Ref r) const { return At(leaves, r); }
  const TokenBook* book(const Leaf& leaf) const { return books[leaf.book]; }
  Ref MaxOf(Ref r) const { return IsDesc(r) ? r : node(r)->max; }

  // The descriptor of the leaf where q is or would be. REQUIRES root.
  Ref Floor(Bytes q) const;
};

// A descent to the largest separator <= q that can be stopped between nodes.
class Descent {
 public:
  enum Turn {
    kDown,   // at() is a child of the node visited
    kThere,  // at() is the descriptor sought
    kBack,   // it is the last descriptor below back()
  };
  Descent() = default;
  Descent(Bytes q, Ref root) : q_(q), at_(root), back_(root) {}
  Turn Visit(const Node* x);
  // Whether the separator at a descriptor is above q after all: the turn is kBack then.
  bool TailIsAbove(Desc e) const;
  Ref at() const { return at_; }
  Ref back() const { return back_; }
  Bytes q() const { return q_; }

 private:
  Bytes q_;
  size_t depth_ = 0;
  Ref at_ = 0, back_ = 0;  // back_: the subtree with the best smaller separator so far
};

// The cache lines that a search of a leaf touches.
inline void PrefetchLeaf(const uint8_t* p) {
  for (int i = 0; i < 8; ++i) __builtin_prefetch(p + 64 * i);
}

// Frames down to a leaf; REQUIRES tree.root for all but Reset. A frame is a node and the slot taken
// in it.
class Path {
 public:
  struct Frame {
    Ref node;
    uint32_t depth;  // key bytes above the branch byte: the node's own prefix is the last of them
    int slot;
  };

  Path() = default;

  size_t height() const { return size_; }
  Frame& operator[](size_t i) { return frames_[i]; }
  const Frame& operator[](size_t i) const { return frames_[i]; }
  Ref desc() const { return desc_; }
  void set_desc(Ref r) { desc_ = r; }

  void Floor(const Tree& t, Bytes q);
  // Exactly to a separator that is there.
  void First(const Tree& t);
  void Last(const Tree& t);
  // To the leaf with entry `rank`; *before gets the entries before that leaf. REQUIRES rank <
  // t.size.
  void AtRank(const Tree& t, uint64_t rank, uint64_t* before);
  // To the neighbouring leaf. False, with the path as it was, at the end. *level: frames above it
  // have kept their slots, the frame at it has another slot.
  bool Next(const Tree& t, size_t* level);
  bool Prev(const Tree& t, size_t* level);

  // Bytes the separator shares with the next one; 0 if there is none.
  uint32_t SharedWithNext(const Tree& t) const;
  // The separator's length; its first n bytes.
  uint32_t SeparatorBytes(const Tree& t) const;
  void CopySeparator(const Tree& t, uint32_t n, uint8_t* out) const;
  // Entries and nets of all leaves before this one.
  uint64_t CountBefore(const Tree& t) const;
  int64_t NetBefore(const Tree& t) const;
  // Entries of this leaf are counted by its parent; those of frame i's slot.

  void Push(Ref node, uint32_t depth, int slot);
  void Truncate(size_t n) { size_ = n; }
  void Reserve(size_t n);

 private:
  void DownFirst(const Tree& t, Ref r, uint32_t depth);
  void DownLast(const Tree& t, Ref r, uint32_t depth);
  uint32_t DepthBelow(size_t i) const {
    return frames_[i].depth + (frames_[i].slot == Node::kTermSlot ? 0 : 1);
  }

  static constexpr size_t kInline = 24;
  Frame inline_[kInline];
  std::vector<Frame, Allocator<Frame>> heap_;
  Frame* frames_ = inline_;
  size_t size_ = 0, room_ = kInline;
  Ref desc_ = 0;

 public:
  Path(const Path& o) { *this = o; }
  Path& operator=(const Path& o) {
    if (this == &o) return *this;
    size_ = 0;
    Reserve(o.size_);
    std::copy(o.frames_, o.frames_ + o.size_, frames_);
    size_ = o.size_;
    desc_ = o.desc_;
    return *this;
  }
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_TREE_H_
