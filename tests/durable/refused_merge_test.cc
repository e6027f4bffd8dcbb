// Commits that are refused with a slice of a merge in them: by a reader, and by a disk that is
// full.

#include <doctest/doctest.h>

#include <string>

#include "tests/durable/fault_vfs.h"
#include "tests/durable/merging_table.h"
#include "tests/folder.h"
#include "tests/sanitized.h"

namespace memkv::test {

TEST_CASE("a rollback takes back its slice, and the one that switched over") {
  Folder folder;
  Db db(folder / "a.db");
  Db reader(folder / "a.db");
  db.Exec("PRAGMA journal_mode = delete");
  Create(db);
  FillLarge(db);
  AwaitImage(db);
  int slices = 0;
  for (; Stat(db, "frozen_keys") == "0"; ++slices) {
    REQUIRE(slices < 100);
    const std::string pieces = Pieces(db), log = db.Rows("SELECT count(*) FROM t_log");
    // A reader keeps the commit from its end, after it has been prepared, once and twice.
    reader.Exec("BEGIN; SELECT count(*) FROM t");
    for (const bool twice : {false, true}) {
      // Large enough for the merge to go on that the last rollback held back.
      db.Exec("BEGIN; INSERT INTO t VALUES('refused', zeroblob(" + std::to_string(twice ? 10 : 5) +
              "000000))");
      REQUIRE(db.Code("COMMIT") == SQLITE_BUSY);
      if (twice) REQUIRE(db.Code("COMMIT") == SQLITE_BUSY);
      db.Exec("ROLLBACK");
      CHECK(Pieces(db) == pieces);
      CHECK(db.Rows("SELECT count(*) FROM t_log") == log);
      RequireSame(db);
    }
    reader.Exec("COMMIT");
    RequireSame(reader);
    reader.Exec("BEGIN; SELECT count(*) FROM t");
    const std::string late = " VALUES('late', zeroblob(15000000))";
    db.Exec("BEGIN; INSERT INTO t" + late + "; INSERT INTO p" + late);
    REQUIRE(db.Code("COMMIT") == SQLITE_BUSY);
    db.Exec("DELETE FROM t WHERE key = 'late'; DELETE FROM p WHERE key = 'late'");
    reader.Exec("COMMIT");
    db.Exec("COMMIT");
    RequireSame(db);
    RequireSame(reader);
  }
  CHECK(slices >= 3);
  CHECK(slices <= 4);
  RequireSound(reader);
  CommitUntilMerged(db, 0);
  RequireSound(db);
}

TEST_CASE("a disk that is full while a slice is written fails the commit, and loses nothing") {
  RegisterFaultVfs();
  for (const char* mode : {"wal", "delete"}) {
    for (uint64_t n = 1; n < 2000; n = (kSanitized ? 4 : 2) * n + 1) {
      CAPTURE(mode);
      CAPTURE(n);
      Folder folder;
      Db db("file:" + folder / "a.db" + "?vfs=memkv-faults");
      db.Exec(std::string("PRAGMA synchronous = OFF; PRAGMA journal_mode = ") + mode);
      Create(db);
      FillLarge(db);
      AwaitImage(db);
      Both(db, 1);
      const std::string pieces = Pieces(db);
      REQUIRE(pieces != "0");
      FailAt(n, kFaultWrite, SQLITE_FULL, false);
      const char* const kCommit =
          "BEGIN; INSERT INTO t VALUES('full', 1); INSERT INTO p VALUES('full', 1); COMMIT";
      const Result result = db.Run(kCommit);
      const bool full = FaultHappened();
      FailAt(0, 0, 0, true);
      REQUIRE(result.ok() == !full);
      if (full) {
        CHECK((result.code & 0xff) == SQLITE_FULL);
        if (!db.autocommit()) db.Exec("ROLLBACK");
        CHECK(Pieces(db) == pieces);
        RequireSame(db);
        db.Exec(kCommit);
      }
      RequireSound(db);
      Db other(folder / "a.db");
      RequireSound(other);
      if (!full) break;
    }
  }
}

TEST_CASE("a disk that has no room for a merge refuses a commit, and then hardly any") {
  RegisterFaultVfs();
  for (const std::string background : {"on", "off"}) {
    CAPTURE(background);
    Folder folder;
    Db db("file:" + folder / "a.db" + "?vfs=memkv-faults");
    db.Exec("PRAGMA synchronous = OFF; PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0");
    db.Exec("CREATE VIRTUAL TABLE t USING memkv(delta_limit = '100kB', background = " + background +
            "); CREATE TABLE p(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID");
    FillLarge(db);
    if (background == "on") AwaitImage(db);
    const std::string frozen = Stat(db, "frozen_keys");
    const auto commit = [&](int i) {
      const std::string row = " VALUES('row " + std::to_string(i) + "', zeroblob(60000))";
      const Result result =
          db.Run("BEGIN; INSERT INTO t" + row + "; INSERT INTO p" + row + "; COMMIT");
      if (!db.autocommit()) db.Exec("ROLLBACK");
      return result.code & 0xff;
    };
    int refused = 0;
    for (int i = 0; i < 50; ++i) {
      FailAt(500, kFaultWrite, SQLITE_FULL, false);
      const int code = commit(i);
      FailAt(0, 0, 0, true);
      if (code != SQLITE_OK) REQUIRE(code == SQLITE_FULL);
      refused += code != SQLITE_OK;
    }
    CHECK(refused >= 1);
    CHECK(refused <= 6);
    RequireSound(db);
    CHECK(Stat(db, "frozen_keys") == frozen);
    // Once there is room, and something to write, it goes on.
    for (int i = 0; i < 8 && Stat(db, "frozen_keys") == frozen; ++i) {
      const std::string row = " VALUES('late " + std::to_string(i) + "', zeroblob(20000000))";
      db.Exec("BEGIN; INSERT INTO t" + row + "; INSERT INTO p" + row + "; COMMIT");
    }
    CHECK(Stat(db, "frozen_keys") != frozen);
    RequireSound(db);
  }
}

}  // namespace memkv::test
