// Order, LIMIT and OFFSET are promises that SQLite builds on; texts outlive the row they came from.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "ext/sqlite_version.h"
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

// Where a term never reaches xBestIndex, or the rows of several SELECTs are counted together, a
// table that skips rows by itself skips rows of the answer.
TEST_CASE("OFFSET beside terms that SQLite keeps to itself, and in compounds") {
  Twin twin("key TEXT PRIMARY KEY, value, n INTEGER INDEXED, s TEXT INDEXED");
  REQUIRE(twin.CompareSuccess("INSERT INTO t WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i "
                              "+ 1 FROM c WHERE i < 30) SELECT char(97 + i * 7 % 26) || i, char(97 "
                              "+ i * 5 % 26), i % 5, char(97 + i % 9) FROM c") == "");
  REQUIRE(twin.CompareSuccess("CREATE TABLE o(x)") == "");
  REQUIRE(twin.CompareSuccess("INSERT INTO o VALUES (1), (2), (3)") == "");
  const std::vector<std::string> terms = {"key < value",
                                          "value > value",
                                          "s <= key",
                                          "n = length(key)",
                                          "key BETWEEN s AND 'p'",
                                          "key LIKE s || '%'",
                                          "key GLOB s || '*'",
                                          "key IN (value, 'c8')",
                                          "(key, value) > (s, 1)",
                                          "has_prefix(key, s)",
                                          "length(key) > 2",
                                          "n",
                                          "1",
                                          "key > 'c' AND key > s",
                                          "n > 1 AND key > value",
                                          "n = 2 AND s < value",
                                          "EXISTS (SELECT 1 FROM o WHERE x = n)",
                                          "(key > 'k' OR n = 1)",
                                          "NOT key > value"};
  for (const bool frozen : {false, true}) {
    if (frozen) REQUIRE(twin.Freeze() == "");
    for (const std::string& term : terms) {
      for (const std::string order : {"key", "key DESC", "n, key", "s DESC, key DESC"}) {
        for (const std::string offset : {"1", "4"}) {
          const std::string select = "SELECT key FROM t WHERE " + term + " ORDER BY " + order +
                                     " LIMIT 3 OFFSET " + offset;
          CHECK(twin.Compare(select) == "");
          CHECK(twin.Compare("SELECT * FROM (" + select + ") UNION ALL SELECT x FROM o") == "");
          CHECK(twin.Compare("SELECT x FROM o WHERE 'c8' IN (" + select + ")") == "");
        }
      }
      CHECK(twin.Compare("SELECT key FROM t WHERE key > 'b' UNION ALL SELECT key FROM t WHERE " +
                         term + " ORDER BY 1 LIMIT 9 OFFSET 3") == "");
    }
    CHECK(twin.Compare("SELECT x, (SELECT key FROM t WHERE n < x ORDER BY key LIMIT 1 OFFSET 2) "
                       "FROM o") == "");
  }
}

TEST_CASE("OFFSET counts the rows of all arms of UNION ALL together") {
  Twin twin;
  Fill(twin);
  for (const bool frozen : {false, true}) {
    if (frozen) REQUIRE(twin.Freeze() == "");
    for (const std::string union_all :
         {"SELECT key FROM t UNION ALL SELECT key FROM t",
          "SELECT key FROM t WHERE key > 'b' UNION ALL SELECT value FROM t UNION ALL VALUES (1)",
          "VALUES (1), (2) UNION ALL SELECT key FROM t",
          "SELECT key FROM t WHERE key < 'c' UNION ALL SELECT * FROM (SELECT key FROM t LIMIT 3 "
          "OFFSET 1)",
          "SELECT key FROM (SELECT key FROM t UNION ALL SELECT value FROM t)",
          "SELECT key FROM (SELECT key FROM t WHERE key > 'b') UNION ALL SELECT key FROM t"}) {
      for (const std::string limit : {"LIMIT 4 OFFSET 0", "LIMIT 4 OFFSET 1", "LIMIT 4 OFFSET 5",
                                      "LIMIT 4 OFFSET 7", "LIMIT -1 OFFSET 3"}) {
        CHECK(twin.Compare(union_all + " " + limit) == "");
        CHECK(twin.Compare("SELECT * FROM (" + union_all + " " + limit + ") LIMIT 2 OFFSET 1") ==
              "");
      }
    }
  }
}

TEST_CASE("OFFSET is one descent where the host's SQLite says what it is to be applied to") {
  Twin twin("key TEXT PRIMARY KEY, value, s TEXT INDEXED");
  const std::string offset =
      sql::OffsetMayBeConsumed(sqlite3_libversion_number()) ? " offset ?" : "";
  Db& db = twin.memkv();
  CHECK(db.Plan("SELECT * FROM t ORDER BY key LIMIT 10 OFFSET 1000000") ==
        "SCAN t VIRTUAL TABLE INDEX 0:asc" + offset);
  CHECK(db.Plan("SELECT * FROM t WHERE key > 'a' ORDER BY key DESC LIMIT 10 OFFSET 5") ==
        "SCAN t VIRTUAL TABLE INDEX 2:key > ? desc" + offset);
  CHECK(db.Plan("SELECT * FROM t ORDER BY s DESC LIMIT 10 OFFSET 20") ==
        "SCAN t VIRTUAL TABLE INDEX 8:desc by \"s\"" + offset);
  CHECK(db.Plan("SELECT * FROM t WHERE value = 1 LIMIT 10 OFFSET 5") ==
        "SCAN t VIRTUAL TABLE INDEX 0:asc");
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

TEST_CASE("OFFSET counts the rows that a comparison of row values leaves") {
  for (const std::string type : {"INTEGER", "TEXT", "REAL", ""}) {
    CAPTURE(type);
    Twin twin("key " + type + " PRIMARY KEY, a " + type + " INDEXED, b");
    CHECK(twin.Compare("INSERT INTO t VALUES (1, 1, 1), (2, 1, 2), (3, 2, 1), (4, 2, 2), "
                       "('a', 'b', 1), ('b', 'b', 'a'), (x'61', x'61', 2)") == "");
    for (const std::string left : {"(key, key)", "(key, b)", "(a, b)", "(a, key)", "(b, key)"}) {
      for (const std::string op : {" < ", " <= ", " > ", " >= ", " = "}) {
        for (const std::string right :
             {"(2, 1)", "(3, 2)", "('b', 'a')", "(x'61', 'b')", "(?1, ?2)", "(1 + 1, 1)"}) {
          for (const std::string order : {"key", "key DESC", "a, key", "a DESC, key DESC"}) {
            for (const std::string limit : {"2 OFFSET 1", "-1 OFFSET 2", "?3 OFFSET ?4"}) {
              CHECK(twin.Compare(
                        "SELECT key, a FROM t WHERE " + left + op + right + " ORDER BY " + order +
                            " LIMIT " + limit,
                        {{IntegerCell(2), TextCell("b"), IntegerCell(3), IntegerCell(1)}}) == "");
            }
          }
        }
      }
    }
  }
}

TEST_CASE("OFFSET counts the rows that a rank beside another column leaves") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv(key PRIMARY KEY, a INTEGER INDEXED)");
  db.Exec("INSERT INTO t VALUES (1, 9), (2, 8), (3, 7), (4, 6)");
  CHECK(db.Rows("SELECT key FROM t WHERE (rank, a) < (2, 7) ORDER BY key LIMIT 1 OFFSET 1") == "2");
  CHECK(db.Rows("SELECT key FROM t WHERE (rank, a) > (1, 8) ORDER BY key LIMIT 1 OFFSET 1") == "4");
  CHECK(db.Rows("SELECT key FROM t WHERE (a_rank, key) > (1, 3) ORDER BY a LIMIT 1 OFFSET 1") ==
        "1");
}

}  // namespace memkv::test
