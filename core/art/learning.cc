#include "core/art/learning.h"

#include <algorithm>
#include <iterator>
#include <new>

namespace memkv::art {

namespace {

struct Size {
  uint64_t keys;  // of the largest tree, from which on it may pay
  TokenLearner::Demand demand;
  double gain;     // what it may take off rests, as they are coded then
  uint64_t bytes;  // what a book takes
};
constexpr Size kSizes[] = {
    {50'000, {4'096, 512 << 10, 3}, 0.4, 100 << 10},
    {800'000, {TokenLearner::kMostTokens, 4 << 20, 4}, 0.2, 1 << 20},
};
constexpr uint32_t kBuildSteps = 20'000;

}  // namespace

uint64_t Learning::NextSize() const {
  return size_ < std::size(kSizes) ? kSizes[size_].keys : UINT64_MAX;
}

bool Learning::WantsLarger(uint64_t keys, double rest_bytes) const {
  if (keys < NextSize()) return false;
  const Size& size = kSizes[size_];
  return static_cast<double>(keys) * rest_bytes * size.gain > static_cast<double>(size.bytes);
}

void Learning::Begin(uint64_t keys) {
  offer_.reset();
  begun_ = size_;
  while (begun_ < std::size(kSizes) && keys >= kSizes[begun_].keys) ++begun_;
  learner_.emplace(kSizes[std::max<size_t>(begun_, 1) - 1].demand);
  rests_ = plain_ = 0;
}

void Learning::Learn(const uint8_t* rest, uint32_t n) {
  try {
    learner_->Add(rest, n);
  } catch (const std::bad_alloc&) {
    Stop();
    throw;
  }
  ++rests_;
  plain_ += n;
}

bool Learning::Make(uint64_t keys) {
  try {
    if (!made_) {
      const uint64_t total = plain_ * keys / std::max<uint64_t>(rests_, 1) * trees_;
      made_ = std::allocate_shared<CodeBook>(Allocator<CodeBook>(), learner_->MakeBook(total));
      learner_.reset();
      return false;
    }
    if (!made_->coder.Build(kBuildSteps)) return false;
  } catch (const std::bad_alloc&) {
    Stop();
    throw;
  }
  offer_ = std::move(made_);
  latest_ = offer_;
  ++learnt_;
  tried_ = 0;
  size_ = begun_;
  return true;
}

void Learning::Stop() noexcept {
  learner_.reset();
  made_.reset();
}

uint64_t Learning::bytes() const {
  uint64_t n = 0;
  if (learner_) n += learner_->bytes();
  if (made_) n += made_->bytes();
  if (offer_ && !IsTaken()) n += offer_->bytes();
  return n;
}

}  // namespace memkv::art
