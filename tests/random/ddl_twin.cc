// The DDL twin: random scripts of transactions, DDL and writes on memkv tables and, beside them, on
// plain WITHOUT ROWID tables. Each statement must come to the same on both sides, and both must
// hold the same rows: then, after they are opened again, and in another process. A script that
// fails is cut down to what is needed to fail, and printed.
//
//   --scripts N   how many (1000)
//   --seed S      script i is made from the seed S + i, so that --seed S+i --scripts 1 is that one (1)
//   --seconds T   for so long, however many they are
//   --where W     anywhere, stored, temp, attached, memory or mixed: where the tables are
//   --without C   classes of steps to leave out, as in rename,swap (see ddl_generator.h)
//   --failures N  how many that look different to print before it ends (3)
//   --print       shows the scripts instead

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tests/folder.h"
#include "tests/random/ddl_generator.h"
#include "tests/random/ddl_process.h"
#include "tests/random/ddl_shrink.h"

namespace memkv::test {
namespace {

struct Options {
  uint64_t scripts = 1000, seed = 1, failures = 3;
  int64_t seconds = 0;
  Kind kind;
  bool print = false;
};

constexpr std::pair<const char*, Where> kWheres[] = {
    {"anywhere", Where::kAnywhere}, {"stored", Where::kStored}, {"temp", Where::kTemp},
    {"attached", Where::kAttached}, {"memory", Where::kMemory}, {"mixed", Where::kMixed}};

[[noreturn]] void Usage(const std::string& wrong) {
  std::fprintf(
      stderr,
      "ddl_twin: %s\nusage: ddl_twin [--scripts N] [--seed S] [--seconds T] [--failures N] "
      "[--print]\n                [--without CLASS,CLASS] [--where "
      "anywhere|stored|temp|attached|memory|mixed]\n",
      wrong.c_str());
  std::exit(2);
}

Options Parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--print") {
      options.print = true;
      continue;
    }
    if (i + 1 == argc) Usage("\"" + name + "\" is unknown, or takes a value");
    const char* value = argv[++i];
    const uint64_t number = std::strtoull(value, nullptr, 10);
    if (name == "--scripts") {
      options.scripts = number;
    } else if (name == "--seed") {
      options.seed = number;
    } else if (name == "--seconds") {
      options.seconds = static_cast<int64_t>(number);
    } else if (name == "--failures") {
      options.failures = number;
    } else if (name == "--where") {
      const auto* at = std::find_if(std::begin(kWheres), std::end(kWheres), [&](const auto& w) {
        return std::strcmp(w.first, value) == 0;
      });
      if (at == std::end(kWheres)) Usage("\"" + std::string(value) + "\" is no such place");
      options.kind.where = at->second;
    } else if (name == "--without") {
      std::istringstream names(value);
      for (std::string one; std::getline(names, one, ',');) options.kind.without.insert(one);
    } else {
      Usage("\"" + name + "\" is unknown");
    }
  }
  return options;
}

// Returns whether it was printed: not where one that looks the same was.
bool Report(const Script& script, const std::string& folder, std::set<std::string>* seen) {
  const Failure failure = PlayAlone(script, folder);
  if (!failure) {
    std::printf("seed %llu fails only after those before it\n%s\n",
                static_cast<unsigned long long>(script.seed), script.ToString().c_str());
    return true;
  }
  const Script shrunk = Shrunk(
      script, [&](const Script& less) { return PlayAlone(less, folder).kind == failure.kind; });
  if (!seen->insert(failure.kind + ": " + shrunk.Outline()).second) return false;
  const Failure shown = PlayAlone(shrunk, folder);
  std::printf("FAILURE (%s), %s\n%s\n", shown.kind.c_str(), shown.text.c_str(),
              shrunk.ToString().c_str());
  std::fflush(stdout);
  return true;
}

int Run(const Options& options) {
  constexpr uint64_t kBatch = 250;
  const Folder folder;
  const int64_t start = std::time(nullptr);
  const int64_t deadline = options.seconds == 0 ? 0 : start + options.seconds;
  const uint64_t end = options.seconds == 0 ? options.seed + options.scripts : UINT64_MAX;
  uint64_t seed = options.seed, failed = 0;
  std::set<std::string> seen;
  while (seed < end && seen.size() < options.failures &&
         (deadline == 0 || std::time(nullptr) < deadline)) {
    const uint64_t first = seed, last = std::min(end, seed + kBatch);
    const Batch batch = PlayBatch(first, last, options.kind, folder.path(), deadline);
    seed = batch.next;
    if (!batch.failed) continue;
    if (seed < last) {
      ++failed;
      Report(Generator(seed++, options.kind).Make(), folder.path(), &seen);
      continue;
    }
    // Only the end of the process was wrong, by a leak perhaps: each is played in one of its own.
    for (uint64_t i = first; i < last; ++i) {
      const Script script = Generator(i, options.kind).Make();
      if (!PlayAlone(script, folder.path())) continue;
      ++failed;
      Report(script, folder.path(), &seen);
    }
  }
  std::printf("SQLite %s: %llu scripts from seed %llu in %lld s, %llu failed\n",
              sqlite3_libversion(), static_cast<unsigned long long>(seed - options.seed),
              static_cast<unsigned long long>(options.seed),
              static_cast<long long>(std::time(nullptr) - start),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}

int Main(int argc, char** argv) {
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  if (argc == 2 && std::strcmp(argv[1], Verifier::kVerify) == 0) return Verifier::Serve();
  const Options options = Parse(argc, argv);
  if (options.print) {
    for (uint64_t i = 0; i < options.scripts; ++i)
      std::printf("%s\n", Generator(options.seed + i, options.kind).Make().ToString().c_str());
    return 0;
  }
  // Files that nobody needs when it is over.
  if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);
  return Run(options);
}

}  // namespace
}  // namespace memkv::test

int main(int argc, char** argv) {
  try {
    return memkv::test::Main(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ddl_twin: %s\n", e.what());
    return 2;
  }
}
