// Automaton: what a search asks of the bytes of a key. Anything with these methods can be walked
// against any ordered structure (core/query/search.h), dead branches skipped.
//
// States are small values: a search keeps those along the key it stands on, and goes on from where
// the next key departs from it. The shape is that of the Rust fst crate's automata, with two
// questions more that turn a dead branch into one seek. An automaton may also have
//
//   size_t Skip(State* s, Bytes rest, bool* keep)
//   size_t Lookback(State s)
//
// where it can tell faster than by stepping. Skip takes in bytes at the front of `rest` at once,
// makes *s the state after them, and says how many; 0: they have to be stepped over. The states in
// between are not told: where a key departs from the one before among them, the search goes back by
// Lookback(the state before them) bytes and takes those in again. Without *keep the new state is
// good for the end of the key only.

#ifndef MEMKV_CORE_QUERY_AUTOMATON_H_
#define MEMKV_CORE_QUERY_AUTOMATON_H_

#include <array>
#include <concepts>
#include <cstdint>
#include <string>
#include <utility>

#include "core/bytes.h"

namespace memkv {

template <class A>
concept Automaton = requires(const A a, typename A::State s, uint8_t byte, uint8_t* found) {
  requires std::regular<typename A::State>;
  { a.Start() } -> std::same_as<typename A::State>;
  { a.Step(s, byte) } -> std::same_as<typename A::State>;

  // Whether some continuation may match. May err by saying yes; a state that cannot match never
  // comes back to life.
  { a.CanMatch(s) } -> std::same_as<bool>;
  // Whether the bytes so far match.
  { a.IsMatch(s) } -> std::same_as<bool>;
  // Whether the bytes so far and every continuation of them match. May err by saying no.
  { a.AcceptsAll(s) } -> std::same_as<bool>;

  // REQUIRES CanMatch(s). The smallest byte >= `byte` (the largest <= `byte`) after which CanMatch
  // holds; false if none.
  { a.NextViable(s, byte, found) } -> std::same_as<bool>;
  { a.PrevViable(s, byte, found) } -> std::same_as<bool>;
};

// Whatever starts with the given bytes.
class Prefix {
 public:
  using State = uint32_t;  // bytes matched; kDead

  explicit Prefix(Bytes prefix) : prefix_(prefix) {}

  State Start() const { return 0; }
  State Step(State s, uint8_t byte) const {
    if (s >= prefix_.size()) return s;  // accepts all, or dead
    return static_cast<uint8_t>(prefix_[s]) == byte ? s + 1 : kDead;
  }
  bool CanMatch(State s) const { return s != kDead; }
  bool IsMatch(State s) const { return s == prefix_.size(); }
  bool AcceptsAll(State s) const { return IsMatch(s); }
  bool NextViable(State s, uint8_t byte, uint8_t* found) const {
    *found = IsMatch(s) ? byte : static_cast<uint8_t>(prefix_[s]);
    return *found >= byte;
  }
  bool PrevViable(State s, uint8_t byte, uint8_t* found) const {
    *found = IsMatch(s) ? byte : static_cast<uint8_t>(prefix_[s]);
    return *found <= byte;
  }

 private:
  static constexpr State kDead = UINT32_MAX;

  std::string prefix_;
};

// ASCII letters in either case, as SQLite's LIKE folds them; any other byte stands for itself.
struct CasePair {
  uint8_t upper, lower;  // equal where the byte has no case

  explicit CasePair(uint8_t byte) : upper(byte), lower(byte) {
    if (byte >= 'a' && byte <= 'z') upper = static_cast<uint8_t>(byte - 0x20);
    if (byte >= 'A' && byte <= 'Z') lower = static_cast<uint8_t>(byte + 0x20);
  }
  // The byte in its own case only.
  static CasePair Only(uint8_t byte) {
    CasePair pair(0);
    pair.upper = pair.lower = byte;
    return pair;
  }
  bool Has(uint8_t byte) const { return byte == upper || byte == lower; }
  bool Next(uint8_t byte, uint8_t* found) const {
    *found = byte <= upper ? upper : lower;
    return byte <= lower;
  }
  bool Prev(uint8_t byte, uint8_t* found) const {
    *found = byte >= lower ? lower : upper;
    return byte >= upper;
  }
};

// Whatever starts with the given bytes, ASCII case set aside.
class FoldedPrefix {
 public:
  using State = uint32_t;  // bytes matched; kDead

  explicit FoldedPrefix(Bytes prefix) : prefix_(prefix) {}

  State Start() const { return 0; }
  State Step(State s, uint8_t byte) const {
    if (s >= prefix_.size()) return s;
    return At(s).Has(byte) ? s + 1 : kDead;
  }
  bool CanMatch(State s) const { return s != kDead; }
  bool IsMatch(State s) const { return s == prefix_.size(); }
  bool AcceptsAll(State s) const { return IsMatch(s); }
  bool NextViable(State s, uint8_t byte, uint8_t* found) const {
    *found = byte;
    return IsMatch(s) || At(s).Next(byte, found);
  }
  bool PrevViable(State s, uint8_t byte, uint8_t* found) const {
    *found = byte;
    return IsMatch(s) || At(s).Prev(byte, found);
  }

 private:
  static constexpr State kDead = UINT32_MAX;

  CasePair At(State s) const { return CasePair(static_cast<uint8_t>(prefix_[s])); }

  std::string prefix_;
};

static_assert(Automaton<Prefix> && Automaton<FoldedPrefix>);

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_AUTOMATON_H_
