// Makes the checksums of a damaged image right again, so that what lies behind them is tested.

#ifndef MEMKV_TESTS_CORE_FST_REPAIR_H_
#define MEMKV_TESTS_CORE_FST_REPAIR_H_

#include <string>

#include "core/fst/format.h"

namespace memkv::test {

// Leaves alone what is too short, or too wrong, to have checksums. With `shape`, also the magic,
// version and size are made right.
inline void Repair(std::string* image, bool shape) {
  if (image->size() < fst::kPreambleBytes) return;
  char* p = image->data();
  if (shape) {
    std::memcpy(p, fst::kMagic, sizeof fst::kMagic);
    fst::StoreWide(p + 8, fst::kVersion, 4);
    fst::StoreWide(p + 16, image->size(), 8);
  }
  const uint64_t data = fst::Load64(p + 40);
  if (data < fst::kPreambleBytes || data > image->size()) return;
  const uint64_t bytes = image->size() - data,
                 pages = (bytes + fst::kPageBytes - 1) / fst::kPageBytes;
  if (pages * 8 > data - fst::kPreambleBytes) return;
  for (uint64_t page = 0; page < pages; ++page) {
    const auto* at = reinterpret_cast<const uint8_t*>(p) + data + page * fst::kPageBytes;
    const uint64_t n = std::min<uint64_t>(fst::kPageBytes, bytes - page * fst::kPageBytes);
    fst::StoreWide(p + data - 8 * (pages - page), fst::Checksum(at, n, page), 8);
  }
  fst::StoreWide(p + fst::kPreambleBytes - 8, fst::HeaderChecksum(std::string_view(p, data)), 8);
}

}  // namespace memkv::test

#endif  // MEMKV_TESTS_CORE_FST_REPAIR_H_
