// Progress: how a build asks, every few ms, whether it is to stop.

#ifndef MEMKV_CORE_FST_PROGRESS_H_
#define MEMKV_CORE_FST_PROGRESS_H_

#include <algorithm>
#include <cstdint>
#include <functional>

namespace memkv::fst {

class Progress {
 public:
  using Poll = std::function<bool(uint64_t done, uint64_t total)>;
  Progress(const Poll& poll, uint64_t expected_keys) : poll_(poll), keys_(expected_keys) {}

  // The passes of a build: each key counts once in each.
  static constexpr uint64_t kPasses = 4;
  void SetKeys(uint64_t keys) { keys_ = keys; }
  void AddKeys(uint64_t n) { done_ += n; }

  // Work was done that took about this many ns. True if the build is to stop; then always so.
  bool Stop(uint64_t nanoseconds) {
    spent_ += nanoseconds;
    return spent_ < kEvery ? stopped_ : Ask();
  }
  bool stopped() const { return stopped_; }

 private:
  static constexpr uint64_t kEvery = 2'000'000;
  bool Ask() {
    spent_ = 0;
    if (!stopped_ && poll_) stopped_ = poll_(done_, std::max(done_, keys_ * kPasses));
    return stopped_;
  }

  const Poll& poll_;
  uint64_t keys_;
  uint64_t done_ = 0, spent_ = 0;
  bool stopped_ = false;
};

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_PROGRESS_H_
