// Many rows at once: runs in key order past the last key (of the delta alone, where rows of the
// base may be replaced) become whole leaves; others, and those of a table with secondary indexes,
// are put one by one. (To look others up together first, so that their cache misses overlap, costs
// more than it saves.)

#include <algorithm>
#include <array>

#include "core/range.h"
#include "core/store/rows.h"

namespace memkv {

Status Rows::PutMany(std::span<const NewRow> rows) {
  bool put[kBatch];
  for (; !rows.empty(); rows = rows.subspan(std::min(kBatch, rows.size())))
    MEMKV_TRY(PutBatch(rows.first(std::min(kBatch, rows.size())), put));
  return {};
}

Status Rows::PutBatch(std::span<const NewRow> rows, bool* put) {
  if (!indexes_.empty() && may_defer_) MEMKV_TRY(PaceIndexes());
  for (const NewRow& row : rows) {
    numbers_ |= IsNumberLike(row.key);
    if (deferred_) MEMKV_TRY(CheckIndexKeys(row.key, row.value, row.replace));
  }
  bool append, past_base;
  MEMKV_TRY(MayAppend(rows, &append, &past_base));
  if (append) {
    MEMKV_TRY(AppendBatch(rows, past_base));
    std::fill_n(put, rows.size(), true);
    return {};
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    bool existed;
    MEMKV_TRY(Put(rows[i].key, rows[i].value, rows[i].replace, &existed));
    put[i] = !existed || rows[i].replace;
  }
  return {};
}

Status Rows::MayAppend(std::span<const NewRow> rows, bool* may, bool* past_base) const {
  *may = !KeepsIndexes();
  *past_base = true;
  bool replace = true;
  for (size_t i = 0; *may && i < rows.size(); ++i) {
    *may = i == 0 || rows[i - 1].key < rows[i].key;
    replace = replace && rows[i].replace;
  }
  if (!*may) return {};
  ArtCursor last = delta_->Latest().NewCursor();
  last.SeekLast();
  *may = !last.Valid() || last.key() < rows[0].key;
  if (!*may || !base_) return {};
  uint64_t below;
  MEMKV_TRY(base_->LowerBound(rows[0].key, &below));
  *past_base = below == base_->size();
  *may = *past_base || replace;
  return {};
}

Status Rows::AppendBatch(std::span<const NewRow> rows, bool past_base) {
  std::array<Bytes, kBatch> keys;
  std::array<Entry, kBatch> entries;
  std::array<uint64_t, kBatch> ranks;
  for (size_t i = 0; i < rows.size(); ++i) keys[i] = rows[i].key;
  if (past_base) {
    ranks.fill(Fst::kMissing);
  } else {
    MEMKV_TRY(base_->FindMany(keys.data(), rows.size(), ranks.data()));
  }
  for (size_t i = 0; i < rows.size(); ++i)
    entries[i] = {rows[i].value, ranks[i] == Fst::kMissing ? 1 : 0};
  return delta_->Append(keys.data(), entries.data(), rows.size());
}

}  // namespace memkv
