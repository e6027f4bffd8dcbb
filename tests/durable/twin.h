// A memkv table t of a file beside its twin, an ordinary table p that was changed alike.

#ifndef MEMKV_TESTS_DURABLE_TWIN_H_
#define MEMKV_TESTS_DURABLE_TWIN_H_

#include <doctest/doctest.h>

#include <string>

#include "tests/sql/db.h"

namespace memkv::test {

// The connection's journal mode. Files keep that of WAL alone; a file in WAL mode stays in it.
inline void UseMode(Db& db, const std::string& mode) {
  if (mode != "wal") db.Run("PRAGMA journal_mode = " + mode);
}

// Both hold the same rows.
inline void RequireSame(Db& db) {
  db.Exec("BEGIN");
  REQUIRE(db.Rows("SELECT count(*) FROM t JOIN p USING(key) WHERE t.value IS p.value") ==
          db.Rows("SELECT count(*) FROM p"));
  REQUIRE(db.Rows("SELECT memkv_count('t')") == db.Rows("SELECT count(*) FROM p"));
  db.Exec("COMMIT");
}

// And what is stored is whole.
inline void RequireSound(Db& db) {
  RequireSame(db);
  REQUIRE(db.Error("INSERT INTO t(t) VALUES('integrity-check')") == "(succeeded)");
  REQUIRE(db.Rows("PRAGMA integrity_check") == "'ok'");
}

// What memkv_stats says of t.
inline std::string Stat(Db& db, const std::string& name) {
  return db.Rows("SELECT value FROM memkv_stats('t') WHERE name = '" + name + "'");
}

}  // namespace memkv::test

#endif  // MEMKV_TESTS_DURABLE_TWIN_H_
