// Appending: keys in ascending order above all others become whole leaves at the end of the tree,
// each made once.

#include <algorithm>
#include <cassert>

#include "core/art/edit_store.h"
#include "core/art/engine.h"

namespace memkv::art {

namespace {

constexpr size_t kMostRecord = 512;    // longer records have blocks of their own: Put makes them
constexpr size_t kMostLeaf = 8 << 10;  // bytes of keys and records
constexpr size_t kLeastEntries = 16;   // fewer are put one by one

Bytes AsBytes(const uint8_t* p, size_t n) { return {reinterpret_cast<const char*>(p), n}; }

}  // namespace

size_t Engine::AppendLeaf(const Bytes* keys, const Entry* entries, size_t n) {
  uint32_t take = 0;
  size_t bytes = 0;
  for (; take < std::min<size_t>(n, kLeafMax); ++take) {
    const Value& v = entries[take].value;
    if (v.is_record && v.record.size() > kMostRecord) break;
    bytes += keys[take].size() + (v.is_record ? v.record.size() : 0);
    if (bytes > kMostLeaf) break;
  }
  if (take < kLeastEntries || !head.root) return 0;

  const Headroom headroom(this);
  Reap();
  scratch_.Reset();
  written_ = true;
  hinted_ = false;
  CloseLeaf();
  path_.Last(head);
  MakeWritable(path_);
  UnsharePair(path_);
  const Leaf leaf = LeafAt(path_);
  for (uint32_t i = 0; undo && i < take; ++i) KeepUndo(keys[i], leaf, nullptr);
  const Bytes last = PlainKey(path_, leaf, leaf.n - 1);
  assert(last < keys[0]);
  const Bytes sep = keys[0].substr(0, CommonPrefix(last, keys[0]) + 1);
  const uint32_t own_bytes = path_.SeparatorBytes(head);
  uint8_t* own = scratch_.Take(own_bytes);
  path_.CopySeparator(head, own_bytes, own);
  uint32_t shared_prev, shared_next;
  Neighbours(sep, &shared_prev, &shared_next);

  // The last leaf gets an upper fence, and skips what both its fences share.
  LeafParts& a = parts_;
  a.Load(leaf);
  coder_.Recode(a);
  a.run = 0;
  const uint32_t skip = std::max(a.skip, SkipFor(own_bytes, shared_prev));
  if (!a.empty_first) coder_.CutNext(a, 0, skip);
  a.skip = a.empty_first ? 0 : skip;
  a.Plan();

  LeafParts& b = parts2_;
  b.n = take;
  b.book = 0;
  b.empty_first = false;
  b.open = false;
  b.least_width = 0;
  b.spare = 0;
  b.run = Leaf::kMostRun;
  b.skip = SkipFor(static_cast<uint32_t>(sep.size()), shared_next);
  int32_t net = 0;
  for (uint32_t i = 0; i < take; ++i) {
    assert(i == 0 || keys[i - 1] < keys[i]);
    const Bytes key = keys[i];
    coder_.SetRest(b, i, i ? static_cast<uint32_t>(CommonPrefix(keys[i - 1], key)) : b.skip, key);
    b.cell[i] = NewCell(entries[i].value);
    b.net[i] = static_cast<int8_t>(entries[i].net);
    net += entries[i].net;
  }
  coder_.Recode(b);
  b.Plan();

  Fresh fresh(this);
  const Ref left = fresh.Leaf(NewLeaf(a));
  const Ref right = fresh.Leaf(NewLeaf(b));
  InsertSeparator(sep, right, take, net);
  fresh.Keep();
  path_.Floor(head, AsBytes(own, own_bytes));
  const Desc desc = head.desc(path_.desc());
  FreeLeaf(desc.leaf());
  Desc(desc).set_leaf(left);
  head.size += take;
  head.net += net;
  ++splits_;
  coding_.NoteWrites(take);
  tend_in_ -= static_cast<int>(take) - 1;
  Tend();
  return take;
}

}  // namespace memkv::art
