// Pace: when long work asks whether it is to stop. It counts the bytes that the work goes through
// and not its rows alone, since a row may be of any length.

#ifndef MEMKV_CORE_PACE_H_
#define MEMKV_CORE_PACE_H_

#include <cstddef>
#include <cstdint>

namespace memkv {

class Pace {
 public:
  // One more item of that many bytes was gone through: whether it is time to ask. That is every
  // 0.1 ms or so, so whoever is asked should look at the clock before doing anything dear.
  bool Due(size_t bytes) {
    left_ -= static_cast<int64_t>(kItemBytes + bytes);
    if (left_ > 0) [[likely]]
      return false;
    left_ = kBytes;
    return true;
  }

 private:
  static constexpr int64_t kBytes = int64_t{1} << 17;
  // What an item costs whatever its length, as bytes.
  static constexpr size_t kItemBytes = 64;

  int64_t left_ = kBytes;
};

}  // namespace memkv

#endif  // MEMKV_CORE_PACE_H_
