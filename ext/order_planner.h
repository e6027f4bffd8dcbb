// Plans over second orders: xBestIndex's other half.

#ifndef MEMKV_EXT_ORDER_PLANNER_H_
#define MEMKV_EXT_ORDER_PLANNER_H_

#include <optional>
#include <vector>

#include "ext/planner.h"

namespace memkv::sql {

struct OrderedPlan {
  Plan plan;
  std::vector<int> argument;  // of each constraint: which argument, 0 for none
  std::vector<bool> omit;
  bool sorted = false;  // as ORDER BY asks
  double rows = 0;      // that the walk gives
  double work = 0;      // what it takes, to be weighed against a plan in key order

  void Emit(sqlite3_index_info* info) const;
};

// A table of fewer rows is planned for as if it had so many: statements are often prepared before
// there are any rows, and run when there are.
inline constexpr double kFewestRows = 1000;

// The best plan over a second order; none where no constraint and no ORDER BY is of one.
// `key_rows`: about how many rows there are that satisfy what is asked of keys.
std::optional<OrderedPlan> ChooseOrder(Connection& connection, const TableState& state,
                                       sqlite3_index_info& info, double key_rows);

// LIMIT and OFFSET together, as far as they are known now.
double LimitOf(const sqlite3_index_info& info);

// What it takes to sort that many rows, if ORDER BY asks for what the walk does not give.
double SortWork(const sqlite3_index_info& info, bool sorted, double rows);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_ORDER_PLANNER_H_
