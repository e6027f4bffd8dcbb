// The SQL functions that a test defines itself.

#ifndef MEMKV_TESTS_RANDOM_STATEMENT_FUNCTIONS_H_
#define MEMKV_TESTS_RANDOM_STATEMENT_FUNCTIONS_H_

#include <sqlite3.h>

#include "tests/random/statement_case.h"

namespace memkv::test {

// regexp() of that dialect, for `x REGEXP y`. Throws std::runtime_error where it cannot be had.
void DefineRegexp(sqlite3* db, Regexp regexp);
// has_prefix() as docs/functions.md describes it, for a connection that has no memkv.
void DefineHasPrefix(sqlite3* db);
// SQLite's own like() and glob() as an application's, from which it derives no bounds.
void DefinePatterns(sqlite3* db, bool case_sensitive_like);

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_STATEMENT_FUNCTIONS_H_
