#include "tests/sql/apart.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace memkv::test {

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

namespace {

// Of the processor, so that what else the machine does counts little.
double WorkSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// A line of /proc/self/status, in bytes.
size_t StatusBytes(const char* name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return 1024 * std::stoul(line.substr(std::strlen(name)));
  }
  return 0;
}

sqlite3* interrupted = nullptr;
double stop_after = 0;

void Start(const Db& db, Stop stop) {
  constexpr double kAfter = 0.03;
  if (stop == Stop::kInterrupt) {
    interrupted = db.handle();
    signal(SIGALRM, [](int) { sqlite3_interrupt(interrupted); });
    itimerval timer{};
    timer.it_value.tv_usec = static_cast<suseconds_t>(1e6 * kAfter);
    timer.it_interval.tv_usec = 1000;  // nothing is interrupted between two statements
    setitimer(ITIMER_REAL, &timer, nullptr);
  } else if (stop == Stop::kHandler) {
    constexpr int kPeriod = 20000;
    stop_after = Seconds() + kAfter;
    sqlite3_progress_handler(
        db.handle(), kPeriod, [](void*) -> int { return Seconds() > stop_after; }, nullptr);
  }
}

// Steps `stmt` to its end, keeping no row; returns the result code.
int Exhaust(sqlite3_stmt* stmt) {
  int rc;
  do {
    rc = sqlite3_step(stmt);
    for (int i = 0; rc == SQLITE_ROW && i < sqlite3_column_count(stmt); ++i)
      sqlite3_column_blob(stmt, i);
  } while (rc == SQLITE_ROW);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

// What the child does.
Outcome RunHere(Db& db, sqlite3_stmt* stmt, size_t bytes, Stop stop) {
  constexpr rlim_t kSeconds = 120;
  Outcome outcome;
  const size_t before = StatusBytes("VmRSS:");
  if (!kSanitized) {  // a sanitizer takes address space as it likes
    const rlimit memory{StatusBytes("VmSize:") + bytes, RLIM_INFINITY};
    setrlimit(RLIMIT_AS, &memory);
  }
  const rlimit cpu{kSeconds, kSeconds};
  setrlimit(RLIMIT_CPU, &cpu);
  Start(db, stop);
  const double work = WorkSeconds(), begin = Seconds();
  outcome.code = Exhaust(stmt);
  outcome.seconds = WorkSeconds() - work;
  outcome.waited = Seconds() - begin;
  const size_t peak = StatusBytes("VmHWM:");
  outcome.grown = peak > before ? peak - before : 0;
  std::strncpy(outcome.message, sqlite3_errmsg(db.handle()), sizeof outcome.message - 1);
  return outcome;
}

}  // namespace

Outcome RunApart(Db& db, const std::string& sql, const Row& parameters, size_t bytes, Stop stop) {
  constexpr int kMostMilliseconds = 120000;
  Cursor statement(db, sql, parameters);
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no child");
  if (child == 0) {
    const Outcome outcome = RunHere(db, statement.handle(), bytes, stop);
    (void)!write(ends[1], &outcome, sizeof outcome);
    _exit(0);
  }
  close(ends[1]);
  Outcome outcome;
  pollfd ended = {ends[0], POLLIN, 0};
  if (poll(&ended, 1, kMostMilliseconds) <= 0) kill(child, SIGKILL);
  if (read(ends[0], &outcome, sizeof outcome) != sizeof outcome) outcome = {};
  close(ends[0]);
  int status;
  waitpid(child, &status, 0);
  return outcome;
}

}  // namespace memkv::test
