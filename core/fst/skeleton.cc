#include "core/fst/skeleton.h"

#include <algorithm>
#include <utility>

namespace memkv::fst {
namespace {

uint64_t TakeVarint(const char*& p) {
  uint64_t v = 0;
  for (int shift = 0;; shift += 7) {
    const auto b = static_cast<uint8_t>(*p++);
    v |= uint64_t{b & 0x7fu} << shift;
    if (b < 0x80) return v;
  }
}

}  // namespace

void EntryReader::Next() {
  shared = TakeVarint(at);
  const uint64_t head = TakeVarint(at);
  length = head >> 2;
  is_ref = head & 1;
  if (is_ref) ref = static_cast<uint32_t>(TakeVarint(at));
  const uint64_t code_bytes = head & 2 ? TakeVarint(at) : 0;
  text = at;
  code = Bytes(at + length, code_bytes);
  at += length + code_bytes;
}

SkeletonBuilder::SkeletonBuilder(const SharedSet& shared, uint64_t seed, uint32_t list_entries)
    : set_(shared), seed_(seed), list_entries_(list_entries) {
  out_.shared.resize(shared.size());
}

SkeletonBuilder::Marks SkeletonBuilder::Now(size_t shared) const {
  return {pending_.size(),
          out_.entries.size(),
          out_.labels.size(),
          out_.items.size(),
          out_.nodes.size(),
          found_,
          static_cast<uint32_t>(shared)};
}

void SkeletonBuilder::Add(Bytes key, size_t shared, const KeyCode& code) {
  if (out_.keys > 0) {
    const bool prefix = shared == last_.size();
    if (prefix) {
      // The last key ends in an inner node.
      stack_.push_back(
          {static_cast<uint32_t>(shared), children_.size(), last_begin_, Shape::Node(seed_), 1, 1});
      stack_.back().shape.MarkFinal();
      Item item;
      item.kind = Item::kFinal;
      item.keys = item.entries = 1;
      children_.push_back({item, pending_.size() - 1});
    } else {
      CloseTo(shared);
      if (stack_.empty() || stack_.back().depth < shared) {
        stack_.push_back({static_cast<uint32_t>(shared), children_.size(), done_.begin,
                          Shape::Node(seed_), 0, 0});
      }
      Hang(stack_.back());
    }
  }
  last_begin_ = Now(shared);
  pending_.push_back({text_.size(), static_cast<uint32_t>(shared),
                      static_cast<uint32_t>(key.size() - shared), SharedSet::kNone, codes_.size()});
  text_.append(key.substr(shared));
  // What spells more than was asked for is of no use, and what is longer than any code is damaged.
  if (code.spells <= key.size() - shared && code.code.size() <= 2 * code.spells + 2) {
    pending_.back().code_bytes = static_cast<uint32_t>(code.code.size());
    pending_.back().spells = static_cast<uint32_t>(code.spells);
    codes_.append(code.code);
  }
  last_.resize(shared);
  last_.append(key.substr(shared));
  ++out_.keys;
}

void SkeletonBuilder::CloseTo(size_t depth) {
  done_ = {Shape::Leaf(), last_begin_, last_.size(), 1, 1, false, 0};
  while (!stack_.empty() && stack_.back().depth > depth) {
    Hang(stack_.back());
    Open open = std::move(stack_.back());
    stack_.pop_back();
    Close(open);
  }
}

// Hangs done_, reached by bytes [open.depth, done_.depth) of the last key.
void SkeletonBuilder::Hang(Open& open) {
  const Bytes label = Bytes(last_).substr(open.depth, done_.depth - open.depth);
  open.shape.Attach(label, done_.shape);
  open.keys += done_.keys;
  open.entries = std::min(open.entries + done_.entries, list_entries_ + 1);
  Item item;
  item.keys = done_.keys;
  item.first = static_cast<uint8_t>(label[0]);
  if (done_.big) {
    item.kind = Item::kBig;
    item.at = done_.node;
    item.label = out_.labels.size();
    item.label_bytes = static_cast<uint32_t>(label.size());
    out_.labels.append(label);
  } else {
    item.entries = static_cast<uint16_t>(done_.entries);
  }
  children_.push_back({item, done_.begin.pending});
}

// Turns a node whose children are all hung into done_.
void SkeletonBuilder::Close(Open& open) {
  done_ = {open.shape, open.begin, open.depth, open.keys, open.entries, false, 0};
  uint32_t id = SharedSet::kNone;
  if (open.shape.full >= kSmallestShared) id = set_.Find(open.shape.print);
  if (id != SharedSet::kNone && out_.shared[id].found) {
    children_.resize(open.children);
    PushRef(open.begin, open.depth, id);
    CutBack(open.begin);
    done_.entries = 1;
    return;
  }
  if (open.entries > list_entries_) {
    BigNode node;
    node.items = out_.items.size();
    node.item_count = static_cast<uint32_t>(children_.size() - open.children);
    node.keys = open.keys;
    for (size_t i = open.children; i < children_.size(); ++i) {
      Item item = children_[i].item;
      const size_t stop = i + 1 < children_.size() ? children_[i + 1].pending : pending_.size();
      if (item.kind == Item::kSmall) item.at = Settle(children_[i].pending, stop, open.depth);
      out_.items.push_back(item);
    }
    done_.big = true;
    done_.node = out_.nodes.size();
    out_.nodes.push_back(node);
  }
  children_.resize(open.children);
  if (id != SharedSet::kNone) {
    SharedSubtree& shared = out_.shared[id];
    shared = {true, done_.big, done_.node, open.entries, open.keys};
    ++found_;
    if (!done_.big) shared.at = Settle(open.begin.pending, pending_.size(), open.depth);
    PushRef(open.begin, open.depth, id);
    done_.big = false;
    done_.entries = 1;
  } else if (done_.big) {
    PopPending(open.begin.pending);
  }
}

// Replaces the pending of a subtree by one reference.
void SkeletonBuilder::PushRef(const Marks& begin, size_t depth, uint32_t id) {
  PopPending(begin.pending);
  // The text from the first key's divergence down to the subtree; last_ has the same path.
  const auto length = static_cast<uint32_t>(depth - begin.shared);
  pending_.push_back({text_.size(), begin.shared, length, id, codes_.size()});
  text_.append(last_, begin.shared, length);
}

void SkeletonBuilder::PopPending(size_t to) {
  if (to >= pending_.size()) return;
  text_.resize(pending_[to].text);
  codes_.resize(pending_[to].code);
  pending_.resize(to);
}

// Forgets what a repeated subtree has left, unless a subtree found within it points there (a
// collision of fingerprints).
void SkeletonBuilder::CutBack(const Marks& marks) {
  if (found_ != marks.found) return;
  out_.entries.resize(marks.entries);
  out_.labels.resize(marks.labels);
  out_.items.resize(marks.items);
  out_.nodes.resize(marks.nodes);
}

// Writes pending entries [from, to) relative to a node's depth; where they begin.
uint64_t SkeletonBuilder::Settle(size_t from, size_t to, size_t depth) {
  const uint64_t at = out_.entries.size();
  for (size_t i = from; i < to; ++i) {
    const Pending& p = pending_[i];
    // Text above the node is the path to it, and is only in the first entry.
    const size_t skip = p.shared < depth ? depth - p.shared : 0;
    PutVarint(&out_.entries, i == from ? 0 : p.shared - depth);
    const uint64_t length = p.length - skip;
    const bool coded = p.code_bytes > 0 && p.spells == length;
    PutVarint(&out_.entries, length << 2 | uint64_t{coded} << 1 | (p.ref != SharedSet::kNone));
    if (p.ref != SharedSet::kNone) PutVarint(&out_.entries, p.ref);
    if (coded) PutVarint(&out_.entries, p.code_bytes);
    out_.entries.append(text_, p.text + skip, length);
    if (coded) out_.entries.append(codes_, p.code, p.code_bytes);
  }
  return at;
}

Skeleton SkeletonBuilder::Finish() {
  if (out_.keys > 0) {
    CloseTo(0);
    if (!stack_.empty()) {
      Hang(stack_.back());
      Open open = std::move(stack_.back());
      stack_.pop_back();
      Close(open);
    }
    Item& root = out_.root;
    root.keys = done_.keys;
    if (done_.big) {
      root.kind = Item::kBig;
      root.at = done_.node;
      root.label = out_.labels.size();
      root.label_bytes = static_cast<uint32_t>(done_.depth);
      out_.labels.append(last_, 0, done_.depth);
    } else {
      root.entries = static_cast<uint16_t>(done_.entries);
      root.at = Settle(0, pending_.size(), 0);
    }
  }
  return std::move(out_);
}

}  // namespace memkv::fst
