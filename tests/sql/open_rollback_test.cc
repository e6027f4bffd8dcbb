// Queries that are open across a ROLLBACK: they go on in what is left, behind the row they gave
// last.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

struct Query {
  std::string sql;
  std::string left;  // what it gives after the rollback, of the rows behind the second
};

// Before: a, b, c, d, e, f by v = 6, 5, 4, 3, 2, 1. Undone: c is gone, bb and x are there, e's v is
// 9.
const Query kQueries[] = {
    {"SELECT key FROM t", "'c' | 'd' | 'e' | 'f'"},
    {"SELECT key, v FROM t WHERE key >= 'a' AND key < 'f'", "'c', 4 | 'd', 3 | 'e', 2"},
    {"SELECT key FROM t WHERE key LIKE '%'", "'c' | 'd' | 'e' | 'f'"},
    {"SELECT key FROM t WHERE key IN ('a', 'b', 'c', 'x', 'e')", "'c' | 'e'"},
    {"SELECT key FROM t ORDER BY key DESC", "'e' | 'd' | 'c' | 'b' | 'a'"},
    {"SELECT key FROM t ORDER BY v", "'e' | 'd' | 'c' | 'b' | 'a'"},
    {"SELECT key FROM t ORDER BY v DESC", "'a' | 'b' | 'c' | 'd' | 'e' | 'f'"},
    {"SELECT key FROM t WHERE v BETWEEN 2 AND 9 ORDER BY v", "'a'"},
};

std::string Rest(Cursor& cursor) {
  std::vector<Row> rows;
  int rc;
  while ((rc = cursor.Step()) == SQLITE_ROW) rows.push_back(cursor.row());
  CHECK(rc == SQLITE_DONE);
  return Show(rows);
}

}  // namespace

TEST_CASE("a query that is open across a ROLLBACK gives no row that was rolled back") {
  for (const bool stored : {false, true}) {
    for (const bool frozen : {false, true}) {
      for (const bool savepoint : {false, true}) {
        for (const Query& query : kQueries) {
          CAPTURE(stored);
          CAPTURE(frozen);
          CAPTURE(savepoint);
          CAPTURE(query.sql);
          Folder folder;
          Db db(stored ? folder / "a.db" : ":memory:");
          db.Exec("CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, v INTEGER INDEXED)");
          db.Exec("INSERT INTO t VALUES('a',6),('b',5),('c',4),('d',3),('e',2),('f',1)");
          if (frozen) db.Exec("SELECT memkv_freeze('t')");
          db.Exec("BEGIN");
          if (savepoint) db.Exec("SAVEPOINT s");
          db.Exec(
              "DELETE FROM t WHERE key = 'c'; INSERT INTO t VALUES('bb', 0), ('x', 7); UPDATE t "
              "SET "
              "v = 9 WHERE key = 'e'");
          Cursor cursor(db, query.sql);
          REQUIRE(cursor.Step() == SQLITE_ROW);
          REQUIRE(cursor.Step() == SQLITE_ROW);
          db.Exec(savepoint ? "ROLLBACK TO s" : "ROLLBACK");
          CHECK(Rest(cursor) == query.left);
        }
      }
    }
  }
}

TEST_CASE("a query that is open across COMMIT, or whose version was not undone, keeps its rows") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a',1),('b',2),('c',3)");
  Cursor before(db, "SELECT key FROM t");
  REQUIRE(before.Step() == SQLITE_ROW);
  db.Exec("BEGIN; INSERT INTO t VALUES('bb', 1); SAVEPOINT s; DELETE FROM t WHERE key = 'c'");
  Cursor inside(db, "SELECT key FROM t");
  REQUIRE(inside.Step() == SQLITE_ROW);
  db.Exec("RELEASE s; SAVEPOINT r; INSERT INTO t VALUES('d', 1); ROLLBACK TO r; COMMIT");
  CHECK(Rest(inside) == "'b' | 'bb'");
  CHECK(Rest(before) == "'b' | 'c'");
}

// A row that is found by its key pins no version, unless a rank of it may be asked later.
TEST_CASE("a lookup's row and rank are of the version that it began with") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, v, s INDEXED)");
  db.Exec("INSERT INTO t VALUES('a', 1, 1), ('b', zeroblob(3), 2), ('c', 'x', 3)");
  db.Exec("CREATE TABLE o(x); INSERT INTO o VALUES(7), (8), (9)");
  for (const bool frozen : {false, true}) {
    CAPTURE(frozen);
    if (frozen) db.Exec("INSERT INTO t(t) VALUES('freeze')");
    Cursor cursor(db,
                  "SELECT t.rank, t.s_rank, t.v, t.s, o.x FROM t CROSS JOIN o WHERE t.key = 'b'");
    Cursor row(db, "SELECT t.v, t.key, o.x FROM t CROSS JOIN o WHERE t.key = 'b'");
    REQUIRE(cursor.Step() == SQLITE_ROW);
    REQUIRE(row.Step() == SQLITE_ROW);
    db.Exec("INSERT INTO t VALUES('a0', 1, 0), ('a1', 1, 0)");
    db.Exec("UPDATE t SET v = 'other', s = 5 WHERE key = 'b'; DELETE FROM t WHERE key = 'a'");
    CHECK(Rest(cursor) == "1, 1, x'000000', 2, 8 | 1, 1, x'000000', 2, 9");
    CHECK(Rest(row) == "x'000000', 'b', 8 | x'000000', 'b', 9");
    db.Exec("DELETE FROM t WHERE key LIKE 'a_'; INSERT INTO t VALUES('a', 1, 1)");
    db.Exec("UPDATE t SET v = zeroblob(3), s = 2 WHERE key = 'b'");
  }
  db.Exec("UPDATE t SET v = rank * 10 + s_rank WHERE key = 'b'");
  CHECK(db.Rows("SELECT v FROM t WHERE key = 'b'") == "11");
}

}  // namespace memkv::test
