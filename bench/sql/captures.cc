// Reads of a table whose key has two columns: an index of web captures, as CDX files have it, by
// page and time. Pages are a sample of the keys in their sort-friendly form.

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

#include "bench/measure.h"
#include "bench/random.h"
#include "bench/sql/bench.h"
#include "core/query/url.h"

namespace memkv::bench {
namespace {

constexpr size_t kCaptures = 1'000'000, kMeanOfPage = 3, kMany = 10;
constexpr size_t kAsked = 300'000;
constexpr const char* kTables[] = {"live", "ice", "twin"};

// 14 digits, some second of 28 years.
std::string Timestamp(Rng* random) {
  char text[16];
  std::snprintf(text, sizeof text, "%04d%02d%02d%02d%02d%02d",
                static_cast<int>(1996 + random->Below(28)), static_cast<int>(1 + random->Below(12)),
                static_cast<int>(1 + random->Below(28)), static_cast<int>(random->Below(24)),
                static_cast<int>(random->Below(60)), static_cast<int>(random->Below(60)));
  return text;
}

// Most pages were captured once or twice, one in eight many times.
size_t CapturesOfPage(Rng* random) {
  return random->Below(8) == 0 ? kMany + random->Below(5) : 1 + random->Below(3);
}

}  // namespace

// The rows in key order, as such files are sorted, into a table of its own.
void Bench::MakeCaptures() {
  static constexpr const char* kMimes[] = {"text/html",       "text/html",  "text/html",
                                           "application/pdf", "image/jpeg", "text/html",
                                           "text/css",        "text/html"};
  static constexpr uint64_t kStatuses[] = {200, 200, 200, 200, 200, 301, 200, 404};
  Rng random(7);
  std::map<std::string, size_t> pages;  // and how many captures each has
  const size_t step = std::max<size_t>(c_.keys.size() * kMeanOfPage / kCaptures, 1);
  for (size_t i = 0; i < c_.keys.size(); i += step)
    pages.emplace(UrlSurt(c_.keys[i]), CapturesOfPage(&random));
  db_.Exec(
      "DROP TABLE IF EXISTS staged; CREATE TEMP TABLE staged(u, t, s, m, PRIMARY KEY(u, t)) "
      "WITHOUT ROWID; BEGIN");
  Query insert(&db_, "INSERT OR IGNORE INTO staged VALUES(?1, ?2, ?3, ?4)");
  captures_ = Captures();
  for (const auto& [page, count] : pages) {
    const size_t host = page.find(')');
    for (size_t i = 0; i < count; ++i) {
      const std::string time = Timestamp(&random);
      insert.Bind(1, page).Bind(2, time).Bind(3, kStatuses[random.Below(8)]);
      insert.Bind(4, kMimes[random.Below(8)]).Run();
      if (random.Below(4) > 0) continue;
      captures_.pages.Add(page);
      captures_.times.Add(time);
    }
    if (count >= kMany) captures_.many.Add(page);
    if (random.Below(50) == 0 && host != Bytes::npos)
      captures_.hosts.Add(Bytes(page).substr(0, host + 1));
  }
  db_.Exec("COMMIT");
}

void Bench::FillCaptures() {
  if (!Wants("captures: ")) return;
  MakeCaptures();
  const auto pages = [this] {
    uint64_t bytes = 0;
    Query(&db_,
          "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, "
          "pragma_freelist_count, pragma_page_size")
        .Run(&bytes);
    return bytes;
  };
  uint64_t rows = 0;
  Query(&db_, "SELECT count(*) FROM staged").Run(&rows);
  const std::string columns =
      "(urlkey TEXT, timestamp TEXT, status INTEGER, mime TEXT, PRIMARY KEY(urlkey, timestamp))";
  for (const Contestant c : {kMutable, kFrozen, kTwin}) {
    const std::string table = std::string(kTables[c]) + "_captures";
    db_.Exec("DROP TABLE IF EXISTS " + table);
    uint64_t bytes = pages();
    db_.Exec(c == kTwin ? "CREATE TABLE " + table + columns + " WITHOUT ROWID"
                        : "CREATE VIRTUAL TABLE temp." + table + " USING memkv" + columns);
    const double begin = Seconds();
    db_.Exec("INSERT INTO " + table + " SELECT * FROM staged");
    if (c == kFrozen) db_.Exec("INSERT INTO ice_captures(ice_captures) VALUES('freeze')");
    const double each = (Seconds() - begin) * 1e9 / static_cast<double>(rows);
    if (c == kTwin) {
      bytes = pages() - bytes;
    } else {
      bytes = 0;
      Query(&db_, "SELECT value FROM memkv_stats('" + table + "') WHERE name = 'memory_bytes'")
          .Run(&bytes);
    }
    figures_.Add("captures: load in key order, and freeze", "ns", 0, c, each);
    figures_.Add("captures: memory", "bytes/row", 1, c,
                 static_cast<double>(bytes) / static_cast<double>(rows));
  }
  captures_.rows = rows;
}

void Bench::ReadCaptures() {
  if (!Wants("captures: ")) return;
  const KeyList &asked = captures_.pages, &many = captures_.many, &hosts = captures_.hosts;
  const std::vector<uint32_t> shuffled = Permutation(asked.size(), 3);
  const std::vector<uint32_t> some = Permutation(many.size(), 4);
  const auto capture = [&](Query* query, size_t q) {
    query->Bind(1, asked[shuffled[q]]).Bind(2, captures_.times[shuffled[q]]);
  };
  // Of another capture's time, and so of any.
  const auto page_and_date = [&](Query* query, size_t q) {
    query->Bind(1, many[some[q]]).Bind(2, captures_.times[shuffled[q]]);
  };
  const auto page = [&](Query* query, size_t q) { query->Bind(1, many[some[q]]); };
  const std::string from = "FROM @T_captures WHERE urlkey = ?1";
  EachKey("captures: by page and time", asked, kAsked, 1,
          "SELECT status " + from + " AND timestamp = ?2", "", capture);
  EachKey(
      "captures: the newest before a date", many, kAsked, 1,
      "SELECT timestamp, status " + from + " AND timestamp < ?2 ORDER BY timestamp DESC LIMIT 1",
      "", page_and_date);
  EachKey("captures: 10 of a page", many, kAsked, 1,
          "SELECT timestamp, status " + from + " LIMIT 10", "", page);
  EachKey("captures: all of a page", many, kAsked, 1, "SELECT timestamp, status " + from, "", page);
  EachKey("captures: count of a host", hosts, 10'000, 1, "SELECT memkv_count('@T_captures', ?1)",
          "SELECT count(*) FROM twin_captures WHERE urlkey >= ?1 AND urlkey < ?1 || x'f0'",
          [&](Query* query, size_t q) { query->Bind(1, hosts[q]); });
  const double n = static_cast<double>(captures_.rows);
  Whole("captures: DISTINCT urlkey", "ns/row", n,
        "SELECT count(*) FROM (SELECT DISTINCT urlkey FROM "
        "@T_captures)");
  Whole("captures: count(*) GROUP BY urlkey", "ns/row", n,
        "SELECT count(*), max(n) FROM (SELECT count(*) AS n FROM @T_captures GROUP BY urlkey)");
  Whole("captures: all columns of all", "ns/row", n, "SELECT * FROM @T_captures");
}

}  // namespace memkv::bench
