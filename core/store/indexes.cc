// The secondary indexes of rows, as each write brings them along. The rows are what counts: what is
// left behind is made anew of them (core/store/index_delta.h).

#include <algorithm>
#include <cassert>
#include <vector>

#include "core/pace.h"
#include "core/store/index_delta.h"
#include "core/store/rows.h"
#include "core/view/cursor.h"

namespace memkv {

// Indexes that are made anew of n rows take some 60 n bytes while that lasts.
Status Rows::PaceIndexes() {
  constexpr uint64_t kMostDeferred = 8 << 20;
  const uint64_t n = delta_->Latest().size();
  if (deferred_) return n < kMostDeferred ? Status() : Settle({});
  if (n >= defer_at_ && n < kMostDeferred) DeferIndexes();
  return {};
}

Status Rows::IndexKeyOf(const RowRef* row, const IndexDef& index, Bytes key, std::string* out) {
  out->clear();
  return row ? AppendIndexKey(base_.get(), *row, index, key, &buffer_, out) : Status();
}

Status Rows::CheckIndexKeys(Bytes key, const Value& value, bool replace) {
  // An index key is never longer than this: a text twice as long as it is, a number of 12 bytes, and
  // the key, of which the index may hold parts.
  constexpr size_t kMostOfNumber = 12;
  size_t columns = 0;
  for (const IndexDef& index : indexes_) columns = std::max(columns, index.columns.size());
  if (2 * value.record.size() + 3 * key.size() + kMostOfNumber * columns <= kMaxKeyBytes) return {};
  Known known;
  if (!replace) MEMKV_TRY(Look(key, &known));
  if (known.live) return {};
  const RowRef row = {false, 0, value};
  for (const IndexDef& index : indexes_) MEMKV_TRY(IndexKeyOf(&row, index, key, &index_keys_[0]));
  return {};
}

Status Rows::UpdateIndexes(Bytes key, const Known& known, const Value* value) {
  if (!delta_->settled()) MEMKV_TRY(Settle({}));
  const RowRef base_row = {true, known.base_rank, {}};
  const RowRef old_row = known.in_delta ? RowRef{false, 0, known.entry.value} : base_row;
  const RowRef new_row = {false, 0, value ? *value : Value()};
  auto& [in_base, from, to] = index_keys_;
  // What may be refused is refused before anything changes.
  for (size_t i = 0; indexes_.size() > 1 && value && i < indexes_.size(); ++i)
    MEMKV_TRY(IndexKeyOf(&new_row, indexes_[i], key, &to));
  for (size_t i = 0; i < indexes_.size(); ++i) {
    MEMKV_TRY(IndexKeyOf(value ? &new_row : nullptr, indexes_[i], key, &to));
    MEMKV_TRY(IndexKeyOf(known.live ? &old_row : nullptr, indexes_[i], key, &from));
    MEMKV_TRY(IndexKeyOf(known.in_base ? &base_row : nullptr, indexes_[i], key, &in_base));
    if (from == to) continue;
    Art& index = delta_->index(i);
    delta_->SetSettled(false);
    if (!to.empty()) {
      if (to == in_base) {
        index.Erase(to);  // its tombstone
      } else {
        MEMKV_TRY(index.Put(to, {Value::Number(0), 1}));
      }
    }
    if (!from.empty()) {
      if (from == in_base) {
        MEMKV_TRY(index.Put(from, {Value::Number(0), -1}));
      } else {
        index.Erase(from);
      }
    }
  }
  // Until the row is changed too.
  delta_->SetSettled(false);
  return {};
}

// Over no more rows than those in the range; whole subtrees of the rows still go at once.
Status Rows::EraseRangeOfEntries(Bytes lo, std::optional<Bytes> hi, const Poll& poll) {
  const View before = Latest();
  ViewCursor at(before);
  uint64_t from = 0, to = before.size();
  MEMKV_TRY(before.Rank(lo, &from));
  if (hi) MEMKV_TRY(before.Rank(*hi, &to));
  if (from >= to) return {};
  if (to - from == before.size() && !base_) {
    for (size_t i = 0; i < indexes_.size(); ++i) delta_->index(i).Clear();
    delta_->EraseRange(lo, hi);
    delta_->SetSettled(true);
    return {};
  }
  at.Seek(lo);
  Pace pace;
  for (uint64_t i = from; i < to; ++i) {
    if (!at.Valid()) {
      return at.status().ok() ? Status::Corrupt("rows end before their count") : at.status();
    }
    if (pace.Due(at.key().size()) && poll && poll(i - from, to - from))
      return Status::Interrupted();
    Known known;
    MEMKV_TRY(Look(at.key(), &known));
    MEMKV_TRY(UpdateIndexes(at.key(), known, nullptr));
    delta_->SetSettled(true);  // for the next: what is left unsettled by a failure is taken back
    at.Next();
  }
  if (base_) return EraseRangeOverBase(lo, hi, poll);
  delta_->EraseRange(lo, hi);
  return {};
}

Status Rows::Settle(const Poll& poll) {
  if (settled()) return {};
  std::vector<std::unique_ptr<Art>> made(indexes_.size());
  for (size_t i = 0; i < indexes_.size(); ++i)
    MEMKV_TRY(MakeIndexDelta(delta_->Latest(), base_.get(), indexes_[i], delta_->learning(), poll,
                             &made[i]));
  delta_->ReplaceIndexes(std::move(made));
  deferred_ = false;
  MayDeferIndexes(may_defer_);
  return {};
}

}  // namespace memkv
