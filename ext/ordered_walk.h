// OrderedWalk: a Plan over a second order, and its arguments, as a walk over the rows of a View.

#ifndef MEMKV_EXT_ORDERED_WALK_H_
#define MEMKV_EXT_ORDERED_WALK_H_

#include <functional>
#include <memory>
#include <span>

#include "core/view/ordered_rows.h"
#include "ext/planner.h"
#include "ext/rank_range.h"

namespace memkv::sql {

class MemkvTable;

class OrderedWalk {
 public:
  // Stands on its first row, `skip` rows left out; null if there is none. Terms that do not narrow
  // it are left to SQLite. in_doubt: as ComparedRange() has it.
  static std::unique_ptr<OrderedWalk> Start(MemkvTable& table, const View& view, const Plan& plan,
                                            std::span<sqlite3_value*> args, uint64_t skip,
                                            const std::function<bool(const Term&)>& narrows,
                                            const std::function<void()>& in_doubt);

  // The same over another version, from the row on that has `index_key`, or comes next; null if
  // none is left.
  std::unique_ptr<OrderedWalk> Again(const View& view, Bytes index_key) const;

  // False: there is no other row.
  bool Next() {
    if (--left_ == 0) return false;
    ++lag_;
    rank_ += descending_ ? UINT64_MAX : 1;
    return true;
  }

  size_t order() const { return order_; }  // which of the table's second orders it follows
  uint64_t rank() const { return rank_; }  // of the row in it
  // Borrowed until it moves or is asked again.
  Bytes Key();
  Bytes IndexKey();
  RowRef Row();

 private:
  OrderedWalk(const View& view, size_t order, bool descending)
      : order_(order), descending_(descending), rows_(view, order) {}
  static std::unique_ptr<OrderedWalk> Within(const View& view, size_t order, bool descending,
                                             KeyRange values, RankRange ranks, uint64_t skip);
  void CatchUp();

  const size_t order_;
  const bool descending_;
  OrderedRows rows_;
  KeyRange values_;  // what it is within, as keys of the order and as ranks
  RankRange ranks_;
  uint64_t left_ = 0;
  uint64_t lag_ = 0;  // steps that rows_ has not made: count(*) never makes them
  uint64_t rank_ = 0;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_ORDERED_WALK_H_
