// The frozen engine against std::map: every read, on key sets of many shapes.

#include "core/fst/fst.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/core/fst_shapes.h"

namespace memkv::test {
namespace {

static_assert(OrderedCursor<FstCursor>);

// Probes that are keys, neighbours of keys, cut keys and strangers.
std::vector<std::string> Probes(const std::vector<std::string>& keys, Random& random) {
  std::vector<std::string> probes = {"", std::string(1, '\0'), "\xff", "zzz",
                                     std::string(40, '\xff')};
  for (const std::string& key : keys) {
    probes.push_back(key);
    probes.push_back(key + std::string(1, '\0'));
    probes.push_back(key + "\xff");
    if (key.empty()) continue;
    probes.push_back(key.substr(0, key.size() - 1));
    probes.push_back(key.substr(0, random() % key.size()));
    std::string other = key;
    const size_t at = random() % other.size();
    other[at] = static_cast<char>(other[at] + 1);
    probes.push_back(other);
    other[at] = static_cast<char>(other[at] - 2);
    probes.push_back(other.substr(0, at + 1));
  }
  std::shuffle(probes.begin(), probes.end(), random);
  if (probes.size() > 4000) probes.resize(4000);
  return probes;
}

void CheckReads(const Fst& fst, const std::vector<std::string>& sorted,
                const std::vector<std::string>& probes) {
  std::string key;
  for (size_t i = 0; i < sorted.size(); ++i) {
    REQUIRE(fst.Select(i, &key).ok());
    REQUIRE(key == sorted[i]);
  }
  std::vector<Bytes> views(probes.begin(), probes.end());
  std::vector<uint64_t> ranks(probes.size());
  REQUIRE(fst.FindMany(views.data(), views.size(), ranks.data()).ok());
  for (size_t i = 0; i < probes.size(); ++i) {
    const auto it = std::lower_bound(sorted.begin(), sorted.end(), probes[i]);
    const auto rank = static_cast<uint64_t>(it - sorted.begin());
    const bool there = it != sorted.end() && *it == probes[i];
    bool found = !there;
    uint64_t got = 0;
    REQUIRE(fst.Find(probes[i], &found, &got).ok());
    REQUIRE(found == there);
    if (there) REQUIRE(got == rank);
    REQUIRE(ranks[i] == (there ? rank : Fst::kMissing));
    REQUIRE(fst.LowerBound(probes[i], &got).ok());
    REQUIRE(got == rank);
  }
}

// Whether the cursor stands where the model says: at index `i`, or nowhere.
void CheckAt(FstCursor& cursor, const std::vector<std::string>& sorted, size_t i, bool with_key) {
  CAPTURE(cursor.status().message());
  REQUIRE(cursor.status().ok());
  REQUIRE(cursor.Valid() == (i < sorted.size()));
  if (!cursor.Valid()) return;
  REQUIRE(cursor.rank() == i);
  if (!with_key) return;
  const Bytes key = cursor.key();
  REQUIRE(key == sorted[i]);
  REQUIRE(key.data()[key.size()] == '\0');
}

void CheckCursor(const std::shared_ptr<const Fst>& fst, const std::vector<std::string>& sorted,
                 const std::vector<std::string>& probes, Random& random) {
  FstCursor cursor(fst);
  const size_t n = sorted.size();
  for (int every : {1, 3, 1000}) {
    size_t i = 0;
    for (cursor.SeekFirst(); cursor.Valid(); cursor.Next(), ++i) {
      REQUIRE(i < n);
      if (i > 0) REQUIRE(cursor.shared() <= CommonPrefix(sorted[i - 1], sorted[i]));
      CheckAt(cursor, sorted, i, i % static_cast<size_t>(every) == 0);
    }
    CheckAt(cursor, sorted, i, false);
    REQUIRE(i == n);
    for (cursor.SeekLast(); cursor.Valid(); cursor.Prev()) {
      REQUIRE(i > 0);
      --i;
      CheckAt(cursor, sorted, i, i % static_cast<size_t>(every) == 0);
    }
    REQUIRE(cursor.status().ok());
    REQUIRE(i == 0);
  }
  // A random walk.
  for (size_t p = 0; p < std::min<size_t>(probes.size(), 1500); ++p) {
    const std::string& probe = probes[p];
    auto at =
        static_cast<size_t>(std::lower_bound(sorted.begin(), sorted.end(), probe) - sorted.begin());
    switch (random() % 3) {
      case 0:
        cursor.Seek(probe);
        break;
      case 1:
        cursor.SeekBefore(probe);
        at = at == 0 ? n : at - 1;
        break;
      default:
        at = n ? random() % (n + 1) : 0;
        cursor.SeekRank(at);
    }
    CheckAt(cursor, sorted, at, random() % 2);
    for (int step = 0; step < 12 && at < n; ++step) {
      const uint64_t what = random() % 8;
      if (what < 3) {
        cursor.Next();
        ++at;
      } else if (what < 6) {
        cursor.Prev();
        at = at == 0 ? n : at - 1;
      } else if (sorted[at].empty()) {
        break;
      } else {
        const size_t prefix = 1 + random() % sorted[at].size();
        const std::string gone = sorted[at].substr(0, prefix);
        cursor.NextPast(prefix);
        while (at < n && sorted[at].compare(0, prefix, gone) == 0) ++at;
      }
      CheckAt(cursor, sorted, at, random() % 2);
    }
  }
}

void CheckAll(const std::vector<std::string>& keys, FstBuilder::Options options = {}) {
  Random random(keys.size());
  const Model model = KeysOnly(keys);
  std::vector<std::string> sorted;
  for (const auto& [key, row] : model) sorted.push_back(key);
  const auto fst = MustOpen(MustBuild(model, options));
  REQUIRE(fst->size() == sorted.size());
  REQUIRE(fst->Verify().ok());
  const auto probes = Probes(sorted, random);
  CheckReads(*fst, sorted, probes);
  CheckCursor(fst, sorted, probes, random);
}

TEST_CASE("fst: keys of every shape are found, ranked, selected and walked") {
  for (size_t n : {1, 2, 10, 40, 300, 3000}) {
    for (const Shape& shape : Shapes(n)) {
      CAPTURE(std::string(shape.name));
      CAPTURE(n);
      if (n > 300 && std::string(shape.name) == "long keys") continue;
      CheckAll(shape.keys);
    }
  }
}

TEST_CASE("fst: offsets of any width") {
  for (uint32_t bytes : {2u, 3u, 5u, 6u}) {
    FstBuilder::Options options;
    options.least_offset_bytes = bytes;
    for (const Shape& shape : Shapes(700)) {
      CAPTURE(std::string(shape.name));
      if (std::string(shape.name) == "long keys") continue;
      CheckAll(shape.keys, options);
    }
  }
}

TEST_CASE("fst: the longest keys") {
  std::vector<std::string> keys;
  for (char c : {'a', 'b', 'c'}) keys.push_back(std::string(kMaxKeyBytes - 1, 'k') + c);
  for (size_t n : {100u, 1000u, 70000u, 500000u}) keys.push_back(std::string(n, 'k'));
  for (int i = 0; i < 40; ++i)
    keys.push_back(std::string(300000, 'k') + std::to_string(i) + std::string(200000, 's'));
  CheckAll(keys);
  keys.push_back(std::string(kMaxKeyBytes + 1, 'z'));
  const Model model = KeysOnly(keys);
  MapSource source(model);
  std::shared_ptr<const FstImage> image;
  const Status status = FstBuilder::Build(&source, {}, &image);
  CHECK(status.code() == Status::kTooBig);
  CHECK(image == nullptr);
}

TEST_CASE("fst: the same keys give the same bytes") {
  for (const Shape& shape : Shapes(2000)) {
    CAPTURE(std::string(shape.name));
    const Model model = KeysOnly(shape.keys);
    CHECK(MustBuild(model)->bytes() == MustBuild(model)->bytes());
  }
}

TEST_CASE("fst: an interrupted build leaves nothing") {
  const Model model = KeysOnly(Shapes(3000).back().keys);
  for (int stop_at = 1;; ++stop_at) {
    MapSource source(model);
    std::shared_ptr<const FstImage> image;
    int polls = 0;
    FstBuilder::Options options;
    options.poll = [&](uint64_t done, uint64_t total) {
      CHECK(done <= total);
      return ++polls == stop_at;
    };
    const Status status = FstBuilder::Build(&source, options, &image);
    if (status.ok()) {
      CHECK(image);
      break;
    }
    CHECK(status.code() == Status::kInterrupted);
    CHECK(!image);
  }
}

TEST_CASE("fst: a source out of order is refused by name") {
  class Backwards final : public FstBuilder::Source {
   public:
    void Rewind() override { at_ = 0; }
    bool Next(Bytes* key, std::span<const Datum>* row) override {
      static const char* const kKeys[] = {"a", "c", "b"};
      if (at_ == 3) return false;
      *key = kKeys[at_++];
      *row = {};
      return true;
    }
    Status status() const override { return {}; }

   private:
    int at_ = 0;
  };
  Backwards source;
  std::shared_ptr<const FstImage> image;
  const Status status = FstBuilder::Build(&source, {}, &image);
  CHECK(status.code() == Status::kInvalid);
  CHECK(status.message() == "out-of-order key \"b\" after \"c\"");
}

}  // namespace
}  // namespace memkv::test
