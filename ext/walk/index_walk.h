// IndexWalk: what is narrowed of the index of an INDEXED column, as a walk over rows of a view.

#ifndef MEMKV_EXT_WALK_INDEX_WALK_H_
#define MEMKV_EXT_WALK_INDEX_WALK_H_

#include <memory>
#include <optional>
#include <vector>

#include "core/view/index_rows.h"
#include "ext/plan/plan.h"
#include "ext/walk/counted_walk.h"
#include "ext/walk/pattern_walk.h"

namespace memkv::sql {

class MemkvTable;

class IndexWalk {
 public:
  // Of a secondary index. Stands on its first row, `skip` rows left out; null: there is none.
  static std::unique_ptr<IndexWalk> Start(MemkvTable& table, const View& view,
                                          const WalkedIndex& walked, const Plan& plan,
                                          Narrowed narrowed, uint64_t skip);
  // The same over another version, from the row on that has `index_key`, or comes next; null if
  // none is left.
  std::unique_ptr<IndexWalk> Again(const View& view, Bytes index_key) const;

  // False: there is no other row.
  bool Next();
  bool FastNext() noexcept { return (is_plain_ || in_run_) && walk_.FastNext(); }

  size_t index() const { return walked_.number; }
  // The declared column that the index begins with.
  size_t column() const { return walked_.parts[0]; }
  // Of the row. Borrowed until it moves or is asked again.
  uint64_t Rank() { return matches() ? pattern_->cursor().rank() : walk_.rank(); }
  Bytes IndexKey() { return At().key(); }
  Bytes Key();
  RowRef Row();
  // The value of that column; false: only the row has it exactly. *terminated: a NUL follows a text.
  bool Value(std::string* buffer, Datum* v, bool* terminated);

 private:
  IndexWalk(MemkvTable& table, const View& view, const WalkedIndex& walked, bool descending,
            size_t distinct);

  // Whether it stands where pattern_ does.
  bool matches() const { return pattern_ && !in_run_; }
  const IndexCursor& At() { return matches() ? pattern_->cursor() : walk_.At(); }
  bool StartNarrowed(Narrowed narrowed, uint64_t skip);
  bool StartPattern(Narrowed& narrowed, uint64_t skip, bool* started);
  bool NewPattern(const PatternStart& start);
  bool IsOnMatch();
  bool NextMatch();
  bool StartRun();
  bool StartNextRange();
  bool NextValue();
  void ValuePart(std::string* value);

  MemkvTable& table_;
  const WalkedIndex walked_;
  const IndexDef def_;
  const size_t distinct_;  // Plan::distinct
  const size_t run_;       // how many first values make one value, of which rows are gone through
  bool is_plain_ = false;  // one range, rows one by one
  IndexRowReader reader_;
  CountedWalk<IndexCursor> walk_;
  std::unique_ptr<PatternWalk<IndexCursor>> pattern_;
  PatternStart start_;  // what it began with
  // A value that matches a pattern does so in all its rows: after a few of them walk_ goes through
  // the others, by count, and pattern_ goes on behind them.
  static constexpr int kFewOfOneValue = 4;
  bool in_run_ = false;
  int of_one_value_ = 0;             // rows in a row that pattern_ has found
  Narrowed narrowed_;                // what it is within
  bool by_values_ = false;           // it goes from one of an IN's values to the next
  std::vector<std::string> values_;  // those left, the next one last
  std::string value_, next_value_, buffer_;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_WALK_INDEX_WALK_H_
