#include "ext/registry.h"

#include <algorithm>

#include "ext/sqlite.h"

namespace memkv::sql {

int64_t Connection::Cookie(const std::string& schema) {
  Statement cookie(db_, "PRAGMA " + QuoteName(schema) + ".schema_version");
  return cookie.Step() ? cookie.Int(0) : 0;
}

void Connection::Undo(const Change& change) {
  const std::string& schema = change.state->schema_name;
  if (!change.to.empty()) {
    const auto at = names_.find(NameOf(schema, change.to));
    if (at != names_.end() && at->second == change.state) names_.erase(at);
  }
  if (!change.from.empty()) {
    names_[NameOf(schema, change.from)] = change.state;
    change.state->schema.table = change.from;
  }
}

// Undoes what was rolled back; forgets what was committed.
void Connection::Settle(const std::string& schema) {
  if (changes_.empty()) return;
  const int64_t cookie = Cookie(schema);
  for (size_t i = changes_.size(); i-- > 0;) {
    const Change change = changes_[i];
    if (!SameName(change.state->schema_name, schema) || change.cookie <= cookie) continue;
    Undo(change);
    changes_.erase(changes_.begin() + static_cast<ptrdiff_t>(i));
  }
  if (sqlite3_get_autocommit(db_)) {
    std::erase_if(changes_,
                  [&](const Change& c) { return SameName(c.state->schema_name, schema); });
  }
}

// Lets go of the tables of databases that were detached.
void Connection::Forget(const std::vector<std::string>& attached) {
  std::erase_if(names_, [&](const auto& entry) {
    return std::none_of(attached.begin(), attached.end(),
                        [&](const std::string& s) { return SameName(s, entry.first.first); });
  });
}

void* Connection::FileOf(const std::string& schema) {
  void* file = nullptr;
  sqlite3_file_control(db_, schema.c_str(), SQLITE_FCNTL_FILE_POINTER, &file);
  return file;
}

std::vector<std::string> Connection::Schemas() {
  // Not through pragma_database_list: after sqlite3_deserialize(), SQLite's own eponymous tables
  // point to a schema that is gone.
  Statement list(db_, "PRAGMA database_list");
  std::vector<std::string> schemas;
  while (list.Step()) {
    std::string name = list.Text(1);
    schemas.insert(name == "temp" ? schemas.begin() : schemas.end(), std::move(name));
  }
  return schemas;
}

void Connection::Created(const std::shared_ptr<TableState>& state) {
  Settle(state->schema_name);
  std::vector<std::string> schemas = Schemas();
  schemas.push_back("temp");  // listed only once it holds something
  Forget(schemas);
  state->file = FileOf(state->schema_name);
  last_name_.clear();
  last_found_.reset();
  const int64_t cookie = Cookie(state->schema_name);
  changes_.push_back({state, "", state->schema.table, cookie});
  names_[NameOf(state->schema_name, state->schema.table)] = state;
}

void Connection::Found(const std::shared_ptr<TableState>& state) {
  state->file = FileOf(state->schema_name);
  last_name_.clear();
  names_[NameOf(state->schema_name, state->schema.table)] = state;
}

void Connection::Dropped(const std::shared_ptr<TableState>& state) {
  Settle(state->schema_name);
  const int64_t cookie = Cookie(state->schema_name) + 1;  // raised after xDestroy
  last_name_.clear();
  last_found_.reset();
  changes_.push_back({state, state->schema.table, "", cookie});
  names_.erase(NameOf(state->schema_name, state->schema.table));
}

void Connection::Renamed(const std::shared_ptr<TableState>& state, const std::string& to) {
  Settle(state->schema_name);
  const int64_t cookie = Cookie(state->schema_name) + 1;  // raised after xRename
  last_name_.clear();
  last_found_.reset();
  changes_.push_back({state, state->schema.table, to, cookie});
  names_.erase(NameOf(state->schema_name, state->schema.table));
  names_[NameOf(state->schema_name, to)] = state;
  state->schema.table = to;
}

std::shared_ptr<TableState> Connection::Connect(std::string_view schema, std::string_view table) {
  Settle(std::string(schema));
  last_name_.clear();
  last_found_.reset();
  if (const auto at = names_.find(NameOf(schema, table)); at != names_.end()) {
    if (at->second->file == FileOf(std::string(schema))) return at->second;
    names_.erase(at);
    return nullptr;
  }
  // The table exists, yet its name was given away: that was rolled back after all.
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    if (SameName(change->from, table) && SameName(change->state->schema_name, schema)) {
      const Change undone = *change;
      changes_.erase(std::next(change).base());
      Undo(undone);
      return undone.state;
    }
  }
  return nullptr;
}

bool Connection::HasTable(const std::string& schema, const std::string& table) {
  return sqlite3_table_column_metadata(db_, schema.c_str(), table.c_str(), nullptr, nullptr,
                                       nullptr, nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::shared_ptr<TableState> Connection::Lookup(std::string_view name) {
  std::shared_ptr<TableState> state = LookupKnown(name);
  state->RefreshAlone();
  return state;
}

std::shared_ptr<TableState> Connection::LookupKnown(std::string_view name) {
  if (name == last_name_) {
    const std::shared_ptr<TableState> state = last_found_.lock();
    const bool in_temp = state && SameName(state->schema_name, "temp");
    // Still there, and no temp table has come to stand before it. A rollback of DDL would show: it
    // makes SQLite disconnect every table. (It cannot be asked for a column: SQLite 3.53 crashes
    // where a virtual table is not connected again yet.)
    if (state && state->attached() && (in_temp || SameName(state->schema_name, "main")) &&
        HasTable(state->schema_name, state->schema.table) &&
        (in_temp || !FileOf("temp") || !HasTable("temp", state->schema.table))) {
      return state;
    }
  }
  std::shared_ptr<TableState> state = SearchFor(name);
  last_name_ = name;
  last_found_ = state;
  return state;
}

std::shared_ptr<TableState> Connection::SearchFor(std::string_view name) {
  // "schema.table", unless a table has the whole as its name.
  const std::vector<std::string> schemas = Schemas();
  std::vector<std::pair<std::string, std::string>> candidates;
  for (const std::string& schema : schemas) candidates.emplace_back(schema, name);
  for (const std::string& schema : schemas) {
    if (name.size() > schema.size() + 1 && name[schema.size()] == '.' &&
        SameName(name.substr(0, schema.size()), schema)) {
      candidates.emplace_back(schema, name.substr(schema.size() + 1));
    }
  }
  for (const auto& [schema, table] : candidates) {
    Statement found(
        db_, "SELECT sql FROM " + QuoteName(schema) +
                 ".sqlite_schema WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE");
    found.Bind(1, table);
    if (!found.Step()) continue;
    Settle(schema);
    const Name key = NameOf(schema, table);
    if (const auto at = names_.find(key); at != names_.end() && at->second->file == FileOf(schema))
      return at->second;
    // Known to SQLite but not here: SQLite connects it, if it is one of ours, which settles what it
    // is.
    const std::string sql = LowerName(found.Text(0));
    const size_t with = sql.find("using");
    if (sql.starts_with("create virtual table") && with != std::string::npos &&
        sql.find("memkv", with) != std::string::npos) {
      Statement connect(db_,
                        "SELECT 1 FROM " + QuoteName(schema) + '.' + QuoteName(table) + " LIMIT 0");
      if (const auto at = names_.find(key); at != names_.end()) return at->second;
    }
    throw SqlError(SQLITE_ERROR, "memkv: " + Shown(name) + " is not a memkv table");
  }
  throw SqlError(SQLITE_ERROR, "memkv: no such table: " + Shown(name));
}

bool Connection::HasBuiltinPatterns(const char* function) {
  Statement list(db_, "PRAGMA function_list");
  while (list.Step()) {
    if (list.Int(1) == 0 && SameName(list.Text(0), function)) return false;
  }
  return true;
}

bool Connection::Interrupted() {
#if SQLITE_VERSION_NUMBER >= 3041000
  if (sqlite3_libversion_number() >= 3041000 && sqlite3_is_interrupted(db_)) return true;
#endif
  try {
    Statement tick(db_, "SELECT 1");
    tick.Step();
    return false;
  } catch (const SqlError&) {
    return true;
  }
}

}  // namespace memkv::sql
