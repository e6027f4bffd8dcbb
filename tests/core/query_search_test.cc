#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/query/levenshtein.h"
#include "core/query/pattern.h"
#include "core/query/search.h"
#include "tests/core/map_cursor.h"

namespace memkv {
namespace {

using Map = std::map<std::string, int, std::less<>>;

template <Automaton A>
bool Accepts(const A& a, Bytes text) {
  typename A::State s = a.Start();
  for (const char c : text) s = a.Step(s, static_cast<uint8_t>(c));
  return a.IsMatch(s);
}

// What the search has to give, by looking at each key.
template <Automaton A>
std::vector<std::string> BruteForce(const Map& map, const A& a, const KeyRange& range,
                                    SearchClasses classes) {
  std::vector<std::string> found;
  for (const auto& [key, value] : map) {
    const bool wanted = (key[0] == kTextTag && classes != SearchClasses::kBlob) ||
                        (key[0] == kBlobTag && classes != SearchClasses::kText);
    if (wanted && range.Contains(key) && Accepts(a, Bytes(key).substr(1))) found.push_back(key);
  }
  return found;
}

template <Automaton A>
std::vector<std::string> Run(const Map& map, const A& a, const KeyRange& range,
                             SearchClasses classes, SearchOrder order) {
  std::vector<std::string> found;
  Search search(MapCursor<int>(&map), a, range, classes, order);
  for (search.Start(); search.Valid(); search.Next()) found.emplace_back(search.cursor().key());
  CHECK(search.status().ok());
  return found;
}

template <Automaton A>
size_t Check(const Map& map, const A& a, const KeyRange& range, SearchClasses classes) {
  std::vector<std::string> want = BruteForce(map, a, range, classes);
  const size_t matches = want.size();
  REQUIRE(Run(map, a, range, classes, SearchOrder::kAscending) == want);
  Search count(MapCursor<int>(&map), a, range, classes);
  CHECK(count.Count() == matches);
  CHECK_FALSE(count.Valid());
  std::reverse(want.begin(), want.end());
  REQUIRE(Run(map, a, range, classes, SearchOrder::kDescending) == want);
  return matches;
}

std::string RandomText(std::mt19937* random, size_t most) {
  static const std::vector<std::string> kPieces = {
      "a",   "b", "A", "B", "ab", "c", "/", "é", "\xa9", "\xff", "\xc3", "日", std::string(1, '\0'),
      "\x01"};
  std::string s;
  for (size_t n = (*random)() % (most + 1); n > 0; --n) {
    s += kPieces[(*random)() % ((*random)() % 4 ? 5 : kPieces.size())];
  }
  return s;
}

Map RandomMap(std::mt19937* random, size_t keys) {
  Map map;
  while (keys-- > 0) {
    const uint32_t kind = (*random)() % 10;
    const std::string text = RandomText(random, 8);
    map[EncodeKey(kind == 0   ? Datum::Integer(static_cast<int64_t>((*random)() % 100))
                  : kind == 1 ? Datum::Blob(text)
                              : Datum::Text(text))] = static_cast<int>(keys);
  }
  return map;
}

KeyRange RandomRange(std::mt19937* random) {
  KeyRange range;
  const auto edge = [&] {
    std::string s = RandomText(random, 4);
    return (*random)() % 8 ? EncodeKey((*random)() % 6 ? Datum::Text(s) : Datum::Blob(s)) : s;
  };
  if ((*random)() % 2) range.lo = edge();
  if ((*random)() % 2) range.hi = edge();
  return range;
}

TEST_CASE("searches find what looking at each key finds, both ways and counted") {
  std::mt19937 random(6);
  const std::vector<std::string> wild = {"%", "_", "*", "?", "[ab]", "[^a]"};
  const SearchClasses classes[] = {SearchClasses::kText, SearchClasses::kTextAndBlob,
                                   SearchClasses::kBlob};
  size_t matches = 0;
  for (int round = 0; round < 400; ++round) {
    const Map map = RandomMap(&random, random() % 300);
    for (int i = 0; i < 25; ++i) {
      const KeyRange range = random() % 2 ? KeyRange::All() : RandomRange(&random);
      const SearchClasses wanted = classes[random() % 3];
      const std::string text = RandomText(&random, 4);
      std::string pattern = text;
      for (int w = random() % 3; w >= 0; --w) {
        pattern.insert(random() % 2 ? pattern.size() : random() % (pattern.size() + 1),
                       wild[random() % wild.size()]);
      }
      switch (random() % 5) {
        case 0:
          matches += Check(map, Prefix(text), range, wanted);
          break;
        case 1:
          matches += Check(map, FoldedPrefix(text), range, wanted);
          break;
        case 2:
          matches += Check(map, Pattern::Like(pattern, {}, random() % 2), range, wanted);
          break;
        case 3:
          matches += Check(map, Levenshtein(text, static_cast<int>(random() % 3)), range, wanted);
          break;
        default:
          matches += Check(map, Pattern::Glob(pattern), range, wanted);
      }
    }
  }
  CHECK(matches > 30000);
}

TEST_CASE("keys longer than the states that are kept") {
  std::mt19937 random(7);
  Map map;
  for (int i = 0; i < 60; ++i) {
    std::string text(4000 + random() % 200, 'x');
    for (int k = 0; k < 3; ++k) text[text.size() - 1 - random() % 150] = "abX"[random() % 3];
    map[EncodeKey(Datum::Text(text))] = i;
  }
  for (const char* tail : {"%ab%", "%a_x%", "%xa", "%"}) {
    for (const size_t head : {size_t{0}, size_t{4000}, size_t{4090}, size_t{4100}, size_t{4150}}) {
      const std::string pattern = std::string(head, 'x') + tail;
      Check(map, Pattern::Like(pattern, {}, false), KeyRange::All(), SearchClasses::kText);
      Check(map, Pattern::Like(pattern, {}, true), KeyRange::All(), SearchClasses::kTextAndBlob);
    }
  }
  const std::string key = map.rbegin()->first;
  Check(map, Pattern::Like("%", {}, false), KeyRange{map.begin()->first, key},
        SearchClasses::kText);
  Check(map, Prefix(Bytes(key).substr(1)), KeyRange{key, std::nullopt}, SearchClasses::kText);
}

TEST_CASE("a folded prefix costs some seeks, and a step for each match") {
  Map map;
  const char* hosts[] = {
      "www.cdc.gov", "www.nih.gov", "WWW.cdc.gov", "data.gov", "zzz.org", "wwwx.cdc.gov", "x"};
  for (const char* scheme : {"ftp://", "http://", "https://", "HTTPS://"}) {
    for (const char* host : hosts) {
      for (int i = 0; i < 1000; ++i) {
        map[EncodeKey(Datum::Text(std::string(scheme) + host + "/" + std::to_string(i)))] = i;
      }
    }
  }
  Search search(MapCursor<int>(&map), Pattern::Like("https://www.cdc.gov/%", {}, false),
                KeyRange::All());
  size_t n = 0;
  for (search.Start(); search.Valid(); search.Next()) ++n;
  CHECK(n == 4000);
  CHECK(search.cursor().moves().seeks + search.cursor().moves().skips < 40);
  CHECK(search.cursor().moves().steps < 4010);
  CHECK(search.cursor().moves().keys < 50);  // no key of a match is assembled

  Search count(MapCursor<int>(&map), Pattern::Like("https://www.cdc.gov/%", {}, false),
               KeyRange::All());
  CHECK(count.Count() == 4000);
  CHECK(count.cursor().moves().steps < 50);
  CHECK(count.cursor().moves().keys < 60);

  Search back(MapCursor<int>(&map), Pattern::Like("https://www.cdc.gov/%", {}, false),
              KeyRange::All(), SearchClasses::kText, SearchOrder::kDescending);
  back.Start();
  REQUIRE(back.Valid());
  CHECK(Bytes(back.cursor().key()).substr(1) == "https://www.cdc.gov/999");
  CHECK(back.cursor().moves().seeks < 10);
}

TEST_CASE("a search that finds nothing can be stopped") {
  Map map;
  for (int i = 0; i < 20000; ++i) map[EncodeKey(Datum::Text(std::to_string(i)))] = i;
  Search search(MapCursor<int>(&map), Pattern::Like("%x", {}, false), KeyRange::All());
  int polls = 0;
  search.SetPoll([&] { return ++polls == 2; });
  search.Start();
  CHECK_FALSE(search.Valid());
  CHECK(search.status().code() == Status::kInterrupted);
  CHECK(search.cursor().moves().steps < 10000);
}

// Of a stored image whose keys are out of order: each jump leads back to the first key.
struct RoundCursor : MapCursor<int> {
  using MapCursor::MapCursor;
  void NextPast(size_t) { SeekFirst(); }
  void Seek(Bytes) { SeekFirst(); }
};

TEST_CASE("search of keys out of order ends with an error") {
  Map map;
  for (int i = 0; i < 20; ++i) {
    map[EncodeKey(Datum::Text("a/" + std::to_string(i)))] = 0;
    map[EncodeKey(Datum::Text("b/" + std::to_string(i)))] = 0;
  }
  Search count(RoundCursor(&map), Pattern::Like("a/%", {}, false), KeyRange::All());
  count.Count();
  CHECK(count.status().code() == Status::kCorrupt);
  Search walk(RoundCursor(&map), Pattern::Like("%x", {}, false), KeyRange::All());
  Search skip(RoundCursor(&map), Pattern::Like("b/%", {}, false), KeyRange::All());
  for (walk.Start(); walk.Valid();) walk.Next();
  for (skip.Start(); skip.Valid();) skip.Next();
  CHECK(walk.status().ok());  // nothing to jump over
  CHECK(skip.status().code() == Status::kCorrupt);
}

}  // namespace
}  // namespace memkv
