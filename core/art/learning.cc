// Learning the next token book between writes: a sample of leaves, a few at a time.

#include "core/art/engine.h"

namespace memkv::art {

// One slice: either some rests of random leaves, or a step of making the book. Under a ms; the
// first step takes a few.
void Engine::LearnSlice() {
  constexpr size_t kSliceBytes = 8 << 10;
  if (!coding_.WantsText()) {
    recode_ |= coding_.MakeBook(head.size);
    return;
  }
  Path path;
  scratch_.Reset();
  for (size_t bytes = 0; bytes < kSliceBytes && coding_.WantsText();) {
    uint64_t before;
    path.AtRank(head, coding_.Random(head.size), &before);
    const Leaf leaf = LeafAt(path);
    const TokenBook* tokens = head.book(leaf);
    const uint8_t* rest = leaf.rests();
    for (uint32_t i = 0; i < leaf.n && coding_.WantsText(); rest += leaf.r(i), ++i) {
      uint8_t plain[TokenLearner::kLongestText];
      uint32_t n = std::min<uint32_t>(leaf.r(i), sizeof(plain));
      if (tokens) {
        n = tokens->DecodeFront(rest, leaf.r(i), plain, sizeof(plain));
        coding_.Learn(plain, n);
      } else {
        coding_.Learn(rest, n);
      }
      bytes += TokenLearner::Weight(n);
    }
  }
}

}  // namespace memkv::art
