// A row's key and columns as SQL values, wherever the row was found.

#ifndef MEMKV_EXT_WALK_ROW_VALUES_H_
#define MEMKV_EXT_WALK_ROW_VALUES_H_

#include <string>

#include "core/key_parts.h"
#include "core/view/view.h"
#include "ext/schema.h"
#include "ext/sqlite.h"

namespace memkv::sql {

// Whether the class of a number that a key or an index key holds, as INTEGER where int64 holds it, is
// told by the affinity of its column; it is that class then. Not of the two zeros of a REAL, nor at
// the edge of INTEGER, nor where any class may be stored.
inline bool ClassIsTold(Affinity affinity, Datum* v) {
  constexpr int64_t kEdge = int64_t{1} << 62;
  if (v->kind == Datum::kReal) return affinity != Affinity::kNone && affinity != Affinity::kText;
  if (affinity == Affinity::kReal && v->integer != 0) {
    *v = Datum::Real(static_cast<double>(v->integer));
    return true;
  }
  return (affinity == Affinity::kInteger || affinity == Affinity::kNumeric) && v->integer < kEdge &&
         v->integer > -kEdge;
}

// The SQL value of a part of an encoded key, its stored class included. row() is called only where
// the class is stored in the row (see KeyClass). The Datum borrows from `key` or *buffer. REQUIRES: a
// row of `view`, whose table has this schema.
template <class RowOf>
void ReadKeyPart(const Schema& schema, const View& view, Bytes key, size_t part, const RowOf& row,
                 std::string* buffer, Datum* out) {
  const bool last = schema.IsLast(part);
  Bytes bytes;
  if (!KeyPart(key, part, last, &bytes) || !DecodeKeyPart(bytes, last, buffer, out))
    Check(Status::Corrupt("a stored key has no known class"));
  if (out->kind != Datum::kInteger && out->kind != Datum::kReal) return;
  if (ClassIsTold(schema.key_column(part).affinity, out)) return;
  if (schema.key_column(part).affinity == Affinity::kReal) {
    if (out->kind == Datum::kInteger) *out = Datum::Real(static_cast<double>(out->integer));
  } else if (schema.has_key_class(part)) {
    Datum key_class;
    Check(view.Column(row(), schema.KeyClassColumn(part), buffer, &key_class));
    if (key_class.integer == kKeyIsReal) *out = Datum::Real(static_cast<double>(out->integer));
    if (key_class.integer == kKeyIsNegativeZero) *out = Datum::Real(-0.0);
  }
}

// The same of the first column of the key.
template <class RowOf>
void ReadKey(const Schema& schema, const View& view, Bytes key, const RowOf& row,
             std::string* buffer, Datum* out) {
  ReadKeyPart(schema, view, key, 0, row, buffer, out);
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
