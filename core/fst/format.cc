#include "core/fst/format.h"

namespace memkv::fst {

uint64_t Checksum(const uint8_t* p, size_t n, uint64_t seed) {
  // Each step is a bijection of its lane for given input, and of the input for a given lane, so one
  // flip always shows.
  constexpr uint64_t kA = 0x9E3779B97F4A7C15, kB = 0xC2B2AE3D27D4EB4F;
  auto step = [](uint64_t h, uint64_t x) { return std::rotl((h ^ x) * kA, 29); };
  uint64_t lane[4] = {seed ^ kA, seed ^ kB, seed + kA, seed + kB};
  const uint64_t bytes = n;
  for (; n >= 32; p += 32, n -= 32) {
    for (int i = 0; i < 4; ++i) lane[i] = step(lane[i], Load64(p + 8 * i));
  }
  uint64_t h = bytes * kB + seed;
  for (uint64_t x : lane) h = step(h, x);
  for (; n >= 8; p += 8, n -= 8) h = step(h, Load64(p));
  uint64_t rest = 0;
  for (size_t i = 0; i < n; ++i) rest |= uint64_t{p[i]} << (8 * i);
  h = step(h, rest);
  return (h ^ (h >> 32)) * kB;
}

uint64_t HeaderChecksum(std::string_view header) {
  const auto* p = reinterpret_cast<const uint8_t*>(header.data());
  constexpr size_t kField = kPreambleBytes - 8;
  return Checksum(p + kPreambleBytes, header.size() - kPreambleBytes, Checksum(p, kField));
}

}  // namespace memkv::fst
