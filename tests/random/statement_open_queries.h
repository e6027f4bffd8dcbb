// What a query that is left open has to go on returning.
//
// A query sees the tables as they were when it began, across writes and COMMIT on its own
// connection. After a ROLLBACK that undid the rows it was reading it goes on, after the last row it
// gave, in those that are left.

#ifndef MEMKV_TESTS_RANDOM_STATEMENT_OPEN_QUERIES_H_
#define MEMKV_TESTS_RANDOM_STATEMENT_OPEN_QUERIES_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/random/statement_world.h"

namespace memkv::test {

class OpenQueries {
 public:
  OpenQueries(World* ours, World* theirs) : ours_(*ours), theirs_(*theirs) {}

  // To be told of every statement that has run on both sides.
  void Ran(int connection, const std::string& sql, const Outcome& outcome);

  // Each returns what is wrong, "" if nothing is.
  std::string Open(const Step& step);
  std::string Next(int slot);
  std::string Finish(int slot);
  std::string FinishAll();

  // Both sides have been opened anew.
  void Forget() { connections_.clear(); }

  bool any() const { return !queries_.empty(); }

 private:
  struct Query {
    Step step;
    std::vector<Row> expected;
    size_t at = 0;
    uint64_t version = 0;  // of what it reads
    bool sorted = false;   // SQLite read all rows at the beginning
    // Its rows were undone since it gave the last: what it reads from now on is what is there when
    // it is asked for the next.
    bool looks_anew = false;
  };
  // Versions of the rows that a connection sees, and those to which it can go back.
  struct Connection {
    uint64_t now = 0;
    std::vector<std::pair<std::string, uint64_t>> marks;  // BEGIN ("") and savepoints
    bool autocommit = true;
  };

  void GoBack(int connection, uint64_t version);
  void Close(int slot);

  World &ours_, &theirs_;
  std::map<int, Query> queries_;
  std::map<int, Connection> connections_;
  uint64_t newest_ = 0;
};

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_STATEMENT_OPEN_QUERIES_H_
