#include "core/store/session.h"

#include <algorithm>
#include <cassert>
#include <new>

#include "core/store/verify.h"

namespace memkv {

Session::Session(size_t columns, std::vector<IndexDef> indexes, Journal* journal)
    : journal_(journal), rows_(columns, std::move(indexes)), writable_(!journal) {
  if (journal_) shown_ = rows_.Remember();
}

// --- reading

void Session::FinishUndo() const {
  if (writable_ && !rows_.delta()->undone() && !rows_.delta()->FinishUndo()) throw std::bad_alloc();
}

uint64_t Session::size() const {
  FinishUndo();
  return writable_ ? rows_.size() : shown_.size();
}

Rows::Version Session::Remember() const {
  FinishUndo();
  return writable_ ? rows_.Remember() : shown_;
}

View Session::Latest() const {
  if (!writable_) return shown_.view();
  FinishUndo();
  return rows_.Latest();
}

Status Session::Find(Bytes key, bool* found, RowRef* row) const {
  if (!writable_) return shown_.Find(key, found, row);
  FinishUndo();
  return rows_.Find(key, found, row);
}

// --- rows

namespace {

// Runs f, a Status(), and undoes what it did if it fails.
template <class F>
Status Wholly(Session& session, F&& f) {
  Session::KeptMark before(session);
  try {
    const Status status = f();
    status.ok() ? before.Forget() : before.Return();
    return status;
  } catch (...) {
    before.Return();
    throw;
  }
}

}  // namespace

Status Session::Put(Bytes key, const Value& value, bool replace, bool* existed) {
  if (!journal_) return rows_.Put(key, value, replace, existed);
  MEMKV_TRY(journal_->MakeRoom(key.size() + value.record.size()));
  MEMKV_TRY(rows_.Put(key, value, replace, existed));
  if (!*existed || replace) journal_->buffer().Put(key, value);
  return {};
}

Status Session::PutMany(std::span<const Rows::NewRow> rows) {
  if (!journal_) return rows_.PutMany(rows);
  bool put[Rows::kBatch];
  while (!rows.empty()) {
    const std::span<const Rows::NewRow> batch = rows.first(std::min(Rows::kBatch, rows.size()));
    rows = rows.subspan(batch.size());
    MEMKV_TRY(rows_.PutBatch(batch, put));
    for (size_t i = 0; i < batch.size(); ++i) {
      if (!put[i]) continue;
      MEMKV_TRY(journal_->MakeRoom(batch[i].key.size() + batch[i].value.record.size()));
      journal_->buffer().Put(batch[i].key, batch[i].value);
    }
  }
  return {};
}

Status Session::Erase(Bytes key, bool* existed) {
  if (!journal_) return rows_.Erase(key, existed);
  MEMKV_TRY(journal_->MakeRoom(key.size()));
  MEMKV_TRY(rows_.Erase(key, existed));
  if (*existed) journal_->buffer().Erase(key);
  return {};
}

Status Session::Move(Bytes from, Bytes to, const Value& value, bool* existed) {
  return Wholly(*this, [&] {
    MEMKV_TRY(Put(to, value, true, existed));
    bool erased;
    return Erase(from, &erased);
  });
}

Status Session::EraseRange(Bytes lo, std::optional<Bytes> hi, const Poll& poll, uint64_t* erased) {
  if (journal_) MEMKV_TRY(journal_->MakeRoom(lo.size() + (hi ? hi->size() : 0)));
  const uint64_t size_before = size();
  MEMKV_TRY(Wholly(*this, [&] { return rows_.EraseRange(lo, hi, poll); }));
  *erased = size_before - size();
  if (journal_ && *erased > 0) journal_->buffer().EraseRange(lo, hi);
  return {};
}

Status Session::Truncate() {
  Rows empty(rows_.columns(), rows_.indexes());
  const Rows::Version version = empty.Remember();
  claims_.MakeRoom();
  if (journal_) MEMKV_TRY(journal_->ReplaceBase(std::nullopt));
  BecomeNew(version);
  return {};
}

Status Session::Freeze(const Poll& poll) {
  FinishUndo();
  if (!journal_) return rows_.Freeze(poll);
  if (rows_.delta()->Latest().size() == 0 && rows_.base()) return {};
  Rows frozen(rows_.columns(), rows_.indexes());
  frozen.Become(rows_.Remember());
  MEMKV_TRY(frozen.Freeze(poll));
  const Rows::Version version = frozen.Remember();
  claims_.MakeRoom();
  MEMKV_TRY(journal_->ReplaceBase(frozen.base()->image().bytes()));
  BecomeNew(version);
  return {};
}

namespace {

bool IsAt(const Rows& rows, const Rows::Mark& mark) {
  return mark.delta == rows.delta() && rows.delta()->IsAt(mark.at);
}

}  // namespace

Status Session::Settle(const Poll& poll) {
  if (!writable_) return {};
  FinishUndo();
  if (rows_.settled()) return {};
  MEMKV_TRY(rows_.Settle(poll));
  // Savepoints that the table has just gone back to have the same rows, and will again.
  for (size_t i = savepoints_.size(); i-- > 0 && IsAt(rows_, savepoints_[i].mark.rows);) {
    if (!savepoints_[i].mark.rows.at.settled) savepoints_[i].mark.rows = rows_.SetMark();
  }
  return {};
}

// --- marks

Session::Mark Session::SetMark() {
  return {rows_.SetMark(), journal_ ? journal_->Now() : Journal::Mark(), edits_.now, ++marks_};
}

Session::KeptMark::KeptMark(Session& session) : session_(session) {
  session_.kept_.push_back(this);
  try {
    mark_ = session.SetMark();
  } catch (...) {
    session_.kept_.pop_back();
    throw;
  }
}

Session::KeptMark::~KeptMark() {
  std::erase(session_.kept_, this);
  if (session_.journal_) return;  // whose rows are another's to write by now, perhaps
  if (!session_.begin_ && session_.kept_.empty()) session_.rows_.delta()->ForgetMarks();
}

void Session::Return(const Mark& mark, bool undone) noexcept {
  // Sealed, and perhaps taken over since: then its head is no longer ours to move.
  if (journal_) writable_ = mark.rows.delta->Unseal(this);
  if (writable_) {
    shown_ = {};
    rows_.Return(mark.rows);
  } else {
    shown_ = begin_->version;
  }
  for (KeptMark* kept : kept_) kept->passed_ |= kept->mark_.number > mark.number;
  edits_.returned_to = mark.edits;
  if (journal_) journal_->Return(mark.journal, undone);
}

// --- with a journal

// Becomes the writer of the rows shown; of a copy, if somebody else is writing on from there.
void Session::Claim() {
  claims_.MakeRoom();
  if (claims_.Add(shown_.delta, shown_.snapshot, shown_.indexes)) {
    rows_.Become(shown_);
  } else {
    Rows copy(rows_.columns(), rows_.indexes());
    copy.BecomeCopyOf(shown_);
    BecomeNew(copy.Remember());
  }
  shown_ = {};
  writable_ = true;
}

// REQUIRES room for a claim, and a delta that nobody else has seen.
void Session::BecomeNew(const Rows::Version& version) noexcept {
  rows_.Become(version);
  if (journal_) claims_.AddNew(version.delta);
}

void Session::Show(const Rows::Version& version) noexcept {
  assert(journal_ && !begin_);
  claims_.End();
  writable_ = false;
  shown_ = version;
  rows_.Become(version);  // lets go of what was there
}

void Session::Replace(const Rows::Version& version, const Journal::Position& position) {
  claims_.MakeRoom();
  BecomeNew(version);
  journal_->SetPosition(position);
}

Rows::Version Session::Seal() {
  if (writable_) {
    shown_ = Remember();
    shown_.delta->Seal(this, shown_.snapshot);
    writable_ = false;
  }
  return shown_;
}

// --- transactions

void Session::Begin() {
  if (!writable_) {
    if (begin_ && shown_.delta->Unseal(this)) {
      shown_ = {};
      writable_ = true;
    } else {
      Claim();
    }
  }
  FinishUndo();
  if (begin_) return;
  Start start;
  if (journal_) {
    // What is shown is held by whoever shares it: it does for a log.
    start.version = rows_.Remember();
    start.mark = {rows_.SetMark(start.version), journal_->Now(), edits_.now, ++marks_};
  } else {
    start.mark = SetMark();
  }
  begin_ = std::move(start);
  edits_.at_begin = edits_.now;
  rows_.MayDeferIndexes(true);
}

void Session::Commit() noexcept {
  savepoints_.clear();
  begin_.reset();
  rows_.MayDeferIndexes(false);
  if (!journal_) {
    rows_.delta()->ForgetMarks();
  } else if (!writable_) {
    claims_.End();
  }
}

void Session::Rollback() noexcept {
  savepoints_.clear();
  if (!begin_) return;
  Return(begin_->mark, true);
  if (journal_) {
    shown_ = std::move(begin_->version);
    writable_ = false;
    claims_.End();
  } else {
    rows_.delta()->ForgetMarks();
  }
  begin_.reset();
  rows_.MayDeferIndexes(false);
}

void Session::Savepoint(int n) {
  Begin();
  if (HasSavepoint(n)) return;
  // Savepoints that were opened before the table joined the transaction are not told: they stand at
  // its start.
  for (int i = savepoints_.empty() ? 0 : savepoints_.back().number + 1; i < n; ++i)
    savepoints_.push_back({i, Innermost()});
  savepoints_.push_back({n, SetMark()});
}

void Session::Release(int n) noexcept {
  while (!savepoints_.empty() && savepoints_.back().number >= n) savepoints_.pop_back();
  if (begin_ && writable_ && kept_.empty()) rows_.ForgetAfter(Innermost().rows);
}

void Session::RollbackTo(int n) noexcept {
  if (!HasSavepoint(n)) return Rollback();
  while (savepoints_.size() > 1 && savepoints_[savepoints_.size() - 2].number >= n)
    savepoints_.pop_back();
  Return(savepoints_.back().mark, true);
}

bool Session::RollbackToEdits(uint64_t edits) noexcept {
  for (size_t i = savepoints_.size(); i-- > 0;) {
    if (savepoints_[i].mark.edits != edits) continue;
    savepoints_.erase(savepoints_.begin() + static_cast<ptrdiff_t>(i) + 1, savepoints_.end());
    Return(savepoints_.back().mark, true);
    return true;
  }
  return false;
}

// --- what is held

Session::Stats Session::GetStats() const {
  Stats s;
  s.keys = size();
  const Rows::Version shown = Remember();
  s.delta_keys = shown.snapshot.size();
  // Who shows a shared delta looks into it only while nobody writes it.
  if (writable_ || shown.delta->Claim(this, shown.snapshot, shown.indexes)) {
    const SharedArt& delta = *shown.delta;
    s.delta = delta.GetStats();
    for (size_t i = 0; i < delta.indexes(); ++i)
      s.index_bytes += delta.index(i).GetStats().total_bytes;
    if (!writable_) shown.delta->Release(this);
  } else {
    s.delta = {};
    s.delta.entries = shown.snapshot.size();
  }
  s.memory_bytes = sizeof(Session) + s.delta.total_bytes + s.index_bytes;
  if (shown.base) {
    s.frozen_keys = shown.base->size();
    s.frozen_bytes = shown.base->image_bytes();
    s.memory_bytes += shown.base->memory_bytes();
  }
  return s;
}

Status Session::Verify(const Poll& poll) const {
  MEMKV_TRY(writable_ ? rows_.delta()->Verify([&poll] { return poll && poll(0, 2); })
                      : VerifyOrder(shown_.snapshot, poll));
  return VerifyView(Latest(), rows_.indexes(), poll);
}

}  // namespace memkv
