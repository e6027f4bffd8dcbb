// bench_sql: a memkv table, mutable and frozen, beside its twin, a WITHOUT ROWID table in memory,
// through prepared statements.
//
// All three are in one connection with the same keys and values; rounds are interleaved, and what
// is printed is the median. Every answer is reduced to a checksum, and the three must agree.

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bench/corpus.h"
#include "bench/measure.h"
#include "bench/report.h"
#include "ext/memkv.h"

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
)";

struct Options {
  CorpusOptions corpus;
  std::string extension;
  uint64_t rounds = 3;
};

class Db {
 public:
  explicit Db(const std::string& extension) {
    if (sqlite3_open(":memory:", &db_) != SQLITE_OK) Fail("open");
    sqlite3_enable_load_extension(db_, 1);
    char* message = nullptr;
    if (sqlite3_load_extension(db_, extension.c_str(), nullptr, &message) != SQLITE_OK) {
      std::fprintf(stderr, "bench_sql: cannot load %s: %s\n", extension.c_str(), message);
      std::exit(1);
    }
  }
  ~Db() { sqlite3_close(db_); }
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;

  void Exec(const std::string& sql) {
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) Fail(sql);
  }
  [[noreturn]] void Fail(const std::string& what) {
    std::fprintf(stderr, "bench_sql: %s: %s\n", what.c_str(), sqlite3_errmsg(db_));
    std::exit(1);
  }
  sqlite3* get() { return db_; }

 private:
  sqlite3* db_ = nullptr;
};

// A prepared statement. Its rows are reduced to a checksum that minds their order.
class Query {
 public:
  Query(Db* db, const std::string& sql) : db_(db), sql_(sql) {
    if (sqlite3_prepare_v3(db->get(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement_,
                           nullptr) != SQLITE_OK) {
      db->Fail(sql);
    }
  }
  ~Query() { sqlite3_finalize(statement_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& Bind(int i, Bytes text) {
    sqlite3_bind_text(statement_, i, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
    return *this;
  }
  Query& Bind(int i, uint64_t number) {
    sqlite3_bind_int64(statement_, i, static_cast<sqlite3_int64>(number));
    return *this;
  }
  // `keys` has to stay.
  Query& Bind(int i, const memkv_keys* keys) {
    sqlite3_bind_pointer(statement_, i, const_cast<memkv_keys*>(keys), MEMKV_KEYS_POINTER, nullptr);
    return *this;
  }
  // Runs it to its end and adds its rows to *sum.
  void Run(uint64_t* sum) {
    int rc;
    while ((rc = sqlite3_step(statement_)) == SQLITE_ROW) {
      for (int i = 0, n = sqlite3_column_count(statement_); i < n; ++i) {
        uint64_t item = 0;
        if (sqlite3_column_type(statement_, i) == SQLITE_TEXT) {
          const unsigned char* text = sqlite3_column_text(statement_, i);
          const auto size = static_cast<uint64_t>(sqlite3_column_bytes(statement_, i));
          item = (size << 16) + (size == 0 ? 0 : text[0] + 256u * text[size - 1]);
        } else {
          item = static_cast<uint64_t>(sqlite3_column_int64(statement_, i));
        }
        *sum = *sum * 3 + item;
      }
    }
    if (rc != SQLITE_DONE) db_->Fail(sql_);
    sqlite3_reset(statement_);
  }
  void Run() {
    uint64_t ignored = 0;
    Run(&ignored);
  }

 private:
  Db* db_;
  std::string sql_;
  sqlite3_stmt* statement_ = nullptr;
};

enum Contestant { kMutable, kFrozen, kTwin, kContestants };
constexpr const char* kTables[kContestants] = {"live", "ice", "twin"};

// The medians of one measurement, a line of the table.
struct Line {
  std::string title, unit;
  int decimals = 0;
  std::vector<double> figures[kContestants];
  uint64_t sums[kContestants] = {};
  bool agree = true, checked = false;

  bool has(Contestant c) const { return !figures[c].empty(); }
  double median(Contestant c) const {
    std::vector<double> sorted = figures[c];
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

class Bench {
 public:
  Bench(const Options& o, Corpus* corpus) : options_(o), c_(*corpus), db_(o.extension) {
    const KeyList& shuffled = corpus->Shuffled();
    shuffled_ = &shuffled;
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

  void Run() {
    Calibrate();
    for (uint64_t round = 0; round < options_.rounds; ++round) {
      std::fprintf(stderr, "round %llu: filling\n", static_cast<unsigned long long>(round + 1));
      Fill();
    }
    for (uint64_t round = 0; round < options_.rounds; ++round) {
      std::fprintf(stderr, "round %llu: reading\n", static_cast<unsigned long long>(round + 1));
      Read();
    }
    Refreeze();
  }

  // True if all answers agree.
  bool Print() const {
    std::vector<std::vector<std::string>> cells = {{"", "unit", "memkv mutable", "memkv frozen",
                                                    "twin", "twin / mutable", "twin / frozen",
                                                    "answers"}};
    bool all = true;
    for (const Line& line : lines_) {
      const auto figure = [&](Contestant c) {
        return line.has(c) ? Fixed(line.median(c), line.decimals) : "-";
      };
      const auto ratio = [&](Contestant c) -> std::string {
        if (!line.has(c) || !line.has(kTwin)) return "-";
        const double x = line.median(kTwin) / line.median(c);
        return Fixed(x, x < 10 ? 2 : 0);
      };
      cells.push_back({line.title, line.unit, figure(kMutable), figure(kFrozen), figure(kTwin),
                       ratio(kMutable), ratio(kFrozen),
                       !line.checked ? "-"
                       : line.agree  ? "ok"
                                     : "DIFFER"});
      all = all && line.agree;
    }
    PrintAligned(stdout, cells);
    return all;
  }

 private:
  Line& LineOf(const std::string& title, const std::string& unit, int decimals) {
    for (Line& line : lines_) {
      if (line.title == title) return line;
    }
    lines_.push_back({});
    Line& line = lines_.back();
    line.title = title;
    line.unit = unit;
    line.decimals = decimals;
    return line;
  }
  void Add(const std::string& title, const std::string& unit, int decimals, Contestant c,
           double figure) {
    LineOf(title, unit, decimals).figures[c].push_back(figure);
  }
  // The same, with a checksum that must be that of the other contestants.
  void Add(const std::string& title, const std::string& unit, int decimals, Contestant c,
           double figure, uint64_t sum) {
    Line& line = LineOf(title, unit, decimals);
    line.figures[c].push_back(figure);
    line.sums[c] = sum;
    for (int other = 0; other < kContestants; ++other) {
      if (other != c && !line.figures[other].empty()) {
        line.checked = true;
        line.agree = line.agree && line.sums[other] == sum;
      }
    }
  }

  // `sql` with the contestant's table in place of @T.
  static std::string For(Contestant c, std::string sql) {
    for (size_t at; (at = sql.find("@T")) != std::string::npos;) sql.replace(at, 2, kTables[c]);
    return sql;
  }

  void Create(Contestant c) {
    if (c == kTwin) {
      db_.Exec("CREATE TABLE twin(key TEXT PRIMARY KEY NOT NULL, value INTEGER) WITHOUT ROWID");
    } else {
      db_.Exec(
          For(c, "CREATE VIRTUAL TABLE temp.@T USING memkv(key TEXT PRIMARY KEY, value INTEGER)"));
    }
  }
  void Drop(Contestant c) { db_.Exec(For(c, "DROP TABLE IF EXISTS @T")); }

  double BytesPerKey(Contestant c) {
    // The twin is alone in its database but for the sample, which is in temp.
    Query query(&db_,
                c == kTwin
                    ? "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
                    : For(c, "SELECT value FROM memkv_stats('@T') WHERE name = 'memory_bytes'"));
    uint64_t bytes = 0;
    query.Run(&bytes);
    return static_cast<double>(bytes) / static_cast<double>(c_.keys.size());
  }

  void Calibrate() {
    Query query(&db_, "SELECT ?1");
    for (uint64_t round = 0; round < options_.rounds; ++round) {
      uint64_t sum = 0;
      const Timing t = TimeAll(std::min<size_t>(c_.hits.size(), 300'000),
                               [&](size_t q) { query.Bind(1, c_.hits[q]).Run(&sum); });
      Add("SELECT ?1, the floor of a prepared statement", "ns", 0, kTwin, t.ns_per_op());
    }
  }

  // Fills a table with all keys in one transaction; ns per key.
  double Insert(Contestant c, const KeyList& keys, bool shuffled) {
    Query query(&db_, For(c, "INSERT INTO @T VALUES(?1, ?2)"));
    const double begin = Seconds();
    db_.Exec("BEGIN");
    for (size_t i = 0; i < keys.size(); ++i) {
      query.Bind(1, keys[i]).Bind(2, c_.values[shuffled ? c_.order[i] : i]).Run();
    }
    db_.Exec("COMMIT");
    return (Seconds() - begin) * 1e9 / static_cast<double>(keys.size());
  }

  // The same from a file of lines "key TAB value".
  double Import(Contestant c, const KeyList& keys, bool shuffled) {
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("memkv_bench_" + std::to_string(getpid()));
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (!file) {
      std::fprintf(stderr, "bench_sql: cannot write \"%s\"\n", path.c_str());
      std::exit(1);
    }
    for (size_t i = 0; i < keys.size(); ++i) {
      std::fprintf(file, "%.*s\t%llu\n", static_cast<int>(keys[i].size()), keys[i].data(),
                   static_cast<unsigned long long>(c_.values[shuffled ? c_.order[i] : i]));
    }
    std::fclose(file);
    Query query(&db_, For(c, "INSERT INTO @T(@T, key) VALUES('import', memkv_file(?1))"));
    const std::string name = path.string();
    const double begin = Seconds();
    query.Bind(1, Bytes(name)).Run();
    const double seconds = Seconds() - begin;
    std::filesystem::remove(path);
    return seconds * 1e9 / static_cast<double>(keys.size());
  }

  // Ends with all three tables filled in shuffled order, and one of them frozen.
  void Fill() {
    const size_t n = c_.keys.size();
    for (const Contestant c : {kMutable, kTwin}) {
      Drop(c);
      Create(c);
      Add("INSERT, ascending, one transaction", "ns", 0, c, Insert(c, c_.keys, false));
      Add("memory after that", "bytes/key", 1, c, BytesPerKey(c));
      {
        Query query(&db_, For(c, "DELETE FROM @T WHERE key = ?1"));
        const size_t deletes = n / 5;
        const double begin = Seconds();
        db_.Exec("BEGIN");
        for (size_t i = 0; i < deletes; ++i) query.Bind(1, (*shuffled_)[i]).Run();
        db_.Exec("COMMIT");
        const double seconds = Seconds() - begin;
        uint64_t left = 0;
        Query(&db_, For(c, "SELECT count(*), sum(value) FROM @T")).Run(&left);
        Add("DELETE of a random fifth, one transaction", "ns", 0, c,
            seconds * 1e9 / static_cast<double>(deletes), left);
        Query insert(&db_, For(c, "INSERT INTO @T VALUES(?1, ?2)"));
        const Timing t = TimeAll(std::min<size_t>(deletes, 50'000), [&](size_t i) {
          insert.Bind(1, (*shuffled_)[i]).Bind(2, c_.values[c_.order[i]]).Run();
        });
        Add("INSERT, each its own transaction", "ns", 0, c, t.ns_per_op());
      }
      Drop(c);
      if (c == kTwin) db_.Exec("VACUUM");
      if (c == kMutable) {
        for (const bool shuffled : {false, true}) {
          Create(c);
          Add(shuffled ? "'import' of a file, shuffled" : "'import' of a file, ascending", "ns", 0,
              c, Import(c, shuffled ? *shuffled_ : c_.keys, shuffled));
          Drop(c);
        }
      }
      Create(c);
      Add("INSERT, shuffled, one transaction", "ns", 0, c, Insert(c, *shuffled_, true));
      Add("memory then", "bytes/key", 1, c, BytesPerKey(c));
    }
    Drop(kFrozen);
    Create(kFrozen);
    Query(&db_, "INSERT INTO ice SELECT key, value FROM live").Run();
    const double begin = Seconds();
    db_.Exec("INSERT INTO ice(ice) VALUES('freeze')");
    Add("freeze", "ns/key", 0, kFrozen, (Seconds() - begin) * 1e9 / static_cast<double>(n));
    Add("memory then", "bytes/key", 1, kFrozen, BytesPerKey(kFrozen));
  }

  // Freezes again after a change of every hundredth value.
  void Refreeze() {
    const double n = static_cast<double>(c_.keys.size());
    Query(&db_, "UPDATE ice SET value = value + 1 WHERE value % 100 = 7").Run();
    const double begin = Seconds();
    db_.Exec("INSERT INTO ice(ice) VALUES('freeze')");
    Add("freeze again after a change of 1 %", "ns/key", 0, kFrozen, (Seconds() - begin) * 1e9 / n);
    db_.Exec("INSERT INTO ice(ice) VALUES('integrity-check')");
  }

  // Runs a statement with one bound key for each of `keys`, for at most `limit` seconds. All
  // contestants are compared over the queries that the slowest of them got through.
  void EachKey(const std::string& title, const KeyList& keys, size_t most, double limit,
               const std::string& memkv_sql, const std::string& twin_sql = "",
               const std::function<void(Query*, size_t)>& bind = nullptr) {
    size_t common = std::min(most, keys.size());
    std::vector<uint64_t> sums[kContestants];
    double ns[kContestants];
    for (int i = 0; i < kContestants; ++i) {
      const auto c = static_cast<Contestant>(i);
      Query query(&db_, For(c, c == kTwin && !twin_sql.empty() ? twin_sql : memkv_sql));
      uint64_t sum = 0;
      const Timing t = TimeSome(std::min(most, keys.size()), limit, [&](size_t q) {
        if (bind) {
          bind(&query, q);
        } else {
          query.Bind(1, keys[q]);
        }
        query.Run(&sum);
        sums[i].push_back(sum);
      });
      ns[i] = t.ns_per_op();
      common = std::min(common, t.done);
    }
    for (int i = 0; i < kContestants; ++i) {
      Add(title, "ns", 0, static_cast<Contestant>(i), ns[i], sums[i][common - 1]);
    }
  }

  // Runs a statement without parameters again and again, for half a second or once.
  void Whole(const std::string& title, const std::string& unit, double per,
             const std::string& memkv_sql, const std::string& twin_sql = "") {
    for (int i = 0; i < kContestants; ++i) {
      const auto c = static_cast<Contestant>(i);
      Query query(&db_, For(c, c == kTwin && !twin_sql.empty() ? twin_sql : memkv_sql));
      uint64_t sum = 0;
      size_t done = 0;
      const double begin = Seconds(), wall_begin = WallSeconds();
      do {
        sum = 0;
        query.Run(&sum);
        ++done;
      } while (WallSeconds() - wall_begin < 0.3 && done < 100'000);
      const double each = (Seconds() - begin) / static_cast<double>(done);
      Add(title, unit, unit == "ns/row" ? 1 : 2, c, each * 1e9 / per, sum);
    }
  }

  // What follows a prefix up to the next slash, with counts.
  void Facets(const std::string& prefix) {
    const std::string from = std::to_string(prefix.size() + 1);
    const std::string slash = "instr(substr(key, " + from + "), '/')";
    Whole("facets of '" + prefix + "' by '/'", "µs", 1e3,
          "SELECT count(*), sum(count) FROM memkv_facets('@T', '" + prefix + "', '/')",
          "SELECT count(*), sum(n) FROM (SELECT count(*) AS n FROM twin WHERE key >= '" + prefix +
              "' AND key < '" + PrefixSuccessor(prefix).value_or("") + "' GROUP BY iif(" + slash +
              ", substr(key, 1, " + std::to_string(prefix.size()) + " + " + slash + "), key))");
  }

  // Many keys in one statement.
  void Lookup() {
    db_.Exec(
        "DROP TABLE IF EXISTS temp.asked; CREATE TEMP TABLE asked AS "
        "SELECT json_group_array(key) AS keys FROM sample");
    const auto rows = static_cast<double>(c_.hits.size());
    Whole("memkv_lookup of the same keys, JSON", "ns/row", rows,
          "SELECT count(*), sum(value) FROM asked, memkv_lookup('@T', asked.keys)",
          "SELECT count(*), sum(u.value) FROM asked, json_each(asked.keys) j CROSS JOIN twin u ON "
          "u.key = j.value");
    std::string bytes;
    std::vector<uint32_t> lengths;
    for (size_t q = 0; q < c_.hits.size(); ++q) {
      bytes += c_.hits[q];
      lengths.push_back(static_cast<uint32_t>(c_.hits[q].size()));
    }
    const memkv_keys keys = {c_.hits.size(), bytes.data(), lengths.data()};
    for (const Contestant c : {kMutable, kFrozen}) {
      Query query(&db_, For(c, "SELECT count(*), sum(value) FROM memkv_lookup('@T', ?1)"));
      query.Bind(1, &keys);
      uint64_t sum = 0;
      const double begin = Seconds();
      query.Run(&sum);
      Add("memkv_lookup of the same keys, pointer", "ns/row", 1, c,
          (Seconds() - begin) * 1e9 / rows, sum);
    }
  }

  void Read() {
    const double n = static_cast<double>(c_.keys.size());
    const size_t all = c_.hits.size();
    db_.Exec("BEGIN");
    EachKey("hit, inside BEGIN", c_.hits, all, 1e9, "SELECT value FROM @T WHERE key = ?1");
    EachKey("miss, inside BEGIN", c_.misses, all, 1e9, "SELECT value FROM @T WHERE key = ?1");
    db_.Exec("COMMIT");
    EachKey("hit, autocommit", c_.hits, all, 1e9, "SELECT value FROM @T WHERE key = ?1");

    db_.Exec("DROP TABLE IF EXISTS temp.sample; CREATE TEMP TABLE sample(key TEXT); BEGIN");
    Query sample(&db_, "INSERT INTO sample VALUES(?1)");
    for (size_t q = 0; q < all; ++q) sample.Bind(1, c_.hits[q]).Run();
    db_.Exec("COMMIT");
    Whole("join with " + std::to_string(all) + " keys", "ns/row", static_cast<double>(all),
          "SELECT count(*), sum(u.value) FROM sample s CROSS JOIN @T u ON u.key = s.key");

    EachKey("100 rows from a key on", c_.hits, 50'000, 3,
            "SELECT key, value FROM @T WHERE key >= ?1 ORDER BY key LIMIT 100");
    Whole("count(*) of LIKE '" + site_ + "%'", "µs", 1e3,
          "SELECT count(*) FROM @T WHERE key LIKE '" + site_ + "%'");
    Whole("count(*) of GLOB '" + site_ + "*'", "µs", 1e3,
          "SELECT count(*) FROM @T WHERE key GLOB '" + site_ + "*'");
    Whole("count(*) of LIKE '%report%'", "ns/row", n,
          "SELECT count(*) FROM @T WHERE key LIKE '%report%'");
    Whole("count(*) of LIKE '%.pdf'", "ns/row", n,
          "SELECT count(*) FROM @T WHERE key LIKE '%.pdf'");
    Facets(site_.substr(0, site_.find("//") + 2));
    Facets(site_);
    Lookup();
    std::vector<std::string> pasts;
    for (size_t q = 0; q < std::min<size_t>(c_.prefixes.size(), 100'000); ++q) {
      pasts.push_back(PrefixSuccessor(c_.prefixes[q]).value_or(""));
    }
    EachKey(
        "memkv_count of a random prefix", c_.prefixes, pasts.size(), 1,
        "SELECT memkv_count('@T', ?1)", "SELECT count(*) FROM twin WHERE key >= ?1 AND key < ?2",
        [&](Query* query, size_t q) { query->Bind(1, c_.prefixes[q]).Bind(2, Bytes(pasts[q])); });
    EachKey("rank of a key", c_.hits, 100'000, 1, "SELECT rank FROM @T WHERE key = ?1",
            "SELECT count(*) FROM twin WHERE key < ?1");
    Whole("10 rows from rank " + std::to_string(offset_) + " on", "µs", 1e3,
          "SELECT key, value FROM @T WHERE rank >= " + std::to_string(offset_) +
              " ORDER BY rank LIMIT 10",
          "SELECT key, value FROM twin ORDER BY key LIMIT 10 OFFSET " + std::to_string(offset_));
    Whole("LIMIT 10 OFFSET " + std::to_string(offset_), "µs", 1e3,
          "SELECT key, value FROM @T ORDER BY key LIMIT 10 OFFSET " + std::to_string(offset_));
    Whole("ORDER BY key DESC LIMIT 10", "µs", 1e3,
          "SELECT key, value FROM @T ORDER BY key DESC LIMIT 10");
    Whole("min(key)", "µs", 1e3, "SELECT min(key) FROM @T");
    Whole("count(*)", "ns/row", n, "SELECT count(*) FROM @T");
    Whole("sum(value)", "ns/row", n, "SELECT sum(value) FROM @T");
    Whole("SELECT key, value of all", "ns/row", n, "SELECT key, value FROM @T");
  }

  const Options& options_;
  const Corpus& c_;
  Db db_;
  const KeyList* shuffled_;
  std::string site_;
  uint64_t offset_;
  std::vector<Line> lines_;
};

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
  Bench bench(options, &corpus);
  bench.Run();
  return bench.Print() ? 0 : 1;
}

}  // namespace
}  // namespace memkv::bench

int main(int argc, char** argv) { return memkv::bench::Main(argc, argv); }
