// Plays a case on both sides and says what differs.

#ifndef MEMKV_TESTS_RANDOM_STATEMENT_PLAYER_H_
#define MEMKV_TESTS_RANDOM_STATEMENT_PLAYER_H_

#include <optional>
#include <string>

#include "tests/random/statement_case.h"
#include "tests/random/statement_world.h"

namespace memkv::test {

struct Failure {
  // What fails, so that a failure is not taken for another one while it is cut down: which part of
  // the answers differs, their codes, and how an error begins.
  std::string kind;
  size_t step = 0;   // the index of the step that shows it
  std::string what;  // both answers
};

struct Played {
  std::optional<Failure> failure;
  size_t statements = 0;
  bool exhausted = false;   // a statement took too long
  bool documented = false;  // cut short, as the sides differ in what is documented
};

Played Play(const Case& c, Plans plans = Plans::kMemkv);

// The step, not past the failing one, at which the twin itself gives another answer under another
// plan: then SQL does not promise any, and the difference is none.
std::optional<size_t> AmbiguousStep(const Case& c, const Failure& failure);

// A case that fails in the same manner, from which nothing more can be left out.
Case Shrunk(const Case& c, const Failure& failure);

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_STATEMENT_PLAYER_H_
