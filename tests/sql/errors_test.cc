// Bad input: each gives the named error and changes nothing.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tests/sql/db.h"

namespace memkv::test {
namespace {

struct Bad {
  std::string sql;
  int code;
  std::string message;
};

void CheckAll(Db& db, const std::vector<Bad>& all) {
  const std::string schema = db.Rows("SELECT * FROM sqlite_schema");
  const std::string rows = db.Rows("SELECT * FROM u");
  for (const bool begin : {false, true}) {
    if (begin) db.Exec("BEGIN; INSERT INTO u VALUES ('zz', 26)");
    const std::string before = db.Rows("SELECT * FROM u");
    for (const Bad& bad : all) {
      CAPTURE(bad.sql);
      const Result result = db.Run(bad.sql);
      CAPTURE(result.ToString());
      CHECK(result.message == bad.message);
      CHECK(result.code == bad.code);
      CHECK(db.autocommit() == !begin);
      CHECK(db.Rows("SELECT * FROM u") == before);
    }
    if (begin) db.Exec("ROLLBACK");
  }
  CHECK(db.Rows("SELECT * FROM sqlite_schema") == schema);
  CHECK(db.Rows("SELECT * FROM u") == rows);
}

Db& Filled(Db& db) {
  db.Exec(
      "CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a', 1), ('b', 2); CREATE TABLE "
      "plain(key, value); "
      "CREATE VIEW seen AS SELECT 1");
  return db;
}

TEST_CASE("CREATE VIRTUAL TABLE ... USING memkv") {
  Db db;
  Filled(db);
  constexpr int kError = SQLITE_ERROR;
  const std::string table_takes =
      " (a table takes PRIMARY KEY(column, ...), INDEX name(column, ...))";
  const std::string column_takes = " (a column takes a type, PRIMARY KEY, NOT NULL, INDEXED)";
  CheckAll(
      db,
      {
          {"CREATE VIRTUAL TABLE x USING memkv(frob = 1)", kError,
           "memkv: unknown option \"frob\" (known: background, delta_limit, durable, file)"},
          {"CREATE VIRTUAL TABLE x USING memkv(key TEXT, value, frob = 'a b')", kError,
           "memkv: unknown option \"frob\" (known: background, delta_limit, durable, file)"},
          {"CREATE VIRTUAL TABLE x USING memkv(key TEXT, FROB=on)", kError,
           "memkv: unknown option \"FROB\" (known: background, delta_limit, durable, file)"},
          {"CREATE VIRTUAL TABLE x USING memkv(durable = maybe)", kError,
           "memkv: durable = maybe (allowed: on, off)"},
          {"CREATE VIRTUAL TABLE x USING memkv(durable =)", kError,
           "memkv: durable = (allowed: on, off)"},
          {"CREATE VIRTUAL TABLE x USING memkv(durable = on off)", kError,
           "memkv: durable = on off (allowed: on, off)"},
          {"CREATE VIRTUAL TABLE x USING memkv(durable = off, durable = off)", kError,
           "memkv: option \"durable\" is given twice"},
          {"CREATE VIRTUAL TABLE x USING memkv(delta_limit = much)", kError,
           "memkv: delta_limit = much (allowed: off, a size as in '64MB', a share as in '10%')"},
          {"CREATE VIRTUAL TABLE x USING memkv(background = maybe)", kError,
           "memkv: background = maybe (allowed: on, off)"},
          {"CREATE VIRTUAL TABLE x USING memkv(background = off, background = on)", kError,
           "memkv: option \"background\" is given twice"},
          {"CREATE VIRTUAL TABLE x USING memkv(delta_limit = off, delta_limit = off)", kError,
           "memkv: option \"delta_limit\" is given twice"},
          {"CREATE VIRTUAL TABLE x USING memkv(a PRIMARY KEY INDEXED, b)", kError,
           "memkv: column \"a\": the PRIMARY KEY has its order already (INDEXED is for other "
           "columns)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b INDEXED, B_RANK)", kError,
           "memkv: table \"x\": a column may not be named \"B_RANK\" beside the INDEXED column "
           "\"b\" (its ranks have that name)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b INDEXED, b_rank INDEXED)", kError,
           "memkv: table \"x\": a column may not be named \"b_rank\" beside the INDEXED column "
           "\"b\" (its ranks have that name)"},
          {"CREATE VIRTUAL TABLE b_rank USING memkv(a, b INDEXED)", kError,
           "memkv: table \"b_rank\" may not have an INDEXED column named \"b\" (its ranks are in a "
           "column named like the table)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a PRIMARY KEY, b PRIMARY KEY)", kError,
           "memkv: columns \"a\" and \"b\" are both PRIMARY KEY (exactly one may be)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, UNIQUE(a))", kError,
           "memkv: table constraint \"UNIQUE(a)\" is not supported" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, CHECK(a > 1))", kError,
           "memkv: table constraint \"CHECK(a > 1)\" is not supported" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, FOREIGN KEY(a) REFERENCES u(key))", kError,
           "memkv: table constraint \"FOREIGN KEY(a) REFERENCES u(key)\" is not supported" +
               table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, CONSTRAINT k PRIMARY KEY(a))", kError,
           "memkv: table constraint \"CONSTRAINT k PRIMARY KEY(a)\" is not supported" +
               table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a PRIMARY KEY, b, PRIMARY KEY(a, b))", kError,
           "memkv: column \"a\" is PRIMARY KEY beside PRIMARY KEY(…) (exactly one may be)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, PRIMARY KEY(a), PRIMARY KEY(b))", kError,
           "memkv: PRIMARY KEY is given twice" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, PRIMARY KEY(a, c))", kError,
           "memkv: PRIMARY KEY: no column \"c\" (columns: a, b)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, PRIMARY KEY(a, A))", kError,
           "memkv: PRIMARY KEY names column \"a\" twice"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, PRIMARY KEY(a, b DESC))", kError,
           "memkv: PRIMARY KEY: DESC is not supported" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, PRIMARY KEY(a COLLATE NOCASE, b))", kError,
           "memkv: PRIMARY KEY: COLLATE is not supported" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, PRIMARY KEY(a, b) WITHOUT ROWID)", kError,
           "memkv: PRIMARY KEY: unexpected \"WITHOUT\"" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, PRIMARY KEY)", kError,
           "memkv: PRIMARY KEY: columns in parentheses are missing" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, PRIMARY KEY())", kError,
           "memkv: PRIMARY KEY: a column is missing" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, PRIMARY KEY(a,))", kError,
           "memkv: PRIMARY KEY: a column is missing" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, PRIMARY KEY(a b))", kError,
           "memkv: PRIMARY KEY: unexpected \"b\"" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, PRIMARY KEY(a + 1))", kError,
           "memkv: PRIMARY KEY: unexpected \"+\"" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, PRIMARY KEY(a) ON CONFLICT REPLACE)", kError,
           "memkv: PRIMARY KEY: unexpected \"ON\"" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, PRIMARY a)", kError,
           "memkv: PRIMARY without KEY in \"PRIMARY a\"" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(PRIMARY KEY(a))", kError,
           "memkv: a table without columns" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, INDEX i(b, z))", kError,
           "memkv: INDEX \"i\": no column \"z\" (columns: a, b)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, INDEX i(b, b))", kError,
           "memkv: INDEX \"i\" names column \"b\" twice"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, INDEX i(b DESC))", kError,
           "memkv: INDEX \"i\": DESC is not supported" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, INDEX i(b COLLATE BINARY))", kError,
           "memkv: INDEX \"i\": COLLATE is not supported" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, INDEX(b))", kError,
           "memkv: INDEX without a name in \"INDEX(b)\"" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, INDEX i)", kError,
           "memkv: INDEX \"i\": columns in parentheses are missing" + table_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, INDEX i(b), INDEX I(a, b))", kError,
           "memkv: table \"x\": two indexes are named \"I\""},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b, c, INDEX b(c))", kError,
           "memkv: table \"x\": an INDEX may not be named \"b\", as a column (\"b\" INDEXED is its "
           "index)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, i_rank, INDEX i(a, i_rank))", kError,
           "memkv: table \"x\": a column may not be named \"i_rank\" beside the INDEX \"i\" (its "
           "ranks have that name)"},
          {"CREATE VIRTUAL TABLE i_rank USING memkv(a, b, INDEX i(b))", kError,
           "memkv: table \"i_rank\" may not have an INDEX named \"i\" (its ranks are in a column "
           "named like the table)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, memkv_key, PRIMARY KEY(a, memkv_key))", kError,
           "memkv: table \"x\": a column may not be named \"memkv_key\" (reserved: memkv_key, "
           "rank, "
           "rowid)"},
          {"CREATE VIRTUAL TABLE x USING memkv(url TEXT PRIMRY KEY)", kError,
           "memkv: column \"url\": type \"TEXT PRIMRY KEY\" holds KEY" + column_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b INTEGER INDEX)", kError,
           "memkv: column \"b\": type \"INTEGER INDEX\" holds INDEX" + column_takes},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b DEFAULT 5)", kError,
           "memkv: column \"b\": DEFAULT is not supported (a column takes a type, PRIMARY KEY, NOT "
           "NULL, INDEXED)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b CHECK(b > 0))", kError,
           "memkv: column \"b\": CHECK is not supported (a column takes a type, PRIMARY KEY, NOT "
           "NULL, INDEXED)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b TEXT UNIQUE)", kError,
           "memkv: column \"b\": UNIQUE is not supported (a column takes a type, PRIMARY KEY, NOT "
           "NULL, INDEXED)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a TEXT COLLATE NOCASE PRIMARY KEY)", kError,
           "memkv: column \"a\": COLLATE is not supported (a column takes a type, PRIMARY KEY, NOT "
           "NULL, INDEXED)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b REFERENCES plain(key))", kError,
           "memkv: column \"b\": REFERENCES is not supported (a column takes a type, PRIMARY KEY, "
           "NOT NULL, INDEXED)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b GENERATED ALWAYS AS (a))", kError,
           "memkv: column \"b\": GENERATED is not supported (a column takes a type, PRIMARY KEY, "
           "NOT NULL, INDEXED)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, b AS (a))", kError,
           "memkv: column \"b\": AS is not supported (a column takes a type, PRIMARY KEY, NOT "
           "NULL, INDEXED)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a INTEGER PRIMARY KEY AUTOINCREMENT)", kError,
           "memkv: column \"a\": AUTOINCREMENT is not supported (a column takes a type, PRIMARY "
           "KEY, NOT NULL, INDEXED)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a PRIMARY)", kError,
           "memkv: column \"a\": PRIMARY without KEY (a column takes a type, PRIMARY KEY, NOT "
           "NULL, INDEXED)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a NOT)", kError,
           "memkv: column \"a\": NOT without NULL (a column takes a type, PRIMARY KEY, NOT NULL, "
           "INDEXED)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, x)", kError,
           "memkv: table \"x\" may not have a column named \"x\" (the table's own name is its "
           "command column)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, X TEXT)", kError,
           "memkv: table \"x\" may not have a column named \"X\" (the table's own name is its "
           "command column)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, Rank)", kError,
           "memkv: table \"x\": a column may not be named \"Rank\" (reserved: rank, rowid)"},
          {"CREATE VIRTUAL TABLE x USING memkv(rowid)", kError,
           "memkv: table \"x\": a column may not be named \"rowid\" (reserved: rank, rowid)"},
          {"CREATE VIRTUAL TABLE x USING memkv(a, A)", kError, "memkv: duplicate column name: A"},
          {"CREATE VIRTUAL TABLE rank USING memkv", kError,
           "memkv: a table may not be named \"rank\" (it has a column named \"rank\")"},
          {"CREATE VIRTUAL TABLE key USING memkv", kError,
           "memkv: table \"key\" may not have a column named \"key\" (the table's own name is its "
           "command column)"},
      });
  db.Exec(
      "CREATE VIRTUAL TABLE x USING memkv(/* the key */ a VARCHAR(10) PRIMARY KEY ASC NOT NULL, -- "
      "a comment\n \"b c\" , durable = off)");
  CHECK(db.Rows("SELECT name, type, pk FROM pragma_table_info('x')") ==
        "'a', 'VARCHAR(10)', 1 | 'b c', '', 0");
}

TEST_CASE("rows that cannot be stored") {
  Db db;
  Filled(db);
  CheckAll(db, {
                   {"INSERT INTO u VALUES (NULL, 1)", SQLITE_CONSTRAINT_NOTNULL,
                    "NOT NULL constraint failed: u.key"},
                   {"INSERT INTO u(value) VALUES (1)", SQLITE_CONSTRAINT_NOTNULL,
                    "NOT NULL constraint failed: u.key"},
                   {"UPDATE u SET key = NULL", SQLITE_CONSTRAINT_NOTNULL,
                    "NOT NULL constraint failed: u.key"},
                   {"INSERT INTO u VALUES ('a', 1)", SQLITE_CONSTRAINT_PRIMARYKEY,
                    "UNIQUE constraint failed: u.key"},
                   {"UPDATE u SET key = 'b' WHERE key = 'a'", SQLITE_CONSTRAINT_PRIMARYKEY,
                    "UNIQUE constraint failed: u.key"},
                   {"INSERT INTO u VALUES (zeroblob(1048577), 1)", SQLITE_TOOBIG,
                    "memkv: u.key: a key of 1048577 bytes (allowed: at most 1048576)"},
                   {"INSERT INTO u VALUES (CAST(zeroblob(1048577) AS TEXT), 1)", SQLITE_TOOBIG,
                    "memkv: u.key: a key of 1048577 bytes (allowed: at most 1048576)"},
                   {"INSERT INTO u VALUES ('n', 1), (zeroblob(5000000), 1)", SQLITE_TOOBIG,
                    "memkv: u.key: a key of 5000000 bytes (allowed: at most 1048576)"},
                   {"UPDATE u SET key = zeroblob(1048577) WHERE key = 'a'", SQLITE_TOOBIG,
                    "memkv: u.key: a key of 1048577 bytes (allowed: at most 1048576)"},
                   {"INSERT INTO u(key, rank) VALUES ('n', 1)", SQLITE_ERROR,
                    "memkv: u.rank is read-only (it is the row's position in key order)"},
                   {"UPDATE u SET rank = 1", SQLITE_ERROR,
                    "memkv: u.rank is read-only (it is the row's position in key order)"},
                   {"UPDATE u SET u = 'truncate'", SQLITE_ERROR,
                    "memkv: a command is an INSERT: INSERT INTO u(u) VALUES(...)"},
               });
  db.Exec("INSERT INTO u VALUES (zeroblob(1048576), 1), (CAST(zeroblob(1048576) AS TEXT), 2)");
  CHECK(db.Rows("SELECT length(CAST(key AS BLOB)), typeof(key) FROM u WHERE length(key) <> 1") ==
        "1048576, 'text' | 1048576, 'blob'");
}

TEST_CASE("commands") {
  Db db;
  Filled(db);
  constexpr int kError = SQLITE_ERROR;
  CheckAll(
      db,
      {
          {"INSERT INTO u(u) VALUES ('frob')", kError,
           "memkv: unknown command \"frob\" (known: add, delete-prefix, freeze, import, "
           "integrity-check, merge, rebuild, truncate)"},
          {"INSERT INTO u(u) VALUES (7)", kError,
           "memkv: unknown command \"7\" (known: add, delete-prefix, freeze, import, "
           "integrity-check, merge, rebuild, truncate)"},
          {"INSERT INTO u(u) VALUES (' freeze')", kError,
           "memkv: unknown command \" freeze\" (known: add, delete-prefix, freeze, import, "
           "integrity-check, merge, rebuild, truncate)"},
          {"INSERT INTO u(u) VALUES ('freeze'), ('frob')", kError,
           "memkv: unknown command \"frob\" (known: add, delete-prefix, freeze, import, "
           "integrity-check, merge, rebuild, truncate)"},
          {"INSERT INTO u(u) VALUES ('truncate'), ('frob')", kError,
           "memkv: unknown command \"frob\" (known: add, delete-prefix, freeze, import, "
           "integrity-check, merge, rebuild, truncate)"},
          {"INSERT INTO u(u, key) VALUES ('import', 'keys.txt')", kError,
           "memkv: 'import' takes memkv_file(path)"},
          {"INSERT INTO u(u, key) VALUES ('import', NULL)", kError,
           "memkv: 'import' takes memkv_file(path)"},
          {"INSERT INTO u(u, key) VALUES ('import', memkv_file('/nowhere/keys.txt'))",
           SQLITE_CANTOPEN, "memkv: cannot read \"/nowhere/keys.txt\": No such file or directory"},
          {"INSERT INTO u(u, key) VALUES ('import', memkv_file('/'))", SQLITE_CANTOPEN,
           "memkv: cannot read \"/\": it is a directory (allowed: a regular file, a pipe, a FIFO)"},
          {"INSERT INTO u(u, key) VALUES ('import', memkv_file(NULL))", kError,
           "memkv_file(path): path is the name of a file"},
          {"INSERT INTO u(u) VALUES ('delete-prefix')", kError,
           "memkv: 'delete-prefix' takes a TEXT or BLOB prefix in the key column"},
          {"INSERT INTO u(u, key) VALUES ('delete-prefix', NULL)", kError,
           "memkv: 'delete-prefix' takes a TEXT or BLOB prefix in the key column"},
      });
}

TEST_CASE("functions and table functions") {
  Db db;
  Filled(db);
  constexpr int kError = SQLITE_ERROR;
  constexpr char kCount[] =
      "memkv_count(table [, prefix | , lo, hi | , column, lo, hi]): table is the name of a memkv "
      "table";
  CheckAll(
      db,
      {
          {"SELECT memkv_freeze('nope')", kError, "memkv: no such table: \"nope\""},
          {"SELECT memkv_freeze('main.nope')", kError, "memkv: no such table: \"main.nope\""},
          {"SELECT memkv_freeze('temp.u')", kError, "memkv: no such table: \"temp.u\""},
          {"SELECT memkv_freeze('nope.u')", kError, "memkv: no such table: \"nope.u\""},
          {"SELECT memkv_freeze('')", kError, "memkv: no such table: \"\""},
          {"SELECT memkv_freeze('plain')", kError, "memkv: \"plain\" is not a memkv table"},
          {"SELECT memkv_freeze('seen')", kError, "memkv: \"seen\" is not a memkv table"},
          {"SELECT memkv_freeze(NULL)", kError,
           "memkv_freeze(table): table is the name of a memkv table"},
          {"SELECT memkv_freeze(5)", kError,
           "memkv_freeze(table): table is the name of a memkv table"},
          {"SELECT memkv_freeze(x'75')", kError,
           "memkv_freeze(table): table is the name of a memkv table"},
          {"SELECT memkv_freeze()", kError, "memkv_freeze(table): it was given 0 arguments"},
          {"SELECT memkv_freeze('u', 'u')", kError,
           "memkv_freeze(table): it was given 2 arguments"},
          {"SELECT memkv_count('nope')", kError, "memkv: no such table: \"nope\""},
          {"SELECT memkv_count('plain', 'a')", kError, "memkv: \"plain\" is not a memkv table"},
          {"SELECT memkv_count(NULL)", kError, kCount},
          {"SELECT memkv_count(1, 2)", kError, kCount},
          {"SELECT memkv_count('u', NULL, 1, 2)", kError,
           "memkv_count(table [, prefix | , lo, hi | , column, lo, hi]): column is the name "
           "of an INDEXED column"},
          {"SELECT memkv_count('u', 'value', 1, 2)", kError,
           "memkv_count(table [, prefix | , lo, hi | , column, lo, hi]): \"value\" is "
           "neither an INDEXED column nor an INDEX of \"u\""},
          {"SELECT memkv_count()", kError,
           "memkv_count(table [, prefix | , lo, hi | , column, lo, hi]): it was given 0 "
           "arguments"},
          {"SELECT memkv_count('u', 1, 2, 3, 4)", kError,
           "memkv_count(table [, prefix | , lo, hi | , column, lo, hi]): it was given 5 "
           "arguments"},
          {"SELECT has_prefix('a')", kError, "has_prefix(key, prefix): it was given 1 argument"},
          {"SELECT memkv_version(1)", kError, "memkv_version(): it was given 1 argument"},
          {"SELECT memkv_debug(1)", kError, "memkv_debug(): it was given 1 argument"},
          {"SELECT memkv_file()", kError, "memkv_file(path): it was given 0 arguments"},
          {"SELECT memkv_file(5)", kError, "memkv_file(path): path is the name of a file"},
          {"SELECT * FROM memkv_stats('nope')", kError, "memkv: no such table: \"nope\""},
          {"SELECT * FROM memkv_stats('plain')", kError, "memkv: \"plain\" is not a memkv table"},
          {"SELECT * FROM memkv_stats(NULL)", kError,
           "memkv_stats(table): table is the name of a memkv table"},
          {"SELECT * FROM memkv_stats", kError,
           "memkv_stats(table): table is the name of a memkv table"},
          {"SELECT * FROM memkv_stats('u', 'u')", kError,
           "too many arguments on memkv_stats() - max 1"},
          {"SELECT * FROM memkv_check('nope')", kError, "memkv: no such table: \"nope\""},
          {"SELECT * FROM memkv_check(5)", kError,
           "memkv_check(table): table is the name of a memkv table"},
          {"SELECT * FROM memkv_check", kError,
           "memkv_check(table): table is the name of a memkv table"},
          {"CREATE VIRTUAL TABLE s USING memkv_stats", kError, "no such module: memkv_stats"},
      });
}

TEST_CASE("a REAL that is a whole number is taken for an INTEGER") {
  Db db;
  db.Exec(
      "CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a/b', 1), ('a/c', 2), ('b', 3)");
  struct Argument {
    std::string sql, error, error_end;  // what was given stands between them
    int64_t least, most;
  };
  constexpr char kFacets[] = "memkv_facets(table, prefix, delimiter [, depth]): ";
  constexpr char kFuzzy[] = "memkv_fuzzy(table, word, distance): ";
  constexpr char kFolded[] = "memkv_folded(table, delimiter, depth [, min_share]): ";
  const std::vector<Argument> arguments = {
      {"INSERT INTO u(u, rank) VALUES ('merge', ?1)",
       "memkv: 'merge' takes a number of MiB in the rank column (given: ",
       ", allowed: 1 to 1048576)", 1, 1048576},
      {"SELECT * FROM memkv_facets('u', '', '/', ?1)",
       kFacets + std::string("depth is an INTEGER at least 1, not "), "", 1, INT64_MAX},
      {"SELECT * FROM memkv_fuzzy('u', 'a', ?1)",
       kFuzzy + std::string("distance is an INTEGER from 0 to 3, not "), "", 0, 3},
      {"SELECT * FROM memkv_folded('u', '/', ?1)",
       kFolded + std::string("depth is an INTEGER at least 1, not "), "", 1, INT64_MAX},
  };
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Argument& argument : arguments) {
    CAPTURE(argument.sql);
    for (const int64_t n :
         {argument.least, int64_t{2}, std::min(argument.most, int64_t{1} << 53)}) {
      CHECK(db.Run(argument.sql, {RealCell(static_cast<double>(n))}).ToString() ==
            db.Run(argument.sql, {IntegerCell(n)}).ToString());
      CHECK(db.Run(argument.sql, {IntegerCell(n)}).ok());
    }
    const std::vector<std::pair<Cell, std::string>> refused = {
        {RealCell(2.5), "2.5"},
        {RealCell(static_cast<double>(argument.least) - 1), ""},
        {RealCell(infinity), "Inf"},
        {RealCell(-infinity), "-Inf"},
        {RealCell(1e300), "1.0e+300"},
        {RealCell(9223372036854775808.0), "9.22337203685478e+18"},
        {RealCell(std::numeric_limits<double>::quiet_NaN()), "NULL"},
        {NullCell(), "NULL"},
        {TextCell("2"), "\"2\""},
        {BlobCell("2"), "a BLOB"},
        {IntegerCell(argument.least - 1), std::to_string(argument.least - 1)},
    };
    for (const auto& [cell, shown] : refused) {
      CAPTURE(Show(cell));
      const Result result = db.Run(argument.sql, {cell});
      CHECK(result.code == SQLITE_ERROR);
      if (shown.empty()) continue;
      CHECK(result.message == argument.error + shown + argument.error_end);
    }
  }
  // Where SQLite compares, it compares numbers by value.
  CHECK(db.Rows("SELECT key FROM u WHERE rank = ?1", {RealCell(1)}) == "'a/c'");
  CHECK(db.Rows("SELECT key FROM u WHERE rank = ?1", {RealCell(1.5)}) == "");
  CHECK(db.Rows("SELECT key FROM u WHERE rank BETWEEN ?1 AND ?1 + 1", {RealCell(0.5)}) == "'a/c'");
  CHECK(db.Rows("SELECT key FROM u ORDER BY key LIMIT ?1 OFFSET ?1", {RealCell(1)}) == "'a/c'");
  db.Exec("INSERT INTO u(u, key, value) VALUES('add', 'b', ?1)", {RealCell(2)});
  CHECK(db.Rows("SELECT value FROM u WHERE key = 'b'") == "5.0");
}

TEST_CASE("another module's table is not a memkv table") {
  Db db;
  if (!db.Run("CREATE VIRTUAL TABLE other USING fts5(memkv)").ok())
    return;  // this SQLite was built without it
  CHECK(db.Error("SELECT memkv_freeze('other')") == "memkv: \"other\" is not a memkv table");
  CHECK(db.Error("SELECT memkv_count('other')") == "memkv: \"other\" is not a memkv table");
  CHECK(db.Error("SELECT * FROM memkv_stats('other_data')") ==
        "memkv: \"other_data\" is not a memkv table");
}

TEST_CASE("the table functions join with names that come from a table") {
  Db db;
  Filled(db);
  CHECK(db.Rows("SELECT s.value FROM (SELECT 'u' AS name) n JOIN memkv_stats(n.name) s WHERE "
                "s.name = 'keys'") == "2");
  CHECK(
      db.Rows(
          "SELECT count(*) FROM pragma_table_list p JOIN memkv_check(p.name) WHERE p.name = 'u'") ==
      "0");
  CHECK(db.Rows("SELECT name, memkv_count(name) FROM sqlite_schema WHERE name = 'u'") == "'u', 2");
}

}  // namespace
}  // namespace memkv::test
