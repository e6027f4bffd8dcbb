// background = on: at delta_limit a thread builds the image, and later transactions write it,
// a slice each. Whenever that happens, a table holds what its twin holds.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/durable/merging_table.h"
#include "tests/durable/worker.h"
#include "tests/folder.h"
#include "tests/sanitized.h"

namespace memkv::test {

TEST_CASE("a thread merges what commits write, slice by slice") {
  for (const char* mode : {"wal", "delete"}) {
    CAPTURE(mode);
    Folder folder;
    Db db(folder / "a.db");
    Db other(folder / "a.db");
    sqlite3_busy_timeout(db.handle(), 20000);
    db.Exec(std::string("PRAGMA synchronous = OFF; PRAGMA journal_mode = ") + mode);
    Create(db);
    FillLarge(db);
    RequireSame(other);
    CHECK(Stat(db, "frozen_keys") == "0");
    CHECK(Stat(other, "phase") != "'idle'");  // it is the table's, not the connection's
    AwaitImage(db);
    CHECK(Stat(db, "phase") == "'merge'");
    CHECK(Stat(db, "done") == "0");
    const std::string generation = Stat(db, "generation");
    int slices = 0;
    for (std::string pieces; Stat(db, "frozen_keys") == "0"; ++slices) {
      REQUIRE(slices < 100);
      Db& writer = slices % 2 ? other : db;
      Both(writer, slices);
      RequireSame(db);
      RequireSame(other);
    }
    CHECK(slices >= 3);
    CHECK(slices <= 5);
    CHECK(Stat(other, "frozen_keys") == "3000");
    CHECK(db.Rows("SELECT count(*) FROM t_meta WHERE id > 8") == "2");
    RequireSound(db);
    RequireSound(other);
    {
      Db again(folder / "a.db");  // with something left over
      RequireSound(again);
    }
    CommitUntilMerged(db, 100);
    CHECK(db.Rows("SELECT count(*) FROM t_log") != "0");
    RequireSound(db);
    RequireSound(other);
  }
}

TEST_CASE("secondary indexes go through merges with their rows") {
  Folder folder;
  Db db(folder / "a.db");
  Db other(folder / "a.db");
  sqlite3_busy_timeout(db.handle(), 20000);
  db.Exec(
      "PRAGMA synchronous = OFF; PRAGMA journal_mode = wal;"
      "CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, value INDEXED, delta_limit = "
      "'100kB');"
      "CREATE TABLE p(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID");
  auto same_by_value = [](Db& in) {
    const std::string by = " ORDER BY value, key LIMIT 50 OFFSET 900";
    REQUIRE(in.Rows("SELECT value, key FROM t" + by) == in.Rows("SELECT value, key FROM p" + by));
    REQUIRE(in.Rows("SELECT key FROM t WHERE value < 1000 ORDER BY value DESC, key DESC") ==
            in.Rows("SELECT key FROM p WHERE value < 1000 ORDER BY value DESC, key DESC"));
    REQUIRE(in.Rows("SELECT value_rank FROM t WHERE key = 'key 7919'") ==
            in.Rows("SELECT count(*) FROM p WHERE (value, key) < ((SELECT value FROM p WHERE key = "
                    "'key 7919'), 'key 7919')"));
  };
  int i = 0;
  for (int round = 0; round < 3; ++round) {
    if (round == 0) {
      Fill(db);
    } else {
      for (const char* table : {"t", "p"})
        db.Exec("UPDATE " + std::string(table) + " SET value = value || ' again'");
    }
    same_by_value(db);
    AwaitImage(db);
    for (int n = 0; n < 4; ++n) {
      Both(n % 2 ? other : db, i++);
      same_by_value(db);
      same_by_value(other);
    }
    i += CommitUntilMerged(db, i);
    same_by_value(db);
    RequireSound(db);
    RequireSound(other);
    Db again(folder / "a.db");
    same_by_value(again);
    RequireSound(again);
  }
  db.Exec("REPLACE INTO t VALUES('key 7919', 5); REPLACE INTO p VALUES('key 7919', 5)");
  db.Exec("INSERT INTO t(t, rank) VALUES('merge', 1)");
  same_by_value(db);
  RequireSound(other);
}

TEST_CASE("a reader that never writes starts no thread and writes nothing") {
  Folder folder;
  {
    Db db(folder / "a.db");
    db.Exec(
        "CREATE VIRTUAL TABLE t USING memkv(background = off, delta_limit = off); CREATE TABLE "
        "p(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID");
    Fill(db);
    db.Exec(
        "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE t "
        "USING memkv(delta_limit = ''1kB'')' WHERE name = 't'");
  }
  Db db(folder / "a.db");
  for (int i = 0; i < 10; ++i) RequireSame(db);
  CHECK(Stat(db, "phase") == "'idle'");
  Both(db, 1);
  CHECK(Stat(db, "phase") != "'idle'");
}

TEST_CASE(
    "background = off merges where the limit is reached, and on alone leaves the generation") {
  for (const std::string background : {"off", "on"}) {
    CAPTURE(background);
    Folder folder;
    Db db(folder / "a.db");
    db.Exec("CREATE VIRTUAL TABLE t USING memkv(delta_limit = '1kB', background = " + background +
            "); INSERT INTO t VALUES('large', zeroblob(2000))");
    CHECK(db.Rows("SELECT (SELECT count(*) FROM t_log), (SELECT count(*) FROM t_segment)") ==
          (background == "off" ? "0, 1" : "1, 0"));
  }
  // Whenever slices land, the log says the same.
  std::string generations[2];
  for (const bool wait : {false, true}) {
    Folder folder;
    Db db(folder / "a.db");
    Create(db);
    Fill(db);
    for (int i = 0; i < 20; ++i) {
      if (wait) AwaitImage(db);
      Both(db, i);
    }
    if (wait) CHECK(Stat(db, "frozen_keys") == "5000");
    generations[wait] = db.Rows("SELECT hex(generation) FROM t_log ORDER BY id DESC LIMIT 1");
    RequireSound(db);
  }
  CHECK(generations[0] == generations[1]);
}

// What a commit writes of its own finds room on the disk, and what it carries of a merge does not.
TEST_CASE("what ends a merge while the thread builds, and while it is written") {
  const char* const kEnds[] = {
      "INSERT INTO t(t) VALUES('truncate'); DELETE FROM p",
      "SELECT memkv_freeze('t')",
      "INSERT INTO t(t, rank) VALUES('merge', 1000)",
      "INSERT INTO t(t) VALUES('rebuild')",
      "BEGIN; DROP TABLE t; ROLLBACK",
      "DELETE FROM t; DELETE FROM p",
      "VACUUM",
      "ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME TO t",
      "BEGIN; INSERT INTO t(t) VALUES('truncate'); ROLLBACK",
      "BEGIN; SAVEPOINT s; INSERT INTO t(t) VALUES('freeze'); ROLLBACK TO s; COMMIT",
  };
  for (size_t i = 0; i < std::size(kEnds); ++i) {
    for (const bool written : {false, true}) {
      if (kSanitized && written == (i % 2 == 0)) continue;  // which is slow: one of the two
      const char* const end = kEnds[i];
      CAPTURE(end);
      CAPTURE(written);
      Folder folder;
      Db db(folder / "a.db");
      db.Exec("PRAGMA synchronous = OFF; PRAGMA journal_mode = wal");
      Create(db);
      FillLarge(db);
      Db other(folder / "a.db");
      RequireSame(other);
      if (written) {
        AwaitImage(db);
        Both(db, 1);
      }
      db.Exec(end);
      RequireSound(db);
      RequireSound(other);
      for (int row = 10; row < 20; ++row) Both(row % 2 ? db : other, row);
      RequireSound(db);
      RequireSound(other);
      Db again(folder / "a.db");
      RequireSound(again);
    }
  }
  for (const bool written : {false, true}) {
    Folder folder;
    Db db(folder / "a.db");
    Create(db);
    FillLarge(db);
    if (written) {
      AwaitImage(db);
      Both(db, 1);
    }
    db.Exec("DROP TABLE t");
    CHECK(db.Rows("SELECT name FROM sqlite_schema") == "'p'");
  }
}

TEST_CASE("a merge that was half written goes on in a new process, and so does what is left over") {
  Folder folder;
  {
    Db db(folder / "a.db");
    Create(db);
    FillLarge(db);
    AwaitImage(db);
    Both(db, 1);
    CHECK(Pieces(db) == "4194304");
  }
  {
    // Commits go by before a merge is believed to be nobody's.
    Db db(folder / "a.db");
    int commits = 0;
    for (; Stat(db, "frozen_keys") == "0"; ++commits) {
      REQUIRE(commits < 1000);
      AwaitImage(db);
      Both(db, 100 + commits);
      if (commits == 5) CHECK(Pieces(db) == "4194304");
    }
    CHECK(commits > 30);
    CHECK(commits < 50);
    CHECK(db.Rows("SELECT count(*) FROM t_meta") == "5");
    RequireSame(db);
  }
  Db db(folder / "a.db");
  RequireSound(db);
  for (int i = 0; i < 10; ++i) Both(db, i);
  CHECK(db.Rows("SELECT count(*) FROM t_meta") == "3");
  RequireSound(db);
}

TEST_CASE("a process that was forked while the thread builds goes its own way") {
  // The thread may hold a lock of the sanitizer's allocator, which the child would wait for.
  if (kSanitized) return;
  Folder folder;
  Db db(folder / "a.db");
  Create(db);
  db.Exec("PRAGMA synchronous = OFF");
  Fill(db, 200'000);
  const pid_t child = fork();
  if (child == 0) {
    // SQLite's own connections are not for both; to end is all that a child does with one.
    db.~Db();
    Db mine(folder / "a.db");
    RequireSame(mine);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  RequireSame(db);
}

// MEMKV_KILLS: how many rounds.
TEST_CASE("processes that write the same table, with merges under way, some killed") {
  const char* more = std::getenv("MEMKV_KILLS");
  const int rounds = more ? std::atoi(more) : 4;
  for (const char* mode : {"wal", "delete"}) {
    CAPTURE(mode);
    Folder folder;
    Worker::Create(folder / "a.db", mode);
    uint64_t seed = 1;
    for (int round = 0; round < rounds; ++round) {
      CAPTURE(round);
      pid_t children[2];
      for (pid_t& child : children) {
        ++seed;
        if ((child = fork()) != 0) continue;
        try {
          Worker worker(folder / "a.db", seed, Worker::Options{.large = true});
          for (int i = 0; i < 80; ++i) worker.Step();
          _exit(0);
        } catch (const std::exception& e) {
          std::fprintf(stderr, "child: %s\n", e.what());
          _exit(2);
        }
      }
      if (round % 2) {
        usleep(static_cast<useconds_t>(50'000 + 50'000 * (round % 8)));
        kill(children[0], SIGKILL);
      }
      for (const pid_t child : children) {
        int status = 0;
        waitpid(child, &status, 0);
        CHECK((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
      }
      Worker reader(folder / "a.db", 1, {});
      reader.Compare();
      CHECK(reader.db().Code("INSERT INTO t(t) VALUES('integrity-check')") == SQLITE_OK);
      CHECK(reader.db().Rows("PRAGMA integrity_check") == "'ok'");
    }
  }
}

// MEMKV_PAUSE_KEYS=5000000 asserts what is promised at that size: no commit that takes part in a
// merge needs more than 50 ms of the thread's time.
TEST_CASE("commits beside a merge") {
  const char* asked = std::getenv("MEMKV_PAUSE_KEYS");
  const uint64_t n = asked ? std::strtoull(asked, nullptr, 10) : 20'000;
  auto now = [](clockid_t clock) {
    timespec t;
    clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
  };
  Folder folder;
  Db db(folder / "a.db");
  db.Exec("PRAGMA journal_mode = wal; PRAGMA synchronous = OFF; PRAGMA cache_size = -100000");
  db.Exec("CREATE VIRTUAL TABLE t USING memkv(delta_limit = '" + std::to_string(n * 2 + 50'000) +
          "')");
  auto insert = [&](uint64_t from, uint64_t until) {
    db.Exec("WITH RECURSIVE n(i) AS (SELECT " + std::to_string(from) +
            " UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(until) +
            ") INSERT INTO t SELECT 'https://host' || (i * 7919 % 10007) || '.example/page/' || (i "
            "* 104729 % 1000003) || '/' || i, i FROM n");
  };
  db.Exec("BEGIN");
  insert(1, n);
  db.Exec("INSERT INTO t(t) VALUES('freeze'); COMMIT");
  uint64_t key = n;
  double worst[2] = {}, worst_wall[2] = {};
  uint64_t commits[2] = {};
  auto commit = [&](int merging) {
    const double cpu = now(CLOCK_THREAD_CPUTIME_ID), wall = now(CLOCK_MONOTONIC);
    ++key;
    insert(key, key);
    worst[merging] = std::max(worst[merging], now(CLOCK_THREAD_CPUTIME_ID) - cpu);
    worst_wall[merging] = std::max(worst_wall[merging], now(CLOCK_MONOTONIC) - wall);
    ++commits[merging];
  };
  for (int i = 0; i < (asked ? 2000 : 300); ++i) commit(0);
  CHECK(Stat(db, "frozen_keys") == std::to_string(n));
  insert(key + 1, key + n / 5);
  key += n / 5;
  while (Stat(db, "phase") != "'idle'" || db.Rows("SELECT count(*) FROM t_meta") != "3") commit(1);
  CHECK(std::stoull(Stat(db, "frozen_keys")) >= n + n / 5);
  CHECK(db.Rows("SELECT memkv_count('t')") == std::to_string(key));
  MESSAGE("longest commit: ", worst[0], " ms of its thread, ", worst_wall[0], " ms in all, of ",
          commits[0], "; beside a merge: ", worst[1], " and ", worst_wall[1], ", of ", commits[1]);
  if (asked) CHECK(worst[1] < 50);
}

TEST_CASE("threads: writers and readers while a thread merges") {
  for (const char* mode : {"wal", "delete"}) {
    CAPTURE(mode);
    Folder folder;
    {
      Db db(folder / "a.db");
      db.Exec(std::string("PRAGMA synchronous = OFF; PRAGMA journal_mode = ") + mode);
      Create(db);
      Fill(db);
    }
    std::atomic<int> merges{0}, wrong{0};
    auto work = [&](int number) {
      try {
        Db db(folder / "a.db");
        sqlite3_busy_timeout(db.handle(), 60000);
        db.Exec("PRAGMA synchronous = OFF");
        for (int i = 0; i < 60; ++i) {
          if (number == 2) {
            RequireSame(db);
            continue;
          }
          db.Exec("BEGIN IMMEDIATE");
          for (const char* table : {"t", "p"}) {
            db.Exec(std::string("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                                "WHERE i < 500) REPLACE INTO ") +
                    table + " SELECT 'key ' || ((i + " + std::to_string(i * 311 + number) +
                    ") * 7919 % 20011), i FROM n");
          }
          db.Exec("COMMIT");
          if (db.Rows("SELECT count(*) FROM t_meta") == "5") ++merges;
        }
        RequireSame(db);
      } catch (const std::exception& e) {
        std::fprintf(stderr, "thread %d: %s\n", number, e.what());
        ++wrong;
      }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back(work, i);
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
    CHECK(merges > 0);
    Db db(folder / "a.db");
    RequireSound(db);
  }
}

}  // namespace memkv::test
