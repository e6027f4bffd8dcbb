#include "tests/random/ddl_process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <stdexcept>

namespace memkv::test {
namespace {

// A script that takes longer hangs.
constexpr unsigned kMostSeconds = 120;

// Runs `work` in a child with the writing end of a pipe. Returns what it wrote; *status is its end.
std::string InChild(const std::function<void(int)>& work, int* status) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe() failed");
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork() failed");
  if (child == 0) {
    close(ends[0]);
    work(ends[1]);
    std::exit(0);
  }
  close(ends[1]);
  std::string out;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
    out.append(buffer, static_cast<size_t>(n));
  close(ends[0]);
  waitpid(child, status, 0);
  return out;
}

void WriteAll(int to, const void* data, size_t n) {
  if (write(to, data, n) != static_cast<ssize_t>(n)) _exit(3);
}

std::string Ended(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return signal == SIGALRM ? "it hangs" : "it was ended by signal " + std::to_string(signal);
  }
  return "it exited with " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Failure PlayAlone(const Script& script, const std::string& folder) {
  int status = 0;
  const std::string out = InChild(
      [&](int to) {
        alarm(kMostSeconds);
        Failure failure;
        {
          Verifier verifier;
          failure = Player(script, folder, verifier).Play();
        }
        const std::string text = failure.kind + '\0' + failure.text + '\0';
        WriteAll(to, text.data(), text.size());
      },
      &status);
  if (status != 0) return {"crash", Ended(status)};
  const size_t end = out.find('\0');
  return {out.substr(0, end), out.substr(end + 1, out.size() - end - 2)};
}

Batch PlayBatch(uint64_t first, uint64_t end, const Kind& kind, const std::string& folder,
                int64_t deadline) {
  int status = 0;
  const std::string out = InChild(
      [&](int to) {
        Verifier verifier;
        for (uint64_t seed = first; seed < end; ++seed) {
          if (deadline != 0 && std::time(nullptr) >= deadline) return;
          alarm(kMostSeconds);
          const Script script = Generator(seed, kind).Make();
          if (Player(script, folder, verifier).Play()) std::exit(1);
          WriteAll(to, ".", 1);
        }
      },
      &status);
  return {first + out.size(), status != 0};
}

}  // namespace memkv::test
