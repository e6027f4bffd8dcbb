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

// given: an INSERT … SELECT without ORDER BY inserts the rows of memkv's SELECT into the twin, in
// their order, where the twin's SELECT gives the same rows.
Played Play(const Case& c, Plans plans = Plans::kMemkv, bool given = false);

// Why a difference is none of memkv's.
struct Ambiguity {
  enum Kind { kPlans, kInserts, kFlattened };
  size_t step;
  Kind kind = kPlans;
};

// The twin itself gives another answer under another plan, at this step or one before it. Or the
// step is an INSERT … SELECT that does the same on both sides if the rows come in the same order:
// which conflict comes first, and which row replaces another, is the plan's. Or SQLite drops the
// WHERE of an arm of a UNION ALL which is the subquery of another query, as it does for every
// virtual table where a later arm holds a RIGHT or FULL JOIN; or refuses a join of any, as 3.49
// does.
std::optional<Ambiguity> Ambiguous(const Case& c, const Failure& failure);

// A case that fails in the same manner, from which nothing more can be left out.
Case Shrunk(const Case& c, const Failure& failure);

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_STATEMENT_PLAYER_H_
