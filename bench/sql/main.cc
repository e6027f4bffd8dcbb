// bench_sql: a memkv table, mutable and frozen, beside its twin, a WITHOUT ROWID table in memory,
// through prepared statements.
//
// All are in one connection with the same keys and values; rounds are interleaved, and what is
// printed is the median. Every answer is reduced to a checksum, and the three must agree.

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "bench/measure.h"
#include "bench/sql/bench.h"

namespace memkv::bench {
namespace {

constexpr const char* kUsage = R"(usage: bench_sql [OPTION...]
  --extension FILE   memkv.so
  --keys FILE        one key per line, plain or .zst; without it, keys are generated
  --scale N          how many to generate (default 1M)
  --limit N          an even sample of N of the keys
  --values KIND      index (default: 0..n-1 in insertion order), random22, random64
  --rounds N         repeats of everything (default 3)
  --queries N        at most so many of each kind (default 1M)
  --only TEXT        reads whose title has this in it (repeatable), and no writes but the filling
)";

constexpr const char* kTables[kContestants] = {"live", "ice", "twin", "hollow"};

Options ParseOptions(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto value = [&]() -> std::string {
      if (++i == argc) {
        std::fprintf(stderr, "bench_sql: %s needs a value\n", name.c_str());
        std::exit(2);
      }
      return argv[i];
    };
    if (name == "--extension") {
      o.extension = value();
    } else if (name == "--keys") {
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
    } else if (name == "--only") {
      o.only.push_back(value());
      o.writes = false;
    } else {
      std::fputs(kUsage, name == "--help" ? stdout : stderr);
      if (name != "--help")
        std::fprintf(stderr, "bench_sql: unknown option \"%s\"\n", name.c_str());
      std::exit(name == "--help" ? 0 : 2);
    }
  }
  if (o.extension.empty()) {
    std::fputs(kUsage, stderr);
    std::exit(2);
  }
  return o;
}

}  // namespace

Bench::Bench(const Options& o, Corpus* corpus)
    : options_(o), c_(*corpus), db_(o.extension), shuffled_(&corpus->Shuffled()) {
  // The site with the most keys, for the literal patterns; a prefix in the middle where the keys
  // have no sites.
  std::map<std::string, size_t> sites;
  for (size_t i = 0; i < c_.keys.size(); ++i) {
    const Bytes key = c_.keys[i];
    const size_t host = key.find("://");
    const size_t slash = key.find('/', host == Bytes::npos ? 0 : host + 3);
    if (slash != Bytes::npos && key.find('\'') == Bytes::npos)
      ++sites[std::string(key.substr(0, slash + 1))];
  }
  for (const auto& [site, count] : sites) {
    if (site_.empty() || count > sites[site_]) site_ = site;
  }
  if (sites.contains("https://www.cdc.gov/")) site_ = "https://www.cdc.gov/";
  offset_ = c_.keys.size() > 1'000'010 ? 1'000'000 : c_.keys.size() / 2;
}

std::string Bench::For(Contestant c, std::string sql) {
  for (size_t at; (at = sql.find("@T")) != std::string::npos;) sql.replace(at, 2, kTables[c]);
  return sql;
}

double Bench::BytesPerKey(Contestant c) {
  // The twin is alone in its database but for the sample, which is in temp.
  Query query(&db_, c == kTwin
                        ? "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
                        : For(c,
                              "SELECT value FROM memkv_stats('@T') WHERE name = "
                              "'memory_bytes'"));
  uint64_t bytes = 0;
  query.Run(&bytes);
  return static_cast<double>(bytes) / static_cast<double>(c_.keys.size());
}

void Bench::Calibrate() {
  Query query(&db_, "SELECT ?1");
  for (uint64_t round = 0; round < options_.rounds; ++round) {
    uint64_t sum = 0;
    const Timing t = TimeAll(std::min<size_t>(c_.hits.size(), 300'000),
                             [&](size_t q) { query.Bind(1, c_.hits[q]).Run(&sum); });
    figures_.Add("SELECT ?1, the floor of a prepared statement", "ns", 0, kTwin, t.ns_per_op());
  }
}

bool Bench::Run() {
  const auto rounds = [&](const char* what, const auto& f) {
    for (uint64_t round = 0; round < options_.rounds; ++round) {
      std::fprintf(stderr, "round %llu: %s\n", static_cast<unsigned long long>(round + 1), what);
      f();
    }
  };
  Calibrate();
  if (options_.writes) {
    rounds("filling", [&] { Fill(); });
  } else {
    Fill();
  }
  rounds("reading", [&] {
    ReadPoints();
    ReadRanges();
    ReadPatterns();
    ReadRanks();
    ReadAll();
  });
  if (options_.writes) Refreeze();
  FillColumns();
  rounds("columns", [&] { ReadColumns(); });
  rounds("filling captures", [&] { FillCaptures(); });
  rounds("captures", [&] { ReadCaptures(); });
  return figures_.Print();
}

namespace {

int Main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  Corpus corpus = MakeCorpus(options.corpus);
  std::printf(
      "%s: %zu keys of %.1f bytes on average, values %s, %zu queries, median of %llu, SQLite "
      "%s\n\n",
      corpus.name.c_str(), corpus.keys.size(), corpus.mean_key_bytes(),
      options.corpus.values.c_str(), corpus.hits.size(),
      static_cast<unsigned long long>(options.rounds), sqlite3_libversion());
  std::fflush(stdout);
  return Bench(options, &corpus).Run() ? 0 : 1;
}

}  // namespace
}  // namespace memkv::bench

int main(int argc, char** argv) { return memkv::bench::Main(argc, argv); }
