#include "core/row.h"

#include <doctest/doctest.h>

#include <bit>
#include <limits>
#include <random>
#include <vector>

namespace memkv {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

bool Same(const Datum& a, const Datum& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Datum::kNull:
      return true;
    case Datum::kInteger:
      return a.integer == b.integer;
    case Datum::kReal:
      return std::bit_cast<uint64_t>(a.real) == std::bit_cast<uint64_t>(b.real);
    default:
      return a.bytes == b.bytes;
  }
}

void CheckRoundTrip(const std::vector<Datum>& columns) {
  std::string buffer = "left over";
  const Value row = EncodeRow(columns, &buffer);
  std::vector<Datum> back(columns.size() + 2, Datum::Integer(99));
  REQUIRE(DecodeRow(row, back).ok());
  for (size_t i = 0; i < back.size(); ++i) {
    const Datum want = i < columns.size() ? columns[i] : Datum::Null();
    CHECK(Same(back[i], want));
    Datum one = Datum::Integer(99);
    REQUIRE(DecodeColumn(row, i, &one).ok());
    CHECK(Same(one, want));
  }
}

TEST_CASE("rows of one number or of nothing are numbers") {
  std::string buffer;
  const auto number = [&](std::vector<Datum> columns) {
    CheckRoundTrip(columns);
    const Value row = EncodeRow(columns, &buffer);
    CHECK_FALSE(row.is_record);
    return row.number;
  };
  CHECK(number({}) == 0);
  CHECK(number({Datum::Null(), Datum::Null()}) == 0);
  CHECK(number({Datum::Integer(0)}) == 1);
  CHECK(number({Datum::Integer(-1), Datum::Null()}) == 2);
  CHECK(number({Datum::Integer(1)}) == 3);
  constexpr uint64_t kReals = uint64_t{1} << 63;
  CHECK(number({Datum::Integer((int64_t{1} << 62) - 1)}) == kReals - 1);
  CHECK(number({Datum::Real(0.0)}) == kReals);
  CHECK(number({Datum::Real(1.5), Datum::Null()}) == kReals + 0x3ff8000000000000);
  CHECK(number({Datum::Real(std::numeric_limits<double>::infinity())}) ==
        kReals + 0x7ff0000000000000);
  for (const Datum& v :
       {Datum::Integer(kMin), Datum::Integer(kMax), Datum::Integer(int64_t{1} << 62),
        Datum::Integer(-(int64_t{1} << 62)), Datum::Real(-0.0), Datum::Real(-1.5)}) {
    CheckRoundTrip({v});
    CHECK(EncodeRow(std::vector{v}, &buffer).is_record);
  }
}

TEST_CASE("records take the fewest bytes") {
  std::string buffer;
  const auto bytes = [&](std::vector<Datum> columns) {
    CheckRoundTrip(columns);
    const Value row = EncodeRow(columns, &buffer);
    REQUIRE(row.is_record);
    return row.record.size();
  };
  const Datum null = Datum::Null();
  CHECK(bytes({null, Datum::Integer(0)}) == 3);
  CHECK(bytes({null, Datum::Integer(1), null, null}) == 3);
  CHECK(bytes({null, Datum::Integer(-1)}) == 4);
  CHECK(bytes({null, Datum::Integer(127)}) == 4);
  CHECK(bytes({null, Datum::Integer(-128)}) == 4);
  CHECK(bytes({null, Datum::Integer(128)}) == 5);
  CHECK(bytes({null, Datum::Integer(-129)}) == 5);
  CHECK(bytes({null, Datum::Integer(kMax)}) == 11);
  CHECK(bytes({Datum::Integer(kMin)}) == 10);
  CHECK(bytes({Datum::Real(-0.0)}) == 10);
  CHECK(bytes({Datum::Text("")}) == 2);
  CHECK(bytes({Datum::Blob(Bytes("\0x", 2)), Datum::Text("abc")}) == 8);
  for (int bits = 0; bits < 63; ++bits) {
    const int64_t i = int64_t{1} << bits;
    for (const int64_t v : {i, -i, i - 1, -i - 1}) CheckRoundTrip({null, Datum::Integer(v)});
  }
  CheckRoundTrip({Datum::Real(std::numeric_limits<double>::denorm_min()), Datum::Real(1.0)});
  const std::string big(100000, 'x');
  CheckRoundTrip({Datum::Text(big), Datum::Blob(big), Datum::Integer(5)});
}

TEST_CASE("random rows come back") {
  std::mt19937_64 random(3);
  const std::string text =
      "The quick brown fox jumps over the lazy dog, more than once, so that it is long enough";
  for (int i = 0; i < 20000; ++i) {
    std::vector<Datum> columns(random() % 6);
    for (Datum& v : columns) {
      const Bytes bytes = Bytes(text).substr(0, random() % text.size());
      switch (random() % 5) {
        case 0:
          break;
        case 1:
          v = Datum::Integer(static_cast<int64_t>(random()) >> (random() % 64));
          break;
        case 2:
          v = Datum::Real(static_cast<double>(static_cast<int64_t>(random())) / 7);
          break;
        case 3:
          v = Datum::Text(bytes);
          break;
        default:
          v = Datum::Blob(bytes);
      }
    }
    CheckRoundTrip(columns);
  }
}

TEST_CASE("damaged records give an error or a value, never a wild read") {
  std::string buffer;
  const std::string blob(200, 'b');
  const std::vector<Datum> columns = {Datum::Text("abcdef"), Datum::Integer(300), Datum::Real(1.5),
                                      Datum::Blob(blob)};
  const std::string good(EncodeRow(columns, &buffer).record);
  std::vector<Datum> out(4);
  for (size_t n = 0; n < good.size(); ++n) {
    const std::string cut = good.substr(0, n);
    const Status status = DecodeRow(Value::Record(cut), out);
    CHECK(status.code() == Status::kCorrupt);
  }
  CHECK(DecodeRow(Value::Record(good + "x"), out).code() == Status::kCorrupt);
  CHECK(DecodeRow(Value::Record(good), std::span(out).first(3)).code() == Status::kCorrupt);
  std::mt19937 random(4);
  for (int i = 0; i < 100000; ++i) {
    std::string bad = good.substr(0, random() % 4 ? good.size() : random() % good.size());
    for (int k = 0; k < 3 && !bad.empty(); ++k) {
      bad[random() % std::min<size_t>(bad.size(), 12)] = static_cast<char>(random());
    }
    const Status all = DecodeRow(Value::Record(bad), out);
    if (!all.ok()) CHECK_FALSE(all.message().empty());
    for (size_t c = 0; c < 6; ++c) {
      Datum v;
      if (DecodeColumn(Value::Record(bad), c, &v).ok() && v.kind >= Datum::kText) {
        CHECK(v.bytes.size() <= bad.size());
        if (!v.bytes.empty()) {
          CHECK(v.bytes.data() >= bad.data());
          CHECK(v.bytes.data() + v.bytes.size() <= bad.data() + bad.size());
        }
      }
    }
  }
}

}  // namespace
}  // namespace memkv
