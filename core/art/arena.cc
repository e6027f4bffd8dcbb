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
  DropReserve();
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
    if (!bump_ || slabs_[bump_].top + g > slabs_[bump_].capacity) NewSlab(g);
    Slab& s = slabs_[bump_];
    r = (bump_ << kUnitBits) + s.top;
    s.top += g;
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
  } else {
    Push(r, g);
  }
}

// A hole, known to its slab and, unless that is marked, to its size class.
void Arena::Push(Ref r, uint32_t g) noexcept {
  const uint32_t unit = r >> kUnitBits;
  const uint16_t at = static_cast<uint16_t>(r & (kUnitGranules - 1));
  Slab& s = slabs_[unit];
  Hole* h = HoleAt(r);
  *h = Hole{0, 0, s.free_head, kNoFree, static_cast<uint16_t>(g), 0};
  if (s.free_head != kNoFree) HoleAt((unit << kUnitBits) + s.free_head)->slab_prev = at;
  s.free_head = at;
  if (!s.marked) PushClass(r);
}

void Arena::PushClass(Ref r) noexcept {
  Hole* h = HoleAt(r);
  const uint32_t c = ClassOf(h->size);
  h->prev = 0;
  h->next = free_[c];
  if (h->next) HoleAt(h->next)->prev = r;
  free_[c] = r;
}

void Arena::UnlinkClass(Ref r) noexcept {
  const Hole h = *HoleAt(r);
  if (h.prev) {
    HoleAt(h.prev)->next = h.next;
  } else {
    free_[ClassOf(h.size)] = h.next;
  }
  if (h.next) HoleAt(h.next)->prev = h.prev;
}

// Any number of granules, as holes whose sizes are sizes of blocks.
void Arena::PushRun(Ref r, uint32_t g) noexcept {
  while (g) {
    uint32_t part = std::min(g, kLargest);
    part &= ~(Step(part) - 1);
    Push(r, part);
    r += part;
    g -= part;
  }
}

void Arena::Unlink(Ref r) noexcept {
  const uint32_t unit = r >> kUnitBits;
  UnlinkClass(r);
  const Hole h = *HoleAt(r);
  if (h.slab_prev != kNoFree) {
    HoleAt((unit << kUnitBits) + h.slab_prev)->slab_next = h.slab_next;
  } else {
    slabs_[unit].free_head = h.slab_next;
  }
  if (h.slab_next != kNoFree) {
    HoleAt((unit << kUnitBits) + h.slab_next)->slab_prev = h.slab_prev;
  }
}

template <class F>
void Arena::EachHole(uint32_t unit, F&& f) const {
  for (uint16_t at = slabs_[unit].free_head; at != kNoFree;) {
    const Ref r = (unit << kUnitBits) + at;
    at = HoleAt(r)->slab_next;
    f(r);
  }
}

// n consecutive unused units, with room in every table. The caller marks them taken.
uint32_t Arena::TakeUnits(uint32_t n) {
  uint32_t u = first_unused_, run = 0;
  for (; u < slabs_.size() && run < n; ++u) run = slabs_[u].taken ? 0 : run + 1;
  const uint32_t first = u - run;
  if (first + n + headroom_ > max_units_) throw ArenaFull();
  GrowTables(first + n);
  if (first + n > slabs_.size()) slabs_.resize(first + n);
  return first;
}

// Makes room for so many units.
void Arena::GrowTables(uint32_t units) {
  if (units > slabs_.capacity()) slabs_.reserve(std::max<size_t>(units, 2 * slabs_.capacity()));
  if (units <= bases_size_) return;
  const uint32_t size = std::max(units, bases_size_ ? 2 * bases_size_ : 8);
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

void Arena::GrowReserve(uint64_t bytes, size_t block) {
  constexpr uint64_t kLeast = 2 << 10;
  const size_t more = std::bit_ceil(std::max({kLeast, bytes - reserved_, uint64_t{block}}));
  reserve_.reserve(reserve_.size() + 1);
  uint32_t units = static_cast<uint32_t>(slabs_.size()) + 1;
  for (const Spare& s : reserve_) units += 1 + static_cast<uint32_t>(s.bytes / kUnitBytes);
  GrowTables(std::min(max_units_, units + 1 + static_cast<uint32_t>(more / kUnitBytes)));
  reserve_.push_back({static_cast<uint8_t*>(memkv::Allocate(more)), more});
  reserved_ += more;
  held_ += more;
}

void Arena::DropReserve() noexcept {
  for (const Spare& s : reserve_) memkv::Free(s.p, s.bytes);
  held_ -= reserved_;
  reserved_ = 0;
  reserve_.clear();
}

uint8_t* Arena::SlabMemory(size_t least, size_t* bytes) {
  auto best = reserve_.end();
  if (reserve_is_open_) {
    for (auto s = reserve_.begin(); s != reserve_.end(); ++s) {
      if (s->bytes >= least && (best == reserve_.end() || s->bytes < best->bytes)) best = s;
    }
  }
  if (best == reserve_.end()) {
    auto* p = static_cast<uint8_t*>(memkv::Allocate(*bytes));
    held_ += *bytes;
    return p;
  }
  const Spare taken = *best;
  reserve_.erase(best);
  reserved_ -= taken.bytes;
  *bytes = taken.bytes;
  return taken.p;
}

void Arena::NewSlab(uint32_t g) {
  const uint32_t unit = TakeUnits(1);
  size_t bytes = std::bit_floor(static_cast<size_t>(held_ / 8) | kFirstSlab);
  bytes = std::clamp(bytes, std::bit_ceil(g * kGranule), kUnitBytes);
  bases_[unit] = SlabMemory(g * kGranule, &bytes);
  slabs_[unit] = Slab{.bytes = bytes,
                      .capacity = static_cast<uint32_t>(std::min(bytes, kUnitBytes) / kGranule),
                      .taken = true};
  while (first_unused_ < slabs_.size() && slabs_[first_unused_].taken) ++first_unused_;
  const uint32_t old = bump_;
  bump_ = unit;
  if (old) {
    Slab& s = slabs_[old];
    if (s.used == 0) {
      DropSlab(old);
    } else {
      const uint32_t rest = s.capacity - s.top, top = s.top;
      s.top = s.capacity;
      PushRun((old << kUnitBits) + top, rest);
    }
  }
}

Ref Arena::AllocateLong(uint32_t g) {
  const uint32_t n = (g + kUnitGranules - 1) / kUnitGranules;
  const uint32_t unit = TakeUnits(n);
  size_t bytes = size_t{g} * kGranule;
  uint8_t* p = SlabMemory(bytes, &bytes);
  for (uint32_t i = 0; i < n; ++i) {
    slabs_[unit + i] = Slab{.taken = true};
    bases_[unit + i] = i ? nullptr : p;
  }
  slabs_[unit].bytes = bytes;
  slabs_[unit].capacity = slabs_[unit].top = slabs_[unit].used = g;
  used_ += g;
  ++blocks_;
  while (first_unused_ < slabs_.size() && slabs_[first_unused_].taken) ++first_unused_;
  return unit << kUnitBits;
}

void Arena::DropSlab(uint32_t unit) noexcept {
  Slab& s = slabs_[unit];
  if (!s.marked) EachHole(unit, [&](Ref r) { UnlinkClass(r); });
  if (reserve_is_open_ && reserve_.size() < reserve_.capacity()) {
    reserve_.push_back({bases_[unit], s.bytes});
    reserved_ += s.bytes;
  } else {
    memkv::Free(bases_[unit], s.bytes);
    held_ -= s.bytes;
  }
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
  bool any = false;
  for (uint32_t u = 1; u < slabs_.size(); ++u) {
    const Slab& s = slabs_[u];
    any |= s.marked;
    if (!s.bytes || s.marked || s.capacity > kUnitGranules) continue;
    if (all || (u != bump_ && s.used < s.capacity - s.capacity / 32)) order.push_back(u);
  }
  auto emptier = [&](uint32_t a, uint32_t b) {
    const uint64_t x = uint64_t{slabs_[a].used} * slabs_[b].capacity;
    const uint64_t y = uint64_t{slabs_[b].used} * slabs_[a].capacity;
    return x != y ? x < y : a < b;
  };
  if (!all) std::sort(order.begin(), order.end(), emptier);
  uint64_t sum = 0;
  for (uint32_t u : order) {
    if (!all && sum >= granules) break;
    sum += slabs_[u].used;
    EachHole(u, [&](Ref r) { UnlinkClass(r); });
    slabs_[u].marked = any = true;
    if (u == bump_) bump_ = 0;
  }
  return any;
}

void Arena::Unmark() noexcept {
  for (uint32_t u = 1; u < slabs_.size(); ++u) {
    if (!slabs_[u].marked) continue;
    slabs_[u].marked = false;
    EachHole(u, [&](Ref r) { PushClass(r); });
    const uint32_t top = slabs_[u].top;
    slabs_[u].top = slabs_[u].capacity;
    PushRun((u << kUnitBits) + top, slabs_[u].capacity - top);
  }
}

bool Arena::Consistent() const {
  uint64_t used = 0;
  for (uint32_t u = 1; u < slabs_.size(); ++u) {
    const Slab& s = slabs_[u];
    if (!s.bytes) continue;
    used += s.used;
    uint64_t holes = 0;
    EachHole(u, [&](Ref r) { holes += HoleAt(r)->size; });
    if (s.used + holes != s.top || s.top > s.capacity) return false;
  }
  return used == used_;
}

}  // namespace memkv::art
