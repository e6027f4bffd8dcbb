#include "tests/durable/operations.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <utility>

#include "tests/durable/fault_vfs.h"
#include "tests/durable/merging_table.h"
#include "tests/folder.h"

namespace memkv::test {
namespace {

constexpr Operation kOperations[] = {
    {"create", Base::kSmall, "",
     "BEGIN; CREATE VIRTUAL TABLE u USING memkv(key TEXT PRIMARY KEY, value INDEXED); CREATE TABLE "
     "q(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID; INSERT INTO u SELECT key, value FROM "
     "p; INSERT INTO q SELECT * FROM p; COMMIT"},
    {"create alone", Base::kSmall, "", "CREATE VIRTUAL TABLE w USING memkv"},
    {"insert", Base::kSmall, "",
     "BEGIN; INSERT INTO t VALUES('new', zeroblob(9000)), ('newer', 2); INSERT INTO p "
     "VALUES('new', zeroblob(9000)), ('newer', 2); COMMIT"},
    {"commit", Base::kSmall, "BEGIN; DELETE FROM t WHERE key < 'f'; DELETE FROM p WHERE key < 'f'",
     "COMMIT"},
    {"savepoints", Base::kSmall, "",
     "BEGIN; SAVEPOINT s; DELETE FROM t; DELETE FROM p; ROLLBACK TO s; UPDATE t SET value = 5 "
     "WHERE key < 'c'; UPDATE p SET value = 5 WHERE key < 'c'; RELEASE s; COMMIT"},
    {"roll back", Base::kSmall, "",
     "BEGIN; INSERT INTO t(t) VALUES('truncate'); DELETE FROM p; INSERT INTO t(t) "
     "VALUES('freeze'); ROLLBACK"},
    {"freeze", Base::kSmall, "", "SELECT memkv_freeze('t')"},
    {"freeze among others", Base::kSmall, "",
     "BEGIN; DELETE FROM t WHERE key > 'm'; DELETE FROM p WHERE key > 'm'; INSERT INTO t(t) "
     "VALUES('freeze'); INSERT INTO t VALUES('new', 1); INSERT INTO p VALUES('new', 1); COMMIT"},
    {"merge", Base::kSmall, "", "INSERT INTO t(t, rank) VALUES('merge', 1)"},
    {"merge step", Base::kLarge, "", "INSERT INTO t(t, rank) VALUES('merge', 1)"},
    {"commit that merges", Base::kSmall,
     "INSERT INTO t SELECT 'many ' || value, zeroblob(4000) FROM json_each('[1,2,3,4,5,6,7,8]');"
     "INSERT INTO p SELECT key, value FROM t WHERE key LIKE 'many%'",
     "BEGIN; INSERT INTO t VALUES('new', 1); INSERT INTO p VALUES('new', 1); COMMIT"},
    {"rebuild", Base::kSmall, "", "INSERT INTO t(t) VALUES('rebuild')"},
    {"rename", Base::kSmall, "",
     "BEGIN; ALTER TABLE t RENAME TO u; ALTER TABLE p RENAME TO q; COMMIT"},
    {"rename alone", Base::kSmall, "ALTER TABLE p RENAME TO q; ALTER TABLE t RENAME TO w",
     "ALTER TABLE w RENAME TO u"},
    {"drop", Base::kSmall, "", "BEGIN; DROP TABLE t; DROP TABLE p; COMMIT"},
    {"drop alone", Base::kSmall, "DROP TABLE p", "DROP TABLE t"},
    {"make anew", Base::kSmall, "",
     "BEGIN; DROP TABLE t; CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, value); INSERT "
     "INTO t SELECT * FROM p; COMMIT"},
    {"reopen", Base::kHotJournal, "", "SELECT key, value FROM t"},
    {"export", Base::kSmall, "", "SELECT memkv_export('t', '%/out')"},
    {"export keys", Base::kSmall, "", "SELECT memkv_export_keys('t', '%/out')"},
    {"import", Base::kSmall, "",
     "BEGIN; INSERT INTO t(t, key) VALUES('import', memkv_file('%/lines')); INSERT INTO p "
     "VALUES('line', "
     "'1.5'), ('second line', 'text'), ('last line', NULL); COMMIT"},
};

constexpr char kRows[] =
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19) INSERT INTO p "
    "SELECT char(97 + i) || ' ' || i, CASE WHEN i % 3 THEN i ELSE hex(randomblob(2000)) END FROM n";

// A transaction that spills, and of which a process that is gone left this file behind.
void LeaveHotJournal(const std::string& folder) {
  Db db(folder + "/a.db");
  db.Exec("INSERT INTO t VALUES('kept', 1); INSERT INTO p VALUES('kept', 1)");
  db.Exec(
      "PRAGMA cache_size = 5; PRAGMA cache_spill = 5; BEGIN; INSERT INTO t VALUES('gone', "
      "zeroblob(90000)); SAVEPOINT s; INSERT INTO t(t) VALUES('freeze'); UPDATE p SET value = "
      "zeroblob(9000)");
  std::filesystem::create_directory(folder + "/copy");
  CopyBase(folder, folder + "/copy");
  const bool wal = std::filesystem::exists(folder + "/a.db-wal");
  REQUIRE(std::filesystem::file_size(folder + (wal ? "/a.db-wal" : "/a.db-journal")) > 20000);
  db.Exec("ROLLBACK");
}

}  // namespace

bool SweepsAll() {
  static const bool all = std::getenv("MEMKV_SWEEP") != nullptr;
  return all;
}

std::vector<Operation> Operations() {
  std::vector<Operation> operations;
  for (const Operation& operation : kOperations) {
    if (operation.base != Base::kLarge || SweepsAll()) operations.push_back(operation);
  }
  return operations;
}

uint64_t NextFault(uint64_t n) { return n + 1 + (SweepsAll() ? 0 : n); }

void MakeBase(const std::string& folder, const std::string& mode, Base base) {
  {
    Db db(folder + "/a.db");
    // A step of a merge writes 1 MiB: in large pages, it is few writes.
    if (base == Base::kLarge) db.Exec("PRAGMA page_size = 32768");
    db.Exec("PRAGMA synchronous = OFF; PRAGMA journal_mode = " + mode);
    Create(db, base == Base::kLarge ? "off" : "20kB");
    db.Exec(kRows);
    db.Exec("INSERT INTO t SELECT * FROM p WHERE key < 'p'; INSERT INTO t(t) VALUES('freeze')");
    db.Exec("INSERT INTO t SELECT * FROM p WHERE key > 'p'");
    if (base == Base::kLarge) {
      db.Exec(
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 13) INSERT "
          "INTO p SELECT 'large ' || i, randomblob(100000) FROM n; INSERT INTO t SELECT * FROM p "
          "WHERE key LIKE 'large%'; INSERT INTO t(t, rank) VALUES('merge', 1)");
      REQUIRE(Pieces(db) == "1048576");
    }
  }
  WriteAll(folder + "/lines", "line\t1.5\nsecond line\ttext\r\nlast line");
  if (base != Base::kHotJournal) return;
  LeaveHotJournal(folder);
  CopyBase(folder + "/copy", folder);
}

void CopyBase(const std::string& from, const std::string& to) {
  for (const char* file : {"/a.db", "/a.db-wal", "/a.db-journal", "/lines"}) {
    if (std::filesystem::exists(from + file))
      std::filesystem::copy_file(from + file, to + file,
                                 std::filesystem::copy_options::overwrite_existing);
  }
}

void SetUp(Db& db, const std::string& mode) {
  UseMode(db, mode);
  db.Run("PRAGMA synchronous = FULL");
  db.Run("PRAGMA cache_size = 20; PRAGMA cache_spill = 20");
}

void Prepare(Db& db, const Operation& operation, const std::string& mode) {
  SetUp(db, mode);
  db.Exec("SELECT count(*) FROM t");
  db.Exec(operation.before);
  if (db.Rows("SELECT count(*) FROM sqlite_schema WHERE name = 't'") == "1") AwaitImage(db);
}

std::string SqlOf(const Operation& operation, const std::string& folder) {
  std::string sql = operation.sql;
  if (const size_t at = sql.find('%'); at != sql.npos) sql.replace(at, 1, folder);
  return sql;
}

std::string WholeContent(Db& db) {
  REQUIRE(db.Rows("PRAGMA integrity_check") == "'ok'");
  std::string out;
  std::map<std::string, std::string> rows_of;
  const Result schema = db.Run("SELECT name FROM sqlite_schema ORDER BY name");
  REQUIRE(schema.ok());
  for (const Row& row : schema.rows) {
    const std::string name = row[0].substr(1);
    out += name + '\n';
    if (name.size() > 1) continue;  // a shadow table
    const Result rows =
        db.Run("SELECT key, length(value), substr(value, 1, 9) FROM " + name + " ORDER BY key");
    INFO(rows.message);
    REQUIRE(rows.ok());
    rows_of[name] = Show(rows.rows);
    out += rows_of[name] + '\n';
  }
  for (const char* name : {"t", "u", "w"}) {
    if (!rows_of.contains(name)) continue;
    REQUIRE(db.Error(std::string("INSERT INTO ") + name + "(" + name +
                     ") VALUES('integrity-check')") == "(succeeded)");
  }
  for (const auto& [name, twin] : {std::pair("t", "p"), std::pair("u", "q")}) {
    if (!rows_of.contains(name) || !rows_of.contains(twin)) continue;
    REQUIRE(rows_of[name] == rows_of[twin]);
    REQUIRE(db.Rows(std::string("SELECT count(*) FROM ") + name + " AS t JOIN " + twin +
                    " AS p USING(key) WHERE t.value IS p.value") ==
            db.Rows(std::string("SELECT count(*) FROM ") + twin));
  }
  return out;
}

bool IsOrdinary(int code) {
  switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
    case SQLITE_ABORT:
      return true;
    default:
      return false;
  }
}

}  // namespace memkv::test
