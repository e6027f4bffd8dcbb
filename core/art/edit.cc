// Entries come, change and go, in leaves under their paths.

#include <algorithm>
#include <cassert>

#include "core/art/engine.h"

namespace memkv::art {

namespace {

constexpr size_t kSplitBytes = 16 << 10;  // a leaf over this splits before it takes another key

Bytes AsBytes(const uint8_t* p, size_t n) { return {reinterpret_cast<const char*>(p), n}; }
const uint8_t* Data(Bytes b) { return reinterpret_cast<const uint8_t*>(b.data()); }

// The own block of entry i's record; 0 if there is none.
Ref FarOf(const Leaf& leaf, uint32_t i) {
  return leaf.has_records() && (leaf.code(i) & 3) == kFarCell ? Load32(leaf.cell(i)) : 0;
}

}  // namespace

LeafParts::Cell Engine::InlineCell(const Value& v) {
  if (!v.is_record) return {kNumberCell, 0, v.number, nullptr};
  return {kRecordCell, static_cast<uint32_t>(v.record.size()), 0, Data(v.record)};
}

LeafParts::Cell Engine::NewCell(const Value& v, Heap::Fresh& fresh) {
  if (!v.is_record || v.record.size() <= kInlineRecord) return InlineCell(v);
  return {kFarCell, 0, fresh.Far(heap_.NewFar(v.record)), nullptr};
}

Bytes Engine::PlainKey(const Path& path, const Leaf& leaf, uint32_t i) {
  const TokenBook* tokens = head().book(leaf);
  const uint32_t n = leaf.KeyBytes(tokens, i);
  uint8_t* out = scratch_.Take(n);
  const uint32_t skip = std::min(leaf.skip, n);
  path.CopySeparator(head(), skip, out);
  leaf.AssembleKey(tokens, i, skip, out, n);
  return AsBytes(out, n);
}

void Engine::Put(Bytes key, const Entry& entry, bool* existed, bool overwrite) {
  const Heap::Headroom headroom(&heap_);
  Begin();
  if (existed) *existed = false;
  if (!head().root) return PutFirst(key, entry);
  for (;;) {
    LeafPos pos = {0, false, 0, 0};
    const bool hinted = hint_.Leads(key, &pos.lcp_prev);
    if (!hinted) {
      hint_.Clear();
      path_.Floor(head(), key);
      PrefetchLeaf(head().leaf(head().desc(path_.desc()).leaf()));
    }
    const Leaf leaf = heap_.LeafAt(path_);
    if (hinted) {
      pos.pos = leaf.n;
    } else {
      pos = leaf.Find(head().book(leaf), key);
    }
    if (pos.exact) {
      if (existed) *existed = true;
      if (!overwrite) return;
      if (undo) KeepUndo(key, leaf, pos.pos);
      heap_.NoteWrite();
      if (!UpdatePlainly(leaf, pos.pos, entry)) Update(pos.pos, entry);
      return Tend();
    }
    if (leaf.n < kLeafMax && (leaf.n < 2 || size_t{leaf.granules} * kGranule < kSplitBytes)) {
      if (undo) KeepUndo(key, leaf, nullptr);
      PutNew(leaf, pos, key, entry, hinted);
      return Tend();
    }
    hint_.Clear();
    Split(pos.pos == leaf.n && leaf.run >= Leaf::kMostRun);
  }
}

void Engine::PutFirst(Bytes key, const Entry& entry) {
  assert(!undo);  // from an empty map on there is no log
  LeafParts& a = parts_;
  a.Clear(coding_.present());
  a.n = 1;
  a.empty_first = key.empty();
  Heap::Fresh fresh(&heap_);
  a.cell[0] = NewCell(entry.value, fresh);
  a.net[0] = static_cast<int8_t>(entry.net);
  a.l[0] = a.r[0] = 0;
  a.f[0] = 0;
  if (!key.empty()) coder_.SetRest(a, 0, 0, key);
  a.Plan();
  heap_.ReserveHeight(8);
  const Ref leaf = fresh.Leaf(heap_.NewLeaf(a));
  heap_.head.root = heap_.NewDesc(leaf, {});
  fresh.Keep();
  heap_.head.size = 1;
  heap_.head.net = entry.net;
  heap_.NoteWrite();
}

// Into `leaf`, of path_, which has room. `hinted`: that is known of the hint.
void Engine::PutNew(const Leaf& leaf, const LeafPos& pos, Bytes key, const Entry& entry,
                    bool hinted) {
  heap_.NoteWrite();
  directory_.MakeWritable(path_);
  const bool plain = !entry.value.is_record && entry.net == 1, last = pos.pos == leaf.n;
  const bool appending = last && leaf.run >= Leaf::kMostRun;
  // Should a step throw, the hint must not tell of a key that is not there.
  hint_.Clear();
  if (appending) hinted ? hint_.NoteLast(key) : hint_.Note(head(), path_, key);
  if (!plain || !(last && AppendPlainly(leaf, pos, key, entry.value.number))) {
    const bool opens = appending && leaf.n < kLeafMax / 2;
    if (!plain || opens || !InsertPlainly(leaf, pos, key, entry.value.number)) {
      Insert(pos, key, entry);
    }
  }
  if (appending) hint_.Set();
  directory_.AddCounts(path_, 1, entry.net);
  ++heap_.head.size;
  heap_.head.net += entry.net;
  coding_.NoteWrites(1);
}

void Engine::Insert(const LeafPos& pos, Bytes key, const Entry& entry) {
  LeafParts& a = parts_;
  const uint32_t p = pos.pos;
  const bool open = p == heap_.LeafAt(path_).n && heap_.LeafAt(path_).run >= Leaf::kMostRun;
  if (open) {
    CloseLeaf();
    // Where the open leaf was this one, and shared, it is another block by now.
    path_.Floor(head(), key);
    directory_.MakeWritable(path_);
  }
  a.Load(heap_.LeafAt(path_));
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
  Heap::Fresh fresh(&heap_);
  a.cell[p] = NewCell(entry.value, fresh);
  a.net[p] = static_cast<int8_t>(entry.net);
  a.Plan();
  if (open && a.n < kLeafMax) {
    const uint32_t n = path_.SeparatorBytes(head());
    uint8_t* separator = scratch_.Take(n);
    path_.CopySeparator(head(), n, separator);
    Open(a, AsBytes(separator, n));
  }
  directory_.StoreLeaf(path_, a);
  fresh.Keep();
}

void Engine::Update(uint32_t i, const Entry& entry) {
  directory_.MakeWritable(path_);
  heap_.ReserveDead(4);
  const Leaf leaf = heap_.LeafAt(path_);
  const Ref old_far = FarOf(leaf, i);
  const int by = entry.net - leaf.net(i);
  LeafParts& a = parts_;
  a.Load(leaf);
  Heap::Fresh fresh(&heap_);
  a.cell[i] = NewCell(entry.value, fresh);
  a.net[i] = static_cast<int8_t>(entry.net);
  a.Plan();
  directory_.StoreLeaf(path_, a);
  fresh.Keep();
  if (old_far) heap_.Retire(kFarBlock, old_far);
  directory_.AddCounts(path_, 0, by);
  heap_.head.net += by;
}

bool Engine::Erase(Bytes key) {
  Begin();
  if (!head().root) return false;
  hint_.Clear();
  path_.Floor(head(), key);
  PrefetchLeaf(head().leaf(head().desc(path_.desc()).leaf()));
  const Leaf leaf = heap_.LeafAt(path_);
  const LeafPos pos = leaf.Find(head().book(leaf), key);
  if (!pos.exact) return false;
  if (undo) KeepUndo(key, leaf, pos.pos);
  heap_.NoteWrite();
  const int net = leaf.net(pos.pos);
  const Ref far = FarOf(leaf, pos.pos);
  const uint32_t left = leaf.n - 1;
  if (left) {
    EraseEntry(leaf, pos.pos);
  } else {
    EraseOnlyEntry(leaf);
  }
  if (far) heap_.Retire(kFarBlock, far);
  --heap_.head.size;
  heap_.head.net -= net;
  if (left && left < kLeafMax / 2 && left % 4 == 0) {
    // The entry is gone already: what follows saves memory and may fail.
    try {
      MergeSmall();
    } catch (const std::bad_alloc&) {
    }
  }
  Tend();
  return true;
}

void Engine::EraseEntry(const Leaf& leaf, uint32_t i) {
  const int net = leaf.net(i);
  directory_.MakeWritable(path_);
  heap_.ReserveDead(4);
  if (!ErasePlainly(leaf, i)) {
    LeafParts& a = parts_;
    a.Load(leaf);
    coder_.Recode(a);
    coder_.RemoveEntry(a, i);
    a.run = 0;
    a.Plan();
    directory_.StoreLeaf(path_, a);
  }
  directory_.AddCounts(path_, -1, -net);
}

// The only entry of its leaf: a neighbour takes the leaf's place.
void Engine::EraseOnlyEntry(const Leaf& leaf) {
  heap_.ReserveDead(path_.height() + 4);
  if (head().size == 1) {
    for (size_t i = 0; i < path_.height(); ++i) heap_.Retire(kNodeBlock, path_[i].node);
    heap_.head.root = 0;
    heap_.Retire(kPairBlock, path_.desc());
    return;
  }
  LeafParts& a = parts_;
  LeafParts& b = parts2_;
  size_t level;
  other_ = path_;
  if (other_.Prev(head(), &level)) {
    a.Load(heap_.LeafAt(other_));
    b.Load(leaf);
    b.n = 0;
    Combine(other_, a, path_, b);
  } else {
    other_.Next(head(), &level);
    b.Load(heap_.LeafAt(other_));
    a.Load(leaf);
    a.n = 0;
    a.empty_first = false;
    Combine(path_, a, other_, b);
  }
}

}  // namespace memkv::art
