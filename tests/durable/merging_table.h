// A table t and its twin p, past the limit from which a thread merges, and the ways to bring them
// on.

#ifndef MEMKV_TESTS_DURABLE_MERGING_TABLE_H_
#define MEMKV_TESTS_DURABLE_MERGING_TABLE_H_

#include <unistd.h>

#include <string>

#include "tests/durable/twin.h"

namespace memkv::test {

// A table t and its twin p.
inline void Create(Db& db, const std::string& limit = "100kB") {
  db.Exec("CREATE VIRTUAL TABLE t USING memkv(delta_limit = '" + limit +
          "');"
          "CREATE TABLE p(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID");
}

// Brings t past its limit.
inline void Fill(Db& db, int rows = 5000) {
  db.Exec("BEGIN");
  for (const char* table : {"t", "p"}) {
    db.Exec(
        std::string("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ") +
        std::to_string(rows) + ") INSERT INTO " + table +
        " SELECT 'key ' || (i * 7919 % 1000003), 'value ' || i FROM n");
  }
  db.Exec("COMMIT");
}

// As Fill, with an image of some 12 MB.
inline void FillLarge(Db& db) {
  db.Exec(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO "
      "p SELECT 'large ' || i, randomblob(4000) FROM n");
  db.Exec("INSERT INTO t SELECT * FROM p");
}

inline void Both(Db& db, int i) {
  db.Exec("BEGIN");
  for (const char* table : {"t", "p"}) {
    const std::string at = table, n = std::to_string(i);
    db.Exec("REPLACE INTO " + at + " VALUES('new " + n + "', " + n + "); DELETE FROM " + at +
            " WHERE key = 'new " + std::to_string(i - 3) + "'; REPLACE INTO " + at +
            " VALUES('key 7919', " + n + ")");
  }
  db.Exec("COMMIT");
}

// Until the thread has built the image.
inline void AwaitImage(Db& db) {
  for (int i = 0; Stat(db, "phase") == "'build'"; ++i) {
    REQUIRE(i < 60'000);
    usleep(1000);
  }
}

inline std::string Pieces(Db& db) {
  return db.Rows(
      "SELECT ifnull(sum(length(data)), 0) FROM t_segment WHERE id >= (SELECT value FROM "
      "t_meta WHERE id = 8)");
}

// Small transactions until the merge is over and nothing is left over. How many that took.
inline int CommitUntilMerged(Db& db, int first) {
  for (int i = first;; ++i) {
    REQUIRE(i < first + 3000);
    if (Stat(db, "frozen_keys") != "0" && Stat(db, "phase") == "'idle'" &&
        db.Rows("SELECT count(*) FROM t_meta") == "3") {
      return i - first;
    }
    Both(db, i);
    usleep(200);
  }
}

}  // namespace memkv::test

#endif  // MEMKV_TESTS_DURABLE_MERGING_TABLE_H_
