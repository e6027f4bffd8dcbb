// TableState: one table, whichever vtab objects of its connection stand for it: rows in memory
// alone, backed by shadow tables, or in an exported file.

#ifndef MEMKV_EXT_TABLE_STATE_H_
#define MEMKV_EXT_TABLE_STATE_H_

#include <memory>
#include <optional>
#include <string>

#include "core/store/store.h"
#include "core/store/table.h"
#include "ext/args.h"
#include "ext/progress.h"
#include "ext/shadow.h"
#include "ext/vtab.h"

namespace memkv::sql {

class Connection;

class TableState {
  // What a durable table has beside its rows in memory. Declared first: `table` may be part of it.
  struct Durable {
    Durable(sqlite3* db, const TableState& state)
        : shadow(db, &state.schema_name, &state.schema.table),
          store(state.schema.row_columns(), state.schema.Orders(), &shadow) {}
    Shadow shadow;
    Store store;
  };

 public:
  Schema schema;            // schema.table follows RENAME
  std::string schema_name;  // main, temp, or an attached name
  // Which database that is: another one may be attached by the same name later.
  void* file = nullptr;
  Progress progress;  // of a long command

 private:
  Connection& connection_;
  const uint64_t number_;  // no other has it
  const std::unique_ptr<Durable> durable_;
  std::optional<Table> memory_;

 public:
  enum Kind { kMemory, kDurable };
  TableState(Connection& connection, Schema s, std::string in_schema, Kind kind);
  // Of an exported file: s.file, opened.
  TableState(Connection& connection, Schema s, std::string in_schema,
             std::shared_ptr<const Fst> file);

  Table& table;

  bool durable() const { return durable_ != nullptr; }
  bool read_only() const { return frozen_file_ != nullptr; }
  Table::Poll Poll() const;

  // Makes and drops what the database keeps of the table; nothing for a memory table.
  void Create();
  void Drop();
  void Rename(const std::string& to);
  // It was dropped, and that was rolled back: back to what the transaction, or its innermost
  // savepoint, began with.
  void Undrop();

  // Shows what the connection's snapshot shows. Refresh() may be called wherever a read transaction
  // on the table's schema is open; RefreshAlone() opens one.
  void Refresh();
  void RefreshAlone();
  // So that a plan has numbers to go by: loads a table that is not loaded yet, if it can.
  void RefreshForPlan();

  // Of an exported file: whether it is as long as it was; the latter throws SqlError. To be asked
  // before a statement reads, as to touch a page that is gone is fatal; where a table is looked up
  // or written, that is done here.
  Status FileStatus() const;
  void CheckFile() const;

  void Begin();
  void Sync();
  void Commit() noexcept;
  void Rollback() noexcept;

  // The 'merge' command: a step of at most that many bytes. A memory table has nothing to write: it
  // is frozen.
  void Merge(uint64_t bytes, const Table::Poll& poll);
  Store::MergeProgress GetMergeProgress();

  // Of a durable table: what is stored, read again and compared; read again and shown.
  void VerifyStored();
  void Rebuild();
  std::string Generation() const;  // empty for a memory table

  // The vtab objects that stand for it, which say when it may keep statements prepared.
  void Attach() noexcept;
  void Detach() noexcept;
  bool attached() const { return vtabs_ > 0; }

 private:
  unsigned DataVersion() const noexcept;
  std::string File() const;

  std::shared_ptr<const Fst> frozen_file_;
  int vtabs_ = 0;
  bool dropped_ = false;
  unsigned data_version_ = 0;  // of the database, when it was last seen to hold what is shown
  bool refreshing_ = false;    // a view in place of a shadow table may lead back here
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_TABLE_STATE_H_
