// UrlGenerator: URL-like keys that look like a crawl, for machines without a key file and for sizes
// that no file has.
//
// Ascending, unique, and the same on every machine. Hosts have Zipf-like sizes; each host has a
// style of paths of its own (sections and slugs, dated articles, numbered nodes, query strings,
// files). Words are made of syllables, with common ones and rare ones. Only one host's paths are in
// memory at a time.

#ifndef MEMKV_BENCH_KEYGEN_H_
#define MEMKV_BENCH_KEYGEN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/random.h"
#include "core/bytes.h"

namespace memkv::bench {

class UrlGenerator {
 public:
  explicit UrlGenerator(uint64_t count, uint64_t seed = 1);

  // The next key, or false when all have been given. *key is borrowed until the next call.
  bool Next(Bytes* key);
  // Begins again with the first key.
  void Rewind();

 private:
  struct Host {
    std::string url;  // up to and including the slash that ends the host
    uint64_t paths;
    uint64_t seed;
  };

  Bytes Word(Rng* rng) const;
  void AppendSlug(Rng* rng, size_t words, std::string* out) const;
  std::string Path(const Host& host, Rng* rng) const;
  void FillPaths();

  std::vector<std::string> words_;  // the first are the common ones
  std::vector<Host> hosts_;         // ascending
  size_t next_host_ = 0;
  std::vector<std::string> paths_;  // of the host before next_host_, ascending
  size_t next_path_ = 0;
  std::string key_;
};

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_KEYGEN_H_
