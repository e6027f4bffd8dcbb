// Patterns, fuzzy search, facets and sets on random keys give what plain SQL gives on the twin,
// whatever form the table has. MEMKV_PATTERNS sets how many patterns are tried.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "tests/sql/db.h"

namespace memkv::test {
namespace {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  uint32_t Below(uint32_t n) { return engine_() % n; }
  std::string Pick(const std::vector<std::string>& from) {
    return from[Below(static_cast<uint32_t>(from.size()))];
  }
  std::string Text(const std::vector<std::string>& from, uint32_t most) {
    std::string text;
    for (uint32_t n = Below(most + 1); n > 0; --n) text += Pick(from);
    return text;
  }

 private:
  std::mt19937 engine_;
};

const std::vector<std::string> kPieces = {"a", "b",      "B",   "ab",       "/",        "//",
                                          "r", "report", "Rep", "\xc3\xa9", "\xc3\x89", "1",
                                          "%", "_",      "*",   "-",        ".pdf",     "x"};

// A memkv table t and its twin w with the same rows, on one connection. form: 0 mutable, 1 frozen,
// 2 a delta over a base.
void Fill(Db* db, int form, uint32_t keys, Random* random) {
  db->Exec(
      "CREATE VIRTUAL TABLE t USING memkv; CREATE TABLE w(key TEXT PRIMARY KEY NOT NULL, value) "
      "WITHOUT ROWID; BEGIN");
  for (uint32_t i = 0; i < keys; ++i) {
    if (i == keys / 2 && form > 0) db->Exec("COMMIT; SELECT memkv_freeze('t'); BEGIN");
    const std::string key = random->Text(kPieces, 8);
    const bool blob = random->Below(20) == 0;
    const Row row = {blob ? BlobCell(key) : TextCell(key), IntegerCell(i)};
    for (const char* table : {"t", "w"}) {
      if (i > keys / 2 && i % 5 == 0) {
        db->Exec(std::string("DELETE FROM ") + table + " WHERE key = ?1", row);
      } else {
        db->Exec(std::string("REPLACE INTO ") + table + " VALUES(?1, ?2)", row);
      }
    }
  }
  db->Exec("COMMIT");
  if (form == 1) db->Exec("SELECT memkv_freeze('t')");
}

std::string On(const char* table, std::string sql) {
  for (size_t at; (at = sql.find("@")) != std::string::npos;) sql.replace(at, 1, table);
  return sql;
}

uint32_t Patterns() {
  const char* given = std::getenv("MEMKV_PATTERNS");
  return given ? static_cast<uint32_t>(std::atoi(given)) : 1500;
}

TEST_CASE("LIKE and GLOB by random patterns") {
  const std::vector<std::string> like = {"%", "%",        "_", "a", "b",  "B",  "r", "report",
                                         "/", "\xc3\xa9", "1", "!", "!%", "!_", "p"};
  const std::vector<std::string> glob = {"*",     "*",      "?", "a",        "b",    "B",
                                         "r",     "report", "/", "\xc3\xa9", "[ab]", "[^a]",
                                         "[a-r]", "[]x]",   "[", "-"};
  for (const int form : {0, 1, 2}) {
    CAPTURE(form);
    Random random(static_cast<uint32_t>(form) + 100);
    Db db;
    Fill(&db, form, 400, &random);
    for (uint32_t i = 0; i < Patterns() / 3; ++i) {
      std::string condition;
      Row parameters;
      std::string pattern;
      const uint32_t kind = random.Below(3);
      pattern = random.Text(kind == 2 ? glob : like, 6);
      std::string quoted;
      for (const char c : pattern) quoted += c == '\'' ? "''" : std::string(1, c);
      quoted = "'" + quoted + "'";
      if (random.Below(2)) {
        parameters = {TextCell(pattern)};
        quoted = "?1";
      }
      condition = kind == 0   ? "key LIKE " + quoted
                  : kind == 1 ? "key LIKE " + quoted + " ESCAPE '!'"
                              : "key GLOB " + quoted;
      if (random.Below(4) == 0) condition += " AND key >= 'ab'";
      std::string sql = "SELECT key, value FROM @ WHERE " + condition + " ORDER BY key";
      if (random.Below(3) == 0) sql += " DESC";
      if (random.Below(4) == 0) sql += " LIMIT 5 OFFSET " + std::to_string(random.Below(6));
      CAPTURE(sql);
      CAPTURE(pattern);
      const Result t = db.Run(On("t", sql), parameters), w = db.Run(On("w", sql), parameters);
      REQUIRE(t.ToString() == w.ToString());
    }
  }
}

// Edits over UTF-8 characters, by the textbook.
int Distance(const std::string& a, const std::string& b) {
  const auto characters = [](const std::string& s) {
    std::vector<std::string> out;
    for (const char c : s) {
      if ((static_cast<uint8_t>(c) & 0xc0) == 0x80 && !out.empty()) {
        out.back() += c;
      } else {
        out.emplace_back(1, c);
      }
    }
    return out;
  };
  const std::vector<std::string> x = characters(a), y = characters(b);
  std::vector<int> row(y.size() + 1);
  for (size_t j = 0; j <= y.size(); ++j) row[j] = static_cast<int>(j);
  for (size_t i = 1; i <= x.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= y.size(); ++j) {
      const int next = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (x[i - 1] != y[j - 1])});
      diagonal = row[j];
      row[j] = next;
    }
  }
  return row[y.size()];
}

TEST_CASE("fuzzy search, facets and sets on random keys") {
  for (const int form : {0, 1, 2}) {
    CAPTURE(form);
    Random random(static_cast<uint32_t>(form) + 200);
    Db db;
    Fill(&db, form, 500, &random);
    sqlite3_create_function_v2(
        db.handle(), "distance", 2, SQLITE_UTF8, nullptr,
        [](sqlite3_context* c, int, sqlite3_value** v) {
          const auto text = [](sqlite3_value* x) {
            return std::string(reinterpret_cast<const char*>(sqlite3_value_text(x)));
          };
          sqlite3_result_int(c, Distance(text(v[0]), text(v[1])));
        },
        nullptr, nullptr, nullptr);
    for (int i = 0; i < 60; ++i) {
      const Row word = {TextCell(random.Text(kPieces, 4)), IntegerCell(random.Below(4))};
      REQUIRE(db.Rows("SELECT key, value, distance FROM memkv_fuzzy('t', ?1, ?2)", word) ==
              db.Rows("SELECT key, value, distance(key, ?1) AS d FROM w WHERE typeof(key) = 'text' "
                      "AND d <= ?2 ORDER BY key",
                      word));
    }
    for (const std::string delimiter : {"/", "a", "//", "\xc3"}) {
      for (int i = 0; i < 20; ++i) {
        const Row arguments = {TextCell(random.Text(kPieces, 2)), TextCell(delimiter)};
        REQUIRE(
            db.Rows("SELECT prefix, count, leaf FROM memkv_facets('t', ?1, ?2)", arguments) ==
            db.Rows("WITH k AS (SELECT CAST(key AS BLOB) AS key, length(CAST(?1 AS BLOB)) AS n "
                    "FROM w WHERE typeof(key) = 'text' AND "
                    "(?1 = '' OR substr(CAST(key AS BLOB), 1, length(CAST(?1 AS BLOB))) = CAST(?1 "
                    "AS BLOB))), "
                    "c AS (SELECT key, n, ifnull(instr(substr(key, n + 1), CAST(?2 AS BLOB)), 0) "
                    "AS at FROM k) "
                    "SELECT CAST(CASE WHEN at THEN substr(key, 1, n + at + length(CAST(?2 AS "
                    "BLOB)) - 1) ELSE key END AS TEXT) AS facet, "
                    "count(*), at = 0 FROM c GROUP BY facet, at = 0 ORDER BY facet, at = 0 DESC",
                    arguments));
      }
    }
    db.Exec(
        "CREATE VIRTUAL TABLE t2 USING memkv; CREATE TABLE w2(key TEXT PRIMARY KEY NOT NULL) "
        "WITHOUT ROWID");
    for (int i = 0; i < 300; ++i) {
      const Row key = {TextCell(random.Text(kPieces, 3))};
      db.Exec("REPLACE INTO t2(key) VALUES(?1); REPLACE INTO w2 VALUES(?1)", key);
    }
    if (form > 0) db.Exec("SELECT memkv_freeze('t2')");
    for (const char* op : {"UNION", "INTERSECT", "EXCEPT"}) {
      const std::string name = op == std::string("UNION")    ? "union"
                               : op == std::string("EXCEPT") ? "except"
                                                             : "intersect";
      CHECK(db.Rows("SELECT key FROM memkv_" + name + "('t', 't2')") ==
            db.Rows(std::string("SELECT key FROM w ") + op + " SELECT key FROM w2 ORDER BY key"));
      CHECK(db.Rows("SELECT key FROM memkv_" + name + "('t2', 't')") ==
            db.Rows(std::string("SELECT key FROM w2 ") + op + " SELECT key FROM w ORDER BY key"));
    }
    CHECK(db.Rows("SELECT sum(count) FROM memkv_folded('t', '/', 3)") ==
          db.Rows("SELECT count(*) FROM w WHERE typeof(key) = 'text'"));
    CHECK(db.Rows("SELECT sum(count) FROM memkv_folded('t', 'a', 9, 0.01)") ==
          db.Rows("SELECT count(*) FROM w WHERE typeof(key) = 'text'"));
  }
}

}  // namespace
}  // namespace memkv::test
