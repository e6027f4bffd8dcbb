#include "core/query/levenshtein.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/utf8.h"

namespace memkv {

Levenshtein::Levenshtein(Bytes word, int most) : most_(most) {
  assert(most >= 0 && most <= kMaxDistance);
  // No key is as long as that, so that it does not matter what follows.
  constexpr size_t kMost = kMaxKeyBytes + kMaxDistance;
  while (!word.empty() && word_.size() < kMost) word_.push_back(ReadUtf8(&word));
}

Levenshtein::State Levenshtein::Start() const {
  State s;
  for (int t = 0; t <= 2 * most_; ++t) {
    const int position = t - most_;
    const bool inside = position >= 0 && static_cast<size_t>(position) <= word_.size();
    s.band[static_cast<size_t>(t)] = static_cast<uint8_t>(inside ? position : most_ + 1);
  }
  return s;
}

std::optional<int> Levenshtein::Distance(State s) const {
  if (s.unfinished) s = Finish(s);
  const int64_t t = static_cast<int64_t>(word_.size()) - s.read + most_;
  if (t < 0 || t > 2 * most_ || s.band[static_cast<size_t>(t)] > most_) return std::nullopt;
  return s.band[static_cast<size_t>(t)];
}

std::optional<uint32_t> Levenshtein::CharacterAt(State s, int t) const {
  const int64_t position = static_cast<int64_t>(s.read) - most_ + t;
  if (position < 0 || position >= static_cast<int64_t>(word_.size())) return std::nullopt;
  return word_[static_cast<size_t>(position)];
}

Levenshtein::State Levenshtein::StepCharacter(State s, uint64_t c) const {
  State next;
  next.read = s.read + 1;
  const int over = most_ + 1;
  int left = over;  // one character of the word fewer, the same text
  for (int t = 0; t <= 2 * most_; ++t) {
    const int64_t position = static_cast<int64_t>(next.read) - most_ + t;
    int d = over;
    if (position >= 0 && position <= static_cast<int64_t>(word_.size())) {
      d = std::min(d, left + 1);
      if (t < 2 * most_) d = std::min(d, s.band[static_cast<size_t>(t) + 1] + 1);
      if (position > 0) {
        const bool same = word_[static_cast<size_t>(position) - 1] == c;
        d = std::min(d, s.band[static_cast<size_t>(t)] + (same ? 0 : 1));
      }
    }
    next.band[static_cast<size_t>(t)] = static_cast<uint8_t>(d);
    left = d;
  }
  return next;
}

Levenshtein::State Levenshtein::Finish(State s) const {
  return StepCharacter(s, Utf8Finish(s.character));
}

bool Levenshtein::CanMatch(State s) const {
  for (int t = 0; t <= 2 * most_; ++t) {
    if (s.band[static_cast<size_t>(t)] <= most_) return true;
  }
  return false;
}

Levenshtein::State Levenshtein::Step(State s, uint8_t byte) const {
  if (s.unfinished) {
    if (IsUtf8Continuation(byte)) {
      s.character = Utf8Extend(s.character, byte);
      return s;
    }
    s = Finish(s);
    if (!CanMatch(s)) return s;
  }
  if (byte < 0xc0) return StepCharacter(s, byte);
  uint8_t found;
  if (!NextViable(s, byte, &found) || found != byte) return StepCharacter(s, kNoCharacter);
  s.character = Utf8Lead(byte);
  s.unfinished = true;
  return s;
}

// The bytes after which the state is alive, as intervals.
struct Levenshtein::Viable {
  // The whole range; or the continuation bytes, and for each character of the band itself and all
  // lead bytes.
  std::array<std::pair<int, int>, 1 + 2 * (2 * kMaxDistance + 1)> intervals;
  size_t n = 0;

  void Add(int first, int last) { intervals[n++] = {first, last}; }
};

Levenshtein::Viable Levenshtein::FindViable(State s) const {
  Viable viable;
  if (s.unfinished) {
    viable.Add(0x80, 0xbf);
    s = Finish(s);
    if (!CanMatch(s)) return viable;
  }
  if (CanMatch(StepCharacter(s, kNoCharacter))) {
    viable.n = 0;
    viable.Add(0, 0xff);
    return viable;
  }
  // Only a character of the word can go on; enough continuation bytes make any out of any lead
  // byte.
  for (int t = 0; t <= 2 * most_; ++t) {
    const std::optional<uint32_t> c = CharacterAt(s, t);
    if (!c || !CanMatch(StepCharacter(s, *c))) continue;
    if (*c < 0xc0) viable.Add(static_cast<int>(*c), static_cast<int>(*c));
    if (*c >= 0x80) viable.Add(0xc0, 0xff);
  }
  return viable;
}

bool Levenshtein::NextViable(State s, uint8_t byte, uint8_t* found) const {
  const Viable viable = FindViable(s);
  int best = 0x100;
  for (size_t i = 0; i < viable.n; ++i) {
    const auto [first, last] = viable.intervals[i];
    if (last >= byte) best = std::min(best, std::max<int>(first, byte));
  }
  *found = static_cast<uint8_t>(best);
  return best <= 0xff;
}

bool Levenshtein::PrevViable(State s, uint8_t byte, uint8_t* found) const {
  const Viable viable = FindViable(s);
  int best = -1;
  for (size_t i = 0; i < viable.n; ++i) {
    const auto [first, last] = viable.intervals[i];
    if (first <= byte) best = std::max(best, std::min<int>(last, byte));
  }
  *found = static_cast<uint8_t>(best);
  return best >= 0;
}

}  // namespace memkv
