#include "ext/row_value_in.h"

#include "core/shown.h"
#include "ext/registry.h"
#include "ext/running.h"

namespace memkv::sql {

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

void RowValueIn::Check(Connection* connection, const TableState& table, bool first) {
  const auto may_hold = [&](std::string_view sql) {
    return connection->schema_texts().MayRunRowValueIn(table.schema_name, sql);
  };
  std::string statement;
  bool may_run = false;
  AnyRunning(connection->db(), [&](const RunningStatement& running) {
    if (!running.text.empty() && !may_hold(running.text)) return false;
    may_run = true;
    // What has given no row runs; others may have been left open.
    statement = running.text;
    return !running.MayHaveGivenRows();
  });
  if (!may_run) return;
  statement_ = statement;
  asks_left_ = kMostAsks;
  PlanAnew(connection->db(), {may_hold, table.schema_name, table.schema.table, first, false,
                              "memkv: (…) IN compares columns of " + Shown(table.schema.table) +
                                  " with numbers as SQLite alone can"});
}

void RowValueIn::ForgetIfItRuns(sqlite3* db) {
  const bool runs = AnyRunning(db, [this](const RunningStatement& running) {
    return running.text.empty() || running.text == statement_;
  });
  if (runs) asks_left_ = 0;
}

}  // namespace memkv::sql
