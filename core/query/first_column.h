// FirstColumn: an automaton over the text of the first column of a key of several columns
// (core/key_parts.h): NUL is coded as 00 FF, and 00 before another byte ends the text.

#ifndef MEMKV_CORE_QUERY_FIRST_COLUMN_H_
#define MEMKV_CORE_QUERY_FIRST_COLUMN_H_

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/query/automaton.h"

namespace memkv {

template <Automaton A>
class FirstColumn {
 public:
  struct State {
    enum At : uint8_t { kInText, kAfterZero, kPastText };
    typename A::State of_text{};  // before the zero
    At at = kInText;

    friend bool operator==(const State&, const State&) = default;
  };

  explicit FirstColumn(A text) : text_(std::move(text)) {}

  const A& text() const { return text_; }

  State Start() const { return {text_.Start(), State::kInText}; }
  State Step(State s, uint8_t byte) const {
    switch (s.at) {
      case State::kInText:
        if (byte != 0) return {text_.Step(s.of_text, byte), State::kInText};
        return {s.of_text, State::kAfterZero};
      case State::kAfterZero:
        if (byte == kNul) return {text_.Step(s.of_text, 0), State::kInText};
        return {s.of_text, State::kPastText};
      default:
        return s;
    }
  }
  bool CanMatch(State s) const {
    if (s.at == State::kInText) return text_.CanMatch(s.of_text);
    return text_.IsMatch(s.of_text) || (s.at == State::kAfterZero && TakesNul(s));
  }
  bool IsMatch(State s) const { return s.at == State::kPastText && text_.IsMatch(s.of_text); }
  bool AcceptsAll(State s) const { return IsMatch(s); }

  bool NextViable(State s, uint8_t byte, uint8_t* found) const {
    *found = byte;
    if (s.at == State::kInText) {
      if (byte == 0 && CanMatch(Step(s, 0))) return true;
      return text_.NextViable(s.of_text, std::max<uint8_t>(byte, 1), found);
    }
    if (s.at == State::kPastText || (byte < kNul && text_.IsMatch(s.of_text))) return true;
    *found = kNul;
    return TakesNul(s);
  }
  bool PrevViable(State s, uint8_t byte, uint8_t* found) const {
    *found = byte;
    if (s.at == State::kInText) {
      if (byte > 0 && text_.PrevViable(s.of_text, byte, found) && *found > 0) return true;
      *found = 0;
      return CanMatch(Step(s, 0));
    }
    if (s.at == State::kPastText || (byte == kNul && TakesNul(s))) return true;
    *found = std::min<uint8_t>(byte, kNul - 1);
    return text_.IsMatch(s.of_text);
  }

 private:
  static constexpr uint8_t kNul = 0xff;  // behind a zero

  bool TakesNul(State s) const { return text_.CanMatch(text_.Step(s.of_text, 0)); }

  A text_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_FIRST_COLUMN_H_
