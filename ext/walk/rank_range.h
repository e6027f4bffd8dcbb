// RankRange: what constraints on a rank leave: an interval of ranks.

#ifndef MEMKV_EXT_WALK_RANK_RANGE_H_
#define MEMKV_EXT_WALK_RANK_RANGE_H_

#include <cstdint>

#include "core/datum.h"
#include "core/range.h"

namespace memkv::sql {

struct RankRange {
  uint64_t first = 0, end = UINT64_MAX;
  bool nothing = false;

  bool everything() const { return !nothing && first == 0 && end == UINT64_MAX; }

  void Narrow(CompareOp op, const Datum& v);  // `rank op v`
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_WALK_RANK_RANGE_H_
