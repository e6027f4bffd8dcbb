#include "core/store/shared_art.h"

#include <chrono>
#include <utility>

namespace memkv {

SharedArt::SharedArt(Options options, std::span<const uint32_t> order_columns) : Art(options) {
  orders_.reserve(order_columns.size());
  for (const uint32_t column : order_columns)
    orders_.push_back({column, std::make_unique<Art>(options)});
}

OrderSnapshots SharedArt::TakeOrders() {
  if (orders_.empty() || !settled_) return nullptr;
  if (taken_) return taken_;
  auto taken = std::make_shared<std::vector<OrderSnapshot>>();
  taken->reserve(orders_.size());
  for (const Order& order : orders_) taken->push_back({order.column, order.art->TakeSnapshot()});
  taken_ = taken;
  return taken_;
}

void SharedArt::RestoreOrders(const OrderSnapshots& orders) noexcept {
  settled_ = orders_.empty() || orders;
  taken_ = orders;
  for (size_t i = 0; orders && i < orders_.size(); ++i) orders_[i].art->Restore((*orders)[i].delta);
}

bool SharedArt::Claim(const void* writer, const ArtSnapshot& at, const OrderSnapshots& orders) {
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
  RestoreOrders(orders);
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
