// Table: the state of one memkv table: a delta over a base, changed in transactions with
// savepoints.
//
// One writer at a time; views that were taken stay as they are.
//
// With a journal it is one of several tables that show the same content (core/store/store.h):
// between transactions it shows a version that it shares, and it owns its delta only from Begin()
// to Commit(), Rollback() or Seal(). Every change is noted in the journal, as part of the change.

#ifndef MEMKV_CORE_STORE_TABLE_H_
#define MEMKV_CORE_STORE_TABLE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/index_def.h"
#include "core/store/journal.h"
#include "core/store/shared_art.h"
#include "core/view/view.h"

namespace memkv {

class Table {
 public:
  // Polled every few ms by long work; true stops it with kInterrupted, the table as it was.
  using Poll = std::function<bool(uint64_t done, uint64_t total)>;

  // `indexes`: what it has secondary indexes by.
  explicit Table(size_t columns, std::vector<IndexDef> indexes = {}, Journal* journal = nullptr);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  size_t columns() const { return columns_; }
  const std::vector<IndexDef>& indexes() const { return indexes_; }
  uint64_t size() const;
  uint64_t frozen_keys() const { return base_ ? base_->size() : 0; }
  // Whether a key may be a number, or TEXT that reads as one (core/range.h): false for certain, or
  // true as one was put since the last freeze, whether it is there still or not.
  bool may_hold_numbers() const { return numbers_; }
  View Latest() const;
  const std::shared_ptr<const Fst>& base() const { return base_; }

  // --- rows. Each takes effect wholly or fails with the table as it was.
  Status Find(Bytes key, bool* found,
              RowRef* row) const;  // the row borrows from the table until the next write
  // Adds key, or, where it is there already, overwrites it if `replace`, else changes nothing.
  // *existed tells which.
  Status Put(Bytes key, const Value& value, bool replace, bool* existed);
  // Puts rows in turn, faster the more of them ascend past the last key. May fail halfway: see
  // Remember().
  struct NewRow {
    Bytes key;
    Value value;
    bool replace;
  };
  Status PutMany(std::span<const NewRow> rows);
  Status Erase(Bytes key, bool* existed);
  // Puts a row under another key: erases `from` and overwrites `to`. *existed tells whether `to`
  // was there.
  Status Move(Bytes from, Bytes to, const Value& value, bool* existed);
  // Erases [lo, hi); hi = nullopt: to the end. Without a base whole subtrees go; over a base each
  // hidden key gets a tombstone.
  Status EraseRange(Bytes lo, std::optional<Bytes> hi, const Poll& poll, uint64_t* erased);
  Status Truncate();
  // An empty table over a base. REQUIRES a table without a journal that nothing was done to.
  // kCorrupt if the base lacks one of the indexes.
  Status StartFrom(std::shared_ptr<const Fst> base);
  // Merges everything into one base.
  Status Freeze(const Poll& poll);

  // --- secondary indexes. A write brings them along; one that failed halfway may leave them
  // unsettled, and then nothing can be read by them until Settle() has made them anew. Writes call
  // it themselves.
  bool settled() const { return !writable_ || delta_->settled(); }
  Status Settle(const Poll& poll);
  // Lets the indexes be until Settle(), which makes them of many rows faster than one by one. A
  // transaction that multiplies the delta does so by itself.
  void DeferIndexes() {
    deferred_ = !indexes_.empty();
    delta_->SetSettled(!deferred_);
  }

  // --- versions, for work in several steps that must take effect wholly or not at all. Holding one
  // costs nothing until something is written.
  struct Version {
    std::shared_ptr<SharedArt> delta;
    ArtSnapshot snapshot;
    IndexSnapshots indexes;
    std::shared_ptr<const Fst> base;
    Journal::Mark mark;
    uint64_t edits = 0;
    bool numbers = false;
  };
  Version Remember() const;
  void Return(const Version& version) noexcept { Return(version, false); }

  // --- with a journal
  // REQUIRES !in_transaction(). Shows another version, which may be another table's.
  void Show(const Version& version) noexcept;
  // Inside a transaction: the same rows in another form, which nobody else has seen.
  void Replace(const Version& version, const Journal::Position& position);
  // The end of a transaction's changes: the version shown from now on, which others may take over.
  // Changes after all need Begin() again.
  Version Seal();

  // --- transactions. Every call may come twice, as SQLite may hold two objects for one table; the
  // second does nothing.
  void Begin();
  void Commit() noexcept;
  void Rollback() noexcept;
  // Savepoints are numbered from 0 outwards in. RollbackTo(n) undoes to the first savepoint that is
  // n or further in, and keeps it. Where there is none, the table joined the transaction after that
  // savepoint, and is out of it again: Rollback(). (-1 is the savepoint that began the transaction.)
  void Savepoint(int n);
  void Release(int n) noexcept;
  void RollbackTo(int n) noexcept;
  bool HasSavepoint(int n) const {
    return n >= 0 && !savepoints_.empty() && savepoints_.back().number >= n;
  }
  bool in_transaction() const { return begin_.has_value(); }

  // --- edits: writes, counted for ever by Touch(), which comes before each. A version that had
  // fewer when it was remembered is the older one.
  void Touch() { ++edits_; }
  uint64_t edits() const { return edits_; }
  // REQUIRES in_transaction(): of the version that the transaction began with.
  uint64_t edits_at_begin() const { return begin_->edits; }
  // Of the version that was returned to last: views of later ones show what was undone.
  uint64_t edits_returned_to() const { return returned_to_; }
  // Undoes to the innermost savepoint that had so many edits. False: there is none.
  bool RollbackToEdits(uint64_t edits) noexcept;

  // --- what is held, and whether it is sound
  struct Stats {
    uint64_t keys = 0, delta_keys = 0, frozen_keys = 0;
    Art::Stats delta;
    uint64_t index_bytes = 0;  // of the delta's secondary indexes
    uint64_t frozen_bytes = 0, memory_bytes = 0;
  };
  Stats GetStats() const;
  Status Verify(const Poll& poll) const;

 private:
  struct NumberedVersion {
    int number;
    Version version;
  };
  // The delta as this table sees it.
  const ArtSnapshot& Head() const { return writable_ ? delta_->Latest() : shown_; }
  void Return(const Version& version, bool undone) noexcept;
  void Claim();
  void Adopt(std::shared_ptr<SharedArt> delta, std::shared_ptr<const Fst> base);
  static bool MayHoldNumbers(const Fst& base);
  void EndClaims() noexcept;
  // Whether changes are noted.
  LogBuffer* Noted() { return journal_ && !journal_->replaying() ? &journal_->buffer() : nullptr; }
  Status MakeRoom(size_t bytes) { return journal_ ? journal_->MakeRoom(bytes) : Status(); }
  // What the table has of a key.
  struct Known {
    bool in_delta = false, in_base = false, live = false;
    Entry entry;             // in_delta
    uint64_t base_rank = 0;  // in_base
  };
  Status Look(Bytes key, Known* known) const;
  Status PutEntry(Bytes key, const Value& value, bool replace, bool* existed);
  Status EraseEntry(Bytes key, bool* existed);
  Status EraseRangeOfEntries(Bytes lo, std::optional<Bytes> hi, const Poll& poll);
  Status EraseRangeOverBase(Bytes lo, std::optional<Bytes> hi, const Poll& poll);
  Status Net(Bytes key, int* net)
      const;  // what a new delta entry for key would count: +1, or 0 where the base has it

  // indexes.cc. Whether writes keep secondary indexes up to date.
  bool KeepsIndexes() const { return !indexes_.empty() && !deferred_; }
  // Called before a transaction puts a row: defers the indexes where that pays, and settles them
  // before they take too much memory.
  Status PaceIndexes();
  // What UpdateIndexes() sees itself: kTooBig if the row is to be put and has no index key.
  Status CheckIndexKeys(Bytes key, const Value& value, bool replace);
  void Paced() { defer_at_ = std::max<uint64_t>(kFewestDeferred, 2 * Head().size()); }
  std::shared_ptr<SharedArt> NewDelta(bool over_base) const;
  // Brings the indexes from the row that key has to the one that it is to have; none: it is to go.
  // They are unsettled until the row is changed too, and SetSettled() says so.
  Status UpdateIndexes(Bytes key, const Known& known, const Value* value);
  // The index key of a row; nothing where there is no row.
  Status IndexKeyOf(const RowRef* row, const IndexDef& index, Bytes key, std::string* out);
  Status MakeIndex(size_t i, const Poll& poll, std::unique_ptr<Art>* out) const;
  Status VerifyIndexes(const Poll& poll) const;

  const size_t columns_;
  const std::vector<IndexDef> indexes_;
  Journal* const journal_;
  std::shared_ptr<SharedArt> delta_;
  std::shared_ptr<const Fst> base_;
  static constexpr uint64_t kFewestDeferred = 32;
  bool deferred_ = false;                // writes leave the indexes alone, which are unsettled
  uint64_t defer_at_ = kFewestDeferred;  // from so many entries of the delta on
  bool writable_ = true;                 // this table owns delta_
  bool numbers_ = false;                 // may_hold_numbers()
  ArtSnapshot shown_;                    // the version shown while it does not
  IndexSnapshots shown_indexes_;
  std::vector<std::shared_ptr<SharedArt>> claimed_;
  std::optional<Version> begin_;
  std::vector<NumberedVersion> savepoints_;
  uint64_t edits_ = 0, returned_to_ = 0;
  std::string index_keys_[3], buffer_;  // scratch of UpdateIndexes
};

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_TABLE_H_
