// libFuzzer: any bytes as a database, opened by sqlite3_deserialize(); then everything that is done
// with a table is done with those in it. An error is a right answer; a crash, a leak, a statement
// that does not end, or a database that cannot be closed is not.

#include "tests/fuzz/database_images.h"

namespace memkv::test {
namespace {

// An image of a few bytes may stand for more rows than can ever be read: a statement is stopped
// when it has had its time, of the CPU; and has hardly any where those before it have had theirs,
// so that many images are tried.
constexpr double kStatementSeconds = 0.02, kAllSeconds = 0.1, kLeastSeconds = 0.001;

// Of databases whose table t cannot be read: it is tried all over again by each statement.
constexpr const char* kOfDamaged[] = {
    "SELECT * FROM t WHERE key LIKE 'a%'",
    "SELECT * FROM memkv_check('t')",
    "INSERT INTO t VALUES ('a', 1)",
    "INSERT INTO t(t) VALUES ('integrity-check')",
    "INSERT INTO t(t) VALUES ('rebuild')",
    "SELECT memkv_freeze('t')",
    "SELECT * FROM memkv_union('s', 'w')",
    "INSERT INTO s(s) VALUES ('freeze')",
    "INSERT INTO w(w) VALUES ('integrity-check')",
    "ALTER TABLE t RENAME TO u",
    "VACUUM",
    "DROP TABLE t",
};

constexpr const char* kQueries[] = {
    "SELECT * FROM t",
    "SELECT * FROM s ORDER BY rank DESC",
    "SELECT sum(a), max(b), total(c), length(group_concat(k)) FROM w",
    "SELECT *, rank FROM t WHERE key >= 'b' AND key < 'https://c' ORDER BY key DESC LIMIT 50",
    "SELECT * FROM t WHERE key = 'https://a.example/7'",
    "SELECT * FROM t WHERE key IN ('zebra', 'https://b.example/1', x'00', 5)",
    "SELECT * FROM t WHERE key LIKE 'HTTPS://a%' ORDER BY key DESC",
    "SELECT * FROM t WHERE key GLOB 'h*[0-5]?'",
    "SELECT count(*) FROM t WHERE key LIKE '%7'",
    "SELECT * FROM t WHERE rank BETWEEN 3 AND 9",
    "SELECT key FROM t LIMIT 3 OFFSET 20",
    "SELECT min(key), max(key) FROM t",
    "SELECT * FROM s WHERE word > 3 AND word < 'wood'",
    "SELECT t.key FROM s JOIN t ON t.key > s.word LIMIT 20",
    "SELECT s.word, t.value FROM s LEFT JOIN t ON t.key LIKE 'q%'",
    "SELECT memkv_count('t'), memkv_count('t', 'https://a'), memkv_count('t', 'a', 'z')",
    "SELECT count(*) FROM t WHERE has_prefix(key, 'https://')",
    "SELECT * FROM memkv_stats('t')",
    "SELECT * FROM memkv_check('t')",
    "SELECT * FROM memkv_facets('t', 'https://', '/', 2)",
    "SELECT * FROM memkv_fuzzy('s', 'wort', 2)",
    "SELECT * FROM memkv_lookup('t', '[\"zebra\", \"https://a.example/0\", 5]')",
    "SELECT * FROM memkv_union('t', 's')",
    "SELECT * FROM memkv_intersect('s', 'w')",
    "SELECT * FROM memkv_except('t', 's')",
    "SELECT * FROM memkv_folded('t', '/', 2)",
    "SELECT length(memkv_flame('t', '/'))",
    "SELECT * FROM u ORDER BY key DESC LIMIT 5",
    "SELECT * FROM n, t WHERE n.key = t.key",
    "INSERT INTO t(t) VALUES ('integrity-check')",
    "INSERT INTO w(w) VALUES ('integrity-check')",
    "PRAGMA integrity_check",
};

constexpr const char* kWrites[] = {
    "INSERT INTO t VALUES ('https://a.example/new', 12)",
    "INSERT INTO t(t, key, value) VALUES ('add', 'https://a.example/new', 3)",
    "UPDATE t SET value = rank WHERE key < 'https://b'",
    "UPDATE OR REPLACE t SET key = 'https://b' || rank WHERE rank < 4",
    "DELETE FROM t WHERE key > 'https://a.example/5' AND key < 'https://b.example/2'",
    "DELETE FROM t WHERE key LIKE 'https%' LIMIT 2",
    "INSERT INTO w VALUES (1, 'row', 'b', 2)",
    "REPLACE INTO w VALUES (2, 7, 'c', 3)",
    "INSERT INTO t(t, rank) VALUES ('merge', 1)",
    "INSERT INTO w(w, rank) VALUES ('merge', 1)",
    "INSERT INTO t(t) VALUES ('freeze')",
    "SELECT memkv_freeze('s')",
    "INSERT INTO t(t, key) VALUES ('delete-prefix', 'https://c')",
    "INSERT INTO t(t) VALUES ('rebuild')",
    "INSERT INTO s(s) VALUES ('truncate')",
    "INSERT OR IGNORE INTO n SELECT key, value FROM t",
    "INSERT OR REPLACE INTO u SELECT key, value FROM n",
    "INSERT INTO o SELECT * FROM v",
};

// What the DDL twin does (tests/random/ddl_twin.cc).
constexpr const char* kSchemaChanges[] = {
    "BEGIN",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT p",
    "SAVEPOINT p",
    "ROLLBACK TO p",
    "RELEASE p",
    "CREATE VIRTUAL TABLE n USING memkv",
    "CREATE VIRTUAL TABLE temp.n USING memkv",
    "CREATE VIRTUAL TABLE t USING memkv",
    "ALTER TABLE t RENAME TO u",
    "ALTER TABLE n RENAME TO t",
    "ALTER TABLE u RENAME TO n",
    "DROP TABLE t",
    "DROP TABLE n",
    "DROP TABLE w",
    "DROP TABLE s",
    "CREATE TABLE o AS SELECT * FROM t LIMIT 3",
    "CREATE VIEW v AS SELECT * FROM t",
    "CREATE TRIGGER g AFTER INSERT ON o BEGIN INSERT OR REPLACE INTO n SELECT * FROM t; END",
    "PRAGMA writable_schema = RESET",
    "VACUUM",
};

// An image always has the same statements, some of each kind.
void Exercise(std::string_view image) {
  FuzzedDatabase database(image);
  const double begin = CpuSeconds();
  auto run = [&](const char* statement) {
    database.StopIn(CpuSeconds() - begin < kAllSeconds ? kStatementSeconds : kLeastSeconds);
    return database.Run(statement);
  };
  std::minstd_rand random(static_cast<unsigned>(std::hash<std::string_view>{}(image)));
  auto run_one = [&](const auto& of) { run(of[random() % std::size(of)]); };
  const bool readable = run("SELECT count(*) FROM t");
  for (int i = 0; i < 4; ++i) {
    if (!readable) {
      run_one(kOfDamaged);
      continue;
    }
    run_one(kQueries);
    run_one(kWrites);
    run_one(kSchemaChanges);
    run_one(kSchemaChanges);
  }
}

}  // namespace
}  // namespace memkv::test

// What is freed is seen to be used long enough; to fill and to keep more takes most of the time.
extern "C" const char* __asan_default_options() {
  return "max_malloc_fill_size=0:quarantine_size_mb=16:thread_local_quarantine_size_kb=64:"
         "malloc_context_size=8:allocator_release_to_os_interval_ms=-1";
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  memkv::test::Exercise({reinterpret_cast<const char*>(data), size});
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  using namespace memkv::test;
  std::minstd_rand random(seed);
  (void)random();
  const std::string_view image(reinterpret_cast<char*>(data), size);
  std::string changed;
  if (!image.starts_with("SQLite format 3") || random() % 64 == 0) {
    changed = SoundImages()[random() % SoundImages().size()];
  } else if (random() % 8 != 0) {
    changed = Damaged(image, random);
  }
  if (changed.empty() || changed.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::memcpy(data, changed.data(), changed.size());
  return changed.size();
}
