// Keys of one column, or of two of which tests look at the first.

#ifndef MEMKV_TESTS_CORE_FIRST_COLUMNS_H_
#define MEMKV_TESTS_CORE_FIRST_COLUMNS_H_

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "core/key_parts.h"
#include "core/query/key_text.h"

namespace memkv {

// A key that begins with v; where it has a second column, one of a few values.
inline std::string KeyWithFirst(const Datum& v, KeyColumns columns, std::mt19937* random) {
  if (columns == KeyColumns::kOne) return EncodeKey(v);
  std::string key;
  AppendKeyPart(v, false, &key);
  const Datum seconds[] = {Datum::Integer(3), Datum::Text(""), Datum::Text("a/b"),
                           Datum::Blob(Bytes("\0\xff/", 3))};
  AppendKeyPart(seconds[(*random)() % std::size(seconds)], true, &key);
  return key;
}

inline std::string FirstText(Bytes key, KeyColumns columns) {
  const bool last = columns == KeyColumns::kOne;
  Bytes part;
  Datum v;
  std::string buffer;
  REQUIRE(KeyPart(key, 0, last, &part));
  REQUIRE(DecodeKeyPart(part, last, &buffer, &v));
  return std::string(v.bytes);
}

}  // namespace memkv

#endif  // MEMKV_TESTS_CORE_FIRST_COLUMNS_H_
