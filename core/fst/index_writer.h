// IndexWriter: the values of an index in rank order -> its section (frozen_index.h).

#ifndef MEMKV_CORE_FST_INDEX_WRITER_H_
#define MEMKV_CORE_FST_INDEX_WRITER_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/datum.h"
#include "core/fst/progress.h"
#include "core/fst/values.h"
#include "core/index_def.h"
#include "core/status.h"

namespace memkv::fst {

class IndexWriter {
 public:
  explicit IndexWriter(IndexDef def) : def_(std::move(def)) {}

  const IndexDef& def() const { return def_; }
  // The next row.
  Status Add(Bytes key, std::span<const Datum> row);
  // `column`, of a plain index: holds the values that were added. Appends to *section; nothing if
  // progress is stopped.
  Status Finish(const ColumnReader* column, Progress* progress, std::string* section);

 private:
  // The first nine bytes of the values' part of the index key: of a plain index all of it, but for
  // texts, blobs and integers that no double holds. Then the rank, in 56 bits.
  struct Entry {
    uint64_t head;
    uint64_t ninth_and_rank;

    friend auto operator<=>(const Entry&, const Entry&) = default;
  };

  void Sort(Progress* progress);
  Status SortTies(const ColumnReader* column, Progress* progress);
  Status ValuesAt(const ColumnReader* column, uint64_t rank, std::string* buffer,
                  std::string* values) const;

  const IndexDef def_;
  std::vector<Entry> entries_;
  bool longer_ = false;  // some values' part is longer than nine bytes
  std::string value_;
  // Of an index that is not plain: the values' parts, one after the other, and where each ends. They
  // lie in several columns, and in keys.
  std::string values_;
  std::vector<uint64_t> ends_;
};

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_INDEX_WRITER_H_
