// Journal: what a table writes down of its changes, and where it stands in what is stored.
//
// A table makes room before it changes anything and notes what it did afterwards; noting cannot
// fail. What is noted is written when the transaction is about to be committed, and whenever enough
// of it has gathered.

#ifndef MEMKV_CORE_STORE_JOURNAL_H_
#define MEMKV_CORE_STORE_JOURNAL_H_

#include <optional>

#include "core/store/log.h"
#include "core/store/storage.h"

namespace memkv {

class Journal {
 public:
  // Where stored content ends. Bytes and operations count those of the log.
  struct Position {
    Generation generation;
    int64_t log_id = 0;
    uint64_t log_bytes = 0, log_operations = 0;
  };
  struct Mark {
    LogBuffer::Mark buffer;
    Position position;
    uint64_t bases = 0;
    bool stale = false, broken = false;
  };

  Journal(Storage* storage, size_t columns) : storage_(storage), columns_(columns) {}

  const Position& position() const { return position_; }
  void SetPosition(const Position& position) { position_ = position; }
  LogBuffer& buffer() { return buffer_; }
  const LogBuffer& buffer() const { return buffer_; }

  // Call before a change that notes up to `bytes` of keys and record. Writes what has gathered, if
  // it is enough.
  Status MakeRoom(size_t bytes);
  // Writes everything that is noted.
  Status Flush();
  // Whether there is something for Flush() to write or to cut off, and nothing is being written:
  // what writes to the database may lead back here by the savepoint of its statement.
  bool CanFlush() const { return !writing_ && (stale_ || !buffer_.empty()); }
  // Puts this base (none: no rows) in the place of all that is stored. The buffer must mean nothing
  // any more.
  Status ReplaceBase(std::optional<Bytes> image);
  // Makes a merge's image the base of what is stored. The buffer must be empty.
  Status FinishMerge(const Storage::Merge& merge);

  // How many times the base was replaced.
  uint64_t bases() const { return bases_; }

  Mark Now() const { return {buffer_.Now(), position_, bases_, stale_, broken_}; }
  // Back to the mark. The database has undone what was written since (`undone`), or that is left to
  // the next Flush().
  void Return(const Mark& mark, bool undone) noexcept;

 private:
  // For as long as it lives, the storage is being written.
  class Writing {
   public:
    explicit Writing(Journal& journal) : journal_(journal) { journal_.writing_ = true; }
    ~Writing() { journal_.writing_ = false; }
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;

   private:
    Journal& journal_;
  };

  Storage* const storage_;
  const size_t columns_;
  Position position_;
  LogBuffer buffer_;
  uint64_t bases_ = 0;
  bool stale_ = false;  // rows may lie past position_, which must go before anything is written
  // What is stored is not what position_ says, until the transaction is undone.
  bool broken_ = false;
  bool writing_ = false;
};

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_JOURNAL_H_
