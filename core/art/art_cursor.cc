#include <algorithm>

#include "core/art/art.h"

namespace memkv {

using art::Leaf;

// After path_ has moved to another leaf.
void ArtCursor::Enter() {
  leaf_ = Leaf(tree().leaf(tree().desc(path_.desc()).leaf()));
  built_ = kNoKey;
}

void ArtCursor::SeekFirst() {
  valid_ = !Empty();
  if (!valid_) return;
  path_.First(tree());
  Enter();
  at_ = 0;
  shared_ = 0;
  before_ = 0;
}

void ArtCursor::SeekLast() {
  valid_ = !Empty();
  if (!valid_) return;
  path_.Last(tree());
  Enter();
  at_ = leaf_.n - 1;
  shared_ = 0;
  before_ = tree().size - leaf_.n;
}

void ArtCursor::Seek(Bytes key) {
  valid_ = !Empty();
  if (!valid_) return;
  path_.Floor(tree(), key);
  Enter();
  before_ = kUnknown;
  at_ = leaf_.Find(tree().table(leaf_), key).pos;
  if (at_ == leaf_.n) NextLeaf();
  shared_ = 0;
}

void ArtCursor::SeekBefore(Bytes key) {
  valid_ = !Empty();
  if (!valid_) return;
  path_.Floor(tree(), key);
  Enter();
  before_ = kUnknown;
  at_ = leaf_.Find(tree().table(leaf_), key).pos;
  if (at_-- == 0) PrevLeaf();
  shared_ = 0;
}

void ArtCursor::SeekRank(uint64_t rank) {
  valid_ = !Empty() && rank < tree().size;
  if (!valid_) return;
  uint64_t before;
  path_.AtRank(tree(), rank, &before);
  Enter();
  before_ = before;
  at_ = static_cast<uint32_t>(rank - before);
  shared_ = 0;
}

void ArtCursor::NextLeaf() {
  const uint32_t left_n = leaf_.n, left_skip = leaf_.skip;
  size_t level;
  if (!path_.Next(tree(), &level)) {
    valid_ = false;
    return;
  }
  Enter();
  if (before_ != kUnknown) before_ += left_n;
  at_ = 0;
  // Both leaves skip a front of their separators, which part at this depth.
  shared_ = std::min({left_skip, leaf_.skip, path_[level].depth});
}

void ArtCursor::PrevLeaf() {
  size_t level;
  if (!path_.Prev(tree(), &level)) {
    valid_ = false;
    return;
  }
  Enter();
  if (before_ != kUnknown) before_ -= leaf_.n;
  at_ = leaf_.n - 1;
  shared_ = 0;
}

void ArtCursor::NextPast(size_t n) {
  for (uint32_t i = at_ + 1; i < leaf_.n; ++i) {
    if (leaf_.l(i) < n) {
      at_ = i;
      shared_ = kInLeaf;
      return;
    }
  }
  const auto past = PrefixSuccessor(key().substr(0, n));
  if (past) {
    Seek(*past);
  } else {
    valid_ = false;
  }
}

Bytes ArtCursor::key() const {
  if (built_ != at_) {
    const auto* symbols = tree().table(leaf_);
    if (symbols && built_ != kNoKey && at_ == built_ + 1) {
      // One on from the last: its rest is decoded behind what the two share.
      const uint32_t l = leaf_.l(at_), r = leaf_.r(at_);
      const size_t room = size_t{l} + 1 + 8 * size_t{r};
      if (buffer_.size() < room) buffer_.resize(2 * room);
      auto* out = reinterpret_cast<uint8_t*>(buffer_.data());
      out[l] = leaf_.F[at_];
      key_bytes_ = l + 1 + symbols->DecodeAll(leaf_.rests() + leaf_.Offset(at_), r, out + l + 1);
      built_ = at_;
      return {buffer_.data(), key_bytes_};
    }
    key_bytes_ = leaf_.KeyBytes(symbols, at_);
    if (buffer_.size() < key_bytes_) buffer_.resize(std::max<size_t>(key_bytes_, 2 * buffer_.size()));
    auto* out = reinterpret_cast<uint8_t*>(buffer_.data());
    uint32_t valid = std::min(leaf_.skip, key_bytes_);
    if (built_ == kNoKey) {
      path_.CopySeparator(tree(), valid, out);
    } else if (at_ == built_ + 1) {
      valid = leaf_.l(at_);
    } else if (at_ + 1 == built_) {
      valid = leaf_.l(built_);
    }
    leaf_.AssembleKey(symbols, at_, valid, out, key_bytes_);
    built_ = at_;
  }
  return {buffer_.data(), key_bytes_};
}

uint64_t ArtCursor::rank() const {
  if (before_ == kUnknown) before_ = path_.CountBefore(tree());
  return before_ + at_;
}

int64_t ArtCursor::net_rank() const { return path_.NetBefore(tree()) + leaf_.net_sum(at_); }

static_assert(OrderedCursor<ArtCursor>);

}  // namespace memkv
