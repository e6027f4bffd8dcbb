// The rows of a view as one of its secondary indexes lists them.

#ifndef MEMKV_CORE_VIEW_INDEX_ROWS_H_
#define MEMKV_CORE_VIEW_INDEX_ROWS_H_

#include <optional>
#include <string>

#include "core/view/cursor.h"

namespace memkv {

// Reads the row of the entry that a cursor of one of the view's secondary indexes stands on. All
// borrow until the cursor moves or it is asked again.
class IndexRowReader {
 public:
  explicit IndexRowReader(const View& view) : view_(view) {}

  const View& view() const { return view_; }
  // A NUL follows it.
  Status Key(const IndexCursor& at, Bytes* key);
  Status Row(const IndexCursor& at, RowRef* row);
  // The first value that the index is by, without the row. A number is as DecodeIndexValue() has it
  // where *is_exact is false.
  Status Value(const IndexCursor& at, const IndexDef& def, std::string* buffer, Datum* v,
               bool* is_exact);
  // The first n values that the index is by, as its keys have them.
  Status Values(const IndexCursor& at, const IndexDef& def, size_t n, std::string* values);

 private:
  static Status RankInBase(const IndexCursor& at, uint64_t* rank) {
    return at.view().base()->RankAt(at.base_rank(), rank);
  }
  Status KeyInBase(uint64_t rank, Bytes* key);

  // Rows of one value, or of values next to one another, often are neighbours in key order: a
  // cursor's step is a tenth of what finding a key by its rank takes.
  static constexpr uint64_t kNear = 6;

  View view_;
  std::string key_;
  std::optional<FstCursor> near_;  // on last_, if it is Valid()
  uint64_t last_ = UINT64_MAX;     // the rank asked for last
  std::string values_;
};

class IndexRows {
 public:
  IndexRows(const View& view, size_t index) : reader_(view), cursor_(view.Index(index)) {}

  // Where it stands; moves as all cursors do.
  IndexCursor& cursor() { return cursor_; }

  // REQUIRES cursor().Valid().
  Status Key(Bytes* key) { return reader_.Key(cursor_, key); }
  Status Row(RowRef* row) { return reader_.Row(cursor_, row); }

 private:
  IndexRowReader reader_;
  IndexCursor cursor_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_VIEW_INDEX_ROWS_H_
