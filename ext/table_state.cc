#include "ext/table_state.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "ext/poller.h"
#include "ext/registry.h"
#include "ext/running.h"

namespace memkv::sql {

namespace {

uint64_t NextNumber() {
  static std::atomic<uint64_t> last = 0;
  return ++last;
}

class WhileTrue {
 public:
  explicit WhileTrue(bool* flag) : flag_(flag) { *flag_ = true; }
  ~WhileTrue() { *flag_ = false; }
  WhileTrue(const WhileTrue&) = delete;
  WhileTrue& operator=(const WhileTrue&) = delete;

 private:
  bool* const flag_;
};

}  // namespace

TableState::TableState(Connection& connection, Schema s, std::string in_schema, Kind kind)
    : schema(std::move(s)),
      schema_name(std::move(in_schema)),
      connection_(connection),
      number_(NextNumber()),
      shadow_(kind == kDurable
                  ? std::make_unique<Shadow>(connection.db(), &schema_name, &schema.table)
                  : nullptr),
      store_(schema.row_columns(), schema.IndexDefs(), shadow_.get()),
      table(store_.session()),
      creation_(static_cast<int64_t>(ProcessNumber() + number_)),
      mark_(connection.db(), &schema_name, &schema.table, number_),
      names_{schema.table} {
  store_.SetDeltaLimit(schema.delta_limit, schema.background);
}

TableState::TableState(Connection& connection, Schema s, std::string in_schema,
                       std::shared_ptr<const Fst> file)
    : TableState(connection, std::move(s), std::move(in_schema), kMemory) {
  frozen_file_ = std::move(file);
  Check(table.unnoted().StartFrom(frozen_file_));
}

Session::Poll TableState::Poll() const {
  return [stop = NewPoll(connection_.db())](uint64_t, uint64_t) { return stop(); };
}

unsigned TableState::DataVersion() const noexcept {
  unsigned version = 0;
  sqlite3_file_control(connection_.db(), schema_name.c_str(), SQLITE_FCNTL_DATA_VERSION, &version);
  return version;
}

// A name for the database that no other one of this process has: where it lies, or, if it lies in
// this connection's memory, one that this object has for itself.
std::string TableState::File() const {
  const char* path = sqlite3_db_filename(connection_.db(), schema_name.c_str());
  sqlite3_vfs* vfs = nullptr;
  sqlite3_file_control(connection_.db(), schema_name.c_str(), SQLITE_FCNTL_VFS_POINTER, &vfs);
  const bool shared = path != nullptr && *path != '\0' && vfs != nullptr &&
                      (*path == '/' || std::strcmp(vfs->zName, "memdb") != 0);
  if (!shared) return "#" + std::to_string(number_);
  return std::to_string(reinterpret_cast<uintptr_t>(vfs)) + " " + path;
}

// --- what the database keeps of it

void TableState::Create() {
  if (read_only()) return;
  if (!shadow_) return mark_.Create();
  store_.SetFile(File());
  shadow_->Create();
  store_.Create();
  shadow_->SetCreation(creation_);
  created_ = marked_ = suspect_ = true;
}

void TableState::Drop() {
  if (read_only()) return;
  if (!shadow_) {
    MemoryMark::Drop(connection_.db(), schema_name, schema.table);
    dropped_ = true;
    dropped_version_ = DataVersion();
    return;
  }
  shadow_->Drop();
  store_.CancelMerging();
  Abandon();
}

void TableState::Rename(const std::string& to) {
  if (read_only()) return;
  if (!shadow_) return MemoryMark::Rename(connection_.db(), schema_name, schema.table, to);
  Check(store_.Flush());
  shadow_->Rename(to);
  suspect_ = true;
}

void TableState::SetName(const std::string& name) {
  schema.table = name;
  if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.push_back(name);
}

void TableState::Reconnected(uint64_t edits) noexcept {
  if (!dropped_) return;
  dropped_ = false;
  unheard_ = true;
  FindWhereItStands(edits);
}

// A mark that is as old as the transaction says that all of it was rolled back; a younger one, to
// which savepoint, unless the transaction was committed. (The savepoint of the newest may be gone:
// nothing was written since.)
void TableState::FindWhereItStands(uint64_t edits) noexcept {
  if (!table.in_transaction()) {
    unheard_ = false;
  } else if (edits <= table.edits().at_begin ||
             (edits != table.edits().now && !table.RollbackToEdits(edits))) {
    LeaveTransaction();
    unheard_ = false;
  } else if (DataVersion() != dropped_version_) {
    table.Commit();
    unheard_ = false;
  }
}

bool TableState::FindName() {
  if (read_only()) return false;  // it is opened again by its path
  for (const std::string& name : std::vector<std::string>(names_)) {
    const auto mark = MemoryMark::Read(connection_.db(), schema_name, name);
    if (!mark || mark->state != number_) continue;
    names_.clear();
    SetName(name);
    return true;
  }
  return false;
}

bool TableState::Serves(const Schema& declared) {
  if (read_only() || !declared.file.empty()) return declared.file == schema.file;
  if (!shadow_ || dead_ || !SameColumns(schema, declared)) return false;
  if (created_ && marked_) return shadow_->Creation() == creation_;
  // Outside a transaction of its own it shows what is stored, once it has looked.
  return !suspect_ || !table.in_transaction() || IsStored();
}

// Whether what was written last is what is stored under its name.
bool TableState::IsStored() {
  return Shadow::Exists(connection_.db(), schema_name, schema.table) && store_.IsStoredAsWritten();
}

// --- reading

Status TableState::FileStatus() const {
  return frozen_file_ ? frozen_file_->CheckSize() : Status();
}

void TableState::CheckFile() const { Check(FileStatus()); }

void TableState::Refresh() {
  if (unheard_) {
    const auto mark = MemoryMark::Read(connection_.db(), schema_name, schema.table);
    if (mark && mark->state == number_) FindWhereItStands(mark->edits);
  }
  if (!table.settled()) Check(table.Settle(Poll()));
  if (!shadow_ || table.in_transaction()) return;
  const unsigned version = DataVersion();
  if (store_.loaded() && !suspect_ && version == data_version_) return;
  if (refreshing_) {
    throw SqlError(SQLITE_CORRUPT_VTAB, "memkv: table " + Shown(schema.table) +
                                            ": what stands for its shadow tables reads the table "
                                            "itself (only tables may be there, no views)");
  }
  const WhileTrue refreshing(&refreshing_);
  store_.SetFile(File());
  Check(store_.Refresh(Poll()));
  data_version_ = version;
  // What is read in an open transaction may be rolled back, which leaves the data version alone.
  suspect_ = sqlite3_txn_state(connection_.db(), schema_name.c_str()) == SQLITE_TXN_WRITE;
  left_marked_ = left_marked_ || (suspect_ && !created_ && shadow_->Creation());
}

bool TableState::RefreshAlone() {
  CheckFile();
  std::optional<Shadow::Reading> reading;
  if (shadow_ && !table.in_transaction()) {
    reading.emplace(*shadow_);
    if (!attached()) return false;
  }
  Refresh();
  return true;
}

void TableState::RefreshForPlan() {
  if (store_.loaded()) return;
  // A plan begins no transaction: a write that is refused would keep its lock, or snapshot, until
  // COMMIT, where the plain table keeps none.
  if (!sqlite3_get_autocommit(connection_.db()) &&
      sqlite3_txn_state(connection_.db(), schema_name.c_str()) == SQLITE_TXN_NONE)
    return;
  try {
    (void)RefreshAlone();
  } catch (const SqlError& error) {
    RethrowInterrupt(error);
    // Whoever reads the rows will be told.
  }
}

// --- transactions

void TableState::Begin() {
  CheckFile();
  if (shadow_ || unheard_) Refresh();
  unheard_ = false;
  table.Begin();
  table.Touch();
  if (!created_ || marked_) return;
  // A COMMIT that was refused has cleared the mark, and the transaction goes on.
  shadow_->SetCreation(creation_);
  marked_ = true;
}

void TableState::Sync() {
  if (!shadow_) return table.FinishUndo();
  if (dead_) return;
  if (marked_ && shadow_->Creation() != creation_) return Abandon();
  // Returned from a name that was undone, with nothing to write.
  if (suspect_ && table.in_transaction() && !store_.unwritten() && !IsStored()) return Abandon();
  const Status status = store_.Sync(Poll());
  if (status.code() == Status::kConflict) {
    throw SqlError(SQLITE_ABORT, "memkv: table " + Shown(schema.table) + ": " + status.message());
  }
  Check(status);
  if (marked_ || left_marked_) shadow_->ClearCreation();
  marked_ = left_marked_ = false;
  synced_ = true;
}

void TableState::Commit() noexcept {
  statement_savepoint_.reset();
  if (dead_) return;
  created_ = false;
  if (!table.in_transaction()) return;
  store_.Commit();
  if (!synced_) return;
  synced_ = suspect_ = false;
  data_version_ = DataVersion();
}

void TableState::Rollback() noexcept {
  dead_ = dead_ || created_;
  created_ = marked_ = synced_ = false;
  LeaveTransaction();
}

void TableState::LeaveTransaction() noexcept {
  statement_savepoint_.reset();
  marked_edits_ = 0;
  const bool undoes = table.in_transaction();
  store_.Rollback();
  if (undoes) cursors.MarkUndone(table.edits().returned_to);
}

// Writes what a later rollback may undo or bring back without a word: then the database tells.
void TableState::Persist() {
  if (shadow_) {
    if (!store_.unwritten()) return;
    if (marked_ && shadow_->Creation() != creation_) return Abandon();
    return Check(store_.Flush());
  }
  if (read_only() || dropped_ || marked_edits_ == table.edits().now) return;
  mark_.SetEdits(table.edits().now);
  marked_edits_ = table.edits().now;
}

void TableState::Savepoint(int n) {
  if (dead_ || !table.in_transaction()) return;
  const bool of_statement = IsDmlRunning(connection_.db());
  if (!of_statement) Persist();
  if (dead_) return;
  table.Savepoint(n);
  if (of_statement && !joined_) statement_savepoint_ = n;
  joined_ = false;
}

void TableState::Release(int n) noexcept {
  table.Release(n);
  if (statement_savepoint_ && *statement_savepoint_ >= n) statement_savepoint_.reset();
}

void TableState::RollbackTo(int n) noexcept {
  if (dead_ || !table.in_transaction()) return;
  if (!table.HasSavepoint(n)) return LeaveTransaction();
  marked_edits_ = 0;
  table.RollbackTo(n);
  cursors.MarkUndone(table.edits().returned_to);
}

void TableState::Abandon() noexcept {
  dead_ = true;
  created_ = marked_ = false;
  store_.Rollback();
}

void TableState::Merge(uint64_t bytes, const Session::Poll& poll) {
  Check(store_.Merge(bytes, poll));
}

Store::MergeProgress TableState::GetMergeProgress() { return store_.GetMergeProgress(); }

void TableState::VerifyStored() { Check(store_.VerifyStored(Poll())); }

void TableState::Rebuild() { Check(store_.Rebuild(Poll())); }

std::string TableState::Generation() const {
  return shadow_ ? store_.position().generation.ToString() : "";
}

void TableState::Attach() noexcept {
  ++vtabs_;
  if (shadow_) shadow_->KeepPrepared(true);
}

void TableState::Detach() noexcept {
  if (--vtabs_ == 0 && shadow_) shadow_->KeepPrepared(false);
}

}  // namespace memkv::sql
