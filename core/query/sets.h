// SetWalk: union, intersection and difference of two ordered structures, in key order, one key at a
// time.
//
// Where one side is behind, it takes a few steps and then seeks, so that a gap costs one seek, and
// runs that both sides share cost steps.

#ifndef MEMKV_CORE_QUERY_SETS_H_
#define MEMKV_CORE_QUERY_SETS_H_

#include <cassert>
#include <functional>
#include <utility>

#include "core/bytes.h"
#include "core/cursor.h"
#include "core/pace.h"
#include "core/status.h"

namespace memkv {

enum class SetOp {
  kUnion,      // in a or b
  kIntersect,  // in a and b
  kExcept,     // in a, not in b
};

template <OrderedCursor A, OrderedCursor B>
class SetWalk {
 public:
  // Stands nowhere until Start() or Seek().
  SetWalk(A a, B b, SetOp op) : a_(std::move(a)), b_(std::move(b)), op_(op) {}

  // Called now and then (see core/pace.h) while keys are passed over; true ends the walk with
  // kInterrupted.
  void SetPoll(std::function<bool()> poll) { poll_ = std::move(poll); }

  void Start() {
    a_.SeekFirst();
    b_.SeekFirst();
    Settle();
  }
  // The first key of the result >= key.
  void Seek(Bytes key) {
    a_.Seek(key);
    b_.Seek(key);
    Settle();
  }
  // REQUIRES Valid().
  void Next() {
    assert(valid_);
    // A side may have failed since, while its key was read.
    if (in_a_ && a_.Valid()) a_.Next();
    if (in_b_ && b_.Valid()) b_.Next();
    Settle();
  }

  bool Valid() const { return valid_; }
  const Status& status() const {
    if (!status_.ok()) return status_;
    return a_.status().ok() ? b_.status() : a_.status();
  }

  // REQUIRES Valid(). Borrowed until the next move.
  Bytes key() { return in_a_ ? a_.key() : b_.key(); }
  // REQUIRES Valid(). Which sides have the key, and where they stand: their values are there.
  bool in_a() const { return in_a_; }
  bool in_b() const { return in_b_; }
  A& a() { return a_; }
  B& b() { return b_; }

 private:
  static constexpr int kSteps = 4;

  // From where the sides stand on, to a key of the result or the end.
  void Settle();
  // Moves `side` to its first key >= key. REQUIRES side.Valid(), and its key is below.
  template <class C>
  void CatchUp(C* side, Bytes key) {
    for (int n = 0; n < kSteps; ++n) {
      side->Next();
      if (!side->Valid()) return;
      const Bytes at = side->key();  // reading it may fail
      if (!side->Valid() || at >= key) return;
    }
    side->Seek(key);
  }

  A a_;
  B b_;
  SetOp op_;
  std::function<bool()> poll_;
  Pace pace_;
  bool valid_ = false;
  bool in_a_ = false, in_b_ = false;
  Status status_;
};

template <OrderedCursor A, OrderedCursor B>
void SetWalk<A, B>::Settle() {
  valid_ = false;
  status_ = {};
  for (;;) {
    if (!a_.status().ok() || !b_.status().ok()) return;
    const bool a = a_.Valid(), b = b_.Valid();
    if (!a || !b) {  // what is left is one side's
      in_a_ = a;
      in_b_ = b;
      valid_ = op_ == SetOp::kUnion ? a || b : op_ == SetOp::kExcept && a;
      return;
    }
    const Bytes key_a = a_.key(), key_b = b_.key();
    const size_t bytes = key_a.size() + key_b.size();
    const int order = key_a.compare(key_b);
    if (!a_.status().ok() || !b_.status().ok()) return;
    in_a_ = order <= 0;
    in_b_ = order >= 0;
    if (op_ == SetOp::kUnion || (op_ == SetOp::kIntersect && order == 0) ||
        (op_ == SetOp::kExcept && order < 0)) {
      valid_ = true;
      return;
    }
    if (order == 0) {
      a_.Next();
      b_.Next();
    } else if (order < 0) {
      CatchUp(&a_, b_.key());
    } else {
      CatchUp(&b_, a_.key());
    }
    if (pace_.Due(bytes) && poll_ && poll_()) {
      status_ = Status::Interrupted();
      return;
    }
  }
}

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_SETS_H_
