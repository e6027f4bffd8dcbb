#include "core/art/coding.h"

#include <algorithm>
#include <new>

namespace memkv::art {

namespace {

constexpr uint64_t kJudgedBy = 32768;  // rests coded, that tell how well it goes
constexpr double kDrifted = 1.25;      // so much more than it took when the book was new

double Ratio(uint64_t coded, uint64_t plain) {
  return static_cast<double>(coded) / static_cast<double>(plain + 1);
}

}  // namespace

uint64_t Coding::bytes() const {
  uint64_t n = held_.capacity() * sizeof(Held);
  for (const Held& h : held_)
    n += h.book->bytes() / std::max<uint32_t>(learning_->Holders(h.book), 1);
  return n + learning_->bytes() / std::max<uint32_t>(learning_->trees(), 1);
}

bool Coding::IsDue(uint64_t keys) {
  if (writes_ < pause_until_) return false;
  if (tried_ != learning_->learnt()) {
    if (keys >= kLeastKeys) return true;
    tried_ = learning_->learnt();  // it may still be taken when there are more keys
    learning_->NoteTried();
  }
  if (keys >= next_keys_) return true;
  // Only where as many keys as there are were written since. In a tree that only grows they never
  // are: keys in order would drift all the time, and coding them anew takes longer than they did.
  if (!learning_->is_under_way() && present_ && writes_ >= keys) drifted_ = HasDrifted();
  return drifted_;
}

bool Coding::HasDrifted() {
  if (recent_.rests < kJudgedBy) return false;
  const double now = Ratio(recent_.coded, recent_.plain);
  recent_ = {};
  return now > kDrifted * ratio_;
}

std::shared_ptr<const CodeBook> Coding::Offered() const {
  std::shared_ptr<const CodeBook> latest = learning_->latest();
  const Held* present = PresentBook();
  if (present && present->book == latest) latest.reset();
  return latest;
}

bool Coding::Decide(uint64_t keys, const Sample& sample, std::shared_ptr<const CodeBook> offered) {
  constexpr double kWorthFeeding = 2;  // bytes of an average rest
  const auto rests = static_cast<double>(std::max<uint64_t>(sample.rests, 1));
  next_keys_ = keys + keys / 4;
  if (learning_->NextSize() > keys) next_keys_ = std::min(next_keys_, learning_->NextSize());
  pause_until_ = 0;
  const bool taken = offered && Pays(keys, sample, *offered) && Take(std::move(offered));
  const bool tried = tried_ != learning_->learnt();
  if (tried) {
    tried_ = learning_->learnt();
    learning_->NoteTried();
  }
  if (tried || taken) {
    ratio_ = Ratio(taken ? sample.offered : sample.coded, sample.plain);
    writes_ = 0;
    recent_ = {};
    drifted_ = false;
  }
  const bool wants =
      !tried && !taken &&
      (drifted_ || learning_->WantsLarger(keys, static_cast<double>(sample.coded) / rests));
  if (wants && !learning_->is_under_way()) learning_->Begin(keys);
  feeds_ = wants || static_cast<double>(sample.plain) / rests > kWorthFeeding;
  drifted_ = false;
  return taken;
}

// Whether the book saves more than it takes itself, and enough to code all leaves anew for it.
bool Coding::Pays(uint64_t keys, const Sample& sample, const CodeBook& offered) const {
  constexpr double kLeastGain = 0.02, kLeastPerRest = 0.05;
  if (sample.offered >= sample.coded) return false;
  const auto saved = static_cast<double>(sample.coded - sample.offered);
  const double per_rest = saved / static_cast<double>(sample.rests);
  double cost = learning_->IsTaken() ? 0 : static_cast<double>(offered.bytes());
  const Held* present = PresentBook();
  if (present && learning_->Holders(present->book) == 1)
    cost -= static_cast<double>(present->book->bytes());
  return saved > kLeastGain * static_cast<double>(sample.coded) && per_rest > kLeastPerRest &&
         per_rest * static_cast<double>(keys) > cost;
}

// False if all numbers are taken by books that snapshots see.
bool Coding::Take(std::shared_ptr<const CodeBook> book) {
  uint32_t id = 1;
  while (id < 256 && tokens_[id]) ++id;
  if (id == 256) return false;
  held_.push_back({static_cast<uint8_t>(id), std::move(book)});
  tokens_[id] = &held_.back().book->tokens;
  coder_ = &held_.back().book->coder;
  present_ = static_cast<uint8_t>(id);
  return true;
}

const Coding::Held* Coding::PresentBook() const {
  for (const Held& h : held_) {
    if (h.id == present_) return &h;
  }
  return nullptr;
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
