#include "core/store/table.h"

#include "core/store/view_source.h"
#include "core/view/cursor.h"

namespace memkv {

Table::Table(size_t columns) : columns_(columns), delta_(std::make_shared<Art>()) {}

uint64_t Table::size() const {
  return static_cast<uint64_t>(static_cast<int64_t>(base_ ? base_->size() : 0) + delta_->Latest().net());
}

View Table::Latest() const { return View(delta_->TakeSnapshot(), base_); }

Status Table::Find(Bytes key, bool* found, RowRef* row) const {
  Entry entry;
  if (delta_->Latest().Find(key, &entry)) {
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
  if (!base_) return replace ? delta_->Put(key, {value, 1}, existed) : delta_->Add(key, {value, 1}, existed);
  Entry entry;
  if (delta_->Latest().Find(key, &entry)) {
    *existed = entry.net >= 0;
    if (*existed && !replace) return {};
    return delta_->Put(key, {value, entry.net == 1 ? 1 : 0});
  }
  int net;
  MEMKV_TRY(Net(key, &net));
  *existed = net == 0;
  if (*existed && !replace) return {};
  return delta_->Put(key, {value, net});
}

Status Table::Erase(Bytes key, bool* existed) {
  if (!base_) {
    *existed = delta_->Erase(key);
    return {};
  }
  Entry entry;
  bool in_base = false;
  if (delta_->Latest().Find(key, &entry)) {
    *existed = entry.net >= 0;
    if (!*existed) return {};
    in_base = entry.net == 0;
    if (!in_base) {
      delta_->Erase(key);
      return {};
    }
  } else {
    int net;
    MEMKV_TRY(Net(key, &net));
    *existed = in_base = net == 0;
    if (!in_base) return {};
  }
  return delta_->Put(key, {Value::Number(0), -1});
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
  if (!base_) {
    *erased = delta_->EraseRange(lo, hi);
    return {};
  }
  const Version before = Remember();
  const uint64_t size_before = size();
  // New keys go, then every base key in the range is overlaid with a tombstone.
  FstCursor in_base(base_);
  try {
    delta_->EraseRange(lo, hi);
    uint64_t from = 0, to = base_->size();
    Status status = base_->LowerBound(lo, &from);
    if (status.ok() && hi) status = base_->LowerBound(*hi, &to);
    in_base.Seek(lo);
    for (uint64_t i = from; status.ok() && i < to; ++i) {
      if ((i - from) % 4096 == 4095 && poll && poll(i - from, to - from)) status = Status::Interrupted();
      if (!status.ok()) break;
      if (!in_base.Valid()) {
        status = in_base.status().ok() ? Status::Corrupt("frozen keys end before their count") : in_base.status();
        break;
      }
      status = delta_->Put(in_base.key(), {Value::Number(0), -1});
      if (status.ok()) in_base.Next();
    }
    if (!status.ok()) {
      Return(before);
      return status;
    }
  } catch (...) {
    Return(before);
    throw;
  }
  *erased = size_before - size();
  return {};
}

void Table::Truncate() {
  auto empty = std::make_shared<Art>();
  delta_ = std::move(empty);
  base_.reset();
}

Status Table::Freeze(const Poll& poll) {
  if (delta_->Latest().size() == 0 && base_) return {};
  FstBuilder::Options options;
  options.columns = columns_;
  options.poll = poll;
  options.expected_keys = size();
  ViewSource source(Latest(), columns_);
  std::shared_ptr<const FstImage> image;
  MEMKV_TRY(FstBuilder::Build(&source, options, &image));
  std::shared_ptr<const Fst> base;
  MEMKV_TRY(Fst::Open(std::move(image), &base));
  auto delta = std::make_shared<Art>(Art::Options{.over_base = true});
  delta_ = std::move(delta);
  base_ = std::move(base);
  return {};
}

void Table::Return(const Version& version) noexcept {
  delta_ = version.delta;
  base_ = version.base;
  delta_->Restore(version.snapshot);
}

void Table::Begin() {
  if (!begin_) begin_ = Remember();
}

void Table::Commit() noexcept {
  savepoints_.clear();
  begin_.reset();
}

void Table::Rollback() noexcept {
  savepoints_.clear();
  if (begin_) Return(*begin_);
  begin_.reset();
}

void Table::Savepoint(int n) {
  Begin();
  for (const NumberedVersion& s : savepoints_) {
    if (s.number >= n) return;
  }
  // Savepoints that were opened before the table joined the transaction are not told: they stand at its start.
  for (int i = static_cast<int>(savepoints_.size()); i < n; ++i) {
    savepoints_.push_back({i, savepoints_.empty() ? *begin_ : savepoints_.back().version});
  }
  savepoints_.push_back({n, Remember()});
}

void Table::Release(int n) noexcept {
  while (!savepoints_.empty() && savepoints_.back().number >= n) savepoints_.pop_back();
}

void Table::RollbackTo(int n) noexcept {
  if (n < 0) {
    savepoints_.clear();
    if (begin_) Return(*begin_);
    return;
  }
  size_t keep = 0;
  while (keep < savepoints_.size() && savepoints_[keep].number < n) ++keep;
  if (keep == savepoints_.size()) return;
  Return(savepoints_[keep].version);
  savepoints_.erase(savepoints_.begin() + static_cast<ptrdiff_t>(keep) + 1, savepoints_.end());
}

Table::Stats Table::GetStats() const {
  Stats s;
  s.keys = size();
  s.delta_keys = delta_->Latest().size();
  s.delta = delta_->GetStats();
  s.memory_bytes = sizeof(Table) + s.delta.total_bytes;
  if (base_) {
    s.frozen_keys = base_->size();
    s.frozen_bytes = base_->image_bytes();
    s.memory_bytes += base_->memory_bytes();
  }
  return s;
}

Status Table::Verify(const Poll& poll) const {
  MEMKV_TRY(delta_->Verify());
  if (poll && poll(0, 2)) return Status::Interrupted();
  if (!base_) return {};
  MEMKV_TRY(base_->Verify());
  if (poll && poll(1, 2)) return Status::Interrupted();
  // Each delta entry says truly whether the base has its key.
  ArtCursor d = delta_->TakeSnapshot().NewCursor();
  uint64_t done = 0;
  for (d.SeekFirst(); d.Valid(); d.Next()) {
    int net;
    MEMKV_TRY(Net(d.key(), &net));
    if ((d.entry().net == 1) != (net == 1)) {
      return Status::Corrupt("delta entry " + std::to_string(d.rank()) + " counts " + std::to_string(d.entry().net) +
                             " where the frozen base " + (net == 1 ? "lacks" : "has") + " its key");
    }
    if (++done % 4096 == 0 && poll && poll(1, 2)) return Status::Interrupted();
  }
  return {};
}

}  // namespace memkv
