// A row on its way into a table, and what is checked before it gets there.

#ifndef MEMKV_EXT_NEW_ROW_H_
#define MEMKV_EXT_NEW_ROW_H_

#include <string>
#include <vector>

#include "core/datum.h"
#include "core/row.h"
#include "ext/affinity.h"
#include "ext/args.h"

namespace memkv::sql {

// The Datums borrow from `converted`, from an old row, or from whoever made them.
struct NewRow {
  explicit NewRow(const Schema& schema) : row(schema.row_columns()) { converted.reserve(schema.columns.size()); }

  std::string key;
  std::vector<Converted> converted;
  std::vector<Datum> row;  // as stored: the value columns, perhaps the class of the key
  std::string buffer;

  Value Encoded() { return EncodeRow(row, &buffer); }
};

// Each throws SqlError as the WITHOUT ROWID twin fails. `ignore`: the conflict is to be passed over, so that there is no message.
void CheckKeyLength(const Schema& schema, const Datum& key);
void CheckNotNull(const Schema& schema, size_t column, const Datum& v, bool ignore);
[[noreturn]] void FailUnique(const Schema& schema, bool ignore);

// What the row of a key column that may hold numbers says about its class; NULL if the key is as core/key.h decodes it.
Datum KeyClassDatum(const Datum& key);

// Sets row->key, and the class of the key where it is stored.
void SetKey(const Schema& schema, const Datum& key, NewRow* row);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_NEW_ROW_H_
