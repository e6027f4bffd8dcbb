#include "ext/running.h"

#include <algorithm>

#include "ext/args.h"
#include "ext/sqlite.h"
#include "ext/sqlite_version.h"

namespace memkv::sql {
namespace {

bool BeginsWith(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && SameName(text.substr(0, word.size()), word);
}

// The next word of `sql`, in lower case; of a quoted name what is in the quotes.
std::string TakeWord(std::string_view* sql) {
  sql->remove_prefix(std::min(sql->find_first_not_of(" \t\n\v\f\r"), sql->size()));
  if (sql->empty()) return "";
  const char open = sql->front(), close = open == '[' ? ']' : open;
  const bool quoted = std::string_view("\"'`[").find(open) != std::string_view::npos;
  if (quoted) sql->remove_prefix(1);
  size_t n = quoted ? sql->find(close) : sql->find_first_of(" \t\n\v\f\r.,;()\"'`[");
  n = std::min(n, sql->size());
  const std::string word = LowerName(sql->substr(0, n));
  sql->remove_prefix(std::min(n + quoted, sql->size()));
  return word;
}

// Has the statements planned anew that are run next. Only where no other runs, which would fail by
// it.
void ExpireStatements(sqlite3* db) {
  int running = 0;
  AnyRunning(db, [&](const RunningStatement&) { return ++running > 1; });
  if (running > 1) return;
  // Any flag that plans depend on will do, turned over and back.
  int on = 0;
  if (sqlite3_db_config(db, SQLITE_DBCONFIG_TRIGGER_EQP, -1, &on) != SQLITE_OK) return;
  for (const int value : {1 - on, on})
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRIGGER_EQP, value, nullptr);
}

// Whether a failure of the statement would leave something that it has written.
bool MayLeaveHalf(sqlite3* db, const RunningStatement& running, const UnfitPlan& plan) {
  if (!running.writes() || plan.is_undone) return false;
  // SQLite gathers the rows of a virtual table before it changes the first.
  if (ChangesRowsOf(plan.table, running.text)) return false;
  const bool may_or_fail = LowerName(running.text).find("fail") != std::string::npos;
  return !sqlite3_get_autocommit(db) || may_or_fail;
}

}  // namespace

bool RunningStatement::MayHaveGivenRows() const {
  if (RowsAreKnownWhileRunning(sqlite3_libversion_number()))
    return sqlite3_data_count(statement) > 0;
  // Instructions are counted when sqlite3_step() returns, and are not forgotten when it is reset.
  return sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0) != 0;
}

bool IsDmlRunning(sqlite3* db) {
  static constexpr const char* kVerbs[] = {"INSERT", "REPLACE", "UPDATE", "DELETE", "WITH"};
  bool dml = false;
  const bool other = AnyRunning(db, [&dml](const RunningStatement& running) {
    if (!running.writes()) return false;
    dml = true;
    return std::none_of(std::begin(kVerbs), std::end(kVerbs),
                        [&](const char* verb) { return BeginsWith(running.text, verb); });
  });
  return dml && !other;
}

bool ChangesRowsOf(std::string_view table, std::string_view sql, bool update_alone) {
  const bool with = BeginsWith(sql, "WITH");
  for (const std::string_view verb : {"update", "delete"}) {
    if (update_alone && verb == "delete") continue;
    if (!with && !BeginsWith(sql, verb)) continue;
    const size_t at = LowerName(sql).find(verb);
    if (at == std::string::npos) continue;
    // UPDATE [OR word] [schema.]table, DELETE FROM [schema.]table
    std::string_view rest = sql.substr(at + verb.size());
    std::string name = TakeWord(&rest);
    if (name == "from") name = TakeWord(&rest);
    if (name == "or") {
      TakeWord(&rest);
      name = TakeWord(&rest);
    }
    if (rest.starts_with('.')) {
      rest.remove_prefix(1);
      name = TakeWord(&rest);
    }
    if (SameName(name, table)) return true;
  }
  return false;
}

bool IsUpdateRunning(sqlite3* db, std::string_view table) {
  return AnyRunning(db, [&](const RunningStatement& running) {
    return running.writes() && ChangesRowsOf(table, running.text, true);
  });
}

void PlanAnew(sqlite3* db, const UnfitPlan& plan) {
  bool one_begins = false, rows_given = false, may_leave_half = false;
  AnyRunning(db, [&](const RunningStatement& running) {
    const bool begins = !running.MayHaveGivenRows();
    rows_given |= !begins;
    if (running.text.empty() || plan.may_be(running.text)) {
      one_begins |= begins;
      may_leave_half |= MayLeaveHalf(db, running, plan);
    }
    return false;
  });
  if (one_begins && !may_leave_half && (plan.first || !rows_given))
    throw SqlError(SQLITE_SCHEMA, "");
  ExpireStatements(db);
  if (may_leave_half)
    throw SqlError(SQLITE_INTERRUPT,
                   plan.why + "; run the transaction again, which was rolled back");
  throw SqlError(SQLITE_ABORT, plan.why + "; run the statement again");
}

}  // namespace memkv::sql
