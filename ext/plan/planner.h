// xBestIndex: the cheapest of the plans over a table's indexes.

#ifndef MEMKV_EXT_PLAN_PLANNER_H_
#define MEMKV_EXT_PLAN_PLANNER_H_

#include "ext/plan/query.h"
#include "ext/plan/surroundings.h"
#include "ext/registry.h"
#include "ext/vtab.h"

namespace memkv::sql {

// xBestIndex sees has_prefix() as this operator (VTAB: functions overloaded by xFindFunction are
// 150 and up).
inline constexpr int kHasPrefixOp = SQLITE_INDEX_CONSTRAINT_FUNCTION;

Answer ChooseAnswer(const Query& query, Surroundings& around);

// Gives what it has told SQLite. Cheap and without side effects: it is called several times
// a statement.
Answer ChoosePlan(Connection& connection, const TableState& state, sqlite3_index_info& info);

// Whether SQLite's own like() and glob() match BLOBs.
bool LikeMatchesBlobs();

// Whether a pattern is over the connection's limit: they then fail on each row that they check,
// with "LIKE or GLOB pattern too complex".
bool IsPatternOverLimit(sqlite3* db, Bytes pattern);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_PLAN_PLANNER_H_
