// Readers walk snapshots on their own threads while the writer writes, takes, drops and restores.
// Run under ThreadSanitizer too.

#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "core/art/art.h"
#include "tests/core/ordered_keys.h"

namespace memkv {
namespace {

using test::Random;

// Every value is a function of its key, and the map's sum of values is known when a snapshot is
// taken.
uint64_t ValueOf(Bytes key) {
  uint64_t h = key.size();
  for (char c : key) h = h * 31 + static_cast<unsigned char>(c);
  return h & 0xffff;
}

struct Published {
  ArtSnapshot snapshot;
  uint64_t sum = 0;
};

}  // namespace

TEST_CASE("art: readers on other threads see exact snapshots") {
  Art art;
  std::mutex mutex;
  Published published;
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> reads{0}, wrong{0};
  auto read = [&](uint64_t seed) {
    Random random(seed);
    while (!stop) {
      Published mine;
      {
        std::lock_guard<std::mutex> lock(mutex);
        mine = published;
      }
      uint64_t sum = 0, n = 0;
      ArtCursor c = mine.snapshot.NewCursor();
      c.SeekFirst();
      for (; c.Valid(); c.Next(), ++n) {
        const uint64_t v = c.entry().value.number;
        if (n % 5 == 0 && v != ValueOf(c.key())) ++wrong;
        sum += v;
      }
      if (sum != mine.sum || n != mine.snapshot.size()) ++wrong;
      for (int i = 0; i < 200; ++i) {
        const std::string k = test::StyledKey(2, random);
        Entry e;
        if (mine.snapshot.Find(k, &e) && e.value.number != ValueOf(k)) ++wrong;
        if (mine.snapshot.Rank(k) > n) ++wrong;
      }
      ++reads;
    }
  };
  std::vector<std::thread> readers;
  for (uint64_t i = 0; i < 3; ++i) readers.emplace_back(read, i);
  Random random(77);
  uint64_t sum = 0;
  Published savepoint;
  for (int i = 0; i < 60000; ++i) {
    const std::string k = test::StyledKey(2, random);
    bool replaced = false;
    if (random.Below(3)) {
      REQUIRE(art.Put(k, {Value::Number(ValueOf(k)), 1}, &replaced).ok());
      if (!replaced) sum += ValueOf(k);
    } else if (art.Erase(k)) {
      sum -= ValueOf(k);
    }
    if (i % 50 == 0) {
      Published next{art.TakeSnapshot(), sum};
      std::lock_guard<std::mutex> lock(mutex);
      std::swap(published, next);
    }
    if (i % 1000 == 0) savepoint = {art.TakeSnapshot(), sum};
    if (i % 1000 == 900 && i % 3000 < 1000) {
      art.Restore(savepoint.snapshot);
      sum = savepoint.sum;
    }
    if (i % 7000 == 0) std::this_thread::yield();
  }
  while (reads < 6) std::this_thread::yield();
  stop = true;
  for (std::thread& t : readers) t.join();
  CHECK(wrong == 0);
  published = Published();
  savepoint = Published();
  const Status s = art.Verify();
  CHECK_MESSAGE(s.ok(), s.message());
}

}  // namespace memkv
