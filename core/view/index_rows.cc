#include "core/view/index_rows.h"

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
  Bytes value;
  return SplitIndexKey(at.key(), &value, key) ? Status() : NoIndexKey();
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

Status IndexRowReader::Value(const IndexCursor& at, size_t column, std::string* buffer, Datum* v,
                             bool* is_exact) const {
  if (at.in_base()) {  // no row of the delta has this value, and stands for this one
    uint64_t rank;
    *is_exact = true;
    MEMKV_TRY(RankInBase(at, &rank));
    return view_.base()->Column(rank, column, buffer, v);
  }
  Bytes value, key;
  if (!SplitIndexKey(at.key(), &value, &key)) return NoIndexKey();
  *is_exact = value[0] != kNumberTag;
  if (value == std::string_view("\0", 1)) {
    *v = Datum::Null();
    return {};
  }
  return DecodeIndexValue(value, buffer, v) ? Status() : NoIndexKey();
}

}  // namespace memkv
