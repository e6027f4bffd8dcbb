#include <doctest/doctest.h>

#include "core/query/regexp_prefix.h"

namespace memkv {
namespace {

TEST_CASE("the literal prefix of a regular expression") {
  CHECK(RegexpPrefix("") == "");
  CHECK(RegexpPrefix("abc") == "");
  CHECK(RegexpPrefix("^abc") == "abc");
  CHECK(RegexpPrefix("^abc.*d") == "abc");
  CHECK(RegexpPrefix("^http://a/[0-9]+") == "http://a/");
  CHECK(RegexpPrefix("^https?://") == "http");
  CHECK(RegexpPrefix("^ab*c") == "a");
  CHECK(RegexpPrefix("^ab+c") == "a");
  CHECK(RegexpPrefix("^ab{0,2}c") == "a");
  CHECK(RegexpPrefix("^www\\.cdc\\.gov/") == "www.cdc.gov/");
  CHECK(RegexpPrefix("^a\\.?b") == "a");
  CHECK(RegexpPrefix("^a\\d") == "a");
  CHECK(RegexpPrefix("^a\\") == "a");
  CHECK(RegexpPrefix("^a|b") == "");
  CHECK(RegexpPrefix("^a[|]") == "");
  CHECK(RegexpPrefix("(?i)^a") == "");
  CHECK(RegexpPrefix("^a(?i)b") == "");
  CHECK(RegexpPrefix("^a(b)") == "a");
  CHECK(RegexpPrefix("^a$") == "a");
  CHECK(RegexpPrefix("^x\xc3\xa9*") == "x");
  CHECK(RegexpPrefix("^x\xc3\xa9y") == "x\xc3\xa9y");
  CHECK(RegexpPrefix("^^a") == "");
}

}  // namespace
}  // namespace memkv
