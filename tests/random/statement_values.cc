#include "tests/random/statement_values.h"

#include <algorithm>
#include <cstdio>
#include <limits>

namespace memkv::test {
namespace {

using namespace std::string_literals;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

// Values that meet each other; a case takes some of some families.
const std::vector<std::vector<Cell>>& Families() {
  static const std::vector<std::vector<Cell>> families = {
      // what reads as the number 5, and its neighbours
      {TextCell("5"), TextCell("05"), TextCell(" 5"), TextCell("5.0"), TextCell("5 "),
       TextCell("+5"), TextCell("5e0"), TextCell("5x"), TextCell("0x5"), TextCell("5\0"s),
       TextCell("5\0x"s), TextCell("5 \0"s), IntegerCell(5), RealCell(5), RealCell(5.5),
       BlobCell("5"), IntegerCell(4), TextCell("4.5")},
      // one, ten, zero
      {TextCell("1"),  TextCell("1e1"), TextCell("+1"),   TextCell("10"),  TextCell("1.0"),
       TextCell("0"),  TextCell("-0"),  TextCell("-0.0"), TextCell(".5"),  TextCell("-1"),
       IntegerCell(0), IntegerCell(1),  IntegerCell(10),  IntegerCell(-1), RealCell(0.0),
       RealCell(-0.0), RealCell(1),     RealCell(10),     RealCell(0.5),   RealCell(-1),
       BlobCell("1")},
      // the ends of what is exact
      {IntegerCell(9007199254740993),
       IntegerCell(9007199254740992),
       RealCell(9007199254740992.0),
       TextCell("9007199254740993"),
       TextCell("9007199254740992.0"),
       IntegerCell(kMost),
       IntegerCell(kMost - 1),
       IntegerCell(kLeast),
       IntegerCell(kLeast + 1),
       RealCell(9223372036854775807.0),
       RealCell(-9223372036854775808.0),
       TextCell("9223372036854775807"),
       TextCell("9223372036854775808"),
       RealCell(kInfinity),
       RealCell(-kInfinity),
       TextCell("9e999"),
       TextCell("inf"),
       RealCell(1e300),
       TextCell("1e300"),
       RealCell(5e-324),
       RealCell(0.1)},
      // letters in both cases, prefixes of each other, the same bytes as blobs
      {TextCell(""), TextCell("a"), TextCell("A"), TextCell("ab"), TextCell("AB"), TextCell("aB"),
       TextCell("abc"), TextCell("abd"), TextCell("b"), TextCell("B"), TextCell("z"), TextCell("Z"),
       BlobCell(""), BlobCell("a"), BlobCell("ab"), BlobCell("AB"), BlobCell("b")},
      // bytes
      {TextCell("a\0"s),         TextCell("a\0b"s),
       TextCell("\0"s),          TextCell("\xff"),
       TextCell("a\xff"),        TextCell("a\x80"),
       TextCell("\xc3"),         TextCell("a\xc3"),
       TextCell("\xe2\x82"),     TextCell("\xc3\xa9"),
       TextCell("\xc3\x89"),     TextCell("\xc3\xa9t"),
       TextCell("a\xc3\xa9"),    TextCell("\xf0\x9f\x98\x80"),
       TextCell("\xef\xbf\xbd"), TextCell("a\x7f"),
       BlobCell("\0"s),          BlobCell("a\0"s),
       BlobCell("\xff"),         BlobCell("a\xff"),
       BlobCell("\xc3\xa9"),     TextCell("a"),
       TextCell("a\x01")},
      // metacharacters
      {TextCell("a%"),  TextCell("a_"),   TextCell("a%b"), TextCell("a*"),  TextCell("a?b"),
       TextCell("[a]"), TextCell("a["),   TextCell("a]"),  TextCell("a\\"), TextCell("a\\b"),
       TextCell("%"),   TextCell("_"),    TextCell("*"),   TextCell("a.b"), TextCell("a^"),
       TextCell("a b"), TextCell("a\nb"), TextCell("\na"), TextCell("a-"),  TextCell("a"),
       TextCell("ab")},
      // words
      {TextCell("http://a.com/"), TextCell("http://a.com/x"), TextCell("HTTP://A.com/"),
       TextCell("https://b.org/"), TextCell("/usr/bin"), TextCell("/usr"), TextCell("#tag"),
       TextCell("2024-01-01"), TextCell("2024-01-02"), TextCell("10.0.0.1"), BlobCell("/usr"),
       TextCell("Null"), TextCell("NULL"), TextCell("kilometre"), TextCell("K"), TextCell("k")},
  };
  return families;
}

std::string Hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", static_cast<unsigned char>(c));
    out += hex;
  }
  return out;
}

bool IsPlain(unsigned char c) { return c >= 0x20 && c < 0x7f; }

}  // namespace

std::string Literal(const Cell& cell) {
  const std::string bytes = cell.substr(1);
  if (cell[0] == 'R') {
    const std::string shown = Show(cell);
    return shown.ends_with("inf") ? (shown[0] == '-' ? "-9e999" : "9e999") : shown;
  }
  if (cell[0] == 'B') return "x'" + Hex(bytes) + "'";
  if (cell[0] == 'I' && bytes == std::to_string(kLeast)) return "(-9223372036854775807 - 1)";
  if (cell[0] != 'T') return Show(cell);
  // A valid character beyond ASCII is as good as its bytes in hexadecimal.
  if (!std::all_of(bytes.begin(), bytes.end(), IsPlain))
    return "CAST(x'" + Hex(bytes) + "' AS TEXT)";
  std::string out = "'";
  for (const char c : bytes) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

Pool::Pool(Random* random) : random_(*random) {
  const uint64_t families = 1 + random_.Below(3);
  for (uint64_t i = 0; i < families; ++i) Take(random_.Pick(Families()));
  if (texts_.empty()) texts_.push_back("5");
}

void Pool::Take(const std::vector<Cell>& family) {
  for (uint64_t n = 4 + random_.Below(8); n > 0; --n) {
    values_.push_back(random_.Pick(family));
    if (values_.back()[0] == 'T') texts_.push_back(values_.back().substr(1));
  }
}

void Pool::TakeNumbersAndWords() {
  Take(Families()[random_.Below(3)]);
  Take(Families()[3]);
}

Cell Pool::Word() {
  for (int tries = 0; tries < 50; ++tries) {
    const Cell v = Some();
    if (v[0] == 'B') return v;
    if (v[0] == 'T' && v.substr(1).find_first_of("0123456789 \n") == std::string::npos) return v;
  }
  return TextCell("word");
}

Cell Pool::Any() { return random_.OneIn(12) ? NullCell() : Some(); }

Cell Pool::Some() { return random_.Pick(values_); }

std::string Pool::SomeText() { return random_.Pick(texts_); }

std::string Pool::Pattern(const std::vector<std::string>& wildcards, const std::string& any) {
  std::string text = SomeText();
  if (random_.OneIn(3)) text.resize(random_.Below(text.size() + 1));
  if (random_.OneIn(3)) text.insert(random_.Below(text.size() + 1), random_.Pick(wildcards));
  if (random_.OneIn(8)) text.insert(0, random_.Pick(wildcards));
  if (random_.OneIn(8)) std::transform(text.begin(), text.end(), text.begin(), ::toupper);
  return random_.OneIn(4) ? text : text + any;
}

std::string Pool::LikePattern() { return Pattern({"%", "_", "\\", "%%", "_%"}, "%"); }

std::string Pool::GlobPattern() {
  return Pattern({"*", "?", "[a-b]", "[^a]", "[", "*?", "[]a]"}, "*");
}

std::string Pool::RegexpPattern() {
  std::string text;
  // Texts have characters of their own meaning in them, and bytes that no pattern may hold.
  for (const char c : SomeText()) {
    if (IsPlain(static_cast<unsigned char>(c)) && c != '[' && c != '(' && c != '\\' && c != '*' &&
        c != '?' && c != '+' && c != '{' && c != ']') {
      text += c;
    }
  }
  if (random_.OneIn(3)) text.resize(random_.Below(text.size() + 1));
  static const std::vector<std::string> kEnds = {"", "", "$", ".*", ".", "*", "?", "|b", "[ab]"};
  if (text.empty()) return random_.OneIn(2) ? "^" : "a";
  return (random_.OneIn(4) ? "" : "^") + text + random_.Pick(kEnds);
}

Cell Pool::Prefix() {
  Cell v = Some();
  if (v[0] == 'T' || v[0] == 'B') v.resize(1 + random_.Below(v.size()));
  return v;
}

}  // namespace memkv::test
