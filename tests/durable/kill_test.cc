// SIGKILL at random moments: what was acknowledged is there, what is there is whole, and the memkv
// table holds what the plain table written in the same transactions holds.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "tests/durable/worker.h"
#include "tests/folder.h"

namespace memkv::test {
namespace {

// Works until it is killed; writes 0 to `out` when it begins, and then the number of each committed
// transaction.
[[noreturn]] void WorkForever(const std::string& file, const std::string& mode, uint64_t seed,
                              int out) {
  try {
    Worker worker(file, seed, Worker::Options{.large = true, .remade = true, .mode = mode});
    // What was written is there after a kill, synced or not: without syncs there are more commits.
    if (seed % 4 != 0) worker.db().Exec("PRAGMA synchronous = OFF");
    for (int64_t told = -1;;) {
      if (worker.committed() != told) {
        told = worker.committed();
        if (write(out, &told, sizeof told) != sizeof told) _exit(3);
      }
      worker.Step();
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "child: %s\n", e.what());
    _exit(2);
  }
}

}  // namespace

// MEMKV_KILLS: how many in each mode.
TEST_CASE("SIGKILL at random moments") {
  const char* more = std::getenv("MEMKV_KILLS");
  const int kills = more ? std::atoi(more) : 17;
  for (const std::string mode : {"wal", "delete", "truncate"}) {
    CAPTURE(mode);
    Folder folder;
    Worker::Create(folder / "a.db", mode);
    std::mt19937_64 random(mode.size());
    int64_t commits = 0;
    int busy = 0;  // kills of a process that had committed something
    for (int i = 0; i < kills; ++i) {
      CAPTURE(i);
      {
        Db reset(folder / "a.db");
        reset.Exec("DELETE FROM acknowledged");
      }
      int pipe_ends[2];
      REQUIRE(pipe(pipe_ends) == 0);
      const pid_t child = fork();
      if (child == 0) WorkForever(folder / "a.db", mode, random(), pipe_ends[1]);
      close(pipe_ends[1]);
      // It tells when it has opened the file, and after each commit.
      int64_t told = 0, next;
      for (uint64_t n = 1 + random() % 4; n > 0; --n)
        REQUIRE(read(pipe_ends[0], &told, sizeof told) == sizeof told);
      usleep(static_cast<useconds_t>(random() % 30000));
      kill(child, SIGKILL);
      while (read(pipe_ends[0], &next, sizeof next) == sizeof next) told = next;
      close(pipe_ends[0]);
      commits += told;
      busy += told > 0;
      int status = 0;
      waitpid(child, &status, 0);
      REQUIRE(WIFSIGNALED(status));
      Worker reader(folder / "a.db", 1, Worker::Options{.remade = true, .mode = mode});
      reader.Compare();
      CHECK(reader.comparisons == 1);
      const std::string there = reader.db().Rows("SELECT ifnull(max(n), 0) FROM acknowledged");
      CHECK(std::stoll(there) >= told);
      CHECK(std::stoll(there) <= told + 1);
      reader.RequireSound();
    }
    CHECK(busy > kills / 10);
    MESSAGE(mode, ": ", kills, " kills, ", busy, " of processes that had committed, ", commits,
            " commits");
  }
}

}  // namespace memkv::test
