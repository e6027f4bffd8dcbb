#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/query/prefix_tree.h"
#include "tests/core/first_columns.h"
#include "tests/core/map_cursor.h"

namespace memkv {
namespace {

using Map = std::map<std::string, int, std::less<>>;

Map TextMap(const std::vector<std::string>& texts) {
  Map map;
  for (const std::string& text : texts) map[EncodeKey(Datum::Text(text))] = 0;
  return map;
}

// A branch as it is left: depth, prefix, keys, own keys. Parents come after their branches.
std::string Row(size_t depth, Bytes prefix, uint64_t count, uint64_t own) {
  return std::to_string(depth) + ' ' + std::string(prefix) + ' ' + std::to_string(count) + ' ' +
         std::to_string(own);
}

std::vector<std::string> Run(const Map& map, Bytes delimiter, uint64_t depth, uint64_t least,
                             KeyColumns columns = KeyColumns::kOne) {
  std::vector<std::string> rows;
  PrefixTree tree(MapCursor<int>(&map), kTextTag, delimiter, depth, least, KeyText(columns));
  while (tree.Next()) {
    if (tree.depth() > 0) CHECK(tree.prefix(tree.depth()).ends_with(tree.segment(tree.depth())));
    if (!tree.entered()) {
      rows.push_back(
          Row(tree.depth(), tree.prefix(tree.depth()), tree.branch().count, tree.branch().own));
    }
  }
  CHECK(tree.status().ok());
  return rows;
}

void BruteForce(const std::vector<std::string>& keys, const std::string& prefix, Bytes delimiter,
                size_t depth, size_t max_depth, size_t least, std::vector<std::string>* rows) {
  std::map<std::string, std::vector<std::string>> branches;
  for (const std::string& key : keys) {
    const size_t at = key.find(delimiter, prefix.size());
    branches[at == std::string::npos ? key : key.substr(0, at + delimiter.size())].push_back(key);
  }
  size_t own = keys.size();
  for (const auto& [branch, its] : branches) {
    if (depth == max_depth || its.size() < least || branch == prefix) continue;
    own -= its.size();
    BruteForce(its, branch, delimiter, depth + 1, max_depth, least, rows);
  }
  rows->push_back(Row(depth, prefix, keys.size(), own));
}

TEST_CASE("the tree of named keys") {
  const Map map = TextMap({"a/b/1", "a/b/2", "a/c", "x"});
  CHECK(Run(map, "/", 9, 1) == std::vector<std::string>{"3 a/b/1 1 1", "3 a/b/2 1 1", "2 a/b/ 2 0",
                                                        "2 a/c 1 1", "1 a/ 3 0", "1 x 1 1",
                                                        "0  4 0"});
  CHECK(Run(map, "/", 9, 2) == std::vector<std::string>{"2 a/b/ 2 2", "1 a/ 3 1", "0  4 1"});
  CHECK(Run({}, "/", 9, 1) == std::vector<std::string>{"0  0 0"});
}

TEST_CASE("the tree of random keys is what its definition says") {
  std::mt19937 random(5);
  for (int round = 0; round < 3000; ++round) {
    Map map;
    const KeyColumns columns = round % 2 ? KeyColumns::kSeveral : KeyColumns::kOne;
    const std::string shared(random() % 3 == 0 ? random() % 8 : 0, '/');
    for (uint32_t n = random() % 12; n > 0; --n) {
      std::string key = shared;
      for (uint32_t length = random() % 9; length > 0; --length) key += "ab/\0"[random() % 4];
      map[KeyWithFirst(Datum::Text(key), columns, &random)] = 0;
    }
    map[KeyWithFirst(Datum::Blob("a/b"), columns, &random)] = 0;  // of another class
    std::vector<std::string> texts;
    for (const auto& [key, value] : map) {
      if (key[0] == kTextTag) texts.push_back(FirstText(key, columns));
    }
    const std::string delimiter = std::vector<std::string>{"/", "//", "a/", "b"}[random() % 4];
    const uint64_t depth = 1 + random() % 12, least = 1 + random() % 3;
    std::vector<std::string> expected;
    BruteForce(texts, "", delimiter, 0, depth, least, &expected);
    CAPTURE(delimiter);
    CAPTURE(depth);
    CAPTURE(least);
    REQUIRE(Run(map, delimiter, depth, least, columns) == expected);
  }
}

TEST_CASE("branches that all keys share cost no move") {
  const Map map = TextMap({std::string(10000, '/') + "a", std::string(10000, '/') + "b"});
  PrefixTree tree(MapCursor<int>(&map), kTextTag, "/", 1000000, 1);
  size_t deepest = 0;
  while (tree.Next()) deepest = std::max(deepest, tree.depth());
  CHECK(tree.status().ok());
  CHECK(deepest == 10001);
}

TEST_CASE("a walk of a tree can be stopped") {
  Map map;
  for (int i = 0; i < 20000; ++i) map[EncodeKey(Datum::Text(std::to_string(i)))] = i;
  PrefixTree tree(MapCursor<int>(&map), kTextTag, "/", 9, 1);
  tree.SetPoll([] { return true; });
  int steps = 0;
  while (tree.Next()) ++steps;
  CHECK(tree.status().code() == Status::kInterrupted);
  CHECK(steps < 10000);
}

}  // namespace
}  // namespace memkv
