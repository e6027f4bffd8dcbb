// An Art's version beside the std::map that it should equal.

#ifndef MEMKV_TESTS_CORE_ART_MODEL_H_
#define MEMKV_TESTS_CORE_ART_MODEL_H_

#include <doctest/doctest.h>

#include "core/art/art.h"
#include "tests/core/ordered_keys.h"

namespace memkv::test {

inline void RequireOk(const Status& s) { REQUIRE_MESSAGE(s.ok(), s.message()); }

inline void RequireSame(const ArtSnapshot& s, const Model& m) {
  REQUIRE(s.size() == m.size());
  ArtCursor c = s.NewCursor();
  c.SeekFirst();
  for (const auto& [k, v] : m) {
    REQUIRE(c.Valid());
    REQUIRE(c.key() == k);
    REQUIRE(v.Is(c.entry().value));
    c.Next();
  }
  REQUIRE(!c.Valid());
}

}  // namespace memkv::test

#endif  // MEMKV_TESTS_CORE_ART_MODEL_H_
