// Levenshtein: texts within a few insertions, deletions and substitutions of a word, counted in
// UTF-8 characters.
//
// A state is the band of the edit-distance matrix around its diagonal (Ukkonen, "Algorithms for
// approximate string matching", Information and Control, 1985): with at most k edits, after i
// characters of text only the word's positions i-k .. i+k matter. Characters are read as
// core/utf8.h reads them.

#ifndef MEMKV_CORE_QUERY_LEVENSHTEIN_H_
#define MEMKV_CORE_QUERY_LEVENSHTEIN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/bytes.h"
#include "core/query/automaton.h"

namespace memkv {

class Levenshtein {
 public:
  static constexpr int kMaxDistance = 3;

  struct State {
    uint32_t read = 0;       // characters of text
    uint32_t character = 0;  // the unfinished character's value so far
    // band[t]: the distance of the text so far to the word's first read - most + t characters; most
    // + 1 for anything above.
    std::array<uint8_t, 2 * kMaxDistance + 1> band{};
    bool unfinished = false;

    friend bool operator==(const State&, const State&) = default;
  };

  // REQUIRES 0 <= most <= kMaxDistance.
  Levenshtein(Bytes word, int most);

  // The distance of the bytes so far to the word; none if over the limit.
  std::optional<int> Distance(State s) const;

  State Start() const;
  State Step(State s, uint8_t byte) const;
  bool CanMatch(State s) const;
  bool IsMatch(State s) const { return Distance(s).has_value(); }
  bool AcceptsAll(State) const { return false; }
  bool NextViable(State s, uint8_t byte, uint8_t* found) const;
  bool PrevViable(State s, uint8_t byte, uint8_t* found) const;

 private:
  static constexpr uint64_t kNoCharacter = UINT64_MAX;  // one that the word does not have

  State StepCharacter(State s, uint64_t c) const;
  State Finish(State s) const;
  struct Viable;
  Viable FindViable(State s) const;
  // The character at the word's position for band[t], if there is one.
  std::optional<uint32_t> CharacterAt(State s, int t) const;

  std::vector<uint32_t> word_;
  int most_;
};

static_assert(Automaton<Levenshtein>);

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_LEVENSHTEIN_H_
