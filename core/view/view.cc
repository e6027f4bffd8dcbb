#include "core/view/view.h"

#include "core/row.h"

namespace memkv {

Status View::Find(Bytes key, bool* found, RowRef* row) const {
  Entry entry;
  if (delta_.Find(key, &entry)) {
    *found = entry.net >= 0;
    *row = {false, 0, entry.value};
    return {};
  }
  *found = false;
  if (!base_) return {};
  *row = {true, 0, {}};
  return base_->Find(key, found, &row->base_rank);
}

Status View::Rank(Bytes key, uint64_t* rank) const {
  uint64_t below = 0;
  if (base_) MEMKV_TRY(base_->LowerBound(key, &below));
  *rank = static_cast<uint64_t>(static_cast<int64_t>(below) + delta_.NetRank(key));
  return {};
}

Status View::Column(const RowRef& row, size_t column, std::string* buffer, Datum* out) const {
  if (row.in_base) return base_->Column(row.base_rank, column, buffer, out);
  return DecodeColumn(row.value, column, out);
}

}  // namespace memkv
