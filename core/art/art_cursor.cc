#include <algorithm>
#include <cstring>

#include "core/art/art.h"

namespace memkv {

using art::Leaf;

namespace {
constexpr size_t kLeastBuffer = 256;
constexpr uint32_t kShort = 255;
}  // namespace

// After path_ has moved to another leaf.
void ArtCursor::Enter() {
  leaf_ = Leaf(tree().leaf(tree().desc(path_.desc()).leaf()));
  built_ = kNoKey;
  cell_of_ = kNoKey;
}

Entry ArtCursor::RecordEntry() const {
  const uint32_t from = cell_of_ <= at_ ? cell_of_ : 0;
  const uint8_t* cell = (from > 0 ? cell_ : leaf_.cells()) + leaf_.CellBytes(from, at_);
  cell_of_ = at_;
  cell_ = cell;
  return leaf_.entry_at(at_, cell, snapshot_.tree_->leaves);
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
  at_ = leaf_.Find(tree().book(leaf_), key).pos;
  if (at_ == leaf_.n) NextLeaf();
  shared_ = 0;
}

void ArtCursor::SeekBefore(Bytes key) {
  valid_ = !Empty();
  if (!valid_) return;
  path_.Floor(tree(), key);
  Enter();
  before_ = kUnknown;
  at_ = leaf_.Find(tree().book(leaf_), key).pos;
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
  // The leaf after this one will be wanted too.
  const art::Path::Frame& frame = path_[path_.height() - 1];
  const art::Node* x = tree().node(frame.node);
  const int after = x->After(frame.slot);
  if (after != art::Node::kNone && art::IsDesc(x->at(after))) {
    art::PrefetchLeaf(tree().leaf(tree().desc(x->at(after)).leaf()));
  }
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
  if (built_ == at_) return {reinterpret_cast<const char*>(buffer_.data()), key_bytes_};
  const uint32_t l = leaf_.l(at_), r = leaf_.r(at_);
  const auto* tokens = tree().book(leaf_);
  uint32_t valid = leaf_.skip;  // bytes of the key that are in the buffer
  if (built_ == kNoKey) {
    rest_ = leaf_.rests() + leaf_.Offset(at_);
  } else if (at_ == built_ + 1) {
    valid = l;
    rest_ += leaf_.r(built_);
  } else if (at_ + 1 == built_) {
    valid = leaf_.l(built_);
    rest_ -= r;
  } else {
    rest_ = leaf_.rests() + leaf_.Offset(at_);
  }
  // Each token is written as 16 bytes. A short rest is not worth a look at how long it is.
  const size_t plain = !tokens       ? r
                       : r <= kShort ? size_t{r} * art::Token::kLongest
                                     : tokens->PlainBytes(rest_, r);
  const size_t room = size_t{l} + 1 + plain + sizeof(art::Token);
  if (buffer_.size() < room) buffer_.resize(std::max({room, 2 * buffer_.size(), kLeastBuffer}));
  uint8_t* out = buffer_.data();
  if (built_ == kNoKey) path_.CopySeparator(tree(), valid, out);
  built_ = at_;
  if (at_ == 0 && leaf_.empty_first) {
    out[key_bytes_ = 0] = 0;
    return {reinterpret_cast<const char*>(out), 0};
  }
  // Entries before this one hold what it shares with them.
  if (l > valid) leaf_.AssembleKey(tokens, at_ - 1, valid, out, l);
  out[l] = leaf_.F[at_];
  if (tokens) {
    key_bytes_ = l + 1 + tokens->DecodeAll(rest_, r, out + l + 1);
  } else {
    std::memcpy(out + l + 1, rest_, r);
    key_bytes_ = l + 1 + r;
  }
  out[key_bytes_] = 0;  // beyond what any other key of the leaf shares with this one
  return {reinterpret_cast<const char*>(out), key_bytes_};
}

uint64_t ArtCursor::rank() const {
  if (before_ == kUnknown) before_ = path_.CountBefore(tree());
  return before_ + at_;
}

int64_t ArtCursor::net_rank() const { return path_.NetBefore(tree()) + leaf_.net_sum(at_); }

static_assert(OrderedCursor<ArtCursor>);

}  // namespace memkv
