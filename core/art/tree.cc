#include "core/art/tree.h"

#include <cassert>
#include <cstring>

namespace memkv::art {

namespace {

const uint8_t* Data(Bytes b) { return reinterpret_cast<const uint8_t*>(b.data()); }
Bytes AsBytes(const uint8_t* p, size_t n) { return {reinterpret_cast<const char*>(p), n}; }

// Whether a separator that goes on with `tail` is above a key that goes on with q.
bool TailAbove(Bytes tail, Bytes q) {
  const size_t k = CommonPrefix(tail, q);
  return k < tail.size() &&
         (k == q.size() || static_cast<uint8_t>(q[k]) < static_cast<uint8_t>(tail[k]));
}

}  // namespace

// One node of a descent to the largest separator <= q.
Descent::Turn Descent::Visit(const Node* x) {
  const uint8_t* s = Data(q_);
  const size_t n = q_.size();
  const uint8_t* p = x->prefix();
  const uint32_t pl = x->prefix_len;
  if (pl) {
    const size_t end = std::min<size_t>(pl, n - depth_);
    size_t k = 0;
    while (k < end && p[k] == s[depth_ + k]) ++k;
    if (k < pl) {
      if (depth_ + k < n && s[depth_ + k] > p[k]) {
        at_ = x->max;
        return kThere;
      }
      return kBack;
    }
    depth_ += pl;
  }
  if (x->term) back_ = x->term;
  if (depth_ >= n) return kBack;
  int lower;
  const int slot = x->Find(s[depth_++], &lower);
  if (lower >= 0) back_ = x->kid(lower);
  if (slot < 0) return kBack;
  at_ = x->kid(slot);
  return kDown;
}

bool Descent::TailIsAbove(Desc e) const {
  const uint32_t tl = e.tail_len();
  return tl && TailAbove(AsBytes(e.tail(), tl), q_.substr(depth_));
}

Ref Tree::Floor(Bytes q) const {
  Descent d(q, root);
  while (!IsDesc(d.at())) {
    const Descent::Turn turn = d.Visit(node(d.at()));
    if (turn == Descent::kThere) return d.at();
    if (turn == Descent::kBack) return MaxOf(d.back());
  }
  return d.TailIsAbove(desc(d.at())) ? MaxOf(d.back()) : d.at();
}

void Path::Reserve(size_t n) {
  if (n <= room_) return;
  std::vector<Frame, Allocator<Frame>> bigger(std::max(n, 2 * room_));
  std::copy(frames_, frames_ + size_, bigger.data());
  heap_.swap(bigger);
  frames_ = heap_.data();
  room_ = heap_.size();
}

void Path::Push(Ref node, uint32_t depth, int slot) {
  if (size_ == room_) Reserve(size_ + 1);
  frames_[size_++] = {node, depth, slot};
}

void Path::DownFirst(const Tree& t, Ref r, uint32_t depth) {
  while (!IsDesc(r)) {
    const Node* x = t.node(r);
    depth += x->prefix_len;
    const int slot = x->After(Node::kNone);
    Push(r, depth, slot);
    depth += slot == Node::kTermSlot ? 0 : 1;
    r = x->at(slot);
  }
  desc_ = r;
}

void Path::DownLast(const Tree& t, Ref r, uint32_t depth) {
  while (!IsDesc(r)) {
    const Node* x = t.node(r);
    depth += x->prefix_len;
    const int slot = x->Before(Node::kNone);
    Push(r, depth, slot);
    depth += slot == Node::kTermSlot ? 0 : 1;
    r = x->at(slot);
  }
  desc_ = r;
}

void Path::First(const Tree& t) {
  size_ = 0;
  DownFirst(t, t.root, 0);
}

void Path::Last(const Tree& t) {
  size_ = 0;
  DownLast(t, t.root, 0);
}

void Path::Floor(const Tree& t, Bytes q) {
  size_ = 0;
  const uint8_t* s = Data(q);
  const size_t n = q.size();
  uint32_t d = 0;
  Ref r = t.root;
  size_t level;
  while (!IsDesc(r)) {
    const Node* x = t.node(r);
    const uint32_t pl = x->prefix_len;
    const uint8_t* p = x->prefix();
    const size_t end = std::min<size_t>(pl, n - d);
    size_t k = 0;
    while (k < end && p[k] == s[d + k]) ++k;
    if (k < pl) [[unlikely]] {
      const bool above = d + k < n && s[d + k] > x->prefix()[k];
      if (above) {
        DownLast(t, r, d);
      } else {
        DownFirst(t, r, d);
        Prev(t, &level);
      }
      return;
    }
    d += pl;
    if (d == n) {
      if (x->term) {
        Push(r, d, Node::kTermSlot);
        desc_ = x->term;
      } else {
        DownFirst(t, r, d - pl);
        Prev(t, &level);
      }
      return;
    }
    int lower;
    const int slot = x->Find(s[d], &lower);
    if (slot < 0) {
      if (lower < 0 && !x->term) {
        DownFirst(t, r, d - pl);
        Prev(t, &level);
      } else if (lower < 0) {
        Push(r, d, Node::kTermSlot);
        desc_ = x->term;
      } else {
        Push(r, d, lower);
        DownLast(t, x->kid(lower), d + 1);
      }
      return;
    }
    Push(r, d, slot);
    ++d;
    r = x->kid(slot);
  }
  desc_ = r;
  const Desc e = t.desc(r);
  if (TailAbove(AsBytes(e.tail(), e.tail_len()), q.substr(d))) Prev(t, &level);
}

void Path::AtRank(const Tree& t, uint64_t rank, uint64_t* before) {
  size_ = 0;
  uint32_t depth = 0;
  Ref r = t.root;
  uint64_t left = rank;
  while (!IsDesc(r)) {
    const Node* x = t.node(r);
    depth += x->prefix_len;
    // Slots without a child count nothing.
    constexpr uint32_t kBlock = 16;
    const uint8_t* counts = x->counts();
    const uint32_t entries = 1 + (x->kind == kNode256 ? 256 : x->children());
    uint32_t at = 0;
    while (at + kBlock <= entries) {
      const uint64_t below = SumWords(counts + 4 * at, kBlock);
      if (left < below) break;
      left -= below;
      at += kBlock;
    }
    for (;; ++at) {
      assert(at < entries);
      const uint32_t c = Load32(counts + 4 * at);
      if (left < c) break;
      left -= c;
    }
    const int slot = static_cast<int>(at) - 1;
    Push(r, depth, slot);
    depth += slot == Node::kTermSlot ? 0 : 1;
    r = x->at(slot);
  }
  desc_ = r;
  *before = rank - left;
}

bool Path::Next(const Tree& t, size_t* level) {
  for (size_t i = size_; i-- > 0;) {
    const Node* x = t.node(frames_[i].node);
    const int slot = x->After(frames_[i].slot);
    if (slot == Node::kNone) continue;
    frames_[i].slot = slot;
    size_ = i + 1;
    *level = i;
    DownFirst(t, x->at(slot), DepthBelow(i));
    return true;
  }
  return false;
}

bool Path::Prev(const Tree& t, size_t* level) {
  for (size_t i = size_; i-- > 0;) {
    const Node* x = t.node(frames_[i].node);
    const int slot = x->Before(frames_[i].slot);
    if (slot == Node::kNone) continue;
    frames_[i].slot = slot;
    size_ = i + 1;
    *level = i;
    DownLast(t, x->at(slot), DepthBelow(i));
    return true;
  }
  return false;
}

uint32_t Path::SharedWithNext(const Tree& t) const {
  for (size_t i = size_; i-- > 0;) {
    if (t.node(frames_[i].node)->After(frames_[i].slot) != Node::kNone) return frames_[i].depth;
  }
  return 0;
}

uint32_t Path::SeparatorBytes(const Tree& t) const {
  return (size_ ? DepthBelow(size_ - 1) : 0) + t.desc(desc_).tail_len();
}

void Path::CopySeparator(const Tree& t, uint32_t n, uint8_t* out) const {
  uint32_t at = 0;
  for (size_t i = 0; i < size_ && at < n; ++i) {
    const Node* x = t.node(frames_[i].node);
    const uint32_t part = std::min(x->prefix_len, n - at);
    std::memcpy(out + at, x->prefix(), part);
    at += part;
    if (at < n && frames_[i].slot != Node::kTermSlot) out[at++] = x->ByteAt(frames_[i].slot);
  }
  if (at < n) std::memcpy(out + at, t.desc(desc_).tail(), n - at);
}

uint64_t Path::CountBefore(const Tree& t) const {
  uint64_t sum = 0;
  for (size_t i = 0; i < size_; ++i) {
    const Node* x = t.node(frames_[i].node);
    // The term's count, then those of the slots before this one.
    sum += SumWords(x->counts(), static_cast<uint32_t>(frames_[i].slot + 1));
  }
  return sum;
}

int64_t Path::NetBefore(const Tree& t) const {
  if (!t.nets) return static_cast<int64_t>(CountBefore(t));
  int64_t sum = 0;
  for (size_t i = 0; i < size_; ++i) {
    sum +=
        SumSignedWords(t.node(frames_[i].node)->nets(), static_cast<uint32_t>(frames_[i].slot + 1));
  }
  return sum;
}

}  // namespace memkv::art
