// marisa-trie as it comes, and at its smallest.

#ifndef MEMKV_BENCH_STRUCTURES_MARISA_H_
#define MEMKV_BENCH_STRUCTURES_MARISA_H_

#ifdef MEMKV_BENCH_MARISA
#include <marisa.h>

#include <string>

#include "bench/run.h"

namespace memkv::bench {

template <int kConfig>
class Marisa {
 public:
  static constexpr Answer kAnswer = Answer::kPresence;
  static constexpr bool kOrdered = false;  // nodes lie by weight, which makes lookups faster

  void Build(const Corpus& c) {
    marisa::Keyset keys;
    for (size_t i = 0; i < c.keys.size(); ++i) keys.push_back(c.keys[i].data(), c.keys[i].size());
    trie_.build(keys, kConfig);
  }
  bool Find(Bytes key, uint64_t* answer) {
    *answer = 0;
    agent_.set_query(key.data(), key.size());
    return trie_.lookup(agent_);
  }
  uint64_t CountPrefix(Bytes prefix) const {
    marisa::Agent agent;
    agent.set_query(prefix.data(), prefix.size());
    uint64_t count = 0;
    while (trie_.predictive_search(agent)) ++count;
    return count;
  }
  template <class F>
  void Scan(F f) const {
    marisa::Agent agent;
    agent.set_query("", 0);
    while (trie_.predictive_search(agent)) f(Bytes(agent.key().ptr(), agent.key().length()), 0);
  }
  uint64_t OwnBytes() const { return trie_.total_size(); }
  uint64_t ImageBytes() const { return trie_.io_size(); }
  void Save(const std::string& file) const { trie_.save(file.c_str()); }
  void Open(const std::string& file) { trie_.mmap(file.c_str()); }

 private:
  marisa::Trie trie_;
  marisa::Agent agent_;
};

class MarisaDefault : public Marisa<0> {
 public:
  static constexpr const char* kName = "marisa default";
};
class MarisaSmallest : public Marisa<int{MARISA_MAX_NUM_TRIES} | int{MARISA_TINY_CACHE}> {
 public:
  static constexpr const char* kName = "marisa smallest";
};

}  // namespace memkv::bench
#endif

#endif  // MEMKV_BENCH_STRUCTURES_MARISA_H_
