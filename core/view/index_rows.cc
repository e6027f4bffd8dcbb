#include "core/view/index_rows.h"

#include <algorithm>
#include <utility>

#include "core/index_key.h"

namespace memkv {
namespace {

Status NoIndexKey() { return Status::Corrupt("an entry of a secondary index is no index key"); }

}  // namespace

Status IndexRowReader::KeyInBase(uint64_t rank, Bytes* key) {
  const uint64_t from = std::exchange(last_, rank);
  // Farther than kNear, up or down: modulo 2^64, as nothing was asked for before stands for -1.
  if (rank + kNear - from > 2 * kNear) {
    near_.reset();
    MEMKV_TRY(view_.base()->Select(rank, &key_));
    *key = key_;
    return {};
  }
  if (!near_) {
    near_.emplace(view_.base());
    near_->SeekRank(rank);
  }
  while (near_->Valid() && near_->rank() < rank) near_->Next();
  while (near_->Valid() && near_->rank() > rank) near_->Prev();
  if (near_->Valid()) *key = near_->key();
  if (near_->Valid()) return {};
  const Status status = near_->status();
  near_.reset();
  return status.ok() ? Status::Corrupt("keys end before their count") : status;
}

Status IndexRowReader::Key(const IndexCursor& at, Bytes* key) {
  if (at.in_base()) {
    uint64_t rank;
    MEMKV_TRY(RankInBase(at, &rank));
    return KeyInBase(rank, key);
  }
  Bytes values;
  return SplitIndexKey(at.key(), at.view().values(), &values, key) ? Status() : NoIndexKey();
}

Status IndexRowReader::Row(const IndexCursor& at, RowRef* row) {
  Bytes key;
  if (at.in_base()) {
    *row = {true, 0, {}};
    MEMKV_TRY(RankInBase(at, &row->base_rank));
    if (view_.delta().size() == 0) return {};
    // Another of its columns may have changed.
    MEMKV_TRY(KeyInBase(row->base_rank, &key));
    if (Entry entry; view_.delta().Find(key, &entry)) *row = {false, 0, entry.value};
    return {};
  }
  MEMKV_TRY(Key(at, &key));
  bool found;
  MEMKV_TRY(view_.Find(key, &found, row));
  return found ? Status() : Status::Corrupt("a secondary index has a key that is in no row");
}

Status IndexRowReader::Value(const IndexCursor& at, const IndexDef& def, std::string* buffer,
                             Datum* v, bool* is_exact) {
  const IndexColumn& first = def.columns[0];
  // Of a frozen entry: no row of the delta has this value, and stands for this one.
  *is_exact = at.in_base() && first.kind == IndexColumn::kOfRow;
  if (*is_exact) {
    uint64_t rank;
    MEMKV_TRY(RankInBase(at, &rank));
    return view_.base()->Column(rank, first.at, buffer, v);
  }
  Bytes value, rest;
  if (at.in_base()) {
    MEMKV_TRY(Values(at, def, 1, &values_));
    value = values_;
  } else if (!SplitIndexKey(at.key(), &value, &rest)) {
    return NoIndexKey();
  }
  *is_exact = value[0] != kNumberTag;
  if (value == std::string_view("\0", 1)) {
    *v = Datum::Null();
    return {};
  }
  return DecodeIndexValue(value, buffer, v) ? Status() : NoIndexKey();
}

Status IndexRowReader::Values(const IndexCursor& at, const IndexDef& def, size_t n,
                              std::string* values) {
  Bytes part, rest;
  if (!at.in_base()) {
    if (!SplitIndexKey(at.key(), n, &part, &rest)) return NoIndexKey();
    values->assign(part);
    return {};
  }
  uint64_t rank;
  MEMKV_TRY(RankInBase(at, &rank));
  Bytes key;
  std::string buffer;
  const auto of_row = [](const IndexColumn& c) { return c.kind == IndexColumn::kOfRow; };
  if (!std::all_of(def.columns.begin(), def.columns.begin() + static_cast<ptrdiff_t>(n), of_row))
    MEMKV_TRY(KeyInBase(rank, &key));
  values->clear();
  return AppendIndexValues(
      def, n, key,
      [&](uint32_t column, Datum* v) { return view_.base()->Column(rank, column, &buffer, v); },
      values);
}

}  // namespace memkv
