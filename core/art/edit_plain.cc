// The common writes: a number in a leaf with lengths of one byte, plain nets and the present token
// book. What edit.cc does by taking a leaf apart is done here by copying its arrays.

#include <algorithm>
#include <bit>
#include <cassert>

#include "core/art/engine.h"

namespace memkv::art {

namespace {

uint32_t WidthOf(uint64_t v) {
  return v ? (71 - static_cast<uint32_t>(std::countl_zero(v))) / 8 : 0;
}

bool IsPlain(const Leaf& leaf, uint8_t book) {
  return leaf.log_len == 0 && !(leaf.flags & (Leaf::kWideHead | Leaf::kNets | Leaf::kRecords)) &&
         leaf.book == book;
}

size_t PlainBytes(uint32_t n, uint32_t width, size_t blob) {
  return Leaf::kHead + size_t{n} * (3 + width) + blob + 1;
}

// An array of bytes with a gap of one at p.
void CopyWithGap(uint8_t* to, const uint8_t* from, uint32_t p, uint32_t n) {
  std::memcpy(to, from, p);
  std::memcpy(to + p + 1, from + p, n - p);
}
void CopyWithout(uint8_t* to, const uint8_t* from, uint32_t p, uint32_t n) {
  std::memcpy(to, from, p);
  std::memcpy(to + p, from + p + 1, n - p - 1);
}

}  // namespace

bool Engine::InsertPlainly(const Leaf& leaf, const LeafPos& pos, Bytes key, uint64_t number) {
  const uint32_t n = leaf.n, p = pos.pos, skip = leaf.skip;
  const uint8_t book = coding_.present();
  if (!IsPlain(leaf, book) || (leaf.flags & Leaf::kOpen) || key.empty()) return false;
  const uint32_t l = p ? pos.lcp_prev : skip;
  if (l - skip > 255) return false;
  const uint8_t* rest;
  const uint32_t r = coder_.EncodeRest(book, key.substr(l + 1), &rest);
  if (r > 255) return false;
  // The next entry shares more with the new one than with the one before.
  const uint8_t* B = leaf.rests();
  const uint32_t off = leaf.Offset(p);
  uint32_t next_old = 0, next_r = 0;
  const uint8_t* next = B + off;
  uint8_t next_f = 0;
  bool cut = false;
  if (p < n) {
    next_old = next_r = leaf.R[p];
    const uint32_t by = pos.lcp_next - leaf.l(p);
    if (pos.lcp_next > leaf.l(p)) {
      if (pos.lcp_next - skip > 255) return false;
      cut = true;
      const LeafCoder::Rest rest = coder_.CutRest(book, {next, next_old}, by, &next_f);
      next = rest.p;
      next_r = rest.n;
      if (next_r > 255) return false;
    }
  }
  const uint32_t width = std::max(leaf.width < 8 ? uint32_t{leaf.width} : 8u, WidthOf(number));
  const size_t blob = leaf.blob + r + next_r - next_old;
  const size_t bytes = PlainBytes(n + 1, width, blob);
  if (blob > 0xffff) return false;
  LeafHead head = leaf;
  head.n = n + 1;
  head.width = static_cast<uint8_t>(width);
  head.run = p < n ? 0 : std::min<uint8_t>(Leaf::kMostRun, leaf.run + 1);
  head.blob = static_cast<uint32_t>(blob);
  directory_.StoreLeaf(path_, bytes, book, [&](uint8_t* t, uint32_t granules, uint64_t birth) {
    head.granules = granules;
    uint8_t* L = head.Write(t, birth);
    uint8_t* F = L + n + 1;
    uint8_t* R = F + n + 1;
    uint8_t* V = R + n + 1;
    CopyWithGap(L, leaf.L, p, n);
    L[p] = static_cast<uint8_t>(l - skip);
    CopyWithGap(F, leaf.F, p, n);
    F[p] = static_cast<uint8_t>(key[l]);
    CopyWithGap(R, leaf.R, p, n);
    R[p] = static_cast<uint8_t>(r);
    if (cut) {
      L[p + 1] = static_cast<uint8_t>(pos.lcp_next - skip);
      F[p + 1] = next_f;
      R[p + 1] = static_cast<uint8_t>(next_r);
    }
    if (width == leaf.width) {
      std::memcpy(V, leaf.V, p * width);
      std::memcpy(V + (p + 1) * width, leaf.V + p * width, (n - p) * width);
    } else {
      for (uint32_t i = 0; i < n; ++i) {
        const uint64_t x = leaf.number(i);
        std::memcpy(V + (i + (i >= p)) * width, &x, width);
      }
    }
    std::memcpy(V + p * width, &number, width);
    uint8_t* at = V + (n + 1) * width;
    std::memcpy(at, B, off);
    at += off;
    std::memcpy(at, rest, r);
    at += r;
    std::memcpy(at, next, next_r);
    at += next_r;
    std::memcpy(at, B + off + next_old, leaf.blob - off - next_old);
  });
  return true;
}

bool Engine::AppendPlainly(const Leaf& leaf, const LeafPos& pos, Bytes key, uint64_t number) {
  const uint32_t n = leaf.n, skip = leaf.skip, l = n ? pos.lcp_prev : skip;
  if (!(leaf.flags & Leaf::kOpen) || !IsPlain(leaf, 0) || heap_.Shared(leaf.p)) return false;
  if (l - skip > 255 || WidthOf(number) > leaf.width) return false;
  const Bytes rest = key.substr(l + 1);
  const size_t r = rest.size();
  auto* at = const_cast<uint8_t*>(leaf.rests()) + leaf.blob;
  if (r > 255 || at + r > leaf.p + size_t{leaf.granules} * kGranule) return false;
  auto* p = const_cast<uint8_t*>(leaf.p);
  const_cast<uint8_t*>(leaf.L)[n] = static_cast<uint8_t>(l - skip);
  const_cast<uint8_t*>(leaf.F)[n] = static_cast<uint8_t>(key[l]);
  const_cast<uint8_t*>(leaf.R)[n] = static_cast<uint8_t>(r);
  std::memcpy(const_cast<uint8_t*>(leaf.V) + n * leaf.width, &number, leaf.width);
  std::memcpy(at, rest.data(), r);
  LeafHead head = leaf;
  head.n = n + 1;
  head.blob += static_cast<uint32_t>(r);
  head.Write(p, Birth(p));
  return true;
}

bool Engine::ErasePlainly(const Leaf& leaf, uint32_t p) {
  const uint32_t n = leaf.n;
  const uint8_t book = coding_.present();
  if (!IsPlain(leaf, book) || (leaf.flags & Leaf::kOpen) || (p == 0 && leaf.empty_first))
    return false;
  const uint8_t* B = leaf.rests();
  const uint32_t off = leaf.Offset(p), mine = leaf.R[p];
  // The next entry gets back the bytes that it shared with this one alone.
  const uint8_t* next = B + off + mine;
  uint32_t next_old = 0, next_r = 0;
  bool gained = false;
  if (p + 1 < n) {
    next_old = next_r = leaf.R[p + 1];
    if (leaf.L[p + 1] > leaf.L[p]) {
      gained = true;
      const LeafCoder::Rest rest = coder_.ExtendRest(
          book, {B + off, mine}, leaf.L[p + 1] - leaf.L[p] - 1u, leaf.F[p + 1], {next, next_old});
      next = rest.p;
      next_r = rest.n;
      if (next_r > 255) return false;
    }
  }
  const uint32_t width = leaf.width;
  const size_t blob = leaf.blob - mine - next_old + next_r;
  if (blob > 0xffff) return false;
  LeafHead head = leaf;
  head.n = n - 1;
  head.run = 0;
  head.blob = static_cast<uint32_t>(blob);
  directory_.StoreLeaf(path_, PlainBytes(n - 1, width, blob), book,
                       [&](uint8_t* t, uint32_t granules, uint64_t birth) {
                         head.granules = granules;
                         uint8_t* L = head.Write(t, birth);
                         uint8_t* F = L + n - 1;
                         uint8_t* R = F + n - 1;
                         uint8_t* V = R + n - 1;
                         CopyWithout(L, leaf.L, p, n);
                         CopyWithout(F, leaf.F, p, n);
                         CopyWithout(R, leaf.R, p, n);
                         if (gained) {
                           L[p] = leaf.L[p];
                           F[p] = leaf.F[p];
                           R[p] = static_cast<uint8_t>(next_r);
                         }
                         std::memcpy(V, leaf.V, p * width);
                         std::memcpy(V + p * width, leaf.V + (p + 1) * width, (n - 1 - p) * width);
                         uint8_t* at = V + (n - 1) * width;
                         std::memcpy(at, B, off);
                         at += off;
                         std::memcpy(at, next, next_r);
                         at += next_r;
                         std::memcpy(at, B + off + mine + next_old,
                                     leaf.blob - off - mine - next_old);
                       });
  return true;
}

bool Engine::UpdatePlainly(const Leaf& leaf, uint32_t i, const Entry& entry) {
  if (entry.value.is_record || leaf.has_records() || leaf.net(i) != entry.net ||
      heap_.Shared(leaf.p) || WidthOf(entry.value.number) > leaf.width) {
    return false;
  }
  std::memcpy(const_cast<uint8_t*>(leaf.V) + i * leaf.width, &entry.value.number, leaf.width);
  return true;
}

}  // namespace memkv::art
