// Token books learnt between writes: while memory fails, and when the keys change.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/art/art.h"
#include "core/art/learning.h"
#include "tests/core/art_model.h"
#include "tests/core/failing_allocations.h"

namespace memkv {
namespace {

using test::FailFrom;
using test::Model;
using test::Random;
using test::RequireOk;
using test::RequireSame;

// Paths of words from one vocabulary; other seeds have others.
class Paths {
 public:
  explicit Paths(uint64_t seed) : random_(seed) {
    for (std::string& w : words_) {
      for (uint64_t n = 3 + random_.Below(8); n > 0; --n)
        w += static_cast<char>('a' + (random_.Below(13) + 13 * (seed % 2)));
    }
  }
  std::string Next() {
    std::string s;
    for (uint64_t n = 3 + random_.Below(4); n > 0; --n) s += '/' + words_[random_.Below(400)];
    return s + '/' + std::to_string(random_.Below(100'000));
  }

 private:
  Random random_;
  std::string words_[400];
};

double BytesPerKey(const Art& art) {
  const Art::Stats s = art.GetStats();
  return static_cast<double>(s.total_bytes) / static_cast<double>(s.entries);
}

}  // namespace

TEST_CASE("art: a book is learnt though memory fails now and then") {
  for (int64_t every = 0; every < 4; ++every) {
    CAPTURE(every);
    const int64_t before = allocated_bytes;
    {
      Random random(static_cast<uint64_t>(every));
      Paths paths(1);
      Art art;
      Model m;
      const auto put = [&](bool failing) {
        const std::string key = paths.Next();
        const uint64_t number = random.Below(1000);
        if (failing) {
          const FailFrom fail(static_cast<int64_t>(random.Below(12)));
          try {
            RequireOk(art.Put(key, {Value::Number(number), 1}));
            m[key].number = number;
          } catch (const std::bad_alloc&) {
          }
        } else {
          RequireOk(art.Put(key, {Value::Number(number), 1}));
          m[key].number = number;
        }
      };
      while (m.size() < 49'000) put(false);
      CHECK(art.GetStats().book_bytes == 0);
      const auto held = art.TakeSnapshot();
      const Model then = m;
      while (m.size() < 62'000) put(random.Below(20) <= static_cast<uint64_t>(every));
      RequireOk(art.Verify());
      RequireSame(art.Latest(), m);
      // Whatever has failed, a book is learnt in the end.
      for (int i = 0; i < 80'000; ++i) put(false);
      CHECK(art.GetStats().book_bytes > 50'000);
      CHECK(art.GetStats().book_bytes < 300'000);
      RequireOk(art.Verify());
      RequireSame(art.Latest(), m);
      RequireSame(held, then);
    }
    CHECK(allocated_bytes == before);
  }
}

TEST_CASE("art: other keys get another book, and the first goes") {
  constexpr int kKeys = 120'000;
  Art art, fresh;
  Paths first(1), second(2), again(2);
  std::vector<std::string> keys;
  for (int i = 0; i < kKeys; ++i) {
    keys.push_back(first.Next());
    RequireOk(art.Put(keys.back(), {Value::Number(1), 1}));
  }
  for (int i = 0; i < kKeys; ++i) {
    art.Erase(keys[static_cast<size_t>(i)]);
    RequireOk(art.Put(second.Next(), {Value::Number(1), 1}));
    RequireOk(fresh.Put(again.Next(), {Value::Number(1), 1}));
  }
  // The rest of what there is to do is done between further writes.
  for (int i = 0; i < 2 * kKeys; ++i) {
    RequireOk(art.Put("/same", {Value::Number(1), 1}));
    RequireOk(fresh.Put("/same", {Value::Number(1), 1}));
  }
  REQUIRE(art.Latest().size() == fresh.Latest().size());
  // The book was learnt while there were keys of both kinds.
  CHECK(BytesPerKey(art) < 1.25 * BytesPerKey(fresh));
  CHECK(art.GetStats().book_bytes < 2 * fresh.GetStats().book_bytes);
  RequireOk(art.Verify());
}

// Rests so short that no book can pay are not learnt from; where they are noise, it is found out
// once, and what was learnt goes again.
TEST_CASE("art: rests without a pattern get no book") {
  for (const size_t rest : {0, 1, 8}) {
    CAPTURE(rest);
    Art art;
    Random random(2);
    uint64_t most = 0;
    const auto put = [&](uint64_t i) {
      std::string k(rest ? 8 : 3, ' ');
      for (size_t b = k.size(); b-- > 0; i >>= 8) k[b] = static_cast<char>(i);
      for (size_t b = 0; b < rest; ++b) k += static_cast<char>(random.Below(256));
      RequireOk(art.Put(k, {Value::Number(1), 1}));
    };
    for (uint64_t i = 0; i < 49'900; ++i) put(i * 7919 % 65'536);
    for (uint64_t i = 0; i < 40'000; ++i) {
      put(i % 2 ? random.Below(65'536) : 65'536 + i);
      if (i % 1000 == 0) most = std::max(most, art.GetStats().book_bytes);
    }
    CHECK((most > 0) == (rest == 8));
    CHECK(art.GetStats().book_bytes == 0);
    RequireOk(art.Verify());
  }
}

TEST_CASE("art: maps that learn together have one book") {
  const auto learning = std::make_shared<art::Learning>();
  const Art::Options options = {.learning = learning};
  Art rows(options), index(options), empty(options), alone;
  Paths paths(1);
  Random random(1);
  for (int i = 0; i < 100'000; ++i) {
    const std::string key = paths.Next();
    const std::string of_index = std::to_string(random.Below(1000)) + key;
    RequireOk(rows.Put(key, {Value::Number(1), 1}));
    RequireOk(index.Put(of_index, {Value::Number(1), 1}));
    RequireOk(alone.Put(of_index, {Value::Number(1), 1}));
  }
  REQUIRE(learning->learnt() == 1);
  const uint64_t book = learning->latest()->bytes();
  const auto part = [](const Art& art) { return art.GetStats().book_bytes; };
  CHECK(part(rows) + part(index) < book + 1000);
  CHECK(part(rows) > book / 3);
  CHECK(part(index) > book / 3);
  CHECK(BytesPerKey(index) < 1.08 * BytesPerKey(alone));
  RequireOk(rows.Verify());
  RequireOk(index.Verify());
  // A map that comes later takes it without learning; when all are gone, so is the book.
  Art later(options);
  for (int i = 0; i < 60'000; ++i) {
    RequireOk(later.Put(paths.Next(), {Value::Number(1), 1}));
  }
  CHECK(learning->learnt() == 1);
  CHECK(part(later) > book / 4);
  rows.Clear();
  index.Clear();
  later.Clear();
  CHECK(learning->latest() == nullptr);
}

TEST_CASE("art: keys in order, one by one or many at once, are learnt from too") {
  Paths paths(3);
  std::vector<std::string> keys;
  for (int i = 0; i < 100'000; ++i) keys.push_back(paths.Next());
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  Art shuffled, sorted, appended;
  Random random(1);
  std::vector<std::string> any = keys;
  for (size_t i = any.size(); i > 1; --i) std::swap(any[i - 1], any[random.Below(i)]);
  for (const std::string& k : any) RequireOk(shuffled.Put(k, {Value::Number(1), 1}));
  for (const std::string& k : keys) RequireOk(sorted.Put(k, {Value::Number(1), 1}));
  const std::vector<Bytes> bytes(keys.begin(), keys.end());
  const std::vector<Entry> entries(keys.size(), {Value::Number(1), 1});
  RequireOk(appended.Append(bytes.data(), entries.data(), bytes.size()));
  for (const Art* art : {&sorted, &appended}) {
    CHECK(art->GetStats().book_bytes > 0);
    CHECK(BytesPerKey(*art) < 1.02 * BytesPerKey(shuffled));
    RequireOk(art->Verify());
  }
}

}  // namespace memkv
