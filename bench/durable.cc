// bench_durable: a memkv table in a database file beside its twin, a WITHOUT ROWID table in a file
// of its own, both in WAL mode; where installed, RocksDB and LMDB beside them, and the disk itself:
// append and fdatasync.
//
// Times are CPU time; where a disk is waited for, or two threads run, the clock's.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>
#include <unordered_set>
#include <vector>

#include "bench/bench_folder.h"
#include "bench/corpus.h"
#include "bench/empty_table.h"
#include "bench/file_db.h"
#include "bench/kv_stores.h"
#include "bench/measure.h"
#include "bench/report.h"
#include "bench/structures/memkv_art.h"

namespace memkv::bench {
namespace {

constexpr const char* kUsage = R"(usage: bench_durable [OPTION...]
  --extension FILE   memkv.so
  --keys FILE        one key per line, plain or .zst; without it, keys are generated
  --scale N          how many to generate (default 1M)
  --limit N          an even sample of N of the keys (default 1M)
  --commits N        single-row transactions (default 50k)
  --only commits     those alone, in a table that was loaded in random order
  --rounds N         of the readers, interleaved (default 3)
  --directory PATH   where the files go (default: the system's temporary folder)
)";

struct Options {
  CorpusOptions corpus;
  std::string extension, directory = std::filesystem::temp_directory_path().string();
  uint64_t commits = 50'000, rounds = 3;
  bool commits_only = false;
};

using MakeStore = std::function<std::unique_ptr<KvStore>(const std::string& folder, bool sync)>;
struct NamedStore {
  const char* name;
  MakeStore make;
};
std::vector<NamedStore> Stores() {
  std::vector<NamedStore> stores;
  [[maybe_unused]] auto add = [&]<class Store>() {
    stores.push_back({Store::kName, [](const std::string& folder, bool sync) {
                        return std::make_unique<Store>(folder, sync);
                      }});
  };
#ifdef MEMKV_BENCH_ROCKSDB
  add.template operator()<RocksDbStore>();
#endif
#ifdef MEMKV_BENCH_LMDB
  add.template operator()<LmdbStore>();
#endif
  return stores;
}

class Bench {
 public:
  Bench(const Options& o, Corpus* corpus)
      : o_(o), c_(*corpus), shuffled_(corpus->Shuffled()), stores_(Stores()) {
    std::vector<std::string> head = {"", "unit", "memkv", "twin", "x"};
    for (const NamedStore& store : stores_) head.emplace_back(store.name);
    cells_.push_back(head);
  }

  void Run() {
    Bulk(true);
    if (!o_.commits_only) {
      Bulk(false);
      Lookups();
      Reopen();
      Readers();
    }
    Commits(kNormal);
    Commits(kExclusive);
    Commits(kFull);
    PrintAligned(stdout, cells_);
  }

 private:
  using Figure = std::optional<double>;

  void Line(const std::string& what, const char* unit, Figure memkv, Figure twin = {},
            const std::vector<double>& stores = {}) {
    auto cell = [](Figure figure) { return figure ? Fixed(*figure, 2) : std::string("-"); };
    std::vector<std::string> row = {what, unit, cell(memkv), cell(twin),
                                    cell(memkv && twin ? *twin / *memkv : Figure())};
    for (size_t i = 0; i < stores_.size(); ++i)
      row.push_back(cell(i < stores.size() ? stores[i] : Figure()));
    cells_.push_back(row);
    std::fprintf(stderr, "%s: %s %s\n", what.c_str(), row[2].c_str(), unit);
  }
  std::string File(bool memkv, const std::string& what) {
    return folder_.path() + "/" + what + (memkv ? "-memkv.db" : "-twin.db");
  }
  std::string Extension(bool memkv) { return memkv ? o_.extension : ""; }
  static void Create(FileDb& db, bool memkv) {
    db.Exec(memkv ? "CREATE VIRTUAL TABLE t USING memkv"
                  : "CREATE TABLE t(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID");
  }

  void Bulk(bool shuffled) {
    const KeyList& keys = shuffled ? shuffled_ : c_.keys;
    const auto n = static_cast<double>(keys.size());
    const std::string order = shuffled ? "shuffled" : "sorted";
    double us[2], wal[2];
    for (bool memkv : {false, true}) {
      FileDb db(File(memkv, order), Extension(memkv));
      Create(db, memkv);
      db.Exec("PRAGMA wal_checkpoint(TRUNCATE)");
      sqlite3_stmt* insert = db.Prepare("INSERT INTO t VALUES(?1, ?2)");
      const double begin = Seconds();
      db.Exec("BEGIN");
      for (size_t i = 0; i < keys.size(); ++i) db.Run(insert, keys[i], static_cast<int64_t>(i));
      db.Exec("COMMIT");
      us[memkv] = (Seconds() - begin) * 1e6 / n;
      wal[memkv] = static_cast<double>(db.WalBytes()) / n;
      sqlite3_finalize(insert);
      if (static_cast<size_t>(db.Number("SELECT count(*) FROM t")) != keys.size())
        db.Fail("the rows are not all there");
      db.Exec("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    std::vector<double> stores;
    for (const NamedStore& named : stores_) {
      const auto store = named.make(StoreFolder(named, order), false);
      const double begin = Seconds();
      store->PutAll(keys);
      stores.push_back((Seconds() - begin) * 1e6 / n);
    }
    Line("bulk insert, " + order + ", one transaction", "us/key", us[1], us[0], stores);
    Line("WAL of that", "B/key", wal[1], wal[0]);
  }

  // Transactions of one new row each in the tables that were loaded, and appends to a file: all in
  // turns, a block of each after the other, since a disk is not the same from minute to minute.
  enum CommitMode { kNormal, kExclusive, kFull };
  static constexpr const char* kModes[] = {"NORMAL", "NORMAL, locking_mode EXCLUSIVE", "FULL"};
  void Commits(CommitMode mode) {
    constexpr uint64_t kBlocks = 20;
    const bool sync = mode == kFull;
    const std::vector<Bytes> keys = NewKeys();
    const uint64_t n = std::max<uint64_t>(
        std::min<uint64_t>(sync ? o_.commits / 25 : o_.commits, keys.size() / 3) / kBlocks, 1);
    size_t next = static_cast<size_t>(mode) * (keys.size() / 3);
    auto time = [&](auto&& f) {
      const double wall = WallSeconds();
      const double cpu = TimeAll(n, [&](size_t i) { f(keys[next + i]); }).seconds;
      return (sync ? WallSeconds() - wall : cpu) * 1e6 / static_cast<double>(n);
    };
    std::optional<FileDb> dbs[2];
    sqlite3_stmt* inserts[2];
    for (const bool memkv : {false, true}) {
      FileDb& db =
          dbs[memkv].emplace(File(memkv, "shuffled"), Extension(memkv), mode == kExclusive);
      db.Exec("PRAGMA wal_autocheckpoint = 1000");
      inserts[memkv] = db.Prepare("INSERT INTO t VALUES(?1, ?2)");
      db.Number("SELECT count(*) FROM t WHERE key < 'a'");  // so that it is loaded
      // The log of both reaches the length at which it begins anew.
      for (int i = 0; i < 1200; ++i) db.Run(inserts[memkv], kModes[mode] + std::to_string(i), 1);
      if (sync) db.Exec("PRAGMA synchronous = FULL");
    }
    std::vector<std::unique_ptr<KvStore>> opened;
    for (const NamedStore& named : stores_)
      opened.push_back(named.make(StoreFolder(named, "shuffled"), sync));
    const int fd = open((folder_.path() + "/raw").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const char bytes[100] = {};
    std::vector<double> us[2], raw;
    std::vector<std::vector<double>> stores(stores_.size());
    for (uint64_t block = 0; block < kBlocks; ++block, next += n) {
      for (const bool memkv : {false, true})
        us[memkv].push_back(time([&](Bytes key) { dbs[memkv]->Run(inserts[memkv], key, 1); }));
      for (size_t s = 0; s < opened.size(); ++s)
        stores[s].push_back(time([&](Bytes key) { opened[s]->Put(key, 1); }));
      raw.push_back(time([&](Bytes) {
        if (write(fd, bytes, sizeof bytes) != sizeof bytes || (sync && fdatasync(fd) != 0)) {
          std::perror("bench_durable: the raw file");
          std::exit(1);
        }
      }));
    }
    close(fd);
    for (sqlite3_stmt* insert : inserts) sqlite3_finalize(insert);
    std::vector<double> medians;
    for (const auto& figures : stores) medians.push_back(Median(figures));
    Line(std::string("single-row commits, synchronous = ") + kModes[mode], "us", Median(us[1]),
         Median(us[0]), medians);
    Line(sync ? "append 100 bytes and fdatasync" : "append 100 bytes", "us", Median(raw));
  }
  // Keys that no table has, in random order.
  std::vector<Bytes> NewKeys() {
    std::unordered_set<Bytes> seen;
    std::vector<Bytes> keys;
    for (size_t i = 0; i < c_.misses.size(); ++i) {
      if (seen.insert(c_.misses[i]).second) keys.push_back(c_.misses[i]);
    }
    return keys;
  }
  std::string StoreFolder(const NamedStore& store, const std::string& what) {
    return folder_.path() + "/" + store.name + "-" + what;
  }

  // What a lookup of a table takes that does nothing, in a file of its own.
  double EmptyLookup(size_t n) {
    FileDb db(folder_.path() + "/empty.db", "");
    EmptyTable::Register(db.handle());
    db.Exec("CREATE VIRTUAL TABLE t USING empty");
    return TimeLookups(db, n);
  }
  double TimeLookups(FileDb& db, size_t n) {
    sqlite3_stmt* find = db.Prepare("SELECT value FROM t WHERE key = ?1");
    db.Run(find, c_.hits[0]);
    const Timing timing = TimeAll(n, [&](size_t i) {
      if (!db.Run(find, c_.hits[i])) db.Fail("a key is missing");
    });
    sqlite3_finalize(find);
    return timing.ns_per_op() / 1000;
  }

  void Lookups() {
    const size_t n = std::min<size_t>(c_.hits.size(), 300'000);
    double us[2][2], check = 0;
    for (bool memkv : {false, true}) {
      FileDb db(File(memkv, "shuffled"), Extension(memkv));
      us[memkv][0] = TimeLookups(db, n);
      db.Exec("BEGIN");
      us[memkv][1] = TimeLookups(db, n);
      if (memkv) {
        check = TimeAll(1'000'000, [&](size_t) {
                  unsigned version;
                  sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_DATA_VERSION, &version);
                }).ns_per_op();
      }
      db.Exec("COMMIT");
    }
    MemkvArt art;
    for (size_t i = 0; i < shuffled_.size(); ++i) art.Insert(shuffled_[i], i);
    uint64_t value;
    const double engine =
        TimeAll(n, [&](size_t i) { art.Find(c_.hits[i], &value); }).ns_per_op() / 1000;
    const double empty = EmptyLookup(n);
    std::vector<double> stores;
    for (const NamedStore& named : stores_) {
      const auto store = named.make(StoreFolder(named, "shuffled"), false);
      store->Get(c_.hits[0]);
      stores.push_back(TimeAll(n, [&](size_t i) { store->Get(c_.hits[i]); }).ns_per_op() / 1000);
    }
    Line("lookup, autocommit", "us", us[1][0], us[0][0], stores);
    Line("  of a virtual table that does nothing", "us", empty);
    Line("  of the Art, in C++", "us", engine);
    Line("  of the table, above the first and 1.2 x the second", "us",
         us[1][0] - empty - 1.2 * engine);
    Line("lookup, in a transaction", "us", us[1][1], us[0][1]);
    Line("check of the file's version", "ns", check);
  }

  // From opening the file to the first count.
  void Reopen() {
    const std::string file = File(true, "shuffled");
    auto reopen = [&] {
      const double begin = Seconds();
      FileDb db(file, o_.extension);
      if (static_cast<size_t>(db.Number("SELECT memkv_count('t')")) != c_.keys.size())
        db.Fail("the rows are not all there");
      return Seconds() - begin;
    };
    const auto n = static_cast<double>(c_.keys.size());
    Line("reopen, all of it in the log", "us/op", reopen() * 1e6 / n);
    double mb;
    {
      FileDb db(file, o_.extension);
      const double begin = Seconds();
      db.Exec("SELECT memkv_freeze('t')");
      Line("freeze", "us/key", (Seconds() - begin) * 1e6 / n);
      mb = static_cast<double>(db.Number("SELECT sum(length(data)) FROM t_segment")) / 1e6;
      db.Exec("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    reopen();
    Line("reopen, all of it frozen", "ms/MB", reopen() * 1e3 / mb);
  }

  // Lookups a second of two threads, each with its own connection, against one thread's.
  void Readers() {
    const size_t n = std::min<size_t>(c_.hits.size(), 300'000);
    double best = 0;
    std::vector<double> rates[2];
    for (uint64_t round = 0; round < o_.rounds; ++round) {
      for (size_t threads : {1, 2}) {
        std::vector<std::unique_ptr<FileDb>> dbs;
        for (size_t i = 0; i < threads; ++i) {
          dbs.push_back(std::make_unique<FileDb>(File(true, "shuffled"), o_.extension));
          dbs.back()->Exec("BEGIN");
          TimeLookups(*dbs.back(), 1000);
        }
        const double begin = WallSeconds();
        std::vector<std::thread> running;
        for (auto& db : dbs) running.emplace_back([&, d = db.get()] { TimeLookups(*d, n); });
        for (std::thread& thread : running) thread.join();
        rates[threads - 1].push_back(static_cast<double>(threads * n) / (WallSeconds() - begin));
      }
      best = std::max(best, rates[1].back() / rates[0].back());
    }
    Line("lookups of a frozen table, one thread", "M/s", Median(rates[0]) / 1e6);
    Line("lookups of a frozen table, two threads", "M/s", Median(rates[1]) / 1e6);
    Line("  times one thread's, in the best round", "x", best);
  }

  const Options& o_;
  const Corpus& c_;
  const KeyList& shuffled_;
  const std::vector<NamedStore> stores_;
  const BenchFolder folder_{o_.directory};
  std::vector<std::vector<std::string>> cells_;
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
    } else if (option == "--commits") {
      o.commits = ParseCount(option, value);
    } else if (option == "--only" && value == "commits") {
      o.commits_only = true;
    } else if (option == "--rounds") {
      o.rounds = std::max<uint64_t>(ParseCount(option, value), 1);
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
