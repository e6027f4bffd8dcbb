// IndexWriter: one column's values in rank order -> the section of its index (frozen_index.h).

#ifndef MEMKV_CORE_FST_INDEX_WRITER_H_
#define MEMKV_CORE_FST_INDEX_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/datum.h"
#include "core/fst/progress.h"
#include "core/fst/values.h"
#include "core/status.h"

namespace memkv::fst {

class IndexWriter {
 public:
  void Add(const Datum& value);
  // `column` holds the values that were added. Appends to *section; nothing if progress is stopped.
  Status Finish(const ColumnReader& column, Progress* progress, std::string* section);

 private:
  // The first nine bytes of the value's part of the index key: all of it, but for texts, blobs and
  // integers that no double holds. Then the rank, in 56 bits.
  struct Entry {
    uint64_t head;
    uint64_t ninth_and_rank;

    friend auto operator<=>(const Entry&, const Entry&) = default;
  };

  void Sort(Progress* progress);
  Status SortTies(const ColumnReader& column, Progress* progress);

  std::vector<Entry> entries_;
  bool longer_ = false;  // some value's part is longer than nine bytes
  std::string value_;
};

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_INDEX_WRITER_H_
