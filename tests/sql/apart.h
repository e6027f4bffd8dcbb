// Statements run in a process of their own, which may take so much memory and no more, and are
// stopped after a while: what they cost, and whether they listen.

#ifndef MEMKV_TESTS_SQL_APART_H_
#define MEMKV_TESTS_SQL_APART_H_

#include <string>

#include "tests/sanitized.h"
#include "tests/sql/db.h"

namespace memkv::test {

constexpr size_t kMiB = size_t{1} << 20;
// By which the bounds are multiplied that hold on a fast machine: they tell work that is finite
// from work that is not, and what listens from what does not.
constexpr double kPatience = kSanitized ? 40 : 5;

// How a statement is stopped: not at all; by sqlite3_interrupt(); by a progress handler of a large
// period.
enum class Stop { kNever, kInterrupt, kHandler };

struct Outcome {
  int code = -1;        // SQLITE_OK, or the error; -1: the process died
  double seconds = 0;   // of work, not of waiting
  double waited = 0;    // seconds in all
  size_t grown = 0;     // bytes of memory at the peak, beyond those before
  char message[200]{};  // its beginning
};

double Seconds();  // since some time

// Runs `sql` with `bytes` of memory beyond what it begins with, and stops it after 30 ms.
Outcome RunApart(Db& db, const std::string& sql, const Row& parameters, size_t bytes, Stop stop);

}  // namespace memkv::test

#endif  // MEMKV_TESTS_SQL_APART_H_
