// Reads of tables with several columns, and by the index of an INDEXED one, whose twin has indexes
// of its own. Of a sample of the keys.

#include <algorithm>
#include <string>

#include "bench/sql/bench.h"

namespace memkv::bench {
namespace {

constexpr size_t kMostRows = 1'000'000;
constexpr const char* kTables[] = {"live", "ice", "twin"};

}  // namespace

// Titles, sites and numbers are made of the keys: @T_rows has a title and a number, @T_indexed a
// site and a number of a thousand.
void Bench::FillColumns() {
  const size_t step = std::max<size_t>(c_.keys.size() / kMostRows, 1);
  columns_rows_ = 0;
  for (const char* table : kTables) {
    const bool twin = table == std::string("twin");
    const std::string rows = std::string(table) + "_rows", by = std::string(table) + "_indexed";
    const std::string begin = twin ? "CREATE TABLE " : "CREATE VIRTUAL TABLE temp.";
    const std::string key = "(key TEXT PRIMARY KEY NOT NULL, ";
    db_.Exec("DROP TABLE IF EXISTS " + rows + "; DROP TABLE IF EXISTS " + by);
    db_.Exec(begin + rows + (twin ? key : " USING memkv" + key) + "title TEXT, n INTEGER)" +
             (twin ? "WITHOUT ROWID" : ""));
    if (twin) {
      db_.Exec(begin + by + key + "t TEXT, v INTEGER) WITHOUT ROWID");
      db_.Exec("CREATE INDEX twin_t ON twin_indexed(t); CREATE INDEX twin_v ON twin_indexed(v)");
      db_.Exec("CREATE INDEX twin_nocase ON twin_indexed(t COLLATE NOCASE)");
    } else {
      db_.Exec(begin + by + " USING memkv" + key + "t TEXT INDEXED, v INTEGER INDEXED)");
    }
    db_.Exec("BEGIN");
    Query row(&db_, "INSERT INTO " + rows + " VALUES(?1, 'About ' || substr(?1, -24), ?2)");
    Query indexed(&db_, "INSERT INTO " + by +
                            " VALUES(?1, substr(?1, 1, instr(substr(?1, 9), '/') + 8), ?2)");
    for (size_t i = 0; i < c_.keys.size(); i += step) {
      row.Bind(1, c_.keys[i]).Bind(2, c_.values[i]).Run();
      indexed.Bind(1, c_.keys[i]).Bind(2, c_.values[i] % 1000).Run();
      columns_rows_ += twin;
    }
    db_.Exec("COMMIT");
    db_.Exec("SELECT 1 FROM " + by + " WHERE t = ''");  // makes indexes that were put off
    if (table == std::string("ice")) {
      db_.Exec("INSERT INTO ice_rows(ice_rows) VALUES('freeze')");
      db_.Exec("INSERT INTO ice_indexed(ice_indexed) VALUES('freeze')");
    }
  }
}

void Bench::ReadColumns() {
  const double n = static_cast<double>(columns_rows_);
  Whole("three columns: sum(n)", "ns/row", n, "SELECT sum(n) FROM @T_rows");
  Whole("three columns: count(title)", "ns/row", n, "SELECT count(title) FROM @T_rows");

  std::string sites;
  for (size_t q = 0; q < std::min<size_t>(c_.hits.size(), 20); ++q) {
    const Bytes key = c_.hits[q];
    if (key.find('\'') != Bytes::npos) continue;
    const size_t slash = key.find('/', std::min<size_t>(8, key.size()));
    sites += (sites.empty() ? "'" : ", '") + std::string(key.substr(0, slash + 1)) + "'";
  }
  const std::string from = "SELECT count(*), sum(length(key)) FROM @T_indexed WHERE ";
  Whole("indexed: t IN (20 values)", "µs", 1e3, from + "t IN (" + sites + ")");
  const std::string prefix = site_.substr(0, site_.size() - 3);
  Whole("indexed: t LIKE '" + prefix + "%'", "µs", 1e3, from + "t LIKE '" + prefix + "%'");
  Whole("indexed: t GLOB '" + prefix + "*'", "µs", 1e3, from + "t GLOB '" + prefix + "*'");
  const std::string count = "SELECT count(*) FROM @T_indexed WHERE ";
  Whole("indexed: count(*) of t IN (20 values)", "µs", 1e3, count + "t IN (" + sites + ")");
  Whole("indexed: count(*) of t LIKE '" + prefix + "%'", "µs", 1e3,
        count + "t LIKE '" + prefix + "%'");
  Whole("indexed: GROUP BY t", "ns/row", n,
        "SELECT count(*), max(n) FROM (SELECT count(*) AS n FROM @T_indexed GROUP BY t)");
  Whole("indexed: GROUP BY v", "ns/row", n,
        "SELECT count(*), max(n) FROM (SELECT count(*) AS n FROM @T_indexed GROUP BY v)");
  Whole("indexed: SELECT DISTINCT t", "ns/row", n, "SELECT DISTINCT t FROM @T_indexed");
  Whole("indexed: count(DISTINCT v)", "ns/row", n, "SELECT count(DISTINCT v) FROM @T_indexed");
  Whole("indexed: min(t)", "µs", 1e3, "SELECT min(t) FROM @T_indexed");
  Whole("indexed: max(v)", "µs", 1e3, "SELECT max(v) FROM @T_indexed");
  EachKey("indexed: v = ? AND key < ?", c_.hits, 20'000, 1, from + "v = ?2 AND key < ?1", "",
          [this](Query* query, size_t q) { query->Bind(1, c_.hits[q]).Bind(2, q % 1000); });
  EachKey("indexed: count(*) of v = ? AND key < ?", c_.hits, 20'000, 1,
          count + "v = ?2 AND key < ?1", "",
          [this](Query* query, size_t q) { query->Bind(1, c_.hits[q]).Bind(2, q % 1000); });
  EachKey("indexed: v = ? AND key < ? LIMIT 10", c_.hits, 50'000, 1,
          "SELECT key FROM @T_indexed WHERE v = ?2 AND key < ?1 ORDER BY key DESC LIMIT 10", "",
          [this](Query* query, size_t q) { query->Bind(1, c_.hits[q]).Bind(2, q % 1000); });
}

}  // namespace memkv::bench
