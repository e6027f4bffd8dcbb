#include "core/art/arena.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace memkv::art {

namespace {
constexpr size_t kFirstSlab = 4096;
}  // namespace

Arena::Arena(uint32_t max_units) : max_units_(std::min(max_units, kMaxUnits)) {}

Arena::~Arena() {
  for (size_t u = 0; u < slabs_.size(); ++u) {
    if (slabs_[u].bytes) memkv::Free(bases_[u], slabs_[u].bytes);
  }
  for (const OldTable& t : old_) memkv::Free(t.table, t.size * sizeof(uint8_t*));
  memkv::Free(bases_, bases_size_ * sizeof(uint8_t*));
}

Ref Arena::Allocate(uint32_t g) {
  if (g > kLargest) return AllocateLong(g);
  const uint32_t c = ClassOf(g);
  Ref r = free_[c];
  if (r) {
    Unlink(r);
  } else {
    if (!bump_ || slabs_[bump_].top + g > slabs_[bump_].capacity) {
      r = Split(g);
      if (!r) NewSlab(g);
    }
    if (!r) {
      Slab& s = slabs_[bump_];
      r = (bump_ << kUnitBits) + s.top;
      s.top += g;
    }
  }
  slabs_[r >> kUnitBits].used += g;
  used_ += g;
  ++blocks_;
  return r;
}

void Arena::Free(Ref r, uint32_t g) noexcept {
  const uint32_t unit = r >> kUnitBits;
  Slab& s = slabs_[unit];
  assert(s.used >= g);
  s.used -= g;
  used_ -= g;
  --blocks_;
  if (s.used == 0 && unit != bump_) {
    DropSlab(unit);
  } else if (!s.marked) {
    Push(r, g);
  }
}

void Arena::Push(Ref r, uint32_t g) noexcept {
  const uint32_t c = ClassOf(g), unit = r >> kUnitBits;
  const uint16_t at = static_cast<uint16_t>(r & (kUnitGranules - 1));
  Slab& s = slabs_[unit];
  Hole* h = HoleAt(r);
  *h = Hole{free_[c], 0, s.free_head, kNoFree, static_cast<uint16_t>(g), 0};
  if (h->next) HoleAt(h->next)->prev = r;
  if (s.free_head != kNoFree) HoleAt((unit << kUnitBits) + s.free_head)->slab_prev = at;
  free_[c] = r;
  s.free_head = at;
  nonempty_[c / 64] |= uint64_t{1} << (c % 64);
}

// Any number of granules, as holes whose sizes are sizes of blocks.
void Arena::PushRun(Ref r, uint32_t g) noexcept {
  while (g) {
    uint32_t part = std::min(g, kLargest);
    if (part > kExact) part = part / kStep * kStep;
    Push(r, part);
    r += part;
    g -= part;
  }
}

void Arena::Unlink(Ref r) noexcept {
  const uint32_t unit = r >> kUnitBits;
  const Hole h = *HoleAt(r);
  const uint32_t c = ClassOf(h.size);
  if (h.prev) {
    HoleAt(h.prev)->next = h.next;
  } else {
    free_[c] = h.next;
    if (!h.next) nonempty_[c / 64] &= ~(uint64_t{1} << (c % 64));
  }
  if (h.next) HoleAt(h.next)->prev = h.prev;
  if (h.slab_prev != kNoFree) {
    HoleAt((unit << kUnitBits) + h.slab_prev)->slab_next = h.slab_next;
  } else {
    slabs_[unit].free_head = h.slab_next;
  }
  if (h.slab_next != kNoFree) {
    HoleAt((unit << kUnitBits) + h.slab_next)->slab_prev = h.slab_prev;
  }
}

// The front of the smallest hole that is larger than g; its remainder is a hole again.
Ref Arena::Split(uint32_t g) noexcept {
  const uint32_t from = ClassOf(g) + 1;
  for (uint32_t w = from / 64; w < kWords; ++w) {
    uint64_t bits = nonempty_[w];
    if (w == from / 64) bits &= ~uint64_t{0} << (from % 64);
    if (!bits) continue;
    const Ref r = free_[w * 64 + static_cast<uint32_t>(std::countr_zero(bits))];
    const uint32_t size = HoleAt(r)->size;
    Unlink(r);
    PushRun(r + g, size - g);
    return r;
  }
  return 0;
}

// n consecutive unused units, with room in every table. The caller marks them taken.
uint32_t Arena::TakeUnits(uint32_t n) {
  uint32_t u = first_unused_, run = 0;
  for (; u < slabs_.size() && run < n; ++u) run = slabs_[u].taken ? 0 : run + 1;
  const uint32_t first = u - run;
  if (first + n > max_units_) throw ArenaFull();
  if (first + n > slabs_.size()) slabs_.resize(first + n);
  if (first + n > bases_size_) {
    const uint32_t size = std::max(first + n, bases_size_ ? 2 * bases_size_ : 8);
    old_.reserve(old_.size() + 1);
    auto** bigger = static_cast<uint8_t**>(memkv::Allocate(size * sizeof(uint8_t*)));
    std::memset(bigger, 0, size * sizeof(uint8_t*));
    if (bases_) {
      std::memcpy(bigger, bases_, bases_size_ * sizeof(uint8_t*));
      old_.push_back({bases_, bases_size_});
    }
    held_ += size * sizeof(uint8_t*);
    bases_ = bigger;
    bases_size_ = size;
  }
  return first;
}

void Arena::NewSlab(uint32_t g) {
  const uint32_t unit = TakeUnits(1);
  size_t bytes = std::bit_floor(static_cast<size_t>(held_ / 8) | kFirstSlab);
  bytes = std::clamp(bytes, std::bit_ceil(g * kGranule), kUnitBytes);
  // Readers may look a whole vector past a block's start.
  bases_[unit] = static_cast<uint8_t*>(memkv::Allocate(bytes));
  slabs_[unit] = Slab{.bytes = bytes, .capacity = static_cast<uint32_t>(bytes / kGranule), .taken = true};
  held_ += bytes;
  while (first_unused_ < slabs_.size() && slabs_[first_unused_].taken) ++first_unused_;
  const uint32_t old = bump_;
  bump_ = unit;
  if (old) {
    Slab& s = slabs_[old];
    if (s.used == 0) {
      DropSlab(old);
    } else if (!s.marked) {
      const uint32_t rest = s.capacity - s.top, top = s.top;
      s.top = s.capacity;
      PushRun((old << kUnitBits) + top, rest);
    }
  }
}

Ref Arena::AllocateLong(uint32_t g) {
  const uint32_t n = (g + kUnitGranules - 1) / kUnitGranules;
  const uint32_t unit = TakeUnits(n);
  const size_t bytes = size_t{g} * kGranule;
  auto* p = static_cast<uint8_t*>(memkv::Allocate(bytes));
  for (uint32_t i = 0; i < n; ++i) {
    slabs_[unit + i] = Slab{.taken = true};
    bases_[unit + i] = i ? nullptr : p;
  }
  slabs_[unit].bytes = bytes;
  slabs_[unit].capacity = slabs_[unit].top = slabs_[unit].used = g;
  held_ += bytes;
  used_ += g;
  ++blocks_;
  while (first_unused_ < slabs_.size() && slabs_[first_unused_].taken) ++first_unused_;
  return unit << kUnitBits;
}

void Arena::DropSlab(uint32_t unit) noexcept {
  Slab& s = slabs_[unit];
  while (s.free_head != kNoFree) Unlink((unit << kUnitBits) + s.free_head);
  memkv::Free(bases_[unit], s.bytes);
  held_ -= s.bytes;
  const uint32_t n = s.capacity ? (s.capacity + kUnitGranules - 1) / kUnitGranules : 1;
  for (uint32_t i = 0; i < n; ++i) {
    slabs_[unit + i] = Slab{};
    bases_[unit + i] = nullptr;
  }
  first_unused_ = std::min(first_unused_, unit);
}

bool Arena::MarkEmptiest(uint64_t granules, bool all) {
  std::vector<uint32_t, Allocator<uint32_t>> order;
  order.reserve(slabs_.size());
  for (uint32_t u = 1; u < slabs_.size(); ++u) {
    const Slab& s = slabs_[u];
    if (s.bytes && s.capacity <= kUnitGranules && s.used < s.capacity && u != bump_ && s.top <= kUnitGranules &&
        (all || s.used < s.capacity - s.capacity / 32)) {
      order.push_back(u);
    }
  }
  auto emptier = [&](uint32_t a, uint32_t b) {
    const uint64_t x = uint64_t{slabs_[a].used} * slabs_[b].capacity;
    const uint64_t y = uint64_t{slabs_[b].used} * slabs_[a].capacity;
    return x != y ? x < y : a < b;
  };
  std::sort(order.begin(), order.end(), emptier);
  uint64_t sum = 0;
  bool any = false;
  for (uint32_t u : order) {
    if (!all && sum >= granules) break;
    sum += slabs_[u].used;
    while (slabs_[u].free_head != kNoFree) Unlink((u << kUnitBits) + slabs_[u].free_head);
    slabs_[u].marked = any = true;
  }
  return any;
}

bool Arena::Consistent() const {
  uint64_t used = 0;
  for (uint32_t u = 1; u < slabs_.size(); ++u) {
    const Slab& s = slabs_[u];
    if (!s.bytes) continue;
    used += s.used;
    uint64_t holes = 0;
    for (uint16_t at = s.free_head; at != kNoFree;) {
      const Hole* h = HoleAt((u << kUnitBits) + at);
      if (at + h->size > s.top) return false;
      holes += h->size;
      at = h->slab_next;
    }
    if (!s.marked && s.used + holes != s.top) return false;
  }
  return used == used_;
}

}  // namespace memkv::art
