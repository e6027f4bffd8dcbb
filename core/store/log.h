// The bytes of a log: what was done to a table, in order.
//
//   batch      operation after operation
//   operation  tag 1 byte | what the tag says, in this order
//
//     tag            key    then
//     0 put          key                                 the row Number(0)
//     1 put          key    varint n                     the row Number(n)
//     2 put          key    varint bytes, record         the row Record(record)
//     3 erase        key
//     4 erase range  lo     key hi                       [lo, hi)
//     5 erase range  lo                                  [lo, the end)
//
//   key        varint shared | varint rest | rest    the first `shared` bytes of the key before it
//                                                    in the batch, then rest
//
// Rows of the log carry a batch as it is, or a piece of one that is too long for a row
// (core/store/storage.h).

#ifndef MEMKV_CORE_STORE_LOG_H_
#define MEMKV_CORE_STORE_LOG_H_

#include <memory>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/datum.h"
#include "core/status.h"

namespace memkv {

// Where a log's operations go when they are read back.
class LogTarget {
 public:
  virtual ~LogTarget() = default;
  virtual Status Put(Bytes key, const Value& value) = 0;
  virtual Status Erase(Bytes key) = 0;
  virtual Status EraseRange(Bytes lo, std::optional<Bytes> hi) = 0;
};

// Reads an untrusted batch; kCorrupt says which operation and byte. *operations, if given, is
// raised by how many there were.
Status ReadBatch(Bytes batch, LogTarget* target, uint64_t* operations = nullptr);

// Operations that are not written yet.
//
// Marks are O(1): a buffer that was marked is not reused when it is taken away to be written, but
// kept by its marks.
class LogBuffer {
 public:
  struct Mark {
    std::shared_ptr<std::string> bytes;
    size_t size = 0;
    uint64_t operations = 0;
  };

  LogBuffer() : bytes_(std::make_shared<std::string>()) {}

  Bytes bytes() const { return *bytes_; }
  bool empty() const { return bytes_->empty(); }
  uint64_t operations() const { return operations_; }

  // Makes room for one more operation on this key and value, so that the calls below cannot fail.
  void Reserve(Bytes key, const Value& value) { Reserve(key.size() + value.record.size()); }
  void Reserve(size_t bytes);

  void Put(Bytes key, const Value& value) noexcept;
  void Erase(Bytes key) noexcept;
  void EraseRange(Bytes lo, std::optional<Bytes> hi) noexcept;

  Mark Now() const { return {bytes_, bytes_->size(), operations_}; }
  void Return(const Mark& mark) noexcept;
  // Drops what is buffered; marks keep it. May throw std::bad_alloc, with nothing changed.
  void Clear();

 private:
  void Key(Bytes key) noexcept;

  std::shared_ptr<std::string> bytes_;
  std::string previous_;  // the last key; may be empty at any time
  uint64_t operations_ = 0;
};

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_LOG_H_
