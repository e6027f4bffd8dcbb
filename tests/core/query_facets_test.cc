#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "core/query/facets.h"
#include "tests/core/first_columns.h"
#include "tests/core/map_cursor.h"

namespace memkv {
namespace {

using Map = std::map<std::string, int, std::less<>>;
using Row = std::tuple<std::string, uint64_t, bool>;

Map TextMap(const std::vector<std::string>& texts) {
  Map map;
  for (const std::string& text : texts) map[EncodeKey(Datum::Text(text))] = 0;
  return map;
}

std::vector<Row> Run(const Map& map, KeyTag tag, Bytes prefix, Bytes delimiter, uint64_t depth,
                     KeyColumns columns = KeyColumns::kOne) {
  std::vector<Row> rows;
  Facets facets(MapCursor<int>(&map), tag, prefix, delimiter, depth, KeyText(columns));
  for (facets.Start(); facets.Valid(); facets.Next()) {
    rows.emplace_back(facets.prefix(), facets.count(), facets.leaf());
  }
  CHECK(facets.status().ok());
  return rows;
}

std::vector<Row> BruteForce(const Map& map, KeyTag tag, const std::string& prefix,
                            const std::string& delimiter, uint64_t depth, KeyColumns columns) {
  std::vector<Row> rows;
  for (const auto& [key, value] : map) {
    if (key[0] != tag) continue;
    const std::string text = FirstText(key, columns);
    if (!text.starts_with(prefix)) continue;
    size_t at = prefix.size();
    uint64_t n = 0;
    for (; n < depth && text.find(delimiter, at) != std::string::npos; ++n) {
      at = text.find(delimiter, at) + delimiter.size();
    }
    const bool leaf = n < depth;
    const std::string facet = leaf ? text : text.substr(0, at);
    if (!rows.empty() && std::get<0>(rows.back()) == facet && std::get<2>(rows.back()) == leaf) {
      ++std::get<1>(rows.back());
    } else {
      rows.emplace_back(facet, 1, leaf);
    }
  }
  return rows;
}

TEST_CASE("facets of named keys") {
  const Map map = TextMap({"", "a", "a/", "a//f", "a/b", "a/c/d", "a/c/e", "ab/x", "b"});
  CHECK(Run(map, kTextTag, "a/", "/", 1) ==
        std::vector<Row>{{"a/", 1, true}, {"a//", 1, false}, {"a/b", 1, true}, {"a/c/", 2, false}});
  CHECK(Run(map, kTextTag, "", "/", 1) ==
        std::vector<Row>{
            {"", 1, true}, {"a", 1, true}, {"a/", 5, false}, {"ab/", 1, false}, {"b", 1, true}});
  CHECK(Run(map, kTextTag, "a", "/", 2) == std::vector<Row>{{"a", 1, true},
                                                            {"a/", 1, true},
                                                            {"a//", 1, false},
                                                            {"a/b", 1, true},
                                                            {"a/c/", 2, false},
                                                            {"ab/x", 1, true}});
  CHECK(Run(map, kTextTag, "zz", "/", 1).empty());
  CHECK(Run(map, kBlobTag, "", "/", 1).empty());
  CHECK(Run({}, kTextTag, "", "/", 1).empty());
  // A delimiter of several bytes, overlapping with itself: the leftmost counts.
  CHECK(Run(TextMap({"a:::b", "a::c", "a:d"}), kTextTag, "", "::", 1) ==
        std::vector<Row>{{"a::", 2, false}, {"a:d", 1, true}});
}

TEST_CASE("random facets count every key once") {
  std::mt19937 random(10);
  const std::vector<std::string> pieces = {"/", "/", "a", "b", "//", std::string(1, '\0'), "\xff"};
  for (int round = 0; round < 1500; ++round) {
    Map map;
    const KeyColumns columns = round % 2 ? KeyColumns::kSeveral : KeyColumns::kOne;
    const size_t keys = random() % 200;
    for (size_t i = 0; i < keys; ++i) {
      std::string text;
      for (size_t n = random() % 9; n > 0; --n) text += pieces[random() % pieces.size()];
      const Datum first = random() % 8 ? Datum::Text(text) : Datum::Blob(text);
      map[KeyWithFirst(first, columns, &random)] = 0;
    }
    std::string prefix;
    for (size_t n = random() % 3; n > 0; --n) prefix += pieces[random() % pieces.size()];
    const std::vector<std::string> delimiters = {"/", "/", "/", "//", "a/", "\xff", pieces[5]};
    const std::string delimiter = delimiters[random() % delimiters.size()];
    const KeyTag tag = random() % 4 ? kTextTag : kBlobTag;
    const uint64_t depth = 1 + random() % 3;
    REQUIRE(Run(map, tag, prefix, delimiter, depth, columns) ==
            BruteForce(map, tag, prefix, delimiter, depth, columns));
  }
}

TEST_CASE("a facet costs the same however many keys it has") {
  Map map;
  for (int d = 0; d < 20; ++d) {
    for (int i = 0; i < 1000; ++i) {
      map[EncodeKey(Datum::Text("http://" + std::string(1, static_cast<char>('a' + d)) + "/" +
                                std::to_string(i)))] = 0;
    }
  }
  Facets facets(MapCursor<int>(&map), kTextTag, "http://", "/");
  size_t rows = 0;
  for (facets.Start(); facets.Valid(); facets.Next()) {
    CHECK(facets.count() == 1000);
    CHECK_FALSE(facets.leaf());
    ++rows;
  }
  CHECK(rows == 20);
  CHECK(facets.cursor().moves().steps < 20 * 10);
  CHECK(facets.cursor().moves().skips == 20);
}

// Of a stored image whose keys are out of order: each jump leads back to the first key.
struct RoundCursor : MapCursor<int> {
  using MapCursor::MapCursor;
  void NextPast(size_t) { SeekFirst(); }
};

TEST_CASE("facets of keys out of order end with an error") {
  std::vector<std::string> texts = {"b", "c/d"};
  for (int i = 0; i < 20; ++i) texts.push_back("a/" + std::to_string(i));
  const Map map = TextMap(texts);
  Facets facets(RoundCursor(&map), kTextTag, "", "/");
  facets.Start();
  CHECK(!facets.Valid());
  CHECK(facets.status().code() == Status::kCorrupt);
}

}  // namespace
}  // namespace memkv
