// The 'merge' command: a freeze in steps. Between two of them everything is as if there were none.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>

#include "tests/durable/twin.h"
#include "tests/folder.h"

namespace memkv::test {
namespace {

constexpr char kStep[] = "INSERT INTO t(t, rank) VALUES('merge', 1)";
constexpr char kLogRows[] = "SELECT count(*) FROM t_log";

// A table t and its twin p, whose image takes some five steps.
void Fill(Db& db) {
  db.Exec(
      "CREATE VIRTUAL TABLE t USING memkv(delta_limit = off);"
      "CREATE TABLE p(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID;"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) INSERT INTO "
      "p "
      "SELECT 'k' || i, randomblob(2000) FROM n;"
      "INSERT INTO t SELECT * FROM p");
}

void Both(Db& db, int i) {
  for (const char* table : {"t", "p"}) {
    const std::string at = table, n = std::to_string(i);
    db.Exec("INSERT INTO " + at + " VALUES('new" + n + "', " + n + "); DELETE FROM " + at +
            " WHERE key = 'k" + n + "'; REPLACE INTO " + at + " VALUES('k1', " + n + ")");
  }
}

}  // namespace

TEST_CASE("a merge in steps, with writes, other connections and reconnects between them") {
  for (const bool reconnect : {false, true}) {
    CAPTURE(reconnect);
    Folder folder;
    auto db = std::make_unique<Db>(folder / "a.db");
    db->Exec("PRAGMA journal_mode = wal");
    Fill(*db);
    db->Exec("SELECT memkv_freeze('t')");
    for (int i = 10; i < 13; ++i) Both(*db, i);
    Db other(folder / "a.db");
    RequireSame(other);
    int steps = 0;
    for (;; ++steps) {
      const std::string before = db->Rows("SELECT sum(length(data)) FROM t_segment");
      db->Exec(steps % 2 && !reconnect ? std::string("BEGIN; ") + kStep + "; COMMIT" : kStep);
      RequireSame(*db);
      RequireSame(other);
      if (Stat(*db, "phase") == "'idle'") break;
      REQUIRE(db->Rows("SELECT sum(length(data)) - " + before + " FROM t_segment") == "1048576");
      REQUIRE(Stat(*db, "phase") == "'merge'");
      CHECK(db->Rows("SELECT value FROM memkv_stats('t') WHERE name = 'done'") ==
            std::to_string((steps + 1) << 20));
      Both(steps % 2 ? *db : other, 100 + steps);
      RequireSame(*db);
      RequireSound(other);
      if (reconnect) db = std::make_unique<Db>(folder / "a.db");
    }
    CHECK(steps == 4);
    // What was written since is in the log still.
    CHECK(db->Rows(kLogRows) == "12");
    CHECK(db->Rows("SELECT value FROM memkv_stats('t') WHERE name = 'frozen_keys'") == "2500");
    CHECK(other.Rows("SELECT value FROM memkv_stats('t') WHERE name = 'frozen_keys'") == "2500");
    RequireSound(*db);
    RequireSound(other);
    Db again(folder / "a.db");
    RequireSound(again);
    Both(again, 200);
    RequireSound(*db);
    for (int i = 0; i < 6; ++i) db->Exec(kStep);
    CHECK(db->Rows(kLogRows) == "0");
    CHECK(db->Rows("SELECT count(*) FROM t_meta") == "3");
    RequireSound(again);
    RequireSound(other);
    const int changes = sqlite3_total_changes(db->handle());
    db->Exec(kStep);  // nothing is left to do
    CHECK(sqlite3_total_changes(db->handle()) - changes <= 1);
  }
}

TEST_CASE("each step of a merge rolls back alone") {
  Folder folder;
  Db db(folder / "a.db");
  Fill(db);
  const std::string pieces = "SELECT count(*), count(DISTINCT id) FROM t_segment";
  db.Exec("BEGIN; INSERT INTO t(t, rank) VALUES('merge', 1); ROLLBACK");
  CHECK(db.Rows(pieces) == "0, 0");
  for (int i = 0; i < 4; ++i) {
    db.Exec(std::string("BEGIN; ") + kStep + "; INSERT INTO t VALUES('no', 1); ROLLBACK");
    db.Exec(std::string("BEGIN; INSERT INTO t VALUES('no', 1); SAVEPOINT s; ") + kStep +
            "; ROLLBACK TO s; DELETE FROM t WHERE key = 'no'; COMMIT");
    RequireSound(db);
    db.Exec(kStep);
    CHECK(db.Rows(pieces) == std::to_string(i + 1) + ", " + std::to_string(i + 1));
    Both(db, i + 10);
  }
  // The step that switches over, taken back in two ways.
  const std::string log = db.Rows(kLogRows);
  db.Exec(std::string("BEGIN; ") + kStep);
  CHECK(Stat(db, "phase") == "'idle'");
  db.Exec("INSERT INTO t VALUES('no', 1); ROLLBACK");
  RequireSound(db);
  db.Exec(std::string("BEGIN; INSERT INTO t VALUES('no', 1); SAVEPOINT s; ") + kStep +
          "; INSERT INTO t VALUES('no2', 1); ROLLBACK TO s; DELETE FROM t WHERE key = 'no'; "
          "ROLLBACK");
  CHECK(db.Rows(kLogRows) == log);
  CHECK(Stat(db, "phase") == "'merge'");
  RequireSound(db);
  db.Exec(kStep);
  // What was done since the merge began; what came before a savepoint has a row of its own.
  CHECK(db.Rows(kLogRows) == "19");
  RequireSound(db);
}

TEST_CASE("freeze, truncate, delta_limit, VACUUM and a damaged piece end or outlive a merge") {
  Folder folder;
  Db db(folder / "a.db");
  Fill(db);
  db.Exec(std::string(kStep) + "; INSERT INTO t(t) VALUES('freeze')");
  CHECK(db.Rows("SELECT (SELECT count(*) FROM t_meta), (SELECT count(*) FROM t_log)") == "3, 0");
  RequireSound(db);
  Both(db, 5);
  db.Exec(std::string(kStep) + "; VACUUM; ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME TO t");
  CHECK(Stat(db, "phase") == "'merge'");
  RequireSound(db);
  db.Exec(
      "UPDATE t_segment SET data = zeroblob(length(data)) WHERE id = (SELECT max(id) FROM "
      "t_segment)");
  db.Exec(kStep);
  CHECK(db.Rows("SELECT count(*) FROM t_meta") == "3");  // it was seen, and dropped
  RequireSound(db);
  db.Exec(kStep);
  db.Exec("UPDATE t_meta SET value = x'00' WHERE id = 6");
  for (int i = 0; i < 5; ++i) db.Exec(kStep);
  CHECK(db.Rows("SELECT (SELECT count(*) FROM t_meta), (SELECT count(*) FROM t_log)") == "3, 0");
  RequireSound(db);
  Both(db, 6);
  db.Exec(kStep);
  db.Exec("INSERT INTO t(t) VALUES('truncate'); DELETE FROM p");
  CHECK(db.Rows("SELECT (SELECT count(*) FROM t_meta), (SELECT count(*) FROM t_segment)") ==
        "3, 0");
  RequireSound(db);
  CHECK(db.Error("INSERT INTO t(t) VALUES('merge')") ==
        "memkv: 'merge' takes a number of MiB in the rank column (given: NULL, allowed: 1 to "
        "1048576)");
  CHECK(db.Error("INSERT INTO t(t, rank) VALUES('merge', -1)") ==
        "memkv: 'merge' takes a number of MiB in the rank column (given: -1, allowed: 1 to "
        "1048576)");
}

TEST_CASE("SIGKILL between and in the steps of a merge") {
  for (const char* mode : {"wal", "delete"}) {
    CAPTURE(mode);
    Folder folder;
    {
      Db db(folder / "a.db");
      db.Exec(std::string("PRAGMA journal_mode = ") + mode);
      Fill(db);
    }
    for (int i = 0; i < 12; ++i) {
      CAPTURE(i);
      const pid_t child = fork();
      if (child == 0) {
        Db db(folder / "a.db");
        for (int j = 0; j < 1000; ++j) {
          db.Exec(kStep);
          db.Exec("BEGIN");
          Both(db, 1000 + i * 1000 + j);
          db.Exec("COMMIT");
        }
        _exit(0);
      }
      usleep(static_cast<useconds_t>(20000 + i * 13000));
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
      Db db(folder / "a.db");
      RequireSound(db);
    }
    Db db(folder / "a.db");
    for (int i = 0; i < 12; ++i) db.Exec(kStep);
    RequireSound(db);
    CHECK(db.Rows("SELECT count(*) FROM t_meta") == "3");
  }
}

}  // namespace memkv::test
