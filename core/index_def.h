// IndexDef: what a secondary index is by, and the values' part of its keys (core/index_key.h).

#ifndef MEMKV_CORE_INDEX_DEF_H_
#define MEMKV_CORE_INDEX_DEF_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/datum.h"
#include "core/index_key.h"
#include "core/status.h"

namespace memkv {

// A column of the stored row, or a part of the key (core/key_parts.h); the last part is coded by
// itself.
struct IndexColumn {
  enum Kind : uint8_t { kOfRow, kOfKey, kLastOfKey };
  Kind kind = kOfRow;
  uint32_t at = 0;

  friend bool operator==(const IndexColumn&, const IndexColumn&) = default;
};

struct IndexDef {
  std::vector<IndexColumn> columns;

  IndexDef(uint32_t row_column) : columns{{IndexColumn::kOfRow, row_column}} {}
  explicit IndexDef(std::vector<IndexColumn> of) : columns(std::move(of)) {}

  bool is_plain() const { return columns.size() == 1 && columns[0].kind == IndexColumn::kOfRow; }
  // "3", or "3, key 0"
  std::string ToText() const;

  friend bool operator==(const IndexDef&, const IndexDef&) = default;
};

// Appends the value of part c of a key, as index keys have it. False if the key has no such part.
bool AppendKeyPartAsIndexValue(Bytes key, const IndexColumn& c, std::string* out);

// Appends the values' part of a row's index key, or its first n values. read(column, Datum*) gives a
// column of the row.
template <class Read>
Status AppendIndexValues(const IndexDef& def, size_t n, Bytes key, const Read& read,
                         std::string* out) {
  for (size_t i = 0; i < n; ++i) {
    const IndexColumn& c = def.columns[i];
    if (c.kind == IndexColumn::kOfRow) {
      Datum v;
      MEMKV_TRY(read(c.at, &v));
      AppendIndexValue(v, out);
    } else if (!AppendKeyPartAsIndexValue(key, c, out)) {
      return Status::Corrupt("a key has no part " + std::to_string(c.at));
    }
  }
  return {};
}
template <class Read>
Status AppendIndexValues(const IndexDef& def, Bytes key, const Read& read, std::string* out) {
  return AppendIndexValues(def, def.columns.size(), key, read, out);
}

}  // namespace memkv

#endif  // MEMKV_CORE_INDEX_DEF_H_
