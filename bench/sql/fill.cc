// Writes: inserts, deletes, imports, freezes. Ends with all tables filled.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "bench/measure.h"
#include "bench/sql/bench.h"

namespace memkv::bench {

void Bench::Create(Contestant c) {
  if (c == kTwin) {
    db_.Exec("CREATE TABLE twin(key TEXT PRIMARY KEY NOT NULL, value INTEGER) WITHOUT ROWID");
  } else {
    db_.Exec(
        For(c, "CREATE VIRTUAL TABLE temp.@T USING memkv(key TEXT PRIMARY KEY, value INTEGER)"));
  }
}
void Bench::Drop(Contestant c) { db_.Exec(For(c, "DROP TABLE IF EXISTS @T")); }

// Fills a table with all keys in one transaction; ns per key.
double Bench::Insert(Contestant c, const KeyList& keys, bool shuffled) {
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
double Bench::Import(Contestant c, const KeyList& keys, bool shuffled) {
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

// Updates a random fifth by key, and deletes it.
void Bench::WriteFifth(Contestant c) {
  const size_t fifth = std::max<size_t>(c_.keys.size() / 5, 1);
  const auto write = [&](const std::string& title, const std::string& sql, const auto& bind) {
    Query query(&db_, For(c, sql));
    const double begin = Seconds();
    db_.Exec("BEGIN");
    for (size_t i = 0; i < fifth; ++i) {
      bind(&query, i);
      query.Run();
    }
    db_.Exec("COMMIT");
    const double ns = (Seconds() - begin) * 1e9 / static_cast<double>(fifth);
    if (c == kEmpty) return figures_.Add(title, "ns", 0, c, ns);
    uint64_t left = 0;
    Query(&db_, For(c, "SELECT count(*), sum(value) FROM @T")).Run(&left);
    figures_.Add(title, "ns", 0, c, ns, left);
  };
  write("UPDATE of a random fifth, one transaction", "UPDATE @T SET value = ?2 WHERE key = ?1",
        [this](Query* q, size_t i) { q->Bind(1, (*shuffled_)[i]).Bind(2, i); });
  write("DELETE of a random fifth, one transaction", "DELETE FROM @T WHERE key = ?1",
        [this](Query* q, size_t i) { q->Bind(1, (*shuffled_)[i]); });
  if (c == kEmpty) return;
  Query insert(&db_, For(c, "INSERT INTO @T VALUES(?1, ?2)"));
  const Timing t = TimeAll(std::min<size_t>(fifth, 50'000), [&](size_t i) {
    insert.Bind(1, (*shuffled_)[i]).Bind(2, c_.values[c_.order[i]]).Run();
  });
  figures_.Add("INSERT, each its own transaction", "ns", 0, c, t.ns_per_op());
}

void Bench::FillOne(Contestant c) {
  Drop(c);
  Create(c);
  if (options_.writes) {
    figures_.Add("INSERT, ascending, one transaction", "ns", 0, c, Insert(c, c_.keys, false));
    figures_.Add("memory after that", "bytes/key", 1, c, BytesPerKey(c));
    WriteFifth(c);
    Drop(c);
    if (c == kTwin) db_.Exec("VACUUM");
    for (const bool shuffled : {false, true}) {
      if (c != kMutable) break;
      Create(c);
      figures_.Add(shuffled ? "'import' of a file, shuffled" : "'import' of a file, ascending",
                   "ns", 0, c, Import(c, shuffled ? *shuffled_ : c_.keys, shuffled));
      Drop(c);
    }
    Create(c);
  }
  figures_.Add("INSERT, shuffled, one transaction", "ns", 0, c, Insert(c, *shuffled_, true));
  figures_.Add("memory then", "bytes/key", 1, c, BytesPerKey(c));
}

void Bench::Fill() {
  const size_t n = c_.keys.size();
  for (const Contestant c : {kMutable, kTwin}) FillOne(c);
  db_.Exec("DROP TABLE IF EXISTS hollow; CREATE VIRTUAL TABLE temp.hollow USING empty(" +
           std::to_string(n) + ", " + std::to_string(static_cast<int>(c_.mean_key_bytes())) + ")");
  if (options_.writes) WriteFifth(kEmpty);
  Drop(kFrozen);
  Create(kFrozen);
  Query(&db_, "INSERT INTO ice SELECT key, value FROM live").Run();
  const double begin = Seconds();
  db_.Exec("INSERT INTO ice(ice) VALUES('freeze')");
  figures_.Add("freeze", "ns/key", 0, kFrozen, (Seconds() - begin) * 1e9 / static_cast<double>(n));
  figures_.Add("memory then", "bytes/key", 1, kFrozen, BytesPerKey(kFrozen));
}

// Freezes again after a change of every hundredth value.
void Bench::Refreeze() {
  const double n = static_cast<double>(c_.keys.size());
  Query(&db_, "UPDATE ice SET value = value + 1 WHERE value % 100 = 7").Run();
  const double begin = Seconds();
  db_.Exec("INSERT INTO ice(ice) VALUES('freeze')");
  figures_.Add("freeze again after a change of 1 %", "ns/key", 0, kFrozen,
               (Seconds() - begin) * 1e9 / n);
  db_.Exec("INSERT INTO ice(ice) VALUES('integrity-check')");
}

}  // namespace memkv::bench
