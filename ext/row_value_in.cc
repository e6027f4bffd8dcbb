#include "ext/row_value_in.h"

#include "ext/outer_join.h"
#include "ext/schema_texts.h"
#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

std::string_view TextOf(sqlite3_stmt* stmt) {
  const char* sql = sqlite3_sql(stmt);
  return sql == nullptr ? std::string_view() : std::string_view(sql);
}

}  // namespace

bool NamesRowValueIn(std::string_view sql) {
  for (size_t at = 0; (at = sql.find(')', at)) != std::string_view::npos;) {
    at = sql.find_first_not_of(" \t\n\f\r", at + 1);
    if (at == std::string_view::npos) return false;
    const std::string_view rest = sql.substr(at);
    if (rest.starts_with("/*") || rest.starts_with("--")) return true;  // a comment hides the word
    if (rest.size() > 2 && (rest[0] | 0x20) == 'i' && (rest[1] | 0x20) == 'n') {
      const char after = static_cast<char>(rest[2] | 0x20);
      if (!(after >= 'a' && after <= 'z')) return true;
    }
  }
  return false;
}

void RowValueIn::Check(SchemaTexts* texts, const std::string& schema, bool first) {
  std::string_view statement;
  bool may_hold = false, one_begins = false, rows_given = false;
  for (sqlite3_stmt* at = nullptr; (at = sqlite3_next_stmt(db_, at)) != nullptr;) {
    if (!sqlite3_stmt_busy(at)) continue;
    const std::string_view sql = TextOf(at);
    const bool begins = !MayHaveGivenRows(at);
    rows_given |= !begins;
    if (!sql.empty() && !texts->MayRunRowValueIn(schema, sql)) continue;
    // What has given no row runs; other statements may have been left open.
    if (begins || !may_hold) statement = sql;
    may_hold = true;
    one_begins |= begins;
  }
  if (!may_hold) return;
  statement_ = statement.empty() ? "?" : std::string(statement);
  if (one_begins && (first || !rows_given)) throw SqlError(SQLITE_SCHEMA, "");
  ExpireStatements(db_);
  throw SqlError(SQLITE_ABORT,
                 "memkv: (…) IN compares a key or an INDEXED column with numbers as SQLite alone "
                 "can; run the statement again");
}

void RowValueIn::ForgetIfItRuns() {
  for (sqlite3_stmt* at = nullptr; (at = sqlite3_next_stmt(db_, at)) != nullptr;) {
    if (!sqlite3_stmt_busy(at)) continue;
    const std::string_view sql = TextOf(at);
    if (sql.empty() || sql == statement_) return statement_.clear();
  }
}

}  // namespace memkv::sql
