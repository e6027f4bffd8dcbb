// ViewSource: a View as the sorted input of a freeze.

#ifndef MEMKV_CORE_STORE_VIEW_SOURCE_H_
#define MEMKV_CORE_STORE_VIEW_SOURCE_H_

#include <span>
#include <string>
#include <vector>

#include "core/fst/fst.h"
#include "core/view/cursor.h"

namespace memkv {

class ViewSource : public FstBuilder::Source {
 public:
  ViewSource(View view, size_t columns)
      : cursor_(std::move(view)), row_(columns), buffers_(columns), blocks_(columns) {}

  void Rewind() override {
    cursor_.SeekFirst();
    started_ = false;
  }
  bool Next(Bytes* key, std::span<const Datum>* row) override {
    if (started_ && cursor_.Valid()) cursor_.Next();
    started_ = true;
    if (!cursor_.Valid()) {
      if (status_.ok()) status_ = cursor_.status();
      return false;
    }
    const RowRef at = cursor_.row();
    for (size_t i = 0; i < row_.size(); ++i) {
      status_ = cursor_.view().Column(at, i, &blocks_[i], &buffers_[i], &row_[i]);
      if (!status_.ok()) return false;
    }
    *key = cursor_.key();
    *row = row_;
    return true;
  }
  KeyCode code() const override { return cursor_.code(); }
  Status status() const override { return status_; }

 private:
  ViewCursor cursor_;
  std::vector<Datum> row_;
  std::vector<std::string> buffers_;
  std::vector<Fst::ColumnBlock> blocks_;
  bool started_ = false;
  Status status_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_VIEW_SOURCE_H_
