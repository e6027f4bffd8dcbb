// UndoLog: what an Art had under the keys that its writer has changed, so that it can go back. And
// the versions that were pinned where a log would have grown too long.
//
// A record lies behind its payload, so that the log is read backwards:
//
//   record   key | record of the value, if it has one | Head
//
// Chunks of records follow each other; a record lies in one of them.

#ifndef MEMKV_CORE_ART_UNDO_LOG_H_
#define MEMKV_CORE_ART_UNDO_LOG_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/alloc.h"
#include "core/art/tree.h"
#include "core/bytes.h"
#include "core/datum.h"

namespace memkv::art {

class UndoLog {
 public:
  UndoLog() = default;
  ~UndoLog() { Trim(0); }
  UndoLog(const UndoLog&) = delete;
  UndoLog& operator=(const UndoLog&) = delete;

  // Notes what a key has before it is changed: an entry, or nothing. That a change failed and is in
  // the log all the same does no harm: to go back is to have the entry again. Throws
  // std::bad_alloc.
  void Add(Bytes key, const Entry& had) { Add(key, &had); }
  void AddMissing(Bytes key) { Add(key, nullptr); }

  // Of all records; of the chunks.
  uint64_t bytes() const { return bytes_; }
  uint64_t held_bytes() const { return held_; }

  struct Record {
    Bytes key;
    bool missing;
    Entry had;
  };
  // The newest record, borrowed until Pop(). REQUIRES bytes() > 0.
  Record Last() const;
  void Pop() noexcept;
  // Forgets what was noted since there were that many bytes.
  void CutTo(uint64_t bytes) noexcept;
  // Everything; keeps at most so many bytes for the next.
  void Trim(uint64_t kept) noexcept;

 private:
  struct Head {
    uint64_t number;
    uint32_t key_bytes, record_bytes;
    uint8_t kind;
    int8_t net;
    uint8_t unused[6];
  };
  enum Kind : uint8_t { kMissing, kNumber, kRecord };
  static constexpr size_t kFirstChunk = 2 << 10, kLargestChunk = 256 << 10;
  struct Chunk {
    uint8_t* p;
    size_t room, used;
  };

  void Add(Bytes key, const Entry* had);
  void NewChunk(size_t least);
  void DropEmptyChunks() noexcept;
  Head LastHead() const;

  std::vector<Chunk, Allocator<Chunk>> chunks_;
  uint64_t bytes_ = 0, held_ = 0;
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_UNDO_LOG_H_
