#include "ext/schema_texts.h"

#include <algorithm>

#include "ext/outer_join.h"
#include "ext/row_value_in.h"
#include "ext/schema.h"
#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

void AddNew(const std::string& name, std::vector<std::string>* names) {
  if (std::find(names->begin(), names->end(), name) == names->end()) names->push_back(name);
}

// Whether SQL may name one of the views, whose names are in lower case.
bool NamesAny(std::string_view sql, const std::vector<std::string>& views) {
  if (views.empty()) return false;
  const std::string text = LowerName(sql);
  return std::any_of(views.begin(), views.end(), [&](const std::string& name) {
    // Those with quotes in them are written in other ways.
    return name.find_first_of("\"'`]") != std::string::npos || text.find(name) != std::string::npos;
  });
}

}  // namespace

std::optional<int64_t> SchemaTexts::Cookie(const std::string& schema) {
  try {
    Statement cookie(db_, "PRAGMA " + QuoteName(schema) + ".schema_version");
    if (!cookie.Step()) return std::nullopt;
    return cookie.Int(0);
  } catch (const SqlError& error) {
    if (error.code() == SQLITE_AUTH) return std::nullopt;  // an authorizer that refuses PRAGMAs
    throw;
  }
}

const SchemaTexts::Seen& SchemaTexts::Look(const std::string& schema) {
  Seen& seen = schema == "temp" ? temp_ : schema == "main" ? main_ : attached_;
  Seen now;
  // Another database may be attached by the same name, with the same cookie.
  if (&seen != &attached_) {
    if (const std::optional<int64_t> cookie = Cookie(schema)) {
      sqlite3_file_control(db_, schema.c_str(), SQLITE_FCNTL_FILE_POINTER, &now.file);
      now.cookie = *cookie;
    }
    if (seen.file != nullptr && seen.file == now.file && seen.cookie == now.cookie) return seen;
  }
  // Where an authorizer has SQLite ignore a column, it reads as NULL.
  Statement texts(db_, "SELECT sql, type, name FROM " + QuoteName(schema) +
                           ".sqlite_schema WHERE type IN ('view', 'trigger') OR type IS NULL "
                           "ORDER BY type = 'trigger'");
  // Until no more views are found to name one that holds it.
  for (size_t before = SIZE_MAX; before != now.row_value_views.size();) {
    before = now.row_value_views.size();
    while (texts.Step()) {
      if (texts.Null(0) || texts.Null(1) || texts.Null(2)) throw SqlError(SQLITE_AUTH, "");
      const std::string sql = texts.Text(0), name = LowerName(texts.Text(2));
      now.outer_join |= NamesOuterJoin(sql);
      const bool holds = NamesRowValueIn(sql) || NamesAny(sql, now.row_value_views);
      if (texts.Text(1) == "trigger") {
        now.trigger = true;
        now.row_value_trigger |= holds;
        continue;
      }
      AddNew(name, &now.views);
      if (holds) AddNew(name, &now.row_value_views);
    }
    texts.Reset();
  }
  return seen = std::move(now);
}

bool SchemaTexts::MayRunRowValueIn(const std::string& schema, std::string_view sql) {
  if (NamesRowValueIn(sql)) return true;
  try {
    const Seen& temp = Look("temp");
    const Seen& its = Look(schema);
    if (NamesAny(sql, its.row_value_views) || NamesAny(sql, temp.row_value_views)) return true;
    // What is made in temp may name views of any schema.
    const bool anywhere = !its.row_value_views.empty();
    if (anywhere && NamesAny(sql, temp.views)) return true;
    const bool trigger =
        its.row_value_trigger || temp.row_value_trigger || (anywhere && temp.trigger);
    const size_t word = sql.find_first_not_of(" \t\n\f\r");
    return trigger && (word == std::string_view::npos ||
                       LowerName(std::string(sql.substr(word, 6))) != "select");
  } catch (const SqlError& error) {
    RethrowInterrupt(error);
    return true;
  }
}

bool SchemaTexts::MayHoldOuterJoin(const std::string& schema) {
  try {
    return Look("temp").outer_join || Look(schema).outer_join;
  } catch (const SqlError& error) {
    RethrowInterrupt(error);
    return true;
  }
}

std::optional<bool> SchemaTexts::WhenPlanned(const std::string& schema) {
  if (!sqlite3_get_autocommit(db_) && sqlite3_txn_state(db_, schema.c_str()) == SQLITE_TXN_NONE) {
    if (std::find(unread_.begin(), unread_.end(), schema) == unread_.end())
      unread_.push_back(schema);
    return std::nullopt;
  }
  return MayHoldOuterJoin(schema);
}

bool SchemaTexts::WhenRun(const std::string& schema) {
  const auto at = std::find(unread_.begin(), unread_.end(), schema);
  if (at == unread_.end()) return false;
  if (MayHoldOuterJoin(schema)) return true;
  unread_.erase(at);
  return false;
}

}  // namespace memkv::sql
