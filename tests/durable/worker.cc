#include "tests/durable/worker.h"

#include <stdexcept>

#include "tests/durable/twin.h"

namespace memkv::test {
namespace {

constexpr char kMade[] = "USING memkv(key TEXT PRIMARY KEY, value, delta_limit = '20kB')";

std::string Replaced(std::string sql, const std::string& table) {
  for (size_t at = 0; (at = sql.find('$', at)) != sql.npos; at += table.size())
    sql.replace(at, 1, table);
  return sql;
}

}  // namespace

void Worker::Create(const std::string& file, const std::string& mode) {
  Db db(file);
  db.Exec("PRAGMA journal_mode = " + mode);
  db.Exec(std::string("CREATE VIRTUAL TABLE t ") + kMade);
  db.Exec(
      "CREATE TABLE p(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID;"
      "CREATE TABLE acknowledged(id INTEGER PRIMARY KEY, n)");
}

Worker::Worker(const std::string& file, uint64_t seed, Options options)
    : db_(file), random_(seed), options_(options) {
  sqlite3_busy_timeout(db_.handle(), 20000);
  UseMode(db_, options_.mode);
  db_.Exec("PRAGMA synchronous = NORMAL");
}

std::string Worker::Key() {
  const auto n = std::to_string(Below(static_cast<uint64_t>(options_.keys)));
  return Below(2) ? "http://host" + n : "k" + n;
}

std::string Worker::OnMemkv(const std::string& sql) const { return Replaced(sql, name_); }
std::string Worker::OnPlain(const std::string& sql) { return Replaced(sql, "p"); }

bool Worker::Try(const std::string& sql) { return Passed(db_.Run(sql), sql); }

bool Worker::TryBoth(const std::string& sql) { return Try(OnMemkv(sql)) && Try(OnPlain(sql)); }

bool Worker::FindTable() {
  if (!options_.remade) return true;
  const std::string sql = "SELECT name FROM sqlite_schema WHERE name IN ('t', 'u')";
  const Result found = db_.Run(sql);
  if (!Passed(found, sql)) return false;
  if (found.rows.size() != 1) throw std::runtime_error("tables: " + found.ToString());
  name_ = found.rows[0][0].substr(1);
  return true;
}

bool Worker::Passed(const Result& result, const std::string& sql) {
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
  if (alone && !Begin("BEGIN")) return;
  const Result t = db_.Run(OnMemkv("SELECT key, value FROM $ ORDER BY key")),
               p = db_.Run("SELECT key, value FROM p ORDER BY key");
  const Result count = db_.Run(OnMemkv("SELECT memkv_count('$')"));
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
        db_.Rows(OnMemkv(
            "SELECT id, hex(generation), length(data) FROM $_log ORDER BY id DESC LIMIT 5")));
  }
  if (count.rows[0][0] != IntegerCell(static_cast<sqlite3_int64>(p.rows.size())))
    throw std::runtime_error("memkv_count");
  ++comparisons;
  if (alone) Try("COMMIT");
}

void Worker::RequireSound() {
  db_.Exec("BEGIN");
  if (!FindTable()) throw std::runtime_error("the tables cannot be read");
  db_.Exec("COMMIT");
  db_.Exec(OnMemkv("INSERT INTO $($) VALUES('integrity-check')"));
  const std::string checked = db_.Rows("PRAGMA integrity_check");
  if (checked != "'ok'") throw std::runtime_error(checked);
}

// One change of both tables.
bool Worker::Change() {
  if (options_.remade && Below(12) == 0) return Remake();
  const std::string value = std::to_string(Below(1000));
  switch (Below(options_.ddl ? 15 : 14)) {
    case 0:
    case 1:
      return TryBoth("DELETE FROM $ WHERE key = '" + Key() + "'");
    case 2:
      return TryBoth("UPDATE $ SET value = value || 'x' WHERE key >= '" + Key() +
                     "' AND key < 'http://host3'");
    case 3:
      return TryBoth("DELETE FROM $ WHERE key > '" + Key() + "' AND key < 'k13'");
    case 4:
      if (savepoints_ < 3) {
        ++savepoints_;
        return Try("SAVEPOINT s" + std::to_string(savepoints_));
      }
      [[fallthrough]];
    case 5:
      return savepoints_ == 0 ||
             (Try("ROLLBACK TO s" + std::to_string(savepoints_)) && FindTable());
    case 6:
      if (savepoints_ > 0) return Try("RELEASE s" + std::to_string(savepoints_--));
      return true;
    case 7:
      if (Below(4) == 0) return Try(OnMemkv("SELECT memkv_freeze('$')"));
      if (Below(4) == 0) return Try(OnMemkv("INSERT INTO $($, rank) VALUES('merge', 1)"));
      return TryBoth("UPDATE OR REPLACE $ SET key = key || '1' WHERE key = '" + Key() + "'");
    case 8:
      Compare();
      return !db_.autocommit();
    case 9:
      if (options_.large) return ChangeMany(value);
      [[fallthrough]];
    default:
      if (Below(2))
        return TryBoth("INSERT OR REPLACE INTO $ VALUES('" + Key() + "', " + value + ")");
      return TryBoth("INSERT OR REPLACE INTO $ VALUES('" + Key() + "', " + value + "), ('" + Key() +
                     "', 'text " + value + "')");
    case 14:
      return Try("CREATE TABLE IF NOT EXISTS ddl(x)") && Try("DROP TABLE ddl");
  }
}

bool Worker::ChangeMany(const std::string& value) {
  if (Below(8) == 0) {
    return TryBoth(
        "INSERT OR REPLACE INTO $ WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 3000) SELECT 'z' || (i * 7919 % 3001), hex(zeroblob(40)) || " +
        value + " FROM n");
  }
  if (Below(4) == 0) {
    return Try(OnMemkv("INSERT INTO $($, key) VALUES('delete-prefix', 'z')")) &&
           Try("DELETE FROM p WHERE key >= 'z' AND key < '{'");
  }
  if (Below(200) == 0)
    return Try(OnMemkv("INSERT INTO $($) VALUES('truncate')")) && Try("DELETE FROM p");
  return TryBoth("INSERT OR REPLACE INTO $ VALUES('" + Key() + "', " + value + ")");
}

bool Worker::Remake() {
  switch (Below(4)) {
    case 0:
    case 1: {
      const std::string other = name_ == "t" ? "u" : "t";
      if (!Try("ALTER TABLE " + name_ + " RENAME TO " + other)) return false;
      name_ = other;
      return true;
    }
    case 2:
      return Try("DROP TABLE " + name_) && Try(std::string("CREATE VIRTUAL TABLE t ") + kMade) &&
             Try("DELETE FROM p") && FindTable();
    default:
      return Try("DROP TABLE " + name_) && Try(std::string("CREATE VIRTUAL TABLE t ") + kMade) &&
             Try("INSERT INTO t SELECT key, value FROM p") && FindTable();
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
    if (!Begin(writing_ ? "BEGIN IMMEDIATE" : "BEGIN")) return;
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
