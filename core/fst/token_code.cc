#include "core/fst/token_code.h"

#include <string>

#include "core/fst/format.h"

namespace memkv::fst {

Status TokenCode::Parse(Bytes section) {
  const size_t size = section.size();
  auto corrupt = [&](const char* what) {
    return Status::Corrupt(std::string("section code, byte ") +
                           std::to_string(size - section.size()) + ": " + what);
  };
  uint64_t v[8];
  for (uint64_t& x : v) {
    if (!GetVarint(&section, &x)) return corrupt("cut short");
  }
  if (v[0] > v[1] || v[1] > v[2] || v[2] > v[3] || v[3] > 255)
    return corrupt("lead bytes out of order");
  if (v[4] < 1 || v[4] > 8) return corrupt("references of no width");
  end1 = static_cast<uint32_t>(v[0]);
  one = static_cast<uint32_t>(v[1]);
  end2 = static_cast<uint32_t>(v[2]);
  hot = static_cast<uint32_t>(v[3]);
  ref_bytes = static_cast<uint32_t>(v[4]);
  if (v[5] > uint64_t{end2 - one} * 256 || v[6] > uint64_t{hot - end2} * 256)
    return corrupt("too many tokens");

  learnt_rate = v[7];
  known[0] = end1;
  known[1] = one - end1;
  known[2] = static_cast<uint32_t>(v[5]);
  known[3] = static_cast<uint32_t>(v[6]);
  const uint32_t first[4] = {0, end1, one, one + (end2 - one) * 256};
  slot_count = one + (hot - one) * 256;
  slots = std::make_unique<TokenSlot[]>(slot_count + 1);
  for (int group = 0; group < 4; ++group) {
    TokenSlot last = {};
    for (uint32_t i = 0; i < known[group]; ++i) {
      if (section.empty()) return corrupt("cut short");
      const auto head = static_cast<uint8_t>(section[0]);
      const uint32_t shared = head >> 4, own = head & 15;
      if (shared > last.length || shared + own > kMaxTokenBytes) return corrupt("a token too long");
      if (section.size() < 1 + own) return corrupt("cut short");
      std::memset(last.text + shared, 0, kMaxTokenBytes - shared);
      std::memcpy(last.text + shared, section.data() + 1, own);
      last.length = static_cast<uint8_t>(shared + own);
      section.remove_prefix(1 + own);
      slots[first[group] + i] = last;
    }
  }
  return {};
}

bool TokenCode::Known(const uint8_t* p) const {
  if (p[0] < one) return true;
  const uint32_t i = (p[0] - one) << 8 | p[1];
  const uint32_t ends = (end2 - one) * 256;
  return i < ends ? i < known[2] : i - ends < known[3];
}

}  // namespace memkv::fst
