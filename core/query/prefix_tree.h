// PrefixTree: the tree that a delimiter makes of the keys of one class, walked depth first, with
// the count of each branch; what a flame graph shows. Branches with too few keys are left to their
// parents' own share.
//
//   keys a/b/1 a/b/2 a/c x, delimiter "/":
//   (all) 4  >  "a/" 3  >  "a/b/" 2  >  "a/b/1" 1 · "a/b/2" 1 · "a/c" 1 · "x" 1
//
// By counts alone: a branch of at least m of the keys from rank r on holds a key whose rank is
// within m of r, so that a level costs one probe for m keys, however many branches there are. A
// branch that all keys of the one around it share costs no probe: a key with a delimiter at each of
// its bytes is walked in the time and memory of its length. Keys of several columns that have the
// same text are one branch.

#ifndef MEMKV_CORE_QUERY_PREFIX_TREE_H_
#define MEMKV_CORE_QUERY_PREFIX_TREE_H_

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "core/bytes.h"
#include "core/key.h"
#include "core/pace.h"
#include "core/query/key_text.h"
#include "core/query/search.h"
#include "core/range.h"
#include "core/status.h"

namespace memkv {

template <RankedCursor C>
class PrefixTree {
 public:
  struct Branch {
    size_t bytes;    // of its prefix, which ends with the delimiter unless it is a whole text
    uint64_t first;  // the rank of its first key
    uint64_t count;
    uint64_t own;  // keys in none of its branches that were told; right once it is left
  };

  // REQUIRES !delimiter.empty(), least > 0. max_depth: how many branches deep.
  PrefixTree(C cursor, KeyTag tag, Bytes delimiter, uint64_t max_depth, uint64_t least,
             KeyText text = KeyText())
      : cursor_(std::move(cursor)),
        text_(text),
        tag_(1, tag),
        delimiter_(text.Coded(delimiter)),
        max_depth_(max_depth),
        least_(least),
        path_(tag_) {
    assert(!delimiter.empty() && least > 0);
  }

  // Called now and then (see core/pace.h); true ends the walk with kInterrupted.
  void SetPoll(std::function<bool()> poll) { poll_ = std::move(poll); }

  // Enters the next branch or leaves the present one. The first call enters all keys of the class
  // (an empty prefix); false after those were left, and on failure.
  bool Next() {
    if (!status_.ok() || Stopped(0)) return false;
    if (stack_.empty()) return !done_ && EnterAll();
    if (!entered_) {  // that one was left
      stack_.pop_back();
      if (stack_.empty()) return false;
    }
    entered_ = stack_.size() <= max_depth_ && EnterBranch();
    return status_.ok();
  }

  // After Next(): which branch, and whether it was entered or left.
  const Branch& branch() const { return stack_.back().branch; }
  bool entered() const { return entered_; }
  size_t depth() const { return stack_.size() - 1; }  // 0: all keys
  // The prefix of the i-th branch around (depth(): of this one), without the tag, and what it adds
  // to that of the one around it. REQUIRES i <= depth(); i > 0.
  std::string prefix(size_t i) const { return TextOf(0, stack_[i].branch.bytes); }
  std::string segment(size_t i) const {
    return TextOf(stack_[i - 1].branch.bytes, stack_[i].branch.bytes);
  }
  const Status& status() const { return status_; }

 private:
  struct Frame {
    Branch branch;
    uint64_t next;  // branches before this rank were looked at
    size_t shared;  // bytes of path_ that are known to begin all of its keys
  };

  std::string TextOf(size_t from, size_t to) const {
    std::string buffer;
    Bytes text;
    text_.Decode(Bytes(path_).substr(1 + from, to - from), &buffer, &text);
    return std::string(text);
  }
  bool Good() {
    if (cursor_.Valid()) return true;
    status_ = cursor_.status();
    return false;
  }
  // Whether the poll ends the walk, after `bytes` of keys were gone through.
  bool Stopped(size_t bytes) {
    if (!pace_.Due(bytes) || !poll_ || !poll_()) return false;
    status_ = Status::Interrupted();
    return true;
  }
  // The rank of the first key >= key; of the end if there is none.
  uint64_t RankFrom(Bytes key) {
    cursor_.Seek(key);
    if (Good()) return cursor_.rank();
    cursor_.SeekLast();
    return Good() ? cursor_.rank() + 1 : 0;
  }

  bool EnterAll() {
    done_ = entered_ = true;
    const uint64_t first = RankFrom(tag_);
    const uint64_t end = RankFrom(*PrefixSuccessor(tag_));
    stack_.push_back({{0, first, end - first, end - first}, first, 1});
    return status_.ok();
  }

  // Where the branch of `path` ends that goes on after its first `from` bytes; npos: nowhere.
  size_t BranchEnd(Bytes path, size_t from) const {
    const size_t at = text_.Find(path, delimiter_, from);
    return at == Bytes::npos ? at : at + delimiter_.size();
  }

  // The next branch of the innermost one that has enough keys.
  bool EnterBranch() {
    Frame& top = stack_.back();
    const size_t from = 1 + top.branch.bytes;
    const uint64_t end = top.branch.first + top.branch.count;
    if (top.next == top.branch.first && top.branch.count >= least_ && top.shared > from) {
      // One that all of its keys share.
      const size_t bytes = BranchEnd(Bytes(path_).substr(0, top.shared), from);
      if (bytes != Bytes::npos) return Enter(bytes, false, top.next, end, top.shared);
      if (top.branch.count == 1 && text_.End(path_) > from)
        return Enter(text_.End(path_), true, top.next, end, top.shared);
    }
    while (top.next + least_ <= end) {
      const uint64_t here = top.next + least_ - 1;
      cursor_.SeekRank(here);
      if (!Good()) return false;
      const Bytes key = cursor_.key();
      if (Stopped(key.size())) return false;
      if (!key.starts_with(Bytes(path_).substr(0, from))) return false;  // ranks do not add up
      path_.assign(key);
      size_t bytes = BranchEnd(path_, from);
      const bool whole = bytes == Bytes::npos;
      if (whole) bytes = text_.End(path_);
      uint64_t first = here, past = here + 1;
      if (!whole || text_.several()) {
        const KeyRange keys =
            whole ? text_.Same(path_)
                  : PrefixRange(static_cast<KeyTag>(path_[0]), Bytes(path_).substr(1, bytes - 1));
        first = std::max(RankFrom(keys.lo), top.next);
        past = std::max(std::min(RankFrom(*keys.hi), end), here + 1);
        if (!status_.ok()) return false;
      }
      if (past - first < least_ || bytes == from) {
        top.next = past;
        continue;
      }
      size_t shared = past - first == 1 ? path_.size() : bytes;
      if (past - first == top.branch.count && past - first > 1 && !ReadShared(first, past, &shared))
        return false;
      return Enter(bytes, whole, first, past, shared);
    }
    return false;
  }

  // What the keys from rank `first` to before `past` have in common: path_ becomes that.
  bool ReadShared(uint64_t first, uint64_t past, size_t* shared) {
    cursor_.SeekRank(first);
    if (!Good()) return false;
    const std::string key(cursor_.key());
    cursor_.SeekRank(past - 1);
    if (!Good()) return false;
    const size_t common = CommonPrefix(key, cursor_.key());
    if (common < *shared) return true;  // ranks do not add up: none are in common for sure
    path_.assign(key, 0, common);
    *shared = common;
    return true;
  }

  // Enters the keys before `past` that begin with that many bytes of path_; `whole`: all of their
  // text, which has no branches.
  bool Enter(size_t bytes, bool whole, uint64_t first, uint64_t past, size_t shared) {
    Frame& top = stack_.back();
    top.next = past;
    top.branch.own -= past - first;
    whole |= past - first == 1 && bytes == shared;
    stack_.push_back(
        {{bytes - 1, first, past - first, past - first}, whole ? past : first, shared});
    return true;
  }

  C cursor_;
  KeyText text_;
  const std::string tag_, delimiter_;
  const uint64_t max_depth_, least_;
  std::function<bool()> poll_;
  Pace pace_;
  std::string path_;  // with the tag: what all frames are prefixes of
  std::deque<Frame> stack_;
  bool entered_ = false, done_ = false;
  Status status_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_PREFIX_TREE_H_
