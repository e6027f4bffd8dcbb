// The byte comparisons of the frozen engine's reader: the vectors against their plain twins.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "core/fst/format.h"
#include "core/fst/search.h"

namespace memkv::fst {
namespace {

constexpr uint32_t kMost = 256;  // separators of a FUSED node, and one to spare

// Bytes around what separators may be mistaken for: few values, so that equal ones meet.
uint8_t SomeByte(std::mt19937_64& random, int range) {
  constexpr uint8_t kEdges[] = {0, 1, 0x7f, 0x80, 0x81, 0xfe, 0xff};
  return range == 0 ? kEdges[random() % sizeof kEdges] : static_cast<uint8_t>(random());
}

TEST_CASE("fst search: vectors equal their plain twins") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 3000; ++round) {
    const int range = round % 2;
    // Few and many separators, and every number around a vector's width.
    const auto k = static_cast<uint32_t>(round % 3 == 0 ? random() % (kMost + 1) : random() % 36);

    // What follows the separators is read and must not count: it is as tempting as they are.
    std::vector<uint8_t> bytes(kMost + kPadBytes);
    for (uint8_t& b : bytes) b = SomeByte(random, range);
    std::sort(bytes.begin(), bytes.begin() + k);
    for (int i = 0; i < 8; ++i) {
      const uint8_t probe = k > 0 && i % 2 ? bytes[random() % k] : SomeByte(random, range);
      CAPTURE(k);
      REQUIRE(CountUpTo8(bytes.data(), k, probe) == plain::CountUpTo8(bytes.data(), k, probe));
    }

    std::vector<int32_t> windows(k);
    auto some_window = [&] {
      uint32_t w = 0;
      for (int i = 0; i < 4; ++i) w = w << 8 | SomeByte(random, range);
      return static_cast<int32_t>(w);
    };
    for (int32_t& w : windows) w = some_window();
    std::sort(windows.begin(), windows.end());
    std::vector<uint8_t> words(4 * kMost + kPadBytes);
    for (uint8_t& b : words) b = SomeByte(random, range);
    for (uint32_t i = 0; i < k; ++i)
      StoreWide(reinterpret_cast<char*>(words.data()) + 4 * i, static_cast<uint32_t>(windows[i]),
                4);
    for (int i = 0; i < 8; ++i) {
      const int32_t probe = k > 0 && i % 2 ? windows[random() % k] : some_window();
      CAPTURE(k);
      REQUIRE(CountUpTo32(words.data(), k, probe) == plain::CountUpTo32(words.data(), k, probe));
    }

    uint8_t a[16], b[16];
    for (int i = 0; i < 16; ++i) {
      a[i] = SomeByte(random, range);
      b[i] = random() % 3 ? a[i] : SomeByte(random, range);
    }
    REQUIRE(Differ16(a, b) == plain::Differ16(a, b));
    REQUIRE(Differ16(a, a) == 0);
  }
}

}  // namespace
}  // namespace memkv::fst
