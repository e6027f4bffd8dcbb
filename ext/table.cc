#include "ext/table.h"

#include "core/key.h"
#include "ext/functions.h"
#include "ext/planner.h"
#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

// Rows live in memory: a database file would keep the table's name and not its rows.
void CheckPlace(sqlite3* db, const Schema& schema, const char* schema_name) {
  Statement encoding(db, "PRAGMA encoding");
  encoding.Step();
  if (encoding.Text(0) != "UTF-8") {
    throw SqlError(SQLITE_ERROR, "memkv: the database's encoding is " + Shown(encoding.Text(0)) + " (allowed: UTF-8)");
  }
  const char* file = sqlite3_db_filename(db, schema_name);
  const bool in_file = file != nullptr && *file != '\0' && !SameName(schema_name, "temp");
  if (!in_file && !schema.durable) return;
  throw SqlError(SQLITE_ERROR, "memkv: " + Shown(schema.table) + " would not be saved: this build keeps rows in memory only (allowed: the temp schema, as in CREATE VIRTUAL TABLE temp." +
                                   QuoteName(schema.table) + ", and :memory: databases)");
}

}  // namespace

std::unique_ptr<MemkvTable> MemkvTable::Make(const CreateArgs& args, const Schema& schema) {
  Connection& connection = Connection::Of(args.context);
  const std::string declaration = schema.Declaration();
  const int rc = sqlite3_declare_vtab(args.db, declaration.c_str());
  if (rc == SQLITE_NOMEM) throw std::bad_alloc();
  if (rc != SQLITE_OK) throw SqlError(rc, "memkv: " + std::string(sqlite3_errmsg(args.db)));
  sqlite3_vtab_config(args.db, SQLITE_VTAB_CONSTRAINT_SUPPORT, 1);
  return std::unique_ptr<MemkvTable>(new MemkvTable(&connection, args.table));
}

std::unique_ptr<MemkvTable> MemkvTable::Create(const CreateArgs& args) {
  Schema schema = ParseArgs(args.table, args.args);
  CheckPlace(args.db, schema, args.schema);
  auto vtab = Make(args, schema);
  vtab->state_ = std::make_shared<TableState>(std::move(schema), args.schema);
  vtab->connection_->Created(vtab->state_);
  return vtab;
}

std::unique_ptr<MemkvTable> MemkvTable::Connect(const CreateArgs& args) {
  const Schema schema = ParseArgs(args.table, args.args);
  auto vtab = Make(args, schema);
  vtab->state_ = vtab->connection_->Connect(args.schema, args.table);
  return vtab;
}

void MemkvTable::Destroy() {
  if (state_) connection_->Dropped(state_);
}

void MemkvTable::Rename(const char* to) {
  if (!state_) {
    table_ = to;
    return;
  }
  CheckTableName(state_->schema, to);
  connection_->Renamed(state_, to);
  table_ = to;
}

TableState& MemkvTable::state() {
  if (!state_) {
    throw SqlError(SQLITE_ERROR, "memkv: " + Shown(table_) +
                                     " was a memory table; its rows were not saved (create it with durable = on)");
  }
  return *state_;
}

bool MemkvTable::BestIndex(sqlite3_index_info& info) {
  ChoosePlan(*connection_, state(), info);
  return true;
}

bool MemkvTable::FindFunction(int argc, const char* name, Function* found) {
  if (argc != 2 || !SameName(name, "has_prefix")) return false;
  *found = {&HasPrefix, nullptr, kHasPrefixOp};
  return true;
}

void MemkvTable::Begin() { state().table.Begin(); }
void MemkvTable::Commit() {
  if (state_) state_->table.Commit();
}
void MemkvTable::Rollback() {
  if (state_) state_->table.Rollback();
}
void MemkvTable::Savepoint(int n) {
  if (state_) state_->table.Savepoint(n);
}
void MemkvTable::Release(int n) {
  if (state_) state_->table.Release(n);
}
void MemkvTable::RollbackTo(int n) {
  if (state_) state_->table.RollbackTo(n);
}

std::string MemkvTable::Integrity(bool) {
  if (!state_) return "";
  const Status status = state_->table.Verify(nullptr);
  return status.ok() ? "" : "memkv: " + Shown(table_) + ": " + status.message();
}

}  // namespace memkv::sql
