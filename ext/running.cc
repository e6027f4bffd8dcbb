#include "ext/running.h"

#include <algorithm>

#include "ext/schema.h"
#include "ext/sqlite.h"
#include "ext/sqlite_version.h"

namespace memkv::sql {
namespace {

bool BeginsWith(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && SameName(text.substr(0, word.size()), word);
}

struct Token {
  std::string text;  // in lower case; of a quoted one what is in the quotes
  bool quoted = false;

  bool Is(std::string_view word) const { return !quoted && text == word; }
};

void DropSpaceAndComments(std::string_view* sql) {
  for (;;) {
    sql->remove_prefix(std::min(sql->find_first_not_of(" \t\n\v\f\r"), sql->size()));
    const bool line = sql->starts_with("--");
    if (!line && !sql->starts_with("/*")) return;
    const std::string_view end = line ? "\n" : "*/";
    const size_t at = sql->find(end, 2);
    sql->remove_prefix(at == std::string_view::npos ? sql->size() : at + end.size());
  }
}

// A word, a quoted name or text, or one other character; unquoted and empty at the end.
Token TakeToken(std::string_view* sql) {
  DropSpaceAndComments(sql);
  if (sql->empty()) return {};
  const char open = sql->front(), close = open == '[' ? ']' : open;
  Token token;
  token.quoted = std::string_view("\"'`[").find(open) != std::string_view::npos;
  if (token.quoted) sql->remove_prefix(1);
  size_t n = token.quoted ? sql->find(close)
                          : std::max<size_t>(sql->find_first_of(" \t\n\v\f\r.,;()\"'`[-/"), 1);
  n = std::min(n, sql->size());
  token.text = LowerName(sql->substr(0, n));
  sql->remove_prefix(std::min(n + token.quoted, sql->size()));
  return token;
}

// The verb of a statement, behind its WITH; what follows it is left in `sql`.
std::string TakeVerb(std::string_view* sql) {
  for (int depth = 0; !sql->empty();) {
    const Token token = TakeToken(sql);
    depth += token.Is("(");
    depth -= token.Is(")");
    if (depth > 0) continue;
    for (const char* verb : {"update", "delete", "insert", "select", "values"})
      if (token.Is(verb)) return token.text;
  }
  return "";
}

// Whether a name without a schema stands for that of `schema`, for certain.
bool IsFoundIn(sqlite3* db, std::string_view schema, const std::string& table) {
  if (SameName(schema, "temp")) return true;
  if (!SameName(schema, "main")) return false;
  try {
    Statement in_temp(db, "SELECT 1 FROM temp.sqlite_master WHERE lower(name) = ?1");
    in_temp.Bind(1, std::string_view(table));
    return !in_temp.Step();
  } catch (const SqlError& error) {
    RethrowInterrupt(error);
    return false;
  }
}

// Whether a failure of the statement would leave something that it has written.
bool MayLeaveHalf(sqlite3* db, const RunningStatement& running, const UnfitPlan& plan) {
  if (!running.writes() || plan.is_undone) return false;
  // SQLite gathers the rows of a virtual table before it changes the first.
  const ChangedTable changed = ChangedTableOf(running.text);
  if (SameName(changed.table, plan.table) &&
      (changed.schema.empty() ? IsFoundIn(db, plan.schema, changed.table)
                              : SameName(changed.schema, plan.schema)))
    return false;
  const bool may_or_fail = LowerName(running.text).find("fail") != std::string::npos;
  return !sqlite3_get_autocommit(db) || may_or_fail;
}

}  // namespace

bool Names(std::string_view sql, std::string_view word) {
  const auto same = [](char a, char b) { return (a | 0x20) == b; };
  for (const char first : {word[0], static_cast<char>(word[0] - 0x20)}) {
    for (size_t at = 0; (at = sql.find(first, at)) != std::string_view::npos; ++at) {
      const std::string_view rest = sql.substr(at, word.size());
      if (std::equal(rest.begin(), rest.end(), word.begin(), word.end(), same)) return true;
    }
  }
  return false;
}

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

ChangedTable ChangedTableOf(std::string_view sql) {
  // UPDATE [OR word] [schema.]table, DELETE FROM [schema.]table
  const std::string verb = TakeVerb(&sql);
  if (verb != "update" && verb != "delete") return {};
  Token name = TakeToken(&sql);
  if (name.Is("or")) TakeToken(&sql);
  if (name.Is("or") || name.Is("from")) name = TakeToken(&sql);
  ChangedTable changed{verb == "update", "", name.text};
  if (!TakeToken(&sql).Is(".")) return changed;
  changed.schema = std::move(changed.table);
  changed.table = TakeToken(&sql).text;
  return changed;
}

bool IsUpdateRunning(sqlite3* db, std::string_view schema, std::string_view table) {
  return AnyRunning(db, [&](const RunningStatement& running) {
    if (!running.writes()) return false;
    const ChangedTable changed = ChangedTableOf(running.text);
    return changed.is_update && SameName(changed.table, table) &&
           (changed.schema.empty() || SameName(changed.schema, schema));
  });
}

bool ExpireStatements(sqlite3* db) noexcept {
  int running = 0;
  AnyRunning(db, [&](const RunningStatement&) { return ++running > 1; });
  if (running > 1) return false;
  // Any flag that plans depend on will do, turned over and back.
  int on = 0;
  if (sqlite3_db_config(db, SQLITE_DBCONFIG_TRIGGER_EQP, -1, &on) != SQLITE_OK) return false;
  for (const int value : {1 - on, on})
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRIGGER_EQP, value, nullptr);
  return true;
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
