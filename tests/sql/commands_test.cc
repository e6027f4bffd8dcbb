// The commands 'add' and 'import', and memkv_export_keys.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

namespace fs = std::filesystem;

// A file to import or to export to.
class KeyFile : public TempFile {
 public:
  explicit KeyFile(const std::string& content = "") { WriteAll(path(), content); }
  std::string content() const { return ReadAll(path()); }
  std::string Import(const std::string& table = "t", const std::string& key = "key") const {
    return "INSERT INTO " + table + "(" + table + ", " + key + ") VALUES('import', memkv_file('" +
           path() + "'))";
  }
};

TEST_CASE("'add' inserts, or adds as SQLite's + does") {
  for (const std::string columns :
       {"key TEXT PRIMARY KEY, value", "key TEXT PRIMARY KEY, value INTEGER",
        "key TEXT PRIMARY KEY, value REAL", "key TEXT PRIMARY KEY, value TEXT"}) {
    CAPTURE(columns);
    Db memkv, twin;
    memkv.Exec("CREATE VIRTUAL TABLE t USING memkv(" + columns + ")");
    twin.Exec("CREATE TABLE t(" + columns + ") WITHOUT ROWID");
    const char* values[] = {"1",
                            "2.5",
                            "NULL",
                            "'3'",
                            "' 4x'",
                            "'abc'",
                            "x'35'",
                            "9223372036854775807",
                            "-9223372036854775808",
                            "1e308",
                            "1e308",
                            "0",
                            "-1"};
    for (const char* old : values) {
      for (const char* by : values) {
        for (Db* db : {&memkv, &twin}) {
          db->Exec("DELETE FROM t");
          db->Exec(std::string("INSERT INTO t VALUES('k', ") + old + ")");
        }
        memkv.Exec(std::string("INSERT INTO t(t, key, value) VALUES('add', 'k', ") + by + ")");
        if (std::string(by) != "NULL") twin.Exec(std::string("UPDATE t SET value = value + ") + by);
        CHECK_MESSAGE(memkv.Rows("SELECT key, value, typeof(value) FROM t") ==
                          twin.Rows("SELECT key, value, typeof(value) FROM t"),
                      old << " + " << by);
      }
    }
  }
}

TEST_CASE("'add' on rows of several columns, frozen and not") {
  for (const bool frozen : {false, true}) {
    Db db;
    db.Exec(
        "CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, a INTEGER, b, c TEXT NOT NULL)");
    db.Exec("INSERT INTO t VALUES('x', 1, 2, 'n')");
    if (frozen) db.Exec("SELECT memkv_freeze('t')");
    db.Exec("INSERT INTO t(t, key, a) VALUES('add', 'x', 10)");
    CHECK(db.Rows("SELECT * FROM t") == "'x', 11, 2, 'n'");
    db.Exec("INSERT INTO t(t, key, b) VALUES('add', 'x', 0.5)");
    CHECK(db.Rows("SELECT * FROM t") == "'x', 11, 2.5, 'n'");
    CHECK(db.Error("INSERT INTO t(t, key, a) VALUES('add', 'y', 1)") ==
          "NOT NULL constraint failed: t.c");
    CHECK(db.Error("INSERT INTO t(t, a) VALUES('add', 1)") == "NOT NULL constraint failed: t.key");
    db.Exec("INSERT INTO t(t, key, a, c) VALUES('add', 'y', 1, '5')");
    db.Exec("INSERT INTO t(t, key, c) VALUES('add', 'y', 2)");
    CHECK(db.Rows("SELECT * FROM t") == "'x', 11, 2.5, 'n' | 'y', 1, NULL, '7'");
    db.Exec("BEGIN; INSERT INTO t(t, key, a) VALUES('add', 'x', 1); ROLLBACK");
    CHECK(db.Rows("SELECT a FROM t") == "11 | 1");
  }
}

TEST_CASE("'import' of keys and values") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, n INTEGER, s)");
  db.Exec("INSERT INTO t VALUES('b', 7, 'old'), ('c', 8, 'old')");
  const KeyFile file("b\r\nc\t9\na\t5\tfive\nd\t\tx\n\nlast");
  db.Exec(file.Import());
  CHECK(db.Rows("SELECT * FROM t") ==
        "'', NULL, NULL | 'a', 5, 'five' | 'b', 7, 'old' | 'c', 9, NULL | 'd', '', 'x' | 'last', "
        "NULL, NULL");
  // A later line wins over an earlier one if it has values.
  const KeyFile twice("k\t1\nk\t2\nk\n");
  db.Exec(twice.Import());
  CHECK(db.Rows("SELECT n FROM t WHERE key = 'k'") == "2");
  db.Exec("BEGIN; DELETE FROM t");
  db.Exec(file.Import());
  db.Exec("ROLLBACK");
  CHECK(db.Rows("SELECT count(*) FROM t") == "7");
}

TEST_CASE("'import' keeps the class of numeric keys") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv(key NUMERIC PRIMARY KEY)");
  const KeyFile file("10\n9\n1e30\nx\n");
  db.Exec(file.Import());
  CHECK(db.Rows("SELECT key, typeof(key) FROM t") ==
        "9, 'integer' | 10, 'integer' | 1e+30, 'real' | 'x', 'text'");
}

TEST_CASE("malformed lines are counted and named, and nothing is imported") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, n NOT NULL)");
  std::string text = "a\t1\nb\nc\t1\t2\n";
  const KeyFile file(text);
  CHECK(db.Error(file.Import()) ==
        "memkv: \"" + file.path() +
            "\": 2 malformed lines, nothing was imported; line 2: NOT NULL constraint failed: t.n; "
            "line 3: more "
            "fields than columns (allowed: a key and at most 1 values, separated by TAB)");
  CHECK(db.Code(file.Import()) == SQLITE_CONSTRAINT_NOTNULL);
  CHECK(db.Rows("SELECT count(*) FROM t") == "0");
  for (int i = 0; i < 100; ++i) text += "bad\n";
  const KeyFile many(text);
  const std::string error = db.Error(many.Import());
  CHECK(error.find(": 102 malformed lines") != std::string::npos);
  CHECK(error.ends_with("; line 11: NOT NULL constraint failed: t.n; ..."));
  const KeyFile longest(std::string(1 << 20, 'k') + "\t1\n");
  db.Exec(longest.Import());
  const KeyFile longer(std::string((1 << 20) + 1, 'k') + "\t1\n");
  CHECK(db.Code(longer.Import()) == SQLITE_TOOBIG);
  CHECK(db.Error("INSERT INTO t(t, key) VALUES('import', '/etc/passwd')") ==
        "memkv: 'import' takes memkv_file(path)");
  CHECK(db.Code("INSERT INTO t(t, key) VALUES('import', memkv_file('/nonexistent/x'))") ==
        SQLITE_CANTOPEN);
  CHECK(db.Rows("SELECT count(*) FROM t") == "1");
}

TEST_CASE("'import' of sorted, shuffled and mixed files equals INSERT") {
  std::mt19937 random(7);
  for (const bool records : {false, true}) {
    for (const int order : {0, 1, 2}) {
      std::map<std::string, std::string> rows;
      std::vector<std::string> keys;
      for (int i = 0; i < 70000; ++i) {
        std::string key = "http://host" + std::to_string(random() % 500) + ".example/";
        for (uint32_t n = random() % 4; n > 0; --n) key += std::to_string(random() % 1000) + "/";
        if (random() % 500 == 0) key += std::string(random() % 20000, 'p');
        if (rows.emplace(key, records ? std::string(random() % (random() % 50 ? 30 : 700), 'v')
                                      : std::to_string(random() % 300))
                .second) {
          keys.push_back(key);
        }
      }
      std::sort(keys.begin(), keys.end());
      if (order == 1) std::shuffle(keys.begin(), keys.end(), random);
      if (order == 2)
        std::rotate(keys.begin(), keys.begin() + static_cast<ptrdiff_t>(keys.size() / 3),
                    keys.end());
      std::string text;
      for (const std::string& key : keys) text += key + '\t' + rows[key] + '\n';
      const KeyFile file(text);
      Db db;
      db.Exec(std::string("CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, value ") +
              (records ? "TEXT)" : "INTEGER)"));
      db.Exec("BEGIN; INSERT INTO t VALUES('a', 1); SAVEPOINT s");
      db.Exec(file.Import());
      CHECK(db.Rows("SELECT * FROM memkv_check('t')") == "");
      CHECK(db.Rows("SELECT count(*) FROM t") == std::to_string(rows.size() + 1));
      db.Exec("ROLLBACK TO s");
      CHECK(db.Rows("SELECT * FROM t") == (records ? "'a', '1'" : "'a', 1"));
      CHECK(db.Rows("SELECT * FROM memkv_check('t')") == "");
      db.Exec("DELETE FROM t; COMMIT");
      db.Exec(file.Import());
      const KeyFile out;
      CHECK(db.Rows("SELECT memkv_export_keys('t', ?1)", {TextCell(out.path())}) ==
            std::to_string(rows.size()));
      std::string sorted;
      for (const auto& [key, value] : rows)
        sorted += key + (value.empty() ? "\t" : '\t' + value) + '\n';
      CHECK(out.content() == sorted);
    }
  }
}

TEST_CASE("memkv_export_keys") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv(key PRIMARY KEY, a, b)");
  db.Exec(
      "INSERT INTO t VALUES('k', 1, 2.5), ('l', NULL, 'x'), ('m', 'y', NULL), ('n', NULL, NULL), "
      "(7, NULL, NULL), (x'41', 0.1, 3.0)");
  const KeyFile out("before");
  CHECK(db.Rows("SELECT memkv_export_keys('t', ?1)", {TextCell(out.path())}) == "6");
  CHECK(out.content() == "7\nk\t1\t2.5\nl\t\tx\nm\ty\nn\nA\t0.1\t3.0\n");
  db.Exec("INSERT INTO t VALUES('with\ttab', 1, 1)");
  CHECK(db.Error("SELECT memkv_export_keys('t', ?1)", {TextCell(out.path())}) ==
        "memkv: \"t\" row 5: a key with a TAB or a line end cannot stand on a line");
  db.Exec("DELETE FROM t WHERE key = 'with\ttab'; INSERT INTO t VALUES('z', 1, 'a\nb')");
  CHECK(db.Error("SELECT memkv_export_keys('t', ?1)", {TextCell(out.path())}) ==
        "memkv: \"t\" row 5: a value with a TAB or a line end cannot stand on a line");
  CHECK(out.content() ==
        "7\nk\t1\t2.5\nl\t\tx\nm\ty\nn\nA\t0.1\t3.0\n");  // a failure leaves the file as it was
  CHECK(db.Code("SELECT memkv_export_keys('t', '/nonexistent/dir/file')") == SQLITE_CANTOPEN);
  CHECK(db.Error("SELECT memkv_export_keys('t')") ==
        "memkv_export_keys(table, path): it was given 1 argument");
  CHECK(db.Error("SELECT memkv_export_keys('t', 5)") ==
        "memkv_export_keys(table, path): path is the name of a file");
  CHECK(db.Error("CREATE VIEW v AS SELECT memkv_export_keys('t', 'x') AS n; SELECT n FROM v")
            .find("unsafe use") != std::string::npos);
  Db plain(":memory:", Load::kNoFiles);
  CHECK(plain.Error("SELECT memkv_export_keys('t', 'x')").find("no such function") !=
        std::string::npos);
}

}  // namespace
}  // namespace memkv::test
