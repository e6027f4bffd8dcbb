// Byte comparisons of the reader, sixteen at a time: SSE2, NEON, and the plain twins that a test
// compares them with.

#ifndef MEMKV_CORE_FST_SEARCH_H_
#define MEMKV_CORE_FST_SEARCH_H_

#include <bit>
#include <cstdint>
#include <cstring>

#include "core/fst/format.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace memkv::fst {

namespace plain {

// How many of k ascending one-byte separators are <= byte.
inline uint32_t CountUpTo8(const uint8_t* separators, uint32_t k, uint8_t byte) {
  uint32_t n = 0;
  while (n < k && separators[n] <= byte) ++n;
  return n;
}

// How many of k ascending four-byte separators, stored sign-biased, are <= the biased window.
inline uint32_t CountUpTo32(const uint8_t* separators, uint32_t k, int32_t window) {
  uint32_t n = 0;
  while (n < k && static_cast<int32_t>(Load32(separators + 4 * n)) <= window) ++n;
  return n;
}

// Bit i of 16: a[i] != b[i].
inline uint32_t Differ16(const void* a, const void* b) {
  uint32_t bits = 0;
  for (int i = 0; i < 16; ++i) {
    bits |= uint32_t{static_cast<const uint8_t*>(a)[i] != static_cast<const uint8_t*>(b)[i]} << i;
  }
  return bits;
}

}  // namespace plain

// The fast forms read up to kPadBytes past the separators.
#if defined(__SSE2__) && !defined(MEMKV_SCALAR)

inline uint32_t CountUpTo8(const uint8_t* separators, uint32_t k, uint8_t byte) {
  const __m128i q = _mm_set1_epi8(static_cast<char>(byte));
  for (uint32_t d = 0; d < k; d += 16) {
    const __m128i s = _mm_loadu_si128(reinterpret_cast<const __m128i*>(separators + d));
    uint32_t above =
        0xffffu & ~static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(s, q), s)));
    if (k - d < 16) above |= 1u << (k - d);
    if (above) return d + static_cast<uint32_t>(std::countr_zero(above));
  }
  return k;
}

inline uint32_t CountUpTo32(const uint8_t* separators, uint32_t k, int32_t window) {
  const __m128i q = _mm_set1_epi32(window);
  for (uint32_t d = 0; d < k; d += 16) {
    const auto* s = reinterpret_cast<const __m128i*>(separators + 4 * d);
    const __m128i a = _mm_cmpgt_epi32(_mm_loadu_si128(s), q),
                  b = _mm_cmpgt_epi32(_mm_loadu_si128(s + 1), q);
    const __m128i c = _mm_cmpgt_epi32(_mm_loadu_si128(s + 2), q),
                  e = _mm_cmpgt_epi32(_mm_loadu_si128(s + 3), q);
    auto above = static_cast<uint32_t>(
        _mm_movemask_epi8(_mm_packs_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, e))));
    if (k - d < 16) above |= 1u << (k - d);
    if (above) return d + static_cast<uint32_t>(std::countr_zero(above));
  }
  return k;
}

inline uint32_t Differ16(const void* a, const void* b) {
  return 0xffffu & ~static_cast<uint32_t>(_mm_movemask_epi8(
                       _mm_cmpeq_epi8(_mm_loadu_si128(static_cast<const __m128i*>(a)),
                                      _mm_loadu_si128(static_cast<const __m128i*>(b)))));
}

#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(MEMKV_SCALAR)

// Vectors of 0 or ff bytes to one bit each.
inline uint32_t BitsOf(uint8x16_t v) {
  const uint8x16_t weight = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t bits = vandq_u8(v, weight);
  return vaddv_u8(vget_low_u8(bits)) | uint32_t{vaddv_u8(vget_high_u8(bits))} << 8;
}

inline uint32_t CountUpTo8(const uint8_t* separators, uint32_t k, uint8_t byte) {
  for (uint32_t d = 0; d < k; d += 16) {
    uint32_t above = BitsOf(vcgtq_u8(vld1q_u8(separators + d), vdupq_n_u8(byte)));
    if (k - d < 16) above |= 1u << (k - d);
    if (above) return d + static_cast<uint32_t>(std::countr_zero(above));
  }
  return k;
}

inline uint32_t CountUpTo32(const uint8_t* separators, uint32_t k, int32_t window) {
  const uint32x4_t lane = {0, 1, 2, 3};
  for (uint32_t d = 0; d < k; d += 4) {
    const int32x4_t s = vreinterpretq_s32_u8(vld1q_u8(separators + 4 * d));
    const uint32x4_t there = vcltq_u32(lane, vdupq_n_u32(k - d));
    const uint32_t up_to =
        vaddvq_u32(vshrq_n_u32(vandq_u32(vcleq_s32(s, vdupq_n_s32(window)), there), 31));
    if (up_to < 4) return d + up_to;
  }
  return k;
}

inline uint32_t Differ16(const void* a, const void* b) {
  return 0xffffu & ~BitsOf(vceqq_u8(vld1q_u8(static_cast<const uint8_t*>(a)),
                                    vld1q_u8(static_cast<const uint8_t*>(b))));
}

#else
using plain::CountUpTo32;
using plain::CountUpTo8;
using plain::Differ16;
#endif

inline void Copy16(void* to, const void* from) { std::memcpy(to, from, 16); }

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_SEARCH_H_
