// PrefixTree: the tree that a delimiter makes of the keys of one class, walked depth first, with
// the count of each branch; what a flame graph shows. Branches with too few keys are left to their
// parents' own share.
//
//   keys a/b/1 a/b/2 a/c x, delimiter "/":
//   (all) 4  >  "a/" 3  >  "a/b/" 2  >  "a/b/1" 1 · "a/b/2" 1 · "a/c" 1 · "x" 1
//
// By counts alone: a branch of at least m of the keys from rank r on holds a key whose rank is
// within m of r, so that a level costs one probe for m keys, however many branches there are.

#ifndef MEMKV_CORE_QUERY_PREFIX_TREE_H_
#define MEMKV_CORE_QUERY_PREFIX_TREE_H_

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/key.h"
#include "core/query/search.h"
#include "core/status.h"

namespace memkv {

template <RankedCursor C>
class PrefixTree {
 public:
  struct Branch {
    std::string prefix;  // without the tag; ends with the delimiter unless it is a whole key
    uint64_t first;      // the rank of its first key
    uint64_t count;
    uint64_t own;  // keys in none of its branches that were told; right once it is left
  };

  // REQUIRES !delimiter.empty(), least > 0. max_depth: how many branches deep.
  PrefixTree(C cursor, KeyTag tag, Bytes delimiter, uint64_t max_depth, uint64_t least)
      : cursor_(std::move(cursor)),
        tag_(1, tag),
        delimiter_(delimiter),
        max_depth_(max_depth),
        least_(least) {
    assert(!delimiter.empty() && least > 0);
  }

  // Enters the next branch or leaves the present one. The first call enters all keys of the class
  // (an empty prefix); false after those were left, and on failure.
  bool Next() {
    if (!status_.ok()) return false;
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
  // The branches around and including this one, outermost first. i <= depth().
  const Branch& ancestor(size_t i) const { return stack_[i].branch; }
  const Status& status() const { return status_; }

 private:
  struct Frame {
    Branch branch;
    uint64_t next;  // branches before this rank were looked at
  };

  bool Good() {
    if (cursor_.Valid()) return true;
    status_ = cursor_.status();
    return false;
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
    stack_.push_back({{"", first, end - first, end - first}, first});
    return status_.ok();
  }

  // The next branch of the innermost one that has enough keys.
  bool EnterBranch() {
    Frame& top = stack_.back();
    const std::string start = tag_ + top.branch.prefix;
    const uint64_t end = top.branch.first + top.branch.count;
    while (top.next + least_ <= end) {
      cursor_.SeekRank(top.next + least_ - 1);
      if (!Good()) return false;
      const Bytes key = cursor_.key();
      if (!key.starts_with(start)) return false;  // ranks that do not add up
      const size_t at = key.find(delimiter_, start.size());
      const bool whole = at == Bytes::npos;
      const std::string branch(key.substr(0, whole ? key.size() : at + delimiter_.size()));
      uint64_t first = top.next + least_ - 1, past = first + 1;
      if (!whole) {
        const uint64_t here = first;
        first = std::max(RankFrom(branch), top.next);
        past = std::min(RankFrom(*PrefixSuccessor(branch)), end);
        if (!status_.ok()) return false;
        past = std::max(past, here + 1);
      }
      top.next = past;
      if (past - first < least_ || branch.size() == start.size()) continue;
      top.branch.own -= past - first;
      Branch entered{branch.substr(1), first, past - first, past - first};
      // A whole key has no branches.
      stack_.push_back({std::move(entered), whole ? past : first});
      return true;
    }
    return false;
  }

  C cursor_;
  const std::string tag_, delimiter_;
  const uint64_t max_depth_, least_;
  std::vector<Frame> stack_;
  bool entered_ = false, done_ = false;
  Status status_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_PREFIX_TREE_H_
