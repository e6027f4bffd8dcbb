#include "core/store/shared_art.h"

#include <chrono>
#include <utility>

namespace memkv {

SharedArt::SharedArt(Options options, std::span<const IndexDef> indexes) : Art(options) {
  indexes_.reserve(indexes.size());
  options.learning = learning();
  for (const IndexDef& def : indexes) indexes_.push_back({def, std::make_unique<Art>(options)});
}

IndexSnapshots SharedArt::TakeIndexes() {
  if (indexes_.empty() || !settled_) return nullptr;
  if (taken_) return taken_;
  auto taken = std::make_shared<std::vector<IndexSnapshot>>();
  taken->reserve(indexes_.size());
  for (const Index& index : indexes_) taken->push_back({index.def, index.art->TakeSnapshot()});
  taken_ = taken;
  return taken_;
}

void SharedArt::RestoreIndexes(const IndexSnapshots& indexes) noexcept {
  settled_ = indexes_.empty() || indexes;
  taken_ = indexes;
  replaced_.clear();
  for (size_t i = 0; i < indexes_.size(); ++i)
    indexes_[i].art->Restore(indexes ? (*indexes)[i].delta : ArtSnapshot());
}

void SharedArt::ReplaceIndexes(std::vector<std::unique_ptr<Art>> made) {
  if (marked()) replaced_.reserve(replaced_.size() + indexes_.size());
  taken_.reset();
  for (size_t i = 0; i < indexes_.size(); ++i) {
    std::swap(indexes_[i].art, made[i]);
    if (marked()) replaced_.push_back({i, std::move(made[i])});
  }
  settled_ = true;
}

Status SharedArt::Verify(const std::function<bool()>& poll) const {
  MEMKV_TRY(Art::Verify(poll));
  for (const Index& index : indexes_) MEMKV_TRY(index.art->Verify(poll));
  return {};
}

SharedArt::Mark SharedArt::SetMark(const ArtSnapshot* rows, const IndexSnapshots& indexes) {
  Mark mark;
  mark.indexes.reserve(indexes_.size());
  for (size_t i = 0; i < indexes_.size(); ++i)
    mark.indexes.push_back(indexes_[i].art->SetMark(indexes ? &(*indexes)[i].delta : nullptr));
  mark.rows = Art::SetMark(rows);
  mark.replaced = replaced_.size();
  mark.settled = settled_;
  return mark;
}

bool SharedArt::UndoTo(const Mark& mark) noexcept {
  taken_.reset();
  for (; replaced_.size() > mark.replaced; replaced_.pop_back())
    indexes_[replaced_.back().index].art = std::move(replaced_.back().art);
  bool done = Art::UndoTo(mark.rows);
  for (size_t i = 0; i < indexes_.size(); ++i)
    done = indexes_[i].art->UndoTo(mark.indexes[i]) && done;
  settled_ = mark.settled;
  return done;
}

bool SharedArt::FinishUndo() noexcept {
  bool done = Art::FinishUndo();
  for (Index& index : indexes_) done = index.art->FinishUndo() && done;
  return done;
}

bool SharedArt::undone() const {
  bool done = Art::undone();
  for (const Index& index : indexes_) done = done && index.art->undone();
  return done;
}

void SharedArt::ForgetAfter(const Mark& mark) noexcept {
  Art::ForgetAfter(mark.rows);
  // Those that were put in the place of others since are needed by no mark.
  for (size_t i = 0; mark.replaced == replaced_.size() && i < indexes_.size(); ++i)
    indexes_[i].art->ForgetAfter(mark.indexes[i]);
}

void SharedArt::Forget(const Mark& mark) noexcept {
  Art::Forget(mark.rows);
  for (size_t i = 0; mark.replaced == replaced_.size() && i < indexes_.size(); ++i)
    indexes_[i].art->Forget(mark.indexes[i]);
}

void SharedArt::ForgetMarks() noexcept {
  Art::ForgetMarks();
  for (Index& index : indexes_) index.art->ForgetMarks();
  replaced_.clear();
}

bool SharedArt::Claim(const void* writer, const ArtSnapshot& at, const IndexSnapshots& indexes) {
  constexpr uint64_t kQuickToCopy = 4096;
  constexpr auto kPatience = std::chrono::milliseconds(20);
  ArtSnapshot sealed_at;
  {
    std::unique_lock lock(mutex_);
    const auto free = [&] {
      return !writer_ || writer_ == writer || (sealed_ && sealed_at_.Same(at));
    };
    if (!free() && (at.size() <= kQuickToCopy || !changed_.wait_for(lock, kPatience, free)))
      return false;
    writer_ = writer;
    sealed_ = false;
    std::swap(sealed_at, sealed_at_);
  }
  Restore(at);
  RestoreIndexes(indexes);
  return true;
}

void SharedArt::Seal(const void* writer, const ArtSnapshot& at) noexcept {
  const std::lock_guard lock(mutex_);
  if (writer_ != writer) return;
  sealed_ = true;
  sealed_at_ = at;
  changed_.notify_all();
}

bool SharedArt::Unseal(const void* writer) noexcept {
  ArtSnapshot sealed_at;
  const std::lock_guard lock(mutex_);
  if (writer_ != writer) return false;
  sealed_ = false;
  std::swap(sealed_at, sealed_at_);
  return true;
}

void SharedArt::Release(const void* writer) noexcept {
  ArtSnapshot sealed_at;
  const std::lock_guard lock(mutex_);
  if (writer_ != writer) return;
  ForgetMarks();
  writer_ = nullptr;
  sealed_ = false;
  std::swap(sealed_at, sealed_at_);
  changed_.notify_all();
}

}  // namespace memkv
