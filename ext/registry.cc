#include "ext/registry.h"

#include <algorithm>

#include "ext/sqlite.h"
#include "ext/sqlite_version.h"

namespace memkv::sql {

// Lets go of the tables of databases that were detached.
void Connection::ForgetDetached() {
  std::vector<std::string> schemas = Schemas();
  schemas.push_back("temp");  // listed only once it holds something
  const auto gone = [&](const std::shared_ptr<TableState>& state) {
    return std::none_of(schemas.begin(), schemas.end(),
                        [&](const std::string& s) { return SameName(s, state->schema_name); });
  };
  std::erase_if(names_, [&](const auto& entry) { return gone(entry.second); });
  std::erase_if(memory_, [&](const auto& entry) { return gone(entry.second); });
}

// Once no transaction is open: of the tables whose names were changed in it, those that the
// database does not have any more.
void Connection::ForgetWhatIsGone() {
  if (!ddl_ || !sqlite3_get_autocommit(db_)) return;
  std::erase_if(memory_, [](const auto& entry) {
    TableState& state = *entry.second;
    return !state.attached() && !state.FindName();
  });
  dropped_.clear();
  ddl_ = false;
}

void* Connection::FileOf(const std::string& schema) {
  void* file = nullptr;
  sqlite3_file_control(db_, schema.c_str(), SQLITE_FCNTL_FILE_POINTER, &file);
  return file;
}

std::vector<std::string> Connection::Schemas() {
  std::vector<std::string> schemas;
  const auto add = [&](std::string name) {
    schemas.insert(name == "temp" ? schemas.begin() : schemas.end(), std::move(name));
  };
#if SQLITE_VERSION_NUMBER >= 3039000  // of the host's own header, where memkv is linked into it
  if (HasDatabaseNames(sqlite3_libversion_number())) {
    const char* name;
    for (int i = 0; (name = sqlite3_db_name(db_, i)) != nullptr; ++i)
      if (FileOf(name)) add(name);  // temp has none until it holds something
    return schemas;
  }
#endif
  // Not through pragma_database_list: after sqlite3_deserialize(), SQLite's own eponymous tables
  // point to a schema that is gone.
  Statement list(db_, "PRAGMA database_list");
  while (list.Step()) add(list.Text(1));
  return schemas;
}

void Connection::SetName(const std::shared_ptr<TableState>& state) {
  names_[NameOf(state->schema_name, state->schema.table)] = state;
}

void Connection::EraseName(const std::shared_ptr<TableState>& state) {
  const auto at = names_.find(NameOf(state->schema_name, state->schema.table));
  if (at != names_.end() && at->second == state) names_.erase(at);
}

void Connection::ForgetLookup() {
  last_name_.clear();
  last_found_.reset();
}

void Connection::Changed() {
  ddl_ = true;
  ForgetLookup();
}

void Connection::Created(const std::shared_ptr<TableState>& state) {
  ForgetWhatIsGone();
  ForgetDetached();
  state->file = FileOf(state->schema_name);
  if (!state->durable() && !state->read_only()) memory_[state->number()] = state;
  SetName(state);
  Changed();
}

void Connection::Found(const std::shared_ptr<TableState>& state) {
  state->file = FileOf(state->schema_name);
  ForgetLookup();
  SetName(state);
}

void Connection::Drop(const std::shared_ptr<TableState>& state) {
  ForgetWhatIsGone();
  dropped_.reserve(dropped_.size() + 1);
  state->Drop();
  if (state->durable()) dropped_.push_back(state);
  EraseName(state);
  Changed();
}

void Connection::Rename(const std::shared_ptr<TableState>& state, const std::string& to) {
  ForgetWhatIsGone();
  state->Rename(to);
  EraseName(state);
  state->SetName(to);
  SetName(state);
  Changed();
}

std::shared_ptr<TableState> Connection::ConnectMemory(const std::string& schema,
                                                      const std::string& table,
                                                      const MemoryMark::Content& mark) {
  ForgetLookup();
  const auto at = memory_.find(mark.state);
  if (at == memory_.end()) return nullptr;
  const std::shared_ptr<TableState> state = at->second;
  if (!SameName(state->schema_name, schema) || state->file != FileOf(schema)) return nullptr;
  EraseName(state);
  state->SetName(table);
  SetName(state);
  state->Reconnected(mark.edits);
  ForgetWhatIsGone();
  return state;
}

std::shared_ptr<TableState> Connection::ConnectNamed(const std::string& schema,
                                                     const std::string& table,
                                                     const Schema& declared) {
  ForgetLookup();
  ForgetWhatIsGone();
  const auto at = names_.find(NameOf(schema, table));
  if (at == names_.end()) return nullptr;
  const std::shared_ptr<TableState> state = at->second;
  if (state->file == FileOf(schema) && state->Serves(declared)) return state;
  names_.erase(at);
  return nullptr;
}

bool Connection::HasTable(const std::string& schema, const std::string& table) {
  return sqlite3_table_column_metadata(db_, schema.c_str(), table.c_str(), nullptr, nullptr,
                                       nullptr, nullptr, nullptr, nullptr) == SQLITE_OK;
}

bool Connection::IsMissing(const std::string& schema, const std::string& table) {
  if (SameName(schema, "temp") && FileOf(schema) == nullptr) return true;
  if (HasTable(schema, table)) return false;
  try {
    Statement(db_, "SELECT 1 FROM " + QuoteName(schema) + '.' + QuoteName(table));
    return false;
  } catch (const SqlError& e) {
    RethrowInterrupt(e);
    return std::string_view(e.what()) == "no such table: " + schema + '.' + table;
  }
}

std::shared_ptr<TableState> Connection::Lookup(std::string_view name) {
  ForgetWhatIsGone();
  // Where another connection has changed the schema, SQLite notices only when it reads, and then
  // lets go of the table that was found. It may do so again before the next read.
  for (int tries = 0;; ++tries) {
    const std::shared_ptr<TableState> state = LookupKnown(name);
    try {
      if (state->RefreshAlone() || tries == 100) return state;
    } catch (const SqlError& error) {
      RethrowInterrupt(error);
      if (state->attached() || tries == 100) throw;
    }
    ForgetLookup();
  }
}

std::shared_ptr<TableState> Connection::LookupKnown(std::string_view name) {
  if (name == last_name_ && !ddl_) {
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
    if (IsMissing(schema, table)) continue;
    Statement found(
        db_, "SELECT sql FROM " + QuoteName(schema) +
                 ".sqlite_schema WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE");
    found.Bind(1, table);
    if (!found.Step()) continue;
    // SQLite connects it, if it is one of ours, which settles what it is.
    const std::string sql = LowerName(found.Text(0));
    const size_t with = sql.find("using");
    if (sql.starts_with("create virtual table") && with != std::string::npos &&
        sql.find("memkv", with) != std::string::npos) {
      Statement connect(db_,
                        "SELECT 1 FROM " + QuoteName(schema) + '.' + QuoteName(table) + " LIMIT 0");
      if (const auto at = names_.find(NameOf(schema, table)); at != names_.end()) return at->second;
    }
    throw SqlError(SQLITE_ERROR, "memkv: " + Shown(name) + " is not a memkv table");
  }
  throw SqlError(SQLITE_ERROR, "memkv: no such table: " + Shown(name));
}

bool Connection::HasBuiltinPatterns(const char* function) {
  try {
    Statement list(db_, "PRAGMA function_list");
    while (list.Step()) {
      if (list.Int(1) == 0 && SameName(list.Text(0), function)) return false;
    }
    return true;
  } catch (const SqlError& error) {
    if (error.code() == SQLITE_AUTH) return false;
    throw;
  }
}

bool Connection::HasPlainRegexp() {
  struct Probe {
    const char *pattern, *text;
    bool matches;
  };
  static constexpr Probe kProbes[] = {{"^a", "A", false},   {"^a b", "ab", false},
                                      {"^a", "\na", false}, {"^é", "É", false},
                                      {"^a", "ab", true},   {"^\\(\\+", "(+a", true}};
  try {
    Statement probe(db_, "SELECT regexp(?1, ?2)");
    for (const Probe& p : kProbes) {
      probe.Bind(1, std::string_view(p.pattern));
      probe.Bind(2, std::string_view(p.text));
      if (!probe.Step() || probe.Null(0) || (probe.Int(0) != 0) != p.matches) return false;
      probe.Reset();
    }
    return true;
  } catch (const SqlError& error) {
    RethrowInterrupt(error);
    return false;
  }
}

bool Connection::HasPlainNoCase() {
  try {
    Statement probe(
        db_,
        "SELECT 'aZ' = 'Az' COLLATE NOCASE AND NOT ('é' = 'É' COLLATE NOCASE OR 'e' = 'é' "
        "COLLATE NOCASE OR 'a' = 'a ' COLLATE NOCASE OR 'ab' = 'a-b' COLLATE NOCASE OR "
        "'ss' = 'ß' COLLATE NOCASE OR '1' = '01' COLLATE NOCASE OR 'k' = char(8490) COLLATE "
        "NOCASE)");
    return probe.Step() && probe.Int(0) != 0;
  } catch (const SqlError& error) {
    RethrowInterrupt(error);
    return false;
  }
}

}  // namespace memkv::sql
