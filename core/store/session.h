// Session: one table as one connection sees it: its rows, changed in transactions with savepoints.
//
// With a journal it is one of several sessions that show the same content (core/store/store.h):
// between transactions it shows a version that it shares, and it may write the rows only from
// Begin() to Commit(), Rollback() or Seal(). Every change is noted in the journal, as part of
// the change.

#ifndef MEMKV_CORE_STORE_SESSION_H_
#define MEMKV_CORE_STORE_SESSION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/store/journal.h"
#include "core/store/rows.h"

namespace memkv {

class Session {
 public:
  using Poll = Rows::Poll;

  explicit Session(size_t columns, std::vector<IndexDef> indexes = {}, Journal* journal = nullptr);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const std::vector<IndexDef>& indexes() const { return rows_.indexes(); }

  // --- reading; throws std::bad_alloc where memory is short
  uint64_t size() const;
  bool may_hold_numbers() const { return writable_ ? rows_.may_hold_numbers() : shown_.numbers; }
  const std::shared_ptr<const Fst>& base() const { return writable_ ? rows_.base() : shown_.base; }
  View Latest() const;
  // *row borrows until the next write.
  Status Find(Bytes key, bool* found, RowRef* row) const;

  // --- rows. Each takes effect wholly or fails with the table as it was.
  Status Put(Bytes key, const Value& value, bool replace, bool* existed);
  // May fail halfway: see KeptMark.
  Status PutMany(std::span<const Rows::NewRow> rows);
  Status Erase(Bytes key, bool* existed);
  // Puts a row under another key: erases `from` and overwrites `to`. *existed tells whether `to`
  // was there.
  Status Move(Bytes from, Bytes to, const Value& value, bool* existed);
  Status EraseRange(Bytes lo, std::optional<Bytes> hi, const Poll& poll, uint64_t* erased);
  Status Truncate();
  Status Freeze(const Poll& poll);
  // Whether a rollback or a write that failed has left nothing to do before the rows can be read;
  // does it.
  bool settled() const { return !writable_ || (rows_.delta()->undone() && rows_.settled()); }
  Status Settle(const Poll& poll);
  // The part of it that a rollback has left for want of memory.
  void FinishUndo() const;

  // --- a mark, for work in several steps that must take effect wholly or not at all
  class KeptMark;

  // --- with a journal
  // REQUIRES !in_transaction(). Shows another version, which may be another session's.
  void Show(const Rows::Version& version) noexcept;
  // What is shown, for those who share it or build on it.
  Rows::Version Remember() const;
  // Inside a transaction: the same rows in another form, which nobody else has seen.
  void Replace(const Rows::Version& version, const Journal::Position& position);
  // To be changed without being noted, by what is stored already: inside a transaction, or, without
  // a journal, before anything is done.
  Rows& unnoted() { return rows_; }
  // The end of a transaction's changes: the version shown from now on, which others may take over.
  // Changes after all need Begin() again.
  Rows::Version Seal();

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

  // --- edits: writes, counted for ever by Touch(), which comes before each. What had fewer when it
  // was looked at is the older one.
  struct Edits {
    uint64_t now = 0;
    uint64_t at_begin = 0;     // of the transaction, or the last one
    uint64_t returned_to = 0;  // last: views with more edits show what was undone
  };
  void Touch() { ++edits_.now; }
  const Edits& edits() const { return edits_; }
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
  struct Mark {
    Rows::Mark rows;
    Journal::Mark journal;
    uint64_t edits = 0;
    uint64_t number = 0;  // they count up
  };
  struct Start {
    Mark mark;
    Rows::Version version;  // with a journal: what is shown after a rollback
  };
  struct NumberedMark {
    int number;
    Mark mark;
  };
  Mark SetMark();
  void Return(const Mark& mark, bool undone = false) noexcept;
  // The mark that is needed for as long as nothing is rolled back.
  const Mark& Innermost() const {
    return savepoints_.empty() ? begin_->mark : savepoints_.back().mark;
  }
  void Claim();
  void BecomeNew(const Rows::Version& version) noexcept;

  Journal* const journal_;
  Rows rows_;             // the present ones while writable_
  bool writable_ = true;  // they may be written: without a journal, or claimed
  Rows::Version shown_;   // the version shown while they are not
  Claims claims_{this};
  std::optional<Start> begin_;
  std::vector<NumberedMark> savepoints_;  // numbers ascend
  std::vector<KeptMark*> kept_;
  Edits edits_;
  uint64_t marks_ = 0;
};

// Goes before the session does.
class Session::KeptMark {
 public:
  explicit KeptMark(Session& session);
  ~KeptMark();
  KeptMark(const KeptMark&) = delete;
  KeptMark& operator=(const KeptMark&) = delete;
  // Does nothing where more than that was rolled back since.
  void Return() noexcept {
    if (!passed_) session_.Return(mark_);
  }
  // It is not needed any more.
  void Forget() noexcept {
    if (!passed_) session_.rows_.Forget(mark_.rows);
  }

 private:
  friend class Session;
  Session& session_;
  Mark mark_;
  bool passed_ = false;
};

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_SESSION_H_
