#include "core/art/leaf.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace memkv::art {

namespace {

uint32_t WidthOf(uint64_t v) {
  return v ? (71 - static_cast<uint32_t>(std::countl_zero(v))) / 8 : 0;
}
uint32_t LogOf(uint32_t max) { return max <= 0xff ? 0 : max <= 0xffff ? 1 : 2; }

void PutLength(uint8_t* a, uint32_t log, uint32_t i, uint32_t v) {
  std::memcpy(a + (size_t{i} << log), &v, size_t{1} << log);
}

}  // namespace

int Leaf::net_sum(uint32_t n_first) const {
  if (!has_nets()) return static_cast<int>(n_first);
  int sum = 0;
  for (uint32_t i = 0; i < n_first; ++i) sum += net(i);
  return sum;
}

// Eight codes of one byte at a time, or four of two: a word's sizes are added up in lanes of twice
// the width, which 64 of them cannot fill.
uint32_t Leaf::CellBytes(uint32_t from, uint32_t to) const {
  const uint32_t w = code_bytes();
  uint32_t sum = 0, i = from;
  uint64_t lanes = 0;
  if (w == 1) {
    constexpr uint64_t kSizes = 0x3f3f3f3f3f3f3f3f, kLow = 0x00ff00ff00ff00ff;
    for (; i + 8 <= to; i += 8) {
      const uint64_t sizes = Load64(V + i) >> 2 & kSizes;
      lanes += (sizes & kLow) + (sizes >> 8 & kLow);
    }
    sum = static_cast<uint32_t>(lanes * 0x0001000100010001 >> 48);
  } else if (w == 2) {
    constexpr uint64_t kSizes = 0x3fff3fff3fff3fff, kLow = 0x0000ffff0000ffff;
    for (; i + 4 <= to; i += 4) {
      const uint64_t sizes = Load64(V + 2 * i) >> 2 & kSizes;
      lanes += (sizes & kLow) + (sizes >> 16 & kLow);
    }
    sum = static_cast<uint32_t>(lanes) + static_cast<uint32_t>(lanes >> 32);
  }
  for (; i < to; ++i) sum += code(i) >> 2;
  return sum;
}

Entry Leaf::entry(uint32_t i, uint8_t* const* bases) const {
  if (has_records()) return entry_at(i, cell(i), bases);
  Entry e;
  e.net = net(i);
  e.value = Value::Number(number(i));
  return e;
}

Entry Leaf::entry_at(uint32_t i, const uint8_t* at, uint8_t* const* bases) const {
  Entry e;
  e.net = net(i);
  const uint32_t c = code(i);
  switch (c & 3) {
    case kNumberCell:
      e.value = Value::Number(LoadSome(at, c >> 2));
      break;
    case kRecordCell:
      e.value = Value::Record({reinterpret_cast<const char*>(at), c >> 2});
      break;
    default:
      e.value = Value::Record(FarRecord::Get(At(bases, Load32(at))));
  }
  return e;
}

int Leaf::CompareRest(const TokenBook* tokens, const uint8_t* rest, uint32_t rn, Bytes q,
                      uint32_t from, uint32_t* k) const {
  const uint8_t* s = reinterpret_cast<const uint8_t*>(q.data()) + from;
  const uint32_t qn = static_cast<uint32_t>(q.size()) - from;
  if (tokens) return tokens->Compare(rest, rn, s, qn, k);
  *k = static_cast<uint32_t>(
      CommonPrefix({reinterpret_cast<const char*>(rest), rn}, q.substr(from)));
  if (*k == rn) return *k == qn ? 0 : 2;
  return *k == qn ? -2 : s[*k] < rest[*k] ? -1 : 1;
}

LeafPos Leaf::Find(const TokenBook* tokens, Bytes q) const {
  if (!roomy()) return FindSlowly(tokens, q);
  const uint32_t qn = static_cast<uint32_t>(q.size());
  if (empty_first && qn == 0) return {0, true, 0, 0};
  const auto* qs = reinterpret_cast<const uint8_t*>(q.data());
  const uint8_t* rest = rests();
  const Bytes64 lv(L), fv(F);
  const uint64_t all = LowMask(n);
  uint64_t live = empty_first ? all & ~uint64_t{1} : all;
  uint32_t m = skip;
  for (;;) {
    uint64_t lt = live, eq = 0;
    if (m - skip <= 255) {
      lt &= lv.Lt(static_cast<uint8_t>(m - skip));
      eq = lv.Eq(static_cast<uint8_t>(m - skip)) & live;
    }
    const uint32_t end = lt ? static_cast<uint32_t>(std::countr_zero(lt)) : n;
    eq &= LowMask(end);
    const uint32_t after = end < n ? l(end) : 0;
    const uint64_t le = m < qn ? fv.Le(qs[m]) & eq : 0;
    if (!le) {
      if (eq) return {static_cast<uint32_t>(std::countr_zero(eq)), false, m, m};
      return {end, false, m, after};
    }
    const uint32_t j = 63 - static_cast<uint32_t>(std::countl_zero(le));
    if (F[j] < qs[m]) {
      const uint64_t gt = eq & ~le;
      if (gt) return {static_cast<uint32_t>(std::countr_zero(gt)), false, m, m};
      return {end, false, m, after};
    }
    uint32_t k;
    const int c = CompareRest(tokens, rest + SumFirst64(R, j), R[j], q, m + 1, &k);
    if (c == 0) return {j, true, m, qn};
    if (c < 0) return {j, false, m, m + 1 + k};
    m += 1 + k;
    live = j >= 63 ? 0 : all & (~uint64_t{0} << (j + 1));
    if (!live) return {n, false, m, 0};
  }
}

LeafPos Leaf::FindSlowly(const TokenBook* tokens, Bytes q) const {
  const uint32_t qn = static_cast<uint32_t>(q.size());
  if (empty_first && qn == 0) return {0, true, 0, 0};
  const auto* qs = reinterpret_cast<const uint8_t*>(q.data());
  const uint8_t* rest = rests();
  uint32_t m = skip;
  for (uint32_t i = 0; i < n; rest += r(i), ++i) {
    if (i == 0 && empty_first) continue;
    const uint32_t li = l(i);
    if (li > m) continue;
    if (li < m) return {i, false, m, li};
    if (m >= qn || qs[m] < F[i]) return {i, false, m, m};
    if (qs[m] > F[i]) continue;
    uint32_t k;
    const int c = CompareRest(tokens, rest, r(i), q, m + 1, &k);
    if (c == 0) return {i, true, m, qn};
    if (c < 0) return {i, false, m, m + 1 + k};
    m += 1 + k;
  }
  return {n, false, m, 0};
}

uint32_t Leaf::KeyBytes(const TokenBook* tokens, uint32_t i) const {
  if (i == 0 && empty_first) return 0;
  const uint32_t rn = r(i);
  return l(i) + 1 + (tokens ? tokens->PlainBytes(rests() + Offset(i), rn) : rn);
}

void Leaf::AssembleKey(const TokenBook* tokens, uint32_t i, uint32_t valid, uint8_t* out,
                       uint32_t key_bytes) const {
  uint32_t need = key_bytes;  // bytes from here on are in place
  const auto take = [&](uint32_t at, const uint8_t* rest) {
    const uint32_t from = l(at), room = need - from - 1;
    out[from] = F[at];
    if (tokens) {
      // Of a longer rest than is needed the front.
      tokens->DecodeFront(rest, r(at), out + from + 1, room);
    } else {
      std::memcpy(out + from + 1, rest, std::min(room, r(at)));
    }
    need = from;
  };
  // The byte before those in place is in the last entry that shares less with the one before it.
  if (roomy()) {
    const Bytes64 lv(L);
    uint64_t before = LowMask(i + 1);
    if (empty_first) before &= ~uint64_t{1};
    while (need > valid) {
      if (need - skip <= 255) before &= lv.Lt(static_cast<uint8_t>(need - skip));
      if (!before) return;
      const uint32_t at = 63 - static_cast<uint32_t>(std::countl_zero(before));
      take(at, rests() + SumFirst64(R, at));
      before &= LowMask(at);
    }
    return;
  }
  const uint8_t* rest = rests() + Offset(i);
  for (;; rest -= r(--i)) {
    if (l(i) < need && !(i == 0 && empty_first)) take(i, rest);
    if (need <= valid || i == 0) return;
  }
}

void LeafParts::Load(const Leaf& leaf) {
  static_cast<LeafHead&>(*this) = leaf;
  open = false;
  const uint8_t* at = leaf.rests();
  for (uint32_t i = 0; i < n; ++i) {
    l[i] = leaf.l(i);
    r[i] = leaf.r(i);
    rest[i] = at;
    at += r[i];
    net[i] = static_cast<int8_t>(leaf.net(i));
  }
  std::memcpy(f, leaf.F, n);
  if (!leaf.has_records()) {
    for (uint32_t i = 0; i < n; ++i) cell[i] = {kNumberCell, 0, leaf.number(i), nullptr};
    return;
  }
  at = leaf.cells();
  for (uint32_t i = 0; i < n; ++i) {
    const uint32_t c = leaf.code(i), size = c >> 2;
    const CellKind kind = static_cast<CellKind>(c & 3);
    cell[i] = {kind, kind == kRecordCell ? size : 0, kind == kRecordCell ? 0 : LoadSome(at, size),
               at};
    at += size;
  }
}

void LeafParts::Clear(uint8_t in_book) {
  static_cast<LeafHead&>(*this) = LeafHead();
  book = in_book;
  open = false;
}

int32_t LeafParts::net_sum() const {
  int32_t sum = 0;
  for (uint32_t i = 0; i < n; ++i) sum += net[i];
  return sum;
}

void LeafParts::Append(const LeafParts& o, uint32_t a, uint32_t b) {
  assert(n + (b - a) <= kLeafMax);
  for (uint32_t i = a; i < b; ++i, ++n) {
    l[n] = o.l[i];
    f[n] = o.f[i];
    r[n] = o.r[i];
    rest[n] = o.rest[i];
    net[n] = o.net[i];
    cell[n] = o.cell[i];
  }
}

void LeafParts::MakeRoom(uint32_t at) {
  assert(n < kLeafMax);
  const uint32_t tail = n - at;
  std::memmove(l + at + 1, l + at, tail * sizeof(l[0]));
  std::memmove(f + at + 1, f + at, tail);
  std::memmove(r + at + 1, r + at, tail * sizeof(r[0]));
  std::memmove(rest + at + 1, rest + at, tail * sizeof(rest[0]));
  std::memmove(net + at + 1, net + at, tail);
  std::memmove(cell + at + 1, cell + at, tail * sizeof(cell[0]));
  ++n;
}

void LeafParts::Remove(uint32_t a, uint32_t b) {
  const uint32_t tail = n - b;
  std::memmove(l + a, l + b, tail * sizeof(l[0]));
  std::memmove(f + a, f + b, tail);
  std::memmove(r + a, r + b, tail * sizeof(r[0]));
  std::memmove(rest + a, rest + b, tail * sizeof(rest[0]));
  std::memmove(net + a, net + b, tail);
  std::memmove(cell + a, cell + b, tail * sizeof(cell[0]));
  n -= b - a;
}

void LeafParts::Plan() {
  uint32_t longest = 0, widest = 0, code = 0;
  bool nets = false, records = false;
  size_t rests = 0, cells = 0;
  for (uint32_t i = 0; i < n; ++i) {
    longest = std::max({longest, l[i] - skip, r[i]});
    rests += r[i];
    nets |= net[i] != 1;
    records |= cell[i].kind != kNumberCell;
    const uint32_t size = cell[i].kind == kNumberCell ? WidthOf(cell[i].number)
                          : cell[i].kind == kFarCell  ? 4
                                                      : cell[i].size;
    if (cell[i].kind == kNumberCell) widest = std::max(widest, size);
    code = std::max(code, size << 2 | cell[i].kind);
    cells += size;
  }
  const uint32_t log = LogOf(longest);
  flags = static_cast<uint8_t>(log | (nets ? Leaf::kNets : 0));
  width = static_cast<uint8_t>(widest);
  uint32_t value = widest;
  if (records) {
    flags |= Leaf::kRecords | static_cast<uint8_t>(LogOf(code) << Leaf::kCodeShift);
    value = 1u << LogOf(code);
    width = 0;
  } else {
    cells = 0;
  }
  open = open && !nets && !records && log == 0;
  if (open) width = static_cast<uint8_t>(value = std::max<uint32_t>(widest, least_width));
  if (open) flags |= Leaf::kOpen;
  const size_t keep = open ? spare : 0;
  const uint32_t stride = open ? kLeafMax : n;
  blob = static_cast<uint32_t>(rests);
  bytes = Leaf::kHead + size_t{stride} * ((2u << log) + 1 + value) + (nets ? (stride + 3) / 4 : 0) +
          rests + 1 + cells + keep;
  if (skip > 0xffff || rests > 0xffff || bytes > 0xf0000) {
    flags |= Leaf::kWideHead;
    bytes += Leaf::kWideHeadBytes - Leaf::kHead;
  }
}

void LeafParts::Store(uint8_t* p, uint32_t g, uint64_t birth) {
  granules = g;
  run = std::min(run, kMostRun);
  Write(p, birth);
  const Leaf leaf(p);
  auto* L = const_cast<uint8_t*>(leaf.L);
  auto* R = const_cast<uint8_t*>(leaf.R);
  auto* V = const_cast<uint8_t*>(leaf.V);
  auto* at = const_cast<uint8_t*>(leaf.rests());
  for (uint32_t i = 0; i < n; ++i) {
    PutLength(L, leaf.log_len, i, l[i] - skip);
    PutLength(R, leaf.log_len, i, r[i]);
    if (r[i]) std::memcpy(at, rest[i], r[i]);
    at += r[i];
  }
  std::memcpy(const_cast<uint8_t*>(leaf.F), f, n);
  if (leaf.has_nets()) {
    auto* N = const_cast<uint8_t*>(leaf.nets());
    std::memset(N, 0, (leaf.stride + 3) / 4);
    for (uint32_t i = 0; i < n; ++i) N[i / 4] |= static_cast<uint8_t>((net[i] + 1) << (i % 4 * 2));
  }
  if (!leaf.has_records()) {
    for (uint32_t i = 0; i < n; ++i) std::memcpy(V + i * width, &cell[i].number, width);
    return;
  }
  const uint32_t code_bytes = leaf.code_bytes();
  for (uint32_t i = 0; i < n; ++i) {
    const Cell& c = cell[i];
    const uint32_t size = c.kind == kNumberCell ? WidthOf(c.number)
                          : c.kind == kFarCell  ? 4
                                                : c.size;
    const uint32_t code = size << 2 | c.kind;
    std::memcpy(V + i * code_bytes, &code, code_bytes);
    if (c.kind == kRecordCell) {
      if (size) std::memcpy(at, c.data, size);
    } else {
      std::memcpy(at, &c.number, size);
    }
    at += size;
  }
}

}  // namespace memkv::art
