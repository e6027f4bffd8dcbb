#include "core/store/shared_art.h"

#include <chrono>
#include <utility>

namespace memkv {

SharedArt::SharedArt(Options options, std::span<const IndexDef> indexes) : Art(options) {
  indexes_.reserve(indexes.size());
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
  for (size_t i = 0; indexes && i < indexes_.size(); ++i)
    indexes_[i].art->Restore((*indexes)[i].delta);
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
  writer_ = nullptr;
  sealed_ = false;
  std::swap(sealed_at, sealed_at_);
  changed_.notify_all();
}

}  // namespace memkv
