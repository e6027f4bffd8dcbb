#include "core/view/ordered_rows.h"

#include "core/order_key.h"

namespace memkv {

Status OrderedRows::RankInBase(uint64_t* rank) const {
  return cursor_.view().base()->RankAt(cursor_.base_rank(), rank);
}

Status OrderedRows::Key(Bytes* key) {
  if (cursor_.in_base()) {
    uint64_t rank;
    MEMKV_TRY(RankInBase(&rank));
    MEMKV_TRY(view_.base()->Select(rank, &key_));
    *key = key_;
    return {};
  }
  Bytes value;
  if (SplitOrderKey(cursor_.key(), &value, key)) return {};
  return Status::Corrupt("an entry of a second order is no order key");
}

Status OrderedRows::Row(RowRef* row) {
  Bytes key;
  if (cursor_.in_base()) {
    *row = {true, 0, {}};
    MEMKV_TRY(RankInBase(&row->base_rank));
    if (view_.delta().size() == 0) return {};
    // Another of its columns may have changed.
    MEMKV_TRY(view_.base()->Select(row->base_rank, &key_));
    if (Entry entry; view_.delta().Find(key_, &entry)) *row = {false, 0, entry.value};
    return {};
  }
  MEMKV_TRY(Key(&key));
  bool found;
  MEMKV_TRY(view_.Find(key, &found, row));
  return found ? Status() : Status::Corrupt("a second order has a key that is in no row");
}

}  // namespace memkv
