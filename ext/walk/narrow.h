// What the terms of a plan, and their arguments, leave of the index that it walks.

#ifndef MEMKV_EXT_WALK_NARROW_H_
#define MEMKV_EXT_WALK_NARROW_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ext/args.h"
#include "ext/plan/plan.h"
#include "ext/vtab.h"
#include "ext/walk/doubts.h"
#include "ext/walk/index_of_view.h"
#include "ext/walk/rank_range.h"

namespace memkv::sql {

struct Narrowed {
  KeyRange keys;    // keys of the index
  RankRange ranks;  // in it
  // The values of an IN: each alone as keys of the index begin, or, of key order, are. Ascending,
  // no two alike. Nobody need heed them: SQLite checks the rows.
  std::optional<std::vector<std::string>> values;
  // A pattern that a key matches, behind the part of it that is the one value of an INDEXED column
  // (empty: at its start).
  const Term* pattern = nullptr;
  std::string pattern_text, pattern_behind;
  bool has_bounds = false;  // SQLite derived some from the pattern, which nobody reads
  bool nothing = false;     // no row at all

  bool empty() const { return nothing || ranks.nothing || keys.empty(); }
};

// Throws SqlError; what Doubts throws.
Narrowed Narrow(MemkvTable& table, const IndexOfView& index, size_t leading_column,
                const Plan& plan, std::span<sqlite3_value*> args, Doubts& doubts);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_WALK_NARROW_H_
