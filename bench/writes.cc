// bench_writes: scattered writes to a full memkv table beside its twin, a WITHOUT ROWID table: in
// memory, many rows in one transaction and each in its own; and in a file, in WAL mode.
//
// Each kind of write takes the same keys from both tables, block by block in turns, and leaves them
// as full as they were. Times are CPU time; what is printed is the median of the rounds.

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/bench_folder.h"
#include "bench/corpus.h"
#include "bench/file_db.h"
#include "bench/measure.h"
#include "bench/report.h"

namespace memkv::bench {
namespace {

constexpr const char* kUsage = R"(usage: bench_writes [OPTION...]
  --extension FILE   memkv.so
  --keys FILE        one key per line, plain or .zst; without it, keys are generated
  --scale N          how many to generate (default 1M)
  --limit N          an even sample of N of the keys
  --rows N           of each transaction (default 50k)
  --rounds N         (default 5)
  --where PLACE      memory or file (default: both)
)";

struct Options {
  CorpusOptions corpus;
  std::string extension, place;
  uint64_t rows = 50'000, rounds = 5;
};

class Writes {
 public:
  Writes(const Options& o, Corpus* corpus) : o_(o), keys_(corpus->Shuffled()) {
    o_.rows = std::min<uint64_t>(o_.rows, keys_.size());
    cells_.push_back({"", "twin, us", "memkv, us", "x"});
  }

  void Run() {
    for (const char* place : {"memory", "file"}) {
      if (!o_.place.empty() && o_.place != place) continue;
      RunIn(place, std::string(place) == "file");
    }
    PrintAligned(stdout, cells_);
  }

 private:
  struct Kind {
    const char* title;
    const char* sql;
    bool values;  // binds a value
  };
  static constexpr Kind kKinds[] = {
      {"DELETE", "DELETE FROM t WHERE key = ?1", false},
      {"INSERT", "INSERT INTO t VALUES(?1, ?2)", true},
      {"INSERT OR REPLACE", "INSERT OR REPLACE INTO t VALUES(?1, ?2)", true},
      {"UPDATE", "UPDATE t SET value = ?2 WHERE key = ?1", true},
  };

  void RunIn(const std::string& place, bool file) {
    const BenchFolder folder;
    std::optional<FileDb> dbs[2];
    for (const bool memkv : {false, true}) {
      const std::string path = folder.path() + (memkv ? "/memkv.db" : "/twin.db");
      dbs[memkv].emplace(file ? path : ":memory:", memkv ? o_.extension : "");
      Fill(&*dbs[memkv], memkv, file);
    }
    std::map<std::string, std::vector<double>> us[2];
    for (uint64_t round = 0; round < o_.rounds; ++round) {
      for (const bool whole : {true, false}) {
        if (!whole && file) continue;  // bench_durable measures commits
        for (const Kind& kind : kKinds) {
          const std::string title =
              place + ", " + kind.title + (whole ? ", one transaction" : ", each its own");
          for (const bool memkv : {false, true})
            us[memkv][title].push_back(Time(&*dbs[memkv], kind, round, whole));
        }
      }
    }
    for (auto& [title, twin] : us[0]) {
      const double a = Median(twin), b = Median(us[1][title]);
      cells_.push_back({title, Fixed(a, 2), Fixed(b, 2), Fixed(a / b, 2)});
    }
  }

  void Fill(FileDb* db, bool memkv, bool file) {
    db->Exec(!memkv ? "CREATE TABLE t(key TEXT PRIMARY KEY NOT NULL, value INTEGER) WITHOUT ROWID"
             : file
                 ? "CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, value INTEGER)"
                 : "CREATE VIRTUAL TABLE temp.t USING memkv(key TEXT PRIMARY KEY, value INTEGER)");
    sqlite3_stmt* insert = db->Prepare("INSERT INTO t VALUES(?1, ?2)");
    db->Exec("BEGIN");
    for (size_t i = 0; i < keys_.size(); ++i) db->Run(insert, keys_[i], static_cast<int64_t>(i));
    db->Exec("COMMIT");
    sqlite3_finalize(insert);
    if (file) db->Exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  // Microseconds a row.
  double Time(FileDb* db, const Kind& kind, uint64_t round, bool whole) {
    sqlite3_stmt* statement = db->Prepare(kind.sql);
    const size_t first = round * o_.rows % (keys_.size() - o_.rows + 1);
    ++value_;  // SQLite does not write what is there already
    const double begin = Seconds();
    if (whole) db->Exec("BEGIN");
    for (size_t i = first; i < first + o_.rows; ++i)
      db->Run(statement, keys_[i], kind.values ? static_cast<int64_t>(i + value_) : -1);
    if (whole) db->Exec("COMMIT");
    const double us = (Seconds() - begin) * 1e6 / static_cast<double>(o_.rows);
    sqlite3_finalize(statement);
    return us;
  }

  Options o_;
  uint64_t value_ = 0;
  const KeyList& keys_;
  std::vector<std::vector<std::string>> cells_;
};

int Main(int argc, char** argv) {
  Options o;
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
    } else if (option == "--rows") {
      o.rows = std::max<uint64_t>(ParseCount(option, value), 1);
    } else if (option == "--rounds") {
      o.rounds = std::max<uint64_t>(ParseCount(option, value), 1);
    } else if (option == "--where" && (value == "memory" || value == "file")) {
      o.place = value;
    } else {
      std::fputs(kUsage, stderr);
      return 2;
    }
  }
  o.corpus.queries = 1;
  Corpus corpus = MakeCorpus(o.corpus);
  Writes(o, &corpus).Run();
  return 0;
}

}  // namespace
}  // namespace memkv::bench

int main(int argc, char** argv) { return memkv::bench::Main(argc, argv); }
