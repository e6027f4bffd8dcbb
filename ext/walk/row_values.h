// A row's key and columns as SQL values, wherever the row was found.

#ifndef MEMKV_EXT_WALK_ROW_VALUES_H_
#define MEMKV_EXT_WALK_ROW_VALUES_H_

#include <string>

#include "core/key.h"
#include "core/view/view.h"
#include "ext/args.h"
#include "ext/sqlite.h"

namespace memkv::sql {

// The SQL value that an encoded key stands for, its stored class included. row() is called only
// where the class is stored in the row (see KeyClass). The Datum borrows from `key`. REQUIRES: a
// row of `view`, whose table has this schema.
template <class RowOf>
void ReadKey(const Schema& schema, const View& view, Bytes key, const RowOf& row,
             std::string* buffer, Datum* out) {
  if (!DecodeKey(key, out)) Check(Status::Corrupt("a stored key has no known class"));
  if (out->kind != Datum::kInteger && out->kind != Datum::kReal) return;
  if (schema.key_column().affinity == Affinity::kReal) {
    if (out->kind == Datum::kInteger) *out = Datum::Real(static_cast<double>(out->integer));
  } else if (schema.has_key_class()) {
    Datum key_class;
    Check(view.Column(row(), schema.value_columns(), buffer, &key_class));
    if (key_class.integer == kKeyIsReal) *out = Datum::Real(static_cast<double>(out->integer));
    if (key_class.integer == kKeyIsNegativeZero) *out = Datum::Real(-0.0);
  }
}

// The first value column, which table functions show as `value`; NULL for a set. Borrowed from the
// view or from *buffer.
inline void ReadValue(const Schema& schema, const View& view, const RowRef& row,
                      std::string* buffer, Datum* out) {
  *out = Datum::Null();
  if (schema.value_columns() > 0) Check(view.Column(row, 0, buffer, out));
}

}  // namespace memkv::sql

#endif  // MEMKV_EXT_WALK_ROW_VALUES_H_
