// Database images for the fuzzer: a few that are sound, in every state that a stored table has, and
// a way to damage one that is worth reading: rows of the shadow tables changed and the checksums
// over them made right again, so that what lies behind them is reached.

#ifndef MEMKV_TESTS_FUZZ_DATABASE_IMAGES_H_
#define MEMKV_TESTS_FUZZ_DATABASE_IMAGES_H_

#include <sqlite3.h>
#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/store/storage.h"
#include "ext/memkv.h"
#include "ext/sqlite.h"
#include "tests/core/fst_repair.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace memkv::test {

// The tables of every image, and how many columns a row of theirs has.
struct FuzzedTable {
  const char *name, *columns;
  size_t row_columns;
};
inline constexpr FuzzedTable kFuzzedTables[] = {
    {"t", "key TEXT PRIMARY KEY, value", 1},
    {"s", "word PRIMARY KEY", 0},
    {"w", "a INTEGER, k BLOB PRIMARY KEY, b TEXT NOT NULL, c REAL", 3},
};

inline double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// A database in memory that has memkv. Empty bytes: a new one.
class FuzzedDatabase {
 public:
  explicit FuzzedDatabase(std::string_view image) {
    if (sqlite3_open(":memory:", &db_) != SQLITE_OK) std::abort();
    sqlite3_memkv_init(db_, nullptr, nullptr);
    // An image is a stranger's.
    sqlite3_db_config(db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    if (image.empty()) return;
    auto* copy = static_cast<unsigned char*>(sqlite3_malloc64(image.size()));
    std::memcpy(copy, image.data(), image.size());
    // In memory there is no WAL to be read, and so no file that asks for one can be.
    if (image.size() > 19 && copy[18] == 2 && copy[19] == 2) copy[18] = copy[19] = 1;
    const auto size = static_cast<sqlite3_int64>(image.size());
    (void)sqlite3_deserialize(db_, "main", copy, size, size,
                              SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
    sqlite3_int64 limit = 16 << 20;
    sqlite3_file_control(db_, "main", SQLITE_FCNTL_SIZE_LIMIT, &limit);
  }
  // Nothing of ours may keep the database open.
  ~FuzzedDatabase() {
    if (sqlite3_close(db_) != SQLITE_OK) std::abort();
  }
  FuzzedDatabase(const FuzzedDatabase&) = delete;
  FuzzedDatabase& operator=(const FuzzedDatabase&) = delete;

  sqlite3* db() { return db_; }
  // From then on, in seconds of the CPU, statements are interrupted.
  void StopIn(double seconds) {
    until_ = CpuSeconds() + seconds;
    sqlite3_progress_handler(db_, 50, &Stop, this);
  }
  bool Run(const std::string& sql) {
    return sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  std::string Image() {
    sqlite3_int64 size = 0;
    unsigned char* bytes = sqlite3_serialize(db_, "main", &size, 0);
    if (bytes == nullptr) return "";
    std::string image(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
    sqlite3_free(bytes);
    return image;
  }

 private:
  static int Stop(void* self) { return CpuSeconds() > static_cast<FuzzedDatabase*>(self)->until_; }

  sqlite3* db_ = nullptr;
  double until_ = 0;
};

// As a merge leaves it that has written half of its image. `merged`: the same, frozen.
inline void HalfMerge(sqlite3* db, sqlite3* merged) {
  for (const FuzzedTable& table : kFuzzedTables) {
    const std::string t = table.name;
    sql::Statement read(merged, "SELECT data FROM " + t + "_segment");
    read.Step();
    const std::string image(read.Blob(0)),
        id = FirstGeneration(table.row_columns).Chain(image).Encode();
    sql::Statement meta(
        db, "INSERT INTO " + t + "_meta VALUES (4, 'merge generation', (SELECT generation FROM " +
                t + "_log ORDER BY id DESC LIMIT 1)), (5, 'merge log id', (SELECT max(id) FROM " +
                t +
                "_log)), (6, 'merge image', ?1), (7, 'merge bytes', ?2), (8, 'merge segment', "
                "(SELECT max(id) + 1 FROM " +
                t + "_segment))");
    meta.BindBlob(1, id);
    meta.Bind(2, static_cast<int64_t>(image.size()));
    meta.Step();
    sql::Statement piece(db, "INSERT INTO " + t + "_segment(data) VALUES (?1)");
    piece.BindBlob(1, std::string_view(image).substr(0, image.size() / 2));
    piece.Step();
  }
}

// Empty; never frozen; frozen; frozen and written to; merged halfway; frozen twice.
inline const std::vector<std::string>& SoundImages() {
  static const std::vector<std::string> images = [] {
    const std::string rows = R"(
      WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
      INSERT INTO t SELECT 'https://' || char(97 + i % 5) || '.example/' || (i * 7919 % 100),
                           iif(i % 4, i * i, 'text ' || i) FROM n;
      INSERT INTO s VALUES ('word'), ('wood'), ('world'), (5), (2.5), (x'00ff'), ('');
      INSERT INTO w VALUES (1, x'00', 'a', 0.5), (NULL, 'k', 'b', NULL), (-1, 7, '', 1e300);)";
    const std::string more = R"(
      BEGIN; DELETE FROM t WHERE key > 'https://c' AND key < 'https://d';
      INSERT OR REPLACE INTO t VALUES ('https://a.example/7', NULL), ('zebra', 1.5); COMMIT;
      INSERT INTO s(s, word) VALUES ('delete-prefix', 'wo'); REPLACE INTO s VALUES ('new');
      UPDATE w SET c = a, b = 'longer than it was' WHERE a > 0; DELETE FROM w WHERE a IS NULL;)";
    std::string create = "PRAGMA page_size = 512;", freeze;
    for (const FuzzedTable& table : kFuzzedTables) {
      const std::string t = table.name;
      create += "CREATE VIRTUAL TABLE " + t + " USING memkv(" + table.columns + ", durable = on);";
      freeze += "INSERT INTO " + t + "(" + t + ") VALUES ('freeze');";
    }
    auto make = [&](FuzzedDatabase& database, const std::string& script) {
      if (database.Run(create + script)) return;
      std::fprintf(stderr, "a sound image cannot be made: %s\n", sqlite3_errmsg(database.db()));
      std::abort();
    };
    std::vector<std::string> out;
    for (const std::string& script : {std::string(), rows, rows + freeze, rows + freeze + more,
                                      rows + freeze + more + freeze + more}) {
      FuzzedDatabase database("");
      make(database, script);
      out.push_back(database.Image());
    }
    FuzzedDatabase database(""), merged("");
    make(database, rows + freeze + more);
    make(merged, rows + freeze + more + freeze);
    HalfMerge(database.db(), merged.db());
    out.push_back(database.Image());
    return out;
  }();
  return images;
}

// What a hostile database may hold instead. ?1 is any number.
inline constexpr const char* kHostileEdits[] = {
    "UPDATE t_meta SET value = value || x'00' WHERE id = 2",
    "UPDATE t_meta SET value = NULL WHERE id = 1 + ?1 % 8",
    "UPDATE t_meta SET value = ?1 WHERE id = 1 + ?1 % 8",
    "UPDATE t_meta SET value = -1 WHERE id IN (5, 7, 8)",
    "UPDATE t_meta SET value = 9223372036854775807 WHERE id IN (5, 7, 8)",
    "UPDATE t_meta SET value = 'text' WHERE id > 3",
    "DELETE FROM t_meta WHERE id = 1 + ?1 % 8",
    "UPDATE t_meta SET id = id + 1 WHERE id = 8",
    "DELETE FROM t_log WHERE id = (SELECT id FROM t_log LIMIT 1 OFFSET ?1 % 3)",
    "UPDATE t_log SET id = id + ?1",
    "UPDATE t_log SET id = -id",
    "UPDATE t_log SET id = 9223372036854775807 WHERE id = (SELECT max(id) FROM t_log)",
    "UPDATE t_log SET data = CAST(data AS TEXT)",
    "UPDATE t_log SET data = NULL",
    "UPDATE t_log SET data = x''",
    "UPDATE t_log SET data = x'01' || substr(data, 2)",
    "UPDATE t_log SET generation = zeroblob(16)",
    "INSERT INTO t_log SELECT id + 1, generation, data FROM t_log ORDER BY id DESC LIMIT 1",
    "INSERT INTO t_log SELECT ifnull(max(id), 0) + 1, zeroblob(16), x'00' || randomblob(?1 % 50) "
    "FROM t_log",
    "UPDATE t_segment SET data = ?1",
    "UPDATE t_segment SET id = -id",
    "UPDATE t_segment SET data = substr(data, 1, ?1 % 3000)",
    "INSERT INTO t_segment(data) SELECT data FROM t_segment",
    "INSERT INTO t_segment(data) VALUES (zeroblob(?1 % 5000))",
    "INSERT INTO s_segment(data) SELECT data FROM t_segment",
    "UPDATE s_meta SET value = (SELECT value FROM t_meta m WHERE m.id = s_meta.id)",
    "DROP TABLE t_log",
    "DROP TABLE t_meta",
    "DROP TABLE t_segment",
    "DROP TABLE t_log; CREATE VIEW t_log AS SELECT 1 AS id, zeroblob(16) AS generation, x'00' AS "
    "data",
    "DROP TABLE t_log; CREATE VIEW t_log AS SELECT rank AS id, zeroblob(16) AS generation, key AS "
    "data FROM t",
    "DROP TABLE t_segment; CREATE TABLE t_segment(id TEXT PRIMARY KEY, data) WITHOUT ROWID",
    "DROP TABLE t_segment; CREATE VIEW t_segment AS WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
    "FROM n) SELECT i AS id, zeroblob(100) AS data FROM n",
    "CREATE TRIGGER a AFTER INSERT ON t_log BEGIN INSERT INTO t VALUES ('again', 1); END",
    "CREATE TRIGGER b AFTER INSERT ON t_log BEGIN DELETE FROM t; END",
    "CREATE TRIGGER c BEFORE DELETE ON t_log BEGIN INSERT INTO t(t) VALUES ('freeze'); END",
    "CREATE TRIGGER d AFTER INSERT ON t_segment BEGIN DELETE FROM t_segment; END",
    "CREATE TRIGGER e AFTER UPDATE ON t_meta BEGIN INSERT INTO s(s) VALUES ('truncate'); END",
    "CREATE TRIGGER f AFTER INSERT ON t_log BEGIN SELECT raise(IGNORE); END",
    "CREATE TRIGGER g AFTER INSERT ON t_log BEGIN SELECT count(*) FROM t; END",
    "CREATE UNIQUE INDEX i ON t_log(substr(data, 1, 1))",
    "ALTER TABLE t_log ADD COLUMN x DEFAULT 1",
    "ALTER TABLE t_meta DROP COLUMN name",
    "CREATE TABLE t_row(x)",
    "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE t USING "
    "memkv(key INTEGER PRIMARY KEY, a, b, c)' WHERE name = 't'",
    "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE t USING "
    "memkv(key PRIMARY KEY, value NOT NULL, delta_limit = ''1kB'', durable = on)' WHERE name = 't'",
    "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE t USING "
    "memkv(key, value, durable = off)' WHERE name = 't'",
    "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE t USING "
    "memkv(file = ''/dev/null'')' WHERE name = 't'",
    "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = replace(sql, 'memkv', "
    "'memkv_stats') WHERE name = 't'",
    "PRAGMA auto_vacuum = 1; VACUUM",
    "PRAGMA page_size = 1024; VACUUM",
};

// Makes the checksums of a table right: those in its image, the image's id, and the chain of the
// log's generations. Leaves what has none.
inline void RepairStored(sqlite3* db, const FuzzedTable& table) {
  using sql::Statement;
  const std::string name = table.name;
  const std::string base =
      " WHERE id < ifnull((SELECT value FROM " + name + "_meta WHERE id = 8), 1 << 62)";
  std::string image;
  int64_t first = 0, rows = 0;
  {
    Statement read(db, "SELECT id, data FROM " + name + "_segment" + base + " ORDER BY id");
    for (; read.Step(); ++rows) {
      if (rows == 0) first = read.Int(0);
      image += read.Blob(1);
    }
  }
  Generation generation = FirstGeneration(table.row_columns);
  if (rows > 0) {
    Repair(&image, true);
    generation = generation.Chain(image);
    Statement(db, "DELETE FROM " + name + "_segment" + base + " AND id <> " + std::to_string(first))
        .Step();
    Statement write(db, "UPDATE " + name + "_segment SET data = ?1 WHERE id = ?2");
    write.BindBlob(1, image);
    write.Bind(2, first);
    write.Step();
  }
  const std::string id = generation.Encode();
  Statement meta(db, "UPDATE " + name + "_meta SET value = ?1 WHERE id IN (2, 3)");
  meta.BindBlob(1, id);
  meta.Step();
  std::vector<std::pair<int64_t, std::string>> log;
  {
    Statement read(db, "SELECT id, data FROM " + name + "_log ORDER BY id");
    while (read.Step()) log.emplace_back(read.Int(0), read.Blob(1));
  }
  for (const auto& [row, data] : log) {
    generation = generation.Chain(data);
    const std::string encoded = generation.Encode();
    Statement write(db, "UPDATE " + name + "_log SET generation = ?1 WHERE id = ?2");
    write.BindBlob(1, encoded);
    write.Bind(2, row);
    write.Step();
  }
}

// Changes one row of one table's log or image.
template <class Random>
void DamageRow(sqlite3* db, Random& random) {
  using sql::Statement;
  const FuzzedTable& table = kFuzzedTables[random() % std::size(kFuzzedTables)];
  const std::string shadow = std::string(table.name) + (random() % 2 ? "_log" : "_segment");
  int64_t id;
  std::string data;
  {
    Statement pick(db, "SELECT id, data FROM " + shadow +
                           " ORDER BY id LIMIT 1 OFFSET ?1 % "
                           "max(1, (SELECT count(*) FROM " +
                           shadow + "))");
    pick.Bind(1, static_cast<int64_t>(random()));
    if (!pick.Step()) return;
    id = pick.Int(0);
    data = pick.Blob(1);
  }
  const size_t size = data.size(), most = size + 256;
  data.resize(most);
  data.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(data.data()), size, most));
  {
    Statement write(db, "UPDATE " + shadow + " SET data = ?1 WHERE id = ?2");
    write.BindBlob(1, data);
    write.Bind(2, id);
    write.Step();
  }
  RepairStored(db, table);
}

// Empty: it cannot be done to this image, or not in this time.
inline constexpr double kDamageSeconds = 0.05;
template <class Random>
std::string Damaged(std::string_view image, Random& random) {
  try {
    FuzzedDatabase database(image);
    database.StopIn(kDamageSeconds);
    if (random() % 8 == 0) {
      std::string edit = kHostileEdits[random() % std::size(kHostileEdits)];
      const std::string number = std::to_string(random() % 100'000);
      for (size_t at; (at = edit.find("?1")) != std::string::npos;) edit.replace(at, 2, number);
      if (!database.Run(edit)) return "";
    } else {
      DamageRow(database.db(), random);
    }
    return database.Image();
  } catch (const sql::SqlError&) {
    return "";
  } catch (const std::bad_alloc&) {  // over SQLite's limit, as an image may want
    return "";
  }
}

}  // namespace memkv::test

#endif  // MEMKV_TESTS_FUZZ_DATABASE_IMAGES_H_
