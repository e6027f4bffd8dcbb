// Every way to ask an index of several columns: each column tested in turn by an equality, a list, a
// range, a pattern or nothing, and the rows plain, DISTINCT or grouped, in its order, against it or
// in any; mutable, frozen, and with changes over a frozen base.

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "tests/sanitized.h"
#include "tests/sql/twin.h"

namespace memkv::test {
namespace {

constexpr char kColumns[] =
    "a TEXT, b INTEGER, c TEXT, d, e TEXT, PRIMARY KEY(a, b, c), INDEX de(d, e), INDEX ba(b, a), "
    "INDEX eac(e, a, c)";
// Key order, then each index with the key behind it.
const std::vector<std::vector<std::string>> kIndexes = {
    {"a", "b", "c"}, {"d", "e", "a"}, {"b", "a", "c"}, {"e", "a", "c"}};

// What is asked of a column, none in front.
std::vector<std::string> TestsOf(const std::string& column) {
  if (column == "b")
    return {"",
            "b = 2",
            "b IN (1, 3, 9)",
            "b >= 2",
            "b BETWEEN 1 AND 2",
            "b LIKE '1%' AND b IN (1, 2)"};
  if (column == "d")
    return {"", "d = 1", "d IN ('x', 1, 7)", "d > 1", "d IS NULL", "d IN ('x', 3) AND d > 1"};
  return {"",
          column + " = 'a'",
          column + " IN ('a', 'c', 'zz')",
          column + " >= 'a'",
          column + " LIKE 'A%'",
          column + " GLOB 'a*' AND " + column + " IN ('a', 'ab', 'c', 'zz')"};
}

std::string List(const std::vector<std::string>& names, size_t n, const std::string& after = "") {
  std::string list;
  for (size_t i = 0; i < n; ++i) list += (i ? ", " : "") + names[i] + after;
  return list;
}

std::vector<std::string> QueriesOf(const std::vector<std::string>& index) {
  std::vector<std::string> wheres = {""};
  const auto first = TestsOf(index[0]), second = TestsOf(index[1]), third = TestsOf(index[2]);
  for (const std::string& x : first) {
    for (const std::string& y : second) {
      for (const std::string& z : third) {
        std::string where;
        for (const std::string& test : {x, y, z})
          where += test.empty() ? "" : (where.empty() ? " WHERE " : " AND ") + test;
        wheres.push_back(where);
      }
    }
  }
  std::vector<std::string> queries;
  for (const std::string& where : wheres) {
    const std::string from = " FROM t" + where;
    for (size_t n = 1; n <= 3; ++n) {
      const std::string names = List(index, n);
      queries.push_back("SELECT DISTINCT " + names + from);
      queries.push_back("SELECT DISTINCT " + names + from + " ORDER BY " + names);
      queries.push_back("SELECT DISTINCT " + names + from + " ORDER BY " + List(index, n, " DESC") +
                        " LIMIT 3");
      queries.push_back("SELECT " + names + ", count(*)" + from + " GROUP BY " + names);
    }
    const std::string all = "a, b, c, d, e";
    queries.push_back("SELECT " + all + from);
    queries.push_back("SELECT count(*), min(" + index[0] + "), max(" + index[1] + ")" + from);
    for (const std::string direction : {"", " DESC"}) {
      const std::string order =
          " ORDER BY " + List(index, 3, direction) + ", b" + direction + ", c" + direction;
      queries.push_back("SELECT " + all + from + order);
      queries.push_back("SELECT " + all + from + order + " LIMIT 2 OFFSET 3");
    }
  }
  return queries;
}

void Fill(Twin& twin) {
  REQUIRE(twin.CompareSuccess(
              "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 95) "
              "INSERT INTO t SELECT substr('aAbc', 1 + i % 4, 1), i / 4 % 4, "
              "substr('abcabd', 1 + i / 16, 1) || (i / 16), "
              "CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN 'x' ELSE i % 5 END, "
              "CASE i % 7 WHEN 0 THEN NULL ELSE substr('abcABC', i % 7, 1 + i % 2) END FROM n") ==
          "");
}

TEST_CASE("each way to ask an index of several columns comes to the same") {
  Twin mutable_(kColumns), frozen(kColumns), mixed(kColumns);
  for (Twin* twin : {&mutable_, &frozen, &mixed}) {
    Fill(*twin);
    if (twin != &mutable_) REQUIRE(twin->Freeze() == "");
    if (twin != &mixed) continue;
    for (const char* change :
         {"DELETE FROM t WHERE b = 1 AND c > 'b'", "UPDATE t SET d = 2 WHERE b = 2",
          "UPDATE t SET a = 'zz' WHERE a = 'c' AND b = 3",
          "INSERT INTO t VALUES ('a', 9, 'new', 1, 'a'), ('zz', 1, 'a', NULL, NULL)"})
      REQUIRE(twin->CompareSuccess(change) == "");
  }
  size_t queries = 0, failures = 0, asked = 0;
  for (const auto& index : kIndexes) {
    for (const std::string& sql : QueriesOf(index)) {
      if (kSanitized && ++asked % 8 != 0) continue;
      const auto order =
          sql.find("ORDER BY") == std::string::npos ? Twin::kAnyOrder : Twin::kAsGiven;
      for (Twin* twin : {&mutable_, &frozen, &mixed}) {
        const std::string differs = twin->Compare(sql, {}, order);
        ++queries;
        if (differs.empty() || failures >= 10) continue;
        ++failures;
        ADD_FAIL_CHECK_AT(__FILE__, __LINE__,
                          std::string(twin == &mutable_ ? "mutable: "
                                      : twin == &frozen ? "frozen: "
                                                        : "delta over base: ")
                              << differs << "\n  by " << twin->memkv().Plan(sql));
      }
    }
  }
  CHECK(failures == 0);
  MESSAGE(queries << " queries");
}

}  // namespace
}  // namespace memkv::test
