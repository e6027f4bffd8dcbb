// Where table states live: outside the sqlite3_vtab objects, which SQLite destroys and makes again
// at VACUUM, RENAME, rolled-back DDL and DDL on other connections.
//
// A table's state belongs to one connection; what is in a durable table is shared with all
// connections of the process (core/store/versions.h). SQLite tells of CREATE, DROP and RENAME, and
// never of their being rolled back. So nothing here is inferred from what was told: whenever SQLite
// connects a table, the database says what it is, as it rolls back with it.
//
//   a memory table   its mark (ext/memory_mark.h) names the state
//   a durable table  what is stored is the truth, and the state of that name is only a cache of it,
//                    taken if it is as old as what is stored, else replaced by a new one
//   an export        a state of that file
//
// What was dropped is kept until its transaction is known to be over, since a rollback brings it
// back.

#ifndef MEMKV_EXT_REGISTRY_H_
#define MEMKV_EXT_REGISTRY_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ext/memory_mark.h"
#include "ext/row_value_in.h"
#include "ext/schema.h"
#include "ext/schema_texts.h"
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

  // The events of a table's life. `state` is shared with the vtab objects.
  void Created(const std::shared_ptr<TableState>& state);
  void Drop(const std::shared_ptr<TableState>& state);
  void Rename(const std::shared_ptr<TableState>& state, const std::string& to);
  // SQLite connects a table that exists: the state that it has here, or null.
  std::shared_ptr<TableState> ConnectMemory(const std::string& schema, const std::string& table,
                                            const MemoryMark::Content& mark);
  std::shared_ptr<TableState> ConnectNamed(const std::string& schema, const std::string& table,
                                           const Schema& declared);
  // A durable table or an export that was there before this connection knew of it.
  void Found(const std::shared_ptr<TableState>& state);

  // The table that `name` ("table" or "schema.table") stands for in a function's argument, found as
  // SQLite finds it (temp, main, then attached), showing what the connection's snapshot shows.
  // Throws SqlError: no such table, or not a memkv table, or one whose rows were not saved. The
  // table looked up last is found again in a fraction of a microsecond.
  std::shared_ptr<TableState> Lookup(std::string_view name);

  // Whether like() (and glob()) are SQLite's own; another one may match anything, and so may one
  // that an authorizer does not let be asked about. Not cheap: asked once a statement.
  bool HasBuiltinPatterns(const char* function);

  // Whether regexp() takes '^abc' as what it looks like: tells case apart, heeds blanks, anchors at
  // the start of the text alone, and \ before a special character makes it ordinary. Hosts have
  // many dialects (PHP's and Rails's fold case). Runs it a few times; false where it fails.
  bool HasPlainRegexp();

  // Whether NOCASE is SQLite's own collation, which folds ASCII alone; a host may have put another in
  // its place. Compares a few pairs; false where it fails.
  bool HasPlainNoCase();

  // What the views and triggers of its schemas hold (ext/outer_join.h).
  SchemaTexts& schema_texts() { return schema_texts_; }
  RowValueIn& row_value_in() { return row_value_in_; }

 private:
  using Name = std::pair<std::string, std::string>;  // schema, table; both lower case

  static Name NameOf(std::string_view schema, std::string_view table) {
    return {LowerName(schema), LowerName(table)};
  }
  void Changed();
  void ForgetLookup();
  void SetName(const std::shared_ptr<TableState>& state);
  void EraseName(const std::shared_ptr<TableState>& state);
  void ForgetWhatIsGone();
  void ForgetDetached();
  void* FileOf(const std::string& schema);
  std::vector<std::string> Schemas();  // in the order in which SQLite looks for a table
  // As far as SQLite knows, which may be of before another connection's DDL; not of views.
  bool HasTable(const std::string& schema, const std::string& table);
  // Whether there is no such table or view. Other than reading the schema, to ask so begins no
  // transaction, though SQLite looks for changes in every file before it says that.
  bool IsMissing(const std::string& schema, const std::string& table);
  std::shared_ptr<TableState> LookupKnown(std::string_view name);
  std::shared_ptr<TableState> SearchFor(std::string_view name);

  sqlite3* db_;
  SchemaTexts schema_texts_{db_};
  RowValueIn row_value_in_;
  bool files_ = false;
  std::map<Name, std::shared_ptr<TableState>> names_;       // as SQLite has told last
  std::map<uint64_t, std::shared_ptr<TableState>> memory_;  // memory tables by number
  std::vector<std::shared_ptr<TableState>> dropped_;        // durable; perhaps to be rolled back
  bool ddl_ = false;  // a table was made, dropped or renamed in what may be the open transaction

  std::string last_name_;  // what Lookup() was asked last, and what it found
  std::weak_ptr<TableState> last_found_;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_REGISTRY_H_
