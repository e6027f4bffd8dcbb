// The cursor that SQLite steps: a Plan and its arguments become a walk over a View. It pins the
// view, so that it stays valid and unchanged across writes and COMMIT on its connection. After a
// ROLLBACK that undid that version it goes on in what is left, behind the row it gave last.

#ifndef MEMKV_EXT_CURSOR_H_
#define MEMKV_EXT_CURSOR_H_

#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/range.h"
#include "core/view/cursor.h"
#include "ext/open_cursor.h"
#include "ext/planner.h"
#include "ext/rank_range.h"
#include "ext/vtab.h"

namespace memkv::sql {

class MemkvTable;
class OrderedWalk;
class PatternWalk;

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
    kPoint,    // row_ of key_, and no other
    kPoints,   // the same, then what is left of points_
    kRange,    // left_ more rows; walk_ stands lag_ steps before the current one
    kPattern,  // whatever pattern_ finds
    kOrdered,  // the rows of ordered_, in a second order
  };

  // What the terms of a plan leave: an interval of keys, an interval of ranks, perhaps a pattern.
  struct Narrowed {
    KeyRange keys;
    RankRange ranks;
    const Term* pattern = nullptr;
    std::string pattern_text;
    bool has_bounds = false;  // SQLite derived some from the pattern, which nobody reads
    bool nothing = false;
  };

  // Whether an outer join may be about, asked once: a cursor is of one statement.
  bool MayBeInOuterJoin();
  void CheckSlips(bool folds);
  // Whether a term narrows the walk: not one that may stand in the ON of an outer join, where such
  // a join may be about. May have the statement planned anew, with patterns checked.
  bool Narrows(const Term& term);
  void Point(sqlite3_value* value, Term::Op op);
  void Points(sqlite3_value* list);
  void NextPoint();
  void Narrow(const Term& term, sqlite3_value* value, Narrowed* narrowed);
  void NarrowFolded(const Term& term, const Datum& value, Narrowed* narrowed);
  KeyRange RanksAsKeys(const Narrowed& narrowed) const;
  bool StartPattern(const Narrowed& narrowed, uint64_t skip);
  void AskOnce(const Narrowed& narrowed);
  bool NarrowsOverLimit(Term::Op* op, const Narrowed& narrowed) const;
  void StartWalk(uint64_t skip);
  void StartRange(const Narrowed& narrowed, uint64_t skip);

  // Where it is in doubt how SQLite compares what was not known when the plan was made: has the
  // statement planned anew, or failed, if that may come of an IN of row values.
  void ExpectNoRowValueIn();
  // What a value that is compared with the key may equal, where SQLite does not say how it compares
  // them.
  std::optional<KeyRange> Ambiguous(sqlite3_value* value) const;
  bool HasKeysIn(const KeyRange& range) const;
  uint64_t RankOf(Bytes key) const;
  sqlite3_int64 OrderRank(size_t order);  // of the current row
  uint64_t Rank();                        // of the current row
  Bytes CurrentKey();
  RowRef CurrentRow();
  void Resume();
  void CatchUp();
  void CheckWalk();
  void CheckPattern();

  MemkvTable& table_;
  // What plan_ was read from; SQLite keeps it while the statement lives.
  const char* plan_text_ = nullptr;
  std::shared_ptr<const Plan> plan_;
  std::optional<bool> outer_join_;  // MayBeInOuterJoin(), once asked
  bool first_ = true;               // the Filter() that runs is its first
  bool no_row_value_in_ = false;    // ExpectNoRowValueIn() has found none

  View view_;
  bool frozen_ = false;                      // all of view_ is: a rank says where a row is
  size_t key_column_ = 0, rank_column_ = 0;  // of the schema
  std::vector<Fst::ColumnBlock> blocks_;     // of each value column, of a kRange
  Mode mode_ = kEnd;
  bool gone_ = false;  // the current row; a walk stands on the next one already
  Narrowed narrowed_;  // of a walk in key order
  std::string key_;
  RowRef row_;
  std::vector<std::string> points_;  // encoded keys, the next one last
  std::optional<ViewCursor> walk_;
  uint64_t left_ = 0;
  uint64_t lag_ = 0;   // steps that walk_ has not made: count(*) never makes them
  uint64_t rank_ = 0;  // of the current row
  std::unique_ptr<PatternWalk> pattern_;
  std::unique_ptr<OrderedWalk> ordered_;
  std::string lower_bound_;  // of LIKE … ESCAPE, until its upper bound comes
  std::string buffer_;       // of a decoded column
  std::string text_;         // of a text on its way to SQLite
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_CURSOR_H_
