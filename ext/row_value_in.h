// `(key, a) IN (SELECT …)`, which SQLite hands over as key = ?, and which nothing tells from that.
//
// SQLite compares the values of such an IN by the affinities of both its sides, but checks the rows
// of a walk that one of them narrows by key = ?, with that of the column alone: '05' is no longer
// found by the INTEGER 5, and if the IN names no other column, '10.0' is by the REAL 10.0. Where the
// two comparisons may differ, and a statement that runs may hold such an IN, it is planned anew with
// equalities left to SQLite.

#ifndef MEMKV_EXT_ROW_VALUE_IN_H_
#define MEMKV_EXT_ROW_VALUE_IN_H_

#include <string>
#include <string_view>

#include "ext/vtab.h"

namespace memkv::sql {

class SchemaTexts;

// Whether SQL holds an IN after a closing parenthesis: `(a, b) IN`, but `f(a) IN` as well.
bool NamesRowValueIn(std::string_view sql);

// What a connection knows of such statements.
class RowValueIn {
 public:
  explicit RowValueIn(sqlite3* db) : db_(db) {}

  // To be asked in xBestIndex: whether an equality with a value that is not known is left to SQLite.
  bool LeavesEqualities() const { return !statement_.empty(); }

  // To be called in xFilter, where it is in doubt how SQLite compares a column of a table of `schema`
  // with a value that was not known when the plan was made. Throws SqlError where it may be that of
  // such an IN: SQLITE_SCHEMA, which has SQLite plan anew, or SQLITE_ABORT where rows were given
  // already; then the statement is planned anew when it runs again. first: by a cursor that has
  // walked nothing yet, so that any rows that were given are of other statements.
  void Check(SchemaTexts* texts, const std::string& schema, bool first);

  // To be called when a cursor is opened: the plan is made.
  void Opened() {
    if (!statement_.empty()) ForgetIfItRuns();
  }

 private:
  void ForgetIfItRuns();

  sqlite3* const db_;
  std::string statement_;  // that is to be planned anew; empty: none
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_ROW_VALUE_IN_H_
