// Several transactions one after another: the n-th read, write or sync fails, for every n; power
// is lost at the n-th write or sync. Whatever happens, the memkv table holds what the plain table
// of the same transactions holds, on the connection that met the failure and on a new one.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "tests/durable/fault_vfs.h"
#include "tests/durable/operations.h"
#include "tests/folder.h"
#include "tests/sanitized.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

std::string Uri(const std::string& file) { return "file:" + file + "?vfs=memkv-faults"; }

const char* const kSetup[] = {
    "CREATE VIRTUAL TABLE t USING memkv",
    "CREATE TABLE p(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID",
    "CREATE TABLE done(id INTEGER PRIMARY KEY, n)",
};

// Transactions that change t and p alike.
const char* const kWork[] = {
    "BEGIN; INSERT INTO t VALUES('a', 1), ('b', 2); INSERT INTO p VALUES('a', 1), ('b', 2); "
    "REPLACE INTO done VALUES(1, 1); COMMIT",
    "BEGIN; INSERT INTO t VALUES('c', zeroblob(9000)); INSERT INTO p VALUES('c', zeroblob(9000)); "
    "SAVEPOINT s;"
    "DELETE FROM t; DELETE FROM p; ROLLBACK TO s; DELETE FROM t WHERE key = 'b'; DELETE FROM p "
    "WHERE key = 'b';"
    "REPLACE INTO done VALUES(1, 2); COMMIT",
    "BEGIN; INSERT INTO t(t) VALUES('freeze'); INSERT INTO t VALUES('d', 4); INSERT INTO p "
    "VALUES('d', 4); REPLACE INTO done VALUES(1, 3); COMMIT",
    "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) INSERT "
    "INTO t SELECT 'r' || i, zeroblob(9000) FROM n;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) INSERT INTO p "
    "SELECT 'r' || i, zeroblob(9000) FROM n;"
    "REPLACE INTO done VALUES(1, 4); COMMIT",
    "BEGIN; DELETE FROM t WHERE key < 'c'; DELETE FROM p WHERE key < 'c'; INSERT INTO t(t) "
    "VALUES('freeze'); REPLACE INTO done VALUES(1, 5); COMMIT",
    "BEGIN; INSERT INTO t VALUES('e', 5); INSERT INTO p VALUES('e', 5); INSERT INTO t(t, rank) "
    "VALUES('merge', 1); INSERT INTO t VALUES('f', 5); INSERT INTO p VALUES('f', 5); "
    "REPLACE INTO done VALUES(1, 6); COMMIT",
    "BEGIN; INSERT INTO t(t) VALUES('truncate'); DELETE FROM p; ROLLBACK",
    "BEGIN; ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME TO t; UPDATE t SET value = 5 WHERE key "
    "= 'd';"
    "UPDATE p SET value = 5 WHERE key = 'd'; REPLACE INTO done VALUES(1, 7); COMMIT",
};

void RequireSame(Db& db, const char* where) {
  CAPTURE(where);
  if (db.Rows("SELECT count(*) FROM sqlite_schema WHERE name IN ('t', 'p')") != "2") return;
  db.Exec("BEGIN");
  REQUIRE(db.Rows("SELECT key, value FROM t ORDER BY key") ==
          db.Rows("SELECT key, value FROM p ORDER BY key"));
  db.Exec("COMMIT");
  REQUIRE(db.Error("INSERT INTO t(t) VALUES('integrity-check')") == "(succeeded)");
  REQUIRE(db.Rows("PRAGMA integrity_check") == "'ok'");
}

// The next n to try: an operation by itself is swept more closely, by sweep_test.cc.
uint64_t Next(uint64_t n, bool slow = false) {
  return n + 1 + (SweepsAll() ? 0 : n / (!kSanitized ? 6 : slow ? 1 : 4));
}

// Sets the file up without faults, then works until something fails. True: nothing did.
bool Work(Db& db) {
  for (const char* sql : kWork) {
    if (db.Run(sql).ok()) continue;
    return false;
  }
  return true;
}

void Setup(const std::string& file, const char* mode) {
  Db db(file);
  db.Exec(std::string("PRAGMA synchronous = OFF; PRAGMA journal_mode = ") + mode);
  for (const char* sql : kSetup) db.Exec(sql);
}

}  // namespace

TEST_CASE("the n-th operation of the file fails") {
  RegisterFaultVfs();
  struct Case {
    unsigned kinds;
    int code;
    bool once;
  };
  const Case cases[] = {{kFaultWrite, SQLITE_IOERR_WRITE, true},
                        {kFaultWrite, SQLITE_FULL, false},
                        {kFaultSync, SQLITE_IOERR_FSYNC, true},
                        {kFaultRead, SQLITE_IOERR_READ, true}};
  for (const char* mode : {"wal", "delete"}) {
    for (const Case& c : cases) {
      uint64_t swept = 0;
      for (uint64_t n = 1;; n = Next(n), ++swept) {
        CAPTURE(mode);
        CAPTURE(c.kinds);
        CAPTURE(c.code);
        CAPTURE(n);
        Folder folder;
        Setup(folder / "a.db", mode);
        bool ended;
        {
          Db db(Uri(folder / "a.db"));
          db.Exec("PRAGMA synchronous = FULL; PRAGMA cache_size = 20; PRAGMA cache_spill = 20");
          FailAt(n, c.kinds, c.code, c.once);
          ended = Work(db);
          const bool happened = FaultHappened();
          FailAt(0, 0, 0, true);
          REQUIRE((ended || happened));
          ended = !happened;
          if (!db.autocommit()) db.Exec("ROLLBACK");
          RequireSame(db, "the connection that failed");
          // And it can go on.
          db.Exec(
              "BEGIN; INSERT OR REPLACE INTO t VALUES('more', 1); INSERT OR REPLACE INTO p "
              "VALUES('more', 1); COMMIT");
          RequireSame(db, "the connection that failed, later");
        }
        Db again(folder / "a.db");
        again.Exec("PRAGMA synchronous = OFF");
        RequireSame(again, "a new connection");
        if (ended) break;
      }
      CHECK(swept > 3);
      MESSAGE(std::string(mode), ": ", swept, " faults of kind ", c.kinds);
    }
  }
}

TEST_CASE("power is lost at the n-th write or sync") {
  RegisterFaultVfs();
  for (const char* mode : {"wal", "delete"}) {
    for (uint64_t seed : {0, 1, 2}) {
      if (kSanitized && seed > 0) continue;  // where a fork takes long
      uint64_t swept = 0;
      bool ended = false;
      for (uint64_t n = 1; !ended; n = Next(n, true), ++swept) {
        CAPTURE(mode);
        CAPTURE(seed);
        CAPTURE(n);
        Folder folder;
        Setup(folder / "a.db", mode);
        int ends[2];
        REQUIRE(pipe(ends) == 0);
        const pid_t child = fork();
        if (child == 0) {
          LosePowerAt(n, seed);
          Db db(Uri(folder / "a.db"));
          db.Exec("PRAGMA synchronous = FULL; PRAGMA cache_size = 20; PRAGMA cache_spill = 20");
          for (const char* sql : kWork) {
            if (!db.Run(sql).ok()) _exit(7);
            const auto done = static_cast<char>(std::stoi("0" + db.Rows("SELECT n FROM done")));
            if (write(ends[1], &done, 1) != 1) _exit(6);
          }
          _exit(0);
        }
        close(ends[1]);
        char done = 0, next;
        while (read(ends[0], &next, 1) == 1) done = next;
        close(ends[0]);
        int status = 0;
        waitpid(child, &status, 0);
        REQUIRE(WIFEXITED(status));
        REQUIRE((WEXITSTATUS(status) == 9 || WEXITSTATUS(status) == 0));
        ended = WEXITSTATUS(status) == 0;
        Db again(folder / "a.db");
        again.Exec("PRAGMA synchronous = OFF");
        RequireSame(again, "after the loss of power");
        CHECK(std::stoi("0" + again.Rows("SELECT n FROM done")) >= done);
      }
      CHECK(swept > (kSanitized ? 7 : 20));
      MESSAGE(std::string(mode), ": ", swept, " losses of power");
    }
  }
}

}  // namespace memkv::test
