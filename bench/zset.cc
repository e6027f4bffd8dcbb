// bench_zset: sorted sets. memkv's Table with a secondary index, mutable and frozen, beside two
// trees kept together, an order-statistics tree and Redis; and memkv through SQL.
//
// Members are "user:%08d", scores uniform in [0, 1). Every structure runs in a process forked from
// this one, in turns, round by round; figures are medians. Times are CPU time, but Redis's, which are those of a clock: its server is a process of
// its own. Percentiles are of single operations, timed each; Redis's are round trips.

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "bench/bench_folder.h"
#include "bench/measure.h"
#include "bench/random.h"
#include "bench/report.h"
#include "bench/structures/redis.h"
#include "bench/structures/sorted_sets.h"

namespace memkv::bench {
namespace {

constexpr const char* kUsage = R"(usage: bench_zset [OPTION...]
  --scale A,B        how many members (default 1k,100k,1M)
  --queries N        at most so many of each kind (default 200k)
  --rounds N         medians of so many rounds (default 3)
  --extension FILE   memkv.so, for the figures through SQL
)";

constexpr size_t kRange = 10;
constexpr size_t kPipeline = 64;

struct Options {
  std::vector<size_t> scales = {1000, 100000, 1000000};
  size_t queries = 200000, rounds = 3;
  std::string extension;
};

struct Member {
  uint32_t index;  // in order; a position to ask for, too
  std::string member;
  double score, new_score;
};

// What is given to a structure lies in memory in the order in which it is given: the time to fetch
// it from elsewhere would be added to everybody's.
struct Corpus {
  std::vector<Member> entries, shuffled, asked;
};

Corpus MakeCorpus(size_t n, size_t queries) {
  Corpus c;
  Rng rng(n);
  for (size_t i = 0; i < n; ++i) {
    char member[32];
    std::snprintf(member, sizeof member, "user:%08zu", i);
    const double score = static_cast<double>(rng.Next() >> 11) * 0x1p-53;
    c.entries.push_back(
        {static_cast<uint32_t>(i), member, score, static_cast<double>(rng.Next() >> 11) * 0x1p-53});
  }
  for (const uint32_t i : Permutation(n, 1)) c.shuffled.push_back(c.entries[i]);
  for (size_t i = 0; i < std::min(queries, 4 * n); ++i) c.asked.push_back(c.entries[rng.Below(n)]);
  return c;
}

class Sink {
 public:
  Sink(std::FILE* out, const char* row) : out_(out), row_(row) {}
  void Figure(const std::string& metric, double value) {
    std::fprintf(out_, "%s\t%s\t%.9g\n", row_, metric.c_str(), value);
  }
  void Check(bool right, const char* what) {
    if (!right) std::fprintf(out_, "%s\tcheck\twrong: %s\n", row_, what);
    ok_ &= right;
  }
  void Finish() {
    if (ok_) std::fprintf(out_, "%s\tcheck\tok\n", row_);
  }

 private:
  std::FILE* out_;
  const char* row_;
  bool ok_ = true;
};

// The mean over all, and percentiles over those timed one by one.
template <class F>
void Measure(const std::string& metric, size_t n, Sink* sink, F&& f) {
  const Timing t = TimeAll(n, f);
  sink->Figure(metric, t.ns_per_op());
}
template <class F>
void Percentiles(const std::string& metric, size_t n, Sink* sink, F&& f) {
  std::vector<double> ns;
  ns.reserve(n);
  for (size_t i = 0; i < n; ++i) {
    const double begin = WallSeconds();
    f(i);
    ns.push_back((WallSeconds() - begin) * 1e9);
  }
  std::sort(ns.begin(), ns.end());
  sink->Figure(metric + "_p50", ns[n / 2]);
  sink->Figure(metric + "_p99", ns[n * 99 / 100]);
  sink->Figure(metric + "_p999", ns[n * 999 / 1000]);
}

template <class S>
void RunStructure(const Corpus& c, Sink* sink) {
  constexpr bool kIsFrozen = requires(S s) { s.Freeze(); }
  &&S::kName != std::string_view("memkv");
  const size_t n = c.entries.size();
  {
    // Sequential: members and scores ascend.
    S s;
    const Timing t = TimeAll(n, [&](size_t i) {
      s.Add(c.entries[i].member, static_cast<double>(i) / static_cast<double>(n));
    });
    if (!kIsFrozen) sink->Figure("add_sequential", t.ns_per_op());
  }
  malloc_trim(0);
  const uint64_t before = ResidentBytes();
  auto s = std::make_unique<S>();
  const Timing t = TimeAll(n, [&](size_t i) { s->Add(c.shuffled[i].member, c.shuffled[i].score); });
  if (!kIsFrozen) sink->Figure("add", t.ns_per_op());
  if constexpr (requires { s->Freeze(); }) s->Freeze();
  malloc_trim(0);
  sink->Figure("rss", static_cast<double>(ResidentBytes() - before) / static_cast<double>(n));
  if constexpr (requires { s->OwnBytes(); })
    sink->Figure("own", static_cast<double>(s->OwnBytes()) / static_cast<double>(n));

  if constexpr (requires { s->ReadsBegin(); }) s->ReadsBegin();
  const size_t m = c.asked.size();
  double sum = 0, right = 0;
  Measure("score", m, sink, [&](size_t i) { sum += s->Score(c.asked[i].member); });
  for (size_t i = 0; i < m; ++i) right += c.asked[i].score;
  sink->Check(sum == right, "scores");
  // The right order, to check by.
  std::vector<uint32_t> by_score(n);
  std::iota(by_score.begin(), by_score.end(), 0);
  std::sort(by_score.begin(), by_score.end(), [&](uint32_t a, uint32_t b) {
    return std::pair(c.entries[a].score, a) < std::pair(c.entries[b].score, b);
  });
  std::vector<uint32_t> rank_of(n);
  for (size_t i = 0; i < n; ++i) rank_of[by_score[i]] = static_cast<uint32_t>(i);
  uint64_t found = 0, expected = 0;
  if constexpr (requires { s->Rank(""); }) {
    auto rank = [&](size_t i) { found += s->Rank(c.asked[i].member); };
    Measure("rank", m, sink, rank);
    for (size_t i = 0; i < m; ++i) expected += rank_of[c.asked[i].index];
    sink->Check(found == expected, "ranks");
    Percentiles("rank", m, sink, rank);
  }
  auto number = [](Bytes member) {
    uint64_t v = 0;
    for (const char digit : member.substr(5)) v = 10 * v + static_cast<uint64_t>(digit - '0');
    return v;
  };
  if constexpr (requires { s->Range(0, 1, [](Bytes) {}); }) {
    found = expected = 0;
    auto range = [&](size_t i) {
      s->Range(c.asked[i].index, kRange, [&](Bytes member) { found += number(member); });
    };
    Measure("range", m, sink, range);
    for (size_t i = 0; i < m; ++i) {
      for (size_t j = c.asked[i].index; j < std::min<size_t>(n, c.asked[i].index + kRange); ++j)
        expected += by_score[j];
    }
    sink->Check(found == expected, "ranges by index");
    Percentiles("range", m, sink, range);
  }
  found = expected = 0;
  auto by = [&](size_t i) {
    s->RangeByScore(c.asked[i].score, kRange, [&](Bytes member) { found += number(member); });
  };
  Measure("byscore", m, sink, by);
  for (size_t i = 0; i < m; ++i) {
    const size_t from = rank_of[c.asked[i].index];
    for (size_t j = from; j < std::min(n, from + kRange); ++j) expected += by_score[j];
  }
  sink->Check(found == expected, "ranges by score");
  Percentiles("byscore", m, sink, by);
  sum = 0;
  Measure("first_last", m, sink, [&](size_t i) { sum += i % 2 ? s->First() : s->Last(); });
  sink->Check(
      s->First() == c.entries[by_score[0]].score && s->Last() == c.entries[by_score[n - 1]].score,
      "first and last");
  if constexpr (requires { s->ReadsEnd(); }) s->ReadsEnd();
  if (kIsFrozen) return;
  Percentiles("update", m, sink,
              [&](size_t i) { s->Add(c.asked[i].member, c.asked[i].new_score); });
  Measure("update", m, sink, [&](size_t i) { s->Add(c.asked[i].member, c.asked[i].score); });
  uint64_t removed = 0;
  Measure("remove", n / 2, sink, [&](size_t i) { removed += s->Remove(c.shuffled[i].member); });
  sink->Check(removed == n / 2, "removal");
}

void RunRedis(const Corpus& c, Sink* sink) {
  const BenchFolder folder;
  RedisServer redis(folder.path());
  if (!redis.ok()) {
    std::fprintf(stderr, "redis-server is not installed, and so not measured\n");
    return;
  }
  const size_t n = c.entries.size(), m = c.asked.size();
  auto text = [](double v) {
    char out[32];
    std::snprintf(out, sizeof out, "%.17g", v);
    return std::string(out);
  };
  auto piped = [&](const std::string& metric, size_t count, const std::function<void(size_t)>& f) {
    const double begin = WallSeconds();
    for (size_t i = 0; i < count; i += kPipeline) {
      const size_t end = std::min(i + kPipeline, count);
      for (size_t j = i; j < end; ++j) f(j);
      redis.Send();
      for (size_t j = i; j < end; ++j) redis.Reply();
    }
    if (metric.empty()) return;
    sink->Figure(metric, (WallSeconds() - begin) * 1e9 / static_cast<double>(count));
    if (metric == "add" || metric == "remove" || metric == "add_sequential") return;
    Percentiles(metric, std::min<size_t>(m, 5000), sink, [&](size_t i) {
      f(i);
      redis.Send();
      redis.Reply();
    });
  };
  piped("add_sequential", n, [&](size_t i) {
    redis.Command(
        {"ZADD", "s", text(static_cast<double>(i) / static_cast<double>(n)), c.entries[i].member});
  });
  redis.Command({"FLUSHALL"});
  redis.Send();
  redis.Reply();
  const uint64_t before = redis.Memory();
  piped("add", n, [&](size_t i) {
    redis.Command({"ZADD", "z", text(c.shuffled[i].score), c.shuffled[i].member});
  });
  sink->Figure("own", static_cast<double>(redis.Memory() - before) / static_cast<double>(n));
  piped("score", m, [&](size_t i) { redis.Command({"ZSCORE", "z", c.asked[i].member}); });
  piped("rank", m, [&](size_t i) { redis.Command({"ZRANK", "z", c.asked[i].member}); });
  piped("range", m, [&](size_t i) {
    redis.Command({"ZRANGE", "z", std::to_string(c.asked[i].index),
                   std::to_string(c.asked[i].index + kRange - 1)});
  });
  piped("byscore", m, [&](size_t i) {
    redis.Command({"ZRANGEBYSCORE", "z", text(c.asked[i].score), "+inf", "LIMIT", "0",
                   std::to_string(kRange)});
  });
  piped("first_last", m, [&](size_t i) {
    redis.Command({"ZRANGE", "z", i % 2 ? "0" : "-1", i % 2 ? "0" : "-1"});
  });
  piped("update", m, [&](size_t i) {
    redis.Command({"ZADD", "z", text(c.asked[i].new_score), c.asked[i].member});
  });
  piped("remove", n / 2, [&](size_t i) { redis.Command({"ZREM", "z", c.shuffled[i].member}); });
}

// memkv through prepared statements in one transaction.
void RunSql(const Corpus& c, const std::string& extension, bool frozen, Sink* sink) {
  sqlite3* db;
  char* error = nullptr;
  if (sqlite3_open(":memory:", &db) != SQLITE_OK) return;
  sqlite3_enable_load_extension(db, 1);
  auto exec = [&](const std::string& sql) {
    if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &error) == SQLITE_OK) return;
    std::fprintf(stderr, "%s: %s\n", sql.c_str(), error);
    std::exit(1);
  };
  if (sqlite3_load_extension(db, extension.c_str(), nullptr, &error) != SQLITE_OK) {
    std::fprintf(stderr, "%s: %s\n", extension.c_str(), error);
    std::exit(1);
  }
  exec("CREATE VIRTUAL TABLE board USING memkv(member TEXT PRIMARY KEY, score REAL INDEXED)");
  exec("BEGIN");
  auto prepare = [&](const char* sql) {
    sqlite3_stmt* stmt = nullptr;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, nullptr) == SQLITE_OK) return stmt;
    std::fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
    std::exit(1);
  };
  sqlite3_stmt* add = prepare("INSERT OR REPLACE INTO board VALUES(?1, ?2)");
  sqlite3_stmt* score = prepare("SELECT score FROM board WHERE member = ?1");
  sqlite3_stmt* rank = prepare("SELECT score_rank FROM board WHERE member = ?1");
  sqlite3_stmt* range =
      prepare("SELECT member FROM board WHERE score_rank BETWEEN ?1 AND ?2 ORDER BY score_rank");
  sqlite3_stmt* remove = prepare("DELETE FROM board WHERE member = ?1");
  auto bind = [](sqlite3_stmt* stmt, const std::string& member) {
    sqlite3_bind_text(stmt, 1, member.data(), static_cast<int>(member.size()), SQLITE_STATIC);
  };
  const size_t n = c.entries.size(), m = c.asked.size();
  auto put = [&](const std::string& member, double value) {
    bind(add, member);
    sqlite3_bind_double(add, 2, value);
    sqlite3_step(add);
    sqlite3_reset(add);
  };
  uint64_t rows = 0;
  auto one = [&](sqlite3_stmt* stmt, size_t i) {
    bind(stmt, c.asked[i].member);
    rows += sqlite3_step(stmt) == SQLITE_ROW;
    sqlite3_reset(stmt);
  };
  // With the first read, for which what was put off is done.
  const Timing t = TimeAll(n, [&](size_t i) {
    put(c.shuffled[i].member, c.shuffled[i].score);
    if (i + 1 == n) one(rank, 0);
  });
  if (!frozen) sink->Figure("add", t.ns_per_op());
  if (frozen) exec("INSERT INTO board(board) VALUES('freeze')");
  sqlite3_stmt* nothing = prepare("SELECT ?1");
  rows = 0;
  Measure("floor", m, sink, [&](size_t i) {
    bind(nothing, c.asked[i].member);
    while (sqlite3_step(nothing) == SQLITE_ROW) rows += sqlite3_column_bytes(nothing, 0) == 13;
    sqlite3_reset(nothing);
  });
  sqlite3_finalize(nothing);
  rows = 0;
  Measure("score", m, sink, [&](size_t i) { one(score, i); });
  Percentiles("score", m, sink, [&](size_t i) { one(score, i); });
  Measure("rank", m, sink, [&](size_t i) { one(rank, i); });
  Percentiles("rank", m, sink, [&](size_t i) { one(rank, i); });
  sink->Check(rows == 4 * m, "rows found");
  rows = 0;
  uint64_t expected = 0;
  auto ten = [&](size_t i) {
    sqlite3_bind_int64(range, 1, c.asked[i].index);
    sqlite3_bind_int64(range, 2, static_cast<sqlite3_int64>(c.asked[i].index + kRange - 1));
    while (sqlite3_step(range) == SQLITE_ROW) rows += sqlite3_column_bytes(range, 0) == 13;
    sqlite3_reset(range);
  };
  Measure("range", m, sink, ten);
  Percentiles("range", m, sink, ten);
  for (size_t i = 0; i < m; ++i) expected += 2 * std::min<size_t>(kRange, n - c.asked[i].index);
  sink->Check(rows == expected, "rows of ranges");
  if (!frozen) {
    Measure("update", m, sink, [&](size_t i) { put(c.asked[i].member, c.asked[i].new_score); });
    Measure("remove", n / 2, sink, [&](size_t i) {
      bind(remove, c.shuffled[i].member);
      sqlite3_step(remove);
      sqlite3_reset(remove);
    });
  }
  for (sqlite3_stmt* stmt : {add, score, rank, range, remove}) sqlite3_finalize(stmt);
  exec("COMMIT");
  sqlite3_close(db);
}

void Forked(const char* row, Report* report, const std::function<void(Sink*)>& run) {
  int ends[2];
  if (pipe(ends) != 0) std::exit(1);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    std::FILE* out = fdopen(ends[1], "w");
    Sink sink(out, row);
    run(&sink);
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
  if (status != 0) report->Add(row, "check", "failed");
}

int Main(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (i + 1 == argc ||
        (name != "--scale" && name != "--queries" && name != "--rounds" && name != "--extension")) {
      std::fputs(kUsage, name == "--help" ? stdout : stderr);
      return name == "--help" ? 0 : 2;
    }
    std::string value = argv[++i];
    auto count = [](const std::string& text) {
      char* end;
      const double number = std::strtod(text.c_str(), &end);
      return static_cast<size_t>(number * (*end == 'M' ? 1e6 : *end == 'k' ? 1e3 : 1));
    };
    if (name == "--extension") {
      o.extension = value;
    } else if (name == "--queries") {
      o.queries = count(value);
    } else if (name == "--rounds") {
      o.rounds = count(value);
    } else {
      o.scales.clear();
      value += ',';
      for (size_t comma; (comma = value.find(',')) != std::string::npos; value.erase(0, comma + 1))
        o.scales.push_back(count(value.substr(0, comma)));
    }
    for (const size_t n : o.scales) {
      if (n >= 2 && o.queries >= 1000 && o.rounds >= 1) continue;
      std::fprintf(
          stderr,
          "bench_zset: --scale takes numbers from 2, --queries from 1000, --rounds from 1\n");
      return 2;
    }
  }
  const std::vector<Metric> core = {
      {"own", "own count B", 1},       {"rss", "RSS B", 1},
      {"add", "ZADD ns", 0},           {"add_sequential", "in order ns", 0},
      {"update", "new score ns", 0},   {"score", "ZSCORE ns", 0},
      {"rank", "ZRANK ns", 0},         {"range", "ZRANGE 10 ns", 0},
      {"byscore", "BYSCORE 10 ns", 0}, {"first_last", "first/last ns", 0},
      {"remove", "ZREM ns", 0},        {"floor", "SELECT ?1 ns", 0}};
  std::vector<Metric> tails;
  for (const char* what : {"rank", "range", "byscore", "update", "score"}) {
    for (const char* p : {"p50", "p99", "p999"})
      tails.push_back({std::string(what) + "_" + p, std::string(what) + " " + p, 0});
  }
  bool ok = true;
  for (const size_t n : o.scales) {
    const Corpus c = MakeCorpus(n, o.queries);
    Report report;
    auto run = [&]<class S>(S*) {
      Forked(S::kName, &report, [&](Sink* sink) { RunStructure<S>(c, sink); });
    };
    for (size_t round = 0; round < o.rounds; ++round) {
      run(static_cast<MemkvSortedSet<false>*>(nullptr));
      run(static_cast<MemkvSortedSet<true>*>(nullptr));
#ifdef MEMKV_BENCH_ABSL
      run(static_cast<AbslSortedSet*>(nullptr));
#endif
      run(static_cast<StdSortedSet*>(nullptr));
      run(static_cast<PbdsSortedSet*>(nullptr));
      Forked("Redis", &report, [&](Sink* sink) { RunRedis(c, sink); });
      if (!o.extension.empty()) {
        for (const bool frozen : {false, true})
          Forked(frozen ? "memkv in SQL, frozen" : "memkv in SQL", &report,
                 [&](Sink* sink) { RunSql(c, o.extension, frozen, sink); });
      }
    }
    std::printf("\n%zu members, %zu queries, %zu rounds\n\n", n, c.asked.size(), o.rounds);
    report.PrintTable(stdout, report.rows(), core);
    std::printf("\n");
    report.PrintTable(stdout, report.rows(), tails);
    std::fflush(stdout);
    ok &= report.AllOk();
  }
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace memkv::bench

int main(int argc, char** argv) { return memkv::bench::Main(argc, argv); }
