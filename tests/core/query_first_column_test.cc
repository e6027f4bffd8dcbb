#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/query/first_column.h"
#include "core/query/levenshtein.h"
#include "core/query/search.h"
#include "tests/core/first_columns.h"
#include "tests/core/map_cursor.h"

namespace memkv {
namespace {

using Near = FirstColumn<Levenshtein>;

std::string RandomText(std::mt19937* random, size_t most) {
  static const std::vector<std::string> kPieces = {"a", "b", "\xff", std::string(1, '\0')};
  std::string s;
  for (size_t n = (*random)() % (most + 1); n > 0; --n) s += kPieces[(*random)() % kPieces.size()];
  return s;
}

bool IsNear(Bytes word, int most, Bytes text) {
  const Levenshtein a(word, most);
  Levenshtein::State s = a.Start();
  for (const char c : text) s = a.Step(s, static_cast<uint8_t>(c));
  return a.IsMatch(s);
}

TEST_CASE("the bytes after which the first column may match are told right") {
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i) {
    const Near a(Levenshtein(RandomText(&random, 4), static_cast<int>(random() % 3)));
    const std::string key =
        KeyWithFirst(Datum::Text(RandomText(&random, 4)), KeyColumns::kSeveral, &random);
    Near::State s = a.Start();
    for (const char c : key.substr(1)) {
      const uint8_t byte = random() % 2 ? static_cast<uint8_t>(c) : random() % 256;
      uint8_t next, prev;
      if (a.CanMatch(s)) {
        const bool up = a.NextViable(s, byte, &next), down = a.PrevViable(s, byte, &prev);
        for (unsigned b = 0; b <= 0xff; ++b) {
          const bool alive = a.CanMatch(a.Step(s, static_cast<uint8_t>(b)));
          if (b >= byte && (!up || b <= next)) CHECK(alive == (up && b == next));
          if (b <= byte && (!down || b >= prev)) CHECK(alive == (down && b == prev));
        }
      }
      s = a.Step(s, static_cast<uint8_t>(c));
    }
  }
}

TEST_CASE("a search by the first column meets all keys that match, in order") {
  std::mt19937 random(4);
  size_t found = 0;
  for (int i = 0; i < 2000; ++i) {
    std::map<std::string, int, std::less<>> map;
    for (size_t n = random() % 40; n > 0; --n) {
      const std::string text = RandomText(&random, 4);
      const Datum first = random() % 6 ? Datum::Text(text) : Datum::Blob(text);
      map[KeyWithFirst(first, KeyColumns::kSeveral, &random)] = 0;
    }
    const std::string word = RandomText(&random, 4);
    const int most = static_cast<int>(random() % 3);
    std::vector<std::string> expected;
    for (const auto& [key, value] : map) {
      if (key[0] == kTextTag && IsNear(word, most, FirstText(key, KeyColumns::kSeveral)))
        expected.push_back(key);
    }
    for (const SearchOrder order : {SearchOrder::kAscending, SearchOrder::kDescending}) {
      Search search(MapCursor<int>(&map), Near(Levenshtein(word, most)), KeyRange::All(),
                    SearchClasses::kText, order);
      std::vector<std::string> met;
      for (search.Start(); search.Valid(); search.Next()) met.emplace_back(search.cursor().key());
      if (order == SearchOrder::kDescending) std::reverse(met.begin(), met.end());
      REQUIRE(met == expected);
    }
    found += expected.size();
  }
  CHECK(found > 2000);
}

}  // namespace
}  // namespace memkv
