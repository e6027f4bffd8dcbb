#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/query/levenshtein.h"
#include "core/query/search.h"
#include "core/utf8.h"
#include "tests/core/map_cursor.h"

namespace memkv {
namespace {

// The whole matrix (Wagner and Fischer): the oracle.
int PlainDistance(Bytes a, Bytes b) {
  std::vector<uint32_t> x, y;
  while (!a.empty()) x.push_back(ReadUtf8(&a));
  while (!b.empty()) y.push_back(ReadUtf8(&b));
  std::vector<int> row(y.size() + 1);
  for (size_t j = 0; j <= y.size(); ++j) row[j] = static_cast<int>(j);
  for (size_t i = 1; i <= x.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= y.size(); ++j) {
      const int up = row[j];
      row[j] = std::min({up + 1, row[j - 1] + 1, diagonal + (x[i - 1] != y[j - 1])});
      diagonal = up;
    }
  }
  return row[y.size()];
}

std::string RandomWord(std::mt19937* random, size_t most) {
  static const std::vector<std::string> kPieces = {
      "a", "b", "c", "é", "日", "\xff", "\xa9", "\xc3", std::string(1, '\0'), "😀"};
  std::string s;
  for (size_t n = (*random)() % (most + 1); n > 0; --n)
    s += kPieces[(*random)() % ((*random)() % 3 ? 3 : kPieces.size())];
  return s;
}

TEST_CASE("distances are those of the whole matrix, and promises hold") {
  std::mt19937 random(8);
  int near = 0;
  for (int i = 0; i < 40000; ++i) {
    const std::string word = RandomWord(&random, 7), text = RandomWord(&random, 8);
    const int most = static_cast<int>(random() % 4);
    const Levenshtein a(word, most);
    Levenshtein::State s = a.Start();
    for (const char c : text) {
      const uint8_t byte = static_cast<uint8_t>(c);
      uint8_t next, prev;
      if (a.CanMatch(s) && i % 4 == 0) {
        const bool up = a.NextViable(s, byte, &next), down = a.PrevViable(s, byte, &prev);
        for (unsigned b = 0; b <= 0xff; ++b) {
          const bool alive = a.CanMatch(a.Step(s, static_cast<uint8_t>(b)));
          if (b >= byte && (!up || b <= next)) CHECK(alive == (up && b == next));
          if (b <= byte && (!down || b >= prev)) CHECK(alive == (down && b == prev));
        }
      }
      s = a.Step(s, byte);
    }
    const int want = PlainDistance(word, text);
    INFO("word ", word, " text ", text, " most ", most);
    REQUIRE(a.Distance(s).value_or(99) == (want <= most ? want : 99));
    near += want <= most;
  }
  CHECK(near > 5000);
}

TEST_CASE("named distances") {
  const auto distance = [](Bytes word, Bytes text, int most) {
    const Levenshtein a(word, most);
    Levenshtein::State s = a.Start();
    for (const char c : text) s = a.Step(s, static_cast<uint8_t>(c));
    return a.Distance(s).value_or(-1);
  };
  CHECK(distance("kitten", "sitting", 3) == 3);
  CHECK(distance("kitten", "sitting", 2) == -1);
  CHECK(distance("www.cdc.gov", "www.cbc.gov", 1) == 1);
  CHECK(distance("日本", "日木", 1) == 1);
  CHECK(distance("", "abc", 3) == 3);
  CHECK(distance("abc", "", 3) == 3);
  CHECK(distance("abc", "abc", 0) == 0);
  CHECK(distance("abc", "abd", 0) == -1);
}

TEST_CASE("a fuzzy search finds what looking at each key finds, and skips most") {
  std::mt19937 random(9);
  std::map<std::string, int, std::less<>> map;
  const char* letters = "abcdefghij";
  while (map.size() < 20000) {
    std::string host;
    for (size_t n = 3 + random() % 8; n > 0; --n) host += letters[random() % 10];
    map[EncodeKey(Datum::Text(host))] = 0;
  }
  for (const int most : {0, 1, 2, 3}) {
    const std::string word = "abcdefg";
    std::vector<std::pair<std::string, int>> want, got;
    for (const auto& [key, value] : map) {
      const int d = PlainDistance(word, Bytes(key).substr(1));
      if (d <= most) want.emplace_back(key, d);
    }
    Search search(MapCursor<int>(&map), Levenshtein(word, most), KeyRange::All());
    for (search.Start(); search.Valid(); search.Next()) {
      got.emplace_back(search.cursor().key(), *search.automaton().Distance(search.state()));
    }
    CHECK(got == want);
    Search back(MapCursor<int>(&map), Levenshtein(word, most), KeyRange::All(),
                SearchClasses::kText, SearchOrder::kDescending);
    got.clear();
    for (back.Start(); back.Valid(); back.Next()) {
      got.insert(got.begin(),
                 {std::string(back.cursor().key()), *back.automaton().Distance(back.state())});
    }
    CHECK(got == want);
    if (most == 1) CHECK(search.cursor().moves().keys < 600);
    if (most == 2) CHECK(search.cursor().moves().keys < 6000);
  }
}

}  // namespace
}  // namespace memkv
