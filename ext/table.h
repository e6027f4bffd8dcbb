// The virtual table: what SQLite sees of a memkv table. It holds nothing but a pointer to the
// table's state (ext/registry.h).

#ifndef MEMKV_EXT_TABLE_H_
#define MEMKV_EXT_TABLE_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/row.h"
#include "ext/affinity.h"
#include "ext/new_row.h"
#include "ext/registry.h"
#include "ext/vtab.h"
#include "ext/walk/cursor.h"
#include "ext/walk/read_plan.h"

namespace memkv::sql {

class MemkvTable : public sqlite3_vtab {
 public:
  using Cursor = TableCursor;
  struct Function {
    void (*function)(sqlite3_context*, int, sqlite3_value**);
    void* context;
    int op;
  };

  static std::unique_ptr<MemkvTable> Create(const CreateArgs& args);
  static std::unique_ptr<MemkvTable> Connect(const CreateArgs& args);
  static bool ShadowName(const char* suffix) {
    return Shadow::IsSuffix(suffix) || MemoryMark::IsSuffix(suffix);
  }
  ~MemkvTable();
  void Destroy();
  void Rename(const char* to);

  sqlite3* db() const { return connection_->db(); }

  bool BestIndex(sqlite3_index_info& info);
  bool FindFunction(int argc, const char* name, Function* found);
  void Update(std::span<sqlite3_value*> args);

  void Begin();
  void Sync();
  void Commit();
  void Rollback();
  void Savepoint(int n);
  void Release(int n);
  void RollbackTo(int n);

  std::string Integrity(bool quick);

  // The state, or an SqlError if this is a copy of a memory table, whose rows are nowhere.
  TableState& state();
  Connection& connection() { return *connection_; }

  // The plan that `text` says. Statements run again and again: those read last are kept.
  std::shared_ptr<const ReadPlan> PlanOf(const char* text);
  // A cursor begins to read.
  void ReadsBegin() noexcept {
    if (!overwritten_.empty()) overwritten_.clear();
    before_update_.reset();
  }
  // A buffer that a cursor borrows for its life, so that a lookup allocates none.
  std::string TakeBuffer() { return std::move(buffer_); }
  void GiveBuffer(std::string buffer) noexcept {
    if (buffer.capacity() <= kKeptBytes) buffer_ = std::move(buffer);
  }
  // Memory for a Cursor; null: none is kept.
  void* TakeMemory() noexcept { return memory_.release(); }
  void GiveMemory(void* memory) noexcept { memory_.reset(memory); }

 private:
  MemkvTable(Connection* connection, std::string schema, std::string table)
      : sqlite3_vtab{},
        connection_(connection),
        schema_(std::move(schema)),
        table_(std::move(table)) {}
  static std::unique_ptr<MemkvTable> Make(const CreateArgs& args, const Schema& schema);

  void SetState(std::shared_ptr<TableState> state);

  void Delete(sqlite3_value* key);
  std::string OldKey(sqlite3_value* key) const;
  void UndoIfFailed(TableState& s, std::span<sqlite3_value*> args);
  void UpdateRow(TableState& s, std::span<sqlite3_value*> args);
  bool IsUpdateOfNothing(std::span<sqlite3_value*> args);
  void CheckNotOverwritten(Bytes old_key);
  void Insert(std::span<sqlite3_value*> columns);
  void KeepColumns(const RowRef& at, std::span<sqlite3_value*> columns);
  void Change(sqlite3_value* old_key, std::span<sqlite3_value*> columns);

  Connection* const connection_;
  const std::string schema_;
  std::string table_;
  std::shared_ptr<TableState> state_;

  struct KeptPlan {
    std::string text;
    std::shared_ptr<const ReadPlan> plan;
  };
  struct FreeMemory {
    void operator()(void* memory) const noexcept { ::operator delete(memory); }
  };
  static constexpr size_t kKeptPlans = 8;
  std::vector<KeptPlan> plans_;
  size_t next_plan_ = 0;
  std::string buffer_;
  std::unique_ptr<void, FreeMemory> memory_;
  NewRow row_;  // what Insert() and Change() work in
  // By the UPDATE OR REPLACE that is going on: the keys of rows that it has put others in place of.
  // Nothing is read between the changes of a statement: a read begins another.
  std::unordered_set<std::string> overwritten_;
  std::optional<Session::KeptMark> before_update_;  // of many rows, where SQLite has no savepoint
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_TABLE_H_
