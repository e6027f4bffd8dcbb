// FstCursor: the path to a key, kept as a stack of records, and the key put together only when
// asked for.

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

#include "core/fst/fst.h"
#include "core/fst/walk.h"

namespace memkv {

using fst::EntryEnd;
using fst::FusedNode;
using fst::TokenSlot;

FstCursor::FstCursor(std::shared_ptr<const Fst> fst) : fst_(std::move(fst)), body_(&fst_->body_) {}

void FstCursor::Reset() {
  frames_.clear();
  status_ = {};
  valid_ = false;
  rank_ = 0;
  shared_ = 0;
  base_ = key_valid_ = 0;
  assembled_ = eager_ = false;
}

bool FstCursor::Fail(const uint8_t* p, const char* what) {
  valid_ = false;
  status_ = body_->Corrupt(p, what);
  return false;
}

bool FstCursor::Reserve(uint64_t bytes) {
  if (bytes > body_->longest) return false;
  fst::GrowKey(&key_, bytes);
  return true;
}

// ---- records

// Takes a SINGLE's label into the key; *p is then a LIST or a FUSED node that lies inside.
bool FstCursor::EnterRecord(const uint8_t** p, uint64_t* depth, bool after_fused) {
  limit_ = body_->Limit(*p);
  if (!limit_) return Fail(*p, "a record outside the section");
  if (**p == fst::kSingle) {
    const uint8_t* label;
    uint64_t bytes;
    if (!body_->TakeLabel(*p, limit_, &label, &bytes) || !Reserve(*depth + bytes))
      return Fail(*p, "a label");
    std::memcpy(key_.data() + *depth, label, bytes);
    *depth += bytes;
    after_fused = false;
  }
  key_valid_ = *depth;
  if (**p < fst::kFused) return true;
  if (after_fused || FusedNode(*p).bytes() > static_cast<size_t>(body_->end - *p))
    return Fail(*p, "a FUSED node");
  return true;
}

bool FstCursor::OpenList(const uint8_t* p, uint64_t depth) {
  list_ = p;
  base_ = depth;
  count_ = *p;
  if (count_ == 0 || count_ > fst::kMaxListEntries) return Fail(p, "a LIST");
  index_ = noted_ = 0;
  entry_ = p + 1;
  return true;
}

void FstCursor::OpenFused(const uint8_t* node, uint32_t slot, uint64_t depth, uint64_t keys,
                          uint64_t first) {
  frames_.push_back({node, slot, FusedNode(node).k + 1, depth, first, keys, nullptr, true});
}

const uint8_t* FstCursor::ChildOf(const Frame& f, uint64_t* keys) {
  const FusedNode node(f.node);
  *keys = (f.index < node.k ? node.Before(f.index + 1) : f.keys) - node.Before(f.index);
  const uint8_t* child = body_->Child(node, f.index);
  if (!child) Fail(f.node, "a child");
  return child;
}

bool FstCursor::EnterFirst(const uint8_t* p, uint64_t depth, bool after_fused, uint64_t keys) {
  return Enter(p, depth, after_fused, keys, false);
}

bool FstCursor::EnterLast(const uint8_t* p, uint64_t depth, bool after_fused, uint64_t keys) {
  return Enter(p, depth, after_fused, keys, true);
}

// Down to a key in a loop: records may lead to one another as often as a key has bytes.
bool FstCursor::Enter(const uint8_t* p, uint64_t depth, bool after_fused, uint64_t keys,
                      bool last) {
  for (;;) {
    if (!EnterRecord(&p, &depth, after_fused)) return false;
    if (*p >= fst::kFused) {
      OpenFused(p, last ? FusedNode(p).k : 0, depth, keys, last ? rank_ - (keys - 1) : rank_);
      if (!(p = ChildOf(frames_.back(), &keys))) return false;
      after_fused = true;
      continue;
    }
    if (!OpenList(p, depth)) return false;
    if (!last) Note(0);
    if (last && !Rewalk(count_ - 1)) return false;
    const uint8_t* ref;
    if (!WalkEntry(&ref)) return false;
    if (!ref) return valid_ = true;
    depth = key_bytes_;
    if (!TakeRef(ref, last, &p, &keys)) return false;
    after_fused = false;
  }
}

// ---- entries of a LIST

// What entry index_, not the first, shares with the one before; moves entry_ from there to its
// codes.
bool FstCursor::ReadShared(uint64_t* shared) {
  if (!body_->TakeShared(entry_, limit_, shared)) return Fail(entry_, "a shared prefix");
  return true;
}

// Stands on entry index_, whose codes begin at entry_.
void FstCursor::Note(uint64_t shared) {
  starts_[index_] = entry_;
  shares_[index_] = shared;
  key_valid_ = std::min(key_valid_, base_ + shared);
  assembled_ = false;
}

bool FstCursor::ArriveForward(uint64_t shared) {
  Note(shared);
  return Below(false);
}

// Walks the codes of the entry stood at: to after_ where a key ends; to *ref where they end in a
// reference, and then the key's bytes above it are known, key_bytes_ of them.
bool FstCursor::WalkEntry(const uint8_t** ref) {
  const uint8_t* p = entry_;
  *ref = nullptr;
  if (eager_ && key_valid_ == base_ + shares_[index_]) {
    key_bytes_ = key_valid_;
    const EntryEnd end = fst::DecodeEntry(*body_, p, limit_, &key_, &key_bytes_);
    if (end == EntryEnd::kWrong) return Fail(p, "an entry");
    key_valid_ = key_bytes_;
    assembled_ = true;
    if (end == EntryEnd::kKey) {
      after_ = p;
      return true;
    }
  } else {
    for (;;) {
      if (p >= limit_ && !(limit_ = body_->Limit(p))) return Fail(p, "an entry");
      const uint32_t c = *p;
      if (c >= body_->code.hot) [[unlikely]]
        break;
      p += 1 + (c >= body_->code.one);
      if (body_->code.IsEnd(c)) {
        after_ = p;
        return true;
      }
    }
    if (!Assemble()) return false;
  }
  if (key_bytes_ == base_) return Fail(p, "a reference without text");
  *ref = p;
  return true;
}

// Stands on the key of the entry; or, if it ends in a reference, on the first (last) key below.
bool FstCursor::Below(bool last) {
  const uint8_t* p;
  if (!WalkEntry(&p)) return false;
  if (!p) return valid_ = true;
  const uint64_t depth = key_bytes_;
  const uint8_t* to;
  uint64_t keys;
  if (!TakeRef(p, last, &to, &keys)) return false;
  return Enter(to, depth, false, keys, last);
}

// Goes through the reference at p. Its first (last) key has the rank rank_.
bool FstCursor::TakeRef(const uint8_t* p, bool last, const uint8_t** to, uint64_t* keys) {
  if (!body_->TakeRef(p, limit_, to, keys)) return Fail(p, "a reference");
  frames_.push_back(
      {list_, index_, count_, base_, last ? rank_ - (*keys - 1) : rank_, *keys, p, false});
  return true;
}

// Walks the list from its start to an entry, and stands on it.
bool FstCursor::Rewalk(uint32_t index) {
  const uint8_t* p = list_ + 1;
  limit_ = body_->Limit(list_);
  if (!limit_ || index >= fst::kMaxListEntries) return Fail(list_, "a LIST");
  noted_ = 0;
  for (uint32_t i = 0;; ++i) {
    uint64_t shared = 0;
    if (i > 0 && !body_->TakeShared(p, limit_, &shared)) return Fail(p, "a shared prefix");
    starts_[i] = p;
    shares_[i] = shared;
    if (i == index) break;
    if (body_->SkipEntry(p, limit_) == 0) return Fail(p, "an entry");
  }
  index_ = index;
  entry_ = starts_[index];
  key_valid_ = std::min(key_valid_, base_ + shares_[index]);
  assembled_ = false;
  return true;
}

// ---- the key

bool FstCursor::Decode(const uint8_t* p, uint64_t at, uint64_t until, const uint8_t** after,
                       uint64_t* length) {
  const uint8_t* limit = body_->Limit(p);
  if (!limit) return false;
  *length = at;
  if (until == ~uint64_t{0}) {
    if (fst::DecodeEntry(*body_, p, limit, &key_, length) == EntryEnd::kWrong) return false;
    *after = p;
    return true;
  }
  while (*length < until) {
    if (p >= limit && !(limit = body_->Limit(p))) return false;
    const uint32_t c = *p;
    if (c >= body_->code.hot) return false;
    const TokenSlot& token = body_->code.Take(p);
    if (!Reserve(*length)) return false;
    fst::Copy16(key_.data() + *length, &token);
    *length += token.length;
    if (body_->code.IsEnd(c)) break;
  }
  return *length >= until;
}

// Front coding is undone backwards: the entries that hold the bytes that the entry shares, then
// these in order.
bool FstCursor::Assemble() {
  uint32_t chain[fst::kMaxListEntries];
  uint32_t links = 0;
  uint64_t need = base_ + shares_[index_];
  for (uint32_t i = index_; key_valid_ < need;) {
    if (i == noted_) return Fail(entry_, "a shared prefix");
    --i;
    if (base_ + shares_[i] < need) {
      chain[links++] = i;
      need = base_ + shares_[i];
    }
  }
  const uint8_t* after;
  uint64_t length;
  if (!Reserve(base_ + shares_[index_])) return Fail(entry_, "a key too long");
  while (links > 0) {
    const uint32_t i = chain[--links];
    const uint64_t until = base_ + shares_[links > 0 ? chain[links - 1] : index_];
    if (!Decode(starts_[i], base_ + shares_[i], until, &after, &length))
      return Fail(starts_[i], "an entry");
  }
  if (!Decode(entry_, base_ + shares_[index_], ~uint64_t{0}, &after, &key_bytes_))
    return Fail(entry_, "an entry");
  key_valid_ = key_bytes_;
  assembled_ = true;
  return true;
}

Bytes FstCursor::key() {
  if (Stuck()) return {};
  if (!assembled_ && !Assemble()) return {};
  eager_ = true;
  return Bytes(key_.data(), key_bytes_);
}

// ---- steps

void FstCursor::Next() {
  if (Stuck()) return;
  ++rank_;
  valid_ = false;
  NextEntry();
  eager_ = false;
}

// From an entry whose codes end at after_ to the next key.
bool FstCursor::NextEntry() {
  if (index_ + 1 == count_) return LeaveForward();
  ++index_;
  entry_ = after_;
  uint64_t shared;
  if (!ReadShared(&shared)) return false;
  shared_ = base_ + shared;
  return ArriveForward(shared);
}

// From past the end of a record to the first key after it, whose rank is rank_.
bool FstCursor::LeaveForward() {
  for (; !frames_.empty(); frames_.pop_back()) {
    Frame& f = frames_.back();
    if (f.index + 1 == f.count) continue;
    if (!f.fused) {
      Reopen(f);
      frames_.pop_back();
      return NextEntry();
    }
    ++f.index;
    shared_ = f.depth;
    uint64_t keys;
    const uint8_t* child = ChildOf(f, &keys);
    return child && EnterFirst(child, f.depth, true, keys);
  }
  if (rank_ != body_->keys) return Fail(body_->base, "the counts of the keys");
  return false;
}

// Stands again on the entry of a LIST whose reference was gone through. The key's bytes down to the
// reference are known.
void FstCursor::Reopen(const Frame& f) {
  list_ = f.node;
  base_ = f.depth;
  count_ = f.count;
  index_ = f.index;
  after_ = f.after;
  limit_ = f.after;  // to be looked up
  noted_ = f.index + 1;
}

void FstCursor::Prev() {
  if (Stuck()) return;
  --rank_;
  valid_ = eager_ = false;
  if (index_ > 0) {
    StepBack();
  } else {
    LeaveBackward();
  }
}

// From an entry that is not the first to the last key of the one before it.
bool FstCursor::StepBack() {
  // What the entry before shares may lie in entries that were not walked.
  if (noted_ > 0 && !Rewalk(index_)) return false;
  key_valid_ = std::min(key_valid_, base_ + shares_[index_]);
  assembled_ = false;
  entry_ = starts_[--index_];
  return Below(true);
}

bool FstCursor::LeaveBackward() {
  for (; !frames_.empty(); frames_.pop_back()) {
    Frame& f = frames_.back();
    if (f.index == 0) continue;
    if (!f.fused) {
      Reopen(f);
      frames_.pop_back();
      return StepBack();
    }
    --f.index;
    uint64_t keys;
    const uint8_t* child = ChildOf(f, &keys);
    return child && EnterLast(child, f.depth, true, keys);
  }
  return false;
}

// ---- seeks

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
