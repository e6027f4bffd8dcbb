// bench_core: memkv's structures in C++ beside their competitors, on any set of keys.
//
// Every structure runs in a process forked from this one, so that all begin with the same heap and
// the keys are shared. Rounds are interleaved: each structure once, then each again. What is
// printed is the median of the rounds, in
// CPU time.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/bench_folder.h"
#include "bench/corpus.h"
#include "bench/report.h"
#include "bench/run.h"
#include "bench/structures/front_coded.h"
#include "bench/structures/maps.h"
#include "bench/structures/marisa.h"
#include "bench/structures/memkv_art.h"
#include "bench/structures/memkv_fst.h"
#include "bench/structures/tries.h"

namespace memkv::bench {
namespace {

constexpr const char* kUsage = R"(usage: bench_core [OPTION...]
  --keys FILE        one key per line, plain or .zst; without it, keys are generated
  --scale N          how many to generate (default 1M)
  --limit N          an even sample of N of the keys
  --values KIND      index (default: 0..n-1 in insertion order), random22, random64
  --only A,B         only structures whose name contains one of these, whatever the case
  --group NAME       mutable or frozen; without it, both
  --rounds N         repeats of everything (default 3)
  --queries N        at most so many of each kind (default 1M)
  --churn            memory after four rounds of deleting and inserting again a random half
  --packers          the size of the sorted file under zstd -19 --long=27 and xz -9e (minutes)
  --fst-crate FILE   the fst crate's bench (see bench/fst_crate)
  --tsv FILE         append the medians: keys, structure, metric, figure
  --list             name the structures and stop
)";

const std::vector<Metric> kMutableMetrics = {{"rss", "RSS B/key", 1},
                                             {"malloc", "malloc B/key", 1},
                                             {"own", "own count B/key", 1},
                                             {"rss_sorted", "sorted B/key", 1},
                                             {"churned", "churned B/key", 1},
                                             {"insert", "insert ns", 0},
                                             {"insert_sorted", "sorted ns", 0},
                                             {"hit", "hit ns", 0},
                                             {"hit16", "hit x16 ns", 0},
                                             {"miss", "miss ns", 0},
                                             {"erase", "delete ns", 0},
                                             {"scan", "scan ns/key", 1},
                                             {"scan_values", "values ns/key", 1},
                                             {"range100", "range 100 ns", 0},
                                             {"prefix", "prefix count ns", 0},
                                             {"rank", "rank ns", 0},
                                             {"select", "select ns", 0}};
const std::vector<Metric> kFrozenMetrics = {{"image", "file B/key", 2},
                                            {"rss", "RSS B/key", 1},
                                            {"own", "own count B/key", 2},
                                            {"build", "build ns/key", 0},
                                            {"build_peak", "build peak B/key", 0},
                                            {"reopen", "reopen ms", 2},
                                            {"hit", "hit ns", 0},
                                            {"hit16", "hit x16 ns", 0},
                                            {"miss", "miss ns", 0},
                                            {"scan", "scan ns/key", 1},
                                            {"scan_values", "values ns/key", 1},
                                            {"range100", "range 100 ns", 0},
                                            {"prefix", "prefix count ns", 0},
                                            {"rank", "rank ns", 0},
                                            {"select", "select ns", 0}};

struct Options {
  CorpusOptions corpus;
  RunOptions run;
  std::vector<std::string> only;
  std::string group, fst_crate, tsv;
  uint64_t rounds = 3;
  bool packers = false, list = false;
};

// A structure, and what to run of it, each in a process of its own.
struct Structure {
  const char* name;
  bool frozen;
  bool takes_nul;
  std::vector<void (*)(Corpus&, const RunOptions&, Sink*)> runs;
};

template <class S>
constexpr bool TakesNul() {
  if constexpr (requires { S::kTakesNul; }) return S::kTakesNul;
  return true;
}

template <class S>
Structure Mutable() {
  return {S::kName, false, TakesNul<S>(), {MeasureMutable<S>, MeasureSortedInsert<S>}};
}

template <class S>
Structure Frozen() {
  return {S::kName, true, TakesNul<S>(), {MeasureFrozen<S>}};
}

std::vector<Structure> AllStructures() {
  return {
      Mutable<MemkvArt>(),     Mutable<StdMap>(),
#ifdef MEMKV_BENCH_ABSL
      Mutable<AbslBtreeMap>(),
#endif
#ifdef MEMKV_BENCH_JUDY
      Mutable<JudySL>(),
#endif
#ifdef MEMKV_BENCH_HAT_TRIE
      Mutable<HatTrie>(),
#endif
      Frozen<MemkvFst>(),      Frozen<MemkvFstValues>(),
#ifdef MEMKV_BENCH_MARISA
      Frozen<MarisaDefault>(), Frozen<MarisaSmallest>(),
#endif
      Frozen<FrontCoded16>(),  Frozen<FrontCoded32>(),   Frozen<FrontCoded64>(),
  };
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

Options ParseOptions(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto value = [&]() -> std::string {
      if (++i == argc) {
        std::fprintf(stderr, "bench_core: %s needs a value\n", name.c_str());
        std::exit(2);
      }
      return argv[i];
    };
    if (name == "--keys") {
      o.corpus.file = value();
    } else if (name == "--scale") {
      o.corpus.scale = ParseCount(name, value());
    } else if (name == "--limit") {
      o.corpus.limit = ParseCount(name, value());
    } else if (name == "--values") {
      o.corpus.values = value();
    } else if (name == "--queries") {
      o.corpus.queries = ParseCount(name, value());
    } else if (name == "--rounds") {
      o.rounds = ParseCount(name, value());
    } else if (name == "--group") {
      o.group = value();
      if (o.group != "mutable" && o.group != "frozen") {
        std::fprintf(stderr, "bench_core: --group takes mutable or frozen, not \"%s\"\n",
                     o.group.c_str());
        std::exit(2);
      }
    } else if (name == "--only") {
      std::string rest = Lower(value()) + ",";
      for (size_t comma; (comma = rest.find(',')) != std::string::npos; rest.erase(0, comma + 1)) {
        if (comma != 0) o.only.push_back(rest.substr(0, comma));
      }
    } else if (name == "--churn") {
      o.run.churn = true;
    } else if (name == "--packers") {
      o.packers = true;
    } else if (name == "--fst-crate") {
      o.fst_crate = value();
    } else if (name == "--tsv") {
      o.tsv = value();
    } else if (name == "--list") {
      o.list = true;
    } else {
      std::fputs(kUsage, name == "--help" ? stdout : stderr);
      if (name != "--help")
        std::fprintf(stderr, "bench_core: unknown option \"%s\"\n", name.c_str());
      std::exit(name == "--help" ? 0 : 2);
    }
  }
  return o;
}

bool Wanted(const Options& o, const std::string& name, bool frozen) {
  if (!o.group.empty() && (o.group == "frozen") != frozen) return false;
  return o.only.empty() || std::any_of(o.only.begin(), o.only.end(), [&](const std::string& part) {
           return Lower(name).find(part) != std::string::npos;
         });
}

// Runs one measurement in a forked process and gathers what it prints.
void RunForked(const Structure& structure, void (*run)(Corpus&, const RunOptions&, Sink*),
               Corpus& corpus, const RunOptions& options, Report* report) {
  int ends[2];
  if (pipe(ends) != 0) std::exit(1);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    std::FILE* out = fdopen(ends[1], "w");
    Sink sink(out, structure.name);
    run(corpus, options, &sink);
    sink.Finish();
    std::fflush(out);
    _exit(0);
  }
  close(ends[1]);
  std::FILE* in = fdopen(ends[0], "r");
  report->AddTsv(in);
  std::fclose(in);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0)
    report->Add(structure.name, "check",
                "failed: its process ended with status " + std::to_string(status));
}

void WriteLines(const std::filesystem::path& file, const KeyList& keys) {
  std::FILE* out = std::fopen(file.c_str(), "w");
  if (out == nullptr) {
    std::fprintf(stderr, "bench_core: cannot write %s\n", file.c_str());
    std::exit(1);
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    std::fwrite(keys[i].data(), 1, keys[i].size(), out);
    std::putc('\n', out);
  }
  std::fclose(out);
}

// Runs a command that prints TSV figures.
void RunCommand(const std::string& command, const std::string& row, Report* report) {
  std::FILE* in = popen(command.c_str(), "r");
  if (in == nullptr) std::exit(1);
  report->AddTsv(in);
  if (pclose(in) != 0) report->Add(row, "check", "failed: " + command);
}

// The size of keys.txt under a packer, as bytes per key.
void RunPacker(const std::string& row, const std::string& command,
               const std::filesystem::path& keys, size_t n, Report* report) {
  std::FILE* in = popen((command + " < '" + keys.string() + "' | wc -c").c_str(), "r");
  unsigned long long bytes = 0;
  if (in == nullptr || std::fscanf(in, "%llu", &bytes) != 1 || pclose(in) != 0) return;
  report->Add(row, "image", std::to_string(static_cast<double>(bytes) / static_cast<double>(n)));
}

void PrintGroup(const char* title, const Report& report, const std::vector<std::string>& rows,
                const std::vector<Metric>& metrics, const std::string& baseline) {
  if (std::none_of(rows.begin(), rows.end(), [&](const std::string& row) {
        return std::find(report.rows().begin(), report.rows().end(), row) != report.rows().end();
      })) {
    return;
  }
  std::printf("\n%s\n\n", title);
  report.PrintTable(stdout, rows, metrics);
  if (report.Has(baseline, "hit")) {
    std::printf("\n");
    report.PrintTable(stdout, rows, metrics, baseline);
  }
}

int Main(int argc, char** argv) {
  Options o = ParseOptions(argc, argv);
  const std::vector<Structure> structures = AllStructures();
  if (o.list) {
    for (const Structure& s : structures)
      std::printf("%s\t%s\n", s.frozen ? "frozen" : "mutable", s.name);
    return 0;
  }

  Corpus corpus = MakeCorpus(o.corpus);
  const size_t n = corpus.keys.size();
  std::printf("%s: %zu keys of %.1f bytes on average, values %s, %zu queries, median of %llu\n",
              corpus.name.c_str(), n, corpus.mean_key_bytes(), o.corpus.values.c_str(),
              corpus.hits.size(), static_cast<unsigned long long>(o.rounds));
  std::fflush(stdout);

  const BenchFolder folder;
  const std::filesystem::path dir = folder.path();
  o.run.scratch_file = dir / "image";
  const bool run_crate = !o.fst_crate.empty() &&
                         (Wanted(o, "fst crate Set", true) || Wanted(o, "fst crate Map", true));
  if (run_crate || o.packers) WriteLines(dir / "keys", corpus.keys);
  if (run_crate) {
    WriteLines(dir / "hits", corpus.hits);
    WriteLines(dir / "misses", corpus.misses);
    WriteLines(dir / "prefixes", corpus.prefixes);
  }
  if (std::any_of(structures.begin(), structures.end(),
                  [&](const Structure& s) { return !s.frozen && Wanted(o, s.name, false); })) {
    corpus.Shuffled();
  }

  Report report;
  std::vector<std::string> mutable_rows, frozen_rows;
  for (const Structure& s : structures) (s.frozen ? frozen_rows : mutable_rows).push_back(s.name);
  for (const char* row : {"fst crate Set", "fst crate Map", "zstd -19 --long=27", "xz -9e"})
    frozen_rows.push_back(row);

  for (uint64_t round = 0; round < o.rounds; ++round) {
    for (const Structure& s : structures) {
      if (!Wanted(o, s.name, s.frozen)) continue;
      if (corpus.has_nul && !s.takes_nul) {
        report.Add(s.name, "check", "takes no NUL bytes");
        continue;
      }
      std::fprintf(stderr, "round %llu: %s\n", static_cast<unsigned long long>(round + 1), s.name);
      for (const auto run : s.runs) RunForked(s, run, corpus, o.run, &report);
    }
    for (const char* kind : {"Set", "Map"}) {
      const std::string row = std::string("fst crate ") + kind;
      if (!run_crate || !Wanted(o, row, true)) continue;
      std::fprintf(stderr, "round %llu: %s\n", static_cast<unsigned long long>(round + 1),
                   row.c_str());
      RunCommand("'" + o.fst_crate + "' " + Lower(kind) + " '" + dir.string() + "'", row, &report);
    }
  }
  if (o.packers) {
    RunPacker("zstd -19 --long=27", "zstd -q -19 --long=27 -T0 -c", dir / "keys", n, &report);
    RunPacker("xz -9e", "xz -9e -T1 -c", dir / "keys", n, &report);
  }

  PrintGroup("Mutable", report, mutable_rows, kMutableMetrics, "memkv Art");
  PrintGroup("Frozen", report, frozen_rows, kFrozenMetrics, "memkv Fst");
  if (!o.tsv.empty()) {
    std::FILE* out = std::fopen(o.tsv.c_str(), "a");
    if (out == nullptr) return 1;
    report.PrintTsv(out, std::to_string(n));
    std::fclose(out);
  }
  return report.AllOk() ? 0 : 1;
}

}  // namespace
}  // namespace memkv::bench

int main(int argc, char** argv) { return memkv::bench::Main(argc, argv); }
