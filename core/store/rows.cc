#include "core/store/rows.h"

#include <algorithm>
#include <new>

#include "core/pace.h"
#include "core/range.h"
#include "core/store/frozen_file.h"
#include "core/view/cursor.h"

namespace memkv {

namespace {

// A damaged image may hold any, and the rest of it can be read.
bool MayHoldNumbers(const Fst& base) {
  const auto ranges = NumberLikeRanges();
  return std::any_of(ranges.begin(), ranges.end(), [&base](const KeyRange& range) {
    uint64_t lo, hi;
    return !base.LowerBound(range.lo, &lo).ok() || !base.LowerBound(*range.hi, &hi).ok() || lo < hi;
  });
}

uint64_t SizeOf(const ArtSnapshot& delta, const Fst* base) {
  return static_cast<uint64_t>(static_cast<int64_t>(base ? base->size() : 0) + delta.net());
}

Status FindIn(const ArtSnapshot& delta, const Fst* base, Bytes key, bool* found, RowRef* row) {
  Entry entry;
  if (delta.Find(key, &entry)) {
    *found = entry.net >= 0;
    *row = {false, 0, entry.value};
    return {};
  }
  *found = false;
  if (!base) return {};
  *row = {true, 0, {}};
  return base->Find(key, found, &row->base_rank);
}

}  // namespace

Rows::Rows(size_t columns, std::vector<IndexDef> indexes)
    : columns_(columns), indexes_(std::move(indexes)), delta_(NewDelta(false)) {}

std::shared_ptr<SharedArt> Rows::NewDelta(bool over_base) const {
  return std::make_shared<SharedArt>(Art::Options{.over_base = over_base}, indexes_);
}

uint64_t Rows::size() const { return SizeOf(delta_->Latest(), base_.get()); }

uint64_t Rows::Version::size() const { return SizeOf(snapshot, base.get()); }

Status Rows::StartFrom(std::shared_ptr<const Fst> base) {
  for (const IndexDef& index : indexes_) {
    if (base && !base->index(index))
      return Status::Corrupt("the frozen image lacks the index of column " + index.ToText());
  }
  const bool numbers = base && MayHoldNumbers(*base);
  std::shared_ptr<SharedArt> delta = NewDelta(base != nullptr);
  Adopt(std::move(delta), std::move(base), numbers);
  return {};
}

Status Rows::Find(Bytes key, bool* found, RowRef* row) const {
  return FindIn(delta_->Latest(), base_.get(), key, found, row);
}

Status Rows::Version::Find(Bytes key, bool* found, RowRef* row) const {
  return FindIn(snapshot, base.get(), key, found, row);
}

Status Rows::Look(Bytes key, Known* known) const {
  known->in_delta = !delta_->SurelyLacks(key) && delta_->Latest().Find(key, &known->entry);
  known->in_base = known->in_delta && known->entry.net < 1;
  if (base_ && (!known->in_delta || (known->in_base && KeepsIndexes())))
    MEMKV_TRY(base_->Find(key, &known->in_base, &known->base_rank));
  known->live = known->in_delta ? known->entry.net >= 0 : known->in_base;
  return {};
}

Status Rows::Put(Bytes key, const Value& value, bool replace, bool* existed) {
  numbers_ |= IsNumberLike(key);
  if (!indexes_.empty() && may_defer_) {
    MEMKV_TRY(PaceIndexes());
    if (deferred_) MEMKV_TRY(CheckIndexKeys(key, value, replace));
  }
  if (!base_ && !KeepsIndexes())
    return replace ? delta_->Put(key, {value, 1}, existed) : delta_->Add(key, {value, 1}, existed);
  Known known;
  MEMKV_TRY(Look(key, &known));
  *existed = known.live;
  if (*existed && !replace) return {};
  const Entry entry = {value, known.in_base ? 0 : 1};
  if (!KeepsIndexes()) return delta_->Put(key, entry);
  MEMKV_TRY(UpdateIndexes(key, known, &value));
  MEMKV_TRY(delta_->Put(key, entry));
  delta_->SetSettled(true);
  return {};
}

Status Rows::Erase(Bytes key, bool* existed) {
  if (!base_ && !KeepsIndexes()) {
    *existed = delta_->Erase(key);
    return {};
  }
  Known known;
  MEMKV_TRY(Look(key, &known));
  *existed = known.live;
  if (!*existed) return {};
  if (KeepsIndexes()) MEMKV_TRY(UpdateIndexes(key, known, nullptr));
  if (known.in_base) {
    MEMKV_TRY(delta_->Put(key, {Value::Number(0), -1}));
  } else {
    delta_->Erase(key);
  }
  if (KeepsIndexes()) delta_->SetSettled(true);
  return {};
}

Status Rows::EraseRange(Bytes lo, std::optional<Bytes> hi, const Poll& poll) {
  if (KeepsIndexes()) return EraseRangeOfEntries(lo, hi, poll);
  if (base_) return EraseRangeOverBase(lo, hi, poll);
  delta_->EraseRange(lo, hi);
  return {};
}

// New keys go, then every base key in the range is overlaid with a tombstone.
Status Rows::EraseRangeOverBase(Bytes lo, std::optional<Bytes> hi, const Poll& poll) {
  FstCursor in_base(base_);
  delta_->EraseRange(lo, hi);
  uint64_t from = 0, to = base_->size();
  MEMKV_TRY(base_->LowerBound(lo, &from));
  if (hi) MEMKV_TRY(base_->LowerBound(*hi, &to));
  in_base.Seek(lo);
  Pace pace;
  for (uint64_t i = from; i < to; ++i) {
    if (!in_base.Valid()) {
      return in_base.status().ok() ? Status::Corrupt("frozen keys end before their count")
                                   : in_base.status();
    }
    if (pace.Due(in_base.key().size()) && poll && poll(i - from, to - from))
      return Status::Interrupted();
    MEMKV_TRY(delta_->Put(in_base.key(), {Value::Number(0), -1}));
    in_base.Next();
  }
  return {};
}

Status Rows::Freeze(const Poll& poll) {
  if (delta_->Latest().size() == 0 && base_) return {};
  std::shared_ptr<const FstImage> image;
  MEMKV_TRY(BuildImage(Latest(), columns_, indexes_, poll, &image));
  std::shared_ptr<const Fst> base;
  MEMKV_TRY(Fst::Open(std::move(image), &base));
  const bool numbers = numbers_ && MayHoldNumbers(*base);
  Adopt(NewDelta(true), std::move(base), numbers);
  return {};
}

void Rows::Adopt(std::shared_ptr<SharedArt> delta, std::shared_ptr<const Fst> base,
                 bool numbers) noexcept {
  delta_ = std::move(delta);
  base_ = std::move(base);
  numbers_ = numbers;
  deferred_ = false;
}

void Rows::Become(const Version& version) noexcept {
  Adopt(version.delta, version.base, version.numbers);
}

namespace {

void CopyInto(const ArtSnapshot& from, Art* to) {
  ArtCursor c = from.NewCursor();
  for (c.SeekFirst(); c.Valid(); c.Next()) {
    if (!to->Put(c.key(), c.entry()).ok()) throw std::bad_alloc();
  }
}

}  // namespace

void Rows::BecomeCopyOf(const Version& version) {
  std::shared_ptr<SharedArt> copy = NewDelta(version.base != nullptr);
  CopyInto(version.snapshot, copy.get());
  copy->SetSettled(indexes_.empty() || version.indexes);
  for (size_t i = 0; version.indexes && i < indexes_.size(); ++i)
    CopyInto((*version.indexes)[i].delta, &copy->index(i));
  Adopt(std::move(copy), version.base, version.numbers);
}

void Rows::Return(const Mark& mark) noexcept {
  delta_ = mark.delta;
  base_ = mark.base;
  numbers_ = mark.numbers;
  delta_->UndoTo(mark.at);
  deferred_ = deferred_ && !settled();
}

}  // namespace memkv
