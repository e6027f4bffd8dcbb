// StateStack: an automaton's states along the bytes of a key, one entry for each change: a state
// that stays as it is for many bytes, as that of LIKE '%report%' does, costs one.

#ifndef MEMKV_CORE_QUERY_STATE_STACK_H_
#define MEMKV_CORE_QUERY_STATE_STACK_H_

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <vector>

namespace memkv {

template <class State>
class StateStack {
 public:
  void Clear() { marks_.clear(); }

  // The state from `depth` bytes on. REQUIRES: depth is above that of every earlier Push since
  // Clear() or CutTo().
  void Push(size_t depth, const State& s) {
    assert(marks_.empty() || marks_.back().depth < depth);
    marks_.push_back({depth, s});
  }

  // Forgets what came after `depth` bytes; gives the state there. REQUIRES something was pushed at
  // or before `depth`.
  const State& CutTo(size_t depth) {
    while (marks_.back().depth > depth) marks_.pop_back();
    return marks_.back().state;
  }

  // Where the last state begins. REQUIRES there is one.
  size_t depth() const { return marks_.back().depth; }

  // The state after `depth` bytes. REQUIRES as CutTo.
  const State& At(size_t depth) const {
    const auto above = std::upper_bound(marks_.begin(), marks_.end(), depth,
                                        [](size_t d, const Mark& m) { return d < m.depth; });
    assert(above != marks_.begin());
    return std::prev(above)->state;
  }

 private:
  struct Mark {
    size_t depth;
    State state;
  };
  std::vector<Mark> marks_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_STATE_STACK_H_
