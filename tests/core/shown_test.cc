#include "core/shown.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "core/utf8.h"

namespace memkv {
namespace {

std::string WellFormed(Bytes message, size_t most = 4096) {
  std::string out(MakeWellFormed(message, most, nullptr), '?');
  CHECK(MakeWellFormed(message, most, out.data()) == out.size());
  return out;
}

bool IsUtf8(Bytes text) {
  while (!text.empty()) {
    const size_t n = Utf8Bytes(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

TEST_CASE("texts are shown on one line of well-formed UTF-8") {
  CHECK(Shown("plain") == "\"plain\"");
  CHECK(Shown("") == "\"\"");
  CHECK(Shown("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80") ==
        "\"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
  CHECK(Shown("a\xd1z") == "\"a\\xD1z\"");
  CHECK(Shown(Bytes("a\0b\n\x1b[31m\x7f", 10)) == "\"a\\x00b\\x0A\\x1B[31m\\x7F\"");
  CHECK(Shown("\xc0\x80 \xe0\x80\x80 \xed\xa0\x80 \xf4\x90\x80\x80 \xf8\x88") ==
        "\"\\xC0\\x80 \\xE0\\x80\\x80 \\xED\\xA0\\x80 \\xF4\\x90\\x80\\x80 \\xF8\\x88\"");
  CHECK(Shown("\xe2\x82") == "\"\\xE2\\x82\"");
  CHECK(ShownBare("a\tb") == "a\\x09b");
}

TEST_CASE("long texts are cut between characters") {
  CHECK(Shown(std::string(80, 'a')) == '"' + std::string(80, 'a') + '"');
  CHECK(Shown(std::string(81, 'a')) == '"' + std::string(80, 'a') + "...\"");
  CHECK(Shown(std::string(79, 'a') + "\xc3\xa9") == '"' + std::string(79, 'a') + "...\"");
  CHECK(Shown("abcdef", 3) == "\"abc...\"");
}

TEST_CASE("messages keep all but what is no UTF-8") {
  CHECK(WellFormed("line\nline\t\xd1") == "line\nline\t\\xD1");
  CHECK(WellFormed("abcdef", 3) == "abc...");
}

TEST_CASE("whatever the bytes, what is shown is well-formed") {
  std::mt19937 random(11);
  constexpr Bytes kBytes = "a\x7f\x80\xbf\xc0\xc2\xdf\xe0\xed\xef\xf0\xf4\xf5\xff\xa0\x9f\x8f\x90";
  for (int i = 0; i < 100000; ++i) {
    std::string text;
    for (uint32_t n = random() % 12; n > 0; --n) text += kBytes[random() % kBytes.size()];
    CAPTURE(text);
    REQUIRE(IsUtf8(Shown(text, random() % 14)));
    REQUIRE(IsUtf8(WellFormed(text, random() % 14)));
    if (IsUtf8(text)) REQUIRE(WellFormed(text) == text);
  }
}

}  // namespace
}  // namespace memkv
