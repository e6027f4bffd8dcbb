// What the terms of a plan, and their arguments, leave of the index that it walks.

#ifndef MEMKV_EXT_WALK_NARROW_H_
#define MEMKV_EXT_WALK_NARROW_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ext/plan/index_codec.h"
#include "ext/plan/plan.h"
#include "ext/schema.h"
#include "ext/sqlite.h"
#include "ext/vtab.h"
#include "ext/walk/doubts.h"
#include "ext/walk/index_of_view.h"
#include "ext/walk/rank_range.h"

namespace memkv::sql {

// What a part is compared with.
struct Doubted {
  size_t part;
  std::string text;              // as a text has it
  std::optional<double> number;  // that it is, or begins with

  Doubted(size_t of, sqlite3_value* value);
  // Whether a value of the part may equal it, whichever way SQLite compares.
  bool Allows(const Datum& stored) const;
};

struct Narrowed {
  KeyRange keys;    // keys of the index
  RankRange ranks;  // in it
  // The values of an IN: as keys of the index begin, so many parts of them. Ascending, no two alike.
  // Nobody need heed them: SQLite checks the rows.
  std::optional<std::vector<std::string>> values;
  size_t value_parts = 0;
  // A pattern that a part of the key matches, behind the parts before it, which have one value each.
  const Term* pattern = nullptr;
  std::string pattern_text, pattern_behind;
  // How many first parts have one value in all keys, and its bytes.
  size_t same_parts = 0, same_bytes = 0;
  // Equalities of which it is in doubt what they leave: the walk is of whatever either reading allows.
  std::vector<Doubted> doubted;
  bool has_bounds = false;  // SQLite derived some from the pattern, which nobody reads
  bool nothing = false;     // no row at all

  bool empty() const { return nothing || ranks.nothing || keys.empty(); }
};

// What walks ask of an index of a schema, in terms of its parts (Schema::IndexParts()).
struct WalkedIndex {
  size_t number = 0;  // 0: key order
  std::vector<size_t> parts;
  std::vector<Affinity> affinities;  // of each

  WalkedIndex() = default;
  WalkedIndex(const Schema& of, size_t index) : number(index), parts(of.IndexParts(index)) {
    for (const size_t column : parts) affinities.push_back(of.columns[column].affinity);
  }

  Affinity AffinityOf(size_t part) const { return affinities[part]; }
  const IndexCodec& CodecOf(size_t part) const {
    return part + 1 == parts.size() ? kKeyCodec : kValueCodec;
  }
};

// Throws SqlError; what Doubts throws.
Narrowed Narrow(MemkvTable& table, const IndexOfView& index, const WalkedIndex& walked,
                const Plan& plan, std::span<sqlite3_value*> args, Doubts& doubts);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_WALK_NARROW_H_
