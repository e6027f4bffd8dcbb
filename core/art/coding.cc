#include "core/art/coding.h"

#include <algorithm>
#include <iterator>
#include <new>

namespace memkv::art {

namespace {

// More keys pay for more tokens: where a map has grown past so many, a book of that size is learnt.
struct Size {
  uint64_t keys;
  TokenLearner::Demand demand;
};
constexpr Size kSizes[] = {
    {50'000, {4'096, 512 << 10, 3}},
    {800'000, {TokenLearner::kMostTokens, 4 << 20, 4}},
};

constexpr uint64_t kLookEvery = 32768;  // rests coded between two looks at how well it goes
constexpr double kDrifted = 1.25;       // so much more than it took when the book was new
constexpr uint32_t kBuildSteps = 20'000;
constexpr uint64_t kRetryAfter = 4096;  // writes, after memory was short

}  // namespace

uint64_t Coding::bytes() const {
  uint64_t n = held_.capacity() * sizeof(Held);
  for (const Held& h : held_) n += h.book->bytes();
  if (learner_) n += learner_->bytes();
  if (made_) n += made_->bytes();
  return n;
}

bool Coding::IsLearning(uint64_t keys) {
  if (learner_ || made_) return true;
  const bool grown = size_ < std::size(kSizes) && keys >= kSizes[size_].keys;
  if (grown) {
    if (writes_ < pause_) return false;
  } else {
    // At most once for as many writes as there are keys.
    if (keys < kSizes[0].keys || writes_ < keys) return false;
    if (present_ && !HasDrifted()) return false;
  }
  Begin(keys);
  return true;
}

bool Coding::HasDrifted() {
  if (recent_.rests < kLookEvery) return false;
  const double now = recent_.ratio();
  recent_ = {};
  return now > ratio_ * kDrifted;
}

void Coding::Begin(uint64_t keys) {
  while (size_ < std::size(kSizes) && keys >= kSizes[size_].keys) ++size_;
  writes_ = pause_ = 0;
  sample_ = {};
  try {
    learner_.emplace(kSizes[size_ - 1].demand);
  } catch (const std::bad_alloc&) {
    StopLearning();
    throw;
  }
}

// Memory was short: it is still due, but not at once.
void Coding::StopLearning() noexcept {
  learner_.reset();
  made_.reset();
  --size_;
  writes_ = 0;
  pause_ = kRetryAfter;
}

void Coding::Learn(const uint8_t* rest, uint32_t n) {
  n = std::min(n, TokenLearner::kLongestText);
  if (learner_->counting()) {
    uint8_t code[2 * TokenLearner::kLongestText + 1];
    sample_.Add(1, n, coder_ ? coder_->Encode(rest, n, code) : n);
  }
  try {
    learner_->Add(rest, n);
  } catch (const std::bad_alloc&) {
    StopLearning();
    throw;
  }
}

bool Coding::MakeBook(uint64_t keys) {
  try {
    if (!made_) {
      const uint64_t total = sample_.plain * keys / std::max<uint64_t>(sample_.rests, 1);
      made_ = std::allocate_shared<CodeBook>(Allocator<CodeBook>(),
                                             learner_->MakeBook(total, &sample_coded_));
      learner_.reset();
      return false;
    }
    if (!made_->coder.Build(kBuildSteps)) return false;
    const bool adopted = Pays(keys) && Adopt();
    made_.reset();
    return adopted;
  } catch (const std::bad_alloc&) {
    StopLearning();
    throw;
  }
}

// Whether the new book saves more than it takes itself, and enough to code all leaves anew for it.
bool Coding::Pays(uint64_t keys) const {
  constexpr double kLeastGain = 0.02;
  const double was = static_cast<double>(sample_.coded), is = static_cast<double>(sample_coded_),
               rests = static_cast<double>(sample_.rests + 1);
  double cost = static_cast<double>(made_->bytes());
  for (const Held& h : held_) {
    if (h.id == present_) cost -= static_cast<double>(h.book->bytes());
  }
  return is < (1 - kLeastGain) * was && (was - is) / rests * static_cast<double>(keys) > cost;
}

// False if all numbers are taken by books that snapshots see.
bool Coding::Adopt() {
  uint32_t id = 1;
  while (id < 256 && tokens_[id]) ++id;
  if (id == 256) return false;
  held_.push_back({static_cast<uint8_t>(id), made_});
  tokens_[id] = &made_->tokens;
  coder_ = &made_->coder;
  present_ = static_cast<uint8_t>(id);
  ratio_ = static_cast<double>(sample_coded_) / static_cast<double>(sample_.plain + 1);
  recent_ = {};
  return true;
}

uint64_t Coding::Random(uint64_t n) {
  random_ = random_ * 6364136223846793005u + 1442695040888963407u;
  return (random_ >> 33) % n;
}

void Coding::DropUnused() noexcept {
  if (held_.size() < 2) return;
  std::erase_if(held_, [&](const Held& h) {
    if (h.id == present_ || uses_[h.id]) return false;
    tokens_[h.id] = nullptr;
    return true;
  });
}

}  // namespace memkv::art
