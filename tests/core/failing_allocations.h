// Core's allocations, failing from the n-th on.

#ifndef MEMKV_TESTS_CORE_FAILING_ALLOCATIONS_H_
#define MEMKV_TESTS_CORE_FAILING_ALLOCATIONS_H_

#include <atomic>
#include <cstdint>

#include "core/alloc.h"

namespace memkv::test {

// Fails allocation n (from 0) and all after it while it lives.
class FailFrom {
 public:
  explicit FailFrom(int64_t n) {
    left_ = n;
    allocation_hook = &CountDown;
  }
  ~FailFrom() { allocation_hook = nullptr; }
  FailFrom(const FailFrom&) = delete;
  FailFrom& operator=(const FailFrom&) = delete;

 private:
  static bool CountDown(size_t) { return left_.fetch_sub(1) > 0; }
  inline static std::atomic<int64_t> left_{0};
};

}  // namespace memkv::test

#endif  // MEMKV_TESTS_CORE_FAILING_ALLOCATIONS_H_
