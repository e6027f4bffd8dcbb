// Scratch: short-lived bytes of one write, given out until Reset.

#ifndef MEMKV_CORE_ART_SCRATCH_H_
#define MEMKV_CORE_ART_SCRATCH_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/alloc.h"

namespace memkv::art {

class Scratch {
 public:
  Scratch() = default;
  ~Scratch() {
    for (const Chunk& c : chunks_) Free(c.p, c.bytes);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // Stable until Reset. Throws std::bad_alloc.
  uint8_t* Take(size_t n) {
    if (chunks_.empty() || n > chunks_.back().bytes - used_) {
      chunks_.reserve(chunks_.size() + 1);
      const size_t bytes =
          std::max<size_t>({n, size_t{4096}, chunks_.empty() ? 0 : 2 * chunks_.back().bytes});
      chunks_.push_back({static_cast<uint8_t*>(Allocate(bytes)), bytes});
      used_ = 0;
    }
    uint8_t* p = chunks_.back().p + used_;
    used_ += n;
    return p;
  }
  // Keeps the largest chunk unless it is very large.
  void Reset() noexcept {
    while (chunks_.size() > 1) {
      Free(chunks_.front().p, chunks_.front().bytes);
      chunks_.erase(chunks_.begin());
    }
    if (!chunks_.empty() && chunks_.back().bytes > kKeep) {
      Free(chunks_.back().p, chunks_.back().bytes);
      chunks_.pop_back();
    }
    used_ = 0;
  }
  size_t bytes() const { return chunks_.empty() ? 0 : chunks_.back().bytes; }

 private:
  static constexpr size_t kKeep = 64 << 10;
  struct Chunk {
    uint8_t* p;
    size_t bytes;
  };
  std::vector<Chunk, Allocator<Chunk>> chunks_;
  size_t used_ = 0;
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_SCRATCH_H_
