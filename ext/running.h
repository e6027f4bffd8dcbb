// What the statements say that a connection runs. SQLite does not tell a virtual table for which of
// them it is asked: whoever must know reckons with each of them.

#ifndef MEMKV_EXT_RUNNING_H_
#define MEMKV_EXT_RUNNING_H_

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

#include "ext/vtab.h"

namespace memkv::sql {

// A statement that was stepped and not reset: it runs, or its rows are still being read.
struct RunningStatement {
  sqlite3_stmt* statement;
  std::string_view text;  // from its first word on; empty as TextOf() says

  bool writes() const { return !sqlite3_stmt_readonly(statement); }
  bool MayHaveGivenRows() const;
};

// Whether SQL holds a word, which is of lower-case letters here, anywhere and in any case.
bool Names(std::string_view sql, std::string_view word);

// Empty where SQLite keeps none (sqlite3_prepare()).
inline std::string_view TextOf(sqlite3_stmt* statement) {
  const char* const text = sqlite3_sql(statement);
  return text ? text : "";
}

template <class F>  // bool(const RunningStatement&)
bool AnyRunning(sqlite3* db, F f) {
  for (sqlite3_stmt* at = nullptr; (at = sqlite3_next_stmt(db, at)) != nullptr;) {
    if (!sqlite3_stmt_busy(at)) continue;
    std::string_view text = TextOf(at);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\n\v\f\r"), text.size()));
    if (f(RunningStatement{at, text})) return true;
  }
  return false;
}

// The same of every statement that is prepared: bool(std::string_view text).
template <class F>
bool AnyPrepared(sqlite3* db, F f) {
  for (sqlite3_stmt* at = nullptr; (at = sqlite3_next_stmt(db, at)) != nullptr;)
    if (f(TextOf(at))) return true;
  return false;
}

// Whether the statement that is changing the database only changes rows. SQLite then undoes it
// itself where it fails, and tells every table that is left.
bool IsDmlRunning(sqlite3* db);
// Whether an UPDATE of what may be that table runs, as far as texts tell.
bool IsUpdateRunning(sqlite3* db, std::string_view schema, std::string_view table);

// What an UPDATE or DELETE changes, as its text has it. Of other statements nothing is set.
struct ChangedTable {
  bool is_update = false;
  std::string schema, table;  // schema: empty where it is not written
};
ChangedTable ChangedTableOf(std::string_view sql);

// Has the statements planned anew that are run next. False, and nothing done: another than the one
// that is running runs too, which would fail by it.
bool ExpireStatements(sqlite3* db) noexcept;

// A plan that does not do for the statement that runs it.
struct UnfitPlan {
  std::function<bool(std::string_view)> may_be;  // whether a statement of that text has it
  std::string_view schema, table;                // that it walks
  bool first;  // it walks for the first time: rows that were given are of other statements
  // SQLite undoes in a transaction, too, what such a statement has written when it fails.
  bool is_undone;
  std::string why;  // of the error, without a stop
};

// To be called in xFilter, when the next plan will be another. Throws what has SQLite make it:
// where the statement has given and written nothing, SQLITE_SCHEMA, and nobody can tell. Else an
// error that says to run it again: SQLITE_ABORT; or SQLITE_INTERRUPT, by which SQLite rolls a
// transaction back, where it would leave half of what the statement was to write.
[[noreturn]] void PlanAnew(sqlite3* db, const UnfitPlan& plan);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_RUNNING_H_
