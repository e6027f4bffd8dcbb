#include <doctest/doctest.h>

#include <random>
#include <string>

#include "core/query/url.h"

namespace memkv {
namespace {

std::string Host(Bytes url) { return UrlHost(url).value_or("(none)"); }

TEST_CASE("the parts of a URL, as RFC 3986 appendix B names them") {
  const Url url("http://www.ics.uci.edu/pub/ietf/uri/?a=b#Related");
  CHECK(url.scheme == "http");
  CHECK(url.authority == "www.ics.uci.edu");
  CHECK(url.path == "/pub/ietf/uri/");
  CHECK(url.query == "a=b");
  CHECK(url.fragment == "Related");
  CHECK(!Url("//host/x").scheme);
  CHECK(Url("//host/x").authority == "host");
  CHECK(!Url("a/b").authority);
  CHECK(Url("a/b").path == "a/b");
  CHECK(Url(":a").path == ":a");
  CHECK(Url("a:b:c").path == "b:c");
  CHECK(Url("x?").query == "");
  CHECK(Url("x#").fragment == "");
  CHECK(Url("x#a?b").fragment == "a?b");
}

TEST_CASE("hosts") {
  CHECK(Host("https://www.Example.COM/Path") == "www.example.com");
  CHECK(Host("http://user:p@ss@host:80/x") == "host");
  CHECK(Host("http://host:/x") == "host");
  CHECK(Host("http://host:8x/") == "host:8x");
  CHECK(Host("http://[2001:DB8::1]:8080/") == "[2001:db8::1]");
  CHECK(Host("http://[::1]/") == "[::1]");
  CHECK(Host("http://::1/") == "::1");
  CHECK(Host("file:///etc/passwd") == "");
  CHECK(Host("mailto:a@b.example") == "(none)");
  CHECK(Host("www.example.com/x") == "(none)");
  CHECK(Host("") == "(none)");
  CHECK(Host("http://host?x") == "host");
  CHECK(Host("http://host#x") == "host");
}

TEST_CASE("sort-friendly forms") {
  CHECK(UrlSurt("https://User@www.Example.com:8080/A?b#c") == "com,example,www:8080)/A?b#c");
  CHECK(UrlSurt("http://example.com") == "com,example)/");
  CHECK(UrlSurt("http://example.com.?q") == "com,example)/?q");
  CHECK(UrlSurt("http://localhost/x") == "localhost)/x");
  CHECK(UrlSurt("ftp://107.182.24.30/pub") == "107.182.24.30)/pub");
  CHECK(UrlSurt("http://[::1]:80/") == "[::1]:80)/");
  CHECK(UrlSurt("http:///x") == ")/x");
  CHECK(UrlSurt("mailto:a@b.example") == "mailto:a@b.example");
  CHECK(UrlSurt("no/url") == "no/url");
  CHECK(UrlSurt("") == "");
}

TEST_CASE("no text is rejected") {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (uint32_t n = random() % 20; n > 0; --n) text += "ht:/?#@.[]A1\0\xff"[random() % 14];
    const Url url(text);
    std::string whole;
    if (url.scheme) whole += std::string(*url.scheme) + ":";
    if (url.authority) whole += "//" + std::string(*url.authority);
    whole += url.path;
    if (url.query) whole += "?" + std::string(*url.query);
    if (url.fragment) whole += "#" + std::string(*url.fragment);
    CHECK(whole == text);
    (void)UrlHost(text);
    (void)UrlSurt(text);
  }
}

}  // namespace
}  // namespace memkv
