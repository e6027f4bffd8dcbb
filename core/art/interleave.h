// Many lookups at once: 16 descents take turns, each asking for the memory of its next step before
// it gives way, so that cache misses overlap.

#ifndef MEMKV_CORE_ART_INTERLEAVE_H_
#define MEMKV_CORE_ART_INTERLEAVE_H_

#include <cstddef>
#include <cstdint>

#include "core/art/tree.h"

namespace memkv::art {

// found(i, block): the leaf where keys[i] is or would be, its front in cache. In no particular
// order. REQUIRES tree.root.
template <class F>
void FindInterleaved(const Tree& tree, const Bytes* keys, size_t n, F&& found) {
  constexpr size_t kLanes = 16;
  enum Stage : uint8_t { kNode, kMax, kDesc, kLastDesc, kLeaf, kIdle };
  struct Lane {
    Descent descent;
    Ref ref;  // what the stage reads
    const uint8_t* block;
    size_t i;
    Stage stage;
  };
  Lane lanes[kLanes];
  size_t next = 0, busy = 0;
  auto fetch = [&](Ref r) {
    const uint8_t* p = At(tree.directory, Plain(r));
    __builtin_prefetch(p);
    if (!IsDesc(r)) __builtin_prefetch(p + 64);
  };
  auto go = [&](Lane& lane, Ref r, Stage if_node, Stage if_desc) {
    lane.ref = r;
    lane.stage = IsDesc(r) ? if_desc : if_node;
    fetch(r);
  };
  auto start = [&](Lane& lane) {
    lane.stage = kIdle;
    if (next == n) return;
    lane.i = next++;
    const Bytes key = keys[lane.i];
    for (size_t at = 0; at < key.size() && at < 256; at += 64) __builtin_prefetch(key.data() + at);
    lane.descent = Descent(key, tree.root);
    go(lane, tree.root, kNode, kDesc);
    ++busy;
  };
  for (Lane& lane : lanes) start(lane);
  while (busy) {
    for (Lane& lane : lanes) {
      switch (lane.stage) {
        case kNode:
          switch (lane.descent.Visit(tree.node(lane.ref))) {
            case Descent::kDown:
              go(lane, lane.descent.at(), kNode, kDesc);
              break;
            case Descent::kThere:
              go(lane, lane.descent.at(), kNode, kLastDesc);
              break;
            case Descent::kBack:
              go(lane, lane.descent.back(), kMax, kLastDesc);
          }
          break;
        case kMax:
          go(lane, tree.node(lane.ref)->max, kMax, kLastDesc);
          break;
        case kDesc:
          if (lane.descent.TailIsAbove(tree.desc(lane.ref))) {
            go(lane, lane.descent.back(), kMax, kLastDesc);
            break;
          }
          [[fallthrough]];
        case kLastDesc:
          lane.block = tree.leaf(tree.desc(lane.ref).leaf());
          PrefetchLeaf(lane.block);
          lane.stage = kLeaf;
          break;
        case kLeaf:
          found(lane.i, lane.block);
          --busy;
          start(lane);
          break;
        case kIdle:
          break;
      }
    }
  }
}

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_INTERLEAVE_H_
