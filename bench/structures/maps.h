// std::map and absl::btree_map, keyed by std::string.

#ifndef MEMKV_BENCH_STRUCTURES_MAPS_H_
#define MEMKV_BENCH_STRUCTURES_MAPS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "bench/run.h"

#ifdef MEMKV_BENCH_ABSL
#include <absl/container/btree_map.h>
#endif

namespace memkv::bench {

template <class M>
class MapAdapter {
 public:
  static constexpr Answer kAnswer = Answer::kValue;
  static constexpr bool kOrdered = true;

  void Insert(Bytes key, uint64_t value) { map_[std::string(key)] = value; }
  bool Erase(Bytes key) {
    const auto at = map_.find(key);
    if (at == map_.end()) return false;
    map_.erase(at);
    return true;
  }
  bool Find(Bytes key, uint64_t* value) const {
    const auto at = map_.find(key);
    if (at == map_.end()) return false;
    *value = at->second;
    return true;
  }
  template <class F>
  void Scan(F f) const {
    for (const auto& [key, value] : map_) f(key, value);
  }
  template <class F>
  void ScanValues(F f) const {
    for (const auto& entry : map_) f(entry.second);
  }
  template <class F>
  void ScanFrom(Bytes from, size_t n, F f) const {
    for (auto at = map_.lower_bound(from); n > 0 && at != map_.end(); ++at, --n)
      f(at->first, at->second);
  }
  uint64_t CountPrefix(Bytes prefix) const {
    uint64_t count = 0;
    for (auto at = map_.lower_bound(prefix); at != map_.end() && at->first.starts_with(prefix);
         ++at)
      ++count;
    return count;
  }

 private:
  M map_;
};

class StdMap : public MapAdapter<std::map<std::string, uint64_t, std::less<>>> {
 public:
  static constexpr const char* kName = "std::map";
};

#ifdef MEMKV_BENCH_ABSL
class AbslBtreeMap : public MapAdapter<absl::btree_map<std::string, uint64_t, std::less<>>> {
 public:
  static constexpr const char* kName = "absl::btree_map";
};
#endif

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_STRUCTURES_MAPS_H_
