// What the files that write leaves share.

#ifndef MEMKV_CORE_ART_EDIT_STORE_H_
#define MEMKV_CORE_ART_EDIT_STORE_H_

#include <algorithm>

#include "core/art/engine.h"

namespace memkv::art {

// What a leaf skips between fences that share `shared` bytes: all its keys are longer.
inline uint32_t SkipFor(uint32_t separator_bytes, uint32_t shared) {
  return std::min(shared, std::max(separator_bytes, 1u) - 1);
}

template <class F>
void Engine::StoreLeaf(Path& path, size_t bytes, uint8_t book, F&& write) {
  const Desc desc = head.desc(path.desc());
  const Ref old = desc.leaf();
  uint8_t* block = leaves_.At(old);
  const uint32_t g = Arena::Granules(bytes);
  const bool shared = Shared(block);
  if (!shared && g == Leaf(block).granules) {
    uint8_t* image = scratch_.Take(bytes);
    write(image, g, Birth(block));
    coding_.Unuse(LeafHead::BookOf(block));
    coding_.Use(book);
    std::memcpy(block, image, bytes);
    return;
  }
  if (shared) ReserveDead(2);
  Fresh fresh(this);
  const Ref leaf = leaves_.Allocate(g);
  Refresh();
  write(leaves_.At(leaf), g, number_);
  coding_.Use(book);
  fresh.Leaf(leaf);
  if (shared) {
    const Ref fresh_desc =
        NewDesc(leaf, {reinterpret_cast<const char*>(desc.tail()), desc.tail_len()});
    const Ref old_desc = path.desc();
    LinkDesc(path, fresh_desc);
    Retire(kPairBlock, old_desc);
  } else {
    head.desc(path.desc()).set_leaf(leaf);
    FreeLeaf(old);
  }
  fresh.Keep();
}

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_EDIT_STORE_H_
