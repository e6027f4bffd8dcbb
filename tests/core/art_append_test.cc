#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/art/art.h"

namespace memkv {
namespace {

// Appends `keys` in pieces of random length, and checks that the map holds them and `before`.
void Check(std::map<std::string, std::string> before, const std::vector<std::string>& keys,
           bool records, std::mt19937* random) {
  Art art;
  for (const auto& [key, value] : before) REQUIRE(art.Put(key, {Value::Record(value), 1}).ok());
  const ArtSnapshot snapshot = art.TakeSnapshot();
  std::vector<Bytes> views;
  std::vector<Entry> entries;
  std::vector<std::string> values(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    values[i] = std::string((*random)() % ((*random)() % 40 ? 20 : 1500), 'v');
    views.push_back(keys[i]);
    entries.push_back({records ? Value::Record(values[i]) : Value::Number(i), 1});
  }
  for (size_t i = 0; i < keys.size();) {
    const size_t n = std::min<size_t>(keys.size() - i, 1 + (*random)() % 300);
    REQUIRE(art.Append(views.data() + i, entries.data() + i, n).ok());
    i += n;
  }
  const Status status = art.Verify();
  CHECK_MESSAGE(status.ok(), status.message());
  CHECK(snapshot.size() == before.size());
  REQUIRE(art.Latest().size() == before.size() + keys.size());
  ArtCursor at = art.TakeSnapshot().NewCursor();
  at.SeekFirst();
  for (const auto& [key, value] : before) {
    REQUIRE(at.key() == key);
    at.Next();
  }
  for (size_t i = 0; i < keys.size(); ++i, at.Next()) {
    REQUIRE(at.Valid());
    REQUIRE(at.key() == keys[i]);
    REQUIRE(at.entry().value == entries[i].value);
  }
  CHECK(!at.Valid());
  // It goes on as any other map.
  for (size_t i = 0; i < keys.size(); i += 3) REQUIRE(art.Erase(keys[i]));
  for (size_t i = 0; i < keys.size(); i += 6)
    REQUIRE(art.Put(keys[i] + "x", {Value::Number(1), 1}).ok());
  CHECK(art.Verify().ok());
}

std::vector<std::string> Keys(size_t n, std::mt19937* random) {
  std::map<std::string, int> keys;
  while (keys.size() < n) {
    std::string key = "http://host" + std::to_string((*random)() % 300) + "/";
    for (uint32_t k = (*random)() % 4; k > 0; --k) key += std::to_string((*random)() % 999) + "/";
    if ((*random)() % 300 == 0) key += std::string((*random)() % 30000, 'p');
    keys[key] = 0;
  }
  std::vector<std::string> out;
  for (const auto& [key, zero] : keys) out.push_back(key);
  return out;
}

TEST_CASE("appended runs are as if put one by one") {
  std::mt19937 random(3);
  for (const bool records : {false, true}) {
    Check({}, {"a"}, records, &random);
    Check({}, Keys(70000, &random), records, &random);
    Check({{"", "e"}}, Keys(200, &random), records, &random);
    Check({{"", "e"}, {"a", "x"}, {"http", "y"}}, Keys(5000, &random), records, &random);
  }
}

}  // namespace
}  // namespace memkv
