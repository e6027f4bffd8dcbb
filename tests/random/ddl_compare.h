// Whether two databases hold the same: one in which tables are memkv's, and one in which they are
// plain.

#ifndef MEMKV_TESTS_RANDOM_DDL_COMPARE_H_
#define MEMKV_TESTS_RANDOM_DDL_COMPARE_H_

#include <string>
#include <vector>

#include "tests/sql/db.h"

namespace memkv::test {

// What differs. `kind` is one word, the same for failures that may have one cause.
struct Failure {
  std::string kind;
  std::string text;
  explicit operator bool() const { return !kind.empty(); }
};

// One statement on both sides: the result's primary code, its message or rows.
Failure CompareResults(const std::string& sql, const Result& ours, const Result& theirs,
                       bool own_message = false);

// Which tables there are in these schemas, and their rows. Our shadow tables must be all there or
// none.
Failure CompareTables(Db& ours, Db& theirs, const std::vector<std::string>& schemas);

// What SQLite and memkv themselves find wrong with our side.
Failure CheckIntegrity(Db& ours, const std::vector<std::string>& schemas);

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_DDL_COMPARE_H_
