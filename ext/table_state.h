// TableState: one table, whichever vtab objects of its connection stand for it: rows in memory
// alone, backed by shadow tables, or in an exported file.

#ifndef MEMKV_EXT_TABLE_STATE_H_
#define MEMKV_EXT_TABLE_STATE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/store/store.h"
#include "ext/memory_mark.h"
#include "ext/progress.h"
#include "ext/schema.h"
#include "ext/shadow.h"
#include "ext/vtab.h"
#include "ext/walk/open_cursor.h"

namespace memkv::sql {

class Connection;

class TableState {
 public:
  Schema schema;            // schema.table follows RENAME
  std::string schema_name;  // main, temp, or an attached name
  // Which database that is: another one may be attached by the same name later.
  void* file = nullptr;
  // Plans leave patterns for SQLite to check, whatever their bounds: one that did not ran in what
  // may be an outer join (PatternsMaySlip()).
  bool checks_patterns = false;
  // Some statement may have a plan of which MayRunUnseen() is true, in what may be a RIGHT JOIN.
  bool patterns_run_unseen = false;
  // Some statement may have a plan that presumes so (Answer, in ext/plan/query.h).
  bool plans_presume_no_numbers = false;
  // Such a plan has met one in a transaction. A statement that brought it has taken it back when it
  // failed, and would meet it again: plans presume no longer.
  bool numbers_were_met = false;
  Progress progress;  // of a long command
  OpenCursor::List cursors;

 private:
  Connection& connection_;
  const uint64_t number_;                 // no other has it
  const std::unique_ptr<Shadow> shadow_;  // of a durable table
  Store store_;

 public:
  enum Kind { kMemory, kDurable };
  TableState(Connection& connection, Schema s, std::string in_schema, Kind kind);
  // Of an exported file: s.file, opened.
  TableState(Connection& connection, Schema s, std::string in_schema,
             std::shared_ptr<const Fst> file);

  Session& table;

  bool durable() const { return shadow_ != nullptr; }
  bool read_only() const { return frozen_file_ != nullptr; }
  Session::Poll Poll() const;

  uint64_t number() const { return number_; }  // no other state of this process has it

  // Makes, drops and renames what the database keeps of the table. Drop() and SetName() change what
  // is known here too.
  void Create();
  void Drop();
  void Rename(const std::string& to);
  void SetName(const std::string& name);

  // Of a memory table. It is connected, and its mark says `edits`: if it was dropped, that was
  // rolled back, to where that mark was set.
  void Reconnected(uint64_t edits) noexcept;
  // Whether the database has it, by one of the names that it had; then that is its name now.
  bool FindName();
  // Of a table that SQLite connects by this state's name, and that is declared so: whether the
  // state may stand for it.
  bool Serves(const Schema& declared);

  // Shows what the connection's snapshot shows. Refresh() may be called wherever a read transaction
  // on the table's schema is open; RefreshAlone() opens one. It returns false where SQLite finds by
  // that that the schema has changed, and has let go of the table.
  void Refresh();
  [[nodiscard]] bool RefreshAlone();
  // So that a plan has numbers to go by: loads a table that is not loaded yet, if it can.
  void RefreshForPlan();

  // Of an exported file: whether it is as long as it was; the latter throws SqlError. To be asked
  // before a statement reads, as to touch a page that is gone is fatal; where a table is looked up
  // or written, that is done here.
  Status FileStatus() const;
  void CheckFile() const;

  // SQLite's transactions and savepoints. Begin() comes before every write; Join() where SQLite
  // tells an object of a transaction, and perhaps of its innermost savepoint next.
  void Begin();
  void Join() {
    Begin();
    joined_ = true;
  }
  void Sync();
  void Commit() noexcept;
  void Rollback() noexcept;
  void Savepoint(int n);
  void Release(int n) noexcept;
  // Whether SQLite undoes what the statement that is running has changed, should it fail.
  bool statement_has_savepoint() const { return statement_savepoint_.has_value(); }
  void RollbackTo(int n) noexcept;

  // The 'merge' command: a step of at most that many bytes. A memory table has nothing to write: it
  // is frozen.
  void Merge(uint64_t bytes, const Session::Poll& poll);
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
  bool IsStored();
  void FindWhereItStands(uint64_t edits) noexcept;
  void Persist();
  void LeaveTransaction() noexcept;
  void Abandon() noexcept;

  std::shared_ptr<const Fst> frozen_file_;
  int vtabs_ = 0;
  std::optional<int> statement_savepoint_;  // its number
  bool joined_ = false;                     // the savepoint that is told next may be an older one
  unsigned data_version_ = 0;  // of the database, when it was last seen to hold what is shown
  bool refreshing_ = false;    // a view in place of a shadow table may lead back here

  // --- of a durable table
  // It was dropped, or its creation was undone: it stands for nothing any more, whatever SQLite
  // tells the objects that it has left.
  bool dead_ = false;
  // What is shown may be undone unseen, or belong to another name: it is compared with what is
  // stored before it is relied upon.
  bool suspect_ = false;
  bool synced_ = false;  // in the open transaction, or as it was committed
  // Made in the open transaction; whether its mark is stored, which says so; which mark.
  bool created_ = false, marked_ = false;
  const int64_t creation_;
  // A mark may be stored though its creation was committed: whoever wrote it was dropped, came back
  // by a rollback as this state, and was not told of the COMMIT.
  bool left_marked_ = false;

  // --- of a memory table
  MemoryMark mark_;
  uint64_t marked_edits_ = 0;
  bool dropped_ = false;
  // It is back, in the middle of its transaction, and no object of it is told how that ends.
  bool unheard_ = false;
  unsigned dropped_version_ = 0;    // data version then
  std::vector<std::string> names_;  // that it had since no transaction was open
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_TABLE_STATE_H_
