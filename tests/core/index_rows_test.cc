// Rows as a secondary index lists them, where they are neighbours in key order and where not.

#include "core/view/index_rows.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/key.h"
#include "core/store/session.h"
#include "tests/core/fst_repair.h"
#include "tests/core/fst_shapes.h"

namespace memkv::test {
namespace {

// Rows 0..n-1 in key order, and by value in the order that `value` gives.
Model RowsBy(uint64_t n, uint64_t (*value)(uint64_t)) {
  Model model;
  for (uint64_t i = 0; i < n; ++i) {
    const std::string number = std::to_string(100'000 + i);
    model[EncodeKey(Datum::Text("http://site" + number.substr(0, 4) + "/" + number))] = {
        {Datum::kInteger, static_cast<int64_t>(value(i)), 0, {}}};
  }
  return model;
}

std::shared_ptr<const Fst> Open(const std::string& image) {
  std::shared_ptr<const Fst> fst;
  return Fst::Open(FstImage::Own(image), &fst).ok() ? fst : nullptr;
}

std::string ImageOf(const Model& model) {
  FstBuilder::Options options;
  options.indexes = {0};
  return std::string(MustBuild(model, options)->bytes());
}

// The next place: a step, a few, or anywhere.
uint64_t Hop(uint64_t at, uint64_t n, Random& random) {
  switch (random() % 4) {
    case 0:
      return (at + 1) % n;
    case 1:
      return (at + n - 1) % n;
    case 2:
      return (at + n + random() % 17 - 8) % n;
    default:
      return random() % n;
  }
}

TEST_CASE("keys of frozen rows, by steps, by few and by many") {
  constexpr uint64_t kRows = 3000;
  for (uint64_t (*value)(uint64_t) :
       {+[](uint64_t i) { return i / 7; }, +[](uint64_t i) { return i % 7; },
        +[](uint64_t i) { return kRows - i; }}) {
    const Model model = RowsBy(kRows, value);
    std::vector<std::string> expected(kRows);  // by value, then by key
    std::vector<std::pair<int64_t, std::string>> sorted;
    for (const auto& [key, row] : model) sorted.emplace_back(row[0].integer, key);
    std::sort(sorted.begin(), sorted.end());
    for (uint64_t i = 0; i < kRows; ++i) expected[i] = sorted[i].second;
    Session table(1, {0});
    REQUIRE(table.unnoted().StartFrom(Open(ImageOf(model))).ok());
    const View view = table.Latest();
    IndexRows rows(view, 0);
    Random random(1);
    uint64_t at = 0;
    for (int i = 0; i < 20'000; ++i, at = Hop(at, kRows, random)) {
      rows.cursor().SeekRank(at);
      REQUIRE(rows.cursor().Valid());
      Bytes key;
      REQUIRE(rows.Key(&key).ok());
      REQUIRE(key == expected[at]);
      REQUIRE(key.data()[key.size()] == '\0');
    }
  }
}

TEST_CASE("a forged image's rows by an index are right, wrong or an error, and end") {
  const std::string whole = ImageOf(RowsBy(120, [](uint64_t i) { return i / 7; }));
  int read = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bad = whole;
    bad[at] = static_cast<char>(~bad[at]);
    Repair(&bad, false);
    const std::shared_ptr<const Fst> fst = Open(bad);
    Session table(1, {0});
    if (!fst || fst->size() == 0 || !table.unnoted().StartFrom(fst).ok()) continue;
    const View view = table.Latest();
    IndexRows rows(view, 0);
    Random random(at);
    uint64_t place = 0;
    for (int i = 0; i < 60; ++i, place = Hop(place, fst->size(), random)) {
      rows.cursor().SeekRank(place);
      Bytes key;
      if (rows.cursor().Valid() && rows.Key(&key).ok()) read += !key.empty();
    }
  }
  CHECK(read > 0);
}

}  // namespace
}  // namespace memkv::test
