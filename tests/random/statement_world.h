// One side of a case: the database, its connections and the functions they have.

#ifndef MEMKV_TESTS_RANDOM_STATEMENT_WORLD_H_
#define MEMKV_TESTS_RANDOM_STATEMENT_WORLD_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/random/statement_case.h"
#include "tests/sql/db.h"

namespace memkv::test {

// kMemkv is what is tested, kTwin what it is compared with. The others are the twin under other
// plans: an answer on which SQLite's own plans do not agree is not promised to anybody.
// kUnflattened is memkv where no subquery becomes part of the query around it.
enum class Plans { kMemkv, kTwin, kUnindexed, kUnoptimized, kReversed, kUnflattened };

// Everything that a statement leaves behind.
struct Outcome {
  Result result;
  int changes = 0;
  bool autocommit = true;

  std::string ToString() const;
};

class World {
 public:
  // Makes the database and its tables, in `folder` if it is to be a file. Throws
  // std::runtime_error where that fails.
  World(const Case& c, Plans plans, const std::string& folder);

  // Closes a database in a file and opens it again. What was kept or left open is gone.
  void Reopen(const Case& c);

  Db& db(int connection) { return *connections_[static_cast<size_t>(connection)]; }
  For side() const { return IsMemkv() ? For::kMemkv : For::kTwin; }

  Outcome Run(int connection, const std::string& sql, const Row& parameters);
  // A statement that is kept. Running it before it was prepared is an error.
  void Keep(int slot, int connection, const std::string& sql);
  Outcome RunKept(int slot, const Row& parameters);
  // All rows of all tables, by key.
  Result Contents(int connection);

  // Steps a query by hand.
  void Open(int slot, int connection, const std::string& sql, const Row& parameters);
  Cursor* open(int slot);
  void Close(int slot) { open_.erase(slot); }
  bool any_open() const { return !open_.empty(); }

  // Whether the last statement ran out of the instructions that one may take.
  bool exhausted() const { return exhausted_; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* stmt) const { sqlite3_finalize(stmt); }
  };

  struct Statement {
    int connection;
    std::unique_ptr<sqlite3_stmt, Finalize> stmt;
    Result failure;  // where it could not be prepared
  };

  bool IsMemkv() const { return plans_ == Plans::kMemkv || plans_ == Plans::kUnflattened; }
  void Connect(const Case& c);
  void Limit();
  Outcome Finish(int connection, Result result);

  const Plans plans_;
  const std::string file_;
  std::vector<std::unique_ptr<Db>> connections_;
  std::vector<std::string> contents_sql_;
  std::map<std::pair<int, size_t>, std::unique_ptr<sqlite3_stmt, Finalize>> contents_;
  std::map<int, Statement> kept_;
  std::map<int, std::unique_ptr<Cursor>> open_;
  int64_t budget_ = 0;
  bool exhausted_ = false;
};

// What this SQLite can do.
struct Abilities {
  bool update_limit, outer_joins, is_distinct;
};
const Abilities& AbilitiesOfSqlite();

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_STATEMENT_WORLD_H_
