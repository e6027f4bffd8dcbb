// JudySL and hat-trie: mutable tries in C.

#ifndef MEMKV_BENCH_STRUCTURES_TRIES_H_
#define MEMKV_BENCH_STRUCTURES_TRIES_H_

#include <cstdint>
#include <cstring>
#include <vector>

#include "bench/run.h"

#ifdef MEMKV_BENCH_JUDY
#include <Judy.h>
#endif
#ifdef MEMKV_BENCH_HAT_TRIE
#include <hat-trie/hat-trie.h>
#endif

namespace memkv::bench {

#ifdef MEMKV_BENCH_JUDY
// REQUIRES keys without NUL bytes.
class JudySL {
 public:
  static constexpr const char* kName = "JudySL";
  static constexpr Answer kAnswer = Answer::kValue;
  static constexpr bool kOrdered = true;
  static constexpr bool kTakesNul = false;

  ~JudySL() { JudySLFreeArray(&array_, PJE0); }
  void Insert(Bytes key, uint64_t value) {
    longest_ = std::max(longest_, key.size());
    *reinterpret_cast<Word_t*>(JudySLIns(&array_, Index(key), PJE0)) = value;
    if (key_.size() <= longest_) key_.resize(2 * longest_ + 1);
  }
  bool Erase(Bytes key) { return JudySLDel(&array_, Index(key), PJE0) == 1; }
  bool Find(Bytes key, uint64_t* value) const {
    const PPvoid_t slot = JudySLGet(array_, Index(key), PJE0);
    if (slot == nullptr) return false;
    *value = reinterpret_cast<Word_t>(*slot);
    return true;
  }
  template <class F>
  void Scan(F f) {
    ScanFrom(Bytes("", 0), SIZE_MAX, f);
  }
  template <class F>
  void ScanFrom(Bytes from, size_t n, F f) {
    uint8_t* key = Start(from);
    for (PPvoid_t slot = JudySLFirst(array_, key, PJE0); slot != nullptr && n > 0;
         slot = JudySLNext(array_, key, PJE0), --n) {
      const char* text = reinterpret_cast<const char*>(key);
      f(Bytes(text, std::strlen(text)), reinterpret_cast<Word_t>(*slot));
    }
  }
  uint64_t CountPrefix(Bytes prefix) {
    uint8_t* key = Start(prefix);
    uint64_t count = 0;
    for (PPvoid_t slot = JudySLFirst(array_, key, PJE0);
         slot != nullptr && std::memcmp(key, prefix.data(), prefix.size()) == 0;
         slot = JudySLNext(array_, key, PJE0)) {
      ++count;
    }
    return count;
  }

 private:
  static const uint8_t* Index(Bytes key) { return reinterpret_cast<const uint8_t*>(key.data()); }
  // A buffer that takes any key, with `from` in it.
  uint8_t* Start(Bytes from) {
    if (key_.size() <= from.size()) key_.resize(from.size() + 1);
    std::memcpy(key_.data(), from.data(), from.size());
    key_[from.size()] = 0;
    return key_.data();
  }

  Pvoid_t array_ = nullptr;
  size_t longest_ = 0;
  std::vector<uint8_t> key_;
};
#endif

#ifdef MEMKV_BENCH_HAT_TRIE
class HatTrie {
 public:
  static constexpr const char* kName = "hat-trie";
  static constexpr Answer kAnswer = Answer::kValue;
  static constexpr bool kOrdered = true;

  HatTrie() : trie_(hattrie_create()) {}
  ~HatTrie() { hattrie_free(trie_); }
  HatTrie(const HatTrie&) = delete;
  HatTrie& operator=(const HatTrie&) = delete;

  void Insert(Bytes key, uint64_t value) { *hattrie_get(trie_, key.data(), key.size()) = value; }
  bool Erase(Bytes key) { return hattrie_del(trie_, key.data(), key.size()) == 0; }
  bool Find(Bytes key, uint64_t* value) const {
    const value_t* slot = hattrie_tryget(trie_, key.data(), key.size());
    if (slot == nullptr) return false;
    *value = *slot;
    return true;
  }
  template <class F>
  void Scan(F f) const {
    hattrie_iter_t* at = hattrie_iter_begin(trie_, true);
    for (; !hattrie_iter_finished(at); hattrie_iter_next(at)) {
      size_t size = 0;
      const char* key = hattrie_iter_key(at, &size);
      f(Bytes(key, size), *hattrie_iter_val(at));
    }
    hattrie_iter_free(at);
  }
  uint64_t OwnBytes() const { return hattrie_sizeof(trie_); }

 private:
  hattrie_t* trie_;
};
#endif

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_STRUCTURES_TRIES_H_
