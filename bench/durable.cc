// bench_durable: a memkv table in a database file beside its twin, a WITHOUT ROWID table in a file
// of its own, both in WAL mode; where installed, LMDB beside them, and the disk itself: append and
// fdatasync.

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/corpus.h"
#include "bench/measure.h"
#include "bench/report.h"

namespace memkv::bench {
namespace {

constexpr const char* kUsage = R"(usage: bench_durable [OPTION...]
  --extension FILE   memkv.so
  --keys FILE        one key per line, plain or .zst; without it, keys are generated
  --scale N          how many to generate (default 1M)
  --limit N          an even sample of N of the keys (default 1M)
  --commits N        single-row transactions (default 50k)
  --directory PATH   where the files go (default: the system's temporary folder)
)";

struct Options {
  CorpusOptions corpus;
  std::string extension, directory = std::filesystem::temp_directory_path().string();
  uint64_t commits = 50'000;
};

class Db {
 public:
  Db(const Options& o, const std::string& file, bool memkv) : file_(file) {
    if (sqlite3_open(file.c_str(), &db_) != SQLITE_OK) Fail("open");
    if (memkv) {
      sqlite3_enable_load_extension(db_, 1);
      if (sqlite3_load_extension(db_, o.extension.c_str(), nullptr, nullptr) != SQLITE_OK)
        Fail("load " + o.extension);
    }
    Exec(
        "PRAGMA cache_size = -1000000; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; "
        "PRAGMA synchronous = NORMAL");
  }
  ~Db() { sqlite3_close(db_); }
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;

  [[noreturn]] void Fail(const std::string& what) {
    std::fprintf(stderr, "bench_durable: %s: %s\n", what.c_str(), sqlite3_errmsg(db_));
    std::exit(1);
  }
  void Exec(const std::string& sql) {
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) Fail(sql);
  }
  int64_t Number(const std::string& sql) {
    sqlite3_stmt* stmt = Prepare(sql);
    if (sqlite3_step(stmt) != SQLITE_ROW) Fail(sql);
    const int64_t n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
  }
  sqlite3_stmt* Prepare(const std::string& sql) {
    sqlite3_stmt* stmt = nullptr;
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &stmt, nullptr) != SQLITE_OK) Fail(sql);
    return stmt;
  }
  // Runs an INSERT or SELECT of one key.
  bool Run(sqlite3_stmt* stmt, Bytes key, int64_t value = -1) {
    sqlite3_bind_text(stmt, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
    if (value >= 0) sqlite3_bind_int64(stmt, 2, value);
    const int rc = sqlite3_step(stmt);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW) Fail("step");
    sqlite3_reset(stmt);
    return rc == SQLITE_ROW;
  }
  uint64_t WalBytes() const { return SizeOf(file_ + "-wal"); }
  static uint64_t SizeOf(const std::string& file) {
    struct stat st;
    return stat(file.c_str(), &st) == 0 ? static_cast<uint64_t>(st.st_size) : 0;
  }

 private:
  const std::string file_;
  sqlite3* db_ = nullptr;
};

class Bench {
 public:
  Bench(const Options& o, Corpus* corpus) : o_(o), c_(*corpus), shuffled_(corpus->Shuffled()) {
    folder_ = o.directory + "/memkv-bench-XXXXXX";
    if (mkdtemp(folder_.data()) == nullptr) {
      std::fprintf(stderr, "bench_durable: cannot make %s\n", folder_.c_str());
      std::exit(1);
    }
  }
  ~Bench() { std::filesystem::remove_all(folder_); }

  void Run() {
    Head("", "memkv", "twin", "");
    for (bool memkv : {false, true}) Bulk(memkv, true);
    for (bool memkv : {false, true}) Bulk(memkv, false);
    Line("bulk insert, shuffled, one transaction", "us/key", us_[1][1], us_[0][1], true);
    Line("bulk insert, sorted, one transaction", "us/key", us_[1][0], us_[0][0], true);
    Line("WAL of that, shuffled", "B/key", wal_[1][1], wal_[0][1], false);
    Line("WAL of that, sorted", "B/key", wal_[1][0], wal_[0][0], false);
    for (const char* level : {"NORMAL", "FULL"}) {
      const uint64_t n = level[0] == 'N' ? o_.commits : o_.commits / 25;
      const double twin = Commits(false, level, n), memkv = Commits(true, level, n);
      Line(std::string("single-row commits, synchronous = ") + level, "us", memkv, twin, true);
    }
    Line("append 100 bytes and fdatasync", "us", RawSync(o_.commits / 25), 0, false);
    Lookups();
    Reopen();
  }

 private:
  void Head(const char* a, const char* b, const char* c, const char* d) {
    std::printf("%-50s %-8s %10s %10s %s\n", a, "unit", b, c, d);
  }
  void Line(const std::string& what, const char* unit, double memkv, double twin, bool ratio) {
    std::printf("%-50s %-8s %10.2f ", what.c_str(), unit, memkv);
    if (twin > 0) {
      std::printf("%10.2f", twin);
    } else {
      std::printf("%10s", "-");
    }
    std::printf(ratio ? "   %.2f x\n" : "\n", twin / memkv);
    std::fflush(stdout);
  }
  std::string File(bool memkv, const char* what) {
    return folder_ + "/" + what + (memkv ? "-memkv.db" : "-twin.db");
  }
  static void Create(Db& db, bool memkv) {
    db.Exec(memkv ? "CREATE VIRTUAL TABLE t USING memkv"
                  : "CREATE TABLE t(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID");
  }

  void Bulk(bool memkv, bool shuffled) {
    const std::string file = File(memkv, shuffled ? "shuffled" : "sorted");
    Db db(o_, file, memkv);
    Create(db, memkv);
    db.Exec("PRAGMA wal_checkpoint(TRUNCATE)");
    const KeyList& keys = shuffled ? shuffled_ : c_.keys;
    sqlite3_stmt* insert = db.Prepare("INSERT INTO t VALUES(?1, ?2)");
    const double begin = Seconds();
    db.Exec("BEGIN");
    for (size_t i = 0; i < keys.size(); ++i) db.Run(insert, keys[i], static_cast<int64_t>(i));
    db.Exec("COMMIT");
    us_[memkv][shuffled] = (Seconds() - begin) * 1e6 / static_cast<double>(keys.size());
    wal_[memkv][shuffled] = static_cast<double>(db.WalBytes()) / static_cast<double>(keys.size());
    sqlite3_finalize(insert);
    if (static_cast<size_t>(db.Number("SELECT count(*) FROM t")) != keys.size())
      db.Fail("the rows are not all there");
    db.Exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  // Into a table that has the other keys already: a tree of a few pages takes any row at once.
  double Commits(bool memkv, const char* level, uint64_t n) {
    Db db(o_, File(memkv, level), memkv);
    Create(db, memkv);
    n = std::min<uint64_t>(n, shuffled_.size());
    sqlite3_stmt* insert = db.Prepare("INSERT INTO t VALUES(?1, ?2)");
    db.Exec("BEGIN");
    for (size_t i = n; i < shuffled_.size(); ++i)
      db.Run(insert, shuffled_[i], static_cast<int64_t>(i));
    db.Exec("COMMIT");
    db.Exec("PRAGMA wal_checkpoint(TRUNCATE)");
    db.Exec(std::string("PRAGMA wal_autocheckpoint = 1000; PRAGMA synchronous = ") + level);
    const Timing timing =
        TimeAll(n, [&](size_t i) { db.Run(insert, shuffled_[i], static_cast<int64_t>(i)); });
    sqlite3_finalize(insert);
    return timing.ns_per_op() / 1000;
  }

  double RawSync(uint64_t n) {
    const int fd = open((folder_ + "/raw").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    char bytes[100] = {};
    const Timing timing = TimeAll(n, [&](size_t) {
      if (write(fd, bytes, sizeof bytes) != sizeof bytes || fdatasync(fd) != 0) std::exit(1);
    });
    close(fd);
    return timing.ns_per_op() / 1000;
  }

  void Lookups() {
    double us[2][2];
    for (bool memkv : {false, true}) {
      Db db(o_, File(memkv, "shuffled"), memkv);
      sqlite3_stmt* find = db.Prepare("SELECT value FROM t WHERE key = ?1");
      for (bool transaction : {false, true}) {
        if (transaction) db.Exec("BEGIN");
        db.Run(find, c_.hits[0]);
        const size_t n = std::min<size_t>(c_.hits.size(), 300'000);
        us[memkv][transaction] = TimeAll(n,
                                         [&](size_t i) {
                                           if (!db.Run(find, c_.hits[i]))
                                             db.Fail("a key is missing");
                                         })
                                     .ns_per_op() /
                                 1000;
      }
      db.Exec("COMMIT");
      sqlite3_finalize(find);
    }
    Line("lookup, autocommit", "us", us[1][0], us[0][0], true);
    Line("lookup, in a transaction", "us", us[1][1], us[0][1], true);
  }

  // From opening the file to the first count.
  void Reopen() {
    const std::string file = File(true, "shuffled");
    auto reopen = [&] {
      const double begin = Seconds();
      Db db(o_, file, true);
      if (static_cast<size_t>(db.Number("SELECT memkv_count('t')")) != c_.keys.size())
        db.Fail("the rows are not all there");
      return Seconds() - begin;
    };
    Line("reopen, all of it in the log", "us/op",
         reopen() * 1e6 / static_cast<double>(c_.keys.size()), 0, false);
    double mb;
    {
      Db db(o_, file, true);
      const double begin = Seconds();
      db.Exec("SELECT memkv_freeze('t')");
      Line("freeze", "us/key", (Seconds() - begin) * 1e6 / static_cast<double>(c_.keys.size()), 0,
           false);
      mb = static_cast<double>(db.Number("SELECT sum(length(data)) FROM t_segment")) / 1e6;
      db.Exec("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    reopen();
    Line("reopen, all of it frozen", "ms/MB", reopen() * 1e3 / mb, 0, false);
  }

  const Options& o_;
  const Corpus& c_;
  const KeyList& shuffled_;
  std::string folder_;
  double us_[2][2] = {}, wal_[2][2] = {};
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
    } else if (option == "--commits") {
      o.commits = ParseCount(option, value);
    } else if (option == "--directory") {
      o.directory = value;
    } else {
      std::fputs(kUsage, stderr);
      return 2;
    }
  }
  Corpus corpus = MakeCorpus(o.corpus);
  Bench(o, &corpus).Run();
  return 0;
}

}  // namespace
}  // namespace memkv::bench

int main(int argc, char** argv) { return memkv::bench::Main(argc, argv); }
