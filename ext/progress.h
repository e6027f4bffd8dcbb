// Progress: how far a long command on a table is, for memkv_stats on another thread or in between
// two polls.

#ifndef MEMKV_EXT_PROGRESS_H_
#define MEMKV_EXT_PROGRESS_H_

#include <atomic>
#include <cstdint>

namespace memkv::sql {

class Progress {
 public:
  void Set(uint64_t done, uint64_t total) {
    done_.store(done, std::memory_order_relaxed);
    total_.store(total, std::memory_order_relaxed);
  }

  const char* phase() const {
    return phase_.load(std::memory_order_relaxed);
  }  // a literal; "idle" while nothing goes on
  uint64_t done() const {
    return done_.load(std::memory_order_relaxed);
  }  // freeze: keys; import: bytes of the file
  uint64_t total() const { return total_.load(std::memory_order_relaxed); }

  // A phase from its beginning to the end of the scope.
  class Scope {
   public:
    Scope(Progress& progress, const char* phase) : progress_(progress) {
      progress_.Set(0, 0);
      progress_.phase_.store(phase, std::memory_order_relaxed);
    }
    ~Scope() {
      progress_.phase_.store("idle", std::memory_order_relaxed);
      progress_.Set(0, 0);
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Progress& progress_;
  };

 private:
  std::atomic<const char*> phase_{"idle"};
  std::atomic<uint64_t> done_{0}, total_{0};
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_PROGRESS_H_
