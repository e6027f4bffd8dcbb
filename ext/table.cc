#include "ext/table.h"

#include <algorithm>

#include "core/key.h"
#include "ext/args.h"
#include "ext/functions/export.h"
#include "ext/functions/functions.h"
#include "ext/outer_join.h"
#include "ext/plan/planner.h"
#include "ext/running.h"
#include "ext/sqlite.h"
#include "ext/sqlite_version.h"

namespace memkv::sql {
namespace {

void CheckEncoding(sqlite3* db) {
  Statement encoding(db, "PRAGMA encoding");
  encoding.Step();
  if (encoding.Text(0) != "UTF-8") {
    throw SqlError(SQLITE_ERROR, "memkv: the database's encoding is " + Shown(encoding.Text(0)) +
                                     " (allowed: UTF-8)");
  }
}

// A database file would keep a memory table's name and not its rows.
TableState::Kind KindOf(sqlite3* db, const Schema& schema, const char* schema_name) {
  const char* file = sqlite3_db_filename(db, schema_name);
  const bool in_file = file != nullptr && *file != '\0' && !SameName(schema_name, "temp");
  if (schema.durable_given && !schema.durable && in_file) {
    throw SqlError(SQLITE_ERROR, "memkv: " + Shown(schema.table) +
                                     ": durable = off in a database file (allowed: in the temp "
                                     "schema, as in CREATE VIRTUAL TABLE temp." +
                                     QuoteName(schema.table) + ", and in :memory: databases)");
  }
  const bool durable = schema.durable_given ? schema.durable : in_file;
  return durable ? TableState::kDurable : TableState::kMemory;
}

// A file named in a database would be opened by whoever opens the database.
void CheckFileSchema(const Schema& schema, const char* schema_name) {
  if (schema.file.empty() || SameName(schema_name, "temp")) return;
  throw SqlError(SQLITE_ERROR,
                 "memkv: file = " + Shown(schema.file, kMostPath) + " in the schema " +
                     Shown(schema_name) +
                     " (allowed: in the temp schema, as in CREATE VIRTUAL TABLE temp." +
                     QuoteName(schema.table) + ")");
}

std::shared_ptr<TableState> OpenFile(Connection& connection, Schema schema,
                                     const char* schema_name) {
  std::shared_ptr<const Fst> file = OpenExported(connection.db(), &schema);
  CheckTableName(schema, schema.table);
  return std::make_shared<TableState>(connection, std::move(schema), schema_name, std::move(file));
}

// In a shared cache SQLite asks whichever connection's object comes first, with the cache locked
// for another connection, so that whoever touches the database waits forever. (OP_VCheck takes the
// head of the table's list.) Then that connection itself does not run the check.
bool RunsCheck(sqlite3* db) {
  return AnyRunning(db, [](const RunningStatement& running) {
    return LowerName(running.text).find("check") != std::string::npos;
  });
}

}  // namespace

std::unique_ptr<MemkvTable> MemkvTable::Make(const CreateArgs& args, const Schema& schema) {
  Connection& connection = Connection::Of(args.context);
  const std::string declaration = schema.Declaration();
  const int rc = sqlite3_declare_vtab(args.db, declaration.c_str());
  if (rc == SQLITE_NOMEM) throw std::bad_alloc();
  if (rc != SQLITE_OK) {
    const std::string why = sqlite3_errmsg(args.db);
    const bool is_refused = why == "not authorized" || why == sqlite3_errstr(SQLITE_AUTH);
    if (DeclaringIsAuthorized(sqlite3_libversion_number()) && is_refused) {
      throw SqlError(rc,
                     "memkv: not authorized (to connect a virtual table, SQLite before 3.41.0 asks "
                     "the authorizer for INSERT and UPDATE of sqlite_master)");
    }
    if (schema.file.empty()) throw SqlError(rc, "memkv: " + why);
    // The columns are what the file says they are.
    throw SqlError(SQLITE_CORRUPT_VTAB,
                   "memkv: " + Shown(schema.file, kMostPath) + ": section about: " + why);
  }
  sqlite3_vtab_config(args.db, SQLITE_VTAB_CONSTRAINT_SUPPORT, 1);
  // A stranger's views and triggers may use the table under trusted_schema = OFF: it reaches nothing
  // beyond its own schema, and files only by memkv_file(), which is for direct SQL.
  sqlite3_vtab_config(args.db, SQLITE_VTAB_INNOCUOUS);
  return std::unique_ptr<MemkvTable>(new MemkvTable(&connection, args.schema, args.table));
}

void MemkvTable::SetState(std::shared_ptr<TableState> state) {
  before_update_.reset();
  state_ = std::move(state);
  if (state_) state_->Attach();
}

MemkvTable::~MemkvTable() {
  if (state_) state_->Detach();
}

std::unique_ptr<MemkvTable> MemkvTable::Create(const CreateArgs& args) {
  Connection& connection = Connection::Of(args.context);
  Schema schema = ParseArgs(args.table, args.args, connection.files());
  CheckFileSchema(schema, args.schema);
  CheckEncoding(args.db);
  std::shared_ptr<TableState> state;
  if (schema.file.empty()) {
    const TableState::Kind kind = KindOf(args.db, schema, args.schema);
    state = std::make_shared<TableState>(connection, std::move(schema), args.schema, kind);
  } else {
    state = OpenFile(connection, std::move(schema), args.schema);
  }
  auto vtab = Make(args, state->schema);
  state->Create();
  connection.Created(state);
  vtab->SetState(std::move(state));
  return vtab;
}

std::unique_ptr<MemkvTable> MemkvTable::Connect(const CreateArgs& args) {
  Connection& connection = Connection::Of(args.context);
  Schema schema = ParseArgs(args.table, args.args, connection.files());
  CheckFileSchema(schema, args.schema);
  std::shared_ptr<TableState> state;
  const bool in_memory =
      schema.file.empty() && MemoryMark::Exists(args.db, args.schema, args.table);
  if (in_memory) {
    if (const auto mark = MemoryMark::Read(args.db, args.schema, args.table))
      state = connection.ConnectMemory(args.schema, args.table, *mark);
  } else {
    state = connection.ConnectNamed(args.schema, args.table, schema);
  }
  if (!schema.file.empty()) {
    if (!state) {
      state = OpenFile(connection, std::move(schema), args.schema);
      connection.Found(state);
    }
    schema = state->schema;
  }
  auto vtab = Make(args, schema);
  if (!state && !in_memory && Shadow::Exists(args.db, args.schema, args.table)) {
    state = std::make_shared<TableState>(connection, std::move(schema), args.schema,
                                         TableState::kDurable);
    connection.Found(state);
  }
  // A CREATE that failed inside a transaction is known to SQLite until it reads the schema again.
  if (!state)
    Statement(args.db, "SELECT 1 FROM " + QuoteName(args.schema) + ".sqlite_schema LIMIT 1").Step();
  vtab->SetState(std::move(state));
  return vtab;
}

void MemkvTable::Destroy() {
  if (state_) return connection_->Drop(state_);
  MemoryMark::Drop(db(), schema_, table_);
}

void MemkvTable::Rename(const char* to) {
  if (state_) {
    CheckTableName(state_->schema, to);
    connection_->Rename(state_, to);
  } else {
    MemoryMark::Rename(db(), schema_, table_, to);
  }
  table_ = to;
}

TableState& MemkvTable::state() {
  if (!state_) {
    throw SqlError(
        SQLITE_ERROR,
        "memkv: " + Shown(table_) +
            " was a memory table; its rows were not saved (create it with durable = on)");
  }
  return *state_;
}

std::shared_ptr<const ReadPlan> MemkvTable::PlanOf(const char* text) {
  for (const KeptPlan& kept : plans_) {
    if (kept.text == text) return kept.plan;
  }
  const Schema& schema = state().schema;
  Plan plan = Plan::FromText(text, [&](std::string_view by) { return schema.PartNames(by); });
  KeptPlan read{text, std::make_shared<const ReadPlan>(schema, std::move(plan))};
  if (plans_.size() < kKeptPlans) {
    plans_.push_back(std::move(read));
    return plans_.back().plan;
  }
  return (plans_[next_plan_++ % kKeptPlans] = std::move(read)).plan;
}

bool MemkvTable::BestIndex(sqlite3_index_info& info) {
  state().RefreshForPlan();
  const Answer answer = ChoosePlan(*connection_, state(), info);
  state().plans_presume_no_numbers |= answer.presumes_no_numbers;
  state().patterns_run_unseen |= MayRunUnseen(answer.plan);
  return true;
}

bool MemkvTable::FindFunction(int argc, const char* name, Function* found) {
  if (argc != 2 || !SameName(name, "has_prefix")) return false;
  *found = {&HasPrefix, nullptr, kHasPrefixOp};
  return true;
}

void MemkvTable::Begin() { state().Join(); }
void MemkvTable::Sync() {
  if (state_) state_->Sync();
}
void MemkvTable::Commit() {
  before_update_.reset();
  if (!state_) return;
  state_->Commit();
  // A statement that is not running finds out by itself, but not always in time (PlanAnew()).
  bool& presumed = state_->plans_presume_no_numbers;
  presumed = presumed && !(state_->table.may_hold_numbers() && ExpireStatements(db()));
}
void MemkvTable::Rollback() {
  before_update_.reset();
  if (state_) state_->Rollback();
}
void MemkvTable::Savepoint(int n) {
  if (state_) state_->Savepoint(n);
}
void MemkvTable::Release(int n) {
  if (state_) state_->Release(n);
}
void MemkvTable::RollbackTo(int n) {
  if (state_) state_->RollbackTo(n);
}

std::string MemkvTable::Integrity(bool quick) {
  if (!state_ || !RunsCheck(db())) return "";
  try {
    state_->CheckFile();
    state_->Refresh();
    Check(state_->table.Verify(state_->Poll()));
    if (!quick) state_->VerifyStored();
  } catch (const SqlError& e) {
    if (e.code() != SQLITE_CORRUPT_VTAB) throw;
    return Shown(table_) + ": " + e.what();
  }
  return "";
}

}  // namespace memkv::sql
