// Several connections of one process, and several processes, on one file.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/durable/worker.h"
#include "tests/folder.h"
#include "tests/sanitized.h"

namespace memkv::test {
namespace {

// Runs body in a child process; returns its pid. The child ends with 0, or with 1 after saying what
// was thrown.
template <class Body>
pid_t InChild(Body&& body) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  int code = 0;
  try {
    body();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "child: %s\n", e.what());
    code = 1;
  }
  _exit(code);
}

bool EndsWell(pid_t pid) {
  int status = 0;
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("a connection sees what another has committed, and keeps its snapshot inside BEGIN") {
  for (const char* mode : {"wal", "delete"}) {
    CAPTURE(mode);
    Folder folder;
    Db a(folder / "a.db");
    a.Exec(std::string("PRAGMA journal_mode = ") + mode +
           "; CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1)");
    Db b(folder / "a.db");
    CHECK(b.Rows("SELECT * FROM t") == "'a', 1");
    a.Exec("INSERT INTO t VALUES('b', 2)");
    CHECK(b.Rows("SELECT * FROM t") == "'a', 1 | 'b', 2");
    b.Exec("INSERT INTO t VALUES('c', 3)");
    CHECK(a.Rows("SELECT memkv_count('t')") == "3");  // a bare function
    a.Exec("SELECT memkv_freeze('t')");
    CHECK(b.Rows("SELECT key FROM t") == "'a' | 'b' | 'c'");
    if (mode[0] != 'w') continue;
    b.Exec("BEGIN; SELECT * FROM t");
    a.Exec("DELETE FROM t WHERE key = 'a'; SELECT memkv_freeze('t'); INSERT INTO t VALUES('d', 4)");
    CHECK(b.Rows("SELECT key FROM t") == "'a' | 'b' | 'c'");
    CHECK(b.Rows("SELECT memkv_count('t')") == "3");
    CHECK(b.Code("INSERT INTO t VALUES('e', 1)") == SQLITE_BUSY_SNAPSHOT);
    CHECK(b.Rows("SELECT key FROM t") == "'a' | 'b' | 'c'");
    b.Exec("COMMIT");
    CHECK(b.Rows("SELECT key FROM t") == "'b' | 'c' | 'd'");
  }
}

TEST_CASE("a table that another connection dropped, and made anew") {
  Folder folder;
  Db a(folder / "a.db"), b(folder / "a.db");
  a.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1)");
  CHECK(b.Rows("SELECT * FROM t") == "'a', 1");
  a.Exec(
      "DROP TABLE t; CREATE VIRTUAL TABLE t USING memkv(k INTEGER PRIMARY KEY, x, y); INSERT INTO "
      "t VALUES(1, 2, 3)");
  CHECK(b.Rows("SELECT k, x, y FROM t") == "1, 2, 3");
  a.Exec("ALTER TABLE t RENAME TO u");
  CHECK(b.Rows("SELECT * FROM u") == "1, 2, 3");
  CHECK(b.Rows("SELECT memkv_count('u')") == "1");
}

TEST_CASE("files with the same content are changed each by itself") {
  Folder folder;
  Db a(folder / "a.db");
  a.Exec("CREATE VIRTUAL TABLE t USING memkv");
  a.Exec(
      "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
      "9000) SELECT 'k' || i, i FROM n");
  a.Exec("VACUUM INTO '" + (folder / "b.db") + "'");
  Db b(folder / "b.db");
  CHECK(b.Rows("SELECT count(*) FROM t") == "9000");
  a.Exec("BEGIN; INSERT INTO t VALUES('a', 1)");
  b.Exec("BEGIN; INSERT INTO t VALUES('b', 1)");
  a.Exec("DELETE FROM t WHERE key = 'k7'");
  CHECK(a.Rows("SELECT count(*), min(key) FROM t") == "9000, 'a'");
  CHECK(b.Rows("SELECT count(*), min(key) FROM t") == "9001, 'b'");
  a.Exec("ROLLBACK");
  b.Exec("COMMIT");
  CHECK(a.Rows("SELECT count(*), min(key) FROM t") == "9000, 'k1'");
  CHECK(b.Rows("SELECT count(*), min(key) FROM t") == "9001, 'b'");
  a.Exec("INSERT INTO t(t) VALUES('integrity-check')");
  b.Exec("INSERT INTO t(t) VALUES('integrity-check')");
}

TEST_CASE("three connections take turns at every statement") {
  for (const char* mode : {"wal", "delete"}) {
    for (uint64_t seed = 1; seed <= (kSanitized ? 3 : 6); ++seed) {
      CAPTURE(mode);
      CAPTURE(seed);
      Folder folder;
      Worker::Create(folder / "a.db", mode);
      std::vector<std::unique_ptr<Worker>> workers;
      for (uint64_t i = 0; i < 3; ++i) {
        workers.push_back(std::make_unique<Worker>(
            folder / "a.db", seed * 10 + i, Worker::Options{.ddl = seed % 2 == 0, .large = true}));
        sqlite3_busy_timeout(workers.back()->db().handle(), 0);
      }
      std::mt19937_64 random(seed);
      uint64_t commits = 0, comparisons = 0;
      for (int i = 0; i < 1200; ++i) {
        Worker& worker = *workers[random() % workers.size()];
        worker.SmallStep();
        if (random() % 100 == 0 && worker.db().autocommit()) {
          const int code = worker.db().Code("INSERT INTO t(t) VALUES('integrity-check')");
          REQUIRE((code == SQLITE_OK || code == SQLITE_BUSY));
        }
        if (random() % 150 == 0) {  // closed, wherever it is, and opened
          auto& at = workers[random() % workers.size()];
          commits += at->commits;
          comparisons += at->comparisons;
          at.reset();
          at = std::make_unique<Worker>(folder / "a.db", random(), Worker::Options{.large = true});
          sqlite3_busy_timeout(at->db().handle(), 0);
        }
      }
      for (auto& worker : workers) {
        if (!worker->db().autocommit()) worker->db().Exec("ROLLBACK");
      }
      for (auto& worker : workers) {
        worker->Compare();
        commits += worker->commits;
        comparisons += worker->comparisons;
      }
      CHECK(commits > 5);
      CHECK(comparisons > 50);
      CHECK(workers[0]->db().Rows("PRAGMA integrity_check") == "'ok'");
      CHECK(workers[0]->db().Code("INSERT INTO t(t) VALUES('integrity-check')") == SQLITE_OK);
    }
  }
}

TEST_CASE("threads: read, write, make anew, rename and freeze") {
  for (const bool remade : {false, true}) {
    for (const std::string mode : {"wal", "delete"}) {
      CAPTURE(mode);
      Folder folder;
      Worker::Create(folder / "a.db", mode);
      const Worker::Options options{.ddl = remade, .large = !remade, .remade = remade};
      std::atomic<int> failures = 0;
      std::atomic<uint64_t> commits = 0;
      std::vector<std::thread> threads;
      for (uint64_t i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
          try {
            Worker worker(folder / "a.db", 100 + i, options);
            for (int j = 0; j < (remade ? 30 : 40); ++j) worker.Step();
            commits += worker.commits;
          } catch (const std::exception& e) {
            std::fprintf(stderr, "thread %d: %s\n", static_cast<int>(i), e.what());
            ++failures;
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      CHECK(failures == 0);
      CHECK(commits > 20);
      Worker last(folder / "a.db", 1, options);
      last.Compare();
      last.RequireSound();
    }
  }
}

TEST_CASE("two processes") {
  for (const char* mode : {"wal", "delete"}) {
    CAPTURE(mode);
    Folder folder;
    Worker::Create(folder / "a.db", mode);
    std::vector<pid_t> children;
    for (uint64_t i = 0; i < 2; ++i) {
      children.push_back(InChild([&] {
        Worker worker(folder / "a.db", 200 + i, Worker::Options{.large = true});
        for (int j = 0; j < 100; ++j) worker.Step();
      }));
    }
    for (pid_t child : children) CHECK(EndsWell(child));
    Worker last(folder / "a.db", 1, {});
    last.Compare();
    CHECK(last.db().Code("INSERT INTO t(t) VALUES('integrity-check')") == SQLITE_OK);
  }
}

}  // namespace memkv::test
