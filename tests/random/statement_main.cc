// The statement twin: random statements on memkv tables and on plain tables with the same rows must
// come to the same. A case that does not is cut down and printed as SQL.
//
//   statement_twin [--statements N] [--seconds T] [--seed S] [--cases N] [--failures N] [--shrink 0]
//
// --statements  how many to compare, 40,000 unless told
// --seconds     ends after so long, however many have been compared
// --seed        the seed of the first case, 1 unless told; each case's is one more. A failure names
//               its seed: `--seed S --cases 1` runs that case alone
// --cases       how many cases at most
// --failures    how many failures end the run, 5 unless told
// --shrink      0 prints failing cases as they are
//
// Exit code: 0 nothing differs, 1 something does, 2 wrong usage.

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include "tests/random/statement_generator.h"
#include "tests/random/statement_player.h"

namespace memkv::test {
namespace {

struct Options {
  uint64_t statements = 40000;
  uint64_t seconds = std::numeric_limits<uint64_t>::max();
  uint64_t seed = 1;
  uint64_t cases = std::numeric_limits<uint64_t>::max();
  uint64_t failures = 5;
  uint64_t shrink = 1;
};

constexpr uint64_t kStatementsOfCase = 40;

bool Parse(int argc, char** argv, Options* options) {
  const std::pair<const char*, uint64_t*> known[] = {{"--statements", &options->statements},
                                                     {"--seconds", &options->seconds},
                                                     {"--seed", &options->seed},
                                                     {"--cases", &options->cases},
                                                     {"--failures", &options->failures},
                                                     {"--shrink", &options->shrink}};
  bool statements_given = false;
  for (int i = 1; i < argc; i += 2) {
    bool found = false;
    for (const auto& [name, value] : known) {
      if (std::strcmp(argv[i], name) != 0 || i + 1 == argc) continue;
      char* end;
      *value = std::strtoull(argv[i + 1], &end, 10);
      found = *end == '\0' && end != argv[i + 1];
      statements_given = statements_given || value == &options->statements;
    }
    if (!found) return false;
  }
  if (!statements_given && options->seconds != std::numeric_limits<uint64_t>::max())
    options->statements = std::numeric_limits<uint64_t>::max();
  return true;
}

void Report(uint64_t seed, const Case& c) {
  const Played played = Play(c);
  std::printf("---- seed %" PRIu64 ", SQLite %s\n%s%s\n", seed, sqlite3_libversion(),
              c.ToString().c_str(),
              played.failure ? played.failure->what.c_str() : "(passes when run again)");
  std::fflush(stdout);
}

int Run(const Options& options) {
  const auto began = std::chrono::steady_clock::now();
  auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  uint64_t statements = 0, cases = 0, failures = 0, documented = 0, exhausted = 0;
  uint64_t left_out[3] = {};
  while (statements < options.statements && cases < options.cases && failures < options.failures &&
         seconds() < static_cast<double>(options.seconds)) {
    const uint64_t seed = options.seed + cases++;
    Case c = Generator(seed).Make(kStatementsOfCase);
    Played played = Play(c);
    // A step on whose answer SQLite's own plans differ is left out, and so is one that is reported.
    while (played.failure && failures < options.failures) {
      size_t step = played.failure->step;
      if (const std::optional<Ambiguity> none = Ambiguous(c, *played.failure)) {
        ++left_out[none->kind];
        step = none->step;
      } else {
        ++failures;
        Report(seed, options.shrink ? Shrunk(c, *played.failure) : c);
      }
      if (step >= c.steps.size() || played.failure->kind == "exception") break;
      c.steps.erase(c.steps.begin() + static_cast<ptrdiff_t>(step));
      played = Play(c);
    }
    statements += played.statements;
    exhausted += played.exhausted;
    documented += played.documented;
  }
  std::printf("SQLite %s: %" PRIu64 " statements in %" PRIu64 " cases, %.0f a second: %" PRIu64
              " differ\n",
              sqlite3_libversion(), statements, cases, static_cast<double>(statements) / seconds(),
              failures);
  std::printf("left out: %" PRIu64 " statements on which SQLite's own plans differ, %" PRIu64
              " INSERT ... SELECT that depend on the order of their rows, %" PRIu64
              " queries of which SQLite drops a WHERE; the rest of %" PRIu64
              " cases at a documented difference; statements that take too long in %" PRIu64
              " cases\n",
              left_out[Ambiguity::kPlans], left_out[Ambiguity::kInserts],
              left_out[Ambiguity::kFlattened], documented, exhausted);
  return failures > 0 ? 1 : 0;
}

}  // namespace
}  // namespace memkv::test

int main(int argc, char** argv) {
  memkv::test::Options options;
  if (!memkv::test::Parse(argc, argv, &options)) {
    std::fprintf(stderr,
                 "usage: %s [--statements N] [--seconds T] [--seed S] [--cases N] [--failures N] "
                 "[--shrink 0]\n",
                 argv[0]);
    return 2;
  }
  return memkv::test::Run(options);
}
