// Packing of integers: a straight line, the distance from it in few bits, and outliers apart. See
// "ints" in values.h.

#ifndef MEMKV_CORE_FST_PACK_H_
#define MEMKV_CORE_FST_PACK_H_

#include <cstdint>
#include <span>
#include <string>

namespace memkv::fst {

// Appends the values, at most 65535 of them. `free` marks values that may be anything (rows that
// are NULL); may be empty. Without outliers every value is found with one load.
void AppendInts(std::span<const uint64_t> values, std::span<const bool> free, bool outliers,
                std::string* out);

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_PACK_H_
