#include "core/query/literal.h"

#include <bit>
#include <cassert>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace memkv {
namespace {

// Bytes by how common they are in addresses, paths and words; what is not listed is rare.
constexpr Bytes kCommon = "etaoinsrlcdhmupw./-gybf0123456789kv_";

size_t Commonness(CasePair byte) {
  const size_t at = kCommon.find(static_cast<char>(byte.lower));
  return at == Bytes::npos ? 0 : kCommon.size() - at;
}

}  // namespace

Literal::Literal(std::vector<CasePair> bytes) : bytes_(std::move(bytes)) {
  assert(!bytes_.empty() && bytes_.size() <= kMaxBytes);
  for (size_t i = 0; i < bytes_.size(); ++i) {
    if (Commonness(bytes_[i]) < Commonness(bytes_[rarer_])) rarer_ = i;
  }
  rare_ = rarer_ == 0 ? bytes_.size() - 1 : 0;
  for (size_t i = 0; i < bytes_.size(); ++i) {
    if (i != rarer_ && Commonness(bytes_[i]) < Commonness(bytes_[rare_])) rare_ = i;
  }
}

bool Literal::Is(const char* text) const {
  for (size_t i = 0; i < bytes_.size(); ++i) {
    if (!bytes_[i].Has(static_cast<uint8_t>(text[i]))) return false;
  }
  return true;
}

size_t Literal::FindInBlocks(const char* text, size_t from, size_t to, bool* nul) const {
  *nul = false;
#if defined(__SSE2__) && !defined(MEMKV_SCALAR)
  const auto all = [](uint8_t c) { return _mm_set1_epi8(static_cast<char>(c)); };
  const __m128i zero = _mm_setzero_si128();
  const __m128i upper = all(bytes_[rare_].upper), lower = all(bytes_[rare_].lower);
  const __m128i upper2 = all(bytes_[rarer_].upper), lower2 = all(bytes_[rarer_].lower);
  const auto load = [](const char* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  };
  for (size_t i = from; i < to; i += 16) {
    const __m128i a = load(text + i + rare_), b = load(text + i + rarer_);
    const __m128i at_a = _mm_or_si128(_mm_cmpeq_epi8(a, upper), _mm_cmpeq_epi8(a, lower));
    const __m128i at_b = _mm_or_si128(_mm_cmpeq_epi8(b, upper2), _mm_cmpeq_epi8(b, lower2));
    unsigned hits = static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(at_a, at_b)));
    unsigned nuls = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(load(text + i), zero)));
    if (to - i < 16) {
      hits &= (1u << (to - i)) - 1;
      nuls &= (1u << (to - i)) - 1;
    }
    for (; hits != 0; hits &= hits - 1) {
      const size_t at = i + static_cast<size_t>(std::countr_zero(hits));
      if (nuls != 0 && at > i + static_cast<size_t>(std::countr_zero(nuls))) break;
      if (Is(text + at)) return at;
    }
    if (nuls != 0) {
      *nul = true;
      return i + static_cast<size_t>(std::countr_zero(nuls));
    }
  }
#else
  for (size_t i = from; i < to; ++i) {
    if (text[i] == '\0') {
      *nul = true;
      return i;
    }
    if (bytes_[rarer_].Has(static_cast<uint8_t>(text[i + rarer_])) && Is(text + i)) return i;
  }
#endif
  return to;
}

size_t Literal::Find(Bytes text, bool* found) const {
  *found = false;
  const size_t n = bytes_.size();
  size_t at = 0;
  if (text.size() >= n) {
    const size_t places = text.size() - n + 1;
    const size_t whole = places / 16 * 16;  // read without going past the end
    bool nul = false;
    if (whole > 0) at = FindInBlocks(text.data(), 0, whole, &nul);
    if (at == whole && !nul && whole < places) {
      char tail[16 + kMaxBytes + 16];
      std::memcpy(tail, text.data() + whole, text.size() - whole);
      at = whole + FindInBlocks(tail, 0, places - whole, &nul);
    }
    if (nul || at < places) {
      *found = !nul;
      return at;
    }
  }
  const void* nul = std::memchr(text.data() + at, '\0', text.size() - at);
  return nul ? static_cast<size_t>(static_cast<const char*>(nul) - text.data()) : text.size();
}

}  // namespace memkv
