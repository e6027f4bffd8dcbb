// Clock, memory and the loop that every figure comes from.

#ifndef MEMKV_BENCH_MEASURE_H_
#define MEMKV_BENCH_MEASURE_H_

#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace memkv::bench {

inline double ClockSeconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}
// Time is the CPU time of the process, all its threads together: other work on the machine disturbs
// it least.
inline double Seconds() { return ClockSeconds(CLOCK_PROCESS_CPUTIME_ID); }
// Cheap to ask.
inline double WallSeconds() { return ClockSeconds(CLOCK_MONOTONIC); }

// A line such as "RssAnon:  1234 kB" of /proc/self/status, in bytes; 0 if there is none.
inline uint64_t StatusBytes(const char* field) {
  uint64_t bytes = 0;
  if (std::FILE* in = std::fopen("/proc/self/status", "r")) {
    const size_t n = std::strlen(field);
    for (char line[256]; std::fgets(line, sizeof line, in) != nullptr;) {
      if (std::strncmp(line, field, n) == 0)
        bytes = std::strtoull(line + n + 1, nullptr, 10) * 1024;
    }
    std::fclose(in);
  }
  return bytes;
}

// Anonymous memory of this process that is resident: heap and mappings, without code and files.
inline uint64_t ResidentBytes() { return StatusBytes("RssAnon"); }

// What malloc has handed out and not taken back, its headers included.
inline uint64_t MallocBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// REQUIRES one figure at least.
inline double Median(std::vector<double> figures) {
  std::sort(figures.begin(), figures.end());
  return figures[figures.size() / 2];
}

struct Timing {
  size_t done = 0;
  double seconds = 0;
  double ns_per_op() const { return done == 0 ? 0 : seconds * 1e9 / static_cast<double>(done); }
};

// Runs f(0), f(1), … f(n - 1).
template <class F>
Timing TimeAll(size_t n, F&& f) {
  const double begin = Seconds();
  for (size_t i = 0; i < n; ++i) f(i);
  return {n, Seconds() - begin};
}

// The same, but stops once `limit` seconds of the clock are over: for operations that some
// structures can only do by visiting much.
template <class F>
Timing TimeSome(size_t n, double limit, F&& f) {
  const double begin = Seconds(), wall_begin = WallSeconds();
  size_t i = 0;
  while (i < n) {
    const size_t stop = i + 8 < n ? i + 8 : n;
    for (; i < stop; ++i) f(i);
    if (WallSeconds() - wall_begin > limit) break;
  }
  return {i, Seconds() - begin};
}

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_MEASURE_H_
