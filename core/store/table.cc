#include "core/store/table.h"

#include <algorithm>
#include <cassert>
#include <new>

#include "core/pace.h"
#include "core/range.h"
#include "core/store/frozen_file.h"
#include "core/view/cursor.h"

namespace memkv {

Table::Table(size_t columns, std::vector<IndexDef> indexes, Journal* journal)
    : columns_(columns),
      indexes_(std::move(indexes)),
      journal_(journal),
      delta_(NewDelta(false)),
      writable_(!journal) {}

Table::~Table() { EndClaims(); }

uint64_t Table::size() const {
  return static_cast<uint64_t>(static_cast<int64_t>(base_ ? base_->size() : 0) + Head().net());
}

View Table::Latest() const {
  if (!writable_) return View(shown_, base_, shown_indexes_);
  return View(delta_->TakeSnapshot(), base_, delta_->TakeIndexes());
}

Status Table::StartFrom(std::shared_ptr<const Fst> base) {
  for (const IndexDef& index : indexes_) {
    if (base && !base->index(index))
      return Status::Corrupt("the frozen image lacks the index of column " + index.ToText());
  }
  delta_ = NewDelta(base != nullptr);
  numbers_ = base && MayHoldNumbers(*base);
  base_ = std::move(base);
  return {};
}

// A damaged image may hold any, and the rest of it can be read.
bool Table::MayHoldNumbers(const Fst& base) {
  const auto ranges = NumberLikeRanges();
  return std::any_of(ranges.begin(), ranges.end(), [&base](const KeyRange& range) {
    uint64_t lo, hi;
    return !base.LowerBound(range.lo, &lo).ok() || !base.LowerBound(*range.hi, &hi).ok() || lo < hi;
  });
}

Table::Version Table::Remember() const {
  return {delta_,
          writable_ ? delta_->TakeSnapshot() : shown_,
          writable_ ? delta_->TakeIndexes() : shown_indexes_,
          base_,
          journal_ ? journal_->Now() : Journal::Mark(),
          edits_,
          numbers_};
}

Status Table::Find(Bytes key, bool* found, RowRef* row) const {
  Entry entry;
  if (Head().Find(key, &entry)) {
    *found = entry.net >= 0;
    *row = {false, 0, entry.value};
    return {};
  }
  *found = false;
  if (!base_) return {};
  *row = {true, 0, {}};
  return base_->Find(key, found, &row->base_rank);
}

Status Table::Net(Bytes key, int* net) const {
  *net = 1;
  if (!base_) return {};
  bool in_base;
  uint64_t rank;
  MEMKV_TRY(base_->Find(key, &in_base, &rank));
  if (in_base) *net = 0;
  return {};
}

Status Table::Put(Bytes key, const Value& value, bool replace, bool* existed) {
  LogBuffer* const noted = Noted();
  if (!noted) return PutEntry(key, value, replace, existed);
  MEMKV_TRY(MakeRoom(key.size() + value.record.size()));
  MEMKV_TRY(PutEntry(key, value, replace, existed));
  if (!*existed || replace) noted->Put(key, value);
  return {};
}

Status Table::Erase(Bytes key, bool* existed) {
  LogBuffer* const noted = Noted();
  if (!noted) return EraseEntry(key, existed);
  MEMKV_TRY(MakeRoom(key.size()));
  MEMKV_TRY(EraseEntry(key, existed));
  if (*existed) noted->Erase(key);
  return {};
}

Status Table::Look(Bytes key, Known* known) const {
  known->in_delta = !(writable_ && delta_->SurelyLacks(key)) && Head().Find(key, &known->entry);
  known->in_base = known->in_delta && known->entry.net < 1;
  if (base_ && (!known->in_delta || (known->in_base && KeepsIndexes())))
    MEMKV_TRY(base_->Find(key, &known->in_base, &known->base_rank));
  known->live = known->in_delta ? known->entry.net >= 0 : known->in_base;
  return {};
}

Status Table::PutEntry(Bytes key, const Value& value, bool replace, bool* existed) {
  numbers_ |= IsNumberLike(key);
  if (!indexes_.empty() && begin_) {
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

Status Table::EraseEntry(Bytes key, bool* existed) {
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

Status Table::Move(Bytes from, Bytes to, const Value& value, bool* existed) {
  const Version before = Remember();
  try {
    Status status = Put(to, value, true, existed);
    bool erased;
    if (status.ok()) status = Erase(from, &erased);
    if (!status.ok()) Return(before);
    return status;
  } catch (...) {
    Return(before);
    throw;
  }
}

Status Table::EraseRange(Bytes lo, std::optional<Bytes> hi, const Poll& poll, uint64_t* erased) {
  MEMKV_TRY(MakeRoom(lo.size() + (hi ? hi->size() : 0)));
  const uint64_t size_before = size();
  if (!base_ && !KeepsIndexes()) {
    delta_->EraseRange(lo, hi);
  } else {
    const Version before = Remember();
    try {
      const Status status =
          KeepsIndexes() ? EraseRangeOfEntries(lo, hi, poll) : EraseRangeOverBase(lo, hi, poll);
      if (!status.ok()) {
        Return(before);
        return status;
      }
    } catch (...) {
      Return(before);
      throw;
    }
  }
  *erased = size_before - size();
  if (LogBuffer* const noted = Noted(); noted && *erased > 0) noted->EraseRange(lo, hi);
  return {};
}

// New keys go, then every base key in the range is overlaid with a tombstone.
Status Table::EraseRangeOverBase(Bytes lo, std::optional<Bytes> hi, const Poll& poll) {
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

Status Table::Truncate() {
  auto empty = NewDelta(false);
  if (journal_) {
    claimed_.reserve(claimed_.size() + 1);
    if (!journal_->replaying()) MEMKV_TRY(journal_->ReplaceBase(std::nullopt));
  }
  Adopt(std::move(empty), nullptr);
  numbers_ = false;
  return {};
}

Status Table::Freeze(const Poll& poll) {
  if (Head().size() == 0 && base_) return {};
  std::shared_ptr<const FstImage> image;
  MEMKV_TRY(BuildImage(Latest(), columns_, indexes_, poll, &image));
  std::shared_ptr<const Fst> base;
  MEMKV_TRY(Fst::Open(std::move(image), &base));
  auto delta = NewDelta(true);
  const bool numbers = numbers_ && MayHoldNumbers(*base);
  if (journal_) {
    claimed_.reserve(claimed_.size() + 1);
    MEMKV_TRY(journal_->ReplaceBase(base->image().bytes()));
  }
  Adopt(std::move(delta), std::move(base));
  numbers_ = numbers;
  return {};
}

// Takes over a fresh delta, which nobody else has seen. REQUIRES room in claimed_; cannot fail.
void Table::Adopt(std::shared_ptr<SharedArt> delta, std::shared_ptr<const Fst> base) {
  delta_ = std::move(delta);
  base_ = std::move(base);
  deferred_ = false;
  if (!journal_) return;
  delta_->Claim(this, delta_->TakeSnapshot(), delta_->TakeIndexes());
  claimed_.push_back(delta_);
}

namespace {

void CopyInto(const ArtSnapshot& from, Art* to) {
  ArtCursor c = from.NewCursor();
  for (c.SeekFirst(); c.Valid(); c.Next()) {
    if (!to->Put(c.key(), c.entry()).ok()) throw std::bad_alloc();
  }
}

}  // namespace

// Becomes the writer of the delta; of a copy, if somebody else is writing it from here on.
void Table::Claim() {
  claimed_.reserve(claimed_.size() + 1);
  if (!delta_->Claim(this, shown_, shown_indexes_)) {
    std::shared_ptr<SharedArt> copy = NewDelta(base_ != nullptr);
    CopyInto(shown_, copy.get());
    copy->SetSettled(indexes_.empty() || shown_indexes_);
    for (size_t i = 0; shown_indexes_ && i < indexes_.size(); ++i)
      CopyInto((*shown_indexes_)[i].delta, &copy->index(i));
    copy->Claim(this, copy->TakeSnapshot(), copy->TakeIndexes());
    delta_ = std::move(copy);
  }
  claimed_.push_back(delta_);
  shown_ = {};
  shown_indexes_ = nullptr;
  writable_ = true;
}

void Table::EndClaims() noexcept {
  for (const std::shared_ptr<SharedArt>& art : claimed_) art->Release(this);
  claimed_.clear();
}

void Table::Show(const Version& version) noexcept {
  assert(journal_ && !begin_);
  EndClaims();
  writable_ = false;
  delta_ = version.delta;
  shown_ = version.snapshot;
  shown_indexes_ = version.indexes;
  base_ = version.base;
  numbers_ = version.numbers;
}

void Table::Replace(const Version& version, const Journal::Position& position) {
  claimed_.reserve(claimed_.size() + 1);
  Adopt(version.delta, version.base);
  numbers_ = version.numbers;
  journal_->SetPosition(position);
}

Table::Version Table::Seal() {
  Version version = Remember();
  if (writable_) {
    shown_ = version.snapshot;
    shown_indexes_ = version.indexes;
    delta_->Seal(this, shown_);
    writable_ = false;
  }
  return version;
}

void Table::Return(const Version& version, bool undone) noexcept {
  // Sealed, and perhaps taken over since: then its head is no longer ours to move.
  if (journal_) writable_ = version.delta->Unseal(this);
  delta_ = version.delta;
  base_ = version.base;
  numbers_ = version.numbers;
  if (writable_) {
    delta_->Restore(version.snapshot);
    delta_->RestoreIndexes(version.indexes);
  } else {
    shown_ = version.snapshot;
    shown_indexes_ = version.indexes;
  }
  deferred_ = deferred_ && !settled();
  returned_to_ = version.edits;
  if (journal_) journal_->Return(version.mark, undone);
}

void Table::Begin() {
  if (!writable_) Claim();
  if (begin_) return;
  begin_ = Remember();
  Paced();
}

void Table::Commit() noexcept {
  savepoints_.clear();
  begin_.reset();
  if (journal_ && !writable_) EndClaims();
}

void Table::Rollback() noexcept {
  savepoints_.clear();
  if (!begin_) return;
  Return(*begin_, true);
  if (journal_) {
    shown_ = begin_->snapshot;
    shown_indexes_ = begin_->indexes;
    writable_ = false;
    EndClaims();
  }
  begin_.reset();
}

void Table::Savepoint(int n) {
  Begin();
  for (const NumberedVersion& s : savepoints_) {
    if (s.number >= n) return;
  }
  // Savepoints that were opened before the table joined the transaction are not told: they stand at
  // its start.
  for (int i = static_cast<int>(savepoints_.size()); i < n; ++i) {
    savepoints_.push_back({i, savepoints_.empty() ? *begin_ : savepoints_.back().version});
  }
  savepoints_.push_back({n, Remember()});
}

void Table::Release(int n) noexcept {
  while (!savepoints_.empty() && savepoints_.back().number >= n) savepoints_.pop_back();
}

void Table::RollbackTo(int n) noexcept {
  if (!HasSavepoint(n)) return Rollback();
  size_t keep = 0;
  while (savepoints_[keep].number < n) ++keep;
  Return(savepoints_[keep].version, true);
  savepoints_.erase(savepoints_.begin() + static_cast<ptrdiff_t>(keep) + 1, savepoints_.end());
}

bool Table::RollbackToEdits(uint64_t edits) noexcept {
  for (size_t i = savepoints_.size(); i-- > 0;) {
    if (savepoints_[i].version.edits != edits) continue;
    Return(savepoints_[i].version, true);
    savepoints_.erase(savepoints_.begin() + static_cast<ptrdiff_t>(i) + 1, savepoints_.end());
    return true;
  }
  return false;
}

Table::Stats Table::GetStats() const {
  Stats s;
  s.keys = size();
  s.delta_keys = Head().size();
  // Who shows a shared delta looks into it only while nobody writes it.
  if (writable_ || delta_->Claim(this, shown_, shown_indexes_)) {
    s.delta = delta_->GetStats();
    for (size_t i = 0; i < indexes_.size(); ++i)
      s.index_bytes += delta_->index(i).GetStats().total_bytes;
    if (!writable_) delta_->Release(this);
  } else {
    s.delta = {};
    s.delta.entries = shown_.size();
  }
  s.memory_bytes = sizeof(Table) + s.delta.total_bytes + s.index_bytes;
  if (base_) {
    s.frozen_keys = base_->size();
    s.frozen_bytes = base_->image_bytes();
    s.memory_bytes += base_->memory_bytes();
  }
  return s;
}

namespace {

// What can be seen of a version that somebody else may be writing on from: order and counts.
Status VerifySnapshot(const ArtSnapshot& snapshot, const Table::Poll& poll) {
  ArtCursor c = snapshot.NewCursor();
  std::string previous;
  uint64_t entries = 0;
  int64_t net = 0;
  Pace pace;
  for (c.SeekFirst(); c.Valid(); c.Next(), ++entries) {
    if (entries > 0 && c.key() <= previous) {
      return Status::Corrupt("delta entry " + std::to_string(entries) +
                             " is not above the one before it");
    }
    previous = c.key();
    net += c.entry().net;
    if (pace.Due(previous.size()) && poll && poll(0, 2)) return Status::Interrupted();
  }
  if (entries == snapshot.size() && net == snapshot.net()) return {};
  return Status::Corrupt("the delta counts " + std::to_string(snapshot.size()) +
                         " entries of net " + std::to_string(snapshot.net()) + " and holds " +
                         std::to_string(entries) + " of net " + std::to_string(net));
}

}  // namespace

Status Table::Verify(const Poll& poll) const {
  auto in_delta = [&poll] { return poll && poll(0, 2); };
  MEMKV_TRY(writable_ ? delta_->Verify(in_delta) : VerifySnapshot(shown_, poll));
  if (poll && poll(0, 2)) return Status::Interrupted();
  if (!base_) return VerifyIndexes(poll);
  MEMKV_TRY(base_->Verify([&poll](uint64_t, uint64_t) { return poll && poll(1, 2); }));
  if (poll && poll(1, 2)) return Status::Interrupted();
  // Each delta entry says truly whether the base has its key.
  ArtCursor d = Latest().delta().NewCursor();
  Pace pace;
  for (d.SeekFirst(); d.Valid(); d.Next()) {
    int net;
    MEMKV_TRY(Net(d.key(), &net));
    if ((d.entry().net == 1) != (net == 1)) {
      return Status::Corrupt("delta entry " + std::to_string(d.rank()) + " counts " +
                             std::to_string(d.entry().net) + " where the frozen base " +
                             (net == 1 ? "lacks" : "has") + " its key");
    }
    if (pace.Due(d.key().size()) && poll && poll(1, 2)) return Status::Interrupted();
  }
  return VerifyIndexes(poll);
}

}  // namespace memkv
