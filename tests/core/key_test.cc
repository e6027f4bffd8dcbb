#include "core/key.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace memkv {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t k53 = int64_t{1} << 53;
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kDenormal = std::numeric_limits<double>::denorm_min();

// The exact order of two numbers. x86-64's long double holds every int64 and every double.
static_assert(std::numeric_limits<long double>::digits >= 64);
int Compare(const Datum& a, const Datum& b) {
  const auto exact = [](const Datum& v) {
    return v.kind == Datum::kInteger ? static_cast<long double>(v.integer)
                                     : static_cast<long double>(v.real);
  };
  return exact(a) < exact(b) ? -1 : exact(a) > exact(b) ? 1 : 0;
}

int Sign(int i) { return i < 0 ? -1 : i > 0; }

void CheckRoundTrip(const Datum& v) {
  const std::string key = EncodeKey(v);
  Datum back;
  REQUIRE(DecodeKey(key, &back));
  CHECK(Compare(v, back) == 0);
  const bool fits = v.kind == Datum::kInteger ||
                    (v.real >= -0x1p63 && v.real < 0x1p63 && v.real == std::trunc(v.real));
  CHECK(back.kind == (fits ? Datum::kInteger : Datum::kReal));
}

TEST_CASE("numbers sort by exact value, integers and reals together") {
  std::vector<Datum> numbers;
  for (const int64_t i : {int64_t{0}, int64_t{1}, int64_t{-1}, k53, -k53, k53 * 4, -k53 * 4,
                          int64_t{1} << 62, -(int64_t{1} << 62)}) {
    for (int64_t d = -1030; d <= 1030; d += (std::abs(d) < 5 || std::abs(d) > 1020) ? 1 : 97) {
      numbers.push_back(Datum::Integer(i + d));
      numbers.push_back(Datum::Real(static_cast<double>(i + d)));
    }
  }
  for (int64_t d = 0; d < 1030; ++d) {
    numbers.push_back(Datum::Integer(kMin + d));
    numbers.push_back(Datum::Integer(kMax - d));
  }
  for (const double d : {0.0, 0.5, 1.5, 0.1, kDenormal, 1e-300, 1e300, 0x1p63, 0x1p64, kInf,
                         std::numeric_limits<double>::max()}) {
    for (const double s : {d, -d}) {
      numbers.push_back(Datum::Real(s));
      numbers.push_back(Datum::Real(std::nextafter(s, kInf)));
      numbers.push_back(Datum::Real(std::nextafter(s, -kInf)));
    }
  }
  std::vector<std::string> keys;
  for (const Datum& v : numbers) {
    CheckRoundTrip(v);
    keys.push_back(EncodeKey(v));
  }
  size_t wrong = 0;
  for (size_t a = 0; a < numbers.size(); ++a) {
    for (size_t b = 0; b < numbers.size(); b += 7) {
      wrong += Sign(keys[a].compare(keys[b])) != Compare(numbers[a], numbers[b]);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("random numbers keep their order") {
  std::mt19937_64 random(1);
  const auto number = [&] {
    const uint64_t bits = random();
    if (random() & 1) return Datum::Integer(static_cast<int64_t>(bits) >> (random() % 64));
    const double d = std::bit_cast<double>(bits);
    return random() & 1 || std::isnan(d) ? Datum::Real(std::ldexp(static_cast<double>(bits), -3))
                                         : Datum::Real(d);
  };
  for (int i = 0; i < 100000; ++i) {
    const Datum a = number();
    Datum b = number();
    if (i & 1 && a.kind == Datum::kInteger) b = Datum::Real(static_cast<double>(a.integer));
    CheckRoundTrip(a);
    CHECK(Sign(EncodeKey(a).compare(EncodeKey(b))) == Compare(a, b));
  }
}

TEST_CASE("equal numbers have one encoding, and 2^53 + 1 is not 2^53") {
  CHECK(EncodeKey(Datum::Integer(1)) == EncodeKey(Datum::Real(1.0)));
  CHECK(EncodeKey(Datum::Real(0.0)) == EncodeKey(Datum::Real(-0.0)));
  CHECK(EncodeKey(Datum::Integer(kMin)) == EncodeKey(Datum::Real(-0x1p63)));
  CHECK(EncodeKey(Datum::Integer(k53)) == EncodeKey(Datum::Real(0x1p53)));
  CHECK(EncodeKey(Datum::Integer(k53 + 1)) > EncodeKey(Datum::Real(0x1p53)));
  CHECK(EncodeKey(Datum::Integer(k53 + 1)) < EncodeKey(Datum::Real(0x1p53 + 2)));
  CHECK(EncodeKey(Datum::Integer(kMax)) < EncodeKey(Datum::Real(0x1p63)));
  CHECK(EncodeKey(Datum::Integer(7)).size() == 9);
  CHECK(EncodeKey(Datum::Integer(kMax)).size() == 11);
}

TEST_CASE("classes sort NULL, numbers, TEXT, BLOB, and bytes as memcmp") {
  const std::vector<std::string> ascending = {EncodeKey(Datum::Null()),
                                              EncodeKey(Datum::Real(-kInf)),
                                              EncodeKey(Datum::Real(kInf)),
                                              EncodeKey(Datum::Text("")),
                                              EncodeKey(Datum::Text(Bytes("\0", 1))),
                                              EncodeKey(Datum::Text("a")),
                                              EncodeKey(Datum::Text(Bytes("a\0", 2))),
                                              EncodeKey(Datum::Text("ab")),
                                              EncodeKey(Datum::Text("\xff\xff")),
                                              EncodeKey(Datum::Blob("")),
                                              EncodeKey(Datum::Blob("a")),
                                              EncodeKey(Datum::Blob("\xff"))};
  for (size_t i = 1; i < ascending.size(); ++i) CHECK(ascending[i - 1] < ascending[i]);
  for (const std::string& key : ascending) {
    Datum v;
    REQUIRE(DecodeKey(key, &v));
    CHECK(EncodeKey(v) == key);
  }
  CHECK(EncodeKey(Datum::Real(std::nan(""))) == EncodeKey(Datum::Null()));
}

TEST_CASE("bytes that no value encodes to are refused") {
  Datum v;
  CHECK_FALSE(DecodeKey("", &v));
  CHECK_FALSE(DecodeKey("\x04x", &v));
  CHECK_FALSE(DecodeKey(Bytes("\0x", 2), &v));
  const std::string one = EncodeKey(Datum::Integer(1));
  for (size_t n = 1; n < one.size(); ++n) CHECK_FALSE(DecodeKey(one.substr(0, n), &v));
  CHECK_FALSE(DecodeKey(one + std::string("\0", 1), &v));
  CHECK_FALSE(
      DecodeKey(one + std::string("\0\1", 2), &v));  // no integer between 1 and the next double
  CHECK_FALSE(DecodeKey("\x01" + std::string(8, '\xff'), &v));      // NaN
  CHECK_FALSE(DecodeKey("\x01\x7f" + std::string(7, '\xff'), &v));  // -0.0
  const std::string big = EncodeKey(Datum::Integer(kMax));
  CHECK_FALSE(DecodeKey(big.substr(0, 9) + std::string("\x04\x00", 2), &v));  // over int64
  // Whatever decodes encodes to the same bytes.
  std::mt19937 random(2);
  for (int i = 0; i < 200000; ++i) {
    std::string key = i & 1 ? big : EncodeKey(Datum::Integer(k53 + i));
    for (int flips = 0; flips < 2; ++flips)
      key[1 + random() % (key.size() - 1)] ^= 1 << random() % 8;
    if (DecodeKey(key, &v)) CHECK(EncodeKey(v) == key);
  }
}

}  // namespace
}  // namespace memkv
