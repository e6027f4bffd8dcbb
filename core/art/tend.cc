// What is done between writes: a slice of learning the next token book from a sample of leaves, a
// slice of sweeping.

#include "core/art/engine.h"

namespace memkv::art {

void Engine::TendNow() noexcept {
  constexpr int kTurn = 64;  // writes between two slices
  tend_in_ = kTurn;
  if (heap_.reserve_is_open() || !head().root) return;
  coding_.DropUnused();
  try {
    if (coding_.IsLearning(head().size) && LearnSlice()) sweep_.Recode();
  } catch (const std::bad_alloc&) {
    // Learning begins anew another time.
  }
  if (sweep_.Turn()) hint_.Clear();
}

// One slice: either some rests of random leaves, or a step of making the book. Under a ms; the
// first step takes a few. Whether there is another present book.
bool Engine::LearnSlice() {
  constexpr size_t kSliceBytes = 8 << 10;
  if (!coding_.WantsText()) return coding_.MakeBook(head().size);
  Path path;
  scratch_.Reset();
  for (size_t bytes = 0; bytes < kSliceBytes && coding_.WantsText();) {
    uint64_t before;
    path.AtRank(head(), coding_.Random(head().size), &before);
    const Leaf leaf = heap_.LeafAt(path);
    const TokenBook* tokens = head().book(leaf);
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
  return false;
}

}  // namespace memkv::art
