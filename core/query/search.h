// Search: the keys of a range whose text an automaton accepts, in key order or against it.
//
//   key       02 h t t p : / / w w w . c d c . g o v / f l u
//   states       0 1 2 3 4 5 6 7 ...                 A         one for each byte, kept while the
//                                                              cursor moves
//
// 1. After Next() the automaton goes on from the state at cursor.shared(): what keys share is
// looked at once.
// 2. A state that cannot match is a branch that nothing in it matches: the search asks the
//    automaton which byte may come instead, here or further up, spells out what has to follow it,
//    and seeks there.
// 3. Below a state that accepts all (A), each key is a match: it costs one Next() and is never
//    assembled, and Count() counts them all by two ranks.
//
// Keys are those of core/key.h: their first byte, the tag, says the class; the automaton reads what
// follows it.

#ifndef MEMKV_CORE_QUERY_SEARCH_H_
#define MEMKV_CORE_QUERY_SEARCH_H_

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "core/bytes.h"
#include "core/cursor.h"
#include "core/key.h"
#include "core/pace.h"
#include "core/query/automaton.h"
#include "core/query/state_stack.h"
#include "core/range.h"
#include "core/status.h"

namespace memkv {

// A cursor that knows how many entries lie before the one it stands on.
template <class C>
concept RankedCursor = OrderedCursor<C> && requires(const C c) {
  { c.rank() } -> std::convertible_to<uint64_t>;
};

enum class SearchOrder { kAscending, kDescending };
enum class SearchClasses { kText, kTextAndBlob, kBlob };

template <OrderedCursor C, Automaton A>
class Search {
 public:
  using State = typename A::State;

  // Stands nowhere until Start().
  Search(C cursor, A automaton, KeyRange range, SearchClasses classes = SearchClasses::kText,
         SearchOrder order = SearchOrder::kAscending)
      : cursor_(std::move(cursor)),
        automaton_(std::move(automaton)),
        range_(std::move(range)),
        first_tag_(classes == SearchClasses::kBlob ? kBlobTag : kTextTag),
        last_tag_(classes == SearchClasses::kText ? kTextTag : kBlobTag),
        descending_(order == SearchOrder::kDescending) {}

  // Called now and then (see core/pace.h) while keys are looked at; true ends the search with
  // kInterrupted.
  void SetPoll(std::function<bool()> poll) { poll_ = std::move(poll); }

  // The first match in the search's order.
  void Start();

  // Whether the search stands on a match. When it does not, status() tells an end from a failure.
  bool Valid() const { return valid_; }
  const Status& status() const { return status_.ok() ? cursor_.status() : status_; }

  // REQUIRES Valid(), as does all that follows. The next match in the search's order.
  void Next() { descending_ ? Retreat() : Advance(); }

  // On the match: its key, value, rank. Moving it by other means ends the search.
  C& cursor() { return cursor_; }
  const C& cursor() const { return cursor_; }
  // The automaton's state at the match: after its last byte, or the first that accepts all.
  State state() const { return state_; }
  const A& automaton() const { return automaton_; }

  // How many matches there are in all; the search stands nowhere afterwards. REQUIRES ascending
  // order.
  uint64_t Count() requires RankedCursor<C>;

 private:
  // States are kept along this many bytes of a key; what comes after is evaluated anew for each
  // key.
  static constexpr size_t kMaxKept = 4096;
  // How many bytes that have to follow are spelt out in a seek.
  static constexpr size_t kMaxSpelt = 64;
  static constexpr size_t kCompare = SIZE_MAX;
  static constexpr bool kSkips = requires(const A& a, State s, Bytes rest, bool keep) {
    a.Skip(&s, rest, &keep);
  };

  struct Walk {
    size_t depth;  // bytes of the key that were read
    bool alive;    // false: the byte at `depth` kills
  };

  // Reads key from `from` on; states_ holds for that many of its bytes.
  Walk Read(Bytes key, size_t from, bool skip = true);

  void Advance();
  void Retreat();
  // From the key under the cursor on, to a match or the end. states_ holds for that many bytes of
  // that key; kCompare: as many as it shares with target_ (path_), up to kept_.
  void SettleForward(size_t from);
  void SettleBackward(size_t from);

  // Where the next (previous) match can be at the earliest (latest), when `key` is none of them and
  // dies at `depth`, or is only the edge of the range and ends there. False if nowhere. target_
  // becomes the bytes to go to, kept_ how many of them states_ holds for.
  bool FindNext(Bytes key, size_t depth);
  bool FindPrev(Bytes key, size_t depth);
  void SpellNext(State s);
  void SpellPrev(State s);
  // Moves to the last entry below whatever starts with target_.
  void SeekUpTo();

  void Stop() { valid_ = false; }
  void OutOfOrder();
  // Whether the poll ends the search, now that `key` is to be looked at.
  bool Stopped(Bytes key);
  uint64_t EndRank() requires RankedCursor<C>;

  C cursor_;
  A automaton_;
  KeyRange range_;
  uint8_t first_tag_, last_tag_;
  bool descending_;
  std::function<bool()> poll_;

  StateStack<State> states_;  // after 1 .. n bytes of the key
  State state_{};
  bool valid_ = false;
  Status status_;
  Pace pace_;

  size_t read_ = 0;       // bytes of the present key that states_ holds for
  bool all_ = false;      // the state after those accepts all
  bool bounded_ = false;  // all_, and the range ends among the keys that share those bytes
  std::string path_;      // descending: those bytes

  std::string target_;
  size_t kept_ = 0;
  // Where the search last jumped to. Stored keys that are out of order could send it round for
  // ever.
  std::string jumped_;
};

template <OrderedCursor C, Automaton A>
void Search<C, A>::Start() {
  valid_ = false;
  status_ = {};
  jumped_.clear();
  if (range_.empty() || !automaton_.CanMatch(automaton_.Start())) return;
  const Bytes edge = descending_ ? Bytes(range_.hi ? *range_.hi : std::string_view()) : range_.lo;
  const Walk walk = Read(edge, 0);
  if (!descending_) {
    if (walk.alive && !edge.empty()) {
      target_.assign(edge);
      if (walk.depth == edge.size()) SpellNext(state_);
    } else if (!FindNext(edge, walk.depth)) {
      return;
    }
    cursor_.Seek(target_);
    return SettleForward(0);
  }
  if (walk.alive && !edge.empty()) {
    cursor_.SeekBefore(edge);
  } else if (!FindPrev(edge, walk.depth)) {
    return;
  } else {
    SeekUpTo();
  }
  path_.clear();
  SettleBackward(0);
}

template <OrderedCursor C, Automaton A>
void Search<C, A>::OutOfOrder() {
  valid_ = false;
  status_ = Status::Corrupt("keys are out of order");
}

template <OrderedCursor C, Automaton A>
typename Search<C, A>::Walk Search<C, A>::Read(Bytes key, size_t from, [[maybe_unused]] bool skip) {
  if (key.empty()) return {0, true};
  size_t depth = from;
  if (depth == 0) {
    const uint8_t tag = static_cast<uint8_t>(key[0]);
    if (tag < first_tag_ || tag > last_tag_) return {0, false};
    states_.Clear();
    states_.Push(++depth, automaton_.Start());
  }
  State s = states_.CutTo(depth);
  if constexpr (kSkips) {
    const size_t back = automaton_.Lookback(s);
    depth = std::max(states_.depth(), depth > back ? depth - back : 0);
  }
  while (depth < key.size() && !automaton_.AcceptsAll(s)) {
    if constexpr (kSkips) {
      State after = s;
      bool keep = true;
      if (const size_t n = skip ? automaton_.Skip(&after, key.substr(depth), &keep) : 0; n > 0) {
        depth += n;
        if (keep && depth <= kMaxKept && !(after == s)) states_.Push(depth, after);
        s = after;
        continue;
      }
    }
    const State next = automaton_.Step(s, static_cast<uint8_t>(key[depth]));
    if (!automaton_.CanMatch(next)) {
      if constexpr (kSkips) {
        if (skip) return Read(key, 0, false);  // every state along a branch that is left is needed
      }
      return {depth, false};
    }
    ++depth;
    if (next == s) continue;
    s = next;
    if (depth <= kMaxKept) states_.Push(depth, s);
  }
  state_ = s;
  return {depth, true};
}

template <OrderedCursor C, Automaton A>
void Search<C, A>::Advance() {
  assert(valid_);
  cursor_.Next();
  if (!cursor_.Valid()) return Stop();
  const size_t shared = cursor_.shared();
  if (all_ && shared >= read_ && !bounded_) return;  // one more in a subtree of matches
  SettleForward(std::min(shared, read_));
}

template <OrderedCursor C, Automaton A>
void Search<C, A>::SettleForward(size_t from) {
  for (valid_ = false; cursor_.Valid();) {
    const Bytes key = cursor_.key();
    if (Stopped(key)) return;
    if (!range_.Below(key)) return;
    if (from == kCompare) from = CommonPrefix(Bytes(target_).substr(0, kept_), key);
    const Walk walk = Read(key, from);
    if (walk.alive) {
      read_ = std::min(walk.depth, kMaxKept);
      if (automaton_.IsMatch(state_)) {
        all_ = automaton_.AcceptsAll(state_) && walk.depth <= kMaxKept;
        bounded_ = all_ && range_.hi && Bytes(*range_.hi).starts_with(key.substr(0, read_));
        valid_ = true;
        return;
      }
      cursor_.Next();
      if (!cursor_.Valid()) return;
      from = std::min<size_t>(cursor_.shared(), read_);
      continue;
    }
    if (!FindNext(key, walk.depth) || !range_.Below(target_)) return;
    if (!jumped_.empty() && target_ <= jumped_) return OutOfOrder();
    jumped_ = target_;
    // The next branch over is one step away; one further off, or deeper, is a seek.
    const size_t branch = kept_ + 1;
    const bool adjacent =
        target_.size() == branch && branch <= key.size() &&
        static_cast<uint8_t>(target_[kept_]) == static_cast<uint8_t>(key[kept_]) + 1;
    if (adjacent) {
      cursor_.NextPast(branch);
    } else {
      cursor_.Seek(target_);
    }
    from = kCompare;
  }
}

template <OrderedCursor C, Automaton A>
bool Search<C, A>::FindNext(Bytes key, size_t depth) {
  if (depth > kMaxKept) {  // no states to go by: past all that shares the deadly byte
    const std::optional<std::string> next = PrefixSuccessor(key.substr(0, depth + 1));
    target_ = *next;  // the tag has a successor
    kept_ = CommonPrefix(target_, key.substr(0, kMaxKept));
    return true;
  }
  for (size_t level = depth;; --level) {
    const unsigned least = level < key.size() ? static_cast<uint8_t>(key[level]) + 1u : 0u;
    uint8_t byte;
    if (level == 0) {
      if (least > last_tag_) return false;
      target_.assign(1, static_cast<char>(std::max<unsigned>(least, first_tag_)));
      kept_ = 0;
      SpellNext(automaton_.Start());
      return true;
    }
    if (least <= 0xff &&
        automaton_.NextViable(states_.At(level), static_cast<uint8_t>(least), &byte)) {
      target_.assign(key.substr(0, level));
      target_.push_back(static_cast<char>(byte));
      kept_ = level;
      SpellNext(automaton_.Step(states_.At(level), byte));
      return true;
    }
  }
}

template <OrderedCursor C, Automaton A>
void Search<C, A>::SpellNext(State s) {
  uint8_t byte;
  for (size_t n = 0; n < kMaxSpelt && !automaton_.IsMatch(s); ++n) {
    // Bytes 0 and 1 leave next to nothing out.
    if (!automaton_.NextViable(s, 0, &byte) || byte <= 1) return;
    target_.push_back(static_cast<char>(byte));
    s = automaton_.Step(s, byte);
  }
}

template <OrderedCursor C, Automaton A>
void Search<C, A>::Retreat() {
  assert(valid_);
  cursor_.Prev();
  if (!cursor_.Valid()) return Stop();
  SettleBackward(kCompare);
}

template <OrderedCursor C, Automaton A>
void Search<C, A>::SettleBackward(size_t from) {
  for (valid_ = false; cursor_.Valid() && status_.ok();) {
    const Bytes key = cursor_.key();
    if (Stopped(key)) return;
    if (key < range_.lo) return;
    if (from == kCompare) from = CommonPrefix(path_, key);
    const Walk walk = Read(key, from);
    read_ = std::min(walk.depth, kMaxKept);
    path_.resize(from);
    path_.append(key.substr(from, read_ - from));
    if (walk.alive) {
      if (automaton_.IsMatch(state_)) {
        valid_ = true;
        return;
      }
      cursor_.Prev();
    } else {
      if (!FindPrev(key, walk.depth)) return;
      SeekUpTo();
    }
    from = kCompare;
  }
}

template <OrderedCursor C, Automaton A>
bool Search<C, A>::FindPrev(Bytes key, size_t depth) {
  if (depth > kMaxKept) {
    // Down to what shares the bytes before the deadly one; smaller bytes in its place have no
    // states to go by.
    target_.assign(key.substr(0, depth + 1));
    kept_ = SIZE_MAX;
    return true;
  }
  for (size_t level = depth;; --level) {
    const int most = level < key.size() ? static_cast<uint8_t>(key[level]) - 1 : 0xff;
    uint8_t byte;
    if (level == 0) {
      if (most < first_tag_) return false;
      target_.assign(1, static_cast<char>(std::min<int>(most, last_tag_)));
      kept_ = 0;
      SpellPrev(automaton_.Start());
      return true;
    }
    if (most >= 0 && automaton_.PrevViable(states_.At(level), static_cast<uint8_t>(most), &byte)) {
      target_.assign(key.substr(0, level));
      target_.push_back(static_cast<char>(byte));
      kept_ = level;
      SpellPrev(automaton_.Step(states_.At(level), byte));
      return true;
    }
    if (automaton_.IsMatch(
            states_.At(level))) {  // the key that ends here comes before all that goes on
      target_.assign(key.substr(0, level));
      target_.push_back('\0');
      kept_ = SIZE_MAX;
      return true;
    }
  }
}

template <OrderedCursor C, Automaton A>
void Search<C, A>::SpellPrev(State s) {
  uint8_t byte;
  for (size_t n = 0; n < kMaxSpelt && !automaton_.AcceptsAll(s); ++n) {
    if (!automaton_.PrevViable(s, 0xff, &byte) || byte == 0xff) return;
    target_.push_back(static_cast<char>(byte));
    s = automaton_.Step(s, byte);
  }
}

template <OrderedCursor C, Automaton A>
void Search<C, A>::SeekUpTo() {
  // With kept_ == SIZE_MAX target_ is itself the bound. The tag has a successor.
  std::string bound = kept_ == SIZE_MAX ? target_ : *PrefixSuccessor(target_);
  if (!jumped_.empty() && bound >= jumped_) return OutOfOrder();
  jumped_ = std::move(bound);
  cursor_.SeekBefore(jumped_);
}

template <OrderedCursor C, Automaton A>
bool Search<C, A>::Stopped(Bytes key) {
  if (!pace_.Due(key.size()) || !poll_ || !poll_()) return false;
  status_ = Status::Interrupted();
  return true;
}

template <OrderedCursor C, Automaton A>
uint64_t Search<C, A>::EndRank() requires RankedCursor<C> {
  cursor_.SeekLast();
  return cursor_.Valid() ? cursor_.rank() + 1 : 0;
}

template <OrderedCursor C, Automaton A>
uint64_t Search<C, A>::Count() requires RankedCursor<C> {
  assert(!descending_);
  constexpr int kSteps = 8;  // subtrees up to this size are counted by walking them
  uint64_t count = 0;
  int steps = 0;
  for (Start(); valid_;) {
    ++count;
    const bool all = all_;
    const size_t read = read_;
    if (!all || steps < kSteps) {
      Next();
      steps = all && valid_ && all_ && read_ == read ? steps + 1 : 0;
      continue;
    }
    // The rest of the subtree, up to where the range ends.
    steps = 0;
    --count;
    target_.assign(cursor_.key().substr(0, read_));
    const uint64_t first = cursor_.rank();
    if (bounded_) {
      cursor_.Seek(*range_.hi);
    } else {
      cursor_.NextPast(read_);
    }
    if (!cursor_.Valid()) {
      if (!cursor_.status().ok()) break;
      count += EndRank() - first;
      break;
    }
    if (cursor_.rank() <= first) {
      OutOfOrder();
      break;
    }
    count += cursor_.rank() - first;
    kept_ = read_;
    SettleForward(kCompare);
  }
  valid_ = false;
  return count;
}

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_SEARCH_H_
