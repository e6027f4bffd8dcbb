#include "ext/new_row.h"

#include <cmath>

#include "core/key.h"
#include "ext/sqlite.h"

namespace memkv::sql {

Datum KeyClassDatum(const Datum& key) {
  if (key.kind != Datum::kReal) return Datum::Null();
  if (key.real == 0 && std::signbit(key.real)) return Datum::Integer(kKeyIsNegativeZero);
  Datum decoded;
  const bool real = DecodeKey(EncodeKey(key), &decoded) && decoded.kind == Datum::kReal;
  return real ? Datum::Null() : Datum::Integer(kKeyIsReal);
}

void CheckKeyLength(const Schema& schema, const Datum& key) {
  constexpr size_t kMost = kMaxKeyBytes - 1;
  if ((key.kind == Datum::kText || key.kind == Datum::kBlob) && key.bytes.size() > kMost) {
    throw SqlError(SQLITE_TOOBIG, "memkv: " + schema.table + "." + schema.key_column().name +
                                      ": a key of " + std::to_string(key.bytes.size()) +
                                      " bytes (allowed: at most " + std::to_string(kMost) + ")");
  }
}

void CheckNotNull(const Schema& schema, size_t column, const Datum& v, bool ignore) {
  if (v.kind != Datum::kNull || !schema.columns[column].not_null) return;
  throw SqlError(SQLITE_CONSTRAINT_NOTNULL, ignore ? ""
                                                   : "NOT NULL constraint failed: " + schema.table +
                                                         "." + schema.columns[column].name);
}

[[noreturn]] void FailUnique(const Schema& schema, bool ignore) {
  throw SqlError(
      SQLITE_CONSTRAINT_PRIMARYKEY,
      ignore ? "" : "UNIQUE constraint failed: " + schema.table + "." + schema.key_column().name);
}

void SetKey(const Schema& schema, const Datum& v, NewRow* row) {
  CheckKeyLength(schema, v);
  AppendKey(v, &row->key);
  if (schema.has_key_class()) row->row.back() = KeyClassDatum(v);
}

}  // namespace memkv::sql
