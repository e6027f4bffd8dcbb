// PatternWalk: a Search over a cursor with any automaton, behind one interface; and how it begins
// with what a plan asks.

#ifndef MEMKV_EXT_WALK_PATTERN_WALK_H_
#define MEMKV_EXT_WALK_PATTERN_WALK_H_

#include <functional>
#include <memory>
#include <utility>

#include "core/query/pattern.h"
#include "core/query/search.h"
#include "core/view/behind_cursor.h"
#include "core/view/cursor.h"
#include "ext/walk/narrow.h"

namespace memkv::sql {

// C: what the walk is over: a ViewCursor, or an IndexCursor.
template <class C>
class PatternWalk {
 public:
  virtual ~PatternWalk() = default;
  virtual bool Valid() const = 0;
  virtual void Next() = 0;
  virtual const C& cursor() const = 0;
  virtual const Status& status() const = 0;
};

// What a pattern becomes.
struct PatternStart {
  enum Kind : unsigned char {
    kNothing,  // no walk would be sure to meet all matches, or it would gain nothing: the range does
    kRange,    // the literal prefix: `keys`
    kWalk,
  };
  Kind kind = kNothing;
  KeyRange keys;  // of the index
  Matcher matcher = Matcher::kNone;
  std::string text;  // of the automaton
  bool blobs = false;
};

// Decides it. May throw SQLite's own error of a pattern that is over its limit.
PatternStart StartOf(MemkvTable& table, const Narrowed& narrowed, const IndexOfView& index,
                     const WalkedIndex& walked);

// Of LIKE … ESCAPE only a prefix is known. The whole pattern may be over SQLite's limit: where a
// walk by it met nothing, SQLite gets one row of the first of these that has any to check, and fails
// if the pattern is too long.
std::vector<KeyRange> KeysToAskOnce(const Narrowed& narrowed);

// Over the keys of `start` that begin with `behind`, with the rest of them, and have such ranks.
// Stands on its first match; null: there is none. REQUIRES start.kind == kWalk.
template <class C>
std::unique_ptr<PatternWalk<C>> NewPatternWalk(C cursor, const PatternStart& start,
                                               const std::string& behind, const RankRange& ranks,
                                               bool descending, std::function<bool()> poll);

extern template std::unique_ptr<PatternWalk<ViewCursor>> NewPatternWalk(ViewCursor,
                                                                        const PatternStart&,
                                                                        const std::string&,
                                                                        const RankRange&, bool,
                                                                        std::function<bool()>);
extern template std::unique_ptr<PatternWalk<IndexCursor>> NewPatternWalk(IndexCursor,
                                                                         const PatternStart&,
                                                                         const std::string&,
                                                                         const RankRange&, bool,
                                                                         std::function<bool()>);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_WALK_PATTERN_WALK_H_
