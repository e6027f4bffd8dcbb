// Where table states live: outside the sqlite3_vtab objects, which SQLite destroys and makes again
// at VACUUM, RENAME, rolled-back DDL and DDL on other connections.
//
// A table's state belongs to one connection and is known by schema and name; what is in a durable
// table is shared with all connections of the process (core/store/versions.h). Names change
// transactionally (CREATE, DROP, RENAME), and SQLite does not say when DDL is rolled back; but
// every DDL statement raises the schema cookie, which is rolled back with it. So each change of a
// name is logged with the cookie that it leads to, and is undone when the cookie is seen below
// that. A dropped table's state is parked in the log until its transaction is known to be over.

#ifndef MEMKV_EXT_REGISTRY_H_
#define MEMKV_EXT_REGISTRY_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ext/args.h"
#include "ext/table_state.h"
#include "ext/vtab.h"

namespace memkv::sql {

// What one database connection knows. The module and every function hold it; it dies with the
// connection.
class Connection {
 public:
  explicit Connection(sqlite3* db) : db_(db) {}

  sqlite3* db() const { return db_; }

  // Whether SQL may name files: not where only the nofs entry point was loaded.
  bool files() const { return files_; }
  void AllowFiles() { files_ = true; }

  // What modules and functions are registered with: a holder of the connection, freed by SQLite.
  static Connection& Of(void* context) {
    return **static_cast<std::shared_ptr<Connection>*>(context);
  }

  // The four events of a name's life. `state` is shared with the vtab objects.
  void Created(const std::shared_ptr<TableState>& state);
  void Dropped(const std::shared_ptr<TableState>& state);
  void Renamed(const std::shared_ptr<TableState>& state, const std::string& to);
  // The state a vtab object of that name stands for; null if this connection has none.
  std::shared_ptr<TableState> Connect(std::string_view schema, std::string_view table);
  // A durable table that was there before this connection knew of it.
  void Found(const std::shared_ptr<TableState>& state);

  // The table that `name` ("table" or "schema.table") stands for in a function's argument, found as
  // SQLite finds it (temp, main, then attached), showing what the connection's snapshot shows.
  // Throws SqlError: no such table, or not a memkv table, or one whose rows were not saved. The
  // table looked up last is found again in a fraction of a microsecond.
  std::shared_ptr<TableState> Lookup(std::string_view name);

  // Whether like() (and glob()) are SQLite's own; another one may match anything. Not cheap: asked
  // once a statement.
  bool HasBuiltinPatterns(const char* function);

  // Whether long work should stop: polls the host for an interrupt, and lets its progress handler
  // run.
  bool Interrupted();

 private:
  using Name = std::pair<std::string, std::string>;  // schema, table; both lower case
  struct Change {
    std::shared_ptr<TableState> state;
    std::string from, to;  // table names as written; empty: not there before, or not there after
    int64_t cookie;        // of the schema, once the change was made
  };

  static Name NameOf(std::string_view schema, std::string_view table) {
    return {LowerName(schema), LowerName(table)};
  }
  int64_t Cookie(const std::string& schema);
  void Settle(const std::string& schema);
  void Undo(const Change& change);
  void Forget(const std::vector<std::string>& attached);
  void* FileOf(const std::string& schema);
  std::vector<std::string> Schemas();  // in the order in which SQLite looks for a table
  bool HasTable(const std::string& schema, const std::string& table);
  std::shared_ptr<TableState> LookupKnown(std::string_view name);
  std::shared_ptr<TableState> SearchFor(std::string_view name);

  sqlite3* db_;
  bool files_ = false;
  std::map<Name, std::shared_ptr<TableState>> names_;
  std::vector<Change> changes_;  // not known to be committed, oldest first

  std::string last_name_;  // what Lookup() was asked last, and what it found
  std::weak_ptr<TableState> last_found_;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_REGISTRY_H_
