// The secondary indexes of a table: which index keys its delta adds to the base's, and which it
// hides.
//
// The rows are what counts. An index's delta has, for each entry of the delta of the rows, a
// tombstone for the index key of the base's row and an entry for that of the new row, but for
// neither where the two are the same.

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "core/index_key.h"
#include "core/pace.h"
#include "core/row.h"
#include "core/store/table.h"
#include "core/view/cursor.h"

namespace memkv {

std::shared_ptr<SharedArt> Table::NewDelta(bool over_base) const {
  return std::make_shared<SharedArt>(Art::Options{.over_base = over_base}, indexes_);
}

// Indexes that are made anew of n rows take some 60 n bytes while that lasts.
Status Table::PaceIndexes() {
  constexpr uint64_t kMostDeferred = 8 << 20;
  const uint64_t n = Head().size();
  if (deferred_) return n < kMostDeferred ? Status() : Settle({});
  if (n >= defer_at_ && n < kMostDeferred) DeferIndexes();
  return {};
}

namespace {

// The index key of a row.
Status AppendIndexKey(const Fst* base, const RowRef& row, const IndexDef& index, Bytes key,
                      std::string* buffer, std::string* out) {
  const auto read = [&](uint32_t column, Datum* v) {
    return row.in_base ? base->Column(row.base_rank, column, buffer, v)
                       : DecodeColumn(row.value, column, v);
  };
  MEMKV_TRY(AppendIndexValues(index, key, read, out));
  if (out->size() + key.size() > kMaxKeyBytes) {
    const bool plain = index.is_plain();
    return Status::TooBig((plain ? "a value of " : "values of ") + std::to_string(out->size()) +
                          " bytes of an " + (plain ? "INDEXED column" : "index") +
                          " and a key of " + std::to_string(key.size()) +
                          " (allowed: " + std::to_string(kMaxKeyBytes) + " in all)");
  }
  out->append(key);
  return {};
}

}  // namespace

Status Table::IndexKeyOf(const RowRef* row, const IndexDef& index, Bytes key, std::string* out) {
  out->clear();
  return row ? AppendIndexKey(base_.get(), *row, index, key, &buffer_, out) : Status();
}

Status Table::CheckIndexKeys(Bytes key, const Value& value, bool replace) {
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

Status Table::UpdateIndexes(Bytes key, const Known& known, const Value* value) {
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
Status Table::EraseRangeOfEntries(Bytes lo, std::optional<Bytes> hi, const Poll& poll) {
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

// Index i of the delta as its rows make it, sorted before it is built.
Status Table::MakeIndex(size_t i, const Poll& poll, std::unique_ptr<Art>* out) const {
  constexpr size_t kBatch = 256;
  struct Place {
    uint64_t head;  // its first eight bytes
    size_t at;
    uint32_t size;
    int8_t net;
  };
  std::string bytes, buffer, before, after;
  std::vector<Place> places;
  const IndexDef& index = indexes_[i];
  const uint64_t rows = Head().size();
  auto add = [&](const std::string& index_key, int8_t net) {
    places.push_back(
        {HeadAt(index_key, 0), bytes.size(), static_cast<uint32_t>(index_key.size()), net});
    bytes += index_key;
  };
  ArtCursor at = Head().NewCursor();
  uint64_t done = 0;
  Pace pace;
  for (at.SeekFirst(); at.Valid(); at.Next()) {
    const Bytes key = at.key();
    ++done;
    if (pace.Due(key.size()) && poll && poll(done, 2 * rows)) return Status::Interrupted();
    const Entry entry = at.entry();
    before.clear();
    after.clear();
    if (entry.net < 1) {
      RowRef row = {true, 0, {}};
      bool found = false;
      if (base_) MEMKV_TRY(base_->Find(key, &found, &row.base_rank));
      if (!found) {
        return Status::Corrupt("delta entry " + std::to_string(at.rank()) +
                               " overrides a key that the frozen base lacks");
      }
      MEMKV_TRY(AppendIndexKey(base_.get(), row, index, key, &buffer, &before));
    }
    if (entry.net >= 0)
      MEMKV_TRY(AppendIndexKey(base_.get(), {false, 0, entry.value}, index, key, &buffer, &after));
    if (before == after) continue;
    if (!before.empty()) add(before, -1);
    if (!after.empty()) add(after, 1);
  }
  auto key_at = [&bytes](const Place& p) { return Bytes(bytes).substr(p.at, p.size); };
  std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
    return a.head != b.head ? a.head < b.head : key_at(a) < key_at(b);
  });
  auto art = std::make_unique<Art>(Art::Options{.over_base = base_ != nullptr});
  std::array<Bytes, kBatch> keys;
  std::array<Entry, kBatch> entries;
  for (size_t from = 0; from < places.size(); from += kBatch) {
    const size_t n = std::min(kBatch, places.size() - from);
    bool due = false;
    for (size_t j = 0; j < n; ++j) {
      keys[j] = key_at(places[from + j]);
      entries[j] = {Value::Number(0), places[from + j].net};
      due = pace.Due(keys[j].size()) || due;
    }
    if (due && poll && poll(rows + from / 2, 2 * rows)) return Status::Interrupted();
    MEMKV_TRY(art->Append(keys.data(), entries.data(), n));
  }
  *out = std::move(art);
  return {};
}

Status Table::Settle(const Poll& poll) {
  if (settled()) return {};
  assert(writable_);
  std::vector<std::unique_ptr<Art>> made(indexes_.size());
  for (size_t i = 0; i < indexes_.size(); ++i) MEMKV_TRY(MakeIndex(i, poll, &made[i]));
  for (size_t i = 0; i < indexes_.size(); ++i) delta_->SetIndex(i, std::move(made[i]));
  delta_->SetSettled(true);
  deferred_ = false;
  Paced();
  // Savepoints that the table has just gone back to have the same rows, and will again.
  for (NumberedVersion& savepoint : savepoints_) {
    Version& v = savepoint.version;
    if (!v.indexes && v.delta == delta_ && v.snapshot.Same(delta_->TakeSnapshot()))
      v.indexes = delta_->TakeIndexes();
  }
  return {};
}

Status Table::VerifyIndexes(const Poll& poll) const {
  if (indexes_.empty()) return {};
  const View view = Latest();
  for (size_t i = 0; i < indexes_.size(); ++i) {
    const std::string name = "the index of column " + indexes_[i].ToText();
    std::unique_ptr<Art> right;
    MEMKV_TRY(MakeIndex(i, poll, &right));
    if (writable_) MEMKV_TRY(delta_->index(i).Verify([&poll] { return poll && poll(1, 2); }));
    ArtCursor a = view.Index(i).delta().NewCursor(), b = right->Latest().NewCursor();
    a.SeekFirst();
    b.SeekFirst();
    Pace pace;
    for (uint64_t n = 0; a.Valid() || b.Valid(); ++n, a.Next(), b.Next()) {
      if (pace.Due(a.Valid() ? a.key().size() : 0) && poll && poll(1, 2))
        return Status::Interrupted();
      if (a.Valid() && b.Valid() && a.key() == b.key() && a.entry().net == b.entry().net) continue;
      return Status::Corrupt(name + ": entry " + std::to_string(n) +
                             " of the delta is not what the rows make it");
    }
    if (view.Index(i).size() != view.size()) {
      return Status::Corrupt(name + " counts " + std::to_string(view.Index(i).size()) +
                             " rows (expected: " + std::to_string(view.size()) + ")");
    }
  }
  return {};
}

}  // namespace memkv
