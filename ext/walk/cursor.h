// The cursor that SQLite steps: a Plan and its arguments become a walk over a View. It pins the
// view, so that it stays valid and unchanged across writes and COMMIT on its connection. After a
// ROLLBACK that undid that version it goes on in what is left, behind the row it gave last.

#ifndef MEMKV_EXT_WALK_CURSOR_H_
#define MEMKV_EXT_WALK_CURSOR_H_

#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/range.h"
#include "core/view/cursor.h"
#include "ext/vtab.h"
#include "ext/walk/counted_walk.h"
#include "ext/walk/doubts.h"
#include "ext/walk/index_walk.h"
#include "ext/walk/open_cursor.h"
#include "ext/walk/pattern_walk.h"
#include "ext/walk/read_plan.h"

namespace memkv::sql {

class MemkvTable;

class TableCursor : public sqlite3_vtab_cursor, private OpenCursor {
 public:
  explicit TableCursor(MemkvTable& table);
  ~TableCursor();
  // Every statement that runs opens one, and it is too large for malloc to be quick: a table keeps
  // the memory of the one closed last.
  static void* operator new(size_t bytes, MemkvTable& table);
  static void operator delete(void* memory, MemkvTable& table) noexcept;
  static void operator delete(TableCursor* cursor, std::destroying_delete_t) noexcept;

  void Filter(int number, const char* text, std::span<sqlite3_value*> args);
  // What Next() and Column() do where it takes next to nothing and cannot fail; false: they have to
  // be called.
  bool FastNext() noexcept {
    if (undone()) [[unlikely]]
      return false;
    return mode_ == kCounted ? walk_->counted() && !gone_ && walk_->FastNext()
                             : mode_ == kIndex && !gone_ && index_->FastNext();
  }
  // Of walks in key order, by count or by a pattern, and of points: declared columns, but for key
  // columns whose class only the row tells. By an index: its first column, and those of the key.
  bool FastColumn(sqlite3_context* out, int column) noexcept {
    const size_t i = static_cast<size_t>(column);
    if (undone() || gone_ || mode_ == kEnd || i >= read_->places.size()) [[unlikely]]
      return false;
    if (mode_ == kIndex) return FastIndexed(out, i);
    const Place& place = read_->places[i];
    if (place.of_key) return FastKeyPart(out, place);
    if (frozen_ && (mode_ == kCounted || mode_ == kPattern)) return FastFrozen(out, place.at);
    return FastValue(out, place.at);
  }
  void Next();
  bool Eof() const { return mode_ == kEnd; }
  void Column(sqlite3_context* out, int column);
  // A WITHOUT ROWID table has none, but SQLite asks for it in the DELETE and UPDATE … LIMIT that it
  // plans before it has connected the table: rowid IN (SELECT rowid … LIMIT n). The rank will do:
  // all cursors of a statement walk one version, and no plan looks rows up by it.
  sqlite3_int64 Rowid() { return static_cast<sqlite3_int64>(Rank()); }

 private:
  enum Mode : unsigned char {
    kEnd,
    kPoint,     // row_ of key_, and no other
    kPoints,    // the same, then what is left of points_
    kCounted,   // the rows of walk_, in key order
    kDistinct,  // of these, one of each that agree in their first columns
    kPattern,   // whatever pattern_ finds
    kIndex,     // the rows of index_
  };

  using Place = ReadPlan::Place;

  bool is_point() const { return mode_ == kPoint || mode_ == kPoints; }
  // Whether it stands where walk_ does.
  bool counts() const { return mode_ == kCounted || mode_ == kDistinct; }

  bool FindAtOnce(std::span<sqlite3_value*> args);
  void Look();
  void StartByKey(uint64_t skip);
  void Sort(const std::vector<Doubted>& doubted);
  bool StartPoint();
  void StartWalk(uint64_t skip);
  bool StartPattern(uint64_t skip);
  bool StartNextRange();
  bool NextDistinct();
  void StartRange(KeyRange keys, const RankRange& ranks, uint64_t skip);
  void AskOnce();
  void NextPoint();
  void Resume();
  void CheckPattern();

  // cursor_columns.cc
  uint64_t RankOf(Bytes key);
  sqlite3_int64 RankIn(size_t index);  // of the current row
  uint64_t Rank();                     // of the current row
  Bytes CurrentKey();
  void KeyColumn(sqlite3_context* out, size_t part);
  RowRef CurrentRow();
  bool IndexedValue(sqlite3_context* out);
  const ViewCursor* NearCursor();
  bool FastIndexed(sqlite3_context* out, size_t column) noexcept;
  bool FastKeyPart(sqlite3_context* out, const Place& place) noexcept;
  bool GiveKeyPart(sqlite3_context* out, Bytes key, const Place& place);
  bool GiveRestOfKey(sqlite3_context* out, Bytes key, const Place& place);
  bool FastValue(sqlite3_context* out, size_t stored) noexcept;
  bool GiveValue(sqlite3_context* out, const Value& row, size_t stored);
  bool FastNumber(sqlite3_context* out) noexcept;
  bool FastFrozen(sqlite3_context* out, size_t stored) noexcept;

  MemkvTable& table_;
  // What read_ was read from; SQLite keeps it while the statement lives.
  const char* plan_text_ = nullptr;
  std::shared_ptr<const ReadPlan> read_;
  Doubts doubts_;

  View view_;            // of a kPoint that was found at once, only of the base, or of nothing
  bool frozen_ = false;  // all of view_ is: a rank says where a row is
  std::vector<Fst::ColumnBlock> blocks_;  // of each value column of a base
  Mode mode_ = kEnd;
  bool gone_ = false;  // the current row; a walk stands on the next one already
  Narrowed narrowed_;  // of a walk in key order
  std::string key_;
  RowRef row_;
  std::vector<std::string> points_;  // encoded keys, or what keys begin with; the next one last
  std::optional<CountedWalk<ViewCursor>> walk_;
  std::unique_ptr<PatternWalk<ViewCursor>> pattern_;
  std::unique_ptr<IndexWalk> index_;
  bool at_once_ = false;  // FindAtOnce() has found it
  std::string record_;    // of row_, where view_ does not hold it
  std::string buffer_;    // of a decoded column
  std::string text_;      // of a text on its way to SQLite
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_WALK_CURSOR_H_
