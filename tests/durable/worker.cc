#include "tests/durable/worker.h"

#include <stdexcept>

namespace memkv::test {

void Worker::Create(const std::string& file, const std::string& mode) {
  Db db(file);
  db.Exec("PRAGMA journal_mode = " + mode);
  db.Exec(
      "CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, value, delta_limit = '20kB');"
      "CREATE TABLE p(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID;"
      "CREATE TABLE acknowledged(id INTEGER PRIMARY KEY, n)");
}

Worker::Worker(const std::string& file, uint64_t seed, Options options)
    : db_(file), random_(seed), options_(options) {
  sqlite3_busy_timeout(db_.handle(), 20000);
  db_.Exec("PRAGMA synchronous = NORMAL");
}

std::string Worker::Key() {
  const auto n = std::to_string(Below(static_cast<uint64_t>(options_.keys)));
  return Below(2) ? "http://host" + n : "k" + n;
}

bool Worker::Try(const std::string& sql) {
  const Result result = db_.Run(sql);
  if (result.ok()) return true;
  const int code = result.code & 0xff;
  const bool of_file = code == SQLITE_IOERR || code == SQLITE_FULL || code == SQLITE_NOMEM ||
                       code == SQLITE_CANTOPEN || code == SQLITE_ABORT || code == SQLITE_PROTOCOL;
  if (code != SQLITE_BUSY && code != SQLITE_LOCKED && code != SQLITE_SCHEMA &&
      !(of_file && options_.errors_allowed)) {
    throw std::runtime_error(sql + ": " + result.ToString());
  }
  ++busy;
  if (!db_.autocommit()) db_.Run("ROLLBACK");
  left_ = 0;
  savepoints_ = 0;
  writing_ = false;
  return false;
}

void Worker::Compare() {
  const bool alone = db_.autocommit();
  if (alone && !Try("BEGIN")) return;
  const Result t = db_.Run("SELECT key, value FROM t ORDER BY key"),
               p = db_.Run("SELECT key, value FROM p ORDER BY key");
  const Result count = db_.Run("SELECT memkv_count('t')");
  if (!t.ok() || !p.ok() || !count.ok()) {
    const std::string what = t.ok() ? p.ok() ? count.ToString() : p.ToString() : t.ToString();
    const int code = (t.ok() ? p.ok() ? count.code : p.code : t.code) & 0xff;
    if (code != SQLITE_BUSY && !options_.errors_allowed)
      throw std::runtime_error("comparing: " + what);
    if (!db_.autocommit()) db_.Run("ROLLBACK");
    left_ = 0;
    savepoints_ = 0;
    return;
  }
  if (t.rows != p.rows) {
    throw std::runtime_error(
        "memkv: " + Show(t.rows).substr(0, 3000) + "\nplain: " + Show(p.rows).substr(0, 3000) +
        "\n" +
        db_.Rows("SELECT id, hex(generation), length(data) FROM t_log ORDER BY id DESC LIMIT 5"));
  }
  if (count.rows[0][0] != IntegerCell(static_cast<sqlite3_int64>(p.rows.size())))
    throw std::runtime_error("memkv_count");
  ++comparisons;
  if (alone) Try("COMMIT");
}

// One change of both tables.
bool Worker::Change() {
  auto both = [this](const std::string& sql) {
    const size_t at = sql.find(" t");
    return Try(sql) && Try(std::string(sql).replace(at, 2, " p"));
  };
  const std::string value = std::to_string(Below(1000));
  switch (Below(options_.ddl ? 15 : 14)) {
    case 0:
    case 1:
      return both("DELETE FROM t WHERE key = '" + Key() + "'");
    case 2:
      return both("UPDATE t SET value = value || 'x' WHERE key >= '" + Key() +
                  "' AND key < 'http://host3'");
    case 3:
      return both("DELETE FROM t WHERE key > '" + Key() + "' AND key < 'k13'");
    case 4:
      if (savepoints_ < 3) {
        ++savepoints_;
        return Try("SAVEPOINT s" + std::to_string(savepoints_));
      }
      [[fallthrough]];
    case 5:
      if (savepoints_ > 0) return Try("ROLLBACK TO s" + std::to_string(savepoints_));
      return true;
    case 6:
      if (savepoints_ > 0) return Try("RELEASE s" + std::to_string(savepoints_--));
      return true;
    case 7:
      if (Below(4) == 0) return Try("SELECT memkv_freeze('t')");
      if (Below(4) == 0) return Try("INSERT INTO t(t, rank) VALUES('merge', 1)");
      return both("UPDATE OR REPLACE t SET key = key || '1' WHERE key = '" + Key() + "'");
    case 8:
      Compare();
      return !db_.autocommit();
    case 9:
      if (options_.large && Below(8) == 0) {
        return both(
            "INSERT OR REPLACE INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "
            "n WHERE i < 3000) "
            "SELECT 'z' || (i * 7919 % 3001), hex(zeroblob(40)) || " +
            value + " FROM n");
      }
      if (options_.large && Below(4) == 0) {
        return Try("INSERT INTO t(t, key) VALUES('delete-prefix', 'z')") &&
               Try("DELETE FROM p WHERE key >= 'z' AND key < '{'");
      }
      if (options_.large && Below(200) == 0)
        return Try("INSERT INTO t(t) VALUES('truncate')") && Try("DELETE FROM p");
      [[fallthrough]];
    default:
      if (Below(2)) return both("INSERT OR REPLACE INTO t VALUES('" + Key() + "', " + value + ")");
      return both("INSERT OR REPLACE INTO t VALUES('" + Key() + "', " + value + "), ('" + Key() +
                  "', 'text " + value + "')");
    case 14:
      return Try("CREATE TABLE IF NOT EXISTS ddl(x)") && Try("DROP TABLE ddl");
  }
}

void Worker::Finish() {
  left_ = 0;
  savepoints_ = 0;
  if (!writing_) {
    Try("COMMIT");
    return;
  }
  writing_ = false;
  if (Below(5) == 0) {
    ++rollbacks;
    db_.Exec("ROLLBACK");
    return;
  }
  ++counter_;
  if (!Try("INSERT OR REPLACE INTO acknowledged VALUES(1, " + std::to_string(counter_) + ")"))
    return;
  if (!Try("COMMIT")) return;
  ++commits;
  committed_ = counter_;
}

void Worker::SmallStep() {
  if (db_.autocommit()) {
    left_ = savepoints_ = 0;
    writing_ = Below(3) != 0;
    // A deferred transaction sees a snapshot first, and may be refused when it comes to write.
    if (!Try(writing_ ? "BEGIN IMMEDIATE" : "BEGIN")) return;
    left_ = 1 + static_cast<int>(Below(10));
    return;
  }
  if (left_-- <= 0) return Finish();
  if (writing_) {
    Change();
  } else if (Below(8) == 0) {
    writing_ = true;
    Change();
  } else {
    Compare();
  }
}

void Worker::Step() {
  do {
    SmallStep();
  } while (!db_.autocommit());
}

}  // namespace memkv::test
