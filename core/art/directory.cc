#include "core/art/directory.h"

#include <cassert>

namespace memkv::art {

namespace {

Bytes AsBytes(const uint8_t* p, size_t n) { return {reinterpret_cast<const char*>(p), n}; }

}  // namespace

Bytes Directory::TextOf(Ref r) const {
  if (!IsDesc(r)) return AsBytes(node(r)->prefix(), node(r)->prefix_len);
  const Desc e = tree().desc(r);
  return AsBytes(e.tail(), e.tail_len());
}

// --- paths and what is at their ends

void Directory::MakeWritable(Path& path) {
  if (!heap_->has_snapshots()) return;
  heap_->ReserveDead(path.height() + 4);
  for (size_t i = 0; i < path.height(); ++i) {
    const Ref old = path[i].node;
    if (!heap_->Shared(node(old)->birth)) continue;
    const Ref r = heap_->CopyNode(old);
    Link(path, i, r);
    path[i].node = r;
    heap_->Retire(kNodeBlock, old);
  }
}

void Directory::AddCounts(const Path& path, int64_t count, int64_t net) noexcept {
  const Tree t = tree();  // stores into nodes do not change it
  for (size_t i = 0; i < path.height(); ++i) {
    Node* x = t.node(path[i].node);
    x->add_count(path[i].slot, static_cast<uint32_t>(count));
    if (t.nets) x->add_net(path[i].slot, static_cast<int32_t>(net));
  }
}

void Directory::Link(const Path& path, size_t level, Ref r) noexcept {
  if (level == 0) {
    tree().root = r;
  } else {
    node(path[level - 1].node)->set_at(path[level - 1].slot, r);
  }
}

// Puts another descriptor at the end of a path.
void Directory::LinkDesc(Path& path, Ref desc) noexcept {
  Link(path, path.height(), desc);
  path.set_desc(desc);
  for (size_t i = path.height(); i-- > 0;) {
    Node* x = node(path[i].node);
    if (x->After(path[i].slot) != Node::kNone) break;
    x->max = desc;
  }
}

void Directory::FixMax(const Path& path) noexcept {
  for (size_t i = path.height(); i-- > 0;) {
    Node* x = node(path[i].node);
    x->max = tree().MaxOf(x->at(x->Before(Node::kNone)));
  }
}

Ref Directory::NewDescFor(const Path& path, Ref leaf) {
  const Ref old = tree().desc(path.desc()).leaf();
  return heap_->Shared(tree().leaf(old)) ? heap_->NewDesc(leaf, TextOf(path.desc())) : 0;
}

void Directory::SwapLeaf(Path& path, Ref leaf, Ref desc) noexcept {
  const Ref old_desc = path.desc();
  if (desc) {
    LinkDesc(path, desc);
    heap_->Retire(kPairBlock, old_desc);
  } else {
    Desc d = tree().desc(old_desc);
    const Ref old = d.leaf();
    d.set_leaf(leaf);
    heap_->FreeLeaf(old);
  }
}

void Directory::Unshare(Path& path) {
  const Ref old = tree().desc(path.desc()).leaf();
  if (!heap_->Shared(tree().leaf(old))) return;
  heap_->ReserveDead(2);
  Heap::Fresh fresh(heap_);
  const Ref leaf = fresh.Leaf(heap_->CopyLeaf(old));
  const Ref desc = NewDescFor(path, leaf);
  fresh.Keep();
  SwapLeaf(path, leaf, desc);
}

void Directory::MoveDesc(Path& path) {
  const Ref old = path.desc();
  LinkDesc(path, heap_->NewDesc(tree().desc(old).leaf(), TextOf(old)));
  heap_->FreeDesc(old);
}

void Directory::MoveNode(Path& path, size_t level) {
  const Ref old = path[level].node;
  const Ref r = heap_->CopyNode(old);
  Link(path, level, r);
  path[level].node = r;
  heap_->FreeNode(old);
}

// --- separators

void Directory::Neighbours(Bytes sep, uint32_t* shared_prev, uint32_t* shared_next) const {
  *shared_prev = *shared_next = 0;
  uint32_t d = 0;
  Ref r = tree().root;
  auto at = [&](uint32_t i) { return static_cast<uint8_t>(sep[i]); };
  while (!IsDesc(r)) {
    const Node* x = node(r);
    const uint32_t k =
        static_cast<uint32_t>(CommonPrefix(AsBytes(x->prefix(), x->prefix_len), sep.substr(d)));
    if (k < x->prefix_len) {
      if (d + k < sep.size() && at(d + k) > x->prefix()[k]) {
        *shared_prev = d + k;
      } else {
        *shared_next = d + k;
      }
      return;
    }
    d += k;
    if (x->term) *shared_prev = d;
    if (d >= sep.size()) {
      *shared_next = d;
      return;
    }
    int lower;
    const int slot = x->Find(at(d), &lower);
    if (lower >= 0) *shared_prev = d;
    int after = slot >= 0             ? slot
                : x->kind == kNode256 ? at(d)
                : lower >= 0          ? lower
                                      : Node::kTermSlot;
    if (x->After(after) != Node::kNone) *shared_next = d;
    if (slot < 0) return;
    r = x->kid(slot);
    ++d;
  }
  const Desc e = tree().desc(r);
  const Bytes tail = AsBytes(e.tail(), e.tail_len());
  const uint32_t k = static_cast<uint32_t>(CommonPrefix(tail, sep.substr(d)));
  if (k < tail.size() && (d + k >= sep.size() || at(d + k) < static_cast<uint8_t>(tail[k]))) {
    *shared_next = d + k;
  } else {
    *shared_prev = d + k;
  }
}

void Directory::Insert(Bytes sep, Ref leaf, uint32_t count, int32_t net) {
  Path& p = new_path_;
  p.Truncate(0);
  uint32_t depth = 0, shared = 0;
  Ref r = tree().root;
  bool inside = false;  // the separator leaves r's prefix or tail, after `shared` bytes of it
  for (;;) {
    const Bytes own = TextOf(r);
    shared = static_cast<uint32_t>(CommonPrefix(own, sep.substr(depth)));
    inside = IsDesc(r) || shared < own.size();
    if (inside) break;
    depth += shared;
    if (depth == sep.size()) {
      p.Push(r, depth, Node::kTermSlot);
      break;
    }
    int lower;
    const int slot = node(r)->Find(static_cast<uint8_t>(sep[depth]), &lower);
    p.Push(r, depth, slot);
    if (slot < 0) break;
    r = node(r)->kid(slot);
    ++depth;
  }
  heap_->ReserveHeight(p.height() + 8);
  heap_->ReserveDead(p.height() + 8);
  MakeWritable(p);
  if (inside) {
    Fork(p, r, depth, shared, sep, leaf, count, net);
  } else {
    AddChild(p, sep, leaf, count, net);
  }
  FixMax(p);
  ++inserted_;
}

// The separator branches off, or ends, at the last node of the path.
void Directory::AddChild(Path& p, Bytes sep, Ref leaf, uint32_t count, int32_t net) {
  const size_t last = p.height() - 1;
  const uint32_t depth = p[last].depth;
  Heap::Fresh fresh(heap_);
  Ref x = p[last].node;
  if (depth == sep.size()) {
    node(x)->term = heap_->NewDesc(leaf, Bytes());
  } else {
    const auto c = static_cast<uint8_t>(sep[depth]);
    const Ref desc = fresh.Desc(heap_->NewDesc(leaf, sep.substr(depth + 1)));
    if (node(x)->kind != kNode256 && node(x)->n == node(x)->cap()) {
      const Ref larger = heap_->Rebuild(x, static_cast<Kind>(node(x)->kind + 1), TextOf(x));
      Link(p, last, larger);
      heap_->FreeNode(x);
      p[last].node = x = larger;
    }
    node(x)->AddSlot(c, desc, 0, 0, tree().nets);
    int lower;
    p[last].slot = node(x)->Find(c, &lower);
  }
  AddCounts(p, count, net);
  fresh.Keep();
}

// The separator leaves the prefix or the tail of r, which is below the path, after `shared` bytes
// of it: a node comes above r.
void Directory::Fork(Path& p, Ref r, uint32_t depth, uint32_t shared, Bytes sep, Ref leaf,
                     uint32_t count, int32_t net) {
  const bool nets = tree().nets;
  const size_t above = p.height();
  const uint32_t at = depth + shared;
  Heap::Fresh fresh(heap_);
  const Ref top = fresh.Node(heap_->NewNode(kNode4, sep.substr(depth, shared)));
  const Ref desc = fresh.Desc(heap_->NewDesc(leaf, at < sep.size() ? sep.substr(at + 1) : Bytes()));
  const uint32_t old_count = above ? node(p[above - 1].node)->count(p[above - 1].slot)
                                   : static_cast<uint32_t>(tree().size);
  const int32_t old_net = !nets   ? 0
                          : above ? node(p[above - 1].node)->net(p[above - 1].slot)
                                  : static_cast<int32_t>(tree().net);
  const Bytes text = TextOf(r);
  const int old_byte = shared < text.size() ? static_cast<uint8_t>(text[shared]) : -1;
  const Ref pushed = WithText(r, shared < text.size() ? text.substr(shared + 1) : Bytes());
  const auto put = [&](int byte, Ref kid, uint32_t n, int32_t nn) {
    if (byte >= 0) {
      node(top)->AddSlot(static_cast<uint8_t>(byte), kid, n, nn, nets);
    } else {
      node(top)->SetTerm(kid, n, nn, nets);
    }
  };
  put(old_byte, pushed, old_count, old_net);
  put(at < sep.size() ? static_cast<uint8_t>(sep[at]) : -1, desc, count, net);
  Link(p, above, top);
  AddCounts(p, count, net);
  p.Push(top, at, Node::kTermSlot);
  fresh.Keep();
}

Ref Directory::WithText(Ref r, Bytes text) {
  Ref with;
  if (!IsDesc(r)) {
    with = heap_->Rebuild(r, static_cast<Kind>(node(r)->kind), text);
    heap_->Retire(kNodeBlock, r);
    return with;
  }
  const Ref leaf = tree().desc(r).leaf();
  if (!heap_->Shared(tree().leaf(leaf))) {
    with = heap_->NewDesc(leaf, text);
    heap_->FreeDesc(r);
    return with;
  }
  Heap::Fresh fresh(heap_);
  with = heap_->NewDesc(fresh.Leaf(heap_->CopyLeaf(leaf)), text);
  fresh.Keep();
  heap_->Retire(kPairBlock, r);
  return with;
}

void Directory::Remove(Path& path) noexcept {
  for (size_t i = path.height(); i-- > 0;) {
    Node* x = node(path[i].node);
    x->RemoveSlot(path[i].slot, tree().nets);
    if (x->After(Node::kNone) != Node::kNone) {
      path.Truncate(i + 1);
      FixMax(path);
      return;
    }
    heap_->FreeNode(path[i].node);
  }
  path.Truncate(0);
  tree().root = 0;
}

void Directory::Tidy(Path& path, size_t level) {
  const Ref r = path[level].node;
  const Node* x = node(r);
  const uint32_t children = x->children();
  heap_->ReserveDead(2);
  Ref better;
  if (children + (x->term ? 1 : 0) == 1) {
    const int slot = x->After(Node::kNone);
    const Ref kid = x->at(slot);
    const Bytes tail = TextOf(kid);
    const size_t n = x->prefix_len + (slot == Node::kTermSlot ? 0 : 1) + tail.size();
    uint8_t* text = scratch_->Take(n);
    uint8_t* at = std::copy(x->prefix(), x->prefix() + x->prefix_len, text);
    if (slot != Node::kTermSlot) *at++ = x->ByteAt(slot);
    std::copy(tail.begin(), tail.end(), at);
    better = WithText(kid, AsBytes(text, n));
  } else {
    if (x->kind == kNode4 || children > Node::kCap[x->kind - 1] * 3 / 4) return;
    better = heap_->Rebuild(r, Node::KindFor(children), TextOf(r));
  }
  Link(path, level, better);
  heap_->FreeNode(r);
  path.Truncate(level);
  FixMax(path);
}

// Slots strictly between two; *below, a slot at or after `to`, follows what moves. kNone: from the
// first, to the last.
void Directory::RemoveSlots(Ref at, int from, int to, int* below) noexcept {
  Node* x = node(at);
  for (int s = x->After(from); s != Node::kNone && s != to;) {
    heap_->RetireTree(x->at(s));
    x->RemoveSlot(s, tree().nets);
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
void Directory::SumCounts(const Path& path, size_t from, size_t to) noexcept {
  for (size_t i = to; i-- > from;) {
    const Node* x = node(path[i + 1].node);
    uint32_t count = 0;
    int32_t net = 0;
    for (int s = x->After(Node::kNone); s != Node::kNone; s = x->After(s)) {
      count += x->count(s);
      if (tree().nets) net += x->net(s);
    }
    Node* up = node(path[i].node);
    up->add_count(path[i].slot, count - up->count(path[i].slot));
    if (tree().nets) up->add_net(path[i].slot, net - up->net(path[i].slot));
  }
}

void Directory::DropBetween(Path& a, Path& b) noexcept {
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

}  // namespace memkv::art
