#include "core/range.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

namespace memkv {
namespace {

std::string Text(Bytes s) { return EncodeKey(Datum::Text(s)); }

// Keys in ascending order, no two equal.
std::vector<Datum> Ladder() {
  const double inf = std::numeric_limits<double>::infinity();
  return {Datum::Real(-inf),
          Datum::Integer(std::numeric_limits<int64_t>::min()),
          Datum::Real(-0.5),
          Datum::Integer(0),
          Datum::Real(1e-320),
          Datum::Integer(int64_t{1} << 53),
          Datum::Integer((int64_t{1} << 53) + 1),
          Datum::Real(0x1p53 + 2),
          Datum::Real(inf),
          Datum::Text(""),
          Datum::Text(Bytes("\0", 1)),
          Datum::Text("abc"),
          Datum::Text(Bytes("abc\0", 4)),
          Datum::Text("abc\x01"),
          Datum::Text("abd"),
          Datum::Text("\xff\xff"),
          Datum::Blob(""),
          Datum::Blob("abc"),
          Datum::Blob("\xff")};
}

TEST_CASE("comparisons are exact ranges over every class") {
  const std::vector<Datum> ladder = Ladder();
  for (size_t v = 0; v < ladder.size(); ++v) {
    for (size_t k = 0; k < ladder.size(); ++k) {
      const std::string key = EncodeKey(ladder[k]);
      CHECK(CompareRange(CompareOp::kLess, ladder[v]).Contains(key) == (k < v));
      CHECK(CompareRange(CompareOp::kLessEqual, ladder[v]).Contains(key) == (k <= v));
      CHECK(CompareRange(CompareOp::kEqual, ladder[v]).Contains(key) == (k == v));
      CHECK(CompareRange(CompareOp::kGreaterEqual, ladder[v]).Contains(key) == (k >= v));
      CHECK(CompareRange(CompareOp::kGreater, ladder[v]).Contains(key) == (k > v));
    }
    // NULL, where a secondary index stores it, compares with nothing.
    CHECK_FALSE(CompareRange(CompareOp::kLess, ladder[v]).Contains(EncodeKey(Datum::Null())));
  }
  for (const CompareOp op : {CompareOp::kLess, CompareOp::kEqual, CompareOp::kGreater}) {
    CHECK(CompareRange(op, Datum::Null()).empty());
  }
  CHECK(CompareRange(CompareOp::kLessEqual, Datum::Text("abc")).hi == Text(Bytes("abc\0", 4)));
}

TEST_CASE("ranges intersect") {
  const KeyRange a{"b", "f"}, b{"d", std::nullopt};
  CHECK(Intersect(a, b) == KeyRange{"d", "f"});
  CHECK(Intersect(b, a) == KeyRange{"d", "f"});
  CHECK(Intersect(KeyRange::All(), a) == a);
  CHECK(Intersect(KeyRange{"a", "b"}, KeyRange{"b", "c"}).empty());
  CHECK(Intersect(a, KeyRange::None()).empty());
  CHECK_FALSE(KeyRange::All().empty());
  CHECK(KeyRange::All().Contains(""));
}

TEST_CASE("classes and prefixes") {
  CHECK(ClassRange(kTextTag).Contains(Text("\xff\xff")));
  CHECK(ClassRange(kTextTag).Contains(Text("")));
  CHECK_FALSE(ClassRange(kTextTag).Contains(EncodeKey(Datum::Blob(""))));
  CHECK_FALSE(ClassRange(kTextTag).Contains(EncodeKey(Datum::Real(1))));
  const KeyRange ab = PrefixRange(kTextTag, "ab");
  CHECK(ab.Contains(Text("ab")));
  CHECK(ab.Contains(Text("ab\xff\xff")));
  CHECK_FALSE(ab.Contains(Text("ac")));
  CHECK_FALSE(ab.Contains(Text("aa\xff")));
  CHECK_FALSE(ab.Contains(EncodeKey(Datum::Blob("ab"))));
  CHECK(PrefixRange(kBlobTag, "\xff").Contains(EncodeKey(Datum::Blob("\xff\xff"))));
  CHECK(PrefixRange(kTextTag, "") == ClassRange(kTextTag));
  CHECK(PrefixRange(kTextTag, "\xff\xff").hi == ClassRange(kTextTag).hi);
}

TEST_CASE("keys that are like numbers are those in the ranges of them") {
  std::mt19937_64 random(5);
  int number = 0, other = 0;
  for (int i = 0; i < 200000; ++i) {
    const Datum v = Datum::Text("");
    std::string key = EncodeKey(v);
    if (i % 7 == 0) key[0] = static_cast<char>(random() % 4);
    for (size_t n = random() % 6; n > 0; --n) {
      static constexpr char kLikely[] = "\b\t\n\r\x0e !+-./059:;aInf";
      key += random() % 8 ? kLikely[random() % (sizeof kLikely - 1)] : static_cast<char>(random());
    }
    const auto ranges = NumberLikeRanges();
    const bool in = std::any_of(ranges.begin(), ranges.end(),
                                [&](const KeyRange& range) { return range.Contains(key); });
    REQUIRE(IsNumberLike(key) == in);
    ++(in ? number : other);
  }
  CHECK(number > 10000);
  CHECK(other > 10000);
  for (const char* text :
       {"5", " 5", "\t5", "+5", "-.5", ".5", "5x", "+.5e3", "\v5", "Inf", "-Inf"})
    CHECK(IsNumberLike(EncodeKey(Datum::Text(text))));
  CHECK(IsNumberLike(EncodeKey(Datum::Integer(5))));
  CHECK(!IsNumberLike(EncodeKey(Datum::Blob("5"))));
  for (const char* text :
       {"", "a", "/usr", "#5", ".bashrc", "+", "-", "-a", "..5", "In", "inf", "+Inf", "x5"})
    CHECK(!IsNumberLike(EncodeKey(Datum::Text(text))));
}

TEST_CASE("GLOB ranges") {
  CHECK(GlobRange(kTextTag, "ab*").exact);
  CHECK(GlobRange(kTextTag, "ab*").range == PrefixRange(kTextTag, "ab"));
  CHECK(GlobRange(kTextTag, "ab***").exact);
  CHECK(GlobRange(kTextTag, "*").exact);
  CHECK_FALSE(GlobRange(kTextTag, "ab*c").exact);
  CHECK(GlobRange(kTextTag, "ab*c").range == PrefixRange(kTextTag, "ab"));
  CHECK(GlobRange(kBlobTag, "ab?").range == PrefixRange(kBlobTag, "ab"));
  CHECK_FALSE(GlobRange(kTextTag, "a[b]*").exact);
  CHECK(GlobRange(kTextTag, "a[b]*").range == PrefixRange(kTextTag, "a"));
  const PatternRange whole = GlobRange(kTextTag, "abc");
  CHECK(whole.exact);
  CHECK(whole.range.Contains(Text("abc")));
  CHECK(whole.range.Contains(Text(Bytes("abc\0zz", 6))));
  CHECK_FALSE(whole.range.Contains(Text("abc\x01")));
  CHECK(GlobRange(kTextTag, Bytes("ab*\0c", 5)).exact);
  CHECK(GlobRange(kTextTag, "").exact);
}

TEST_CASE("LIKE ranges, with escapes") {
  CHECK(LikeRange(kTextTag, "ab%", {}).exact);
  CHECK(LikeRange(kTextTag, "a_%", {}).range == PrefixRange(kTextTag, "a"));
  CHECK_FALSE(LikeRange(kTextTag, "a_%", {}).exact);
  CHECK(LikeRange(kTextTag, "10\\%%", '\\').range == PrefixRange(kTextTag, "10%"));
  CHECK(LikeRange(kTextTag, "10\\%%", '\\').exact);
  CHECK(LikePrefix("10\\%", '\\').whole);
  CHECK_FALSE(LikePrefix("10\\", '\\').whole);  // matches nothing
  CHECK_FALSE(LikePrefix("10\\", '\\').then_any);
  // An escape that is itself a wildcard loses that meaning.
  CHECK(LikePrefix("a%%b%_", '%').bytes == "a%b_");
  CHECK(LikePrefix("a__", '_').bytes == "a_");
  CHECK_FALSE(LikePrefix("a_", '_').whole);
  CHECK(LikePrefix("ab\xc3\xa9%", {}).bytes == "ab\xc3\xa9");
}

TEST_CASE("a literal prefix ends where a character has several encodings") {
  for (const char* bad : {"ab\xd1", "ab\xff", "ab\xa9", "ab\xe0\x83\xa9", "ab\xef\xbf\xbd",
                          "ab\xed\xa0\x80", "ab\xc3\xa9\x80", "ab\xf8\x88\x80\x80\x80"}) {
    const LiteralPrefix prefix = GlobPrefix(std::string(bad) + "*");
    CHECK(prefix.bytes == "ab");
    CHECK_FALSE(prefix.then_any);
    CHECK_FALSE(LikePrefix(bad, {}).whole);
  }
  CHECK(GlobPrefix("\xf0\x9f\x98\x80*").bytes == "\xf0\x9f\x98\x80");
  CHECK(GlobPrefix("\xe2\x82\xac*").then_any);
}

}  // namespace
}  // namespace memkv
