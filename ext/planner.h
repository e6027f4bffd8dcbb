// What a query asks of a table, as plain data: SQLite's constraints become a Plan, the Plan becomes
// a line of text that EXPLAIN QUERY PLAN shows and xFilter reads back.
//
//   INDEX n:text                            walk
//   0:asc                                   every row
//   1:key = ? asc                           one lookup
//   2:key >= ? AND key < ? desc offset ?    one seek, then neighbours
//   3:key LIKE ? (folded prefix) asc        automaton, dead branches skipped; also
//                                           "(folded pattern)"
//   4:key GLOB ? (prefix) asc               range of the literal prefix; "(pattern)": automaton
//   4:key REGEXP ? (prefix) asc             range of the literal after ^; SQLite checks each key
//   5:key HAS_PREFIX ? asc                  range
//   6:rank >= ? AND rank <= ? asc           select, then neighbours
//   7:key IN ? asc                          lookups in one pass
//   8:"score" >= ? asc by "score"           second order: one seek, then neighbours
//   9:"score_rank" >= ? asc by "score"      second order: select, then neighbours
//
// Terms are joined by AND, one argument each, in order; all of them narrow the walk. "key = ?
// (checked)" may let too much through: SQLite checks it again.

#ifndef MEMKV_EXT_PLANNER_H_
#define MEMKV_EXT_PLANNER_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/range.h"
#include "ext/args.h"
#include "ext/registry.h"
#include "ext/vtab.h"

namespace memkv::sql {

// xBestIndex sees has_prefix() as this operator (VTAB: functions overloaded by xFindFunction are
// 150 and up).
inline constexpr int kHasPrefixOp = SQLITE_INDEX_CONSTRAINT_FUNCTION;

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
    kIs,             // of values alone: as kEqualChecked, but NULL is NULL
    kIsNull,
    kNotNull,
  };
  enum Target : unsigned char { kKey, kRank, kValue, kValueRank };

  Op op = kEqual;
  Target target = kKey;

  friend bool operator==(const Term&, const Term&) = default;
};

struct Plan {
  std::vector<Term> terms;  // one xFilter argument each, in order
  bool descending = false;
  std::string by;       // the INDEXED column whose order is walked, and that kValue and kValueRank
                        // are of; empty: key order
  bool offset = false;  // one more argument: rows to skip. Any arguments after it are not looked at

  int Number() const;
  std::string ToText() const;
  static Plan FromText(std::string_view text);  // REQUIRES what ToText gave

  friend bool operator==(const Plan&, const Plan&) = default;
};

// What every row of a walk is known to satisfy need not be checked again. Whether `column op v` is
// exact, v being what is known of the right-hand side when a statement is prepared.
bool EqualityIsExact(Affinity affinity, const std::optional<Datum>& v);
bool RangeIsExact(Affinity affinity, const std::optional<Datum>& v);

// The right-hand side of a constraint where it is known when the plan is made: a literal, never a
// parameter.
std::optional<Datum> KnownValue(const sqlite3_index_info& info, int constraint);

// Whether SQLite's own like() and glob() match BLOBs.
bool LikeMatchesBlobs();

// Whether a pattern is over the connection's limit: they then fail on each row that they check,
// with "LIKE or GLOB pattern too complex".
bool IsPatternOverLimit(sqlite3* db, Bytes pattern);

// Whether `column < v` is the upper one of two bounds that together are a prefix, where SQLite
// derives such from a pattern that matches BLOBs too: nothing tells it from one that the user
// wrote.
bool MayBeBoundOfPattern(sqlite3_index_info& info, int constraint);

// Whether a constraint on a column may be a bound that SQLite derives from a pattern which is not
// well-formed UTF-8, or has U+FFFD in it. Such a pattern matches what lies outside these bounds.
bool MayMissMatches(const sqlite3_index_info& info, int constraint);

// Whether a range may be the first part of `(column, x) < (…)`, which SQLite offers as <= or >= and
// checks by itself: the rows of the walk need not be those of the answer.
bool MayBeOfRowValue(const sqlite3_index_info& info, int constraint);

// Whether the term may stand in the ON of an outer join where SQLite offers those
// (ext/outer_join.h): it was claimed without proof that it does not.
bool MayStandInOn(Term::Op op);

// A range's operator (<, <=, >, >=) where its walk may let too much through.
Term::Op Checked(Term::Op op);

// The operator of `column = v` where the walk is exact, where it is not.
Term::Op Equality(bool exact, const std::optional<Datum>& v);

// The operator of such a constraint of SQLite's; none of any other.
std::optional<Term::Op> RangeOperator(int constraint_op);
// What an operator compares by, checked again or not; none where it is no comparison.
std::optional<CompareOp> ComparisonOf(Term::Op op);

// xBestIndex. Cheap and without side effects: it is called several times a statement.
void ChoosePlan(Connection& connection, const TableState& state, sqlite3_index_info& info);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_PLANNER_H_
