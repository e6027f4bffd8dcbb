// FstCursor: seeks, by key, by rank and past a prefix. cursor.cc has the path and its steps.

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/fst/fst.h"
#include "core/fst/walk.h"

namespace memkv {

using fst::FusedNode;
using fst::TokenSlot;

void FstCursor::SeekFirst() {
  Reset();
  if (body_->keys > 0) EnterFirst(body_->base, 0, false, body_->keys);
}

void FstCursor::SeekLast() {
  Reset();
  if (body_->keys == 0) return;
  rank_ = body_->keys - 1;
  EnterLast(body_->base, 0, false, body_->keys);
}

void FstCursor::Seek(Bytes key) {
  Reset();
  if (body_->keys > 0) SeekBelow(body_->base, 0, false, body_->keys, fst::Query(key));
}

void FstCursor::SeekBefore(Bytes key) {
  Seek(key);
  if (valid_) {
    Prev();
  } else if (status_.ok()) {
    SeekLast();
  }
}

// Stands on the first key >= query of the record at p, or of what follows it. The path above is the
// query's first `depth` bytes and rank_ the rank of the record's first key.
bool FstCursor::SeekBelow(const uint8_t* p, uint64_t depth, bool after_fused, uint64_t keys,
                          const fst::Query& query) {
  for (;;) {
    limit_ = body_->Limit(p);
    if (!limit_) return Fail(p, "a record outside the section");
    if (*p == fst::kSingle) {
      const uint8_t* label;
      uint64_t bytes;
      if (!body_->TakeLabel(p, limit_, &label, &bytes) || !Reserve(depth + bytes))
        return Fail(p, "a label");
      const uint64_t n = std::min<uint64_t>(bytes, query.size() - depth);
      const int order = n ? std::memcmp(label, query.data() + depth, n) : 0;
      if (order < 0) {
        rank_ += keys;
        return LeaveForward();
      }
      std::memcpy(key_.data() + depth, label, bytes);
      depth += bytes;
      after_fused = false;
      if (order > 0 || n < bytes) return EnterFirst(p, depth, false, keys);
    }
    key_valid_ = depth;
    if (*p >= fst::kFused) {
      const FusedNode node(p);
      if (after_fused || node.bytes() > static_cast<size_t>(body_->end - p))
        return Fail(p, "a FUSED node");
      const uint32_t slot = query.Slot(node, depth);
      OpenFused(p, slot, depth, keys, rank_);
      rank_ += node.Before(slot);
      if (!(p = ChildOf(frames_.back(), &keys))) return false;
      after_fused = true;
      continue;
    }
    const uint8_t* to = nullptr;
    if (!OpenList(p, depth)) return false;
    if (!SeekInList(query, &to, &keys)) return false;
    if (!to) return true;
    p = to;
    depth = key_valid_;
    after_fused = false;
  }
}

// In the LIST just opened: stands on the first entry >= query, or leaves, or gives a reference in
// *to that the query follows.
bool FstCursor::SeekInList(const fst::Query& query, const uint8_t** to, uint64_t* keys) {
  const uint64_t rest = query.size() - base_;
  uint64_t matched = 0;
  for (index_ = 0; index_ < count_; ++index_) {
    uint64_t shared = 0;
    if (index_ > 0 && !ReadShared(&shared)) return false;
    if (shared < matched) return ArriveForward(shared);
    starts_[index_] = entry_;
    shares_[index_] = shared;
    const uint8_t* p = entry_;
    bool below = shared > matched, key_done = false;
    while (!below) {
      if (p >= limit_ && !(limit_ = body_->Limit(p))) return Fail(p, "an entry");
      const uint32_t c = *p;
      if (c >= body_->code.hot) {
        if (matched == 0) return Fail(p, "a reference without text");
        if (!Reserve(base_ + matched)) return Fail(p, "a key too long");
        if (!TakeRef(p, false, to, keys)) return false;
        std::memcpy(key_.data() + base_, query.data() + base_, matched);
        key_valid_ = base_ + matched;
        return true;
      }
      const TokenSlot& token = body_->code.Take(p);
      const uint8_t* at = query.At(base_ + matched);
      const uint64_t same =
          std::min<uint64_t>(static_cast<uint32_t>(std::countr_zero(fst::Differ16(at, token.text) |
                                                                    1u << token.length)),
                             rest - matched);
      if (same < token.length) {
        if (same == rest - matched || static_cast<uint8_t>(token.text[same]) > at[same])
          return ArriveForward(shared);
        below = true;
      }
      matched += same;
      if (body_->code.IsEnd(c)) {
        if (!below && matched == rest) return ArriveForward(shared);
        below = key_done = true;
      }
    }
    uint64_t n = 1;
    if (!key_done && (n = body_->SkipEntry(p, limit_)) == 0) return Fail(p, "an entry");
    rank_ += n;
    entry_ = p;
  }
  return LeaveForward();
}

void FstCursor::SeekRank(uint64_t rank) {
  Reset();
  if (rank >= body_->keys) return;
  const uint8_t* p = body_->base;
  uint64_t depth = 0, keys = body_->keys;
  for (bool after_fused = false;;) {
    if (!EnterRecord(&p, &depth, after_fused)) return;
    if (*p >= fst::kFused) {
      const FusedNode node(p);
      OpenFused(p, node.ChildOfRank(rank - rank_), depth, keys, rank_);
      rank_ += node.Before(frames_.back().index);
      if (!(p = ChildOf(frames_.back(), &keys))) return;
      after_fused = true;
      continue;
    }
    if (!OpenList(p, depth)) return;
    for (;; ++index_) {
      uint64_t shared = 0;
      if (index_ == count_) {
        Fail(p, "the counts of the keys");
        return;
      }
      if (index_ > 0 && !ReadShared(&shared)) return;
      Note(shared);
      const uint8_t* q = entry_;
      const uint64_t n = body_->SkipEntry(q, limit_);
      if (n == 0) {
        Fail(q, "an entry");
        return;
      }
      if (rank - rank_ < n) break;
      rank_ += n;
      entry_ = q;
    }
    const uint8_t* ref;
    if (!WalkEntry(&ref)) return;
    if (!ref) {
      valid_ = true;
      return;
    }
    depth = key_bytes_;
    if (!TakeRef(ref, false, &p, &keys)) return;
    after_fused = false;
  }
}

void FstCursor::NextPast(size_t n) {
  assert(n > 0);
  if (Stuck()) return;
  if (!assembled_ && !Assemble()) return;
  assert(n <= key_bytes_);
  prefix_.assign(key_, 0, n);
  valid_ = eager_ = false;
  shared_ = 0;
  ++rank_;
  if (!SkipInList()) SkipAbove();
}

// Looks among the entries after after_ for the first that does not start with prefix_. False if
// there is none.
bool FstCursor::SkipInList() {
  if (prefix_.size() <= base_) return false;
  while (index_ + 1 < count_) {
    ++index_;
    entry_ = after_;
    uint64_t shared;
    if (!ReadShared(&shared)) return true;
    if (base_ + shared < prefix_.size()) {
      ArriveForward(shared);
      return true;
    }
    Note(shared);
    const uint64_t keys = body_->SkipEntry(after_ = entry_, limit_);
    if (keys == 0) {
      Fail(entry_, "an entry");
      return true;
    }
    rank_ += keys;
  }
  return false;
}

// Looks for the first key past prefix_ in what follows the record at hand.
void FstCursor::SkipAbove() {
  for (; !frames_.empty(); frames_.pop_back()) {
    Frame& f = frames_.back();
    rank_ = f.rank + f.keys;
    if (f.depth >= prefix_.size()) continue;
    if (!f.fused) {
      Reopen(f);
      const Frame list = f;
      frames_.pop_back();
      if (SkipInList()) return;
      frames_.push_back(list);
      continue;
    }
    if (f.index + 1 == f.count) continue;
    if (SeparatorLeaves(f)) {
      rank_ = f.rank + FusedNode(f.node).Before(++f.index);
      uint64_t keys;
      const uint8_t* child = ChildOf(f, &keys);
      if (child) EnterFirst(child, f.depth, true, keys);
      return;
    }
    // The next child may hold more keys of the prefix: seek the smallest key past it.
    past_.assign(prefix_);
    while (!past_.empty() && static_cast<uint8_t>(past_.back()) == 0xff) past_.pop_back();
    if (past_.size() <= f.depth) continue;
    past_.back() = static_cast<char>(static_cast<uint8_t>(past_.back()) + 1);
    const Frame node = f;
    frames_.pop_back();
    rank_ = node.rank;
    SeekBelow(node.node, node.depth, false, node.keys, fst::Query(past_));
    return;
  }
}

// Whether the separator before the next child of a FUSED frame tells that no key there starts with
// prefix_.
bool FstCursor::SeparatorLeaves(const Frame& f) const {
  const FusedNode node(f.node);
  const auto* prefix = reinterpret_cast<const uint8_t*>(prefix_.data()) + f.depth;
  if (node.one_byte) return node.separators[f.index] != prefix[0];
  const uint32_t window = fst::Load32(node.separators + 4 * f.index) ^ 0x80000000u;
  const size_t n = std::min<size_t>(4, prefix_.size() - f.depth);
  for (size_t i = 0; i < n; ++i) {
    if (static_cast<uint8_t>(window >> (24 - 8 * i)) != prefix[i]) return true;
  }
  return false;
}

}  // namespace memkv
