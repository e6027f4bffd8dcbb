// The open leaf: where keys come in order, one leaf has room for 64, and rests that are plain.

#include "core/art/engine.h"

namespace memkv::art {

// Plans parts as an open leaf, with room for rests as long as those it has. They are coded together
// when it is closed. There is one such leaf at most: REQUIRES that it was closed.
void Engine::Open(LeafParts& parts, Bytes separator) {
  coder_.Decode(parts);
  parts.open = true;
  parts.least_width = parts.width;
  size_t rest = 0;
  for (uint32_t i = 0; i < parts.n; ++i) rest += parts.r[i];
  rest /= parts.n;
  parts.spare = (kLeafMax - parts.n) * (rest + rest / 8 + 1);
  parts.Plan();
  open_at_.assign(separator.data(), separator.size());
  open_ = true;
}

void Engine::CloseLeaf() {
  if (!open_) return;
  other_.Floor(head(), open_at_);
  const Leaf leaf = heap_.LeafAt(other_);
  if (leaf.flags & Leaf::kOpen) {
    directory_.MakeWritable(other_);
    LeafParts& a = parts2_;
    a.Load(leaf);
    coder_.Recode(a);
    a.Plan();
    directory_.StoreLeaf(other_, a);
  }
  open_ = false;
}

}  // namespace memkv::art
