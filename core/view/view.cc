#include "core/view/view.h"

#include <algorithm>
#include <new>

#include "core/index_key.h"

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

Status View::FindMany(const Bytes* keys, size_t n, bool* found, RowRef* rows) const {
  constexpr size_t kBatch = 64;
  Entry entries[kBatch];
  Bytes rest[kBatch];
  size_t of[kBatch];  // which of the keys rest[j] is
  uint64_t ranks[kBatch];
  const bool has_delta = delta_.size() > 0;
  for (size_t from = 0; from < n; from += kBatch) {
    const size_t batch = std::min(kBatch, n - from);
    if (has_delta) delta_.FindMany(keys + from, batch, found + from, entries);
    size_t left = 0;
    for (size_t i = 0; i < batch; ++i) {
      const size_t at = from + i;
      if (has_delta && found[at]) {
        found[at] = entries[i].net >= 0;
        rows[at] = {false, 0, entries[i].value};
      } else {
        found[at] = false;
        rest[left] = keys[at];
        of[left++] = at;
      }
    }
    if (!base_ || left == 0) continue;
    MEMKV_TRY(base_->FindMany(rest, left, ranks));
    for (size_t j = 0; j < left; ++j) {
      if (ranks[j] == Fst::kMissing) continue;
      found[of[j]] = true;
      rows[of[j]] = {true, ranks[j], {}};
    }
  }
  return {};
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

IndexView View::Index(size_t i) const {
  if (!indexes_) throw std::bad_alloc();
  const IndexSnapshot& index = indexes_->at(i);
  const FrozenIndex* frozen = base_ ? base_->index(index.def) : nullptr;
  return {index.delta, std::shared_ptr<const FrozenIndex>(base_, frozen), index.def.columns.size()};
}

Status IndexView::Rank(Bytes index_key, uint64_t* rank) const {
  uint64_t below = 0;
  if (base_) MEMKV_TRY(base_->LowerBound(index_key, &below));
  *rank = static_cast<uint64_t>(static_cast<int64_t>(below) + delta_.NetRank(index_key));
  return {};
}

Status View::IndexRank(size_t i, Bytes key, const RowRef& row, uint64_t* rank) const {
  if (!indexes_) throw std::bad_alloc();
  const IndexSnapshot& index = indexes_->at(i);
  const FrozenIndex* frozen = base_ ? base_->index(index.def) : nullptr;
  std::string buffer, index_key;
  const auto read = [&](uint32_t column, Datum* v) { return Column(row, column, &buffer, v); };
  MEMKV_TRY(AppendIndexValues(index.def, key, read, &index_key));
  uint64_t below = 0;
  if (frozen && row.in_base) MEMKV_TRY(frozen->PositionOf(index_key, row.base_rank, &below));
  index_key += key;
  if (frozen && !row.in_base) MEMKV_TRY(frozen->LowerBound(index_key, &below));
  *rank = static_cast<uint64_t>(static_cast<int64_t>(below) + index.delta.NetRank(index_key));
  return {};
}

}  // namespace memkv
