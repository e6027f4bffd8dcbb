// What is measured of a structure. A structure is a small class that offers some of these; what it
// offers is measured:
//
//   static constexpr const char* kName;
//   static constexpr Answer kAnswer;      what Find answers
//   static constexpr bool kOrdered;       Scan goes in key order
//
//   void Insert(Bytes key, uint64_t value);          a mutable one has these two, a frozen one
//   bool Erase(Bytes key);                           void Build(const Corpus&)
//   bool Find(Bytes key, uint64_t* answer);
//   void FindMany(const Bytes* keys, size_t n, bool* found, uint64_t* answers);
//   void Scan(F f);                                  f(key, value) for each
//   void ScanValues(F f);                            f(value) for each, keys not looked at
//   void ScanFrom(Bytes key, size_t n, F f);         f(key, value) for the first n at or after key
//   uint64_t CountPrefix(Bytes prefix);
//   uint64_t Rank(Bytes key);
//   void Select(uint64_t rank, std::string* key);
//   uint64_t OwnBytes();                             its own count of what it holds
//   uint64_t ImageBytes();                           size of its file
//   void Save(const std::string& file); void Open(const std::string& file);
//
// Keys that are handed in are followed by a NUL byte.

#ifndef MEMKV_BENCH_RUN_H_
#define MEMKV_BENCH_RUN_H_

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bench/corpus.h"
#include "bench/measure.h"
#include "bench/random.h"
#include "core/status.h"

namespace memkv::bench {

// Ends the process if `status` is a failure.
inline void Must(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "bench: %s\n", status.message().c_str());
  std::exit(1);
}

enum class Answer { kPresence, kRank, kValue };

struct RunOptions {
  bool churn = false;        // four rounds of erasing and inserting again a random half
  std::string scratch_file;  // may be overwritten; removed afterwards
};

// Writes the figures of one structure as lines of TSV.
class Sink {
 public:
  Sink(std::FILE* out, const char* row) : out_(out), row_(row) {}
  void Figure(const char* metric, double value) {
    std::fprintf(out_, "%s\t%s\t%.9g\n", row_, metric, value);
  }
  void Check(bool ok, const char* what) {
    if (!ok && failure_.empty()) failure_ = std::string("wrong: ") + what;
  }
  void Finish() {
    std::fprintf(out_, "%s\tcheck\t%s\n", row_, failure_.empty() ? "ok" : failure_.c_str());
  }

 private:
  std::FILE* out_;
  const char* row_;
  std::string failure_;
};

// A checksum of keys, and their values, in order; it looks at both ends of each key.
class ScanSum {
 public:
  void Add(Bytes key, uint64_t value) {
    const uint64_t ends =
        key.empty() ? 0
                    : static_cast<uint8_t>(key.front()) + 256u * static_cast<uint8_t>(key.back());
    const uint64_t item = ends + (static_cast<uint64_t>(key.size()) << 16) + value;
    plain_ += item;
    ordered_ = ordered_ * 3 + item;
  }
  bool Same(const ScanSum& other, bool ordered) const {
    return plain_ == other.plain_ && (!ordered || ordered_ == other.ordered_);
  }

 private:
  uint64_t plain_ = 0, ordered_ = 0;
};

template <class S>
uint64_t RightAnswer(const Corpus& c, size_t i) {
  if constexpr (S::kAnswer == Answer::kValue) return c.values[i];
  if constexpr (S::kAnswer == Answer::kRank) return i;
  return 0;
}

template <class S>
uint64_t ScannedValue(const Corpus& c, size_t i) {
  return S::kAnswer == Answer::kValue ? c.values[i] : 0;
}

struct NoKeyValue {
  void operator()(Bytes, uint64_t) const {}
};
struct NoValue {
  void operator()(uint64_t) const {}
};

template <class S>
void MeasureReads(S& s, const Corpus& c, Sink* sink) {
  const size_t n = c.keys.size();
  const auto per_key = [n](double x) { return x / static_cast<double>(n); };
  {
    uint64_t found = 0, sum = 0, right = 0;
    const Timing t = TimeAll(c.hits.size(), [&](size_t q) {
      uint64_t answer = 0;
      found += s.Find(c.hits[q], &answer);
      sum += answer;
    });
    for (uint32_t i : c.hit_index) right += RightAnswer<S>(c, i);
    sink->Figure("hit", t.ns_per_op());
    sink->Check(found == c.hits.size() && sum == right, "hit");
  }
  if constexpr (requires(Bytes * k, bool* f, uint64_t* a) { s.FindMany(k, 16, f, a); }) {
    uint64_t found = 0, sum = 0, right = 0;
    const size_t batches = c.hits.size() / 16;
    const Timing t = TimeAll(batches, [&](size_t b) {
      Bytes keys[16];
      bool hit[16];
      uint64_t answers[16];
      for (size_t i = 0; i < 16; ++i) keys[i] = c.hits[b * 16 + i];
      s.FindMany(keys, 16, hit, answers);
      for (size_t i = 0; i < 16; ++i) found += hit[i], sum += answers[i];
    });
    for (size_t q = 0; q < batches * 16; ++q) right += RightAnswer<S>(c, c.hit_index[q]);
    sink->Figure("hit16", t.ns_per_op() / 16);
    sink->Check(found == batches * 16 && sum == right, "hit16");
  }
  {
    uint64_t found = 0;
    const Timing t = TimeAll(c.misses.size(), [&](size_t q) {
      uint64_t answer;
      found += s.Find(c.misses[q], &answer);
    });
    sink->Figure("miss", t.ns_per_op());
    sink->Check(found == 0, "miss");
  }
  if constexpr (requires { s.ScanFrom(Bytes(), size_t{1}, NoKeyValue{}); }) {
    ScanSum sum, right;
    const Timing t = TimeSome(std::min<size_t>(c.hits.size(), 100'000), 3, [&](size_t q) {
      s.ScanFrom(c.hits[q], 100, [&](Bytes key, uint64_t value) { sum.Add(key, value); });
    });
    for (size_t q = 0; q < t.done; ++q) {
      for (size_t i = c.hit_index[q]; i < std::min<size_t>(n, c.hit_index[q] + size_t{100}); ++i) {
        right.Add(c.keys[i], ScannedValue<S>(c, i));
      }
    }
    sink->Figure("range100", t.ns_per_op());
    sink->Check(sum.Same(right, true), "range100");
  }
  if constexpr (requires { s.CountPrefix(Bytes()); }) {
    uint64_t sum = 0, right = 0;
    const Timing t =
        TimeSome(c.prefixes.size(), 1, [&](size_t q) { sum += s.CountPrefix(c.prefixes[q]); });
    for (size_t q = 0; q < t.done; ++q) right += c.prefix_counts[q];
    sink->Figure("prefix", t.ns_per_op());
    sink->Check(sum == right, "prefix");
  }
  if constexpr (requires { s.Rank(Bytes()); }) {
    uint64_t sum = 0, right = 0;
    const Timing t = TimeAll(std::min<size_t>(c.hits.size(), 200'000),
                             [&](size_t q) { sum += s.Rank(c.hits[q]) * (q + 1); });
    for (size_t q = 0; q < t.done; ++q) right += c.hit_index[q] * (q + 1);
    sink->Figure("rank", t.ns_per_op());
    sink->Check(sum == right, "rank");
  }
  if constexpr (requires(std::string * key) { s.Select(uint64_t{0}, key); }) {
    ScanSum sum, right;
    std::string key;
    const Timing t = TimeAll(std::min<size_t>(c.hits.size(), 200'000), [&](size_t q) {
      s.Select(c.hit_index[q], &key);
      sum.Add(key, 0);
    });
    for (size_t q = 0; q < t.done; ++q) right.Add(c.hits[q], 0);
    sink->Figure("select", t.ns_per_op());
    sink->Check(sum.Same(right, true), "select");
  }
  if constexpr (requires { s.Scan(NoKeyValue{}); }) {
    ScanSum sum, right;
    const double begin = Seconds();
    s.Scan([&](Bytes key, uint64_t value) { sum.Add(key, value); });
    sink->Figure("scan", per_key((Seconds() - begin) * 1e9));
    for (size_t i = 0; i < n; ++i) right.Add(c.keys[i], ScannedValue<S>(c, i));
    sink->Check(sum.Same(right, S::kOrdered), "scan");
  }
  if constexpr (requires { s.ScanValues(NoValue{}); }) {
    uint64_t sum = 0, right = 0;
    const double begin = Seconds();
    s.ScanValues([&](uint64_t value) { sum += value; });
    sink->Figure("scan_values", per_key((Seconds() - begin) * 1e9));
    for (size_t i = 0; i < n; ++i) right += ScannedValue<S>(c, i);
    sink->Check(sum == right, "scan of values");
  }
}

// Memory at one moment, against another.
class MemoryMark {
 public:
  MemoryMark() {
    malloc_trim(0);
    resident_ = ResidentBytes();
    malloc_ = MallocBytes();
  }
  template <class S>
  void Measure(S& s, size_t n, const char* resident_metric, Sink* sink) const {
    malloc_trim(0);
    const auto per_key = [n](uint64_t now, uint64_t then) {
      return (static_cast<double>(now) - static_cast<double>(then)) / static_cast<double>(n);
    };
    sink->Figure(resident_metric, per_key(ResidentBytes(), resident_));
    if (std::string(resident_metric) != "rss") return;
    sink->Figure("malloc", per_key(MallocBytes(), malloc_));
    if constexpr (requires { s.OwnBytes(); }) sink->Figure("own", per_key(s.OwnBytes(), 0));
    if constexpr (requires { s.ImageBytes(); }) sink->Figure("image", per_key(s.ImageBytes(), 0));
  }

 private:
  uint64_t resident_, malloc_;
};

template <class S>
void MeasureMutable(Corpus& c, const RunOptions& options, Sink* sink) {
  const size_t n = c.keys.size();
  const KeyList& shuffled = c.Shuffled();
  std::vector<uint64_t> values(n);
  for (size_t i = 0; i < n; ++i) values[i] = c.values[c.order[i]];

  const MemoryMark before;
  auto s = std::make_unique<S>();
  Timing t = TimeAll(n, [&](size_t i) { s->Insert(shuffled[i], values[i]); });
  sink->Figure("insert", t.ns_per_op());
  before.Measure(*s, n, "rss", sink);

  MeasureReads(*s, c, sink);

  uint64_t erased = 0;
  t = TimeAll(n / 2, [&](size_t i) { erased += s->Erase(shuffled[i]); });
  sink->Figure("erase", t.ns_per_op());
  uint64_t left = 0, answer;
  for (size_t i = 0; i < n; i += 97) left += s->Find(shuffled[i], &answer);
  sink->Check(erased == n / 2 && left == (n - 1) / 97 - (n / 2 - 1) / 97, "erase");

  if (options.churn) {
    for (size_t i = 0; i < n / 2; ++i) s->Insert(shuffled[i], values[i]);
    for (uint64_t round = 0; round < 4; ++round) {
      const std::vector<uint32_t> order = Permutation(n, 100 + round);
      for (size_t i = 0; i < n / 2; ++i) s->Erase(shuffled[order[i]]);
      for (size_t i = 0; i < n / 2; ++i) s->Insert(shuffled[order[i]], values[order[i]]);
    }
    before.Measure(*s, n, "churned", sink);
    uint64_t found = 0, sum = 0, right = 0;
    for (size_t i = 0; i < n; ++i) {
      answer = 0;
      found += s->Find(shuffled[i], &answer);
      sum += answer;
      right += values[i];
    }
    sink->Check(found == n && sum == right, "churn");
  }
}

// In a fresh process, so that what was erased before leaves no holes to fill.
template <class S>
void MeasureSortedInsert(Corpus& c, const RunOptions&, Sink* sink) {
  S s;
  const size_t n = c.keys.size();
  const MemoryMark before;
  const Timing t = TimeAll(n, [&](size_t i) { s.Insert(c.keys[i], c.values[i]); });
  sink->Figure("insert_sorted", t.ns_per_op());
  before.Measure(s, n, "rss_sorted", sink);
  uint64_t found = 0, answer;
  for (size_t i = 0; i < n; i += 97) found += s.Find(c.keys[i], &answer);
  sink->Check(found == (n - 1) / 97 + 1, "sorted insertion");
}

template <class S>
void MeasureFrozen(Corpus& c, const RunOptions& options, Sink* sink) {
  const size_t n = c.keys.size();
  const MemoryMark before;
  const uint64_t resident = ResidentBytes();
  S s;
  const double begin = Seconds();
  s.Build(c);
  sink->Figure("build", (Seconds() - begin) * 1e9 / static_cast<double>(n));
  // The high-water mark of a forked process begins at its size when it was forked.
  const uint64_t peak = StatusBytes("VmHWM");
  const uint64_t files = StatusBytes("RssFile") + StatusBytes("RssShmem");
  if (peak > resident + files) {
    sink->Figure("build_peak",
                 static_cast<double>(peak - resident - files) / static_cast<double>(n));
  }
  before.Measure(s, n, "rss", sink);
  MeasureReads(s, c, sink);
  if constexpr (requires { s.Save(options.scratch_file); }) {
    s.Save(options.scratch_file);
    S again;
    const double open = Seconds();
    again.Open(options.scratch_file);
    sink->Figure("reopen", (Seconds() - open) * 1e3);
    uint64_t found = 0, answer;
    for (size_t i = 0; i < n; i += 97) found += again.Find(c.keys[i], &answer);
    sink->Check(found == (n - 1) / 97 + 1, "reopen");
    unlink(options.scratch_file.c_str());
  }
}

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_RUN_H_
