// What hangs on the version of the SQLite that loads memkv: each takes
// sqlite3_libversion_number(), asked at run time.

#ifndef MEMKV_EXT_SQLITE_VERSION_H_
#define MEMKV_EXT_SQLITE_VERSION_H_

namespace memkv::sql {

// Whether a table may skip the rows of OFFSET by itself. Before 3.46.0 SQLite offers OFFSET beside
// terms of the WHERE that it never offers (`k < v`), and to each arm of a UNION ALL: the rows that
// are skipped are then not those of the answer.
// Tests: tests/sql/trap_ordering_test.cc, "OFFSET ...".
constexpr bool OffsetMayBeConsumed(int version) { return version >= 3046000; }

// Whether a term of the ON of an outer join stays hidden from the table whose rows the join keeps.
// Before 3.51.0 xBestIndex of t in `t LEFT JOIN o ON t.key LIKE 'a%'` is offered it, as if it stood
// in the WHERE: LIKE, GLOB, REGEXP, MATCH, IS NOT NULL, <>, IS NOT, and overloaded functions; on
// RIGHT and FULL JOIN likewise.
// Tests: tests/sql/outer_join_test.cc.
constexpr bool OuterJoinTermsAreHidden(int version) { return version >= 3051000; }

// Whether sqlite3_data_count() of a statement that runs tells of the row that it gave last. Up to
// 3.39 at least it is 0 while sqlite3_step() runs.
// Tests: tests/sql/row_value_in_test.cc, "... late fails once".
constexpr bool RowsAreKnownWhileRunning(int version) { return version >= 3043000; }

// Whether a statement that calls a function, and fails half-way in a transaction, is undone, on
// tables of SQLite's own. 3.39.0 reckons with no failure of functions; 3.40.1 does.
// Tests: tests/sql/trap_writes_test.cc, plan_anew_test.cc.
constexpr bool FailedFunctionsAreUndone(int version) { return version >= 3040000; }

// Whether a text that is a number, a NUL and more is that number in a comparison. Not in 3.51.3.
// Tests: tests/sql/number_nul_test.cc.
constexpr bool NulEndsNumbers(int version) { return version >= 3053000; }

// Whether sqlite3_declare_vtab() asks the authorizer, as if a table were made: for SQLITE_INSERT
// and SQLITE_UPDATE of sqlite_master, before 3.41.0.
// Tests: tests/sql/authorizer_test.cc.
constexpr bool DeclaringIsAuthorized(int version) { return version < 3041000; }

// Whether sqlite3_db_name() exists: from 3.39.0 on.
constexpr bool HasDatabaseNames(int version) { return version >= 3039000; }

}  // namespace memkv::sql

#endif  // MEMKV_EXT_SQLITE_VERSION_H_
