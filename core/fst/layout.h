// Layout: where records go in the image, and the image's bytes of them.

#ifndef MEMKV_CORE_FST_LAYOUT_H_
#define MEMKV_CORE_FST_LAYOUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/fst/progress.h"
#include "core/fst/records.h"

namespace memkv::fst {

struct Layout {
  std::vector<uint32_t> order;      // records by address
  std::vector<uint64_t> address;    // by record
  std::vector<uint8_t> link_bytes;  // by FUSED record: width of its child offsets
  uint32_t ref_bytes = 1;           // width of cold references
  uint64_t total_bytes = 0;
};

// Places the root at 0 and, again and again, the heaviest descendants of a record beside it until
// about 1 KiB is full, so that a walk crosses few cache lines and pages. Children come after their
// parents. No width is below least_bytes. Unfinished if progress says to stop.
Layout PlaceRecords(const Records& records, uint32_t least_bytes, Progress* progress);

// Appends all records, offsets filled in.
void EmitRecords(const Records& records, const Layout& layout, std::string* out);

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_LAYOUT_H_
