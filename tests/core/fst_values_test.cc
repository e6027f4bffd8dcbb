// Columns of the frozen engine: every kind of value, alone and mixed, against the rows that went
// in.

#include <doctest/doctest.h>

#include <bit>
#include <functional>
#include <limits>

#include "tests/core/fst_shapes.h"

namespace memkv::test {
namespace {

Cell Null() { return {}; }
Cell Integer(int64_t i) { return {Datum::kInteger, i, 0, {}}; }
Cell Real(double r) { return {Datum::kReal, 0, r, {}}; }
Cell Text(std::string s) { return {Datum::kText, 0, 0, std::move(s)}; }
Cell Blob(std::string s) { return {Datum::kBlob, 0, 0, std::move(s)}; }

bool Same(const Cell& a, const Datum& b) {
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

struct Column {
  const char* name;
  std::function<Cell(uint64_t i, Random&)> make;
  double most_bytes;  // per row at 20,000 rows; 0: not looked at
};

const std::vector<Column>& Columns() {
  static const std::vector<Column> columns = {
      {"null", [](uint64_t, Random&) { return Null(); }, 0.1},
      {"constant", [](uint64_t, Random&) { return Integer(-5); }, 0.1},
      {"ascending", [](uint64_t i, Random&) { return Integer(static_cast<int64_t>(1000 + 3 * i)); },
       0.1},
      {"descending",
       [](uint64_t i, Random&) { return Integer(-static_cast<int64_t>(i) * 1000000007); }, 0.1},
      {"22 bits",
       [](uint64_t, Random& r) { return Integer(static_cast<int64_t>(r() % (1 << 22))); }, 2.9},
      {"outliers",
       [](uint64_t, Random& r) {
         return Integer(r() % 50 ? static_cast<int64_t>(r() % 16) : static_cast<int64_t>(r()));
       },
       1},
      {"any integer", [](uint64_t, Random& r) { return Integer(static_cast<int64_t>(r())); }, 8.1},
      {"extremes",
       [](uint64_t, Random& r) {
         return Integer(r() % 2 ? std::numeric_limits<int64_t>::min()
                                : std::numeric_limits<int64_t>::max());
       },
       8.1},
      {"integers and null",
       [](uint64_t, Random& r) {
         return r() % 3 ? Integer(static_cast<int64_t>(r() % 100)) : Null();
       },
       1.2},
      {"prices", [](uint64_t, Random& r) { return Real(static_cast<double>(r() % 100000) / 100); },
       2.3},
      {"whole reals", [](uint64_t i, Random&) { return Real(static_cast<double>(i)); }, 0.1},
      {"zeros of both signs", [](uint64_t, Random& r) { return Real(r() % 2 ? 0.0 : -0.0); }, 8.1},
      {"reals",
       [](uint64_t, Random& r) {
         static const double kOdd[] = {
             0.1, -1e300, 1e-300, std::numeric_limits<double>::infinity(), 9007199254740993.0,
             -0.0};
         return r() % 4   ? Real(static_cast<double>(r()) / 7)
                : r() % 2 ? Real(kOdd[r() % 6])
                          : Null();
       },
       8.3},
      {"few texts",
       [](uint64_t, Random& r) { return Text(std::string("colour ") + std::to_string(r() % 9)); },
       0.7},
      {"few texts, blobs and null",
       [](uint64_t, Random& r) {
         const std::string s = std::to_string(r() % 9) + " or so";
         return r() % 3 == 0 ? Null() : r() % 2 ? Text(s) : Blob(s);
       },
       0.9},
      {"texts", [](uint64_t i, Random& r) { return Text(Url(r) + std::to_string(i)); }, 20},
      {"texts and null",
       [](uint64_t i, Random& r) { return r() % 2 ? Null() : Text(Url(r) + std::to_string(i)); },
       12},
      {"odd texts",
       [](uint64_t, Random& r) {
         return Text(RandomText(r, 12,
                                std::string("\0\xff"
                                            "a\x80",
                                            4)));
       },
       0},
      {"blobs", [](uint64_t, Random& r) { return Blob(RandomText(r, 30, "0123456789abcdef")); },
       17},
      {"long texts",
       [](uint64_t i, Random&) {
         return Text(std::string(i % 97 ? 10 : 9000, static_cast<char>('a' + i % 26)));
       },
       0},
      {"mixed",
       [](uint64_t i, Random& r) {
         switch (r() % 5) {
           case 0:
             return Null();
           case 1:
             return Integer(static_cast<int64_t>(r()) >> (r() % 64));
           case 2:
             return Real(static_cast<double>(r()) / 3);
           case 3:
             return Text(Url(r) + std::to_string(i));
           default:
             return Blob(RandomText(r, 9, "xyz"));
         }
       },
       0},
  };
  return columns;
}

Model Rows(uint64_t n) {
  Random random(n);
  Model model;
  for (uint64_t i = 0; i < n; ++i) {
    Row row;
    for (const Column& column : Columns()) row.push_back(column.make(i, random));
    std::string key = std::to_string(i);
    key.insert(0, 8 - key.size(), '0');
    model.emplace(key, std::move(row));
  }
  return model;
}

TEST_CASE("fst values: every column gives back what went in") {
  for (uint64_t n : {1, 2, 511, 512, 513, 5000}) {
    CAPTURE(n);
    const Model model = Rows(n);
    const auto fst = MustOpen(MustBuild(model));
    REQUIRE(fst->columns() == Columns().size());
    REQUIRE(fst->Verify().ok());
    std::string buffer;
    uint64_t rank = 0;
    for (const auto& [key, row] : model) {
      for (size_t c = 0; c < row.size(); ++c) {
        Datum got;
        REQUIRE(fst->Column(rank, c, &buffer, &got).ok());
        CAPTURE(Columns()[c].name);
        CAPTURE(rank);
        REQUIRE(Same(row[c], got));
      }
      ++rank;
    }
  }
}

TEST_CASE("fst values: sizes") {
  constexpr uint64_t kRows = 20000;
  const Model all = Rows(kRows);
  for (size_t c = 0; c < Columns().size(); ++c) {
    if (Columns()[c].most_bytes == 0) continue;
    Model with, without;
    for (const auto& [key, row] : all) {
      with[key] = {row[c]};
      without[key] = {};
    }
    const double more = static_cast<double>(MustBuild(with)->bytes().size()) -
                        static_cast<double>(MustBuild(without)->bytes().size());
    CAPTURE(Columns()[c].name);
    CHECK(more / kRows <= Columns()[c].most_bytes);
  }
}

TEST_CASE("fst values: a row of another width is refused") {
  Model model = Rows(10);
  model.rbegin()->second.pop_back();
  MapSource source(model);
  FstBuilder::Options options;
  options.columns = Columns().size();
  std::shared_ptr<const FstImage> image;
  CHECK(FstBuilder::Build(&source, options, &image).code() == Status::kInvalid);
}

}  // namespace
}  // namespace memkv::test
