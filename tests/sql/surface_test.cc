// The table-valued and scalar functions: facets, fuzzy search, lookups, sets, stacks and pictures,
// URLs, REGEXP; and what each says to arguments that it cannot take.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "ext/memkv.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

constexpr char kFill[] =
    "CREATE VIRTUAL TABLE t USING memkv;"
    "INSERT INTO t VALUES('', 0), ('a', 1), ('a/', 2), ('a//f', 3), ('a/b', 4), ('a/c/d', 5), "
    "('a/c/e', 6), ('ab', 7), (x'612f62', 8), "
    "(x'612f6263', 9)";

// Runs `check` on the table never frozen, frozen, and with a delta over its base.
template <class F>
void ThreeForms(const F& check) {
  for (const int form : {0, 1, 2}) {
    CAPTURE(form);
    Db db;
    db.Exec(kFill);
    if (form == 2)
      db.Exec(
          "DELETE FROM t WHERE key IN ('a/c/d', 'ab', ''); INSERT INTO t VALUES('a/zz', 1), ('q', "
          "1)");
    if (form > 0) db.Exec("SELECT memkv_freeze('t')");
    if (form == 2) {
      db.Exec(
          "DELETE FROM t WHERE key IN ('a/zz', 'q'); INSERT INTO t VALUES('', 0), ('a/c/d', 5), "
          "('ab', 7); REPLACE INTO t VALUES('a', 1)");
    }
    check(db);
    CHECK(db.Rows("SELECT * FROM memkv_check('t')") == "");
  }
}

TEST_CASE("memkv_facets") {
  ThreeForms([](Db& db) {
    CHECK(db.Rows("SELECT * FROM memkv_facets('t', 'a/', '/')") ==
          "'a/', 1, 1 | 'a//', 1, 0 | 'a/b', 1, 1 | 'a/c/', 2, 0");
    CHECK(db.Rows("SELECT * FROM memkv_facets('t', '', '/')") ==
          "'', 1, 1 | 'a', 1, 1 | 'a/', 5, 0 | 'ab', 1, 1");
    CHECK(db.Rows("SELECT * FROM memkv_facets('t', NULL, '/')") ==
          "'', 1, 1 | 'a', 1, 1 | 'a/', 5, 0 | 'ab', 1, 1");
    CHECK(db.Rows("SELECT * FROM memkv_facets('t', 'a', '/', 2)") ==
          "'a', 1, 1 | 'a/', 1, 1 | 'a//', 1, 0 | 'a/b', 1, 1 | 'a/c/', 2, 0 | 'ab', 1, 1");
    CHECK(db.Rows("SELECT * FROM memkv_facets('t', x'61', '/')") == "x'612f', 2, 0");
    CHECK(db.Rows("SELECT * FROM memkv_facets('t', 'zz', '/')") == "");
    CHECK(db.Rows("SELECT f.prefix, g.prefix FROM memkv_facets('t', '', '/') f, memkv_facets('t', "
                  "f.prefix, '/') g WHERE f.leaf = 0") ==
          "'a/', 'a/' | 'a/', 'a//' | 'a/', 'a/b' | 'a/', 'a/c/'");
    CHECK(db.Rows("SELECT prefix FROM memkv_facets('t', '', '/') ORDER BY prefix DESC LIMIT 1") ==
          "'ab'");
  });
}

TEST_CASE("memkv_fuzzy") {
  for (const bool frozen : {false, true}) {
    Db db;
    db.Exec("CREATE VIRTUAL TABLE t USING memkv(word TEXT PRIMARY KEY, n INTEGER, s)");
    db.Exec(
        "INSERT INTO t VALUES('hello', 1, 'x'), ('hallo', 2, 'x'), ('h\xc3\xa9llo', 3, 'x'), "
        "('help', 4, 'x'), ('yellow', 5, 'x'), (x'68656c6c6f', 6, 'x')");
    if (frozen) db.Exec("SELECT memkv_freeze('t')");
    CHECK(db.Rows("SELECT * FROM memkv_fuzzy('t', 'hello', 0)") == "'hello', 1, 0");
    CHECK(db.Rows("SELECT * FROM memkv_fuzzy('t', 'hello', 1)") ==
          "'hallo', 2, 1 | 'hello', 1, 0 | 'h\xc3\xa9llo', 3, 1");
    CHECK(db.Rows("SELECT key, distance FROM memkv_fuzzy('t', 'hello', 2)") ==
          "'hallo', 1 | 'hello', 0 | 'help', 2 | 'h\xc3\xa9llo', 1 | 'yellow', 2");
    CHECK(db.Rows("SELECT key FROM memkv_fuzzy('t', 'xyz', 3) ORDER BY key") == "");
  }
}

TEST_CASE("memkv_lookup of JSON") {
  ThreeForms([](Db& db) {
    CHECK(db.Rows("SELECT * FROM memkv_lookup('t', '[\"ab\", \"zz\", \"a\", null, \"ab\", "
                  "\"a\\u002fb\", \"\", 5]')") ==
          "'ab', 7, 1, 7 | 'zz', NULL, 0, NULL | 'a', 1, 1, 1 | NULL, NULL, 0, NULL | 'ab', 7, 1, "
          "7 | "
          "'a/b', 4, 1, 4 | '', 0, 1, 0 | '5', NULL, 0, NULL");
    CHECK(db.Rows("SELECT count(*), sum(found) FROM memkv_lookup('t', (SELECT "
                  "json_group_array(key) FROM t WHERE typeof(key) = 'text'))") == "8, 8");
    CHECK(db.Rows("SELECT * FROM memkv_lookup('t', '[]')") == "");
  });
  Db db;
  db.Exec(
      "CREATE VIRTUAL TABLE n USING memkv(k NUMERIC PRIMARY KEY); INSERT INTO n VALUES(1), (2.5), "
      "(1e30), ('x')");
  CHECK(db.Rows("SELECT key, typeof(key), value, found FROM memkv_lookup('n', '[1.0, \"2.5\", "
                "1e30, \"x\", 7]')") ==
        "1, 'integer', NULL, 1 | 2.5, 'real', NULL, 1 | 1e+30, 'real', NULL, 1 | 'x', 'text', "
        "NULL, 1 | 7, 'integer', NULL, 0");
  db.Exec(
      "CREATE VIRTUAL TABLE u USING memkv; WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + "
      "1 FROM c WHERE i < 1000) "
      "INSERT INTO u SELECT 'k' || i, i FROM c");
  CHECK(db.Rows("SELECT count(*), sum(value), sum(found) FROM memkv_lookup('u', (SELECT "
                "json_group_array('k' || (value * 2)) FROM u))") == "1000, 250500, 500");
}

TEST_CASE("memkv_lookup of a pointer") {
  ThreeForms([](Db& db) {
    const uint32_t lengths[] = {2, 0, 1, 3};
    const memkv_keys keys = {4, "ababb//", lengths};
    Cursor cursor(db, "SELECT key, value, found FROM memkv_lookup('t', ?1)");
    REQUIRE(sqlite3_bind_pointer(cursor.handle(), 1, const_cast<memkv_keys*>(&keys),
                                 MEMKV_KEYS_POINTER, nullptr) == SQLITE_OK);
    std::vector<Row> rows;
    while (cursor.Step() == SQLITE_ROW) rows.push_back(cursor.row());
    CHECK(Show(rows) == "'ab', 7, 1 | '', 0, 1 | 'a', 1, 1 | 'bb/', NULL, 0");
  });
}

TEST_CASE("memkv_union, memkv_intersect and memkv_except") {
  ThreeForms([](Db& db) {
    db.Exec(
        "CREATE VIRTUAL TABLE b USING memkv(k PRIMARY KEY); INSERT INTO b VALUES('a'), ('ab'), "
        "('c'), (5), (x'612f62')");
    CHECK(db.Rows("SELECT * FROM memkv_intersect('t', 'b')") == "'a' | 'ab' | x'612f62'");
    CHECK(db.Rows("SELECT * FROM memkv_except('b', 't')") == "5 | 'c'");
    CHECK(db.Rows("SELECT count(*) FROM memkv_union('t', 'b')") == "12");
    CHECK(db.Rows("SELECT key FROM memkv_union('t', 'b')") ==
          db.Rows("SELECT key FROM t UNION SELECT k FROM b"));
    CHECK(db.Rows("SELECT key FROM memkv_except('t', 't')") == "");
    CHECK(db.Rows("SELECT key FROM memkv_union('t', 'b') ORDER BY key LIMIT 2") == "5 | ''");
  });
}

TEST_CASE("memkv_folded and memkv_flame") {
  ThreeForms([](Db& db) {
    // The key '' is a branch without bytes: it counts for all.
    CHECK(db.Rows("SELECT * FROM memkv_folded('t', '/', 9)") ==
          "'t;a', 1 | 't;a/;/;f', 1 | 't;a/;b', 1 | 't;a/;c/;d', 1 | 't;a/;c/;e', 1 | 't;a/', 1 | "
          "'t;ab', 1 | 't', 1");
    CHECK(db.Rows("SELECT * FROM memkv_folded('t', '/', 1)") ==
          "'t;a', 1 | 't;a/', 5 | 't;ab', 1 | 't', 1");
    CHECK(db.Rows("SELECT * FROM memkv_folded('t', '/', 9, 0.2)") ==
          "'t;a/;c/', 2 | 't;a/', 3 | 't', 3");
    CHECK(db.Rows("SELECT sum(count) FROM memkv_folded('t', '/', 3)") == "8");
    const std::string svg = db.Rows("SELECT memkv_flame('t', '/')");
    CHECK(svg.starts_with("'<svg xmlns=\"http://www.w3.org/2000/svg\""));
    CHECK(db.Rows("SELECT memkv_flame('t', '/') LIKE '%<title>a/c/ (2 keys, 25.00 %)</title>%'") ==
          "1");
    CHECK(db.Rows("SELECT memkv_flame('t', '/', 1) LIKE '%<title>all (8 keys, 100.00 "
                  "%)</title>%</svg>%'") == "1");
  });
}

TEST_CASE("URLs") {
  Db db;
  CHECK(db.Rows("SELECT memkv_host('http://u@WWW.Example.com:80/x'), memkv_host('x'), "
                "memkv_host(NULL), memkv_host(5)") == "'www.example.com', NULL, NULL, NULL");
  CHECK(db.Rows("SELECT memkv_surt('http://www.example.com/path?q'), memkv_surt('x'), "
                "memkv_surt(NULL)") == "'com,example,www)/path?q', 'x', NULL");
}

TEST_CASE("memkv_after is the end of a prefix, in any table") {
  Db db;
  CHECK(db.Rows("SELECT memkv_after('abc'), memkv_after(x'6162'), memkv_after(NULL)") ==
        "'abd', x'6163', NULL");
  CHECK(db.Rows("SELECT memkv_after(''), memkv_after(x''), memkv_after(x'ffff')") ==
        "x'', NULL, NULL");
  CHECK(db.Rows("SELECT memkv_after(x'61ff'), memkv_after(x'00'), memkv_after(x'61ff00')") ==
        "x'62', x'01', x'61ff01'");
  // A number is its text, as has_prefix() takes it.
  CHECK(db.Rows("SELECT memkv_after(9), memkv_after(1.5), memkv_after(-1)") == "':', '1.6', '-2'");
  // Bytewise, whatever the text is.
  CHECK(db.Rows("SELECT hex(memkv_after('é')), typeof(memkv_after('ÿ')), hex(memkv_after('ÿ'))") ==
        "'C3AA', 'text', 'C3C0'");
  CHECK(db.Rows("SELECT memkv_after(CAST(x'61ff' AS TEXT)), memkv_after(CAST(x'ff' AS TEXT)), "
                "hex(memkv_after(CAST(x'6100' AS TEXT)))") == "'b', x'', '6101'");
  const std::vector<Cell> prefixes = {TextCell("a"),        TextCell(""),     TextCell("ab"),
                                      TextCell("a\xff"),    TextCell("\xff"), TextCell("zz"),
                                      BlobCell("a"),        BlobCell(""),     BlobCell("a\xff"),
                                      BlobCell("\xff\xff"), NullCell()};
  for (const char* create :
       {"CREATE VIRTUAL TABLE t USING memkv(key PRIMARY KEY)", "CREATE TABLE t(key PRIMARY KEY)",
        "CREATE TABLE t(key TEXT PRIMARY KEY) WITHOUT ROWID",
        "CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY)"}) {
    Db one;
    one.Exec(create);
    one.Exec(
        "INSERT INTO t VALUES (''), ('a'), ('ab'), ('abc'), ('b'), ('1'), ('12'), (x''), "
        "(x'61'), (x'61ff'), (x'61ff01'), (x'62'), (x'ff'), (x'ffff'), (x'ffff00')");
    one.Exec(
        "INSERT INTO t VALUES (CAST(x'61ff' AS TEXT)), (CAST(x'61ff62' AS TEXT)), "
        "(CAST(x'ff' AS TEXT)), (CAST(x'ffffff' AS TEXT)), ('a' || char(0) || 'b')");
    for (const Cell& prefix : prefixes) {
      const std::string range =
          "key >= ?1 AND (key < memkv_after(?1) OR (memkv_after(?1) IS NULL AND ?1 IS NOT NULL))";
      CAPTURE(create);
      CAPTURE(Show(prefix));
      const std::string select = "SELECT hex(key), typeof(key) FROM t WHERE ";
      CHECK(one.Rows(select + range + " ORDER BY key", {prefix}) ==
            one.Rows(select + "has_prefix(key, ?1) ORDER BY key", {prefix}));
    }
  }
}

TEST_CASE("each function says what it takes") {
  Db db;
  db.Exec(kFill);
  const std::pair<const char*, const char*> cases[] = {
      {"SELECT * FROM memkv_facets('t')",
       "memkv_facets(table, prefix, delimiter [, depth]): argument 2 is not given"},
      {"SELECT * FROM memkv_facets",
       "memkv_facets(table, prefix, delimiter [, depth]): argument 1 is not given"},
      {"SELECT * FROM memkv_facets('t', '', '')",
       "memkv_facets(table, prefix, delimiter [, depth]): delimiter is a TEXT or BLOB of at least "
       "one byte"},
      {"SELECT * FROM memkv_facets('t', '', '/', 0)",
       "memkv_facets(table, prefix, delimiter [, depth]): depth is an INTEGER at least 1, not 0"},
      {"SELECT * FROM memkv_facets('t', '', '/', 'x')",
       "memkv_facets(table, prefix, delimiter [, depth]): depth is an INTEGER at least 1, not "
       "\"x\""},
      {"SELECT * FROM memkv_facets(5, '', '/')",
       "memkv_facets(table, prefix, delimiter [, depth]): table is the name of a memkv table"},
      {"SELECT * FROM memkv_facets('nope', '', '/')", "memkv: no such table: \"nope\""},
      {"SELECT * FROM memkv_facets('sqlite_schema', '', '/')",
       "memkv: no such table: \"sqlite_schema\""},
      {"SELECT * FROM memkv_fuzzy('t', 'x', 4)",
       "memkv_fuzzy(table, word, distance): distance is an INTEGER from 0 to 3, not 4"},
      {"SELECT * FROM memkv_fuzzy('t', 'x', 1.5)",
       "memkv_fuzzy(table, word, distance): distance is an INTEGER from 0 to 3, not 1.5"},
      {"SELECT * FROM memkv_fuzzy('t', x'00', 1)",
       "memkv_fuzzy(table, word, distance): word is a TEXT"},
      {"SELECT * FROM memkv_fuzzy('t', 'x')",
       "memkv_fuzzy(table, word, distance): argument 3 is not given"},
      {"SELECT * FROM memkv_lookup('t', 5)",
       "memkv_lookup(table, keys): keys is a JSON array, or a pointer of type \"memkv_keys\""},
      {"SELECT * FROM memkv_lookup('t', NULL)",
       "memkv_lookup(table, keys): keys is a JSON array, or a pointer of type \"memkv_keys\""},
      {"SELECT * FROM memkv_lookup('t', '[\"a\"')",
       "memkv_lookup(table, keys): keys: malformed JSON at byte 4: ',' or ']' expected, the end "
       "found"},
      {"SELECT * FROM memkv_union('t')", "memkv_union(a, b): argument 2 is not given"},
      {"SELECT * FROM memkv_intersect('t', 7)",
       "memkv_intersect(a, b): table is the name of a memkv table"},
      {"SELECT * FROM memkv_except('t', 'nope')", "memkv: no such table: \"nope\""},
      {"SELECT * FROM memkv_folded('t', '/', 0)",
       "memkv_folded(table, delimiter, depth [, min_share]): depth is an INTEGER at least 1, not "
       "0"},
      {"SELECT * FROM memkv_folded('t', '/', 1, 2)",
       "memkv_folded(table, delimiter, depth [, min_share]): min_share is a number from 0 to 1, "
       "not 2"},
      {"SELECT memkv_flame('t')",
       "memkv_flame(table, delimiter [, min_share]): it was given 1 argument"},
      {"SELECT memkv_flame('t', '')",
       "memkv_flame(table, delimiter [, min_share]): delimiter is a TEXT or BLOB of at least one "
       "byte"},
      {"SELECT memkv_flame('t', '/', -1)",
       "memkv_flame(table, delimiter [, min_share]): min_share is a number from 0 to 1, not -1"},
      {"SELECT memkv_after()", "memkv_after(prefix): it was given 0 arguments"},
      {"SELECT memkv_after('a', 'b')", "memkv_after(prefix): it was given 2 arguments"},
      {"SELECT memkv_host()", "memkv_host(url): it was given 0 arguments"},
      {"SELECT memkv_surt('a', 'b')", "memkv_surt(url): it was given 2 arguments"},
      {"SELECT memkv_count()",
       "memkv_count(table [, prefix | , lo, hi | , column, lo, hi]): it was given 0 arguments"},
      {"SELECT memkv_count('t', 1, 2, 3, 4)",
       "memkv_count(table [, prefix | , lo, hi | , column, lo, hi]): it was given 5 arguments"},
      {"SELECT memkv_freeze()", "memkv_freeze(table): it was given 0 arguments"},
      {"SELECT memkv_file('')", "memkv_file(path): path is the name of a file"},
      {"SELECT has_prefix('a')", "has_prefix(key, prefix): it was given 1 argument"},
      {"SELECT memkv_version(1)", "memkv_version(): it was given 1 argument"},
  };
  for (const auto& [sql, message] : cases) CHECK_MESSAGE(db.Error(sql) == message, sql);
}

#ifdef MEMKV_REGEXP
void LoadRegexp(Db& db) {
  sqlite3_enable_load_extension(db.handle(), 1);
  char* message = nullptr;
  REQUIRE_MESSAGE(sqlite3_load_extension(db.handle(), MEMKV_REGEXP, nullptr, &message) == SQLITE_OK,
                  message);
}

TEST_CASE("REGEXP narrows by its literal prefix, and never decides") {
  Db bare;
  bare.Exec(kFill);
  CHECK(bare.Error("SELECT key FROM t WHERE key REGEXP '^a'") == "no such function: REGEXP");
  ThreeForms([](Db& db) {
    LoadRegexp(db);
    CHECK(db.Plan("SELECT key FROM t WHERE key REGEXP '^a/[bc]'") ==
          "SCAN t VIRTUAL TABLE INDEX 4:key REGEXP ? (prefix) asc");
    CHECK(db.Rows("SELECT key FROM t WHERE key REGEXP '^a/[bc]'") ==
          "'a/b' | 'a/c/d' | 'a/c/e' | x'612f62' | x'612f6263'");
    CHECK(db.Rows("SELECT key FROM t WHERE key REGEXP '^a/[bc]' ORDER BY key DESC LIMIT 3") ==
          "x'612f6263' | x'612f62' | 'a/c/e'");
    CHECK(db.Rows("SELECT key FROM t WHERE key REGEXP '^ab?$'") == "'a' | 'ab'");
    CHECK(db.Rows("SELECT key FROM t WHERE key REGEXP '^a/b|^ab'") ==
          "'a/b' | 'ab' | x'612f62' | x'612f6263'");
    CHECK(db.Rows("SELECT key FROM t WHERE key REGEXP '(?i)^A/B'") ==
          "'a/b' | x'612f62' | x'612f6263'");
    CHECK(db.Rows("SELECT key FROM t WHERE key REGEXP '/e$'") == "'a/c/e'");
    CHECK(db.Rows("SELECT key FROM t WHERE key REGEXP NULL") == "");
    CHECK(db.Rows("SELECT key FROM t WHERE key REGEXP ?1", {TextCell("^a/c")}) ==
          "'a/c/d' | 'a/c/e'");
    CHECK(db.Error("SELECT key FROM t WHERE key REGEXP '^a('").starts_with("regexp: "));
  });
}

TEST_CASE("memkv_regexp leaves a host's own regexp() alone") {
  Db db;
  sqlite3_create_function_v2(
      db.handle(), "regexp", 2, SQLITE_UTF8, nullptr,
      [](sqlite3_context* c, int, sqlite3_value**) { sqlite3_result_int(c, 42); }, nullptr, nullptr,
      nullptr);
  LoadRegexp(db);
  CHECK(db.Rows("SELECT 'a' REGEXP 'b'") == "42");
}
#endif

}  // namespace
}  // namespace memkv::test
