#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/query/sets.h"
#include "tests/core/map_cursor.h"

namespace memkv {
namespace {

using Map = std::map<std::string, int, std::less<>>;

std::vector<std::string> Keys(const Map& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

std::vector<std::string> BruteForce(const Map& a, const Map& b, SetOp op) {
  const std::vector<std::string> x = Keys(a), y = Keys(b);
  std::vector<std::string> out;
  const auto to = std::back_inserter(out);
  switch (op) {
    case SetOp::kUnion:
      std::set_union(x.begin(), x.end(), y.begin(), y.end(), to);
      break;
    case SetOp::kIntersect:
      std::set_intersection(x.begin(), x.end(), y.begin(), y.end(), to);
      break;
    case SetOp::kExcept:
      std::set_difference(x.begin(), x.end(), y.begin(), y.end(), to);
      break;
  }
  return out;
}

TEST_CASE("sets are those of the standard algorithms, and say which side has a key") {
  std::mt19937 random(11);
  for (int round = 0; round < 600; ++round) {
    Map a, b;
    const uint32_t span = 1 + random() % 400;
    for (size_t n = random() % 150; n > 0; --n) a[std::to_string(random() % span)] = 1;
    for (size_t n = random() % (round % 3 ? 150 : 5); n > 0; --n)
      b[std::to_string(random() % span)] = 2;
    for (const SetOp op : {SetOp::kUnion, SetOp::kIntersect, SetOp::kExcept}) {
      std::vector<std::string> got, want = BruteForce(a, b, op);
      SetWalk walk(MapCursor<int>(&a), MapCursor<int>(&b), op);
      for (walk.Start(); walk.Valid(); walk.Next()) {
        const std::string key(walk.key());
        CHECK(walk.in_a() == a.contains(key));
        CHECK(walk.in_b() == b.contains(key));
        if (walk.in_a()) CHECK(walk.a().value() == 1);
        got.push_back(key);
      }
      REQUIRE(got == want);
      CHECK(walk.status().ok());

      const std::string from = std::to_string(random() % span);
      got.clear();
      for (walk.Seek(from); walk.Valid(); walk.Next()) got.emplace_back(walk.key());
      want.erase(want.begin(), std::lower_bound(want.begin(), want.end(), from));
      REQUIRE(got == want);
    }
  }
}

TEST_CASE("gaps are sought past") {
  Map big, small;
  for (int i = 100000; i < 120000; ++i) big[std::to_string(i)] = 0;
  for (int i = 100000; i < 120000; i += 2000) small[std::to_string(i)] = 0;
  SetWalk walk(MapCursor<int>(&big), MapCursor<int>(&small), SetOp::kIntersect);
  size_t n = 0;
  for (walk.Start(); walk.Valid(); walk.Next()) ++n;
  CHECK(n == 10);
  CHECK(walk.a().moves().steps < 100);
  CHECK(walk.a().moves().seeks < 20);
}

TEST_CASE("a walk that gives nothing can be stopped") {
  Map a, b;
  for (int i = 0; i < 20000; ++i) (i % 2 ? a : b)[std::to_string(i)] = 0;
  SetWalk walk(MapCursor<int>(&a), MapCursor<int>(&b), SetOp::kIntersect);
  walk.SetPoll([] { return true; });
  walk.Start();
  CHECK_FALSE(walk.Valid());
  CHECK(walk.status().code() == Status::kInterrupted);
}

}  // namespace
}  // namespace memkv
