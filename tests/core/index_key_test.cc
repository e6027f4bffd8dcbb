// Index keys: their order is that of (value, key), and they come apart as they were put together.

#include "core/index_key.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "core/key.h"

namespace memkv {
namespace {

std::vector<Datum> Values() {
  static const std::vector<std::string> texts = {"",
                                                 std::string(1, '\0'),
                                                 std::string("\0\0", 2),
                                                 std::string("\0a", 2),
                                                 "\x01",
                                                 "a",
                                                 "a\x01",
                                                 std::string("a\0", 2),
                                                 std::string("a\0b", 3),
                                                 "a\xff",
                                                 "ab",
                                                 "\xff"};
  std::vector<Datum> values = {Datum::Null()};
  for (const double d : {-std::numeric_limits<double>::infinity(), -1e300, -1.5, -0.0, 0.0, 1e-300,
                         0.5, 1.0, 9007199254740992.0, 9007199254740994.0, 9223372036854775808.0,
                         std::numeric_limits<double>::infinity()})
    values.push_back(Datum::Real(d));
  for (const int64_t i :
       {std::numeric_limits<int64_t>::min(), int64_t{-9007199254740993}, int64_t{-1}, int64_t{0},
        int64_t{1}, int64_t{2}, int64_t{9007199254740993}, int64_t{9007199254740995},
        std::numeric_limits<int64_t>::max() - 1, std::numeric_limits<int64_t>::max()})
    values.push_back(Datum::Integer(i));
  for (const std::string& text : texts) {
    values.push_back(Datum::Text(text));
    values.push_back(Datum::Blob(text));
  }
  return values;
}

std::string ValuePart(const Datum& v) {
  std::string out;
  AppendIndexValue(v, &out);
  return out;
}

int Sign(int n) { return (n > 0) - (n < 0); }

}  // namespace

TEST_CASE("index keys sort by value, then by key") {
  const std::vector<Datum> values = Values();
  for (const Datum& a : values) {
    for (const Datum& b : values) {
      const std::string value_a = EncodeKey(a), value_b = EncodeKey(b);
      for (const Datum& k : values) {
        for (const Datum& l : values) {
          if (k.kind == Datum::kNull || l.kind == Datum::kNull) continue;  // never a key
          const std::string key_k = EncodeKey(k), key_l = EncodeKey(l);
          const int right =
              value_a != value_b ? Sign(value_a.compare(value_b)) : Sign(key_k.compare(key_l));
          REQUIRE(Sign((ValuePart(a) + key_k).compare(ValuePart(b) + key_l)) == right);
        }
      }
    }
  }
}

TEST_CASE("index keys come apart") {
  for (const Datum& v : Values()) {
    for (const Datum& k : Values()) {
      if (k.kind == Datum::kNull) continue;
      const std::string part = ValuePart(v), key = EncodeKey(k), whole = part + key;
      Bytes value, rest;
      REQUIRE(SplitIndexKey(whole, &value, &rest));
      CHECK(value == part);
      CHECK(rest == key);
      std::string buffer;
      Datum back;
      REQUIRE(DecodeIndexValue(value, &buffer, &back));
      CHECK(EncodeKey(back) == EncodeKey(v));
    }
  }
  Bytes value, rest;
  for (const std::string& bad : {std::string(), std::string("\x01"),
                                 std::string("\x01"
                                             "1234567"),
                                 std::string("\x02"
                                             "abc"),
                                 std::string("\x03"
                                             "a\0\xff",
                                             4),
                                 std::string("\x04")}) {
    CHECK(!SplitIndexKey(bad, &value, &rest));
  }
}

TEST_CASE("ranges of index keys hold what compares so, and nothing else") {
  for (const Datum& v : Values()) {
    for (const Datum& x : Values()) {
      const std::string key = ValuePart(x) + EncodeKey(Datum::Text("k"));
      const bool comparable = v.kind != Datum::kNull && x.kind != Datum::kNull;
      const int order = Sign(EncodeKey(x).compare(EncodeKey(v)));
      CHECK(IndexRange(CompareOp::kLess, v).Contains(key) == (comparable && order < 0));
      CHECK(IndexRange(CompareOp::kLessEqual, v).Contains(key) == (comparable && order <= 0));
      CHECK(IndexRange(CompareOp::kEqual, v).Contains(key) == (comparable && order == 0));
      CHECK(IndexRange(CompareOp::kGreaterEqual, v).Contains(key) == (comparable && order >= 0));
      CHECK(IndexRange(CompareOp::kGreater, v).Contains(key) == (comparable && order > 0));
      CHECK(NullIndexRange().Contains(key) == (x.kind == Datum::kNull));
      CHECK(NotNullIndexRange().Contains(key) == (x.kind != Datum::kNull));
    }
  }
}

}  // namespace memkv
