// URLs taken apart as RFC 3986 appendix B does: every text is one, none is rejected.

#ifndef MEMKV_CORE_QUERY_URL_H_
#define MEMKV_CORE_QUERY_URL_H_

#include <optional>
#include <string>

#include "core/bytes.h"

namespace memkv {

// Parts are borrowed from the text and lack their delimiters; those without one are absent.
struct Url {
  std::optional<Bytes> scheme;     // before ':'
  std::optional<Bytes> authority;  // after "//"
  Bytes path;
  std::optional<Bytes> query;     // after '?'
  std::optional<Bytes> fragment;  // after '#'

  explicit Url(Bytes text);

  // Of the authority [userinfo@]host[:port]; empty without one. An IPv6 address keeps its brackets.
  Bytes host() const;
  std::optional<Bytes> port() const;
};

// The host in lower case; none where there is no authority.
std::optional<std::string> UrlHost(Bytes url);

// The form that sorts by domain, as web archives use it (Sort-friendly URI Reordering Transform):
//
//   https://User@www.Example.com:8080/a?b   ->   com,example,www:8080)/a?b
//
// The scheme, the user and an empty port are left out, an empty path becomes "/"; addresses are not
// turned round. A text without authority stays as it is.
std::string UrlSurt(Bytes url);

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_URL_H_
