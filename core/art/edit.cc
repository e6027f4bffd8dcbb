// Writing entries: leaves edited, split and merged under their paths.

#include <algorithm>
#include <cassert>

#include "core/art/edit_store.h"
#include "core/art/engine.h"

namespace memkv::art {

namespace {

constexpr size_t kInlineRecord = 512;     // longer records have blocks of their own
constexpr size_t kSplitBytes = 16 << 10;  // a leaf over this splits before it takes another key
constexpr uint32_t kMergeBelow = kLeafMax / 2;

Bytes AsBytes(const uint8_t* p, size_t n) { return {reinterpret_cast<const char*>(p), n}; }
const uint8_t* Data(Bytes b) { return reinterpret_cast<const uint8_t*>(b.data()); }

}  // namespace

LeafParts::Cell Engine::NewCell(const Value& v) {
  if (!v.is_record) return {kNumberCell, 0, v.number, nullptr};
  if (v.record.size() <= kInlineRecord) {
    return {kRecordCell, static_cast<uint32_t>(v.record.size()), 0, Data(v.record)};
  }
  return {kFarCell, 0, NewFar(v.record), nullptr};
}

Bytes Engine::PlainKey(const Path& path, const Leaf& leaf, uint32_t i) {
  const TokenBook* tokens = head.book(leaf);
  const uint32_t n = leaf.KeyBytes(tokens, i);
  uint8_t* out = scratch_.Take(n);
  const uint32_t skip = std::min(leaf.skip, n);
  path.CopySeparator(head, skip, out);
  leaf.AssembleKey(tokens, i, skip, out, n);
  return AsBytes(out, n);
}

// Stores parts as the leaf of a writable path. REQUIRES Plan().
void Engine::ReplaceLeaf(Path& path, LeafParts& parts) {
  StoreLeaf(path, parts.bytes, parts.book,
            [&](uint8_t* block, uint32_t g, uint64_t birth) { parts.Store(block, g, birth); });
}

void Engine::UnsharePair(Path& path) {
  const Desc desc = head.desc(path.desc());
  if (!Shared(head.leaf(desc.leaf()))) return;
  ReserveDead(2);
  Fresh fresh(this);
  const Ref leaf = fresh.Leaf(CopyLeaf(desc.leaf()));
  const Ref fresh_desc = NewDesc(leaf, AsBytes(desc.tail(), desc.tail_len()));
  fresh.Keep();
  const Ref old_desc = path.desc();
  LinkDesc(path, fresh_desc);
  Retire(kPairBlock, old_desc);
}

void Engine::Put(Bytes key, const Entry& entry, bool* existed, bool overwrite) {
  const Headroom headroom(this);
  Reap();
  scratch_.Reset();
  if (existed) *existed = false;
  if (!head.root) {
    assert(!undo);  // from an empty map on there is no log
    LeafParts& a = parts_;
    a = LeafParts();
    a.n = 1;
    a.book = coding_.present();
    a.empty_first = key.empty();
    Fresh fresh(this);
    a.cell[0] = NewCell(entry.value);
    if (a.cell[0].kind == kFarCell) fresh.Far(static_cast<Ref>(a.cell[0].number));
    a.net[0] = static_cast<int8_t>(entry.net);
    a.l[0] = a.r[0] = 0;
    a.f[0] = 0;
    if (!key.empty()) coder_.SetRest(a, 0, 0, key);
    a.Plan();
    walk_.reserve(8);
    const Ref leaf = fresh.Leaf(NewLeaf(a));
    head.root = NewDesc(leaf, {});
    fresh.Keep();
    head.size = 1;
    head.net = entry.net;
    written_ = true;
    return;
  }
  for (;;) {
    LeafPos pos;
    const bool hinted = Hinted(key, &pos.lcp_prev);
    if (!hinted) {
      hinted_ = false;
      path_.Floor(head, key);
      PrefetchLeaf(head.leaf(head.desc(path_.desc()).leaf()));
    }
    const Leaf leaf = LeafAt(path_);
    if (hinted) {
      pos = {leaf.n, false, pos.lcp_prev, 0};
    } else {
      pos = leaf.Find(head.book(leaf), key);
    }
    if (pos.exact) {
      if (existed) *existed = true;
      if (!overwrite) return;
      if (undo) KeepUndo(key, leaf, pos.pos);
      if (!UpdatePlainly(leaf, pos.pos, entry)) Update(pos.pos, entry);
      Tend();
      return;
    }
    if (leaf.n < kLeafMax && (leaf.n < 2 || size_t{leaf.granules} * kGranule < kSplitBytes)) {
      if (undo) KeepUndo(key, leaf, nullptr);
      written_ = true;
      MakeWritable(path_);
      const bool plain = !entry.value.is_record && entry.net == 1, last = pos.pos == leaf.n;
      const bool appending = last && leaf.run >= Leaf::kMostRun;
      if (appending) SetHint(key, hinted);
      // Should this throw, the hint must not tell of a key that is not there.
      const bool hint = hinted_;
      hinted_ = false;
      if (!plain || !(last && AppendPlainly(leaf, pos, key, entry.value.number))) {
        if (!plain || (appending && leaf.n < kLeafMax / 2) ||
            !InsertPlainly(leaf, pos, key, entry.value.number)) {
          Insert(pos, key, entry);
        }
      }
      hinted_ = hint && appending;
      AddCounts(path_, path_.height(), 1, entry.net);
      ++head.size;
      head.net += entry.net;
      coding_.NoteWrites(1);
      Tend();
      return;
    }
    hinted_ = false;
    Split(pos.pos == leaf.n && leaf.run >= Leaf::kMostRun);
  }
}

void Engine::Insert(const LeafPos& pos, Bytes key, const Entry& entry) {
  LeafParts& a = parts_;
  const uint32_t p = pos.pos;
  const bool open = p == LeafAt(path_).n && LeafAt(path_).run >= Leaf::kMostRun;
  if (open) {
    CloseLeaf();
    // Where the open leaf was this one, and shared, it is another block by now.
    path_.Floor(head, key);
    MakeWritable(path_);
  }
  a.Load(LeafAt(path_));
  coder_.Recode(a);
  a.run = p == a.n ? std::min<uint8_t>(Leaf::kMostRun, a.run + 1) : 0;
  if (p < a.n) coder_.CutNext(a, p, std::max(pos.lcp_next, a.l[p]));
  a.MakeRoom(p);
  if (key.empty()) {
    a.empty_first = true;
    a.l[0] = a.r[0] = 0;
    a.f[0] = 0;
  } else {
    coder_.SetRest(a, p, p ? pos.lcp_prev : a.skip, key);
  }
  Fresh fresh(this);
  a.cell[p] = NewCell(entry.value);
  if (a.cell[p].kind == kFarCell) fresh.Far(static_cast<Ref>(a.cell[p].number));
  a.net[p] = static_cast<int8_t>(entry.net);
  a.Plan();
  if (open && a.n < kLeafMax) {
    NoteOpen(path_);
    Open(a);
  }
  ReplaceLeaf(path_, a);
  fresh.Keep();
}

// Plans parts as an open leaf, with room for rests as long as those it has. They are plain until
// it is closed, and then coded together.
void Engine::Open(LeafParts& parts) {
  coder_.Decode(parts);
  parts.open = true;
  parts.least_width = parts.width;
  size_t rest = 0;
  for (uint32_t i = 0; i < parts.n; ++i) rest += parts.r[i];
  rest /= parts.n;
  parts.spare = (kLeafMax - parts.n) * (rest + rest / 8 + 1);
  parts.Plan();
}

void Engine::NoteOpen(const Path& path) {
  const uint32_t n = path.SeparatorBytes(head);
  open_at_.resize(n);
  path.CopySeparator(head, n, reinterpret_cast<uint8_t*>(open_at_.data()));
  open_ = true;
}

void Engine::CloseLeaf() {
  if (!open_) return;
  other_.Floor(head, open_at_);
  const Leaf leaf = LeafAt(other_);
  if (leaf.flags & Leaf::kOpen) {
    MakeWritable(other_);
    LeafParts& a = parts2_;
    a.Load(leaf);
    coder_.Recode(a);
    a.Plan();
    ReplaceLeaf(other_, a);
  }
  open_ = false;
}

// Then *shared is what key shares with the last key there.
bool Engine::Hinted(Bytes key, uint32_t* shared) const {
  if (!hinted_) return false;
  const size_t k = CommonPrefix(hint_last_, key);
  *shared = static_cast<uint32_t>(k);
  if (k == key.size() || (k < hint_last_.size() &&
                          static_cast<uint8_t>(key[k]) < static_cast<uint8_t>(hint_last_[k]))) {
    return false;
  }
  return !(hint_ends_ && key >= Bytes(hint_to_));
}

// The keys of path_'s leaf come in order, and `last` is about to become its last.
void Engine::SetHint(Bytes last, bool same_leaf) {
  hinted_ = false;
  hint_last_.assign(last.data(), last.size());
  if (same_leaf) {
    hinted_ = true;
    return;
  }
  auto copy = [&](const Path& path, Key* out) {
    out->resize(path.SeparatorBytes(head));
    path.CopySeparator(head, static_cast<uint32_t>(out->size()),
                       reinterpret_cast<uint8_t*>(out->data()));
  };
  other_ = path_;
  size_t level;
  hint_ends_ = other_.Next(head, &level);
  if (hint_ends_) copy(other_, &hint_to_);
  hinted_ = true;
}

void Engine::Update(uint32_t i, const Entry& entry) {
  written_ = true;
  MakeWritable(path_);
  ReserveDead(4);
  LeafParts& a = parts_;
  a.Load(LeafAt(path_));
  const LeafParts::Cell old = a.cell[i];
  const int by = entry.net - a.net[i];
  Fresh fresh(this);
  a.cell[i] = NewCell(entry.value);
  if (a.cell[i].kind == kFarCell) fresh.Far(static_cast<Ref>(a.cell[i].number));
  a.net[i] = static_cast<int8_t>(entry.net);
  a.Plan();
  ReplaceLeaf(path_, a);
  fresh.Keep();
  if (old.kind == kFarCell) Retire(kFarBlock, static_cast<Ref>(old.number));
  AddCounts(path_, path_.height(), 0, by);
  head.net += by;
}

// Splits the leaf of path_ in two, at its end where keys are being appended.
void Engine::Split(bool append) {
  written_ = true;
  MakeWritable(path_);
  UnsharePair(path_);
  const Leaf leaf = LeafAt(path_);
  LeafParts& a = parts_;
  a.Load(leaf);
  uint32_t at = a.n / 2;
  if (append) {
    at = a.n - 1;
  } else {
    // The shortest separator near the middle.
    const uint32_t spread = a.n / 8;
    for (uint32_t i = a.n / 2 - spread; i <= a.n / 2 + spread; ++i) {
      if (i > 0 && a.l[i] < a.l[at]) at = i;
    }
  }
  at = std::max(at, 1u);
  const Bytes first = PlainKey(path_, leaf, at);
  const Bytes sep = first.substr(0, a.l[at] + 1);
  const uint32_t own_bytes = path_.SeparatorBytes(head);
  uint8_t* own = scratch_.Take(own_bytes);
  path_.CopySeparator(head, own_bytes, own);
  uint32_t shared_prev, shared_next;
  Neighbours(sep, &shared_prev, &shared_next);

  coder_.Recode(a);
  LeafParts& b = parts2_;
  b.n = 0;
  b.book = a.book;
  b.empty_first = false;
  b.skip = SkipFor(static_cast<uint32_t>(sep.size()), shared_next);
  b.run = append ? Leaf::kMostRun : 0;
  b.Append(a, at, a.n);
  coder_.SetRest(b, 0, b.skip, first);
  b.open = false;
  b.Plan();
  a.n = at;
  a.run = 0;
  const uint32_t skip = std::max(a.skip, SkipFor(own_bytes, shared_prev));
  if (!a.empty_first) coder_.CutNext(a, 0, skip);
  a.skip = a.empty_first ? 0 : skip;
  a.Plan();
  if (append) {
    b.width = std::max(a.width, b.width);
    Open(b);
    open_at_.assign(sep.data(), sep.size());
  }
  int32_t net = 0;
  for (uint32_t i = 0; i < b.n; ++i) net += b.net[i];

  Fresh fresh(this);
  const Ref left = fresh.Leaf(NewLeaf(a));
  const Ref right = fresh.Leaf(NewLeaf(b));
  InsertSeparator(sep, right, b.n, net);
  fresh.Keep();
  path_.Floor(head, AsBytes(own, own_bytes));
  const Desc desc = head.desc(path_.desc());
  FreeLeaf(desc.leaf());
  Desc(desc).set_leaf(left);
  if (append) open_ = b.open;
  ++splits_;
  AddCounts(path_, path_.height(), -static_cast<int64_t>(b.n), -net);
}

bool Engine::Erase(Bytes key) {
  Reap();
  scratch_.Reset();
  if (!head.root) return false;
  hinted_ = false;
  path_.Floor(head, key);
  PrefetchLeaf(head.leaf(head.desc(path_.desc()).leaf()));
  const Leaf leaf = LeafAt(path_);
  const LeafPos pos = leaf.Find(head.book(leaf), key);
  if (!pos.exact) return false;
  if (undo) KeepUndo(key, leaf, pos.pos);
  written_ = true;
  ReserveDead(4);
  const int net = leaf.net(pos.pos);
  Ref far = 0;
  if (leaf.has_records() && (leaf.code(pos.pos) & 3) == kFarCell) far = Load32(leaf.cell(pos.pos));
  if (leaf.n == 1) {
    if (head.size == 1) {
      const Ref desc = path_.desc();
      for (size_t i = 0; i < path_.height(); ++i) Retire(kNodeBlock, path_[i].node);
      head.root = 0;
      Retire(kPairBlock, desc);
    } else {
      LeafParts& a = parts_;
      LeafParts& b = parts2_;
      size_t level;
      other_ = path_;
      if (other_.Prev(head, &level)) {
        a.Load(LeafAt(other_));
        b.Load(leaf);
        b.n = 0;
        Combine(other_, a, path_, b);
      } else {
        other_.Next(head, &level);
        b.Load(LeafAt(other_));
        a.Load(leaf);
        a.n = 0;
        a.empty_first = false;
        Combine(path_, a, other_, b);
      }
    }
  } else {
    MakeWritable(path_);
    ReserveDead(4);
    if (!ErasePlainly(leaf, pos.pos)) {
      LeafParts& a = parts_;
      a.Load(leaf);
      coder_.Recode(a);
      coder_.RemoveEntry(a, pos.pos);
      a.run = 0;
      a.Plan();
      ReplaceLeaf(path_, a);
    }
    AddCounts(path_, path_.height(), -1, -net);
  }
  if (far) Retire(kFarBlock, far);
  --head.size;
  head.net -= net;
  if (head.root && leaf.n > 1 && leaf.n - 1 < kMergeBelow && (leaf.n - 1) % 4 == 0) {
    // The entry is gone already: what follows saves memory and may fail.
    try {
      MergeSmall();
    } catch (const std::bad_alloc&) {
    }
  }
  Tend();
  return true;
}

// The leaf of path_ and a neighbour become one if both are under half full.
void Engine::MergeSmall() {
  const Leaf leaf = LeafAt(path_);
  size_t level;
  auto small = [&](const Leaf& o) {
    return leaf.n + o.n <= kMergeBelow &&
           (size_t{leaf.granules} + o.granules) * kGranule < kSplitBytes;
  };
  other_ = path_;
  if (other_.Next(head, &level) && small(LeafAt(other_))) {
    parts_.Load(leaf);
    parts2_.Load(LeafAt(other_));
    Combine(path_, parts_, other_, parts2_);
    return;
  }
  other_ = path_;
  if (other_.Prev(head, &level) && small(LeafAt(other_))) {
    parts_.Load(LeafAt(other_));
    parts2_.Load(leaf);
    Combine(other_, parts_, path_, parts2_);
  }
}

// The leaf at `a` becomes both parts, which may have lost entries since they were loaded; the next
// leaf, at `b`, goes.
void Engine::Combine(Path& a, LeafParts& pa, Path& b, LeafParts& pb) {
  MakeWritable(a);
  b = a;
  size_t level = 0;
  b.Next(head, &level);
  MakeWritable(b);
  ReserveDead(4);
  const Leaf la = LeafAt(a), lb = LeafAt(b);
  const uint32_t shared = std::min(b[level].depth, b.SharedWithNext(head));
  const uint32_t skip = SkipFor(a.SeparatorBytes(head), shared);
  const Bytes first_a = pa.n && !pa.empty_first ? PlainKey(a, la, 0) : Bytes();
  const Bytes last_a = pa.n ? PlainKey(a, la, pa.n - 1) : Bytes();
  const Bytes first_b = pb.n ? PlainKey(b, lb, 0) : Bytes();
  const uint32_t old_a = la.n, old_b = lb.n;
  const int net_a = la.net_sum(old_a), net_b = lb.net_sum(old_b);

  coder_.Recode(pa);
  coder_.Recode(pb);
  if (pa.n && !pa.empty_first && skip < pa.skip) coder_.SetRest(pa, 0, skip, first_a);
  const bool empty_a = pa.n == 0;
  pa.skip = pa.n && pa.empty_first ? 0 : std::min(skip, empty_a ? skip : pa.skip);
  const uint32_t at = pa.n;
  pa.Append(pb, 0, pb.n);
  if (pb.n)
    coder_.SetRest(pa, at, empty_a ? pa.skip : static_cast<uint32_t>(CommonPrefix(last_a, first_b)),
                   first_b);
  pa.run = 0;
  pa.Plan();
  int net = 0;
  for (uint32_t i = 0; i < pa.n; ++i) net += pa.net[i];

  const Ref desc_b = b.desc();
  ReplaceLeaf(a, pa);
  AddCounts(a, a.height(), static_cast<int64_t>(pa.n) - old_a, net - net_a);
  AddCounts(b, b.height(), -static_cast<int64_t>(old_b), -net_b);
  RemoveSeparator(b);
  Retire(kPairBlock, desc_b);
  if (b.height()) {
    try {
      Tidy(b, b.height() - 1);
    } catch (const std::bad_alloc&) {
    }
  }
}

}  // namespace memkv::art
