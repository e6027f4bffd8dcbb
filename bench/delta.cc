// bench_delta: what a delta limit costs. A table in a file grows to twice its size in transactions
// of a thousand rows and is merged whenever the writes since the last merge pass a share of what is
// frozen; then it is read with its delta as full as it gets.
//
// Lines "share in percent TAB structure TAB metric TAB figure", as bench/curve.awk draws them:
// insert (ns a key, the merges among them), worst (ms of the longest transaction), hit (ns), scan
// (ns a key), rss (bytes of memory per key).

#include <algorithm>
#include <filesystem>
#include <string>

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
      : o_(o), c_(*corpus), shuffled_(corpus->Shuffled()), out_(out) {
    folder_ = o.directory + "/memkv-bench-XXXXXX";
    if (mkdtemp(folder_.data()) == nullptr) {
      std::fprintf(stderr, "bench_delta: cannot make %s\n", folder_.c_str());
      std::exit(1);
    }
  }
  ~Bench() { std::filesystem::remove_all(folder_); }

  void Run(double percent) {
    Grow(percent);
    Read(percent);
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }

 private:
  static constexpr size_t kRows = 1000;  // of a transaction

  void Line(double percent, const char* metric, double figure) {
    std::fprintf(out_, "%g\tmemkv\t%s\t%.6g\n", percent, metric, figure);
    std::fflush(out_);
    std::fprintf(stderr, "%g %%: %s %.1f\n", percent, metric, figure);
  }
  // Rows [from, until) in transactions; frozen after each that brings the delta to its limit.
  // *worst, if given, is the longest transaction's seconds.
  void Insert(FileDb& db, size_t from, size_t until, size_t frozen, double share, double* worst) {
    sqlite3_stmt* insert = db.Prepare("INSERT INTO t VALUES(?1, ?2)");
    for (size_t i = from, delta = 0; i < until;) {
      const double begin = Seconds();
      db.Exec("BEGIN");
      for (const size_t end = std::min(i + kRows, until); i < end; ++i, ++delta)
        db.Run(insert, shuffled_[i], static_cast<int64_t>(i));
      if (share > 0 && static_cast<double>(delta) >= share * static_cast<double>(frozen)) {
        db.Exec("INSERT INTO t(t) VALUES('freeze')");
        frozen += delta;
        delta = 0;
      }
      db.Exec("COMMIT");
      if (worst != nullptr) *worst = std::max(*worst, Seconds() - begin);
    }
    sqlite3_finalize(insert);
  }
  // A table with rows [0, frozen) frozen.
  void Begin(FileDb& db, size_t frozen) {
    db.Exec("PRAGMA wal_autocheckpoint = 1000");
    db.Exec("CREATE VIRTUAL TABLE t USING memkv(delta_limit = off)");
    Insert(db, 0, frozen, 0, 0, nullptr);
    db.Exec("INSERT INTO t(t) VALUES('freeze')");
  }

  void Grow(double percent) {
    FileDb db(folder_ + "/grow.db", o_.extension);
    const size_t half = shuffled_.size() / 2;
    Begin(db, half);
    double worst = 0;
    const double begin = Seconds();
    Insert(db, half, shuffled_.size(), half, percent / 100, &worst);
    Line(percent, "insert",
         (Seconds() - begin) * 1e9 / static_cast<double>(shuffled_.size() - half));
    Line(percent, "worst", worst * 1e3);
    CheckCount(db);
  }

  void Read(double percent) {
    FileDb db(folder_ + "/read.db", o_.extension);
    const auto all = static_cast<double>(shuffled_.size());
    const auto frozen = static_cast<size_t>(all / (1 + percent / 100));
    Begin(db, frozen);
    Insert(db, frozen, shuffled_.size(), 0, 0, nullptr);
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
    Line(percent, "rss",
         static_cast<double>(
             db.Number("SELECT value FROM memkv_stats('t') WHERE name = 'memory_bytes'")) /
             all);
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
  std::string folder_;
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
    if (option == "--extension") {
      o.extension = value;
    } else if (option == "--keys") {
      o.corpus.file = value;
    } else if (option == "--scale") {
      o.corpus.scale = ParseCount(option, value);
    } else if (option == "--limit") {
      o.corpus.limit = ParseCount(option, value);
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
