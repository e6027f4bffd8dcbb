// A text of a number, a NUL and more: SQLite 3.53 makes the number of it in a numeric column, older
// versions keep the text.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/sql/twin.h"

namespace memkv::test {
namespace {

// %0 is a NUL.
const std::vector<std::string> kTexts = {"5%0",
                                         "5%0x",
                                         "5 %0",
                                         " 5%0 ",
                                         "%05",
                                         "%0",
                                         "+5%0",
                                         "-0%0",
                                         "5.%0",
                                         ".5%0",
                                         "5.5%0",
                                         "1e3%0",
                                         "5e%0",
                                         "0x5%0",
                                         "5x%0",
                                         "4503599627370497%0",
                                         "9007199254740993%0",
                                         "-9007199254740993%0x",
                                         "9223372036854775807%0",
                                         "9223372036854775808%0",
                                         "12345678901234567890123%0",
                                         "1e400%0",
                                         "inf%0",
                                         "5"};

Cell CellOf(std::string text) {
  for (size_t at; (at = text.find("%0")) != std::string::npos;) text.replace(at, 2, 1, '\0');
  return TextCell(text);
}

}  // namespace

TEST_CASE("a number and a NUL is stored and compared as SQLite does it") {
  for (const std::string type : {"TEXT", "", "INTEGER", "REAL", "NUMERIC", "BLOB"}) {
    CAPTURE(type);
    Twin twin("key " + type + " PRIMARY KEY, a " + type + " INDEXED, i INTEGER, r REAL");
    std::vector<Row> rows;
    for (const std::string& text : kTexts) rows.push_back({CellOf(text)});
    CHECK(twin.Compare("INSERT OR IGNORE INTO t VALUES (?1, ?1, ?1, ?1)", rows) == "");
    CHECK(twin.Compare("INSERT OR REPLACE INTO t VALUES (?1, ?1, ?1, ?1)", rows) == "");
    CHECK(twin.CompareContents() == "");
    CHECK(twin.Compare("CREATE TABLE n(x TEXT, v, m NUMERIC)") == "");
    CHECK(twin.Compare("INSERT INTO n VALUES (?1, ?1, ?1)", rows) == "");
    for (int frozen = 0; frozen < 2; ++frozen) {
      for (const std::string column : {"key", "a", "i", "r"}) {
        for (const std::string op : {" = ", " < ", " >= ", " IS "}) {
          const std::string select = "SELECT key, a FROM t WHERE " + column + op;
          CHECK(twin.Compare(select + "?1 ORDER BY key", rows) == "");
          CHECK(twin.Compare("SELECT n.rowid, key FROM n CROSS JOIN t ON t." + column + op +
                             "n.x ORDER BY 1, 2") == "");
          CHECK(twin.Compare("SELECT n.rowid, key FROM n CROSS JOIN t ON t." + column + op +
                             "n.m ORDER BY 1, 2") == "");
        }
        CHECK(twin.Compare("SELECT key FROM t WHERE " + column +
                           " IN (SELECT x FROM n) ORDER BY key") == "");
      }
      CHECK(twin.Freeze() == "");
    }
    CHECK(twin.Compare("DELETE FROM t WHERE key IN (SELECT x FROM n WHERE v <> '5')") == "");
    CHECK(twin.CompareContents() == "");
  }
}

}  // namespace memkv::test
