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

}  // namespace memkv::sql

#endif  // MEMKV_EXT_SQLITE_VERSION_H_
