// The second pass over the keys: the compacted automaton, before labels are coded.
//
// A subtree of at most `list_entries` keys and references is small: it stays text, a run of
// front-coded entries. Above them stand big nodes, each a row of items in key order. A shared
// subtree is kept once, and an entry that ends in a reference stands for each place where it was.

#ifndef MEMKV_CORE_FST_SKELETON_H_
#define MEMKV_CORE_FST_SKELETON_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/fst/fst.h"
#include "core/fst/subtree.h"

namespace memkv::fst {

// Front-coded entries relative to the depth of the node they hang from:
//
//   varint shared with the entry before | varint length << 2 | has a code << 1 | is a reference
//   | varint shared subtree, if so | varint length of the code, if it has one | text | code
//
// The code is how the image before codes the text.
// Shared is 0 in the first entry of an item, which is whole.
struct EntryReader {
  const char* at;

  uint64_t shared;
  uint64_t length;
  const char* text;
  bool is_ref;
  uint32_t ref;
  Bytes code = {};

  void Next();
};

// What hangs under one edge of a big node, or the key that ends in it.
struct Item {
  enum Kind : uint8_t { kFinal, kSmall, kBig };
  uint64_t at = 0;  // small: where its entries begin; big: the node
  uint64_t keys = 0;
  uint64_t label = 0;  // big: the edge's label, from the parent's depth to the child's
  uint32_t label_bytes = 0;
  uint16_t entries = 0;  // not in big
  Kind kind = kSmall;
  uint8_t first = 0;  // first byte of the label
};

struct BigNode {
  uint64_t items = 0;
  uint32_t item_count = 0;
  uint64_t keys = 0;
};

struct SharedSubtree {
  bool found = false, big = false;
  uint64_t at = 0;  // entries, or big node
  uint32_t entries = 0;
  uint64_t keys = 0;
};

struct Skeleton {
  std::string entries;
  std::string labels;
  std::vector<Item> items;
  std::vector<BigNode> nodes;
  std::vector<SharedSubtree> shared;
  // All keys: one item at depth 0, small or big; its label may be empty.
  Item root;
  uint64_t keys = 0;

  Bytes Label(const Item& item) const { return Bytes(labels).substr(item.label, item.label_bytes); }
};

class SkeletonBuilder {
 public:
  // `shared` must outlive the builder.
  SkeletonBuilder(const SharedSet& shared, uint64_t seed, uint32_t list_entries);
  // `code`: see FstBuilder::Source.
  void Add(Bytes key, size_t shared, const KeyCode& code);
  Skeleton Finish();

 private:
  // How long each growing array was when the first key of a subtree came.
  struct Marks {
    size_t pending, entries, labels, items, nodes, found;
    uint32_t shared;  // what that key shares with the one before
  };
  // A key or reference that no node has taken yet. Its text follows the first `shared` bytes of the
  // key before.
  struct Pending {
    uint64_t text;
    uint32_t shared, length;
    uint32_t ref;   // SharedSet::kNone: a key ends
    uint64_t code;  // in codes_; what it spells is the end of the text, or more
    uint32_t code_bytes = 0, spells = 0;
  };
  // A finished subtree.
  struct Done {
    Shape shape;
    Marks begin;
    size_t depth;
    uint64_t keys;
    uint32_t entries;  // in all; past the limit it no longer grows
    bool big;
    uint64_t node;
  };
  // A child of an open node, taken over when that closes.
  struct Child {
    Item item;
    size_t pending;
  };
  struct Open {
    uint32_t depth;
    size_t children;
    Marks begin;
    Shape shape;
    uint64_t keys;
    uint32_t entries;
  };

  Marks Now(size_t shared) const;
  void CloseTo(size_t depth);
  void Hang(Open& open);
  void Close(Open& open);
  void CutBack(const Marks& marks);
  void PushRef(const Marks& begin, size_t depth, uint32_t id);
  void PopPending(size_t to);
  uint64_t Settle(size_t from, size_t to, size_t depth);

  const SharedSet& set_;
  const uint64_t seed_;
  const uint32_t list_entries_;
  Skeleton out_;
  std::string last_;
  std::vector<Open> stack_;
  std::vector<Child> children_;
  std::vector<Pending> pending_;
  std::string text_, codes_;  // of the pending
  Done done_ = {};
  Marks last_begin_ = {};  // when the last key came
  size_t found_ = 0;
};

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_SKELETON_H_
