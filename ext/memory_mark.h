// The shadow table of a memory table t, in its own schema. It holds no rows, only which state of
// this process t is, and at which of its savepoints:
//
//   t_memory    data      one row: "memkvmem" | process 8 bytes | state 8 bytes | edits 8 bytes,
//                         each little-endian
//
// SQLite undoes it together with CREATE, DROP and RENAME, of which it tells a virtual table
// nothing, so that what it says after a rollback is true. `edits` (core/store/session.h) is written
// before a savepoint that SQLite may return to unseen. In a copy of the database it names no state,
// or one of another connection: the rows were not saved.

#ifndef MEMKV_EXT_MEMORY_MARK_H_
#define MEMKV_EXT_MEMORY_MARK_H_

#include <cstdint>
#include <optional>
#include <string>

#include "ext/vtab.h"

namespace memkv::sql {

// What no other process has.
uint64_t ProcessNumber();

class MemoryMark {
 public:
  // The names are those of the table; they may change, and must outlive this. `state`: a number
  // that no other state of this process has.
  MemoryMark(sqlite3* db, const std::string* schema, const std::string* table, uint64_t state)
      : db_(db), schema_(schema), table_(table), state_(state) {}

  static bool IsSuffix(const char* suffix);
  // Whether `table` has such a shadow table, of whichever process. A table of the user's own may be
  // called like one.
  static bool Exists(sqlite3* db, const std::string& schema, const std::string& table);
  struct Content {
    uint64_t state = 0, edits = 0;
  };
  // What `table`'s says; nullopt where there is none, or another process's.
  static std::optional<Content> Read(sqlite3* db, const std::string& schema,
                                     const std::string& table);
  static void Drop(sqlite3* db, const std::string& schema, const std::string& table);
  static void Rename(sqlite3* db, const std::string& schema, const std::string& table,
                     const std::string& to);

  // Throws SqlError where its name is taken.
  void Create();
  // Nothing happens where the table is not there any more: it was undone with the table.
  void SetEdits(uint64_t edits);

 private:
  sqlite3* const db_;
  const std::string* const schema_;
  const std::string* const table_;
  const uint64_t state_;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_MEMORY_MARK_H_
