// Whether what a view shows agrees with itself: counts, the frozen base, what the delta says of it,
// and the indexes. The first thing that is wrong is the message.

#ifndef MEMKV_CORE_STORE_VERIFY_H_
#define MEMKV_CORE_STORE_VERIFY_H_

#include <vector>

#include "core/store/rows.h"

namespace memkv {

// What can be seen of a delta that somebody else may be writing on from: order and counts.
Status VerifyOrder(const ArtSnapshot& delta, const Rows::Poll& poll);
Status VerifyView(const View& view, const std::vector<IndexDef>& indexes, const Rows::Poll& poll);

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_VERIFY_H_
