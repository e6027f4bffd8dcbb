// Subtrees of the trie of the keys, met in key order: fingerprints, and the first pass that tells
// which of them repeat.
//
// The trie is never held. Its open nodes, those on the path of the last key, form a stack; a node
// closes when the prefix that the next key shares with the last is shorter than the node's depth,
// and its fingerprint is then complete, since its children closed before it. Equal subtrees have
// equal fingerprints; that unequal ones differ is checked by comparing the finished image with the
// source (builder.cc), since keys are user data.

#ifndef MEMKV_CORE_FST_SUBTREE_H_
#define MEMKV_CORE_FST_SUBTREE_H_

#include <cstdint>
#include <vector>

#include "core/bytes.h"

namespace memkv::fst {

struct Fingerprint {
  uint64_t a = 0, b = 0;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

// What a subtree is known by while it is built: its fingerprint and its size, written out, in 1/16
// of a byte.
struct Shape {
  Fingerprint print;
  uint64_t full = 0;  // every subtree below written out

  // A subtree of nothing but the end of a key.
  static Shape Leaf();
  // An inner node without children yet.
  static Shape Node(uint64_t seed);
  // A key ends in the node too.
  void MarkFinal();
  // Hangs a child under the node.
  void Attach(Bytes label, const Shape& child);
};

// Estimated sizes, in 1/16 of a byte, as the encoder would write them.
inline constexpr uint64_t kCharSize = 5, kLeafSize = 20, kRefSize = 64;
// A smaller subtree cannot pay for a reference, so nobody looks for it.
inline constexpr uint64_t kSmallestShared = 80;

// The fingerprints of subtrees worth a record of their own, and an id for each.
class SharedSet {
 public:
  static constexpr uint32_t kNone = 0xffffffff;
  void Reserve(size_t n);
  void Add(const Fingerprint& print);
  uint32_t Find(const Fingerprint& print) const;
  size_t size() const { return prints_.size(); }

 private:
  std::vector<Fingerprint> prints_;
  std::vector<uint32_t> slots_;
};

// The first pass. References are counted by distinct parents, so that what repeats only inside a
// repeated subtree is not shared.
class RepeatFinder {
 public:
  explicit RepeatFinder(uint64_t seed);

  // Keys in ascending order; `shared` leading bytes are as in the key before.
  void Add(Bytes key, size_t shared);
  // No more keys: the set of subtrees that pay.
  SharedSet Finish();

 private:
  // 8-way buckets; the table grows up to a limit, then the least recently used entry of a bucket
  // goes. What paid when it went is kept in the set.
  struct Entry {
    Fingerprint print;
    uint32_t refs = 0, last = 0;  // refs 0: free
    uint32_t size = 0;            // estimated, repeated children as references
    uint32_t spare = 0;
  };
  struct Child {
    Fingerprint print;
    bool tracked;
  };
  struct Open {
    uint32_t depth;
    uint32_t children;  // where its tracked children begin
    Shape shape;
    uint64_t size;
  };

  void CloseTo(size_t depth);
  void Hang(Open& open, size_t to);
  bool Touch(const Fingerprint& print, uint64_t size);
  Entry* Lookup(const Fingerprint& print);
  void Grow();
  static bool Pays(const Entry& e);

  uint64_t seed_;
  std::vector<char> last_;
  bool any_ = false;
  std::vector<Open> stack_;
  std::vector<Fingerprint> children_;
  // The finished subtree not yet hung under a node.
  Shape done_;
  uint64_t done_size_ = 0;
  bool done_tracked_ = false;
  size_t done_depth_ = 0;

  std::vector<Entry> table_;
  size_t used_ = 0;
  uint32_t clock_ = 0;
  std::vector<Fingerprint> kept_;
};

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_SUBTREE_H_
