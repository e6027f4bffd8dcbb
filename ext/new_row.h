// A row on its way into a table, and what is checked before it gets there.

#ifndef MEMKV_EXT_NEW_ROW_H_
#define MEMKV_EXT_NEW_ROW_H_

#include <span>
#include <string>
#include <vector>

#include "core/datum.h"
#include "core/row.h"
#include "ext/affinity.h"
#include "ext/schema.h"

namespace memkv::sql {

// Scratch buffers larger than this are not kept.
inline constexpr size_t kKeptBytes = size_t{1} << 16;

// A row on its way into the table. The Datums borrow from `converted` and `kept`.
struct NewRow {
  std::string key;
  std::vector<Converted> converted;
  std::vector<const Datum*> parts;  // of the key; null: not set
  std::vector<Datum> row;
  std::vector<std::string> kept;  // of an old row, column by column
  std::string buffer;

  void Clear(const Schema& schema) {
    key.clear();
    converted.clear();
    converted.reserve(schema.columns.size());
    row.assign(schema.row_columns(), Datum::Null());
    parts.assign(schema.key.size(), nullptr);
    if (key.capacity() > kKeptBytes) key = std::string();
    if (buffer.capacity() > kKeptBytes) buffer = std::string();
    for (std::string& bytes : kept)
      if (bytes.capacity() > kKeptBytes) bytes = std::string();
  }
  Value Encoded() { return EncodeRow(row, &buffer); }
};

// Each throws SqlError as the WITHOUT ROWID twin fails. `ignore`: the conflict is to be passed
// over, so that there is no message.
void CheckNotNull(const Schema& schema, size_t column, const Datum& v, bool ignore);
[[noreturn]] void FailUnique(const Schema& schema, bool ignore);

// What the row of a key column that may hold numbers says about its class; NULL if the key is as
// core/key.h decodes it.
Datum KeyClassDatum(const Datum& key);

// Sets row->key, and the classes of its parts where they are stored. Of `parts`, one for each column
// of the key, a null one is as the key `old` has it.
void SetKey(const Schema& schema, std::span<const Datum* const> parts, Bytes old, NewRow* row);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_NEW_ROW_H_
