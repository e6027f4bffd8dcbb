// OrderedRows: the rows of a view in one of its second orders.

#ifndef MEMKV_CORE_VIEW_ORDERED_ROWS_H_
#define MEMKV_CORE_VIEW_ORDERED_ROWS_H_

#include <string>

#include "core/view/cursor.h"

namespace memkv {

class OrderedRows {
 public:
  OrderedRows(const View& view, size_t order) : view_(view), cursor_(view.Order(order)) {}

  // Where it stands; moves as all cursors do.
  OrderCursor& cursor() { return cursor_; }

  // REQUIRES cursor().Valid(). The row's key, borrowed until the cursor moves or either is asked
  // for again; its columns.
  Status Key(Bytes* key);
  Status Row(RowRef* row);

 private:
  Status RankInBase(uint64_t* rank) const;

  View view_;
  OrderCursor cursor_;
  std::string key_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_VIEW_ORDERED_ROWS_H_
