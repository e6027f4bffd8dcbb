// Many rows at once: runs in key order past the last key (of the delta alone, where rows of the
// base may be replaced) become whole leaves; others, and those of a table with secondary indexes,
// are put one by one. (To look others up together first, so that their cache misses overlap, costs
// more than it saves.)

#include <algorithm>
#include <array>

#include "core/range.h"
#include "core/store/table.h"

namespace memkv {

Status Table::PutMany(std::span<const NewRow> rows) {
  constexpr size_t kBatch = 64;
  std::array<Bytes, kBatch> keys;
  std::array<Entry, kBatch> entries;
  for (; !rows.empty(); rows = rows.subspan(std::min(kBatch, rows.size()))) {
    const size_t n = std::min(kBatch, rows.size());
    if (!indexes_.empty() && begin_) MEMKV_TRY(PaceIndexes());
    bool ascending = !KeepsIndexes(), replace = true, past_base = true;
    for (size_t i = 0; i < n; ++i) {
      keys[i] = rows[i].key;
      numbers_ |= IsNumberLike(keys[i]);
      ascending = ascending && (i == 0 || keys[i - 1] < keys[i]);
      replace = replace && rows[i].replace;
      if (deferred_) MEMKV_TRY(CheckIndexKeys(rows[i].key, rows[i].value, rows[i].replace));
    }
    if (ascending) {
      ArtCursor last = Head().NewCursor();
      last.SeekLast();
      ascending = !last.Valid() || last.key() < keys[0];
    }
    if (ascending && base_) {
      uint64_t below;
      MEMKV_TRY(base_->LowerBound(keys[0], &below));
      past_base = below == base_->size();
      ascending = past_base || replace;
    }
    if (ascending) {
      std::array<uint64_t, kBatch> ranks;
      if (past_base) {
        ranks.fill(Fst::kMissing);
      } else {
        MEMKV_TRY(base_->FindMany(keys.data(), n, ranks.data()));
      }
      for (size_t i = 0; i < n; ++i)
        entries[i] = {rows[i].value, ranks[i] == Fst::kMissing ? 1 : 0};
      MEMKV_TRY(delta_->Append(keys.data(), entries.data(), n));
      LogBuffer* const noted = Noted();
      for (size_t i = 0; noted && i < n; ++i) {
        MEMKV_TRY(MakeRoom(keys[i].size() + rows[i].value.record.size()));
        noted->Put(keys[i], rows[i].value);
      }
      continue;
    }
    for (size_t i = 0; i < n; ++i) {
      bool existed;
      MEMKV_TRY(Put(keys[i], rows[i].value, rows[i].replace, &existed));
    }
  }
  return {};
}

}  // namespace memkv
