// memkv's mutable structure, the Art.

#ifndef MEMKV_BENCH_STRUCTURES_MEMKV_ART_H_
#define MEMKV_BENCH_STRUCTURES_MEMKV_ART_H_

#include <cstdint>
#include <optional>
#include <string>

#include "bench/run.h"
#include "core/art/art.h"

namespace memkv::bench {

class MemkvArt {
 public:
  static constexpr const char* kName = "memkv Art";
  static constexpr Answer kAnswer = Answer::kValue;
  static constexpr bool kOrdered = true;

  void Insert(Bytes key, uint64_t value) { Must(art_.Put(key, Entry{Value::Number(value), 1})); }
  bool Erase(Bytes key) { return art_.Erase(key); }
  bool Find(Bytes key, uint64_t* value) const {
    Entry entry;
    if (!art_.Latest().Find(key, &entry)) return false;
    *value = entry.value.number;
    return true;
  }
  void FindMany(const Bytes* keys, size_t n, bool* found, uint64_t* values) const {
    Entry entries[16];
    art_.Latest().FindMany(keys, n, found, entries);
    for (size_t i = 0; i < n; ++i) values[i] = entries[i].value.number;
  }
  template <class F>
  void Scan(F f) const {
    ArtCursor at = art_.Latest().NewCursor();
    for (at.SeekFirst(); at.Valid(); at.Next()) f(at.key(), at.entry().value.number);
  }
  template <class F>
  void ScanValues(F f) const {
    ArtCursor at = art_.Latest().NewCursor();
    for (at.SeekFirst(); at.Valid(); at.Next()) f(at.entry().value.number);
  }
  template <class F>
  void ScanFrom(Bytes from, size_t n, F f) const {
    ArtCursor at = art_.Latest().NewCursor();
    for (at.Seek(from); n > 0 && at.Valid(); at.Next(), --n) f(at.key(), at.entry().value.number);
  }
  uint64_t CountPrefix(Bytes prefix) const {
    const std::optional<std::string> past = PrefixSuccessor(prefix);
    return (past ? Rank(*past) : art_.Latest().size()) - Rank(prefix);
  }
  uint64_t Rank(Bytes key) const { return art_.Latest().Rank(key); }
  void Select(uint64_t rank, std::string* key) const {
    ArtCursor at = art_.Latest().NewCursor();
    at.SeekRank(rank);
    key->assign(at.key());
  }
  uint64_t OwnBytes() const { return art_.GetStats().total_bytes; }

 private:
  Art art_;
};

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_STRUCTURES_MEMKV_ART_H_
