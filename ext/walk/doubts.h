// Doubts: what a plan presumes of the statement that runs it, which SQLite does not tell. It is
// looked at when the statement runs, and the statement is planned anew where it does not hold.

#ifndef MEMKV_EXT_WALK_DOUBTS_H_
#define MEMKV_EXT_WALK_DOUBTS_H_

#include <optional>

#include "ext/plan/plan.h"
#include "ext/walk/index_of_view.h"

namespace memkv::sql {

class MemkvTable;

// Of one cursor, and so of one statement.
class Doubts {
 public:
  explicit Doubts(MemkvTable& table) : table_(table) {}

  // A walk begins; `first`: the cursor's first.
  void Begin(bool first) { first_ = first; }

  // Whether a term narrows the walk of the index: not one that may stand in the ON of an outer
  // join, where such a join may be about. May have the statement planned anew, with patterns
  // checked.
  bool Narrows(const Term& term, const IndexOfView& index);

  // To be asked when a cursor is opened, as what its plan doubts may never be walked. May have the
  // statement planned anew, with patterns checked.
  void LookForUnseenPatterns();

  // The plan presumes that no key is a number, or reads as one (Answer, in ext/plan/query.h), and one
  // has come since that may equal what is compared: has the statement planned anew, or failed.
  [[noreturn]] void NumbersCame();

  // Whether a value that is compared with a TEXT column is a parameter that was bound to a text, and
  // compared as one: not of a column with numeric affinity.
  bool IsTextByItself(sqlite3_value* value);

  // Where it is in doubt how SQLite compares what was not known when the plan was made: has the
  // statement planned anew, or failed, if that may come of an IN of row values.
  void ExpectNoRowValueIn();

 private:
  bool MayBeInOuterJoin();
  void CheckSlips(bool folds, const IndexOfView& index);
  [[noreturn]] void PlanPatternsAnew(bool (*may_be)(std::string_view));

  MemkvTable& table_;
  bool first_ = true;
  std::optional<bool> outer_join_;   // MayBeInOuterJoin(), once asked
  std::optional<bool> may_pass_on_;  // a statement runs that may pass parameters on, unconverted
  bool no_row_value_in_ = false;     // ExpectNoRowValueIn() has found none
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_WALK_DOUBTS_H_
