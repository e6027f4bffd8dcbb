// Art beside absl::btree_map and JudySL on a file of keys, one a line, in one process.
//
//   art_bench keys.txt [max keys] [art|absl|judy ...]
//
// Shuffled inserts with values 0..n-1, hits, misses (keys held out), an ordered scan, deletes of a
// random half and their return, sorted inserts. Every phase checks its answers.

#include <Judy.h>
#include <absl/container/btree_map.h>
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/art/art.h"

namespace {

using memkv::Art;
using memkv::Bytes;
using memkv::Entry;
using memkv::Value;

struct Random {
  uint64_t s;
  uint64_t operator()() {
    uint64_t z = s += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
};

// Processor time of this thread: other work on the machine disturbs it less.
double Now() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

size_t ResidentBytes() {
  std::ifstream f("/proc/self/statm");
  size_t total = 0, resident = 0;
  f >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

[[noreturn]] void Wrong(const char* what) {
  std::printf("WRONG: %s\n", what);
  std::exit(1);
}

struct ArtMap {
  static constexpr const char* kName = "art";
  Art art;
  void Put(Bytes k, uint64_t v) {
    if (!art.Put(k, Entry{Value::Number(v), 1}).ok()) Wrong("put");
  }
  bool Get(Bytes k, uint64_t* v) {
    Entry e;
    if (!art.Latest().Find(k, &e)) return false;
    *v = e.value.number;
    return true;
  }
  bool Erase(Bytes k) { return art.Erase(k); }
  uint64_t Scan(uint64_t* n) {
    uint64_t sum = 0;
    auto c = art.Latest().NewCursor();
    for (c.SeekFirst(); c.Valid(); c.Next(), ++*n) {
      const Bytes k = c.key();
      sum += c.entry().value.number + k.size() + static_cast<unsigned char>(k.back());
    }
    return sum;
  }
  size_t Bytes_() { return art.GetStats().total_bytes; }
  size_t size() { return art.Latest().size(); }
};

struct AbslMap {
  static constexpr const char* kName = "absl";
  absl::btree_map<std::string, uint64_t> map;
  void Put(Bytes k, uint64_t v) { map.insert_or_assign(std::string(k), v); }
  bool Get(Bytes k, uint64_t* v) {
    auto it = map.find(absl::string_view(k.data(), k.size()));
    if (it == map.end()) return false;
    *v = it->second;
    return true;
  }
  bool Erase(Bytes k) { return map.erase(absl::string_view(k.data(), k.size())) > 0; }
  uint64_t Scan(uint64_t* n) {
    uint64_t sum = 0;
    for (const auto& [k, v] : map) {
      sum += v + k.size() + static_cast<unsigned char>(k.back());
      ++*n;
    }
    return sum;
  }
  size_t Bytes_() { return 0; }
  size_t size() { return map.size(); }
};

struct JudyMap {
  static constexpr const char* kName = "judy";
  Pvoid_t judy = nullptr;
  size_t n = 0;
  ~JudyMap() {
    Word_t freed;
    JSLFA(freed, judy);
  }
  static const uint8_t* Z(Bytes k) {
    return reinterpret_cast<const uint8_t*>(k.data());
  }  // keys end with a NUL here
  void Put(Bytes k, uint64_t v) {
    auto* p = reinterpret_cast<Word_t*>(JudySLIns(&judy, Z(k), PJE0));
    if (!*p) ++n;
    *p = v + 1;
  }
  bool Get(Bytes k, uint64_t* v) {
    auto* p = reinterpret_cast<Word_t*>(JudySLGet(judy, Z(k), PJE0));
    if (!p) return false;
    *v = *p - 1;
    return true;
  }
  bool Erase(Bytes k) {
    int rc;
    JSLD(rc, judy, Z(k));
    n -= rc;
    return rc;
  }
  uint64_t Scan(uint64_t* count) {
    static uint8_t key[1 << 20];
    key[0] = 0;
    uint64_t sum = 0;
    auto* p = reinterpret_cast<Word_t*>(JudySLFirst(judy, key, PJE0));
    while (p) {
      const size_t len = std::strlen(reinterpret_cast<char*>(key));
      sum += *p - 1 + len + key[len - 1];
      ++*count;
      p = reinterpret_cast<Word_t*>(JudySLNext(judy, key, PJE0));
    }
    return sum;
  }
  size_t Bytes_() { return 0; }
  size_t size() { return n; }
};

struct Keys {
  std::string text;                    // every key, NUL-terminated
  std::vector<std::string_view> keys;  // shuffled
  std::vector<std::string_view> held;  // not inserted
  std::vector<std::string_view> sorted;
  uint64_t sum = 0;
};

template <class Map>
void Run(const Keys& keys, bool random_values) {
  const size_t n = keys.keys.size();
  malloc_trim(0);
  const size_t rss = ResidentBytes();
  auto* map = new Map;
  auto rate = [&](const char* what, double t, size_t ops) {
    std::printf("%-5s %-18s %7.3f M/s  %7.1f ns\n", Map::kName, what,
                static_cast<double>(ops) / t / 1e6, t * 1e9 / static_cast<double>(ops));
    std::fflush(stdout);
  };
  auto memory = [&](const char* what) {
    std::printf("%-5s %-18s %7.2f B/key by RSS  %7.2f own count\n", Map::kName, what,
                static_cast<double>(ResidentBytes() - rss) / static_cast<double>(map->size()),
                static_cast<double>(map->Bytes_()) / static_cast<double>(map->size()));
  };
  auto value = [&](size_t i) { return random_values ? Random{i}() : i; };
  double t = Now();
  for (size_t i = 0; i < n; ++i) map->Put(keys.keys[i], value(i));
  rate("insert shuffled", Now() - t, n);
  if (map->size() != n) Wrong("size");
  memory("memory");
  std::vector<uint32_t> order(n);
  Random random{42};
  for (size_t i = 0; i < n; ++i) order[i] = static_cast<uint32_t>(i);
  for (size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  const size_t probes = std::min<size_t>(n, 1000000);
  t = Now();
  for (size_t i = 0; i < probes; ++i) {
    uint64_t v;
    if (!map->Get(keys.keys[order[i]], &v) || v != value(order[i])) Wrong("hit");
  }
  rate("hit", Now() - t, probes);
  t = Now();
  for (std::string_view k : keys.held) {
    uint64_t v;
    if (map->Get(k, &v)) Wrong("miss");
  }
  rate("miss", Now() - t, keys.held.size());
  if constexpr (std::is_same_v<Map, ArtMap>) {
    std::vector<Bytes> batch(16);
    std::vector<Entry> entries(16);
    bool found[16];
    t = Now();
    for (size_t i = 0; i + 16 <= probes; i += 16) {
      for (size_t j = 0; j < 16; ++j) batch[j] = keys.keys[order[i + j]];
      map->art.Latest().FindMany(batch.data(), 16, found, entries.data());
      for (size_t j = 0; j < 16; ++j) {
        if (!found[j] || entries[j].value.number != value(order[i + j])) Wrong("hit of 16");
      }
    }
    rate("hit, 16 at once", Now() - t, probes);
    uint64_t ranks = 0;
    t = Now();
    for (size_t i = 0; i < probes / 4; ++i) ranks += map->art.Latest().Rank(keys.keys[order[i]]);
    rate("rank", Now() - t, probes / 4);
    auto c = map->art.Latest().NewCursor();
    t = Now();
    for (size_t i = 0; i < probes / 4; ++i) c.SeekRank(order[i]);
    rate("select", Now() - t, probes / 4);
    uint64_t steps = 0;
    t = Now();
    for (c.SeekFirst(); c.Valid(); c.Next()) ++steps;
    rate("steps, no keys", Now() - t, steps);
    if (steps != n || ranks == 0) Wrong("steps");
    const size_t txns = std::min<size_t>(n, 200000);
    t = Now();
    for (size_t i = 0; i < txns; ++i) map->Put(keys.keys[order[i]], value(order[i]));
    rate("overwrite", Now() - t, txns);
    t = Now();
    for (size_t i = 0; i < txns; ++i) {
      auto s = map->art.TakeSnapshot();
      map->Put(keys.keys[order[i]], value(order[i]));
    }
    rate("overwrite in txns", Now() - t, txns);
  }
  uint64_t count = 0;
  t = Now();
  const uint64_t sum = map->Scan(&count);
  rate("scan", Now() - t, n);
  if (count != n || (!random_values && sum != keys.sum)) Wrong("scan");
  for (int round = 0; round < 4; ++round) {
    const size_t half = n / 2;
    for (size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
    t = Now();
    for (size_t i = 0; i < half; ++i) {
      if (!map->Erase(keys.keys[order[i]])) Wrong("erase");
    }
    if (round == 0) rate("delete a half", Now() - t, half);
    if (round == 0) memory("after deleting");
    t = Now();
    for (size_t i = 0; i < half; ++i) map->Put(keys.keys[order[i]], value(order[i]));
    if (round == 0) rate("insert it again", Now() - t, half);
    if (!std::is_same_v<Map, ArtMap>) break;
  }
  memory("after churn");
  if constexpr (std::is_same_v<Map, ArtMap>) {
    const auto s = map->art.GetStats();
    std::printf("art   leaves %lu (%.1f keys) nodes %lu %lu %lu %lu %lu height %lu\n", s.leaves,
                static_cast<double>(s.entries) / static_cast<double>(s.leaves), s.node4, s.node8,
                s.node16, s.node48, s.node256, s.height);
    const auto per = [&](uint64_t b) {
      return static_cast<double>(b) / static_cast<double>(s.entries);
    };
    std::printf(
        "art   B/key: leaves %.2f directory %.2f descriptors %.2f books %.2f slack %.2f\n",
        per(s.leaf_bytes), per(s.directory_bytes), per(s.descriptor_bytes), per(s.book_bytes),
        per(s.slack_bytes));
    t = Now();
    if (auto v = map->art.Verify(); !v.ok()) Wrong(v.message().c_str());
    rate("verify", Now() - t, n);
    auto keys_sorted = keys.sorted;
    t = Now();
    const uint64_t gone = map->art.EraseRange(keys_sorted[n / 4], keys_sorted[3 * (n / 4)]);
    std::printf("art   erase range of %lu: %.2f ms\n", gone, (Now() - t) * 1e3);
    memory("after that");
    t = Now();
    map->art.Clear();
    std::printf("art   clear: %.2f ms\n", (Now() - t) * 1e3);
  }
  delete map;
  map = new Map;
  t = Now();
  for (size_t i = 0; i < n; ++i) map->Put(keys.sorted[i], i);
  rate("insert sorted", Now() - t, n);
  memory("memory sorted");
  delete map;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::puts("art_bench keys.txt [max keys] [art|absl|judy|random ...]"), 1;
  const size_t max = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : SIZE_MAX;
  Keys keys;
  {
    std::ifstream f(argv[1], std::ios::binary);
    keys.text.assign(std::istreambuf_iterator<char>(f), {});
  }
  std::vector<std::string_view> all;
  for (size_t at = 0; at < keys.text.size();) {
    size_t end = keys.text.find('\n', at);
    if (end == std::string::npos) end = keys.text.size();
    if (end > at) all.push_back({keys.text.data() + at, end - at});
    if (end < keys.text.size()) keys.text[end] = 0;
    at = end + 1;
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  Random random{1};
  for (size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[random() % i]);
  if (all.size() > max) all.resize(max);
  const size_t held = all.size() / 20;
  keys.held.assign(all.end() - static_cast<long>(held), all.end());
  all.resize(all.size() - held);
  keys.keys = keys.sorted = all;
  std::sort(keys.sorted.begin(), keys.sorted.end());
  for (size_t i = 0; i < all.size(); ++i)
    keys.sum += i + all[i].size() + static_cast<unsigned char>(all[i].back());
  auto want = [&](const char* name) {
    bool any = false;
    for (int i = 3; i < argc; ++i) {
      if (!std::strcmp(argv[i], name)) return true;
      any |= std::strcmp(argv[i], "random") != 0;
    }
    return !any;
  };
  bool random_values = false;
  for (int i = 3; i < argc; ++i) random_values |= !std::strcmp(argv[i], "random");
  std::printf("%zu keys\n", all.size());
  if (want("absl")) Run<AbslMap>(keys, random_values);
  if (want("judy")) Run<JudyMap>(keys, random_values);
  if (want("art")) Run<ArtMap>(keys, random_values);
}
