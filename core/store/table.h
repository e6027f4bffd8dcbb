// Table: the state of one memkv table: a delta over a base, changed in transactions with savepoints.
//
// One writer at a time; views that were taken stay as they are.

#ifndef MEMKV_CORE_STORE_TABLE_H_
#define MEMKV_CORE_STORE_TABLE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/view/view.h"

namespace memkv {

class Table {
 public:
  // Polled every few ms by long work; true stops it with kInterrupted, the table as it was.
  using Poll = std::function<bool(uint64_t done, uint64_t total)>;

  explicit Table(size_t columns);

  size_t columns() const { return columns_; }
  uint64_t size() const;
  View Latest() const;

  // --- rows. Each takes effect wholly or fails with the table as it was.
  Status Find(Bytes key, bool* found, RowRef* row) const;  // the row borrows from the table until the next write
  // Adds key, or, where it is there already, overwrites it if `replace`, else changes nothing. *existed tells which.
  Status Put(Bytes key, const Value& value, bool replace, bool* existed);
  // Puts rows in turn, faster the more of them ascend past the last key. May fail halfway: see Remember().
  struct NewRow {
    Bytes key;
    Value value;
    bool replace;
  };
  Status PutMany(std::span<const NewRow> rows);
  Status Erase(Bytes key, bool* existed);
  // Puts a row under another key: erases `from` and overwrites `to`. *existed tells whether `to` was there.
  Status Move(Bytes from, Bytes to, const Value& value, bool* existed);
  // Erases [lo, hi); hi = nullopt: to the end. Without a base whole subtrees go; over a base each hidden key gets a tombstone.
  Status EraseRange(Bytes lo, std::optional<Bytes> hi, const Poll& poll, uint64_t* erased);
  void Truncate();
  // Merges everything into one base.
  Status Freeze(const Poll& poll);

  // --- versions, for work in several steps that must take effect wholly or not at all. Holding one costs nothing until something
  // is written.
  struct Version {
    std::shared_ptr<Art> delta;
    ArtSnapshot snapshot;
    std::shared_ptr<const Fst> base;
  };
  Version Remember() const { return {delta_, delta_->TakeSnapshot(), base_}; }
  void Return(const Version& version) noexcept;

  // --- transactions. Every call may come twice, as SQLite may hold two objects for one table; the second does nothing.
  void Begin();
  void Commit() noexcept;
  void Rollback() noexcept;
  // Savepoints are numbered from 0 outwards in. RollbackTo(n) undoes to the first savepoint that is n or further in, and keeps it;
  // RollbackTo(-1) undoes to the savepoint that began the transaction, which has no number of its own.
  void Savepoint(int n);
  void Release(int n) noexcept;
  void RollbackTo(int n) noexcept;
  bool in_transaction() const { return begin_.has_value(); }

  // --- what is held, and whether it is sound
  struct Stats {
    uint64_t keys = 0, delta_keys = 0, frozen_keys = 0;
    Art::Stats delta;
    uint64_t frozen_bytes = 0, memory_bytes = 0;
  };
  Stats GetStats() const;
  Status Verify(const Poll& poll) const;

 private:
  struct NumberedVersion {
    int number;
    Version version;
  };
  Status Net(Bytes key, int* net) const;  // what a new delta entry for key would count: +1, or 0 where the base has it

  const size_t columns_;
  std::shared_ptr<Art> delta_;
  std::shared_ptr<const Fst> base_;
  std::optional<Version> begin_;
  std::vector<NumberedVersion> savepoints_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_TABLE_H_
