// One leaf becomes two, or a new one comes behind the last; two become one.

#include <algorithm>
#include <cassert>

#include "core/art/engine.h"

namespace memkv::art {

namespace {

constexpr size_t kMostLeaf = 8 << 10;  // bytes of keys and records in a leaf made at once
constexpr size_t kLeastEntries = 16;   // fewer are put one by one
constexpr uint32_t kMergeBelow = kLeafMax / 2;
constexpr size_t kMergeBytes = 16 << 10;

Bytes AsBytes(const uint8_t* p, size_t n) { return {reinterpret_cast<const char*>(p), n}; }

}  // namespace

// Between the leaf of path_ and another one that is to begin at `separator`.
Engine::Cut Engine::CutAt(Bytes separator) {
  const uint32_t n = path_.SeparatorBytes(head());
  uint8_t* own = scratch_.Take(n);
  path_.CopySeparator(head(), n, own);
  uint32_t shared_prev, shared_next;
  directory_.Neighbours(separator, &shared_prev, &shared_next);
  return {AsBytes(own, n), separator, SkipFor(n, shared_prev),
          SkipFor(static_cast<uint32_t>(separator.size()), shared_next)};
}

// The left leaf has another upper fence, and skips what both its fences share.
void Engine::FenceLeft(const Cut& cut, LeafParts& left) {
  const uint32_t skip = left.empty_first ? 0 : std::max(left.skip, cut.skip_left);
  if (!left.empty_first) coder_.CutNext(left, 0, skip);
  left.skip = skip;
  left.run = 0;
  left.Plan();
}

// `left` instead of the leaf of path_, which is writable and not shared, and `right` behind it.
void Engine::StoreCut(const Cut& cut, LeafParts& left, LeafParts& right) {
  path_.Reserve(path_.height() + 2);  // the separator adds a node at most
  Heap::Fresh fresh(&heap_);
  const Ref left_leaf = fresh.Leaf(heap_.NewLeaf(left));
  const Ref right_leaf = fresh.Leaf(heap_.NewLeaf(right));
  directory_.Insert(cut.separator, right_leaf, right.n, right.net_sum());
  fresh.Keep();
  path_.Floor(head(), cut.own);
  directory_.SwapLeaf(path_, left_leaf, 0);
}

// The leaf of path_ in two, at its end where keys are being appended.
void Engine::Split(bool append) {
  heap_.NoteWrite();
  directory_.MakeWritable(path_);
  directory_.Unshare(path_);
  const Leaf leaf = heap_.LeafAt(path_);
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
  const Cut cut = CutAt(first.substr(0, a.l[at] + 1));

  coder_.Recode(a);
  LeafParts& b = parts2_;
  b.Clear(a.book);
  b.skip = cut.skip_right;
  b.run = append ? Leaf::kMostRun : 0;
  b.Append(a, at, a.n);
  coder_.SetRest(b, 0, b.skip, first);
  b.Plan();
  a.n = at;
  FenceLeft(cut, a);
  if (append) {
    b.width = std::max(a.width, b.width);
    Open(b, cut.separator);
  }
  StoreCut(cut, a, b);
  directory_.AddCounts(path_, -static_cast<int64_t>(b.n), -b.net_sum());
}

size_t Engine::AppendLeaf(const Bytes* keys, const Entry* entries, size_t n) {
  uint32_t take = 0;
  size_t bytes = 0;
  for (; take < std::min<size_t>(n, kLeafMax); ++take) {
    const Value& v = entries[take].value;
    if (v.is_record && v.record.size() > kInlineRecord) break;
    bytes += keys[take].size() + (v.is_record ? v.record.size() : 0);
    if (bytes > kMostLeaf) break;
  }
  if (take < kLeastEntries || !head().root) return 0;

  const Heap::Headroom headroom(&heap_);
  Begin();
  heap_.NoteWrite();
  hint_.Clear();
  CloseLeaf();
  path_.Last(head());
  directory_.MakeWritable(path_);
  directory_.Unshare(path_);
  const Leaf leaf = heap_.LeafAt(path_);
  for (uint32_t i = 0; undo && i < take; ++i) KeepUndo(keys[i], leaf, nullptr);
  const Bytes last = PlainKey(path_, leaf, leaf.n - 1);
  assert(last < keys[0]);
  const Cut cut = CutAt(keys[0].substr(0, CommonPrefix(last, keys[0]) + 1));

  LeafParts& a = parts_;
  a.Load(leaf);
  coder_.Recode(a);
  FenceLeft(cut, a);
  LeafParts& b = parts2_;
  b.Clear(0);
  b.skip = cut.skip_right;
  b.run = Leaf::kMostRun;
  FillLeaf(b, keys, entries, take);
  StoreCut(cut, a, b);
  heap_.head.size += take;
  heap_.head.net += b.net_sum();
  coding_.NoteWrites(take);
  tend_in_ -= static_cast<int>(take) - 1;
  Tend();
  return take;
}

void Engine::FillLeaf(LeafParts& parts, const Bytes* keys, const Entry* entries, uint32_t n) {
  parts.n = n;
  for (uint32_t i = 0; i < n; ++i) {
    assert(i == 0 || keys[i - 1] < keys[i]);
    const auto shared = i ? static_cast<uint32_t>(CommonPrefix(keys[i - 1], keys[i])) : parts.skip;
    coder_.SetRest(parts, i, shared, keys[i]);
    parts.cell[i] = InlineCell(entries[i].value);
    parts.net[i] = static_cast<int8_t>(entries[i].net);
  }
  coder_.Recode(parts);
  parts.Plan();
}

// The leaf of path_ and a neighbour become one if both are under half full.
void Engine::MergeSmall() {
  const Leaf leaf = heap_.LeafAt(path_);
  size_t level;
  auto small = [&](const Leaf& o) {
    return leaf.n + o.n <= kMergeBelow &&
           (size_t{leaf.granules} + o.granules) * kGranule < kMergeBytes;
  };
  other_ = path_;
  if (other_.Next(head(), &level) && small(heap_.LeafAt(other_))) {
    parts_.Load(leaf);
    parts2_.Load(heap_.LeafAt(other_));
    return Combine(path_, parts_, other_, parts2_);
  }
  other_ = path_;
  if (other_.Prev(head(), &level) && small(heap_.LeafAt(other_))) {
    parts_.Load(heap_.LeafAt(other_));
    parts2_.Load(leaf);
    Combine(other_, parts_, path_, parts2_);
  }
}

// The leaf at `a` becomes both parts, which may have lost entries since they were loaded; the next
// leaf, at `b`, goes.
void Engine::Combine(Path& a, LeafParts& pa, Path& b, LeafParts& pb) {
  directory_.MakeWritable(a);
  b = a;
  size_t level = 0;
  b.Next(head(), &level);
  directory_.MakeWritable(b);
  heap_.ReserveDead(4);
  const Leaf la = heap_.LeafAt(a), lb = heap_.LeafAt(b);
  const uint32_t shared = std::min(b[level].depth, b.SharedWithNext(head()));
  const uint32_t skip = SkipFor(a.SeparatorBytes(head()), shared);
  const Bytes first_a = pa.n && !pa.empty_first ? PlainKey(a, la, 0) : Bytes();
  const Bytes last_a = pa.n ? PlainKey(a, la, pa.n - 1) : Bytes();
  const Bytes first_b = pb.n ? PlainKey(b, lb, 0) : Bytes();
  const uint32_t old_a = la.n, old_b = lb.n;
  const int net_a = la.net_sum(old_a), net_b = lb.net_sum(old_b);

  coder_.Recode(pa);
  coder_.Recode(pb);
  JoinParts(pa, pb, skip, first_a, last_a, first_b);
  pa.Plan();

  const Ref desc_b = b.desc();
  directory_.StoreLeaf(a, pa);
  directory_.AddCounts(a, static_cast<int64_t>(pa.n) - old_a, pa.net_sum() - net_a);
  directory_.AddCounts(b, -static_cast<int64_t>(old_b), -net_b);
  directory_.Remove(b);
  heap_.Retire(kPairBlock, desc_b);
  if (b.height()) {
    try {
      directory_.Tidy(b, b.height() - 1);
    } catch (const std::bad_alloc&) {
    }
  }
}

// Entries of b come behind those of a, whose leaf skips no more than `skip` from now on. The keys
// are those that tell; none where it does not matter.
void Engine::JoinParts(LeafParts& a, const LeafParts& b, uint32_t skip, Bytes first_a, Bytes last_a,
                       Bytes first_b) {
  LowerSkip(a, skip, first_a);
  const uint32_t at = a.n;
  a.Append(b, 0, b.n);
  if (b.n) {
    const auto shared = at ? static_cast<uint32_t>(CommonPrefix(last_a, first_b)) : a.skip;
    coder_.SetRest(a, at, shared, first_b);
  }
  a.run = 0;
}

// The leaf skips `skip` bytes from now on, or as many as it does if that is less.
void Engine::LowerSkip(LeafParts& parts, uint32_t skip, Bytes first) {
  if (parts.n == 0) {
    parts.skip = skip;
  } else if (parts.empty_first) {
    parts.skip = 0;
  } else if (skip < parts.skip) {
    coder_.SetRest(parts, 0, skip, first);
    parts.skip = skip;
  }
}

}  // namespace memkv::art
