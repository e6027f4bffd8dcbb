// Erasing a range: the leaves at its two ends are cut, everything between goes by subtrees.

#include <algorithm>
#include <cassert>

#include "core/art/edit_store.h"
#include "core/art/engine.h"

namespace memkv::art {

void Engine::RetireFars(const Leaf& leaf, uint32_t from, uint32_t to) noexcept {
  if (!leaf.has_records()) return;
  const uint8_t* at = leaf.cells();
  for (uint32_t i = 0; i < to; at += leaf.code(i) >> 2, ++i) {
    if (i >= from && (leaf.code(i) & 3) == kFarCell) Retire(kFarBlock, Load32(at));
  }
}

void Engine::RetireTree(Ref root) noexcept {
  Walk(
      root, [](BlockKind, Ref) { return true; }, [&](BlockKind kind, Ref r) { Retire(kind, r); });
}

// Entries from..to-1 of one leaf, not all of them.
bool Engine::EraseWithin(Path& path, uint32_t from, uint32_t to) {
  MakeWritable(path);
  const Leaf leaf = LeafAt(path);
  ReserveDead(4 + (leaf.has_records() ? kLeafMax : 0));
  LeafParts& a = parts_;
  a.Load(leaf);
  coder_.Recode(a);
  int net = 0;
  for (uint32_t i = from; i < to; ++i) net += a.net[i];
  if (to < leaf.n) {
    const Bytes next = PlainKey(path, leaf, to);
    const Bytes prev = from ? PlainKey(path, leaf, from - 1) : Bytes();
    coder_.SetRest(a, to, from ? static_cast<uint32_t>(CommonPrefix(prev, next)) : a.skip, next);
  }
  if (from == 0) a.empty_first = false;
  a.Remove(from, to);
  a.run = 0;
  a.Plan();
  // The leaf is freed below, so its far records are noted now.
  Ref fars[kLeafMax];
  uint32_t n_fars = 0;
  if (leaf.has_records()) {
    for (uint32_t i = from; i < to; ++i) {
      if ((leaf.code(i) & 3) == kFarCell) fars[n_fars++] = Load32(leaf.cell(i));
    }
  }
  ReplaceLeaf(path, a);
  for (uint32_t i = 0; i < n_fars; ++i) Retire(kFarBlock, fars[i]);
  AddCounts(path, path.height(), -static_cast<int64_t>(to - from), -net);
  head.size -= to - from;
  head.net -= net;
  return true;
}

// Slots strictly between two; *below, a slot at or after `to`, follows what moves. kNone: from the
// first, to the last.
void Engine::RemoveSlots(Ref at, int from, int to, int* below) noexcept {
  Node* x = node(at);
  for (int s = x->After(from); s != Node::kNone && s != to;) {
    RetireTree(x->at(s));
    RemoveSlot(x, s);
    if (x->kind == kNode256 || s == Node::kTermSlot) {
      s = x->After(s == Node::kTermSlot ? Node::kTermSlot : s);
    } else {
      if (to != Node::kNone) --to;
      if (below) --*below;
      s = s < static_cast<int>(x->children()) ? s : Node::kNone;
    }
  }
}

// Sets the counts of slots at levels [from, to) of a path from the nodes below them.
void Engine::SumCounts(const Path& path, size_t from, size_t to) noexcept {
  for (size_t i = to; i-- > from;) {
    const Node* x = node(path[i + 1].node);
    uint32_t count = 0;
    int32_t net = 0;
    for (int s = x->After(Node::kNone); s != Node::kNone; s = x->After(s)) {
      count += x->count(s);
      if (head.nets) net += x->net(s);
    }
    Node* up = node(path[i].node);
    up->add_count(path[i].slot, count - up->count(path[i].slot));
    if (head.nets) up->add_net(path[i].slot, net - up->net(path[i].slot));
  }
}

void Engine::DropBetween(Path& a, Path& b) noexcept {
  size_t fork = 0;
  while (a[fork].slot == b[fork].slot) ++fork;
  for (size_t i = a.height(); i-- > fork + 1;)
    RemoveSlots(a[i].node, a[i].slot, Node::kNone, nullptr);
  for (size_t i = b.height(); i-- > fork + 1;)
    RemoveSlots(b[i].node, Node::kNone, b[i].slot, &b[i].slot);
  RemoveSlots(a[fork].node, a[fork].slot, b[fork].slot, &b[fork].slot);
  SumCounts(a, fork, a.height() - 1);
  SumCounts(b, fork, b.height() - 1);
  SumCounts(a, 0, fork);
  FixMax(a);
  FixMax(b);
}

uint64_t Engine::EraseRange(Bytes lo, std::optional<Bytes> hi) {
  Reap();
  scratch_.Reset();
  if (!head.root) return 0;
  hinted_ = false;
  Path& a = path_;
  Path& b = other_;
  size_t level;
  a.Floor(head, lo);
  Leaf la = LeafAt(a);
  uint32_t from = la.Find(head.book(la), lo).pos;
  if (hi) {
    b.Floor(head, *hi);
  } else {
    b.Last(head);
  }
  Leaf lb = LeafAt(b);
  uint32_t to = hi ? lb.Find(head.book(lb), *hi).pos : lb.n;
  const uint64_t gone = b.CountBefore(head) + to - a.CountBefore(head) - from;
  if (!gone) return 0;
  const int64_t net = b.NetBefore(head) + lb.net_sum(to) - a.NetBefore(head) - la.net_sum(from);
  written_ = true;
  if (gone == head.size) {
    if (shared_) ReserveDead(directory_.blocks() + leaves_.blocks());
    RetireTree(head.root);
    head.root = 0;
    head.size = 0;
    head.net = 0;
    return gone;
  }
  if (a.desc() == b.desc() && to - from < la.n) {
    EraseWithin(a, from, to);
    Tend();
    return gone;
  }
  // The leaf before the range keeps an entry, unless the range begins with the first leaf; the leaf
  // after it does, unless the range ends with the last.
  if (from == 0 && a.Prev(head, &level)) from = LeafAt(a).n;
  if (to == lb.n && b.Next(head, &level)) to = 0;

  if (shared_) {
    size_t leaves = 2;
    Path p = a;
    while (p.desc() != b.desc() && p.Next(head, &level)) ++leaves;
    ReserveDead(3 * leaves + a.height() + b.height() + 16 + far_records_);
  }
  const Ref end = b.desc();
  MakeWritable(a);
  // Once more: nodes above may have been copied. Descriptors have not.
  size_t fork = 0;
  while (a[fork].slot == b[fork].slot) ++fork;
  for (size_t i = 0; i <= fork; ++i) b[i].node = a[i].node;
  MakeWritable(b);
  assert(b.desc() == end);
  (void)end;
  la = LeafAt(a);
  lb = LeafAt(b);

  LeafParts& pa = parts_;
  LeafParts& pb = parts2_;
  pa.Load(la);
  pb.Load(lb);
  coder_.Recode(pa);
  coder_.Recode(pb);
  const Bytes first_a = from && !pa.empty_first ? PlainKey(a, la, 0) : Bytes();
  const Bytes last_a = from ? PlainKey(a, la, from - 1) : Bytes();
  const Bytes first_b = to < lb.n ? PlainKey(b, lb, to) : Bytes();
  pa.n = from;
  if (from == 0) pa.empty_first = false;
  pa.run = pb.run = 0;
  pb.Remove(0, to);
  const bool one =
      pa.n == 0 || pb.n == 0 ||
      (pa.n + pb.n <= kLeafMax * 3 / 4 && (size_t{la.granules} + lb.granules) * kGranule < 8192);
  const uint32_t shared = one ? std::min(a[fork].depth, b.SharedWithNext(head)) : a[fork].depth;
  const uint32_t skip = SkipFor(a.SeparatorBytes(head), shared);
  if (pa.n && !pa.empty_first && skip < pa.skip) coder_.SetRest(pa, 0, skip, first_a);
  pa.skip = pa.n ? (pa.empty_first ? 0 : std::min(skip, pa.skip)) : skip;
  if (one) {
    const uint32_t at = pa.n;
    pa.Append(pb, 0, pb.n);
    if (pb.n)
      coder_.SetRest(pa, at, at ? static_cast<uint32_t>(CommonPrefix(last_a, first_b)) : pa.skip,
                     first_b);
  } else {
    coder_.SetRest(pb, 0, pb.skip, first_b);
    pb.Plan();
  }
  pa.Plan();

  Fresh fresh(this);
  const Ref leaf_a = fresh.Leaf(NewLeaf(pa));
  const Ref leaf_b = one ? 0 : fresh.Leaf(NewLeaf(pb));
  const Ref old_a = a.desc(), old_b = b.desc();
  const Desc da = head.desc(old_a), db = head.desc(old_b);
  Ref desc_a = 0, desc_b = 0;
  if (Shared(la.p))
    desc_a = fresh.Desc(NewDesc(leaf_a, {reinterpret_cast<const char*>(da.tail()), da.tail_len()}));
  if (!one && Shared(lb.p))
    desc_b = fresh.Desc(NewDesc(leaf_b, {reinterpret_cast<const char*>(db.tail()), db.tail_len()}));
  // From here on nothing fails.
  fresh.Keep();
  RetireFars(la, from, la.n);
  RetireFars(lb, 0, to);
  auto replace = [&](Path& path, Ref old, Desc desc, Ref leaf, Ref fresh_desc,
                     const LeafParts& parts) {
    int parts_net = 0;
    for (uint32_t i = 0; i < parts.n; ++i) parts_net += parts.net[i];
    const Leaf was(head.leaf(desc.leaf()));
    AddCounts(path, path.height(), static_cast<int64_t>(parts.n) - was.n,
              parts_net - was.net_sum(was.n));
    if (fresh_desc) {
      LinkDesc(path, fresh_desc);
      Retire(kPairBlock, old);
    } else {
      const Ref old_leaf = desc.leaf();
      Desc(desc).set_leaf(leaf);
      FreeLeaf(old_leaf);
    }
  };
  replace(a, old_a, da, leaf_a, desc_a, pa);
  if (!one) replace(b, old_b, db, leaf_b, desc_b, pb);
  DropBetween(a, b);
  if (one) {
    AddCounts(b, b.height(), -static_cast<int64_t>(lb.n), -lb.net_sum(lb.n));
    RemoveSeparator(b);
    Retire(kPairBlock, old_b);
  }
  head.size -= gone;
  head.net -= net;
  try {
    for (size_t i = a.height(); i-- > 0;) Tidy(a, i);
    if (!one) {
      b.Floor(head, *hi);
      MakeWritable(b);
      for (size_t i = b.height(); i-- > 0;) Tidy(b, i);
    }
  } catch (const std::bad_alloc&) {
  }
  Tend();
  return gone;
}

}  // namespace memkv::art
