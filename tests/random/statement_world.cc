#include "tests/random/statement_world.h"

#include <stdexcept>

#include "tests/random/statement_functions.h"

namespace memkv::test {
namespace {

// How many instructions of SQLite's machine a statement may take, so that a join of everything with
// everything does not hold up the rest: of the twin, and of the others, which may have worse plans.
constexpr int kStride = 10000;
constexpr int64_t kBudget = 400000, kWorse = 50;

bool Prepares(const char* sql) {
  Db db(":memory:", Load::kNothing);
  db.Exec("CREATE TABLE t(x)");
  return db.Run(sql).ok();
}

}  // namespace

const Abilities& AbilitiesOfSqlite() {
  static const Abilities abilities = {Prepares("DELETE FROM t WHERE x = 1 LIMIT 1"),
                                      Prepares("SELECT * FROM t RIGHT JOIN t AS u ON t.x = u.x"),
                                      Prepares("SELECT x IS NOT DISTINCT FROM 1 FROM t")};
  return abilities;
}

std::string Outcome::ToString() const {
  std::string out = result.ToString();
  if (changes != 0) out += "; changes " + std::to_string(changes);
  return out + (autocommit ? "" : "; in a transaction");
}

World::World(const Case& c, Plans plans, const std::string& folder)
    : plans_(plans),
      file_(c.file ? folder + "/" + std::to_string(static_cast<int>(plans)) + ".db" : ":memory:") {
  const bool memkv = IsMemkv();
  Connect(c);
  if (c.file) db(0).Exec("CREATE TABLE written(x); INSERT INTO written VALUES(0)");
  for (const Table& t : c.tables) {
    const bool as_memkv = memkv && t.memkv;
    db(0).Exec(t.Create(as_memkv, c.durable));
    std::string columns;
    for (const Column& column : t.columns) columns += (columns.empty() ? "" : ", ") + column.name;
    std::string key;
    for (const std::string& column : t.Key("")) key += (key.empty() ? "" : ", ") + column;
    contents_sql_.push_back("SELECT " + columns + " FROM " + t.name + " ORDER BY " + key);
    if (as_memkv || plans == Plans::kUnindexed) continue;
    for (const std::string& sql : t.CreateIndexes()) db(0).Exec(sql);
  }
}

void World::Reopen(const Case& c) {
  open_.clear();
  kept_.clear();
  contents_.clear();
  connections_.clear();
  Connect(c);
}

void World::Connect(const Case& c) {
  for (int i = 0; i < (c.file ? 2 : 1); ++i) {
    connections_.push_back(std::make_unique<Db>(file_, IsMemkv() ? Load::kModule : Load::kNothing));
    Db& db = *connections_.back();
    if (!IsMemkv()) DefineHasPrefix(db.handle());
    DefineRegexp(db.handle(), c.regexp);
    db.Exec("PRAGMA synchronous = OFF");
    if (c.file) db.Exec("PRAGMA journal_mode = WAL");
    if (c.case_sensitive_like) db.Exec("PRAGMA case_sensitive_like = 1");
    for (const Table& t : c.tables) {
      if (t.schema != "aux") continue;
      db.Exec("ATTACH ':memory:' AS aux");
      break;
    }
    if (plans_ == Plans::kReversed) db.Exec("PRAGMA reverse_unordered_selects = 1");
    if (plans_ == Plans::kUnoptimized) {
      sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, db.handle(), 0xffffffff);
      db.Exec("PRAGMA automatic_index = 0");
      DefinePatterns(db.handle(), c.case_sensitive_like);
    }
    constexpr int kFlattener = 1;
    if (plans_ == Plans::kUnflattened)
      sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, db.handle(), kFlattener);
    sqlite3_progress_handler(
        db.handle(), kStride,
        [](void* world) {
          auto* self = static_cast<World*>(world);
          self->budget_ -= kStride;
          if (self->budget_ > 0) return 0;
          self->exhausted_ = true;
          return 1;
        },
        this);
  }
}

void World::Limit() {
  budget_ = plans_ == Plans::kTwin ? kBudget : kBudget * kWorse;
  exhausted_ = false;
}

Outcome World::Finish(int connection, Result result) {
  Outcome out;
  out.result = std::move(result);
  out.changes = sqlite3_changes(db(connection).handle());
  out.autocommit = db(connection).autocommit();
  return out;
}

Outcome World::Run(int connection, const std::string& sql, const Row& parameters) {
  Limit();
  return Finish(connection, db(connection).Run(sql, parameters));
}

void World::Keep(int slot, int connection, const std::string& sql) {
  Limit();
  sqlite3_stmt* stmt = nullptr;
  Statement kept{connection, nullptr, {}};
  if (sqlite3_prepare_v2(db(connection).handle(), sql.c_str(), -1, &stmt, nullptr) != SQLITE_OK) {
    kept.failure.code = sqlite3_extended_errcode(db(connection).handle());
    kept.failure.message = sqlite3_errmsg(db(connection).handle());
  }
  kept.stmt.reset(stmt);
  kept_.insert_or_assign(slot, std::move(kept));
}

Outcome World::RunKept(int slot, const Row& parameters) {
  const auto at = kept_.find(slot);
  if (at == kept_.end()) return {};
  const Statement& kept = at->second;
  Limit();
  if (!kept.stmt) return Finish(kept.connection, kept.failure);
  return Finish(kept.connection, StepAll(db(kept.connection), kept.stmt.get(), parameters));
}

Result World::Contents(int connection) {
  Limit();
  Result all;
  for (size_t i = 0; i < contents_sql_.size(); ++i) {
    auto& stmt = contents_[{connection, i}];
    if (!stmt) {
      sqlite3_stmt* prepared = nullptr;
      sqlite3_prepare_v2(db(connection).handle(), contents_sql_[i].c_str(), -1, &prepared, nullptr);
      stmt.reset(prepared);
    }
    Result one =
        stmt ? StepAll(db(connection), stmt.get(), {}) : db(connection).Run(contents_sql_[i]);
    if (!one.ok()) return one;
    for (Row& row : one.rows) {
      row.insert(row.begin(), IntegerCell(static_cast<sqlite3_int64>(i)));
      all.rows.push_back(std::move(row));
    }
  }
  return all;
}

void World::Open(int slot, int connection, const std::string& sql, const Row& parameters) {
  Limit();
  open_[slot] = std::make_unique<Cursor>(db(connection), sql, parameters);
}

Cursor* World::open(int slot) {
  const auto at = open_.find(slot);
  return at == open_.end() ? nullptr : at->second.get();
}

}  // namespace memkv::test
