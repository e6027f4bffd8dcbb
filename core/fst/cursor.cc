// FstCursor: the path to a key, kept as a stack of records, its steps, and the key put together
// only when asked for. cursor_seek.cc has the seeks.

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
  if (eager_ && key_valid_ >= base_ + shares_[index_]) {
    key_bytes_ = base_ + shares_[index_];
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
  key_[key_bytes_] = 0;  // a token is decoded into room for the longest
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
  valid_ = false;
  if (index_ > 0) {
    StepBack();
  } else {
    LeaveBackward();
  }
  eager_ = false;
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

}  // namespace memkv
