// The directory: separators going in and out, counts, paths made writable.

#include <algorithm>
#include <cassert>

#include "core/art/engine.h"

namespace memkv::art {

namespace {

Bytes AsBytes(const uint8_t* p, size_t n) { return {reinterpret_cast<const char*>(p), n}; }

Kind KindFor(uint32_t children) {
  return children <= 4    ? kNode4
         : children <= 8  ? kNode8
         : children <= 16 ? kNode16
         : children <= 48 ? kNode48
                          : kNode256;
}

// Moves entries [slot, n) of an array of 32-bit elements one up.
void OpenGap(uint8_t* a, int slot, uint32_t n) {
  std::memmove(a + 4 * slot + 4, a + 4 * slot, 4 * (n - static_cast<uint32_t>(slot)));
}
void CloseGap(uint8_t* a, int slot, uint32_t n) {
  std::memmove(a + 4 * slot, a + 4 * slot + 4, 4 * (n - static_cast<uint32_t>(slot) - 1));
}

}  // namespace

void Engine::AddSlot(Node* x, uint8_t c, Ref kid, uint32_t count, int32_t net) noexcept {
  uint8_t* k = x->keys();
  int slot = c;
  if (x->kind != kNode256) {
    assert(x->n < x->cap());
    if (x->kind == kNode48) {
      slot = map256::RankOf(k, c);
    } else {
      for (slot = x->n; slot > 0 && k[slot - 1] > c; --slot) k[slot] = k[slot - 1];
      k[slot] = c;
    }
    OpenGap(x->kids(), slot, x->n);
    OpenGap(x->counts() + 4, slot, x->n);
    if (head.nets) OpenGap(x->nets() + 4, slot, x->n);
  }
  if (x->kind >= kNode48) {
    k[c >> 3] |= static_cast<uint8_t>(1 << (c & 7));
    if (x->kind == kNode48) map256::CountWords(k);
  }
  ++x->n;
  x->set_kid(slot, kid);
  Store32(x->counts() + 4 * (slot + 1), count);
  if (head.nets) Store32(x->nets() + 4 * (slot + 1), static_cast<uint32_t>(net));
}

void Engine::RemoveSlot(Node* x, int slot) noexcept {
  if (slot == Node::kTermSlot) {
    x->term = 0;
    Store32(x->counts(), 0);
    if (head.nets) Store32(x->nets(), 0);
    return;
  }
  uint8_t* k = x->keys();
  if (x->kind >= kNode48) {
    const uint8_t c = x->ByteAt(slot);
    k[c >> 3] &= static_cast<uint8_t>(~(1 << (c & 7)));
    if (x->kind == kNode48) map256::CountWords(k);
  } else {
    std::memmove(k + slot, k + slot + 1, x->n - static_cast<uint32_t>(slot) - 1);
  }
  if (x->kind == kNode256) {
    x->set_kid(slot, 0);
    Store32(x->counts() + 4 * (slot + 1), 0);
    if (head.nets) Store32(x->nets() + 4 * (slot + 1), 0);
  } else {
    CloseGap(x->kids(), slot, x->n);
    CloseGap(x->counts() + 4, slot, x->n);
    if (head.nets) CloseGap(x->nets() + 4, slot, x->n);
  }
  --x->n;
}

void Engine::Link(const Path& path, size_t level, Ref r) noexcept {
  if (level == 0) {
    head.root = r;
  } else {
    node(path[level - 1].node)->set_at(path[level - 1].slot, r);
  }
}

void Engine::MakeWritable(Path& path) {
  if (!shared_) return;
  ReserveDead(path.height() + 4);
  for (size_t i = 0; i < path.height(); ++i) {
    const Ref old = path[i].node;
    const Node* x = node(old);
    if (!Shared(x->birth)) continue;
    const size_t bytes = Node::Bytes(x->kind, x->prefix_len, head.nets);
    const Ref r = directory_.Allocate(Arena::Granules(bytes));
    Refresh();
    std::memcpy(static_cast<void*>(node(r)), node(old), bytes);
    SetBirth(node(r)->birth, number_);
    Link(path, i, r);
    path[i].node = r;
    Retire(kNodeBlock, old);
  }
}

void Engine::FixMax(const Path& path) noexcept {
  for (size_t i = path.height(); i-- > 0;) {
    Node* x = node(path[i].node);
    x->max = head.MaxOf(x->at(x->Before(Node::kNone)));
  }
}

// Puts another descriptor at the end of a writable path.
void Engine::LinkDesc(Path& path, Ref desc) noexcept {
  Link(path, path.height(), desc);
  path.set_desc(desc);
  for (size_t i = path.height(); i-- > 0;) {
    Node* x = node(path[i].node);
    if (x->After(path[i].slot) != Node::kNone) break;
    x->max = desc;
  }
}

void Engine::AddCounts(const Path& path, size_t levels, int64_t count, int64_t net) noexcept {
  for (size_t i = 0; i < levels; ++i) {
    Node* x = node(path[i].node);
    x->add_count(path[i].slot, static_cast<uint32_t>(count));
    if (head.nets) x->add_net(path[i].slot, static_cast<int32_t>(net));
  }
}

// Bytes that a new separator shares with those before and after it (0 where there is none); the one
// before may end there.
void Engine::Neighbours(Bytes sep, uint32_t* shared_prev, uint32_t* shared_next) const {
  *shared_prev = *shared_next = 0;
  uint32_t d = 0;
  Ref r = head.root;
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
  const Desc e = head.desc(r);
  const Bytes tail = AsBytes(e.tail(), e.tail_len());
  const uint32_t k = static_cast<uint32_t>(CommonPrefix(tail, sep.substr(d)));
  if (k < tail.size() && (d + k >= sep.size() || at(d + k) < static_cast<uint8_t>(tail[k]))) {
    *shared_next = d + k;
  } else {
    *shared_prev = d + k;
  }
}

void Engine::InsertSeparator(Bytes sep, Ref leaf, uint32_t count, int32_t net) {
  Path& p = sep_path_;
  p.Truncate(0);
  uint32_t d = 0;
  Ref r = head.root;
  uint32_t k = 0;
  int slot = Node::kNone;
  bool inside = false;  // the separator leaves r's prefix or tail at k
  for (;;) {
    const Bytes own = IsDesc(r) ? AsBytes(head.desc(r).tail(), head.desc(r).tail_len())
                                : AsBytes(node(r)->prefix(), node(r)->prefix_len);
    k = static_cast<uint32_t>(CommonPrefix(own, sep.substr(d)));
    inside = IsDesc(r) || k < own.size();
    if (inside) break;
    d += k;
    if (d == sep.size()) {
      slot = Node::kTermSlot;
      p.Push(r, d, slot);
      break;
    }
    int lower;
    slot = node(r)->Find(static_cast<uint8_t>(sep[d]), &lower);
    p.Push(r, d, slot);
    if (slot < 0) break;
    r = node(r)->kid(slot);
    ++d;
  }
  walk_.reserve(p.height() + 8);
  path_.Reserve(p.height() + 4);
  ReserveDead(p.height() + 8);
  MakeWritable(p);
  const size_t above = p.height();

  Fresh fresh(this);
  const Bytes below = d + k < sep.size() && inside ? sep.substr(d + k + 1) : Bytes();
  if (!inside) {
    const Ref desc =
        fresh.Desc(NewDesc(leaf, slot == Node::kTermSlot ? Bytes() : sep.substr(d + 1)));
    Ref x = p[above - 1].node;
    if (slot == Node::kTermSlot) {
      node(x)->term = desc;
    } else {
      if (node(x)->kind != kNode256 && node(x)->n == node(x)->cap()) {
        const Ref y = Rebuild(x, static_cast<Kind>(node(x)->kind + 1),
                              AsBytes(node(x)->prefix(), node(x)->prefix_len));
        Link(p, above - 1, y);
        FreeNode(x);
        p[above - 1].node = x = y;
      }
      AddSlot(node(x), static_cast<uint8_t>(sep[d]), desc, 0, 0);
      int lower;
      slot = node(x)->Find(static_cast<uint8_t>(sep[d]), &lower);
    }
    p[above - 1].slot = slot;
    AddCounts(p, above, count, net);
  } else {
    const Ref top = fresh.Node(NewNode(kNode4, sep.substr(d, k)));
    const Ref desc = fresh.Desc(NewDesc(leaf, below));
    const uint32_t old_count = above ? node(p[above - 1].node)->count(p[above - 1].slot)
                                     : static_cast<uint32_t>(head.size);
    const int32_t old_net = !head.nets ? 0
                            : above    ? node(p[above - 1].node)->net(p[above - 1].slot)
                                       : static_cast<int32_t>(head.net);
    Ref pushed;       // what was at r, without the bytes that `top` has now
    int branch = -1;  // its byte below top; -1: it ends there
    if (IsDesc(r)) {
      const Desc e = head.desc(r);
      const Bytes tail = AsBytes(e.tail(), e.tail_len());
      if (k < tail.size()) branch = static_cast<uint8_t>(tail[k]);
      const bool shared = Shared(head.leaf(e.leaf()));
      const Ref old_leaf = e.leaf();
      const Ref new_leaf = shared ? fresh.Leaf(CopyLeaf(old_leaf)) : old_leaf;
      pushed = NewDesc(new_leaf, k < tail.size() ? tail.substr(k + 1) : Bytes());
      if (shared) {
        Retire(kPairBlock, r);
      } else {
        FreeDesc(r);
      }
    } else {
      const Node* x = node(r);
      branch = x->prefix()[k];
      pushed = Rebuild(r, static_cast<Kind>(x->kind),
                       AsBytes(x->prefix() + k + 1, x->prefix_len - k - 1));
      Retire(kNodeBlock, r);
    }
    Node* t = node(top);
    auto put = [&](int c, Ref kid, uint32_t n, int32_t nn) {
      if (c >= 0) {
        AddSlot(t, static_cast<uint8_t>(c), kid, n, nn);
        return;
      }
      t->term = kid;
      Store32(t->counts(), n);
      if (head.nets) Store32(t->nets(), static_cast<uint32_t>(nn));
    };
    put(branch, pushed, old_count, old_net);
    put(d + k < sep.size() ? static_cast<uint8_t>(sep[d + k]) : -1, desc, count, net);
    Link(p, above, top);
    AddCounts(p, above, count, net);
    p.Push(top, d + k, Node::kTermSlot);
  }
  fresh.Keep();
  FixMax(p);
}

void Engine::RemoveSeparator(Path& path) noexcept {
  for (size_t i = path.height(); i-- > 0;) {
    Node* x = node(path[i].node);
    RemoveSlot(x, path[i].slot);
    if (x->After(Node::kNone) != Node::kNone) {
      path.Truncate(i + 1);
      FixMax(path);
      return;
    }
    FreeNode(path[i].node);
  }
  path.Truncate(0);
  head.root = 0;
}

// A node of a writable path gives way to its only child, or to a smaller size.
void Engine::Tidy(Path& path, size_t level) {
  const Ref r = path[level].node;
  const Node* x = node(r);
  const uint32_t children = x->children();
  ReserveDead(2);
  Fresh fresh(this);
  Ref better;
  if (children + (x->term ? 1 : 0) == 1) {
    const int slot = x->After(Node::kNone);
    const Ref kid = x->at(slot);
    const Bytes tail = IsDesc(kid) ? AsBytes(head.desc(kid).tail(), head.desc(kid).tail_len())
                                   : AsBytes(node(kid)->prefix(), node(kid)->prefix_len);
    const size_t n = x->prefix_len + (slot == Node::kTermSlot ? 0 : 1) + tail.size();
    uint8_t* text = scratch_.Take(n);
    uint8_t* at = std::copy(x->prefix(), x->prefix() + x->prefix_len, text);
    if (slot != Node::kTermSlot) *at++ = x->ByteAt(slot);
    std::copy(tail.begin(), tail.end(), at);
    if (IsDesc(kid)) {
      const Ref leaf = head.desc(kid).leaf();
      const bool shared = Shared(head.leaf(leaf));
      better = NewDesc(shared ? fresh.Leaf(CopyLeaf(leaf)) : leaf, AsBytes(text, n));
      if (shared) {
        Retire(kPairBlock, kid);
      } else {
        FreeDesc(kid);
      }
    } else {
      better = Rebuild(kid, static_cast<Kind>(node(kid)->kind), AsBytes(text, n));
      Retire(kNodeBlock, kid);
    }
  } else {
    const uint32_t kind = x->kind;
    if (kind == kNode4 || children > Node::kCap[kind - 1] * 3 / 4) return;
    better = Rebuild(r, KindFor(children), AsBytes(x->prefix(), x->prefix_len));
  }
  fresh.Keep();
  Link(path, level, better);
  FreeNode(r);
  path.Truncate(level);
  FixMax(path);
}

}  // namespace memkv::art
