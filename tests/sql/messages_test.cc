// Error messages whose parts come from outside: names, values, paths and files of any bytes. Each
// message can be decoded by any binding, stands on one line and is short.

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "core/utf8.h"
#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

const std::vector<std::string> kHostile = {
    "\xd1",
    "a\xff\xfe z",
    "\xc0\x80",
    "\xed\xa0\x80",
    "cut\xe2\x82",
    "\xf4\x90\x80\x80",
    "\x01\x1b[31m\x7f",
    "two\nlines\r\t",
    std::string(5000, '\xe9'),
    [] {
      std::string text;
      for (int i = 0; i < 3000; ++i) text += "\xc3\xa9";
      return text;
    }(),
};

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t n = Utf8Bytes(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

// `text` with $T replaced by the hostile string as a name, $X, $Y and $Z by longer such names, $V
// by the string as a literal.
std::string With(const std::string& text, const std::string& hostile) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') {
      out += text[i];
      continue;
    }
    const char what = text[++i];
    const std::string tail = what == 'T' || what == 'V' ? "" : std::string(1, what);
    const char quote = what == 'V' ? '\'' : '"';
    out += quote + hostile + tail + quote;
  }
  return out;
}

// The message of a statement that must fail, as SQLite gives it to bindings. `of_ours`: of a
// text that memkv words itself, and in which therefore no control character may stand.
void CheckMessage(Db& db, const std::string& sql, const Row& parameters = {}, bool of_ours = true) {
  CAPTURE(Show(TextCell(sql)));
  const Result result = db.Run(sql, parameters);
  CHECK(result.code != SQLITE_OK);
  CAPTURE(result.message);
  CHECK(IsUtf8(result.message));
  CHECK(result.message.size() < 4200);
  if (!of_ours) return;
  CHECK(result.message.find("memkv") != std::string::npos);
  CHECK(result.message.size() < 1200);
  for (const char c : result.message) CHECK((static_cast<uint8_t>(c) >= 0x20 && c != 0x7f));
}

TEST_CASE("what CREATE is given") {
  for (const std::string& hostile : kHostile) {
    Db db;
    db.Exec("CREATE TABLE plain(x); CREATE TABLE \"" + hostile + "_log\"(x)");
    for (const std::string arguments :
         {"$T = 1", "durable = $V", "durable = $T", "delta_limit = $V", "background = $T x",
          "a, b $T $T CHECK(1)", "a, $T DEFAULT 5", "a, $T b UNIQUE", "a, $T b ;", "a, UNIQUE($T)",
          "CHECK($V)", "$T PRIMARY KEY, b PRIMARY KEY", "$T PRIMARY", "$T NOT", "$T INDEXED",
          "a, $T INDEXED, rank", "file = $V x"}) {
      CheckMessage(db, With("CREATE VIRTUAL TABLE x USING memkv(" + arguments + ")", hostile));
    }
    // In the words of SQLite.
    CheckMessage(db, With("CREATE VIRTUAL TABLE x USING memkv($T, $T)", hostile), {}, false);
    CheckMessage(db, With("CREATE VIRTUAL TABLE $T USING memkv($T)", hostile));
    CheckMessage(db, With("CREATE VIRTUAL TABLE $T USING memkv(a, durable = on)", hostile));
    CheckMessage(db, With("CREATE VIRTUAL TABLE x USING memkv(file = $V)", hostile));
    CheckMessage(db, With("CREATE VIRTUAL TABLE temp.x USING memkv(file = $V)", hostile));
  }
}

TEST_CASE("what rows, commands and functions are given") {
  for (const std::string& hostile : kHostile) {
    Db db;
    db.Exec(
        With("CREATE VIRTUAL TABLE $T USING memkv($X PRIMARY KEY, $Y NOT NULL, $Z INDEXED); "
             "INSERT INTO $T VALUES($V, 1, 2); CREATE VIRTUAL TABLE t USING memkv; CREATE "
             "TABLE plain(x); CREATE TABLE \"main." +
                 hostile + "\"(x)",
             hostile));
    // As SQLite words them.
    for (const std::string sql :
         {"INSERT INTO $T VALUES($V, 1, 2)", "INSERT INTO $T VALUES(NULL, 1, 2)",
          "INSERT INTO $T VALUES('x', NULL, 2)", "UPDATE $T SET $X = NULL"}) {
      CheckMessage(db, With(sql, hostile), {}, false);
    }
    // With names as they are, of any length.
    for (const std::string sql :
         {"INSERT INTO $T VALUES(zeroblob(2000000), 1, 2)", "INSERT INTO $T($X, rank) VALUES(1, 1)",
          "UPDATE $T SET $T = 'freeze'"}) {
      CheckMessage(db, With(sql, hostile), {}, false);
    }
    for (const std::string sql :
         {"INSERT INTO $T($T) VALUES($V)",
          "INSERT INTO $T($T, rank) VALUES('merge', $V)",
          "INSERT INTO $T($T, $X) VALUES('import', $V)",
          "INSERT INTO $T($T, $X) VALUES('import', memkv_file($V))",
          "INSERT INTO $T($T, $X) VALUES('import', memkv_file('/' || $V || '/x'))",
          "SELECT memkv_freeze($V || 'x')",
          "SELECT memkv_count('main.' || $V)",
          "SELECT memkv_count('t', $V, 1, 2)",
          "SELECT memkv_count($V, 'value', 1, 2)",
          "SELECT * FROM memkv_stats($V || 'y')",
          "SELECT * FROM memkv_check('plain' || $V)",
          "SELECT * FROM memkv_lookup($V, $V)",
          "SELECT * FROM memkv_lookup($V, '[\"a\",' || $V)",
          "SELECT * FROM memkv_fuzzy($V, 'x', $V)",
          "SELECT * FROM memkv_facets($V, '', 'x', $V)",
          "SELECT * FROM memkv_folded($V, 'x', $V)",
          "SELECT memkv_flame($V, 'x', $V)",
          "SELECT * FROM memkv_union($V, $V || 'z')",
          "SELECT memkv_export($V, '/' || $V || '/file')",
          "SELECT memkv_export_keys($V, '/' || $V || '/file')"}) {
      CheckMessage(db, With(sql, hostile));
    }
    db.Exec(With("UPDATE $T SET $X = $X || char(10)", hostile));
    CheckMessage(db, With("SELECT memkv_export_keys($V, '/tmp/never')", hostile));
  }
}

TEST_CASE("values with NUL bytes") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv");
  const Row hostile = {TextCell(std::string("a\0b\xff", 4))};
  for (const std::string sql :
       {"SELECT memkv_count(?1)", "INSERT INTO t(t) VALUES(?1)",
        "INSERT INTO t(t, rank) VALUES('merge', ?1)", "SELECT memkv_file(?1)",
        "SELECT memkv_export('t', ?1)", "SELECT * FROM memkv_fuzzy('t', 'x', ?1)",
        "SELECT * FROM memkv_lookup('t', ?1)"}) {
    CheckMessage(db, sql, hostile);
  }
  CHECK(db.Error("SELECT memkv_count(?1)", hostile) == "memkv: no such table: \"a\\x00b\\xFF\"");
}

TEST_CASE("files of any name and content") {
  for (const std::string& hostile : kHostile) {
    if (hostile.size() > 200) continue;
    const Folder folder;
    const std::string path = folder / (hostile + ".mkv");
    Db db;
    auto create = [&db](const std::string& file) {
      return db.Run("CREATE VIRTUAL TABLE temp.f USING memkv(file = '" + file + "')");
    };
    // What SQL says of names in a file: columns of hostile names, then damaged.
    db.Exec(
        With("CREATE VIRTUAL TABLE t USING memkv($X PRIMARY KEY, $Y); INSERT INTO t VALUES("
             "$V, $V), (1, 2)",
             hostile));
    db.Exec("SELECT memkv_export('t', ?1)", {TextCell(path)});
    CHECK(create(path).ok());
    CheckMessage(db, With("INSERT INTO f VALUES($V, 1)", hostile));
    db.Exec("DROP TABLE f");
    const std::string image = ReadAll(path);
    for (size_t at = 0; at < image.size(); at += 7) {
      std::string damaged = image;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x5a);
      WriteAll(path, damaged);
      Result result = create(path);
      if (result.ok()) {
        result = db.Run("SELECT * FROM memkv_check('f')");
        for (const Row& row : result.rows) CHECK(IsUtf8(std::string_view(row[0]).substr(1)));
        db.Exec("DROP TABLE f");
      }
      CHECK(IsUtf8(result.message));
    }
    CheckMessage(db, "CREATE VIRTUAL TABLE temp.f USING memkv(file = '" + folder.path() + "')");
    REQUIRE(mkdir((folder / hostile).c_str(), 0700) == 0);
    CheckMessage(db, "SELECT memkv_export('t', '" + (folder / hostile) + "')");
    CheckMessage(db, "SELECT memkv_export_keys('t', '" + (folder / hostile) + "')");
    CheckMessage(db, "INSERT INTO t(t, " + With("$X", hostile) + ") VALUES('import', memkv_file('" +
                         (folder / hostile) + "'))");
    // Lines that are no rows.
    WriteAll(path, hostile + "\t1\t2\t3\n" + std::string(1200000, '\xd1'));
    CheckMessage(db, "INSERT INTO t(t, " + With("$X", hostile) + ") VALUES('import', memkv_file('" +
                         path + "'))");
    WriteAll(path, "k" + hostile + "\t1\t2\t3\n");
    CheckMessage(db, "INSERT INTO t(t, " + With("$X", hostile) + ") VALUES('import', memkv_file('" +
                         path + "'))");
  }
}

TEST_CASE("shadow tables of any name and content") {
  for (const std::string& hostile : kHostile) {
    const TempFile file;
    {
      Db db(file.path());
      db.Exec(
          With("CREATE VIRTUAL TABLE $T USING memkv($X PRIMARY KEY, $Y INDEXED); INSERT INTO "
               "$T VALUES($V, $V); CREATE VIRTUAL TABLE gone USING memkv; DROP TABLE gone_log",
               hostile));
    }
    for (const std::string damage :
         {"_log\" SET data = X'00FF'", "_log\" SET generation = 'x'", "_meta\" SET value = 'x'",
          "_meta\" SET value = 9 WHERE id = 1"}) {
      Db db(file.path());
      db.Exec("BEGIN; UPDATE \"" + hostile + damage);
      CheckMessage(db, With("SELECT * FROM $T", hostile), {}, false);
      CheckMessage(db, With("INSERT INTO $T($T) VALUES('integrity-check')", hostile), {}, false);
      CheckMessage(db, With("SELECT memkv_count($V)", hostile), {}, false);
    }
    Db db(file.path());
    CheckMessage(db, "SELECT * FROM gone");
  }
}

}  // namespace
}  // namespace memkv::test
