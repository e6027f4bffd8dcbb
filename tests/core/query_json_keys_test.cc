#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "core/query/json_keys.h"

namespace memkv {
namespace {

std::string Shown(const Datum& v) {
  switch (v.kind) {
    case Datum::kNull:
      return "null";
    case Datum::kInteger:
      return std::to_string(v.integer);
    case Datum::kReal:
      return "r" + std::to_string(v.real);
    default:
      return "<" + std::string(v.bytes) + ">";
  }
}

// The elements as one text, or the error.
std::string Read(Bytes json, size_t columns = 1) {
  JsonKeys keys(json, columns);
  std::string out;
  std::vector<Datum> key(columns);
  for (;;) {
    bool more;
    const Status status = keys.Next(&more, key.data());
    if (!status.ok()) return status.message();
    if (!more) break;
    if (!out.empty()) out += ' ';
    for (size_t i = 0; i < columns; ++i) out += (i ? "," : "") + Shown(key[i]);
  }
  bool more = true;
  CHECK(keys.Next(&more, key.data()).ok());  // asking again after the end
  CHECK(!more);
  return out;
}

TEST_CASE("JSON arrays of keys") {
  CHECK(Read("[]") == "");
  CHECK(Read(" [ ] \n") == "");
  CHECK(Read("[\"a\"]") == "<a>");
  CHECK(Read("[\"a\",\"\",\"b c\"]") == "<a> <> <b c>");
  CHECK(Read(" [\t\"a\" ,\r\n null , 5 ] ") == "<a> null 5");
  CHECK(Read("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]") == "<\"\\/\b\f\n\r\t>");
  CHECK(Read("[\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00x\"]") ==
        "<A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x>");
  CHECK(Read("[\"a\\u0000b\"]") == std::string("<a\0b>", 5));
  CHECK(Read("[\"\xff\xfe\"]") == "<\xff\xfe>");
  CHECK(Read("[0,-0,7,-12,9223372036854775807,-9223372036854775808]") ==
        "0 0 7 -12 9223372036854775807 -9223372036854775808");
  CHECK(Read("[1.5,-2.25,1e2,1E+2,25e-1]") ==
        "r1.500000 r-2.250000 r100.000000 r100.000000 r2.500000");
  CHECK(Read("[9223372036854775808]") == "r9223372036854775808.000000");
  CHECK(Read("[1e999]") == "rinf");
  std::string expected, json = "[";
  for (int i = 0; i < 300; ++i) {
    expected += (i ? " <" : "<") + std::string(static_cast<size_t>(i), 'x') + ">";
    json += (i ? ",\"" : "\"") + std::string(static_cast<size_t>(i), 'x') + "\"";
  }
  CHECK(Read(json + "]") == expected);
}

TEST_CASE("what is no JSON array of keys is refused with its place") {
  CHECK(Read("") == "malformed JSON at byte 0: '[' expected, the end found");
  CHECK(Read("{}") == "malformed JSON at byte 0: '[' expected, '{' found");
  CHECK(Read("[\"a\"") == "malformed JSON at byte 4: ',' or ']' expected, the end found");
  CHECK(Read("[\"a\" \"b\"]") == "malformed JSON at byte 5: ',' or ']' expected, '\"' found");
  CHECK(Read("[\"a\",]") ==
        "malformed JSON at byte 5: a string, a number or null expected, ']' found");
  CHECK(Read("[,]") == "malformed JSON at byte 1: a string, a number or null expected, ',' found");
  CHECK(Read("[true]") ==
        "malformed JSON at byte 1: a string, a number or null expected, 't' found");
  CHECK(Read("[[\"a\"]]") ==
        "malformed JSON at byte 1: a string, a number or null expected, '[' found");
  CHECK(Read("[\"a\"] x") == "malformed JSON at byte 6: the end expected, 'x' found");
  CHECK(Read("[\"a]") == "malformed JSON at byte 4: '\"' expected, the end found");
  CHECK(Read("[\"a\nb\"]") == "malformed JSON at byte 3: '\"' expected, byte 0x0a found");
  CHECK(Read("[\"0123456789a\tb\"]") ==
        "malformed JSON at byte 13: '\"' expected, byte 0x09 found");
  CHECK(Read("[\"\\x\"]") == "malformed JSON at byte 3: an escape expected, 'x' found");
  CHECK(Read("[\"\\u12g4\"]") ==
        "malformed JSON at byte 6: a hexadecimal digit expected, 'g' found");
  CHECK(Read("[\"\\ud800\"]") ==
        "malformed JSON at byte 8: the second half of a surrogate pair expected, '\"' found");
  CHECK(Read("[\"\\ud800\\u0041\"]") ==
        "malformed JSON at byte 10: the second half of a surrogate pair expected, '0' found");
  CHECK(Read("[\"\\udc00\"]") ==
        "malformed JSON at byte 2: the first half of a surrogate pair expected, '\\' found");
  for (const char* number :
       {"[01]", "[-]", "[1.]", "[.5]", "[1e]", "[+1]", "[0x1]", "[--1]", "[1 2]"}) {
    CHECK(Read(number).starts_with("malformed JSON at byte "));
  }
}

TEST_CASE("JSON arrays of keys of several columns") {
  CHECK(Read("[]", 2) == "");
  CHECK(Read("[[\"a\",1]]", 2) == "<a>,1");
  CHECK(Read(" [ [ \"a\\n\" , \"\\u0041\" ] , [null,2.5 ]\n]", 2) == "<a\n>,<A> null,r2.500000");
  CHECK(Read("[[1,2,3],[4,5,6]]", 3) == "1,2,3 4,5,6");
  CHECK(Read("[\"a\"]", 2) == "malformed JSON at byte 1: '[' expected, '\"' found");
  CHECK(Read("[[\"a\"]]", 2) == "malformed JSON at byte 5: ',' expected, ']' found");
  CHECK(Read("[[1,2,3]]", 2) == "malformed JSON at byte 5: ']' expected, ',' found");
  CHECK(Read("[[1,[2]]]", 2) ==
        "malformed JSON at byte 4: a string, a number or null expected, '[' found");
  CHECK(Read("[[1,2] [3,4]]", 2) == "malformed JSON at byte 7: ',' or ']' expected, '[' found");
  CHECK(Read("[[1,2],]", 2) == "malformed JSON at byte 7: '[' expected, ']' found");
}

TEST_CASE("every prefix of an array is an error, never a crash") {
  const std::string json = "[\"a\\u00e9\\ud83d\\ude00\", -1.5e+3, null, 12, \"tail\"]";
  for (size_t n = 0; n < json.size(); ++n) {
    CHECK(Read(std::string(json, 0, n)).starts_with("malformed JSON at byte "));
  }
  const std::string pairs = "[[\"a\\u00e9\", -1.5e+3], [null, 12]]";
  for (size_t n = 0; n < pairs.size(); ++n)
    CHECK(Read(std::string(pairs, 0, n), 2).starts_with("malformed JSON at byte "));
}

}  // namespace
}  // namespace memkv
