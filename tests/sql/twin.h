// The twin runner: a memkv table t on one connection, its twin, a plain WITHOUT ROWID table t, on
// another. Whatever is done to both must come to the same: rows, their order and storage classes,
// error codes and messages, changes(), total_changes(), last_insert_rowid() and whether a
// transaction is left open.
//
// A script is a text file, one statement a line; a line that starts with white space goes on with
// the one before it; lines that start with # or -- are comments. The first word says what is done
// with the statement:
//
//   table (key TEXT PRIMARY KEY, value)   declares t on both sides; the first line
//   both SQL                runs on both sides, must succeed, and must come to the same
//   same SQL                runs on both sides and must come to the same, be it an error
//   rows SQL                the same, whatever the order of the rows
//   memkv SQL               runs on the memkv side and must succeed
//   twin SQL                runs on the twin's side and must succeed
//   memkv? SQL => rows      runs on the memkv side; the rows as literals: 'a', 1 | 'b', NULL
//   plan SQL => text        EXPLAIN QUERY PLAN's details on the memkv side, joined by " | "
//   error SQL => message    fails on the memkv side with that message, and changes nothing
//   bind (1, 'a'), (2, 'b') the next statement is prepared once, and run with each row
//
// After each statement the two tables are compared. Each script runs each Way.

#ifndef MEMKV_TESTS_SQL_TWIN_H_
#define MEMKV_TESTS_SQL_TWIN_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/sql/db.h"

namespace memkv::test {

enum class Way {
  kNeverFrozen,
  kFrozen,        // SELECT memkv_freeze('t') after each statement
  kReconnected,   // every virtual table is disconnected and connected again after each statement
  kNotConnected,  // every virtual table is disconnected before each: it compiles without them
  kReplayed,      // each statement runs inside a savepoint, is rolled back, and runs again
};
inline constexpr Way kWays[] = {Way::kNeverFrozen, Way::kFrozen, Way::kReconnected,
                                Way::kNotConnected, Way::kReplayed};
const char* NameOf(Way way);

// Where the memkv table lies. A stored one writes its shadow tables, whose rows SQLite adds to
// total_changes().
enum class Place { kMemory, kStored };

class Twin {
 public:
  // An INDEXED column, and an INDEX, is an ordinary index on the twin. `columns` is the list between the
  // parentheses of CREATE TABLE. `file` is the memkv side's database, the twin's lies beside it.
  // Throws std::runtime_error where a table cannot be made.
  explicit Twin(const std::string& columns = "key TEXT PRIMARY KEY, value",
                Place place = Place::kMemory, const std::string& file = ":memory:");

  Db& memkv() { return *memkv_; }
  Db& twin() { return *twin_; }

  enum Order { kAsGiven, kAnyOrder };
  // Runs on both sides. Returns what differs, or "" where nothing does. *result, if given, is the
  // memkv side's.
  std::string Compare(const std::string& sql, const std::vector<Row>& parameters = {},
                      Order order = kAsGiven, Result* result = nullptr);
  // The same for SQL that must succeed.
  std::string CompareSuccess(const std::string& sql, const std::vector<Row>& parameters = {});
  // What differs between the tables' rows.
  std::string CompareContents() {
    // An index of the twin's may give the rows in its order.
    return Compare("SELECT * FROM t", {}, indexed_ ? kAnyOrder : kAsGiven);
  }
  // What memkv_check() and the 'integrity-check' command find wrong.
  std::string CheckIntegrity();

  // Disconnects every virtual table of the memkv side, in a transaction or outside one. Its next
  // use connects it again.
  void Disconnect();
  // Closes both databases, which must be files, and opens them again.
  void Reopen();
  // Freezes t, if there is one, and if it still is a memkv table. Returns what went wrong.
  std::string Freeze();

 private:
  void Open();

  const Place place_;
  const std::string file_;
  bool indexed_ = false;
  std::optional<Db> memkv_, twin_;
};

// Runs one script one way. `fail` is told each failure: the line of the script and what is wrong.
void RunScript(const std::string& path, Way way,
               const std::function<void(int line, const std::string& what)>& fail,
               Place place = Place::kMemory);

}  // namespace memkv::test

#endif  // MEMKV_TESTS_SQL_TWIN_H_
