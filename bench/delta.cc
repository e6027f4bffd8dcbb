// bench_delta: what a delta limit costs. A table in a file is written to in transactions of a
// thousand rows, and merged whenever the writes since the last merge have become a share of what is
// frozen, a few times; then it is read, with its delta as full as it gets and all the keys in it.
//
// Lines "share in percent TAB structure TAB metric TAB figure", as bench/curve.awk draws them:
// insert (ns a key, the merges among them), worst (ms of the longest transaction), hit (ns), scan
// (ns a key), rss (bytes of memory per key).

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/bench_folder.h"
#include "bench/corpus.h"
#include "bench/file_db.h"
#include "bench/measure.h"

namespace memkv::bench {
namespace {

constexpr const char* kUsage = R"(usage: bench_delta [OPTION...]
  --extension FILE   memkv.so
  --keys FILE        one key per line, plain or .zst; without it, keys are generated
  --scale N          how many to generate (default 1M)
  --limit N          an even sample of N of the keys (default 1M)
  --shares LIST      percent, ascending (default 1,3,10,30,100)
  --tsv FILE         where the lines go (default: standard output)
  --directory PATH   where the files go (default: the system's temporary folder)
)";

struct Options {
  CorpusOptions corpus;
  std::string extension, shares = "1,3,10,30,100", tsv;
  std::string directory = std::filesystem::temp_directory_path().string();
};

class Bench {
 public:
  Bench(const Options& o, Corpus* corpus, std::FILE* out)
      : o_(o), c_(*corpus), shuffled_(corpus->Shuffled()), out_(out) {}

  void Run(double percent) {
    const double share = percent / 100;
    const int merges = static_cast<int>(std::clamp(std::log(2) / std::log(1 + share), 1.0, 3.0));
    std::vector<size_t> sizes(1, shuffled_.size());  // when it is merged; and in the end
    for (int i = 0; i <= merges; ++i)
      sizes.insert(sizes.begin(), static_cast<size_t>(static_cast<double>(sizes[0]) / (1 + share)));

    FileDb db(folder_.path() + "/delta.db", o_.extension);
    db.Exec("PRAGMA wal_autocheckpoint = 1000");
    db.Exec("CREATE VIRTUAL TABLE t USING memkv(delta_limit = off)");
    Insert(db, 0, sizes[0], true);
    double worst = 0;
    const double begin = Seconds();
    for (int i = 0; i < merges; ++i)
      worst = std::max(worst, Insert(db, sizes[i], sizes[i + 1], true));
    Line(percent, "insert",
         (Seconds() - begin) * 1e9 / static_cast<double>(sizes[merges] - sizes[0]));
    Line(percent, "worst", worst * 1e3);
    Insert(db, sizes[merges], sizes[merges + 1], false);
    Read(db, percent);
    db.Exec("DROP TABLE t");
  }

 private:
  static constexpr size_t kRows = 1000;  // of a transaction

  void Line(double percent, const char* metric, double figure) {
    std::fprintf(out_, "%g\tmemkv\t%s\t%.6g\n", percent, metric, figure);
    std::fflush(out_);
    std::fprintf(stderr, "%g %%: %s %.1f\n", percent, metric, figure);
  }
  // Rows [from, until) in transactions, the last of which freezes the table if `freeze`. The
  // longest one's seconds.
  double Insert(FileDb& db, size_t from, size_t until, bool freeze) {
    sqlite3_stmt* insert = db.Prepare("INSERT INTO t VALUES(?1, ?2)");
    double worst = 0;
    for (size_t i = from; i < until;) {
      const double begin = Seconds();
      db.Exec("BEGIN");
      for (const size_t end = std::min(i + kRows, until); i < end; ++i)
        db.Run(insert, shuffled_[i], static_cast<int64_t>(i));
      if (freeze && i == until) db.Exec("INSERT INTO t(t) VALUES('freeze')");
      db.Exec("COMMIT");
      worst = std::max(worst, Seconds() - begin);
    }
    sqlite3_finalize(insert);
    return worst;
  }

  void Read(FileDb& db, double percent) {
    const auto all = static_cast<double>(shuffled_.size());
    CheckCount(db);
    db.Exec("BEGIN");
    sqlite3_stmt* find = db.Prepare("SELECT value FROM t WHERE key = ?1");
    const size_t n = std::min<size_t>(c_.hits.size(), 300'000);
    Line(percent, "hit", TimeAll(n, [&](size_t i) {
                           if (!db.Run(find, c_.hits[i])) db.Fail("a key is missing");
                         }).ns_per_op());
    sqlite3_finalize(find);
    const double begin = Seconds();
    db.Number("SELECT sum(length(key) + value) FROM t");
    Line(percent, "scan", (Seconds() - begin) * 1e9 / all);
    const int64_t bytes =
        db.Number("SELECT value FROM memkv_stats('t') WHERE name = 'memory_bytes'");
    Line(percent, "rss", static_cast<double>(bytes) / all);
    db.Exec("COMMIT");
  }
  void CheckCount(FileDb& db) {
    if (static_cast<size_t>(db.Number("SELECT memkv_count('t')")) != shuffled_.size())
      db.Fail("the rows are not all there");
  }

  const Options& o_;
  const Corpus& c_;
  const KeyList& shuffled_;
  std::FILE* const out_;
  const BenchFolder folder_{o_.directory};
};

int Main(int argc, char** argv) {
  Options o;
  o.corpus.limit = 1'000'000;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (i + 1 == argc || option == "--help") {
      std::fputs(kUsage, option == "--help" ? stdout : stderr);
      return option == "--help" ? 0 : 2;
    }
    const std::string value = argv[++i];
    if (TakeOption(option, value, &o.corpus)) continue;
    if (option == "--extension") {
      o.extension = value;
    } else if (option == "--shares") {
      o.shares = value;
    } else if (option == "--tsv") {
      o.tsv = value;
    } else if (option == "--directory") {
      o.directory = value;
    } else {
      std::fputs(kUsage, stderr);
      return 2;
    }
  }
  std::FILE* out = o.tsv.empty() ? stdout : std::fopen(o.tsv.c_str(), "w");
  if (out == nullptr) {
    std::perror(o.tsv.c_str());
    return 1;
  }
  Corpus corpus = MakeCorpus(o.corpus);
  Bench bench(o, &corpus, out);
  for (size_t at = 0; at < o.shares.size();) {
    const size_t end = std::min(o.shares.find(',', at), o.shares.size());
    const double share = std::strtod(o.shares.substr(at, end - at).c_str(), nullptr);
    if (share <= 0) {
      std::fprintf(stderr, "bench_delta: --shares %s (allowed: percent over 0, by commas)\n",
                   o.shares.c_str());
      return 2;
    }
    bench.Run(share);
    at = end + 1;
  }
  return std::fclose(out) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace memkv::bench

int main(int argc, char** argv) { return memkv::bench::Main(argc, argv); }
