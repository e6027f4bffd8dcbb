// What a query asks of a table, as plain data: SQLite's constraints become a Plan, the Plan becomes
// a line of text that EXPLAIN QUERY PLAN shows and xFilter reads back.
//
//   INDEX n:text                            walk
//   0:asc                                   every row
//   1:key = ? asc                           one lookup; "with rank": and how many keys are below
//   2:key >= ? AND key < ? desc offset ?    one seek, then neighbours
//   3:key LIKE ? (folded prefix) asc        automaton, dead branches skipped; also
//                                           "(folded pattern)"
//   3:key = ? (folded) asc                  the same; COLLATE NOCASE
//   4:key GLOB ? (prefix) asc               range of the literal prefix; "(pattern)": automaton
//   4:key REGEXP ? (prefix) asc             range of the literal after ^; SQLite checks each key
//   5:key HAS_PREFIX ? asc                  range
//   6:rank >= ? AND rank <= ? asc           select, then neighbours
//   7:key IN ? asc                          lookups in one pass
//   8:"score" >= ? asc by "score"           the index of an INDEXED column: the same walks
//   8:"score" = ? AND key < ? asc by "score"    of the rows with one value, in key order
//   8:asc by "score" distinct               one row of each value; "distinct 2": of the first two
//   9:"score_rank" >= ? asc by "score"      select in that index, then neighbours
//   2:"host" = ? AND "path" < ? desc        a key, or an index, of several columns: the same walks
//   1:"host" = ? (checked) one value asc    in the order of "path", whatever equals what is compared
//
// Terms are joined by AND, one argument each, in order; all of them narrow the walk. "key = ?
// (checked)" may let too much through: SQLite checks it again.

#ifndef MEMKV_EXT_PLAN_PLAN_H_
#define MEMKV_EXT_PLAN_PLAN_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/range.h"

namespace memkv::sql {

struct Term {
  enum Op : unsigned char {
    kEqual,
    kEqualChecked,  // what is compared may be a number or a text by SQLite's rules, and only SQLite
                    // knows which; may stand for an IN of row values (ext/row_value_in.h)
    kEqualLiteral,  // likewise, but of a literal: no such IN
    kIn,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kLessChecked,  // likewise: the walk gives what either reading allows
    kLessEqualChecked,
    kGreaterChecked,
    kGreaterEqualChecked,
    kLessOrBlob,               // SQLite may have derived it from a pattern that matches BLOBs too
    kLikeFoldedPrefix,         // 'abc%', folded, SQLite's own LIKE
    kLikeFolded,               // any pattern, folded, SQLite's own LIKE
    kLikeFoldedPrefixChecked,  // likewise, but left for SQLite to check: of the bounds' own pattern,
    kLikeFoldedChecked,        // or of one that may be another
    kLike,        // a pattern whose LIKE may not be SQLite's own: asked when the query runs
    kLikePrefix,  // 'abc%' where LIKE tells case apart
    kGlobPrefix,  // 'abc*'
    kGlob,        // any other pattern
    kRegexp,      // the literal after ^, if there is one; SQLite checks every key again
    kHasPrefix,
    kFoldedAtLeast,  // the lower bound of LIKE 'abc%' ESCAPE …, NOCASE
    kFoldedBelow,    // its upper bound
    kEqualFolded,    // = COLLATE NOCASE; SQLite checks every key again
    kIs,             // as kEqualChecked, but NULL is NULL
    kIsNull,
    kNotNull,
  };
  static constexpr uint16_t kRank = UINT16_MAX;

  Op op = kEqual;
  // Which part of the index (Schema::IndexParts()), or kRank: the rank in it. All parts before have
  // one value.
  uint16_t part = 0;

  bool is_rank() const { return part == kRank; }

  friend bool operator==(const Term&, const Term&) = default;
};

// What a term does to a walk.
enum class TermClass : unsigned char { kComparison, kList, kNull, kPattern, kPrefix, kBound };

// What a term may have to be asked about when the query runs (ext/walk/doubts.h): it may stand in
// the ON of an outer join where SQLite offers those, as it was claimed without proof that it does
// not; or it is a pattern that SQLite is not to check, where one of the two may slip.
enum class Doubt : unsigned char { kNone, kMayStandInOn, kMaySlip, kMaySlipFolding };

// By which automaton a pattern's matches are walked (core/query): whatever begins with its literal
// prefix, case folded or not; or the pattern itself.
enum class Matcher : unsigned char { kNone, kPrefix, kFoldedPrefix, kLike, kGlob };

// What is known of an operator.
struct OpInfo {
  Term::Op op;
  const char* text;  // after "key " or "rank "
  int number;        // of the plan
  TermClass term_class;
  std::optional<CompareOp> compare;  // of a comparison: what it compares by, checked again or not
  Doubt doubt = Doubt::kNone;
  Matcher matcher = Matcher::kNone;  // of a pattern
};

const OpInfo& InfoOf(Term::Op op);
inline std::optional<CompareOp> ComparisonOf(Term::Op op) { return InfoOf(op).compare; }

struct Plan {
  std::vector<Term> terms;  // one xFilter argument each, in order
  bool descending = false;
  std::string by;         // the index that is walked; empty: key order
  uint16_t distinct = 0;  // of rows that agree in so many first parts one will do; 0: all count
  // Rows come in the order of what follows so many first parts, which are equal to something: where it
  // is in doubt what that is, they are sorted. 0: in that of the walk.
  uint16_t one_value = 0;
  bool offset = false;  // one more argument: rows to skip. Any after it are not looked at
  // A rank is read of the one row of a lookup: the version that it is of has to be kept.
  bool with_rank = false;

  // How an index calls its parts: `key` is the one column of a key, others are names in quotes.
  using PartNames = std::vector<std::string>;

  int Number() const;
  std::string ToText(const PartNames& parts) const;
  // REQUIRES what ToText gave. parts_of: the names of an index's parts.
  static Plan FromText(std::string_view text,
                       const std::function<PartNames(std::string_view by)>& parts_of);

  friend bool operator==(const Plan&, const Plan&) = default;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_PLAN_PLAN_H_
