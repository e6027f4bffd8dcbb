// Going back: the log undone from its end, or a pinned version in its place.

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/art/art.h"
#include "core/art/engine.h"

namespace memkv {

namespace {

// A log that would grow longer ends with a pinned version, behind which a write copies what it
// changes first: at most all of the map, so that a part of that is what a log may cost.
uint64_t LongestLog(art::Engine& engine) {
  constexpr uint64_t kLeast = 32 << 10;
  return std::max(kLeast, engine.heap().used_bytes() / 4);
}

}  // namespace

void Art::KeepUndoNow() {
  if (!FinishUndo()) throw std::bad_alloc();
  if (!marked_) return;
  if (engine_) engine_->undo = nullptr;
  if (NowIsPinned()) {
    passed_pinned_ = true;
    return;
  }
  const uint64_t logged = undo_.bytes() - (pinned_.empty() ? 0 : pinned_.back().log_bytes);
  if (!engine_ || engine_->head().size == 0 || logged > LongestLog(*engine_))
    return PinForUndo(TakeSnapshot());
  engine_->undo = &undo_;
}

// Instead of a log from here on; something is about to be written.
void Art::PinForUndo(ArtSnapshot version) {
  pinned_.push_back({Now(), undo_.bytes(), gaps_, std::move(version)});
  passed_pinned_ = true;
  if (engine_) engine_->undo = nullptr;
}

Art::Mark Art::SetMark(const ArtSnapshot* version) {
  if (!FinishUndo()) throw std::bad_alloc();
  marked_ = true;
  const bool resumes_log = NowIsPinned() && passed_pinned_;
  if (resumes_log) ++gaps_;
  if (version && !NowIsPinned()) {
    PinForUndo(*version);
    passed_pinned_ = false;
  }
  return {Now(), resumes_log};
}

bool Art::UndoTo(const Mark& mark) noexcept {
  assert(marked_ && mark.at <= Now());
  undo_to_ = std::min(mark.at, undo_to_.value_or(mark.at));
  return FinishUndo();
}

bool Art::FinishUndo() noexcept {
  if (!undo_to_) return true;
  if (const size_t i = FirstPinnedFrom(*undo_to_); i < pinned_.size()) ReturnToPinned(i);
  if (!WriteBack()) return false;
  undo_to_.reset();
  if (!marked_) ForgetMarks();
  return true;
}

// To the version that is pinned i-th. It stays pinned if that is where undo_to_ leads.
void Art::ReturnToPinned(size_t i) noexcept {
  RestoreVersion(pinned_[i].version);
  undo_.CutTo(pinned_[i].log_bytes);
  gaps_ = pinned_[i].gaps;
  passed_pinned_ = false;
  const size_t keep = pinned_[i].at == *undo_to_ ? i + 1 : i;
  pinned_.erase(pinned_.begin() + static_cast<ptrdiff_t>(keep), pinned_.end());
}

// The log backwards, down to undo_to_.
bool Art::WriteBack() noexcept {
  if (Now() == *undo_to_) return true;
  engine_->undo = nullptr;
  engine_->heap().OpenReserve(true);
  bool done = true;
  try {
    for (; Now() > *undo_to_; undo_.Pop()) {
      const art::UndoLog::Record record = undo_.Last();
      if (record.missing) {
        engine_->Erase(record.key);
      } else {
        engine_->Put(record.key, record.had, nullptr);
      }
    }
  } catch (const std::bad_alloc&) {
    done = false;
  }
  engine_->heap().OpenReserve(false);
  return done;
}

size_t Art::FirstPinnedFrom(uint64_t at) const {
  size_t i = pinned_.size();
  while (i > 0 && pinned_[i - 1].at >= at) --i;
  return i;
}

// The version that is pinned i-th does for all that was written behind it.
void Art::KeepPinned(size_t i) noexcept {
  passed_pinned_ = passed_pinned_ || pinned_[i].at != Now();
  undo_.CutTo(pinned_[i].log_bytes);
  gaps_ = pinned_[i].gaps;
  pinned_.erase(pinned_.begin() + static_cast<ptrdiff_t>(i) + 1, pinned_.end());
  if (engine_) engine_->undo = nullptr;
}

void Art::ForgetAfter(const Mark& mark) noexcept {
  const size_t i = FirstPinnedFrom(mark.at);
  if (i < pinned_.size() && !undo_to_) KeepPinned(i);
}

void Art::Forget(const Mark& mark) noexcept {
  if (mark.resumes_log && !undo_to_) KeepPinned(FirstPinnedFrom(mark.at - 1));
}

void Art::ForgetMarks() noexcept {
  marked_ = false;
  if (undo_to_) return;
  gaps_ = 0;
  pinned_.clear();
  constexpr uint64_t kNothing = 16 << 10;
  if (engine_ && engine_->head().size == 0 && engine_->held_bytes() > kNothing) Adopt(nullptr);
  // What the next transaction is likely to need is kept, beside a map that it is nothing to.
  const uint64_t kept =
      engine_ ? std::min<uint64_t>(16 << 10, engine_->heap().used_bytes() / 64) : 0;
  undo_.Trim(kept);
  if (!engine_) return;
  engine_->undo = nullptr;
  engine_->heap().TrimReserve(kept);
}

}  // namespace memkv
