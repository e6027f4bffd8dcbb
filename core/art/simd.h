// 64 or 16 bytes compared with one byte, as masks (bit i = byte i): SSE2, NEON, and a scalar twin
// that is always there, so that tests compare them. Baselines only: wider vectors were measured and
// gain nothing here. Words are loaded as little-endian machines do: the module refuses to load on
// others (ext/host.h).

#ifndef MEMKV_CORE_ART_SIMD_H_
#define MEMKV_CORE_ART_SIMD_H_

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace memkv::art {

inline uint64_t LowMask(uint32_t n) { return n >= 64 ? ~uint64_t{0} : (uint64_t{1} << n) - 1; }

inline uint32_t Load32(const uint8_t* p) {
  uint32_t v;
  std::memcpy(&v, p, 4);
  return v;
}
inline uint64_t Load64(const uint8_t* p) {
  uint64_t v;
  std::memcpy(&v, p, 8);
  return v;
}
inline void Store32(uint8_t* p, uint32_t v) { std::memcpy(p, &v, 4); }

// p[0..n) as a little-endian number, n <= 8; reads nothing else.
inline uint64_t LoadSome(const uint8_t* p, uint32_t n) {
  if (n >= 8) return Load64(p);
  if (n >= 4) return Load32(p) | static_cast<uint64_t>(Load32(p + n - 4)) << (8 * (n - 4));
  if (n == 0) return 0;
  return p[0] | static_cast<uint64_t>(p[n / 2]) << (8 * (n / 2)) |
         static_cast<uint64_t>(p[n - 1]) << (8 * (n - 1));
}

namespace scalar {

struct Bytes64 {
  const uint8_t* p;
  explicit Bytes64(const uint8_t* bytes) : p(bytes) {}
  uint64_t Eq(uint8_t c) const {
    uint64_t m = 0;
    for (int i = 0; i < 64; ++i) m |= static_cast<uint64_t>(p[i] == c) << i;
    return m;
  }
  uint64_t Le(uint8_t c) const {
    uint64_t m = 0;
    for (int i = 0; i < 64; ++i) m |= static_cast<uint64_t>(p[i] <= c) << i;
    return m;
  }
  uint64_t Lt(uint8_t c) const {
    uint64_t m = 0;
    for (int i = 0; i < 64; ++i) m |= static_cast<uint64_t>(p[i] < c) << i;
    return m;
  }
};

// Masks of the bytes < c and == c among 16.
inline void Compare16(const uint8_t* p, uint8_t c, uint32_t* lt, uint32_t* eq) {
  *lt = *eq = 0;
  for (int i = 0; i < 16; ++i) {
    *lt |= static_cast<uint32_t>(p[i] < c) << i;
    *eq |= static_cast<uint32_t>(p[i] == c) << i;
  }
}

// p[0] + ... + p[n-1].
inline uint32_t SumFirst(const uint8_t* p, uint32_t n) {
  uint32_t s = 0;
  for (uint32_t i = 0; i < n; ++i) s += p[i];
  return s;
}

// n little-endian words of 32 bits, added up in 64.
inline uint64_t SumWords(const uint8_t* p, uint32_t n) {
  uint64_t s = 0;
  for (uint32_t i = 0; i < n; ++i) s += Load32(p + 4 * size_t{i});
  return s;
}
inline int64_t SumSignedWords(const uint8_t* p, uint32_t n) {
  int64_t s = 0;
  for (uint32_t i = 0; i < n; ++i) s += static_cast<int32_t>(Load32(p + 4 * size_t{i}));
  return s;
}

}  // namespace scalar

#if defined(__SSE2__) && !defined(MEMKV_SCALAR)

struct Bytes64 {
  __m128i v[4];
  explicit Bytes64(const uint8_t* p) {
    for (int i = 0; i < 4; ++i)
      v[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
  }
  template <class F>
  static uint64_t Join(F f) {
    auto part = [&](int i) {
      return static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(f(i))));
    };
    return part(0) | part(1) << 16 | part(2) << 32 | part(3) << 48;
  }
  uint64_t Eq(uint8_t c) const {
    const __m128i k = _mm_set1_epi8(static_cast<char>(c));
    return Join([&](int i) { return _mm_cmpeq_epi8(v[i], k); });
  }
  uint64_t Le(uint8_t c) const {
    const __m128i k = _mm_set1_epi8(static_cast<char>(c));
    return Join([&](int i) { return _mm_cmpeq_epi8(_mm_min_epu8(v[i], k), v[i]); });
  }
  uint64_t Lt(uint8_t c) const {
    const __m128i k = _mm_set1_epi8(static_cast<char>(c));
    return ~Join([&](int i) { return _mm_cmpeq_epi8(_mm_max_epu8(v[i], k), v[i]); });
  }
};

inline void Compare16(const uint8_t* p, uint8_t c, uint32_t* lt, uint32_t* eq) {
  const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i k = _mm_set1_epi8(static_cast<char>(c));
  *eq = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(v, k)));
  *lt = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(v, k), v))) & ~*eq;
}

// Reads 64 bytes.
inline uint32_t SumFirst64(const uint8_t* p, uint32_t n) {
  alignas(16) static constexpr uint8_t kBytes[16] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                     8, 9, 10, 11, 12, 13, 14, 15};
  const __m128i at = _mm_load_si128(reinterpret_cast<const __m128i*>(kBytes));
  const __m128i zero = _mm_setzero_si128();
  __m128i s = zero;
  for (int i = 0; i < 4; ++i) {
    const __m128i limit = _mm_set1_epi8(static_cast<char>(static_cast<int>(n) - 16 * i));
    const __m128i keep = _mm_cmplt_epi8(at, limit);
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
    s = _mm_add_epi64(s, _mm_sad_epu8(_mm_and_si128(v, keep), zero));
  }
  return static_cast<uint32_t>(_mm_cvtsi128_si32(s) + _mm_cvtsi128_si32(_mm_unpackhi_epi64(s, s)));
}

#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(MEMKV_SCALAR)

inline uint64_t NeonMask(uint8x16_t m) {
  alignas(16) static constexpr uint8_t kBits[16] = {1, 2, 4, 8, 16, 32, 64, 128,
                                                    1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t b = vandq_u8(m, vld1q_u8(kBits));
  return vaddv_u8(vget_low_u8(b)) | static_cast<uint64_t>(vaddv_u8(vget_high_u8(b))) << 8;
}

struct Bytes64 {
  uint8x16_t v[4];
  explicit Bytes64(const uint8_t* p) {
    for (int i = 0; i < 4; ++i) v[i] = vld1q_u8(p + 16 * i);
  }
  template <class F>
  static uint64_t Join(F f) {
    return NeonMask(f(0)) | NeonMask(f(1)) << 16 | NeonMask(f(2)) << 32 | NeonMask(f(3)) << 48;
  }
  uint64_t Eq(uint8_t c) const {
    const uint8x16_t k = vdupq_n_u8(c);
    return Join([&](int i) { return vceqq_u8(v[i], k); });
  }
  uint64_t Le(uint8_t c) const {
    const uint8x16_t k = vdupq_n_u8(c);
    return Join([&](int i) { return vcleq_u8(v[i], k); });
  }
  uint64_t Lt(uint8_t c) const {
    const uint8x16_t k = vdupq_n_u8(c);
    return Join([&](int i) { return vcltq_u8(v[i], k); });
  }
};

inline void Compare16(const uint8_t* p, uint8_t c, uint32_t* lt, uint32_t* eq) {
  const uint8x16_t v = vld1q_u8(p), k = vdupq_n_u8(c);
  *eq = static_cast<uint32_t>(NeonMask(vceqq_u8(v, k)));
  *lt = static_cast<uint32_t>(NeonMask(vcltq_u8(v, k)));
}

inline uint32_t SumFirst64(const uint8_t* p, uint32_t n) {
  alignas(16) static constexpr int8_t kBytes[16] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                    8, 9, 10, 11, 12, 13, 14, 15};
  const int8x16_t at = vld1q_s8(kBytes);
  uint32_t s = 0;
  for (int i = 0; i < 4; ++i) {
    const uint8x16_t keep =
        vcltq_s8(at, vdupq_n_s8(static_cast<int8_t>(static_cast<int>(n) - 16 * i)));
    s += vaddlvq_u8(vandq_u8(vld1q_u8(p + 16 * i), keep));
  }
  return s;
}

#else

using scalar::Bytes64;
using scalar::Compare16;
inline uint32_t SumFirst64(const uint8_t* p, uint32_t n) { return scalar::SumFirst(p, n); }

#endif

#if defined(__SSE2__) && !defined(MEMKV_SCALAR)

template <bool kSigned>
inline uint64_t SumWordsBy4(const uint8_t* p, uint32_t n) {
  __m128i sum = _mm_setzero_si128();
  uint32_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 4 * size_t{i}));
    const __m128i high = kSigned ? _mm_srai_epi32(v, 31) : _mm_setzero_si128();
    sum =
        _mm_add_epi64(sum, _mm_add_epi64(_mm_unpacklo_epi32(v, high), _mm_unpackhi_epi32(v, high)));
  }
  uint64_t lanes[2];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(lanes), sum);
  const uint8_t* rest = p + 4 * size_t{i};
  return lanes[0] + lanes[1] +
         (kSigned ? static_cast<uint64_t>(scalar::SumSignedWords(rest, n - i))
                  : scalar::SumWords(rest, n - i));
}
inline uint64_t SumWords(const uint8_t* p, uint32_t n) { return SumWordsBy4<false>(p, n); }
inline int64_t SumSignedWords(const uint8_t* p, uint32_t n) {
  return static_cast<int64_t>(SumWordsBy4<true>(p, n));
}

#else

using scalar::SumSignedWords;
using scalar::SumWords;

#endif

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_SIMD_H_
