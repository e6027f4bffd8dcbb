// `(key, a) IN (SELECT …)`, which SQLite hands over as key = ?, and which nothing tells from that.
//
// SQLite compares the values of such an IN by the affinities of both its sides, but checks the rows
// of a walk that one of them narrows by key = ?, with that of the column alone: '05' is no longer
// found by the INTEGER 5, and if the IN names no other column, '10.0' is by the REAL 10.0. Where
// the two comparisons may differ, and a statement that runs may hold such an IN, it is planned anew
// with equalities left to SQLite.

#ifndef MEMKV_EXT_ROW_VALUE_IN_H_
#define MEMKV_EXT_ROW_VALUE_IN_H_

#include <string>
#include <string_view>

#include "ext/vtab.h"

namespace memkv::sql {

class Connection;
class TableState;

// Whether SQL holds an IN after a closing parenthesis: `(a, b) IN`, but `f(a) IN` as well.
bool NamesRowValueIn(std::string_view sql);

// What a connection knows of such statements.
class RowValueIn {
 public:
  // To be asked in xBestIndex: whether an equality with a value that is not known is left to
  // SQLite. A plan does not tell whose it is: those of other statements may be made meanwhile, and
  // visit more rows; not for ever, should the statement never run again.
  bool LeavesEqualities() { return asks_left_ > 0 && asks_left_-- > 0; }

  // To be called in xFilter, where it is in doubt how SQLite compares a column of the table with a
  // value that was not known when the plan was made. Throws as PlanAnew() does where it may be that
  // of such an IN. first: see UnfitPlan.
  void Check(Connection* connection, const TableState& table, bool first);

  // To be called when a cursor is opened: by then the plan is made.
  void Opened(sqlite3* db) {
    if (asks_left_ > 0) ForgetIfItRuns(db);
  }

 private:
  static constexpr int kMostAsks = 500;  // some hundred plans

  void ForgetIfItRuns(sqlite3* db);

  int asks_left_ = 0;      // in which plans leave equalities
  std::string statement_;  // for this one: its text
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_ROW_VALUE_IN_H_
