// Art: the mutable ordered map of a table, bytes -> Entry, with counts and snapshots.
//
// One writer at a time; any number of readers on any thread, each through a Snapshot that nothing changes.

#ifndef MEMKV_CORE_ART_ART_H_
#define MEMKV_CORE_ART_ART_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/cursor.h"
#include "core/datum.h"
#include "core/status.h"

namespace memkv {

class ArtCursor;

// One immutable version of an Art. Copying shares the pin; the last copy to die, on any thread, lets go of what only it held.
// A default-made one is an empty map. All reads are const, allocate nothing (but Find into `record`) and are safe beside the writer.
class ArtSnapshot {
 public:
  ArtSnapshot() = default;

  uint64_t size() const;  // entries, tombstones included
  int64_t net() const;    // sum of Entry::net over all entries

  // The entry of key; false if there is none. entry->value.record borrows from the snapshot (it lives as long as the pin).
  bool Find(Bytes key, Entry* entry) const;
  // The same for n keys at once, descents interleaved so that cache misses overlap. found[i], entries[i] answer keys[i].
  void FindMany(const Bytes* keys, size_t n, bool* found, Entry* entries) const;

  uint64_t Rank(Bytes key) const;    // entries below key
  int64_t NetRank(Bytes key) const;  // sum of net over entries below key

  // A cursor over this version; it holds the pin itself.
  ArtCursor NewCursor() const;
};

// Keeps the contract of core/cursor.h, and:
class ArtCursor {
 public:
  Entry entry() const;       // REQUIRES Valid(); borrowed from the snapshot
  uint64_t rank() const;     // entries before this one
  int64_t net_rank() const;  // sum of net over entries before this one
};

class Art {
 public:
  struct Options {
    // Over a base, entries are overrides and tombstones too, and net counts are kept apart from entry counts;
    // without one every net must be +1.
    bool over_base = false;
  };
  struct Stats {
    uint64_t entries, leaves, node4, node8, node16, node48, node256, height;
    uint64_t leaf_bytes, directory_bytes, descriptor_bytes, symbol_bytes, slack_bytes;  // slack: held but not in use
    uint64_t total_bytes;                                                             // everything held, snapshots' share included
  };

  Art();
  explicit Art(Options options);
  ~Art();

  // Writing, one thread at a time. Each takes effect wholly, or throws std::bad_alloc or returns kFull with the map as it was.
  // REQUIRES key.size() <= kMaxKeyBytes.
  Status Put(Bytes key, const Entry& entry, bool* replaced = nullptr);
  bool Erase(Bytes key);                                         // false if key was not there
  uint64_t EraseRange(Bytes lo, std::optional<Bytes> hi);        // [lo, hi); drops subtrees; how many entries went
  void Clear() noexcept;

  // The present version for reads before the next write; not pinned.
  const ArtSnapshot& Latest() const;
  // Pins the present version. O(1).
  ArtSnapshot TakeSnapshot();
  // Makes a version taken from this Art the present one again (ROLLBACK). O(what changed since); neither throws nor allocates.
  // Snapshots taken since stay exact.
  void Restore(const ArtSnapshot& version) noexcept;

  Stats GetStats() const;
  // Checks every invariant; the first that fails is the message.
  Status Verify() const;
};

}  // namespace memkv

#endif  // MEMKV_CORE_ART_ART_H_
