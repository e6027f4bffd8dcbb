// Allocate / Free: the one way core's structures get memory, so that a test can make any allocation
// fail and every byte is counted.

#ifndef MEMKV_CORE_ALLOC_H_
#define MEMKV_CORE_ALLOC_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace memkv {

// Asked before every allocation when set; false makes it fail. For tests.
inline std::atomic<bool (*)(size_t bytes)> allocation_hook{nullptr};

// Bytes handed out by Allocate and not freed yet, over the whole process.
inline std::atomic<int64_t> allocated_bytes{0};

// From here on memory comes from the operating system by itself, so that it goes back whenever it
// is freed.
inline constexpr size_t kOwnPages = 256 << 10;

// Throws std::bad_alloc. Aligned for any scalar.
inline void* Allocate(size_t bytes) {
  if (auto* hook = allocation_hook.load(std::memory_order_relaxed); hook && !hook(bytes)) {
    throw std::bad_alloc();
  }
  void* p;
#if defined(__linux__)
  if (bytes >= kOwnPages) {
    p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | (bytes == kOwnPages ? MAP_POPULATE : 0), -1, 0);
    if (p == MAP_FAILED) p = nullptr;
  } else {
    p = std::malloc(bytes ? bytes : 1);
  }
#else
  p = std::malloc(bytes ? bytes : 1);
#endif
  if (!p) throw std::bad_alloc();
  allocated_bytes.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed);
  return p;
}

// `bytes` as it was asked for.
inline void Free(void* p, size_t bytes) noexcept {
  if (!p) return;
  allocated_bytes.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_relaxed);
#if defined(__linux__)
  if (bytes >= kOwnPages) {
    munmap(p, bytes);
    return;
  }
#endif
  std::free(p);
}

// The same for standard containers.
template <class T>
struct Allocator {
  using value_type = T;
  Allocator() = default;
  template <class U>
  Allocator(const Allocator<U>&) {}  // NOLINT: containers convert
  T* allocate(size_t n) { return static_cast<T*>(Allocate(n * sizeof(T))); }
  void deallocate(T* p, size_t n) noexcept { Free(p, n * sizeof(T)); }
  template <class U>
  friend bool operator==(const Allocator&, const Allocator<U>&) {
    return true;
  }
};

}  // namespace memkv

#endif  // MEMKV_CORE_ALLOC_H_
