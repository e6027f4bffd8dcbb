#include "core/fst/body.h"

#include <string>

namespace memkv::fst {

void PageGuard::Start(Bytes data, const char* sums) {
  data_ = data;
  sums_ = sums;
  seen_ = std::make_unique<std::atomic<uint64_t>[]>((pages() + 63) / 64);
}

bool PageGuard::Intact(uint64_t page) const {
  const Bytes bytes = data_.substr(page * kPageBytes, kPageBytes);
  return Checksum(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), page) ==
         Load64(sums_ + 8 * page);
}

uint64_t PageGuard::FirstBad() const {
  uint64_t page = 0;
  while (page < pages() && Intact(page)) ++page;
  return page;
}

bool PageGuard::Check(const void* begin, const void* end) const {
  if (!seen_ || begin >= end) return true;
  const auto* data = reinterpret_cast<const uint8_t*>(data_.data());
  const auto from = static_cast<uint64_t>(static_cast<const uint8_t*>(begin) - data);
  const auto to = static_cast<uint64_t>(static_cast<const uint8_t*>(end) - data);
  for (uint64_t page = from / kPageBytes; page <= (to - 1) / kPageBytes && page < pages(); ++page) {
    std::atomic<uint64_t>& word = seen_[page / 64];
    const uint64_t bit = uint64_t{1} << (page % 64);
    if (word.load(std::memory_order_relaxed) & bit) continue;
    if (!Intact(page)) return false;
    word.fetch_or(bit, std::memory_order_relaxed);
  }
  return true;
}

const uint8_t* Body::CheckedLimit(const uint8_t* p) const {
  if (static_cast<size_t>(end - p) <= kAhead + kSlack) return pages.Check(p, end) ? end : nullptr;
  return pages.Check(p, p + kAhead + kSlack) ? p + kAhead : nullptr;
}

bool Body::TakeVarint(const uint8_t*& p, const uint8_t*& limit, uint64_t* v) const {
  uint64_t x = 0;
  for (int shift = 0; shift < 63; shift += 7) {
    if (p >= limit && !(limit = Limit(p))) return false;
    const uint64_t b = *p++;
    x |= (b & 0x7f) << shift;
    if (b < 0x80) {
      *v = x;
      return true;
    }
  }
  return false;
}

bool Body::TakeRef(const uint8_t*& p, const uint8_t*& limit, const uint8_t** to,
                   uint64_t* n) const {
  const uint32_t c = *p++;
  if (c < kColdRef) {
    const uint32_t i = (c - code.hot) << 8 | *p++;
    if (i >= hot.size()) return false;
    *to = base + hot[i].offset;
    *n = hot[i].keys;
    return true;
  }
  const uint64_t offset = LoadWide(p, code.ref_bytes);
  p += code.ref_bytes;
  if (offset >= static_cast<uint64_t>(end - base) || !TakeVarint(p, limit, n) || *n == 0)
    return false;
  *to = base + offset;
  return true;
}

bool Body::TakeLabel(const uint8_t*& p, const uint8_t*& limit, const uint8_t** label,
                     uint64_t* bytes) const {
  ++p;
  if (!TakeShared(p, limit, bytes)) return false;
  if (*bytes == 0 || !Holds(p, *bytes)) return false;
  *label = p;
  p += *bytes;
  limit = Limit(p);
  return limit && *p != kSingle;
}

Status Body::Corrupt(const uint8_t* p, const char* what) const {
  const uint64_t at = p >= base && p <= end ? static_cast<uint64_t>(p - base) : 0;
  return Status::Corrupt("section records, byte " + std::to_string(at) + " of " +
                         std::to_string(static_cast<uint64_t>(end - base)) + ": " + what);
}

}  // namespace memkv::fst
