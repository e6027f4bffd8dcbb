// What is in memory is what is stored, however that came to be: restored copies, commits that were
// undone behind SQLite's back; and it is there once, however many connections look at it.

#include <doctest/doctest.h>
#include <malloc.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

void Restore(Db& to, Db& from) {
  sqlite3_backup* backup = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
  REQUIRE(backup != nullptr);
  REQUIRE(sqlite3_backup_step(backup, -1) == SQLITE_DONE);
  REQUIRE(sqlite3_backup_finish(backup) == SQLITE_OK);
}

// Heap and mappings of this process that are resident; 0 where that is not known, or where a
// sanitizer's allocator keeps what was freed.
uint64_t HeldBytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 0;
#endif
  malloc_trim(0);
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("RssAnon:")) return std::stoull(line.substr(8)) * 1024;
  }
  return 0;
}

}  // namespace

TEST_CASE("a commit that was undone, and another in its place with the same row number") {
  Folder folder;
  Db a(folder / "a.db"), other(folder / "a.db"), copy(folder / "copy.db");
  a.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1)");
  CHECK(other.Rows("SELECT key FROM t") == "'a'");
  Restore(copy, a);
  a.Exec("INSERT INTO t VALUES('lost', 1)");
  CHECK(a.Rows("SELECT key FROM t") == "'a' | 'lost'");
  Restore(other, copy);
  CHECK(a.Rows("SELECT key FROM t") == "'a'");
  a.Exec("INSERT INTO t VALUES('lost', 1)");
  Restore(other, copy);
  other.Exec("INSERT INTO t VALUES('won', 1)");  // the same id in t_log
  CHECK(a.Rows("SELECT key FROM t") == "'a' | 'won'");
  a.Exec("INSERT INTO t VALUES('x', 1)");
  CHECK(other.Rows("SELECT key FROM t") == "'a' | 'won' | 'x'");
  a.Exec("INSERT INTO t(t) VALUES('integrity-check')");
}

TEST_CASE("shadow tables that are damaged are reported, wherever they are") {
  struct Damage {
    const char* sql;
    const char* message;
  };
  const Damage damages[] = {
      {"UPDATE t_log SET data = zeroblob(length(data))",
       "memkv: log row 1: does not have its generation's content"},
      {"UPDATE t_log SET generation = x'00'", "memkv: t_log: row 1 has no generation"},
      {"UPDATE t_log SET data = x''", "memkv: log row 1: is malformed"},
      {"UPDATE t_segment SET data = zeroblob(length(data))",
       "memkv: the frozen image does not have its generation's content"},
      {"DELETE FROM t_segment", "memkv: the frozen image does not have its generation's content"},
      {"UPDATE t_meta SET value = 2 WHERE id = 1", "memkv: t_meta: format 2 (this build reads: 1)"},
      {"DELETE FROM t_meta", "memkv: t_meta: no generation"},
      {"DELETE FROM t_log WHERE id = 1; INSERT INTO t_log VALUES(1, randomblob(16), x'0000')",
       "memkv: log row 1: does not have its generation's content"},
  };
  for (const Damage& damage : damages) {
    CAPTURE(damage.sql);
    Folder folder;
    {
      Db db(folder / "a.db");
      db.Exec(
          "CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1); SELECT "
          "memkv_freeze('t'); INSERT INTO t VALUES('b', 1)");
    }
    {
      Db db(folder / "a.db");
      db.Exec(damage.sql);
    }
    Db db(folder / "a.db");
    const Result result = db.Run("SELECT * FROM t");
    CHECK(result.code == SQLITE_CORRUPT_VTAB);
    CHECK(result.message == damage.message);
    CHECK(db.Code("INSERT INTO t VALUES('x', 1)") == SQLITE_CORRUPT_VTAB);
    db.Exec("DROP TABLE t");
    CHECK(db.Rows("SELECT count(*) FROM sqlite_schema") == "0");
  }
}

TEST_CASE("eight connections take little more memory than one") {
  for (bool frozen : {false, true}) {
    if (HeldBytes() == 0) return;
    CAPTURE(frozen);
    Folder folder;
    {
      Db db(folder / "a.db");
      db.Exec("CREATE VIRTUAL TABLE t USING memkv");
      db.Exec(
          "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
          "300000) "
          // As many bytes of a key are its own as of a URL.
          "SELECT printf('https://www.example.com/%08x/page%06x', i * 2654435761 & 0xffffffff, i * "
          "40503 & 0xffffff), i FROM n");
      if (frozen) db.Exec("SELECT memkv_freeze('t')");
    }
    std::vector<std::unique_ptr<Db>> connections;
    uint64_t used[2] = {};
    const uint64_t before = HeldBytes();
    for (int i = 0; i < 8; ++i) {
      connections.push_back(std::make_unique<Db>(folder / "a.db"));
      connections.back()->Exec("PRAGMA cache_size = 10");
      CHECK(connections.back()->Rows("SELECT count(*) FROM t") == "300000");
      sqlite3_db_release_memory(connections.back()->handle());
      if (i == 0) used[0] = HeldBytes() - before;
    }
    used[1] = HeldBytes() - before;
    CHECK(static_cast<double>(used[1]) < 1.2 * static_cast<double>(used[0]));
    MESSAGE("one: ", used[0], " bytes, eight: ", used[1]);
    // All of it goes with the last of them.
    connections.clear();
    CHECK(HeldBytes() < before + used[0] / 2);
  }
}

}  // namespace memkv::test
