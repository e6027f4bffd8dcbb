#include "ext/new_row.h"

#include <cmath>

#include "core/key_parts.h"
#include "ext/sqlite.h"

namespace memkv::sql {

Datum KeyClassDatum(const Datum& key) {
  if (key.kind != Datum::kReal) return Datum::Null();
  if (key.real == 0 && std::signbit(key.real)) return Datum::Integer(kKeyIsNegativeZero);
  Datum decoded;
  const bool real = DecodeKey(EncodeKey(key), &decoded) && decoded.kind == Datum::kReal;
  return real ? Datum::Null() : Datum::Integer(kKeyIsReal);
}

void CheckNotNull(const Schema& schema, size_t column, const Datum& v, bool ignore) {
  if (v.kind != Datum::kNull || !schema.columns[column].not_null) return;
  throw SqlError(SQLITE_CONSTRAINT_NOTNULL, ignore ? ""
                                                   : "NOT NULL constraint failed: " + schema.table +
                                                         "." + schema.columns[column].name);
}

[[noreturn]] void FailUnique(const Schema& schema, bool ignore) {
  throw SqlError(SQLITE_CONSTRAINT_PRIMARYKEY,
                 ignore ? "" : "UNIQUE constraint failed: " + schema.KeyName());
}

namespace {

[[noreturn]] void FailLength(const Schema& schema, size_t bytes, size_t most) {
  throw SqlError(SQLITE_TOOBIG, "memkv: " + schema.KeyName() + ": a key of " +
                                    std::to_string(bytes) + " bytes (allowed: at most " +
                                    std::to_string(most) + ")");
}

}  // namespace

void SetKey(const Schema& schema, std::span<const Datum* const> parts, Bytes old, NewRow* row) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool last = schema.IsLast(i);
    if (!parts[i]) {
      Bytes part;
      if (!KeyPart(old, i, last, &part)) Throw(Status::Corrupt("a stored key has no such part"));
      row->key.append(part);
      continue;
    }
    const Datum& v = *parts[i];
    const bool has_bytes = v.kind == Datum::kText || v.kind == Datum::kBlob;
    const size_t most = schema.has_composite_key() ? kMaxKeyBytes : kMaxKeyBytes - 1;
    if (has_bytes && v.bytes.size() > most) FailLength(schema, v.bytes.size(), most);
    AppendKeyPart(v, last, &row->key);
    if (schema.has_key_class(i)) row->row[schema.KeyClassColumn(i)] = KeyClassDatum(v);
  }
  if (row->key.size() > kMaxKeyBytes) FailLength(schema, row->key.size(), kMaxKeyBytes);
}

}  // namespace memkv::sql
