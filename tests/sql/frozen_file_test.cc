// memkv_export and the option file: a table written to a file and opened over it answers the same;
// it is read-only; what is no such file, or a damaged one, is an error that says so.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/fst/about.h"
#include "core/fst/format.h"
#include "tests/core/fst_repair.h"
#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

namespace fs = std::filesystem;

ptrdiff_t FilesIn(const Folder& dir) {
  return std::distance(fs::directory_iterator(dir.path()), {});
}

std::string Open(const std::string& path, const std::string& table = "f") {
  return "CREATE VIRTUAL TABLE temp." + table + " USING memkv(file = '" + path + "')";
}

void Export(Db& db, const std::string& path, const std::string& table = "t") {
  db.Exec("SELECT memkv_export('" + table + "', ?1)", {TextCell(path)});
}

constexpr char kMixed[] =
    "WITH RECURSIVE c(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM c WHERE i < 999) "
    "INSERT OR REPLACE INTO t SELECT 'http://site' || (i % 7) || '/dir/file' || (i * 37 % 1000), "
    "i, "
    "CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN i / 4.0 WHEN 2 THEN 'title ' || (i % 11) WHEN 3 THEN "
    "CAST(i AS BLOB) ELSE i END FROM c; "
    "INSERT INTO t VALUES('', 1, 2), ('a' || char(0) || 'b', 3, 4), (x'00ff', 5, 'six')";

const char* const kQueries[] = {
    "SELECT * FROM t",
    "SELECT *, rank, typeof(url), typeof(hits), typeof(x) FROM t ORDER BY url DESC",
    "SELECT count(*), sum(hits), min(url), max(url) FROM t",
    "SELECT * FROM t WHERE url = 'http://site3/dir/file7'",
    "SELECT * FROM t WHERE url IN ('', 'http://site0/dir/file0', 'zz', x'00ff')",
    "SELECT url FROM t WHERE url LIKE 'HTTP://site4/%9'",
    "SELECT url FROM t WHERE url GLOB 'http://site[12]/dir/file1*'",
    "SELECT url FROM t WHERE has_prefix(url, 'http://site5/dir/file9')",
    "SELECT url, rank FROM t WHERE rank BETWEEN 300 AND 310",
    "SELECT url FROM t WHERE url > 'http://site2' AND url <= 'http://site3/dir/file2' LIMIT 7 "
    "OFFSET 20",
    "SELECT memkv_count('t'), memkv_count('t', 'http://site1'), memkv_count('t', 'b', "
    "'http://site2')",
    "SELECT * FROM memkv_facets('t', 'http://', '/')",
    "SELECT * FROM memkv_lookup('t', '[\"http://site3/dir/file7\", \"no\", \"\"]')",
    "SELECT * FROM memkv_fuzzy('t', 'http://site3/dir/file7', 1)",
    "SELECT count(*) FROM memkv_intersect('t', 't')",
    "SELECT count(*) FROM t a JOIN t b ON b.url = a.url",
    "SELECT * FROM memkv_check('t')",
};

TEST_CASE("an exported table, opened over its file, answers the same") {
  const Folder dir;
  for (const int form : {0, 1, 2}) {  // never frozen, frozen, with a delta over its base
    CAPTURE(form);
    Db db;
    db.Exec("CREATE VIRTUAL TABLE t USING memkv(url TEXT PRIMARY KEY, hits INTEGER NOT NULL, x)");
    db.Exec(kMixed);
    if (form > 0) db.Exec("SELECT memkv_freeze('t')");
    if (form == 2)
      db.Exec("DELETE FROM t WHERE hits % 10 = 3; REPLACE INTO t VALUES('http://new', 1, 2)");
    const std::string keys = db.Rows("SELECT count(*) FROM t");
    CHECK(db.Rows("SELECT memkv_export('t', ?1)", {TextCell((dir / "t.mkv"))}) == keys);
    CHECK(FilesIn(dir) == 1);
    CHECK(db.Rows("SELECT value FROM memkv_stats('t') WHERE name = 'frozen_keys'") ==
          (form == 0 ? "0" : "1003"));  // the table is as it was

    Db other;
    other.Exec(Open((dir / "t.mkv"), "t"));
    for (const char* query : kQueries) {
      CAPTURE(query);
      CHECK(other.Run(query) == db.Run(query));
    }
    CHECK(other.Rows("SELECT name, type, \"notnull\", pk FROM pragma_table_info('t')") ==
          "'url', 'TEXT', 1, 1 | 'hits', 'INTEGER', 1, 0 | 'x', '', 0, 0");
    other.Exec("INSERT INTO t(t) VALUES('integrity-check')");
    // A mapped file is not memory of its own.
    CHECK(other.Rows("SELECT value < (SELECT value FROM memkv_stats('t') WHERE name = "
                     "'memory_bytes') + 1e6 FROM memkv_stats('t') WHERE name = 'frozen_bytes'") ==
          "1");
    // Exported again, the file is the same; over the very file that is open, too.
    const std::string bytes = ReadAll((dir / "t.mkv"));
    Export(other, (dir / "again.mkv"));
    CHECK(ReadAll((dir / "again.mkv")) == bytes);
    Export(other, (dir / "t.mkv"));
    CHECK(ReadAll((dir / "t.mkv")) == bytes);
    CHECK(other.Rows("SELECT count(*) FROM t") == keys);
    fs::remove((dir / "again.mkv"));
  }
}

TEST_CASE("every kind of key and column stands in the file") {
  const Folder dir;
  struct {
    const char* columns;
    const char* rows;
  } tables[] = {
      {"key TEXT PRIMARY KEY", "('a'), ('b')"},
      {"k NUMERIC PRIMARY KEY, v", "(1, 'one'), (2.5, NULL), (-0.0, 3), (1e300, 4), ('x', 5)"},
      {"k REAL PRIMARY KEY, v TEXT", "(1, 1), (2.5, 2), (x'41', 3)"},
      {"a INTEGER, \"the \"\"key\"\"\" PRIMARY KEY, c VARCHAR(10, 2) NOT NULL, d DOUBLE PRECISION",
       "(1, 1.0, 'c', 2), (2, 9007199254740993, 'd', NULL), (3, 9007199254740992.0, 'e', 1.5)"},
      {"[odd name] BLOB PRIMARY KEY, `v,w` \"TYPE (x\"", "(x'', 1), ('', 2)"},
      {"key TEXT PRIMARY KEY, value", nullptr},
  };
  for (const auto& t : tables) {
    CAPTURE(t.columns);
    Db db;
    db.Exec(std::string("CREATE VIRTUAL TABLE t USING memkv(") + t.columns + ")");
    if (t.rows) db.Exec(std::string("INSERT INTO t VALUES ") + t.rows);
    Export(db, (dir / "t.mkv"));
    db.Exec(Open((dir / "t.mkv")));
    const std::string all = db.Rows("SELECT * FROM t");
    CHECK(db.Rows("SELECT * FROM f") == all);
    CHECK(db.Rows("SELECT name, type, \"notnull\", pk FROM pragma_table_info('f')") ==
          db.Rows("SELECT name, type, \"notnull\", pk FROM pragma_table_info('t')"));
    CHECK(db.Rows("SELECT * FROM memkv_check('f')") == "");
  }
}

TEST_CASE("a table over a file is read-only") {
  const Folder dir;
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1), ('b', 2)");
  Export(db, (dir / "t.mkv"));
  db.Exec(Open((dir / "t.mkv")));
  const std::string read_only =
      "memkv: \"f\" is read-only (it is the file \"" + (dir / "t.mkv") + "\")";
  for (const char* sql :
       {"INSERT INTO f VALUES('c', 3)", "INSERT OR IGNORE INTO f VALUES('a', 3)",
        "REPLACE INTO f VALUES('a', 3)", "UPDATE f SET value = 3", "UPDATE f SET key = 'z'",
        "DELETE FROM f WHERE key = 'a'", "DELETE FROM f", "INSERT INTO f(f) VALUES('truncate')",
        "INSERT INTO f(f, key) VALUES('delete-prefix', 'a')",
        "INSERT INTO f(f, key, value) VALUES('add', 'a', 1)",
        "INSERT INTO f(f, key) VALUES('import', memkv_file('/nowhere'))"}) {
    CAPTURE(sql);
    for (const bool begin : {false, true}) {
      if (begin) db.Exec("BEGIN; SAVEPOINT s");
      CHECK(db.Error(sql) == read_only);
      CHECK(db.Code(sql) == SQLITE_READONLY);
      if (begin) db.Exec("ROLLBACK TO s; COMMIT");
    }
  }
  CHECK(db.Rows("SELECT memkv_freeze('f')") == "2");
  db.Exec("INSERT INTO f(f) VALUES('rebuild')");
  CHECK(db.Error("INSERT INTO f(f) VALUES('frob')").find("unknown command") != std::string::npos);
  CHECK(db.Rows("SELECT * FROM f") == "'a', 1 | 'b', 2");
  // What ends other tables' objects and states leaves it as it is.
  db.Exec("ALTER TABLE f RENAME TO g");
  CHECK(db.Rows("SELECT * FROM g") == "'a', 1 | 'b', 2");
  db.Exec("BEGIN; DROP TABLE g; ROLLBACK");
  CHECK(db.Rows("SELECT * FROM g") == "'a', 1 | 'b', 2");
  db.Exec("BEGIN; ALTER TABLE g RENAME TO h; ROLLBACK; VACUUM");
  CHECK(db.Rows("SELECT * FROM g") == "'a', 1 | 'b', 2");
  db.Exec("BEGIN; CREATE TABLE temp.u(x); ROLLBACK");
  fs::remove((dir / "t.mkv"));  // it stays open
  CHECK(db.Rows("SELECT * FROM g") == "'a', 1 | 'b', 2");
  db.Exec("DROP TABLE g");
  CHECK(db.Code("SELECT * FROM g") == SQLITE_ERROR);
}

TEST_CASE("file is for the temp schema, and for who may name files") {
  const Folder dir;
  Db db((dir / "main.db"));
  db.Exec("CREATE VIRTUAL TABLE temp.t USING memkv; INSERT INTO t VALUES('a', 1)");
  Export(db, (dir / "t.mkv"));
  const std::string with_file = " USING memkv(file = '" + (dir / "t.mkv") + "')";
  CHECK(db.Error("CREATE VIRTUAL TABLE f" + with_file) ==
        "memkv: file = \"" + (dir / "t.mkv") +
            "\" in the schema \"main\" (allowed: in the temp schema, as in CREATE VIRTUAL TABLE "
            "temp.\"f\")");
  db.Exec("CREATE VIRTUAL TABLE TEMP.f" + with_file);
  CHECK(db.Rows("SELECT * FROM f") == "'a', 1");
  // Written into a database behind our back, it is not opened.
  db.Exec(
      "PRAGMA writable_schema = on; INSERT INTO main.sqlite_schema VALUES('table', 'evil', 'evil', "
      "0, 'CREATE VIRTUAL TABLE evil" +
      std::string(with_file)
          .replace(with_file.find('\''), 1, "''")
          .replace(with_file.rfind('\'') + 1, 1, "''") +
      "')");
  for (const Load load : {Load::kModule, Load::kNoFiles}) {
    Db reader((dir / "main.db"), load);
    const std::string error = reader.Error("SELECT * FROM evil");
    CHECK(error.find(load == Load::kModule ? "in the schema \"main\""
                                           : "unknown option \"file\"") != std::string::npos);
  }

  Db plain(":memory:", Load::kNoFiles);
  CHECK(plain.Error("CREATE VIRTUAL TABLE temp.f" + with_file) ==
        "memkv: unknown option \"file\" (known: background, delta_limit, durable)");
  CHECK(plain.Error("SELECT memkv_export('f', 'x')").find("no such function") != std::string::npos);
  std::string message;
  CHECK((LoadModule(plain.handle(), Load::kModule, &message) & 0xff) == SQLITE_OK);
  plain.Exec("CREATE VIRTUAL TABLE temp.f" + with_file);
  CHECK(plain.Rows("SELECT * FROM f") == "'a', 1");

  db.Exec("CREATE VIEW v AS SELECT memkv_export('t', '" + (dir / "no.mkv") + "') AS n");
  CHECK(db.Error("SELECT n FROM v") == "unsafe use of memkv_export()");
  db.Exec(
      "CREATE TABLE r(x); CREATE TRIGGER g AFTER INSERT ON r BEGIN SELECT "
      "memkv_export('t', new.x); END");
  CHECK(db.Error("INSERT INTO r VALUES('" + (dir / "no.mkv") + "')") ==
        "unsafe use of memkv_export()");
  CHECK(!fs::exists((dir / "no.mkv")));
}

TEST_CASE("what memkv_export and file cannot take") {
  const Folder dir;
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv(url PRIMARY KEY); INSERT INTO t VALUES('a')");
  CHECK(db.Error("SELECT memkv_export('t')") ==
        "memkv_export(table, path): it was given 1 argument");
  CHECK(db.Error("SELECT memkv_export('t', 5)") ==
        "memkv_export(table, path): path is the name of a file");
  CHECK(db.Error("SELECT memkv_export('no', 'x')") == "memkv: no such table: \"no\"");
  const std::string nowhere = (dir / "none/t.mkv");
  CHECK(db.Error("SELECT memkv_export('t', ?1)", {TextCell(nowhere)}) ==
        "memkv: cannot write \"" + nowhere + "\": No such file or directory");
  CHECK(db.Code("SELECT memkv_export('t', ?1)", {TextCell(nowhere)}) == SQLITE_CANTOPEN);
  // A name that is taken by what cannot be replaced: nothing is left beside it.
  fs::create_directories((dir / "taken/inside"));
  CHECK(db.Code("SELECT memkv_export('t', ?1)", {TextCell((dir / "taken"))}) == SQLITE_CANTOPEN);
  CHECK(FilesIn(dir) == 1);

  auto create = [](const std::string& arguments) {
    return "CREATE VIRTUAL TABLE temp.f USING memkv(" + arguments + ")";
  };
  const std::string allowed = " (allowed: a path, as in 'urls.mkv')";
  CHECK(db.Error(create("file =")) == "memkv: file =" + allowed);
  CHECK(db.Error(create("file = ''")) == "memkv: file =" + allowed);
  CHECK(db.Error(create("file = urls.mkv")) == "memkv: file = urls.mkv" + allowed);
  CHECK(db.Error(create("file = 'a', FILE = 'b'")) == "memkv: option \"file\" is given twice");
  for (const char* more : {"file = 'a', key", "durable = off, file = 'a'",
                           "file = 'a', delta_limit = off", "background = on, file = 'a'"}) {
    CHECK(db.Error(create(more)) ==
          "memkv: file = \"a\" goes with no column and no other option (the columns are the "
          "file's)");
  }
  CHECK(db.Error(Open(nowhere)) ==
        "memkv: cannot open \"" + nowhere + "\": No such file or directory");
  CHECK(db.Code(Open(nowhere)) == SQLITE_CANTOPEN);
  CHECK(db.Code(Open((dir / "taken"))) == SQLITE_CANTOPEN);

  const std::string path = (dir / "t.mkv");
  auto refused = [&](const std::string& bytes) {
    WriteAll(path, bytes);
    CHECK(db.Code(Open(path)) == SQLITE_CORRUPT_VTAB);
    return db.Error(Open(path));
  };
  const std::string at = "memkv: \"" + path + "\": ";
  CHECK(refused("") == at + "the file is empty");
  CHECK(refused("SQLite format 3") == at + "header: the image is shorter than its preamble");
  CHECK(refused(std::string(5000, 'x')) == at + "header: this is no memkv image");
  Export(db, path);
  const std::string whole = ReadAll(path);
  std::string newer = whole;
  newer[8] = 2;
  CHECK(refused(newer) == at + "header: format version 2 (this build reads 1)");
  CHECK(refused(whole.substr(0, whole.size() - 1)) ==
        at + "header: the image has " + std::to_string(whole.size() - 1) + " bytes, it says " +
            std::to_string(whole.size()));
  auto with_about = [&](const std::string& about) {
    fst::AboutParts parts;
    REQUIRE(fst::AddAbout(whole, about, &parts).ok());
    return refused(parts.header + std::string(parts.data) + parts.tail);
  };
  CHECK(with_about("") == at + "it does not say what its columns are (memkv_export() writes files "
                               "that do)");
  CHECK(with_about("\x09key") == at + "section about: memkv: a column is cut short");
  CHECK(with_about("\x0d"
                   "file = '/etc'")
            .find("section about: memkv: column \"file\"") != std::string::npos);
  CHECK(with_about("\x01"
                   "a\x01"
                   "b\x01"
                   "c") == at + "it has 1 columns of values, and names 3");
  CHECK(with_about("\x04rank").find("reserved") != std::string::npos);
  // The user's own mistake: a name that is a column's.
  WriteAll(path, whole);
  CHECK(db.Error(Open(path, "url")) ==
        "memkv: table \"url\" may not have a column named \"url\" (the table's own name is its "
        "command column)");
  db.Exec(Open(path));
  CHECK(db.Rows("SELECT * FROM f") == "'a'");
}

TEST_CASE("a file cut short while it is open fails the next statement") {
  const Folder dir;
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv(url TEXT PRIMARY KEY, hits INTEGER, x)");
  db.Exec(kMixed);
  Export(db, (dir / "t.mkv"));
  db.Exec(Open((dir / "t.mkv")));
  CHECK(db.Rows("SELECT count(*) FROM f") == "1003");
  Cursor prepared(db, "SELECT * FROM f WHERE url > ?1", {TextCell("h")});
  const std::string whole = ReadAll((dir / "t.mkv"));
  fs::resize_file((dir / "t.mkv"), 4096);
  const std::string cut = "memkv: \"" + (dir / "t.mkv") + "\" was " + std::to_string(whole.size()) +
                          " bytes long when opened and is 4096 now";
  CHECK(prepared.Step() == SQLITE_IOERR);
  for (const char* sql :
       {"SELECT * FROM f", "SELECT count(*) FROM f WHERE url LIKE 'http%'",
        "SELECT memkv_count('f', 'h')", "SELECT * FROM memkv_check('f')",
        "SELECT * FROM memkv_facets('f', '', '/')", "INSERT INTO f(f) VALUES('integrity-check')",
        "SELECT memkv_export('f', '/nowhere/x')"}) {
    CAPTURE(sql);
    CHECK(db.Error(sql) == cut);
    CHECK(db.Code(sql) == SQLITE_IOERR);
  }
  db.Exec("DROP TABLE f");
}

// A version of a table: kVersionKeys + version keys, each with the version as its value.
constexpr int kVersionKeys = 2000;

void ExportVersion(Db& db, int version, const std::string& path) {
  db.Exec(
      "INSERT INTO t(t) VALUES('truncate');"
      "WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM c WHERE i < ?1) "
      "INSERT INTO t SELECT 'http://site' || (i % 7) || '/' || i, ?1 - " +
          std::to_string(kVersionKeys) + " FROM c",
      {IntegerCell(kVersionKeys + version)});
  Export(db, path);
}

// What a process does until there is a file `done`: opens what is at `path`, and sees one version,
// whole, and the same to the end.
void ReadVersions(const std::string& path, const std::string& done) {
  auto expect = [](bool ok, const std::string& what) {
    if (!ok) throw std::runtime_error(what);
  };
  for (int opened = 0; opened < 3 || !fs::exists(done); ++opened) {
    Db db;
    db.Exec(Open(path));
    const std::string seen = db.Rows(
        "SELECT count(*) - max(value), min(value) = max(value), count(DISTINCT key) = "
        "count(*) FROM f");
    expect(seen == std::to_string(kVersionKeys) + ", 1, 1", "a mixture of versions: " + seen);
    const std::string version = db.Rows("SELECT max(value), min(key), max(key) FROM f");
    usleep(3000);
    expect(db.Rows("SELECT * FROM memkv_check('f')").empty(), "the file is damaged");
    expect(db.Rows("SELECT max(value), min(key), max(key) FROM f") == version,
           "an open file has changed");
  }
}

// The process that runs `work`; it exits with 0 if that throws nothing, and dies of SIGALRM rather
// than stay.
template <class Work>
pid_t InProcess(const Work& work) {
  const pid_t child = fork();
  if (child != 0) return child;
  alarm(120);
  try {
    work();
    _exit(0);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "process: %s\n", e.what());
    _exit(1);
  }
}

TEST_CASE("processes read an exported file while others export over it") {
  const Folder dir;
  const std::string path = dir / "t.mkv", done = dir / "done";
  constexpr char kCreate[] = "CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, value)";
  {
    Db db;
    db.Exec(kCreate);
    ExportVersion(db, 0, path);
  }
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) children.push_back(InProcess([&] { ReadVersions(path, done); }));
  for (const int writer : {1, 2}) {
    children.push_back(InProcess([&] {
      Db db;
      db.Exec(kCreate);
      for (int i = 0; i < 15; ++i) ExportVersion(db, 2 * i + writer, path);
    }));
  }
  auto exit_of = [](pid_t child) {
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
  };
  CHECK(exit_of(children[3]) == 0);
  CHECK(exit_of(children[4]) == 0);
  WriteAll(done, "");
  for (int i = 0; i < 3; ++i) CHECK(exit_of(children[i]) == 0);
  CHECK(FilesIn(dir) == 2);  // no temporary file is left
}

// Stops statements that go on for long: a forged image may well hold 2^60 keys.
int StopLong(void* steps) { return ++*static_cast<int*>(steps) > 300; }

// Bytes flipped all over the file: the right rows, or an error.
TEST_CASE("a damaged file is an error or the right answer, and forged no more than wrong") {
  const Folder dir;
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv(url TEXT PRIMARY KEY, hits INTEGER, x)");
  db.Exec(kMixed);
  db.Exec("DELETE FROM t WHERE hits % 8 > 0");
  Export(db, (dir / "t.mkv"));
  std::vector<std::string> right;
  for (const char* query : kQueries) right.push_back(db.Run(query).ToString());
  const std::string whole = ReadAll((dir / "t.mkv"));
  constexpr size_t kFlips = 400;
  uint32_t random = 1;
  int opened = 0;
  for (size_t flip = 0; flip < kFlips; ++flip) {
    random = random * 1664525 + 1013904223;
    const size_t i = (flip * whole.size() + (random >> 8) % whole.size()) / kFlips;
    CAPTURE(i);
    for (const bool forged : {false, true}) {
      std::string bad = whole;
      bad[i] = static_cast<char>(bad[i] ^ (1 << (random >> 24) % 8));
      if (forged) Repair(&bad, false);
      WriteAll((dir / "bad.mkv"), bad);
      Db reader;
      const Result open = reader.Run(Open((dir / "bad.mkv"), "t"));
      if (!open.ok()) {
        REQUIRE(open.code == SQLITE_CORRUPT_VTAB);
        REQUIRE(open.message.find("bad.mkv") != std::string::npos);
        continue;
      }
      ++opened;
      int steps = 0;
      if (forged) sqlite3_progress_handler(reader.handle(), 1000, &StopLong, &steps);
      bool detected = false;
      for (size_t q = 0; q < right.size(); ++q) {
        steps = 0;
        const Result result = reader.Run(kQueries[q]);
        detected |= !result.ok() || result.ToString() != right[q];
        if (forged) continue;
        if (!result.ok()) {
          REQUIRE(result.code == SQLITE_CORRUPT_VTAB);
        } else if (result.rows.size() != 1 ||
                   result.ToString().find("checksum") == std::string::npos) {
          REQUIRE(result.ToString() == right[q]);
        }
      }
      if (!forged) REQUIRE(detected);  // memkv_check sees every page
    }
  }
  CHECK(opened > 100);
}

}  // namespace
}  // namespace memkv::test
