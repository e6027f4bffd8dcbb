#include "ext/table_state.h"

#include <atomic>
#include <cstring>

#include "ext/registry.h"

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
      durable_(kind == kDurable ? std::make_unique<Durable>(connection.db(), *this) : nullptr),
      memory_(kind == kMemory
                  ? std::optional<Table>(std::in_place, schema.row_columns(), schema.Orders())
                  : std::nullopt),
      table(durable_ ? durable_->store.table() : *memory_) {
  if (durable_) durable_->store.SetDeltaLimit(schema.delta_limit, schema.background);
}

TableState::TableState(Connection& connection, Schema s, std::string in_schema,
                       std::shared_ptr<const Fst> file)
    : TableState(connection, std::move(s), std::move(in_schema), kMemory) {
  frozen_file_ = std::move(file);
  Check(table.StartFrom(frozen_file_));
}

Table::Poll TableState::Poll() const {
  return [c = &connection_](uint64_t, uint64_t) { return c->Interrupted(); };
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

void TableState::Create() {
  if (!durable_) return;
  durable_->store.SetFile(File());
  durable_->shadow.Create();
  durable_->store.Create();
}

void TableState::Drop() {
  if (!durable_) return;
  // Changes from before a savepoint are not written yet: to be released or committed first. SQLite
  // shows no message of ours.
  if (!table.Drop()) throw SqlError(SQLITE_LOCKED, "");
  durable_->shadow.Drop();
  durable_->store.CancelMerging();
  dropped_ = true;
}

void TableState::Undrop() {
  if (!dropped_) return;
  dropped_ = false;
  if (sqlite3_txn_state(connection_.db(), schema_name.c_str()) != SQLITE_TXN_WRITE)
    return Rollback();
  table.Undrop();
}

void TableState::Rename(const std::string& to) {
  if (durable_) durable_->shadow.Rename(to);
}

Status TableState::FileStatus() const {
  return frozen_file_ ? frozen_file_->CheckSize() : Status();
}

void TableState::CheckFile() const { Check(FileStatus()); }

void TableState::Refresh() {
  if (!table.settled()) Check(table.Settle(Poll()));
  if (!durable_ || table.in_transaction()) return;
  const unsigned version = DataVersion();
  if (durable_->store.loaded() && version == data_version_) return;
  if (refreshing_) {
    throw SqlError(SQLITE_CORRUPT_VTAB, "memkv: table " + Shown(schema.table) +
                                            ": what stands for its shadow tables reads the table "
                                            "itself (only tables may be there, no views)");
  }
  const WhileTrue refreshing(&refreshing_);
  durable_->store.SetFile(File());
  Check(durable_->store.Refresh(Poll()));
  data_version_ = version;
}

void TableState::RefreshAlone() {
  CheckFile();
  if (!durable_ || table.in_transaction()) return Refresh();
  const Shadow::Reading reading(durable_->shadow);
  Refresh();
}

void TableState::RefreshForPlan() {
  if (!durable_ || durable_->store.loaded()) return;
  try {
    RefreshAlone();
  } catch (const SqlError&) {
    // Whoever reads the rows will be told.
  }
}

void TableState::Begin() {
  CheckFile();
  if (!durable_) return table.Begin();
  Refresh();
  table.Begin();
}

void TableState::Sync() {
  if (durable_) Check(durable_->store.Sync(Poll()));
}

void TableState::Commit() noexcept {
  if (!durable_) return table.Commit();
  if (!table.in_transaction()) return;
  durable_->store.Commit();
  data_version_ = DataVersion();
}

void TableState::Rollback() noexcept {
  if (durable_) {
    durable_->store.Rollback();
  } else {
    table.Rollback();
  }
}

void TableState::Merge(uint64_t bytes, const Table::Poll& poll) {
  Check(durable_ ? durable_->store.Merge(bytes, poll) : table.Freeze(poll));
}

Store::MergeProgress TableState::GetMergeProgress() {
  return durable_ ? durable_->store.GetMergeProgress() : Store::MergeProgress();
}

void TableState::VerifyStored() {
  if (durable_) Check(durable_->store.VerifyStored(Poll()));
}

void TableState::Rebuild() {
  if (durable_) Check(durable_->store.Rebuild(Poll()));
}

std::string TableState::Generation() const {
  return durable_ ? durable_->store.position().generation.ToString() : "";
}

void TableState::Attach() noexcept {
  ++vtabs_;
  if (durable_) durable_->shadow.KeepPrepared(true);
}

void TableState::Detach() noexcept {
  if (--vtabs_ == 0 && durable_) durable_->shadow.KeepPrepared(false);
}

}  // namespace memkv::sql
