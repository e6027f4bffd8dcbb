// Calls every read of an image that may hold anything. What they answer is not looked at; that they
// answer is.

#ifndef MEMKV_TESTS_CORE_FST_EXERCISE_H_
#define MEMKV_TESTS_CORE_FST_EXERCISE_H_

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/fst/fst.h"

namespace memkv::test {

// How far it goes: a forged image may have any number of keys, of a megabyte each.
struct Effort {
  uint64_t steps = 200, bytes = 4 << 20;
};

// By columns of the row and by those of a key of two, of three columns at least.
inline std::vector<IndexDef> IndexesOfSeveral() {
  using C = IndexColumn;
  return {IndexDef(std::vector<C>{{C::kOfRow, 1}, {C::kOfKey, 0}}),
          IndexDef(std::vector<C>{{C::kLastOfKey, 1}, {C::kOfRow, 2}, {C::kOfRow, 0}}),
          IndexDef(std::vector<C>{{C::kOfRow, 2}, {C::kOfRow, 0}})};
}

inline void Exercise(const std::shared_ptr<const Fst>& fst, const std::vector<Bytes>& probes,
                     const Effort& effort = {}) {
  uint64_t bytes = 0;
  const uint64_t n = fst->size();
  std::string key;
  std::vector<uint64_t> ranks(probes.size());
  (void)fst->FindMany(probes.data(), probes.size(), ranks.data());
  for (Bytes probe : probes) {
    bool found;
    uint64_t rank;
    (void)fst->Find(probe, &found, &rank);
    (void)fst->LowerBound(probe, &rank);
  }
  for (uint64_t i = 0; i < std::min(n, effort.steps) && bytes < effort.bytes; ++i) {
    for (const uint64_t rank : {i, n - 1 - i}) {
      (void)fst->Select(rank, &key);
      bytes += key.size();
    }
    for (size_t c = 0; c < std::min<size_t>(fst->columns(), 8); ++c) {
      Datum value;
      if (fst->Column(i, c, &key, &value).ok() && !value.bytes.empty())
        (void)(value.bytes.front() + value.bytes.back());
    }
  }
  FstCursor cursor(fst);
  auto steps = [&](auto move, uint64_t most) {
    for (uint64_t i = 0; i < most && cursor.Valid() && bytes < 2 * effort.bytes; ++i) {
      if (i % 3 == 0) bytes += cursor.key().size();
      if (!cursor.Valid()) break;
      Datum value;
      std::string buffer;
      if (fst->columns() > 0) (void)fst->Column(cursor.rank(), 0, &buffer, &value);
      move();
    }
  };
  cursor.SeekFirst();
  steps([&] { cursor.Next(); }, effort.steps);
  steps([&] { cursor.Prev(); }, effort.steps / 2);
  cursor.SeekLast();
  steps([&] { cursor.Prev(); }, effort.steps);
  steps([&] { cursor.Next(); }, effort.steps / 2);
  for (Bytes probe : probes) {
    cursor.Seek(probe);
    steps([&] { cursor.Next(); }, 3);
    steps([&] { cursor.Prev(); }, 5);
    cursor.SeekBefore(probe);
    steps([&] { cursor.Next(); }, 3);
    cursor.SeekRank(n / 2);
    for (size_t i = 0; i < 5 && cursor.Valid(); ++i) {
      const size_t length = cursor.key().size();
      if (cursor.Valid() && length > 0) {
        cursor.NextPast(1 + length / 2);
      } else {
        break;
      }
    }
  }
  std::vector<IndexDef> defs = IndexesOfSeveral();
  for (uint32_t c = 0; c < std::min<size_t>(fst->columns(), 8); ++c) defs.emplace_back(c);
  for (const IndexDef& def : defs) {
    const FrozenIndex* index = fst->index(def);
    if (!index) continue;
    for (Bytes probe : probes) {
      uint64_t position;
      (void)index->LowerBound(probe, &position);
      if (n > 0) (void)index->PositionOf(probe, n / 2, &position);
    }
    FrozenIndexCursor at(std::shared_ptr<const FrozenIndex>(fst, index));
    at.SeekFirst();
    for (uint64_t i = 0; i < effort.steps && at.Valid(); ++i) {
      (void)at.key();
      if (at.Valid()) at.Next();
    }
    for (Bytes probe : probes) {
      at.SeekBefore(probe);
      at.Seek(probe);
    }
  }
  (void)fst->Verify();
}

}  // namespace memkv::test

#endif  // MEMKV_TESTS_CORE_FST_EXERCISE_H_
