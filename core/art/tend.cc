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
    if (coding_.IsDue(head().size)) {
      DecideOnBook();
    } else if (coding_.feeds() && coding_.learning().is_under_way()) {
      LearnSlice();
    }
  } catch (const std::bad_alloc&) {
    coding_.Pause();
  }
  if (sweep_.Turn()) hint_.Clear();
}

void Engine::DecideOnBook() {
  constexpr int kLeaves = 16;
  const std::shared_ptr<const CodeBook> offered = coding_.Offered();
  Coding::Sample sample;
  scratch_.Reset();
  for (int i = 0; i < kLeaves; ++i) {
    EachRestOfALeaf([&](const uint8_t* plain, uint32_t n, uint32_t coded) {
      ++sample.rests;
      sample.plain += n;
      sample.coded += coded;
      if (offered) sample.offered += offered->coder.Encode(plain, n, scratch_.Take(2 * n + 1));
      return true;
    });
  }
  if (coding_.Decide(head().size, sample, offered)) sweep_.Recode();
}

// One slice: either some rests of random leaves, or a step of making the book. Under a ms; the
// first step takes a few.
void Engine::LearnSlice() {
  constexpr size_t kSliceBytes = 8 << 10;
  Learning& learning = coding_.learning();
  if (!learning.WantsText()) {
    learning.Make(head().size);
    return;
  }
  for (size_t bytes = 0; bytes < kSliceBytes && learning.WantsText();) {
    EachRestOfALeaf([&](const uint8_t* plain, uint32_t n, uint32_t) {
      learning.Learn(plain, n);
      bytes += TokenLearner::Weight(n);
      return learning.WantsText();
    });
  }
}

// Calls f with the rests of a random leaf, plain, of long ones the front; and how many bytes each
// takes as it is coded. Until f returns false.
template <class F>
void Engine::EachRestOfALeaf(F&& f) {
  Path path;
  uint64_t before;
  path.AtRank(head(), coding_.Random(head().size), &before);
  const Leaf leaf = heap_.LeafAt(path);
  const TokenBook* tokens = head().book(leaf);
  const uint8_t* rest = leaf.rests();
  for (uint32_t i = 0; i < leaf.n; rest += leaf.r(i), ++i) {
    uint8_t plain[TokenLearner::kLongestText];
    uint32_t n = std::min<uint32_t>(leaf.r(i), sizeof(plain));
    if (tokens) n = tokens->DecodeFront(rest, leaf.r(i), plain, sizeof(plain));
    if (!f(tokens ? plain : rest, n, leaf.r(i))) return;
  }
}

}  // namespace memkv::art
