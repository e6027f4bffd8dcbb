// A view beside a std::map of the same rows.

#ifndef MEMKV_TESTS_CORE_TABLE_ROWS_H_
#define MEMKV_TESTS_CORE_TABLE_ROWS_H_

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "core/view/cursor.h"

namespace memkv::test {

// Key -> the text in the first value column.
using RowMap = std::map<std::string, std::string>;

inline void RequireOk(const Status& s) { REQUIRE_MESSAGE(s.ok(), s.message()); }

// The view has these rows, in this order.
inline void RequireSame(const View& view, const RowMap& rows) {
  REQUIRE(view.size() == rows.size());
  ViewCursor c(view);
  std::string buffer;
  c.SeekFirst();
  for (const auto& [key, text] : rows) {
    REQUIRE(c.Valid());
    REQUIRE(c.key() == key);
    Datum d;
    RequireOk(view.Column(c.row(), 0, &buffer, &d));
    REQUIRE(d.kind == Datum::kText);
    REQUIRE(d.bytes == text);
    c.Next();
  }
  REQUIRE(!c.Valid());
  RequireOk(c.status());
}

}  // namespace memkv::test

#endif  // MEMKV_TESTS_CORE_TABLE_ROWS_H_
