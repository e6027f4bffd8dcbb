// Store: a Session whose content lies in a database. What is in memory is a cache, tagged with the
// generation of what is stored; what is stored is read again, as little of it as needed, wherever
// the generation has become another.
//
// Of one connection to the database; stores of the same content share it (core/store/versions.h).
// Calls of Storage are made without any lock.

#ifndef MEMKV_CORE_STORE_STORE_H_
#define MEMKV_CORE_STORE_STORE_H_

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/store/journal.h"
#include "core/store/merging.h"
#include "core/store/session.h"
#include "core/store/storage.h"
#include "core/store/versions.h"

namespace memkv {

// When a transaction that commits merges the delta into the base: as soon as the log has both that
// many bytes and, if set, that many operations per key of the base.
struct DeltaLimit {
  uint64_t log_bytes = uint64_t{128} << 20;
  double operations_per_key = 0.1;
};

class Store {
 public:
  // Nothing is read before the first Refresh(). Without a storage the content is in memory alone:
  // there is nothing to read, to write or to merge, and what is below says so.
  Store(size_t columns, std::vector<IndexDef> indexes, Storage* storage)
      : columns_(columns), indexes_(std::move(indexes)), storage_(storage) {
    if (storage_) journal_.emplace(storage_, columns_);
    session_.emplace(columns_, indexes_, journal_ ? &*journal_ : nullptr);
  }

  Session& session() { return *session_; }
  bool loaded() const { return !storage_ || shown_; }
  // Of what is stored. REQUIRES a storage.
  const Journal::Position& position() const { return journal_->position(); }
  // Whether a merge at the delta limit is built on a thread and written on the way of later
  // transactions, a slice in each, instead of by the one that reached the limit.
  void SetDeltaLimit(std::optional<DeltaLimit> limit, bool background) {
    limit_ = limit;
    background_ = background;
  }

  // Which database storage lies in, as no other of this process is called; before anything else,
  // and whenever it may have become another. Shares only with stores of the same.
  void SetFile(const std::string& file);

  // A new table: stores an empty base.
  void Create();

  // Shows what the database shows now. REQUIRES a read or write transaction on it. Does nothing
  // inside a write transaction of this table: what it shows then is newer.
  Status Refresh(const Rows::Poll& poll);

  // After Refresh(), session().Begin() begins a write transaction, which the database has begun
  // already.
  //
  // Writes what is not written yet, so that the database itself undoes or keeps it, whatever it
  // tells the table.
  Status Flush() { return journal_ && journal_->CanFlush() ? journal_->Flush() : Status(); }
  // Whether there is anything that Flush() would write.
  bool unwritten() const { return journal_ && !journal_->buffer().empty(); }
  // Whether what the database holds now is what was written last. REQUIRES a transaction on it.
  bool IsStoredAsWritten() {
    return storage_->ReadHead().generation == journal_->position().generation;
  }
  // Before the database commits: writes what is not written yet.
  Status Sync(const Rows::Poll& poll);
  // After it has; and after it has rolled back. No memory, no I/O.
  void Commit() noexcept;
  void Rollback() noexcept;

  // One step of a merge: builds the image of all that is stored, unless one is on its way already;
  // writes up to `bytes` of it; makes it the base once all of it is written. In a write transaction
  // only. Does nothing if there is nothing to merge. Any store of the database may take the next
  // step; where the image is in no memory, it is built again.
  // Without a storage: freezes.
  Status Merge(uint64_t bytes, const Rows::Poll& poll);
  // How far the merge is that is on its way: building its image, in keys, or writing it, in bytes;
  // an empty phase if there is none. REQUIRES a transaction on the database.
  struct MergeProgress {
    std::string phase;
    uint64_t done = 0, total = 0;
  };
  MergeProgress GetMergeProgress();
  // Nobody needs what a thread may be building.
  void CancelMerging() noexcept;

  // Whether what is stored says, read from the front, what this table shows. Memory: another copy
  // of the table.
  Status VerifyStored(const Rows::Poll& poll);
  // Makes what is in memory anew, from what is stored. In a write transaction only.
  Status Rebuild(const Rows::Poll& poll);

 private:
  ContentName Name(const Generation& generation) const { return {file_, generation}; }
  Status Reload(const Rows::Poll& poll);
  struct Loaded {
    Rows::Version content;
    Journal::Position position;
  };
  Status ReadAll(bool share_image, const Rows::Poll& poll, Loaded* out);
  Status ReadImage(const Generation& id, bool share, std::shared_ptr<const Fst>* out);
  // Stops after the row that makes the operations as many as `enough`.
  Status ReadRows(int64_t after, int64_t until, Rows* into, Journal::Position* position,
                  const Rows::Poll& poll, uint64_t enough = std::numeric_limits<uint64_t>::max());
  Status ReadUpTo(int64_t log_id, bool share_image, const Rows::Poll& poll, Rows* into,
                  Journal::Position* position);
  bool PassedLimit() const;
  Merging::Seen SeenOf(const std::optional<Storage::Merge>& merge);
  Status Resume(const Storage::Merge& merge, const Rows::Poll& poll);
  Status MergeOnTheWay(const Rows::Poll& poll);
  Status StartMerging(const Rows::Poll& poll);
  void DropVoidMerging() noexcept;
  bool WritePieces(Merging::Next* next, uint64_t bytes);
  Status Step(uint64_t bytes, uint64_t operations, const Rows::Poll& poll);
  Status Follow(std::unique_ptr<Merging::Next>* next, uint64_t operations, const Rows::Poll& poll,
                bool* valid);
  bool IsStored(const Journal::Position& at);
  bool LeadsOn(const Storage::Merge& merge);
  Status CatchUp(const Storage::Head& head, const Rows::Poll& poll);
  void Show(std::shared_ptr<const StoredVersion> version, int64_t log_id) noexcept;
  void Share(const Rows::Version& content);

  const size_t columns_;
  const std::vector<IndexDef> indexes_;
  Storage* const storage_;
  std::string file_;
  std::optional<Journal> journal_;
  std::optional<Session> session_;  // always there
  std::optional<DeltaLimit> limit_ = DeltaLimit();
  std::shared_ptr<const StoredVersion> shown_;   // keeps what the table shows known to others
  std::shared_ptr<const StoredVersion> sealed_;  // and will once the transaction is committed
  bool merged_ = false;                          // by the open transaction

  bool background_ = false;
  std::shared_ptr<Merging> merging_;  // of what the table holds, or held a while ago
  uint64_t bases_ = 0;                // the journal's, when merging_ was known to be right
  bool left_over_ = false;            // something may be, and is to be dropped
  // What has failed is not tried again and again: not before the log has so many bytes; and so many
  // if the open transaction, which carries work of a merge, fails.
  uint64_t hold_until_ = 0, hold_if_refused_ = 0;
  Merging::Seen seen_;  // of another process's merge, when looked at last
  int patience_ = 0;    // transactions until the next look
};

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_STORE_H_
