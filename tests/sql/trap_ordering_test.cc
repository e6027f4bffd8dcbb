// Order, LIMIT and OFFSET are promises that SQLite builds on; texts outlive the row they came from.

#include <doctest/doctest.h>

#include <string>

#include "tests/sql/twin.h"

namespace memkv::test {
namespace {

void Fill(Twin& twin) {
  REQUIRE(twin.CompareSuccess("INSERT INTO t VALUES ('a2','x'), ('b2','y'), ('c2','x'), "
                              "('d2','z'), ('e2','x'), ('f2',NULL)") == "");
}

TEST_CASE("texts and blobs of earlier rows stay as they were") {
  Twin twin;
  Fill(twin);
  for (const int frozen : {0, 1, 2}) {
    if (frozen == 1) REQUIRE(twin.Freeze() == "");
    if (frozen == 2)
      REQUIRE(twin.CompareSuccess("INSERT INTO t VALUES ('b3', 'new'), (x'00', x'ff')") == "");
    for (const std::string sql :
         {"SELECT min(key) || max(key) FROM t",
          "SELECT min(key), max(key), min(value), max(value) FROM t",
          "SELECT key, count(*) FROM t GROUP BY key",
          "SELECT value, group_concat(key) FROM t GROUP BY value ORDER BY value",
          "SELECT DISTINCT key FROM t", "SELECT DISTINCT value FROM t ORDER BY value",
          "SELECT key, lag(key) OVER (ORDER BY key) FROM t",
          "SELECT a.key, b.key FROM t a JOIN t b ON b.key > a.key ORDER BY a.key, b.key",
          "SELECT group_concat(key || value) FROM t",
          "SELECT max(key) FROM t GROUP BY value ORDER BY 1",
          "SELECT key FROM t ORDER BY value, key",
          "SELECT first_value(key) OVER (ORDER BY key DESC) FROM t"}) {
      CHECK(twin.Compare(sql) == "");
    }
  }
}

TEST_CASE("a column's text is the same however often it is asked for") {
  Twin twin;
  Fill(twin);
  Cursor cursor(
      twin.memkv(),
      "SELECT key, key, value, key || value, value FROM t WHERE value NOT NULL ORDER BY key DESC");
  for (const std::string key : {"e2", "d2", "c2", "b2", "a2"}) {
    REQUIRE(cursor.Step() == SQLITE_ROW);
    const Row row = cursor.row();
    CHECK(row[0] == TextCell(key));
    CHECK(row[1] == row[0]);
    CHECK(row[3] == row[0] + row[2].substr(1));
    CHECK(row[4] == row[2]);
  }
  CHECK(cursor.Step() == SQLITE_DONE);
}

TEST_CASE("ORDER BY key needs no sorter, either way; DISTINCT, GROUP BY, min and max neither") {
  Twin twin;
  for (const std::string sql :
       {"SELECT * FROM t ORDER BY key", "SELECT * FROM t ORDER BY key DESC",
        "SELECT * FROM t ORDER BY key, value DESC", "SELECT * FROM t ORDER BY key DESC, value",
        "SELECT DISTINCT key FROM t ORDER BY key DESC", "SELECT key FROM t GROUP BY key",
        "SELECT min(key) FROM t", "SELECT max(key) FROM t",
        "SELECT * FROM t WHERE key IN ('a', 'b') ORDER BY key",
        "SELECT * FROM t WHERE key LIKE 'a%' ORDER BY key DESC"}) {
    CAPTURE(sql);
    CHECK(twin.memkv().Plan(sql).find("TEMP B-TREE") == std::string::npos);
  }
  CHECK(twin.memkv().Plan("SELECT * FROM t ORDER BY value").find("TEMP B-TREE") !=
        std::string::npos);
}

TEST_CASE("every LIMIT and OFFSET over every filter") {
  Twin twin;
  REQUIRE(twin.CompareSuccess("INSERT INTO t WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i "
                              "+ 1 FROM c WHERE i < 30) "
                              "SELECT char(97 + i % 26) || i, i % 4 FROM c") == "");
  for (const int frozen : {0, 1, 2}) {
    if (frozen == 1) REQUIRE(twin.Freeze() == "");
    if (frozen == 2) REQUIRE(twin.CompareSuccess("DELETE FROM t WHERE value = 2") == "");
    for (const std::string where :
         {"", "WHERE key > 'd'", "WHERE key BETWEEN 'd' AND 'q'", "WHERE value = 1",
          "WHERE key > 'd' AND value = 1", "WHERE key LIKE 'd%'", "WHERE key LIKE '%1%'",
          "WHERE key GLOB 'd*'", "WHERE key IN ('b1', 'c2', 'd3', 'e4')", "WHERE key <> 'd3'",
          "WHERE key > 'd' OR value = 1", "WHERE has_prefix(key, 'd')",
          "WHERE (key, value) > ('d', 1)", "WHERE key > 'D' COLLATE NOCASE",
          "WHERE key IN (SELECT key FROM t)", "WHERE key = 'd3'", "WHERE key IS NOT 'd3'"}) {
      for (const std::string order : {"ORDER BY key", "ORDER BY key DESC", "ORDER BY value, key",
                                      "ORDER BY key COLLATE NOCASE"}) {
        for (const std::string limit :
             {"LIMIT 3", "LIMIT 3 OFFSET 1", "LIMIT 3 OFFSET 4", "LIMIT -1 OFFSET 2",
              "LIMIT 0 OFFSET 1", "LIMIT 5 OFFSET 99"}) {
          CHECK(twin.Compare("SELECT * FROM t " + where + " " + order + " " + limit) == "");
        }
      }
    }
  }
}

TEST_CASE("no rowid, and no key that is a row's position") {
  Twin twin;
  CHECK(twin.memkv().Error("SELECT rowid FROM t") == "no such column: rowid");
  REQUIRE(twin.CompareSuccess("INSERT INTO t VALUES ('abc',1), ('abd',2), ('b',3), ('zz',4)") ==
          "");
  CHECK(twin.CompareSuccess("DELETE FROM t WHERE key IN ('abd', 'b')") == "");
  CHECK(twin.CompareContents() == "");
}

}  // namespace
}  // namespace memkv::test
