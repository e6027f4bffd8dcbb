// Pattern: LIKE and GLOB as automata that agree with SQLite's patternCompare() on every byte
// string, well-formed or not.
//
// A pattern is cut at its % (*) into segments:   abc%d_f%gh  =  abc | d_f | gh
//
//   the first      stands at the start of the text: one position, any length
//   each other     is looked for from where the one before it was first found, which is never worse
//   than finding that one
//                  later: a set of positions in one word, shifted by each character (Baeza-Yates
//                  and Gonnet, "A New Approach to Text Searching", CACM 1992), so that there is no
//                  backtracking and no state explosion
//   the last       has to be found at the very end, unless a % follows it
//
// A character is complete only when the next byte is no continuation byte, so that a state may hold
// an unfinished one. A NUL ends pattern and text, as it does in SQLite.

#ifndef MEMKV_CORE_QUERY_PATTERN_H_
#define MEMKV_CORE_QUERY_PATTERN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/query/automaton.h"
#include "core/query/literal.h"
#include "core/range.h"

namespace memkv {

class Pattern {
 public:
  struct State {
    uint64_t bits = 0;  // first segment: how many of its elements matched; others: bit i, elements
                        // 0..i end here
    uint32_t character = 0;  // the unfinished character's value so far
    uint16_t segment = 0;    // or kAll, kDead
    bool unfinished = false;

    friend bool operator==(const State&, const State&) = default;
  };

  // LIKE pattern [ESCAPE escape]; case_sensitive as PRAGMA case_sensitive_like=1 makes it.
  static Pattern Like(Bytes pattern, std::optional<uint32_t> escape, bool case_sensitive);
  static Pattern Glob(Bytes pattern);

  // Whether IsMatch is SQLite's answer. Otherwise it also says yes to some texts that do not match,
  // and whoever asks has to check again: the pattern has over kMaxSegments segments, or one (but
  // the first) over kMaxElements characters long.
  bool exact() const { return exact_; }
  // What each match starts with; where the pattern folds case, in one of its spellings.
  const LiteralPrefix& prefix() const { return prefix_; }
  // Whether the pattern is a literal and one or more % (*) after it.
  bool IsPurePrefix() const { return prefix_.then_any; }

  State Start() const { return start_; }
  State Step(State s, uint8_t byte) const {
    if (s.segment >= kDead) return s;
    if (s.segment > 0 && !s.unfinished && byte < 0x80 && byte > 0) {
      const Segment& segment = segments_[s.segment - 1u];
      s.bits = (s.bits << 1 | 1) & segment.ascii[byte];
      return s.bits & segment.last ? Found(s) : s;
    }
    return StepSlow(s, byte);
  }
  // Up to where the segment that is looked for ends, or, if that is more than a literal, to where
  // it may begin.
  size_t Skip(State* s, Bytes rest, bool* keep) const {
    if (s->bits != 0 || s->unfinished || s->segment == 0 || s->segment >= kDead) return 0;
    const Segment& segment = segments_[s->segment - 1u];
    *keep = true;
    if (segment.literal.size() > 0) return SkipToLiteral(segment, s, rest, keep);
    return segment.ascii_first ? FindFirst(segment, rest) : 0;
  }
  size_t Lookback(State s) const {
    if (s.bits != 0 || s.segment == 0 || s.segment >= kDead) return 0;
    return segments_[s.segment - 1u].literal.size();
  }
  bool CanMatch(State s) const { return s.segment != kDead; }
  bool IsMatch(State s) const { return AtEnd(s.unfinished ? Finish(s) : s); }
  bool AcceptsAll(State s) const { return s.segment == kAll; }
  bool NextViable(State s, uint8_t byte, uint8_t* found) const;
  bool PrevViable(State s, uint8_t byte, uint8_t* found) const;

  static constexpr size_t kMaxSegments = 64;
  static constexpr size_t kMaxElements = 64;

 private:
  static constexpr uint16_t kDead = 0xfffe, kAll = 0xffff;

  // What matches one character.
  struct Element {
    enum Kind : uint8_t { kLiteral, kFolded, kAny, kSet };
    Kind kind;
    uint32_t character = 0;  // of a literal
    uint32_t set = 0;        // index into sets_
  };
  // A [set] of GLOB.
  struct Set {
    bool inverted = false;
    std::vector<std::pair<uint32_t, uint32_t>> ranges;  // first, last

    bool Has(uint32_t c) const;
  };
  // A segment after the first; bit i of a mask speaks of element i.
  struct Segment {
    std::vector<Element> elements;
    std::array<uint64_t, 128> ascii{};  // the elements that match each ASCII character
    uint64_t last = 0;                  // the last element
    bool ascii_first = false;           // the first element is an ASCII literal:
    CasePair first{0};                  // this one
    Literal literal;  // the whole segment, if each element is such a literal; else empty
  };

  Pattern() = default;
  void ParseLike(Bytes pattern, std::optional<uint32_t> escape, bool case_sensitive);
  void ParseGlob(Bytes pattern);
  bool ParseSet(Bytes* pattern);
  void Add(Element element);
  void AddLiteral(uint32_t c, bool case_sensitive);
  void AddStar() { star_ = true; }
  void Compile();

  bool Matches(const Element& e, uint32_t c) const;
  // Where in `rest` the segment's first character or a NUL comes; rest.size() if nowhere.
  // REQUIRES segment.ascii_first.
  static size_t FindFirst(const Segment& segment, Bytes rest);
  size_t SkipToLiteral(const Segment& segment, State* s, Bytes rest, bool* keep) const;
  State StepSlow(State s, uint8_t byte) const;
  State StepCharacter(State s, uint32_t c) const;
  State Finish(State s) const;
  // The segment of s has just been found: looks for the next.
  State Found(State s) const;
  // Whether the text may end here. REQUIRES no unfinished character.
  bool AtEnd(State s) const;
  // Which bytes may begin the next character. REQUIRES no unfinished character.
  bool IsViable(State s, uint8_t byte) const;

  std::vector<Element> head_;  // the first segment
  std::vector<Segment> segments_;
  std::vector<Set> sets_;
  bool star_ = false;   // a % comes last
  bool never_ = false;  // nothing matches: an unclosed set, nothing after the escape
  bool exact_ = true;
  LiteralPrefix prefix_;
  State start_;
};

static_assert(Automaton<Pattern>);

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_PATTERN_H_
