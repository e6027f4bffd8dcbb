// RankRange: what constraints on a rank leave: an interval of ranks.

#ifndef MEMKV_EXT_RANK_RANGE_H_
#define MEMKV_EXT_RANK_RANGE_H_

#include <cstdint>

#include "core/datum.h"
#include "ext/planner.h"

namespace memkv::sql {

struct RankRange {
  uint64_t first = 0, end = UINT64_MAX;
  bool nothing = false;

  // `rank op v`. REQUIRES op is kEqual or one of the four exact comparisons.
  void Narrow(Term::Op op, const Datum& v);
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_RANK_RANGE_H_
