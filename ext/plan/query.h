// What SQLite asks of a plan, as our own structs: what xBestIndex is given, and what it answers.

#ifndef MEMKV_EXT_PLAN_QUERY_H_
#define MEMKV_EXT_PLAN_QUERY_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/datum.h"
#include "ext/plan/plan.h"
#include "ext/schema.h"

namespace memkv::sql {

// What a constraint asks of its column.
enum class Ask : unsigned char {
  kEqual,
  kIs,
  kIsNull,
  kNotNull,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kLike,
  kGlob,
  kRegexp,
  kHasPrefix,
  kLimit,
  kOffset,
  kOther,
};

enum class Collation : unsigned char { kBinary, kNoCase, kOther };

struct Constraint {
  Ask ask = Ask::kOther;
  size_t column = 0;  // declared or hidden (Schema)
  bool usable = true;
  Collation collation = Collation::kBinary;
  // The right-hand side where it is known when the plan is made: a literal, never a parameter.
  // Borrowed from SQLite.
  std::optional<Datum> value = std::nullopt;
  bool is_in = false;  // kEqual with each of a list's values, which may be had at once

  bool IsLimit() const { return ask == Ask::kLimit || ask == Ask::kOffset; }
};

struct Query {
  struct OrderTerm {
    size_t column;
    bool descending;
  };

  std::vector<Constraint> constraints;
  std::vector<OrderTerm> order_by;
  // Rows that agree in all columns of order_by may be left out but for one of them, if no other
  // column is read.
  bool is_distinct = false;
  uint64_t columns_read = ~uint64_t{0};  // bit 63: any from the 64th on

  bool Reads(size_t column) const { return columns_read >> std::min<size_t>(column, 63) & 1; }

  // LIMIT and OFFSET together, as far as they are known.
  double Limit() const;
};

// A plan, and what SQLite is told of it.
struct Answer {
  struct Usage {
    int argument = 0;   // which of xFilter's, 1 for the first; 0: left to SQLite
    bool omit = false;  // SQLite need not check it: every row of the walk satisfies it
    bool as_list = false;
  };

  Plan plan;
  std::vector<Usage> usage;  // of each constraint
  bool sorted = false;       // as order_by asks
  bool unique = false;       // one row at most
  // "key = ?" is exact only while no key is a number, or reads as one.
  bool presumes_no_numbers = false;
  double rows = 0;  // that the walk gives, about
  double cost = 0;  // of the walk, as SQLite counts
  double work = 0;  // the same with what is done to its rows, to choose by
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_PLAN_QUERY_H_
