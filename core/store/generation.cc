#include "core/store/generation.h"

#include <bit>
#include <cstring>

namespace memkv {
namespace {

constexpr uint64_t kC1 = 0x87c37b91114253d5, kC2 = 0x4cf5ad432745937f;

uint64_t Load(const char* p) {
  uint64_t v;
  std::memcpy(&v, p, 8);
  if constexpr (std::endian::native == std::endian::big) v = __builtin_bswap64(v);
  return v;
}

uint64_t Mix1(uint64_t k) { return std::rotl(k * kC1, 31) * kC2; }
uint64_t Mix2(uint64_t k) { return std::rotl(k * kC2, 33) * kC1; }

uint64_t Final(uint64_t k) {
  k = (k ^ k >> 33) * 0xff51afd7ed558ccd;
  k = (k ^ k >> 33) * 0xc4ceb9fe1a85ec53;
  return k ^ k >> 33;
}

}  // namespace

Generation Generation::Chain(Bytes bytes) const {
  uint64_t h1 = lo, h2 = hi;
  const char* p = bytes.data();
  size_t left = bytes.size();
  for (; left >= 16; left -= 16, p += 16) {
    h1 = (std::rotl(h1 ^ Mix1(Load(p)), 27) + h2) * 5 + 0x52dce729;
    h2 = (std::rotl(h2 ^ Mix2(Load(p + 8)), 31) + h1) * 5 + 0x38495ab5;
  }
  char tail[16] = {};
  if (left > 0) std::memcpy(tail, p, left);
  h1 ^= Mix1(Load(tail)) ^ bytes.size();
  h2 ^= Mix2(Load(tail + 8)) ^ bytes.size();
  h1 += h2;
  h2 += h1;
  h1 = Final(h1);
  h2 = Final(h2);
  h1 += h2;
  return {h1, h2 + h1};
}

std::string Generation::Encode() const {
  std::string out(kBytes, '\0');
  for (size_t i = 0; i < 8; ++i) {
    out[i] = static_cast<char>(lo >> (8 * i));
    out[8 + i] = static_cast<char>(hi >> (8 * i));
  }
  return out;
}

bool Generation::Decode(Bytes bytes, Generation* out) {
  if (bytes.size() != kBytes) return false;
  *out = {Load(bytes.data()), Load(bytes.data() + 8)};
  return true;
}

std::string Generation::ToString() const {
  std::string out;
  for (uint64_t half : {hi, lo}) {
    for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[half >> shift & 15];
  }
  return out;
}

}  // namespace memkv
