// Tables whose key has several columns: what they are declared as, commands, functions, files. What
// they have in common with their twins is in scripts/composite_*.test.

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/folder.h"
#include "tests/sql/db.h"
#include "tests/sql/twin.h"

namespace memkv::test {
namespace {

constexpr char kPages[] =
    "host TEXT, path TEXT, at INTEGER, hits INTEGER, title TEXT, PRIMARY KEY(host, path, at), "
    "INDEX by_at(at, hits)";

// Frozen, or not.
Db& Filled(Db& db, bool frozen) {
  db.Exec(std::string("CREATE VIRTUAL TABLE p USING memkv(") + kPages +
          "); INSERT INTO p VALUES('a/x', '/1', 1, 10, 't1'), ('a/x', '/2', 1, 11, NULL), "
          "('a/y', '/1', 2, 12, 't'), ('b', '/', 3, 13, x'00ff'), ('', '', 0, 1, ''), "
          "('a/' || char(0), 'n', 4, 9, 'nul'), (x'612f62', 'blob', 5, 8, 'b')");
  if (frozen) db.Exec("SELECT memkv_freeze('p')");
  return db;
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST_CASE("what a table with a key of several columns is declared as") {
  Db db;
  Filled(db, false);
  CHECK(
      db.Rows("SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo('p')") ==
      "'host', 'TEXT', 1, 0, 0 | 'path', 'TEXT', 1, 0, 0 | 'at', 'INTEGER', 1, 0, 0 | 'hits', "
      "'INTEGER', 0, 0, 0 | 'title', 'TEXT', 0, 0, 0 | 'rank', 'INTEGER', 0, 0, 1 | 'p', '', 0, 0, "
      "1 | 'by_at_rank', 'INTEGER', 0, 0, 1 | 'memkv_key', 'BLOB', 1, 1, 1");
  // PRIMARY KEY(a) of one column is a PRIMARY KEY.
  db.Exec("CREATE VIRTUAL TABLE one USING memkv(v, k TEXT, PRIMARY KEY(k))");
  CHECK(db.Rows("SELECT name, \"notnull\", pk FROM pragma_table_info('one')") ==
        "'v', 0, 0 | 'k', 1, 1");
  // Names in quotes, comments, any case, ASC.
  db.Exec(
      "CREATE VIRTUAL TABLE q USING memkv(\"a b\" TEXT /* first */, [c,d] INTEGER, 'e)' REAL, -- "
      "v\n"
      "primary KEY ( \"a b\" , [c,d] ASC ), index /* i */ \"my idx\" ('e)', \"A B\"))");
  db.Exec("INSERT INTO q VALUES('x', 1, 2.5), ('x', 2, 1.5)");
  CHECK(db.Rows("SELECT \"my idx_rank\", \"c,d\" FROM q ORDER BY \"my idx_rank\"") ==
        "0, 2 | 1, 1");
  CHECK(db.Error("INSERT INTO q VALUES('x', 1, 2.5)") == "UNIQUE constraint failed: q.a b, q.c,d");
  // Named so that the words are no constraints.
  db.Exec("CREATE VIRTUAL TABLE w USING memkv(\"PRIMARY\" TEXT, \"INDEX\" INTEGER INDEXED)");
  CHECK(db.Rows("SELECT name FROM pragma_table_info('w')") == "'PRIMARY' | 'INDEX'");
}

TEST_CASE("hidden columns of a key of several columns are read-only") {
  Db db;
  Filled(db, false);
  const std::string made = "memkv: p.memkv_key is read-only (it is made of p.host, p.path, p.at)";
  CHECK(db.Error("UPDATE p SET memkv_key = x'00'") == made);
  CHECK(db.Error("INSERT INTO p(host, path, at, memkv_key) VALUES('a', 'b', 1, x'00')") == made);
  CHECK(db.Error("INSERT INTO p(host, path, at, by_at_rank) VALUES('a', 'b', 1, 1)") ==
        "memkv: p.by_at_rank is read-only (it is the row's position in the order of by_at)");
  CHECK(db.Error("UPDATE p SET rank = 1") ==
        "memkv: p.rank is read-only (it is the row's position in key order)");
}

TEST_CASE("functions read the first column of a key of several") {
  for (const bool frozen : {false, true}) {
    CAPTURE(frozen);
    Db db;
    Filled(db, frozen);
    CHECK(db.Rows("SELECT * FROM memkv_facets('p', 'a/', '/')") ==
          "'a/\\x00', 1, 1 | 'a/x', 2, 1 | 'a/y', 1, 1");
    CHECK(db.Rows("SELECT * FROM memkv_facets('p', '', '/')") ==
          "'', 1, 1 | 'a/', 4, 0 | 'b', 1, 1");
    CHECK(db.Rows("SELECT * FROM memkv_facets('p', x'61', x'2f')") == "x'612f', 1, 0");
    CHECK(db.Rows("SELECT * FROM memkv_folded('p', '/', 3)") ==
          "'p;a/; ', 1 | 'p;a/;x', 2 | 'p;a/;y', 1 | 'p;b', 1 | 'p', 1");
    CHECK(db.Rows(
              "SELECT memkv_flame('p', '/') LIKE '%<title>a/x (2 keys, 33.33 \\%)%' ESCAPE '\\'") ==
          "1");
    CHECK(db.Rows("SELECT * FROM memkv_fuzzy('p', 'a/z', 1)") ==
          "'a/\\x00', 9, 1 | 'a/x', 10, 1 | 'a/x', 11, 1 | 'a/y', 12, 1");
    CHECK(db.Rows("SELECT memkv_count('p'), memkv_count('p', 'a/'), memkv_count('p', x'61'), "
                  "memkv_count('p', 'a/x', 'b'), memkv_count('p', 'BY_AT', 1, 3)") ==
          "7, 4, 1, 3, 3");
    CHECK(db.Error("SELECT * FROM memkv_union('p', 'p')") ==
          "memkv_union(a, b): \"p\" has a key of several columns");
  }
}

TEST_CASE("memkv_lookup by whole keys") {
  for (const bool frozen : {false, true}) {
    CAPTURE(frozen);
    Db db;
    Filled(db, frozen);
    CHECK(db.Rows(
              "SELECT * FROM memkv_lookup('p', '[[\"a/x\", \"/2\", 1], [\"a/x\", \"/2\", 2], "
              "[\"b\", \"/\", 3.0], [\"b\", \"/\", \"3\"], [\"b\", null, 3], [null, \"\", 0]]')") ==
          "'a/x', 11, 1, 3 | 'a/x', NULL, 0, NULL | 'b', 13, 1, 5 | 'b', 13, 1, 5 | 'b', NULL, 0, "
          "NULL | NULL, NULL, 0, NULL");
    CHECK(
        db.Rows(
            "SELECT p.path, p.title FROM memkv_lookup('p', '[[\"b\", \"/\", 3], [\"a/x\", \"/1\", "
            "1]]') l JOIN p ON p.rank = l.rank") == "'/', x'00ff' | '/1', 't1'");
    const std::string keys = "memkv_lookup(table, keys): keys";
    CHECK(db.Error("SELECT * FROM memkv_lookup('p', '[[\"a/x\", \"/2\"]]')") ==
          keys + " of 3 columns: malformed JSON at byte 13: ',' expected, ']' found");
    CHECK(db.Error("SELECT * FROM memkv_lookup('p', '[\"a/x\"]')") ==
          keys + " of 3 columns: malformed JSON at byte 1: '[' expected, '\"' found");
    CHECK(db.Error("SELECT * FROM memkv_lookup('p', 5)") ==
          keys + " of several columns are a JSON array of arrays");
  }
}

TEST_CASE("commands with a key of several columns") {
  Db db;
  Filled(db, false);
  db.Exec(
      "INSERT INTO p(p, host, path, at, hits) VALUES('add', 'a/x', '/1', 1, 5), "
      "('add', 'a/x', '/9', 1, 5)");
  CHECK(db.Rows("SELECT hits FROM p WHERE host = 'a/x' AND path IN ('/1', '/9')") == "15 | 5");
  CHECK(db.Error("INSERT INTO p(p, host, path, hits) VALUES('add', 'a/x', '/1', 5)") ==
        "NOT NULL constraint failed: p.at");
  db.Exec("INSERT INTO p(p, host) VALUES('delete-prefix', 'a/')");
  CHECK(db.Rows("SELECT host FROM p") == "'' | 'b' | x'612f62'");
  CHECK(db.Error("INSERT INTO p(p) VALUES('delete-prefix')") ==
        "memkv: 'delete-prefix' takes a TEXT or BLOB prefix in the key column");
  CHECK(db.Rows("SELECT * FROM memkv_check('p')") == "");
  db.Exec("INSERT INTO p(p) VALUES('truncate')");
  CHECK(db.Rows("SELECT count(*) FROM p") == "0");
}

TEST_CASE("exports and imports of a key of several columns") {
  const Folder folder;
  Db db;
  Filled(db, false);
  db.Exec("DELETE FROM p WHERE typeof(host) = 'blob' OR title = 'nul' OR host = 'b'");
  CHECK(db.Rows("SELECT memkv_export_keys('p', '" + (folder / "p.txt") + "')") == "4");
  CHECK(ReadAll(folder / "p.txt") ==
        "\t\t0\t1\t\na/x\t/1\t1\t10\tt1\na/x\t/2\t1\t11\na/y\t/1\t2\t12\tt\n");
  db.Exec("SELECT memkv_export('p', '" + (folder / "p.mkv") + "')");
  db.Exec("CREATE VIRTUAL TABLE temp.f USING memkv(file = '" + (folder / "p.mkv") + "')");
  CHECK(db.Rows("SELECT *, rank, by_at_rank FROM f WHERE host = 'a/x'") ==
        db.Rows("SELECT *, rank, by_at_rank FROM p WHERE host = 'a/x'"));
  CHECK(db.Rows("SELECT name, pk FROM pragma_table_xinfo('f') WHERE hidden = 0 OR pk") ==
        db.Rows("SELECT name, pk FROM pragma_table_xinfo('p') WHERE hidden = 0 OR pk"));
  CHECK(db.Plan("SELECT * FROM f WHERE at = 1 AND hits > 5") ==
        "SCAN f VIRTUAL TABLE INDEX 8:\"at\" = ? AND \"hits\" > ? asc by \"by_at\"");
  const std::string rows = db.Rows("SELECT * FROM p");
  db.Exec("DELETE FROM p; INSERT INTO p(p, host) VALUES('import', memkv_file('" +
          (folder / "p.txt") + "'))");
  CHECK(db.Rows("SELECT * FROM p") == rows);
  // Fields that are missing are NULL, which a key's may not be.
  WriteAll(folder / "short.txt", "x\ty\n");
  CHECK(db.Error("INSERT INTO p(p, host) VALUES('import', memkv_file('" + (folder / "short.txt") +
                 "'))") ==
        "memkv: \"" + (folder / "short.txt") +
            "\": 1 malformed line, nothing was imported; line 1: fewer fields than "
            "the key has columns (3)");
  CHECK(db.Rows("SELECT * FROM p") == rows);
}

TEST_CASE("a key of hundreds of columns") {
  for (const size_t columns : {255, 256, 300}) {
    std::string names, tests, ones;
    for (size_t i = 0; i < columns; ++i) {
      const std::string name = "c" + std::to_string(i);
      names += (i ? ", " : "") + name;
      tests += (i ? " AND " : "") + name + " = 1";
      ones += i ? ", 1" : "1";
    }
    std::string reversed = "v";
    for (size_t i = columns; i-- > 0;) reversed += ", c" + std::to_string(i);
    Twin twin(names + ", v, PRIMARY KEY(" + names + "), INDEX vc(v, c254, c0), INDEX all_of(" +
              reversed + ")");
    REQUIRE(twin.CompareSuccess("INSERT INTO t VALUES (" + ones + ", 'one'), (" +
                                ones.substr(0, ones.size() - 1) + "2, 'two')") == "");
    for (const bool frozen : {false, true}) {
      CAPTURE(frozen);
      if (frozen) REQUIRE(twin.Freeze() == "");
      CHECK(twin.Compare("SELECT v FROM t WHERE " + tests) == "");
      CHECK(twin.Compare("SELECT v FROM t WHERE " + tests.substr(0, tests.rfind(" AND ")) +
                         " ORDER BY c" + std::to_string(columns - 1) + " DESC") == "");
      CHECK(twin.Compare("SELECT v FROM t WHERE v = 'two' AND c254 = 1 AND c0 = 1") == "");
      CHECK(twin.Compare("SELECT v, c0 FROM t ORDER BY " + reversed) == "");
      CHECK(twin.CheckIntegrity() == "");
    }
  }
}

// A statement that fails takes back what it has brought.
TEST_CASE("a trigger brings the first key that reads as a number, and looks for it") {
  for (const char* key : {"PRIMARY KEY(a, b)", "PRIMARY KEY(a)"}) {
    Twin twin("a TEXT NOT NULL, b INTEGER NOT NULL, v INTEGER, " + std::string(key));
    REQUIRE(twin.CompareSuccess("CREATE TABLE o(a INTEGER, b)") == "");
    REQUIRE(
        twin.CompareSuccess("CREATE TRIGGER g AFTER INSERT ON o BEGIN INSERT INTO t VALUES (new.a, "
                            "new.b, 1); UPDATE t SET v = v + 1 WHERE a = new.a; END") == "");
    if (!twin.memkv().Run("INSERT INTO o VALUES (5, 1)").ok())
      twin.memkv().Exec("INSERT INTO o VALUES (5, 1)");
    twin.twin().Exec("INSERT INTO o VALUES (5, 1)");
    CHECK(twin.CompareContents() == "");
    CHECK(twin.Compare("INSERT INTO o VALUES (6, 1)") == "");
  }
}

// Which texts a number equals depends on what it comes from, which SQLite does not tell: rows come in
// order all the same.
TEST_CASE("the order behind an equality, where texts read as numbers") {
  for (const bool frozen : {false, true}) {
    CAPTURE(frozen);
    Twin twin("a TEXT, b TEXT, v INTEGER, PRIMARY KEY(a, b), INDEX va(v, a)");
    REQUIRE(
        twin.CompareSuccess(
            "INSERT INTO t VALUES ('5', 'c', 1), ('05', 'b', 1), ('5.0', 'a', 1), ('5', 'a', 2), "
            "('x', '2', 3), ('x', '1', 4), ('x', '3', 5), ('10.0.0.1', 'z', 6), "
            "(-9.2233720368547758e18, 'z', 7)") == "");
    REQUIRE(twin.CompareSuccess("CREATE TABLE n(num INTEGER, any); INSERT INTO n VALUES (5, 'x'), "
                                "(10, 5), (7, '5'), (NULL, 'y')") == "");
    if (frozen) REQUIRE(twin.Freeze() == "");
    const std::string by_a = "SELECT a, b FROM t WHERE a = ?1 ORDER BY b";
    CHECK(twin.memkv().Plan(by_a) ==
          "SCAN t VIRTUAL TABLE INDEX 1:\"a\" = ? (checked) one value asc");
    const std::vector<Row> each = {
        {TextCell("x")}, {TextCell("5")}, {IntegerCell(5)}, {RealCell(5)},
        {NullCell()},    {TextCell("y")}, {IntegerCell(7)}, {RealCell(-9.2233720368547758e18)}};
    CHECK(twin.Compare(by_a, each) == "");
    CHECK(twin.Compare(by_a + " DESC LIMIT 1", each) == "");
    // A column's numbers are compared as such.
    for (const char* column : {"n.num", "n.any", "+n.num"}) {
      const std::string one =
          "(SELECT b FROM t WHERE a = " + std::string(column) + " ORDER BY b DESC LIMIT 1)";
      CHECK(twin.Compare("SELECT n.num, n.any, " + one + " FROM n ORDER BY 1, 2") == "");
    }
  }
}

// A text of digits is a parameter's own, but in a compound, and in the trigger of a view.
TEST_CASE("a range up to a parameter that reads as a number") {
  Twin twin("a TEXT, b TEXT, v INTEGER, PRIMARY KEY(a, b)");
  REQUIRE(twin.CompareSuccess("INSERT INTO t VALUES ('x', '9', 1), ('x', '10', 2), ('x', '2', 3), "
                              "('x', 'a', 4), ('9', '9', 5), ('10', '9', 6)") == "");
  REQUIRE(
      twin.CompareSuccess("CREATE TABLE n(num INTEGER, txt TEXT); INSERT INTO n VALUES (10, '10'), "
                          "(2, '2')") == "");
  REQUIRE(
      twin.CompareSuccess(
          "CREATE VIEW seen AS SELECT num FROM n; CREATE TABLE given(a); "
          "CREATE TRIGGER g INSTEAD OF INSERT ON seen BEGIN INSERT INTO given SELECT a || ' < ' || "
          "new.num FROM t WHERE a < new.num; END") == "");
  const std::vector<Row> each = {{TextCell("10")}, {TextCell("9")},      {TextCell("2")},
                                 {IntegerCell(9)}, {TextCell("2015-1")}, {TextCell("a")},
                                 {NullCell()}};
  for (const char* op : {"<", "<=", ">", ">="}) {
    const std::string compare = std::string(" ") + op + " ";
    CHECK(twin.Compare("SELECT * FROM t WHERE a = 'x' AND b" + compare + "?1 ORDER BY b DESC",
                       each) == "");
    CHECK(twin.Compare("SELECT * FROM t WHERE a" + compare + "?1", each) == "");
    CHECK(twin.Compare("SELECT t.* FROM n, t WHERE n.num = ?1 AND t.a" + compare + "n.num", each) ==
          "");
    CHECK(
        twin.Compare("SELECT t.* FROM (SELECT num AS x FROM n UNION ALL SELECT ?1 LIMIT 9) AS s, t "
                     "WHERE t.a" +
                         compare + "s.x ORDER BY 1, 2, 3",
                     each) == "");
    CHECK(twin.Compare("SELECT t.* FROM (VALUES (CAST(1 AS INTEGER)), (?1)) AS s, t WHERE t.a" +
                           compare + "s.column1 ORDER BY 1, 2, 3",
                       each) == "");
    CHECK(twin.Compare("SELECT t.* FROM t WHERE t.a" + compare + "(SELECT ?1)", each) == "");
    CHECK(twin.Compare("INSERT INTO seen SELECT ?1", each) == "");
    CHECK(twin.Compare("SELECT t.* FROM t WHERE t.a" + compare + "CAST(?1 AS INTEGER)", each) ==
          "");
  }
  CHECK(twin.Compare("SELECT * FROM given ORDER BY 1", {}) == "");
}

TEST_CASE("a key of several columns may take 1 MiB in all") {
  Db db;
  db.Exec(
      "CREATE VIRTUAL TABLE t USING memkv(a TEXT, b TEXT, v TEXT, PRIMARY KEY(a, b), INDEX va(v, "
      "a))");
  const std::string half = "printf('%.*c', 524280, 'x')";
  db.Exec("INSERT INTO t VALUES(" + half + ", " + half + ", 'v')");
  CHECK(db.Rows("SELECT length(a), length(b) FROM t WHERE a = " + half + " AND b = " + half) ==
        "524280, 524280");
  CHECK(db.Error("INSERT INTO t VALUES(" + half + ", " + half + " || 'more than that!', 'v')") ==
        "memkv: t.a, t.b: a key of 1048578 bytes (allowed: at most 1048577)");
  // Of the index, whose last column the key begins with.
  CHECK(db.Error("INSERT INTO t VALUES('a', " + half + ", " + half + " || 'more than 1 MiB')") ==
        "memkv: a value of 524297 bytes of an INDEXED column and a key of 524284 (allowed: 1048577 "
        "in all)");
  CHECK(db.Rows("SELECT count(*) FROM t WHERE a = " + half + " || " + half + " AND b = " + half +
                " || " + half) == "0");
  CHECK(db.Rows("SELECT count(*) FROM t WHERE a = " + half + " AND b IN (" + half + " || " + half +
                ", " + half + ")") == "1");
  CHECK(db.Rows("SELECT count(*) FROM t") == "1");
}

}  // namespace
}  // namespace memkv::test
