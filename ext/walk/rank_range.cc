#include "ext/walk/rank_range.h"

#include <algorithm>
#include <cmath>

namespace memkv::sql {
namespace {

// A rank bound as the smallest whole number that is at least (or, if `above`, greater than) v.
uint64_t RankBound(const Datum& v, bool above) {
  if (v.kind == Datum::kInteger) {
    if (v.integer < 0) return 0;
    return static_cast<uint64_t>(v.integer) + (above ? 1 : 0);
  }
  const double up = above ? std::floor(v.real) + 1 : std::ceil(v.real);
  if (!(up > 0)) return 0;
  return up >= 9.2e18 ? UINT64_MAX : static_cast<uint64_t>(up);
}

}  // namespace

void RankRange::Narrow(CompareOp op, const Datum& v) {
  nothing |= v.kind == Datum::kNull;
  const bool at_least =
      op == CompareOp::kGreater || op == CompareOp::kGreaterEqual || op == CompareOp::kEqual;
  if (v.kind != Datum::kInteger && v.kind != Datum::kReal) {  // text and blobs are above numbers
    nothing |= at_least;
    return;
  }
  if (op == CompareOp::kEqual && v.kind == Datum::kReal && v.real != std::floor(v.real))
    nothing = true;
  if (at_least) first = std::max(first, RankBound(v, op == CompareOp::kGreater));
  if (op == CompareOp::kLess || op == CompareOp::kLessEqual || op == CompareOp::kEqual) {
    const bool negative = v.kind == Datum::kInteger ? v.integer < 0 : v.real < 0;
    nothing |= negative;
    end = std::min(end, RankBound(v, op != CompareOp::kLess));
  }
}

}  // namespace memkv::sql
