// The delta of a secondary index, as the rows make it: which index keys it adds to the base's, and
// which it hides.
//
// It has, for each entry of the delta of the rows, a tombstone for the index key of the base's row
// and an entry for that of the new row, but for neither where the two are the same.

#ifndef MEMKV_CORE_STORE_INDEX_DELTA_H_
#define MEMKV_CORE_STORE_INDEX_DELTA_H_

#include <memory>
#include <string>

#include "core/index_def.h"
#include "core/store/rows.h"

namespace memkv {

// Appends the index key of a row, of which `base` may be the frozen part. kTooBig where it would be
// too long. *buffer is scratch.
Status AppendIndexKey(const Fst* base, const RowRef& row, const IndexDef& index, Bytes key,
                      std::string* buffer, std::string* out);

// Sorted before it is built. `learning` as in Art::Options.
Status MakeIndexDelta(const ArtSnapshot& rows, const Fst* base, const IndexDef& index,
                      std::shared_ptr<art::Learning> learning, const Rows::Poll& poll,
                      std::unique_ptr<Art>* out);

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_INDEX_DELTA_H_
