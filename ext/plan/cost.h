// What the steps of a walk cost, to choose among plans.
//
// The unit is 120 ns of the machine in bench/RESULTS.md: SQLite weighs joins by such costs, and
// reckons with about 3 for a row of its own tables, whatever its time.

#ifndef MEMKV_EXT_PLAN_COST_H_
#define MEMKV_EXT_PLAN_COST_H_

#include <cmath>

namespace memkv::sql {

// A row in key order, with a column read (bench sql, "all rows": 60 ns).
inline constexpr double kKeyRowCost = 0.5;
// A row that was found by its key alone, beside the seek.
inline constexpr double kPointCost = 0.1;
// A row by the index of an INDEXED column, whose other columns are looked up one by one. A lookup
// takes more (0.7 us), but then a bound that is not known yet mostly leaves fewer rows than the
// quarter of a table that is reckoned with.
inline constexpr double kIndexRowCost = 1.0;
// What reading all rows takes beside a range of as many: SQLite checks each of them.
inline constexpr double kFullScanRowCost = 0.1;

// A table of fewer rows is planned for as if it had so many: statements are often prepared before
// there are any rows, and run when there are.
inline constexpr double kFewestRows = 1000;
// Of a bound that is not known, of an equality with one value of an INDEXED column, of a list.
inline constexpr double kBoundShare = 0.25;
inline constexpr double kValueShare = 0.001;
inline constexpr double kListLength = 25;
// By how much a column of an index tells rows apart that the columns before do not; and how much of a
// table one value of the first has at most.
inline constexpr double kNextColumnValues = 10;
inline constexpr double kMostOfOneValue = 0.1;
inline constexpr double kLimitGuess = 100;  // of a parameter

inline double SeekCost(double rows) { return std::log2(rows + 2); }
inline double SortCost(double rows) { return rows * std::log2(rows + 2) * 0.5; }

}  // namespace memkv::sql

#endif  // MEMKV_EXT_PLAN_COST_H_
