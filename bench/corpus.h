// Corpus: the keys, values and queries of one benchmark run, and the right answer to every query.

#ifndef MEMKV_BENCH_CORPUS_H_
#define MEMKV_BENCH_CORPUS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"

namespace memkv::bench {

// Many keys in one run of memory. Each is followed by a NUL byte (JudySL needs one), and the last
// by 16.
class KeyList {
 public:
  void Reserve(size_t keys, size_t bytes);
  void Add(Bytes key);
  size_t size() const { return ends_.size(); }
  Bytes operator[](size_t i) const {
    const uint64_t begin = i == 0 ? 0 : ends_[i - 1] + 1;
    return {blob_.data() + begin, ends_[i] - begin};
  }
  uint64_t key_bytes() const { return blob_.size() - ends_.size(); }
  // Sorts bytewise and drops what is there twice.
  void SortUnique();

 private:
  std::string blob_;
  std::vector<uint64_t> ends_;  // where key i ends
};

struct CorpusOptions {
  std::string file;              // one key per line, plain or .zst; empty: generated
  uint64_t scale = 1'000'000;    // how many to generate
  uint64_t limit = 0;            // an even sample of that many; 0: all
  std::string values = "index";  // index: distinct, 0..n-1 in insertion order; random22, random64:
                                 // random of so many bits
  uint64_t queries = 1'000'000;  // at most
};

struct Corpus {
  std::string name;
  KeyList keys;                  // ascending, unique
  std::vector<uint64_t> values;  // of keys[i]
  std::vector<uint32_t> order;   // the order of shuffled insertion

  KeyList hits;                     // keys that are there, in random order
  std::vector<uint32_t> hit_index;  // hits[i] is keys[hit_index[i]]
  KeyList misses;                   // keys with one random byte changed, which are not there
  KeyList prefixes;                 // keys cut after a random delimiter
  std::vector<uint64_t> prefix_counts;

  bool has_nul = false;  // some key has a NUL byte

  // keys in shuffled order, and values[order[i]] beside it; made on the first call.
  const KeyList& Shuffled();
  double mean_key_bytes() const {
    return static_cast<double>(keys.key_bytes()) / static_cast<double>(keys.size());
  }

 private:
  KeyList shuffled_;
};

// The lines of a file (plain or .zst), as they come. Exits with a message if it cannot be read.
KeyList ReadLines(const std::string& file);

// Takes --keys, --scale and --limit. False: the option is another.
bool TakeOption(const std::string& option, const std::string& value, CorpusOptions* options);

// Exits with a message if there is no key.
Corpus MakeCorpus(const CorpusOptions& options);

// How many keys are below `key`. REQUIRES ascending.
size_t LowerBound(const KeyList& keys, Bytes key);

// "250k" is 250,000 and "10M" 10,000,000. Exits with a message on anything else that is not a
// number.
uint64_t ParseCount(const std::string& option, const std::string& text);

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_CORPUS_H_
