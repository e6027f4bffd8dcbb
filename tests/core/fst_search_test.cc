// The vector comparisons of the reader against their plain twins, whatever lies behind the
// separators.

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "core/fst/search.h"
#include "tests/core/ordered_keys.h"

namespace memkv::fst {
namespace {

using test::Random;

// k ascending separators of `width` bytes, and arbitrary bytes where the fast forms may read on.
template <class T>
std::vector<uint8_t> Separators(uint32_t k, Random& random) {
  std::vector<T> values(k);
  for (T& v : values) v = static_cast<T>(random());
  std::sort(values.begin(), values.end());
  std::vector<uint8_t> bytes(k * sizeof(T) + kPadBytes);
  std::memcpy(bytes.data(), values.data(), k * sizeof(T));
  for (size_t i = k * sizeof(T); i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(random());
  }
  return bytes;
}

}  // namespace

TEST_CASE("fst: vector comparisons equal their plain twins") {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    for (uint32_t k = 1; k <= 40; ++k) {
      const std::vector<uint8_t> bytes = Separators<uint8_t>(k, random);
      const auto byte = static_cast<uint8_t>(random());
      REQUIRE(CountUpTo8(bytes.data(), k, byte) == plain::CountUpTo8(bytes.data(), k, byte));

      const std::vector<uint8_t> words = Separators<int32_t>(k, random);
      const auto window = round % 2 == 0
                              ? static_cast<int32_t>(random())
                              : static_cast<int32_t>(Load32(&words[4 * random.Below(k)]));
      REQUIRE(CountUpTo32(words.data(), k, window) == plain::CountUpTo32(words.data(), k, window));

      std::vector<uint8_t> a(16), b(16);
      for (int i = 0; i < 16; ++i) {
        a[i] = static_cast<uint8_t>(random.Below(3));
        b[i] = static_cast<uint8_t>(random.Below(3));
      }
      REQUIRE(Differ16(a.data(), b.data()) == plain::Differ16(a.data(), b.data()));
    }
  }
}

}  // namespace memkv::fst
