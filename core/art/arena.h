// Arena: blocks addressed by 32-bit references, in granules of 16 bytes.
//
//   ref   unit (18 bits) | granule in the unit (14 bits)          64 GiB in all; 0 is no block
//
// A unit is 256 KiB of addresses. A slab is one unit (the first slabs hold less than their unit, so
// that a small arena is small); a block over 64 KiB has an allocation of its own and takes as many
// consecutive units as it spans. Past 64 GiB: widen the granule (kGranule; 32 bytes make it 128 GiB
// at 8 bytes a block) or give an Art several arenas by key range.
//
// One thread allocates and frees. Others may read blocks through a table taken from bases(): a
// block's address never changes, a table's entry changes only while no block of its unit is in use,
// and outgrown tables live as long as the arena.

#ifndef MEMKV_CORE_ART_ARENA_H_
#define MEMKV_CORE_ART_ARENA_H_

#include <bit>
#include <cassert>
#include <cstdint>
#include <new>
#include <vector>

#include "core/alloc.h"

namespace memkv::art {

using Ref = uint32_t;

// The arena ends here: what Put turns into kFull.
struct ArenaFull : std::bad_alloc {
  const char* what() const noexcept override { return "memkv: arena full"; }
};

inline constexpr size_t kGranule = 16;
inline constexpr uint32_t kUnitBits = 14;
inline constexpr uint32_t kUnitGranules = 1u << kUnitBits;
inline constexpr size_t kUnitBytes = kUnitGranules * kGranule;
inline constexpr uint32_t kMaxUnits = 1u << (32 - kUnitBits);

inline uint8_t* At(uint8_t* const* bases, Ref r) {
  return bases[r >> kUnitBits] + size_t{r & (kUnitGranules - 1)} * kGranule;
}

class Arena {
 public:
  // At most max_units units of addresses are used.
  explicit Arena(uint32_t max_units = kMaxUnits);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // The size of a block of that many bytes; what Allocate and Free are told. Exact up to 512 bytes,
  // then 16 to 32 sizes from one power of two to the next, so that a block that grows a little
  // stays where it is and holes find blocks of their size.
  static uint32_t Granules(size_t bytes) {
    const auto g = static_cast<uint32_t>((bytes + kGranule - 1) / kGranule);
    return (g + Step(g) - 1) & ~(Step(g) - 1);
  }

  // Throws std::bad_alloc or ArenaFull; nothing has changed then.
  Ref Allocate(uint32_t granules);
  void Free(Ref r, uint32_t granules) noexcept;

  // Leaves the last units to whoever sets this to 0: erasing needs a little room too.
  void set_headroom(uint32_t units) { headroom_ = units; }

  // A reserve: slabs of so many bytes in all, what is added to them good for a block of `block`
  // bytes, and their places in the tables, so that about as much can be allocated without asking
  // for memory while the reserve is open. Throws std::bad_alloc.
  void Reserve(uint64_t bytes, size_t block) {
    if (reserved_ < bytes) GrowReserve(bytes, block);
  }
  void OpenReserve(bool open) noexcept { reserve_is_open_ = open; }
  void DropReserve() noexcept;
  uint64_t reserved_bytes() const { return reserved_; }

  uint8_t* At(Ref r) const { return art::At(bases_, r); }
  uint8_t* const* bases() const { return bases_; }

  uint64_t used_bytes() const { return used_ * kGranule; }  // in blocks not freed
  uint64_t held_bytes() const { return held_; }  // everything, tables and reserve included
  uint64_t blocks() const { return blocks_; }

  // Marks slabs for evacuation: the emptiest, until what they hold in use passes `granules`, or
  // all. Nothing is allocated in a marked slab; it goes when its last block is freed. False if none
  // is marked.
  bool MarkEmptiest(uint64_t granules, bool all);
  // What is left of marked slabs is used again.
  void Unmark() noexcept;
  bool IsMarked(Ref r) const { return slabs_[r >> kUnitBits].marked; }

  // Free blocks lie inside slabs, sizes add up; for Verify.
  bool Consistent() const;

 private:
  static constexpr uint32_t kLargest = 4096;  // granules; longer blocks have their own allocation
  static constexpr uint32_t kClasses = 32 + 16 * 7 + 1;
  static constexpr uint16_t kNoFree = 0xffff;

  struct Slab {
    // Allocated for it; 0: the unit is unused, or the continuation of a long block.
    size_t bytes = 0;
    uint32_t capacity = 0;  // granules
    uint32_t top = 0;       // granules handed out or free below here
    uint32_t used = 0;      // granules in blocks
    uint16_t free_head = kNoFree;
    bool taken = false;
    bool marked = false;
  };
  // What a free block holds: links of its size class, links of its slab, its size.
  struct Hole {
    Ref next, prev;
    uint16_t slab_next, slab_prev;
    uint16_t size, unused;
  };
  static_assert(sizeof(Hole) == kGranule);

  static uint32_t Step(uint32_t g) { return g <= 32 ? 1 : std::bit_floor(g - 1) / 16; }
  static uint32_t ClassOf(uint32_t g) {
    if (g <= 32) return g;
    const uint32_t half = std::bit_floor(g - 1);  // 32, 64, ...
    return 32 + 16 * static_cast<uint32_t>(std::countr_zero(half) - 5) + (g - half) / (half / 16);
  }
  Hole* HoleAt(Ref r) const { return reinterpret_cast<Hole*>(At(r)); }
  void Push(Ref r, uint32_t g) noexcept;
  void Unlink(Ref r) noexcept;
  void PushClass(Ref r) noexcept;
  void UnlinkClass(Ref r) noexcept;
  template <class F>
  void EachHole(uint32_t unit, F&& f) const;
  void PushRun(Ref r, uint32_t g) noexcept;
  uint32_t TakeUnits(uint32_t n);
  void GrowTables(uint32_t units);
  void GrowReserve(uint64_t bytes, size_t block);
  // At least `least` bytes, and *bytes unless they come from the reserve; *bytes gets how many.
  uint8_t* SlabMemory(size_t least, size_t* bytes);
  void NewSlab(uint32_t g);
  Ref AllocateLong(uint32_t g);
  void DropSlab(uint32_t unit) noexcept;

  uint8_t** bases_ = nullptr;
  uint32_t bases_size_ = 0;
  struct OldTable {
    uint8_t** table;
    uint32_t size;
  };
  std::vector<OldTable, Allocator<OldTable>> old_;
  std::vector<Slab, Allocator<Slab>> slabs_;
  struct Spare {
    uint8_t* p;
    size_t bytes;
  };
  std::vector<Spare, Allocator<Spare>> reserve_;
  uint64_t reserved_ = 0;  // bytes in it
  bool reserve_is_open_ = false;
  uint32_t max_units_, headroom_ = 0;
  uint32_t first_unused_ = 1;  // no unit below is unused
  uint32_t bump_ = 0;          // the unit blocks are cut from
  uint64_t used_ = 0, held_ = 0, blocks_ = 0;
  Ref free_[kClasses] = {};
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_ARENA_H_
