// ReadPlan: a plan as cursors walk it, with what they would look up in the schema for it. A table
// makes one for each plan, and keeps it.

#ifndef MEMKV_EXT_WALK_READ_PLAN_H_
#define MEMKV_EXT_WALK_READ_PLAN_H_

#include <utility>
#include <vector>

#include "ext/plan/plan.h"
#include "ext/schema.h"
#include "ext/walk/narrow.h"

namespace memkv::sql {

struct ReadPlan {
  // Of a declared column: its place in the stored row, or which part of the key it is.
  struct Place {
    bool of_key = false;
    Affinity affinity = Affinity::kNone;
    size_t at = 0;
  };

  Plan plan;
  WalkedIndex index;  // that it is by
  std::vector<Place> places;
  size_t rank_column, whole_key_column, key_parts;  // of the schema

  ReadPlan(const Schema& schema, Plan of)
      : plan(std::move(of)),
        index(schema, schema.IndexNumber(plan.by)),
        rank_column(schema.rank_column()),
        whole_key_column(schema.whole_key_column()),
        key_parts(schema.key.size()) {
    for (size_t i = 0; i < schema.columns.size(); ++i) {
      const std::optional<size_t> part = schema.KeyPartOf(i);
      places.push_back(
          {part.has_value(), schema.columns[i].affinity, part ? *part : schema.RowColumn(i)});
    }
  }
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_WALK_READ_PLAN_H_
