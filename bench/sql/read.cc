// Reads of a table (key TEXT PRIMARY KEY, value INTEGER).

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "bench/sql/bench.h"

namespace memkv::bench {

bool Bench::Wants(const std::string& title) const {
  return options_.only.empty() ||
         std::any_of(options_.only.begin(), options_.only.end(), [&](const std::string& part) {
           return title.find(part) != std::string::npos;
         });
}

// What the empty table can stand in for: a key's row, and any number of rows.
bool Bench::HasTable(Contestant c, const std::string& sql) {
  if (c != kEmpty) return true;
  for (const char* more :
       {"LIKE", "GLOB", "memkv_", "rank", "RECURSIVE", "length(", "min(", "@T_"}) {
    if (sql.find(more) != std::string::npos) return false;
  }
  return true;
}

// Runs a statement with one bound key for each of `keys`, for at most `limit` seconds. All
// contestants are compared over the queries that the slowest of them got through.
void Bench::EachKey(const std::string& title, const KeyList& keys, size_t most, double limit,
                    const std::string& memkv_sql, const std::string& twin_sql, const Binder& bind) {
  if (!Wants(title)) return;
  size_t common = std::min(most, keys.size());
  std::vector<uint64_t> sums[kContestants];
  double ns[kContestants];
  for (int i = 0; i < kContestants; ++i) {
    const auto c = static_cast<Contestant>(i);
    if (!HasTable(c, memkv_sql)) continue;
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
    if (!sums[i].empty())
      figures_.Add(title, "ns", 0, static_cast<Contestant>(i), ns[i], sums[i][common - 1]);
  }
}

// Runs statements that have a key in their text, in place of ?1, each prepared once.
void Bench::EachLiteral(const std::string& title, const std::string& sql) {
  if (!Wants(title)) return;
  constexpr size_t kStatements = 500, kRuns = 50'000;
  for (int i = 0; i < kContestants; ++i) {
    const auto c = static_cast<Contestant>(i);
    std::vector<std::unique_ptr<Query>> queries;
    for (size_t q = 0; q < c_.hits.size() && queries.size() < kStatements; ++q) {
      if (c_.hits[q].find('\'') != Bytes::npos || c_.hits[q].find('\0') != Bytes::npos) continue;
      std::string with = For(c, sql);
      with.replace(with.find("?1"), 2, "'" + std::string(c_.hits[q]) + "'");
      queries.push_back(std::make_unique<Query>(&db_, with));
    }
    if (queries.empty()) return;
    uint64_t sum = 0;
    const Timing t = TimeAll(kRuns, [&](size_t q) { queries[q % queries.size()]->Run(&sum); });
    figures_.Add(title, "ns", 0, c, t.ns_per_op(), sum);
  }
}

// Runs a statement without parameters again and again, for some time or once.
void Bench::Whole(const std::string& title, const std::string& unit, double per,
                  const std::string& memkv_sql, const std::string& twin_sql) {
  if (!Wants(title)) return;
  for (int i = 0; i < kContestants; ++i) {
    const auto c = static_cast<Contestant>(i);
    if (!HasTable(c, memkv_sql)) continue;
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
    figures_.Add(title, unit, unit == "ns/row" ? 1 : 2, c, each * 1e9 / per, sum);
  }
}

// What follows a prefix up to the next slash, with counts.
void Bench::Facets(const std::string& prefix) {
  const std::string from = std::to_string(prefix.size() + 1);
  const std::string slash = "instr(substr(key, " + from + "), '/')";
  Whole("facets of '" + prefix + "' by '/'", "µs", 1e3,
        "SELECT count(*), sum(count) FROM memkv_facets('@T', '" + prefix + "', '/')",
        "SELECT count(*), sum(n) FROM (SELECT count(*) AS n FROM twin WHERE key >= '" + prefix +
            "' AND key < '" + PrefixSuccessor(prefix).value_or("") + "' GROUP BY iif(" + slash +
            ", substr(key, 1, " + std::to_string(prefix.size()) + " + " + slash + "), key))");
}

// Many keys in one statement.
void Bench::Lookup() {
  db_.Exec(
      "DROP TABLE IF EXISTS temp.asked; CREATE TEMP TABLE asked AS "
      "SELECT json_group_array(key) AS keys FROM sample");
  const auto rows = static_cast<double>(c_.hits.size());
  Whole("memkv_lookup of the same keys, JSON", "ns/row", rows,
        "SELECT count(*), sum(value) FROM asked, memkv_lookup('@T', asked.keys)",
        "SELECT count(*), sum(u.value) FROM asked, json_each(asked.keys) j CROSS JOIN twin u ON "
        "u.key = j.value");
  const std::string title = "memkv_lookup of the same keys, pointer";
  if (!Wants(title)) return;
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
    figures_.Add(title, "ns/row", 1, c, (Seconds() - begin) * 1e9 / rows, sum);
  }
}

void Bench::ReadPoints() {
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
  Lookup();
}

void Bench::ReadRanges() {
  for (const char* rows : {"1", "10", "100"}) {
    const std::string title = std::string(rows) + (rows[1] ? " rows" : " row") + " from a key on";
    const std::string sql =
        std::string("SELECT key, value FROM @T WHERE key >= ?1 ORDER BY key LIMIT ") + rows;
    EachKey(title + ", bound", c_.hits, 50'000, 3, sql);
    EachLiteral(title + ", literals", sql);
  }
  Whole("ORDER BY key LIMIT 10", "µs", 1e3, "SELECT key, value FROM @T ORDER BY key LIMIT 10");
  Whole("ORDER BY key DESC LIMIT 10", "µs", 1e3,
        "SELECT key, value FROM @T ORDER BY key DESC LIMIT 10");
  Whole("min(key)", "µs", 1e3, "SELECT min(key) FROM @T");
  const std::string site = "substr(key, 1, instr(substr(key, 9), '/') + 8)";
  Whole("sites, each found behind the one before", "ms", 1e6,
        "WITH RECURSIVE s(site) AS (SELECT (SELECT " + site +
            " FROM @T ORDER BY key LIMIT 1) UNION ALL SELECT (SELECT " + site +
            " FROM @T WHERE key > site || char(1114111) ORDER BY key LIMIT 1) FROM s WHERE site IS "
            "NOT NULL) SELECT count(*) FROM s");
}

void Bench::ReadPatterns() {
  const double n = static_cast<double>(c_.keys.size());
  for (const std::string& pattern : {"LIKE '" + site_ + "%'", "GLOB '" + site_ + "*'"}) {
    Whole("count(*) of " + pattern, "µs", 1e3, "SELECT count(*) FROM @T WHERE key " + pattern);
  }
  for (const char* like : {"LIKE '%report%'", "LIKE '%.pdf'"}) {
    Whole("count(*) of " + std::string(like), "ns/row", n,
          std::string("SELECT count(*) FROM @T WHERE key ") + like);
  }
  Facets(site_.substr(0, site_.find("//") + 2));
  Facets(site_);
}

void Bench::ReadRanks() {
  std::vector<std::string> pasts;
  for (size_t q = 0; q < std::min<size_t>(c_.prefixes.size(), 100'000); ++q) {
    pasts.push_back(PrefixSuccessor(c_.prefixes[q]).value_or(""));
  }
  EachKey("memkv_count of a random prefix", c_.prefixes, pasts.size(), 1,
          "SELECT memkv_count('@T', ?1)", "SELECT count(*) FROM twin WHERE key >= ?1 AND key < ?2",
          [&](Query* query, size_t q) { query->Bind(1, c_.prefixes[q]).Bind(2, Bytes(pasts[q])); });
  EachKey("rank of a key", c_.hits, 100'000, 1, "SELECT rank FROM @T WHERE key = ?1",
          "SELECT count(*) FROM twin WHERE key < ?1");
  const std::string from = std::to_string(offset_);
  Whole("10 rows from rank " + from + " on", "µs", 1e3,
        "SELECT key, value FROM @T WHERE rank >= " + from + " ORDER BY rank LIMIT 10",
        "SELECT key, value FROM twin ORDER BY key LIMIT 10 OFFSET " + from);
  Whole("LIMIT 10 OFFSET " + from, "µs", 1e3,
        "SELECT key, value FROM @T ORDER BY key LIMIT 10 OFFSET " + from);
}

void Bench::ReadAll() {
  const double n = static_cast<double>(c_.keys.size());
  Whole("count(*)", "ns/row", n, "SELECT count(*) FROM @T");
  Whole("sum(value)", "ns/row", n, "SELECT sum(value) FROM @T");
  Whole("sum(length(key))", "ns/row", n, "SELECT sum(length(key)) FROM @T");
  Whole("SELECT key, value of all", "ns/row", n, "SELECT key, value FROM @T");
}

}  // namespace memkv::bench
