// Art: the mutable ordered map of a table, bytes -> Entry, with counts and snapshots.
//
// One writer at a time; any number of readers on any thread, each through a Snapshot that nothing
// changes.
//
// Inside: a radix tree of separators (node.h) over front-coded leaves (leaf.h), the rests of their
// keys coded in tokens (coding.h), in an arena of 32-bit references (arena.h), copied on write
// where a snapshot looks (engine.h).

#ifndef MEMKV_CORE_ART_ART_H_
#define MEMKV_CORE_ART_ART_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/art/tree.h"
#include "core/art/undo_log.h"
#include "core/bytes.h"
#include "core/cursor.h"
#include "core/datum.h"
#include "core/status.h"

namespace memkv {

namespace art {
class Engine;
class Learning;
struct Version;
}  // namespace art

class ArtCursor;

// One immutable version of an Art. Copying shares the pin; the last copy to die, on any thread,
// lets go of what only it held. A default-made one is an empty map. All reads are const, allocate
// nothing and are safe beside the writer.
class ArtSnapshot {
 public:
  ArtSnapshot() = default;
  ArtSnapshot(const ArtSnapshot& o) noexcept;
  ArtSnapshot(ArtSnapshot&& o) noexcept;
  ArtSnapshot& operator=(ArtSnapshot o) noexcept;
  ~ArtSnapshot();

  uint64_t size() const { return tree_ ? tree_->size : 0; }  // entries, tombstones included
  int64_t net() const { return tree_ ? tree_->net : 0; }     // sum of Entry::net over all entries

  // The entry of key; false if there is none. entry->value.record borrows from the snapshot (it
  // lives as long as the pin).
  bool Find(Bytes key, Entry* entry) const;
  // The same for n keys at once, descents interleaved so that cache misses overlap. found[i],
  // entries[i] answer keys[i].
  void FindMany(const Bytes* keys, size_t n, bool* found, Entry* entries) const;

  uint64_t Rank(Bytes key) const;    // entries below key
  int64_t NetRank(Bytes key) const;  // sum of net over entries below key

  // A cursor over this version; it holds the pin itself.
  ArtCursor NewCursor() const;

  // Whether both are one version of one Art. Equal maps may be different versions.
  bool Same(const ArtSnapshot& o) const { return tree_ == o.tree_; }

 private:
  friend class Art;
  friend class ArtCursor;

  const art::Tree* tree_ = nullptr;
  art::Version* pin_ = nullptr;
};

// Keeps the contract of core/cursor.h. Next and Prev touch no key; key() builds what differs from
// the key built last.
class ArtCursor {
 public:
  ArtCursor() = default;

  void SeekFirst();
  void SeekLast();
  void Seek(Bytes key);
  void SeekBefore(Bytes key);
  void SeekRank(uint64_t rank);

  void Next() {
    if (++at_ < leaf_.n) {
      shared_ = kInLeaf;
    } else {
      NextLeaf();
    }
  }
  void Prev() {
    if (at_-- == 0) PrevLeaf();
  }
  void NextPast(size_t n);

  bool Valid() const { return valid_; }
  // A NUL follows it.
  Bytes key() const;
  size_t shared() const { return shared_ == kInLeaf ? leaf_.l(at_) : shared_; }
  const Status& status() const { return status_; }

  // REQUIRES Valid(). Borrowed from the snapshot. O(1) in Next() after Next().
  Entry entry() const {
    if (leaf_.has_records()) return RecordEntry();
    return leaf_.entry(at_, snapshot_.tree_->leaves);
  }
  // The value of the entry so many steps on, or back, if that is in the same leaf and a number.
  bool NearNumber(int64_t steps, uint64_t* number) const {
    const uint64_t i = at_ + static_cast<uint64_t>(steps);
    if (i >= leaf_.n || leaf_.has_records()) return false;
    *number = leaf_.number(static_cast<uint32_t>(i));
    return true;
  }
  uint64_t rank() const;     // entries before this one
  int64_t net_rank() const;  // sum of net over entries before this one

 private:
  friend class ArtSnapshot;
  static constexpr size_t kInLeaf = SIZE_MAX;
  static constexpr uint64_t kUnknown = UINT64_MAX;
  static constexpr uint32_t kNoKey = UINT32_MAX;

  const art::Tree& tree() const { return *snapshot_.tree_; }
  Entry RecordEntry() const;
  bool Empty() const { return !snapshot_.tree_ || !snapshot_.tree_->root; }
  void Enter();
  void NextLeaf();
  void PrevLeaf();

  ArtSnapshot snapshot_;
  bool valid_ = false;
  uint32_t at_ = 0;
  size_t shared_ = 0;
  art::Leaf leaf_;
  art::Path path_;
  mutable uint64_t before_ = kUnknown;  // entries before the leaf
  mutable std::vector<uint8_t, Allocator<uint8_t>> buffer_;
  mutable uint32_t built_ = kNoKey;  // the entry of this leaf whose key is in buffer_
  mutable uint32_t key_bytes_ = 0;
  mutable const uint8_t* rest_ = nullptr;  // of that entry
  mutable uint32_t cell_of_ = kNoKey;      // the entry of this leaf whose cell is at cell_
  mutable const uint8_t* cell_ = nullptr;
  Status status_;
};

class Art {
 public:
  struct Options {
    // Over a base, entries are overrides and tombstones too, and net counts are kept apart from
    // entry counts; without one every net must be +1.
    bool over_base = false;
    // Where the arena of leaves ends, in units of 256 KiB; by default after 64 GiB. Smaller for
    // tests.
    uint32_t max_units = art::kMaxUnits;
    // What maps of similar keys share, so that they learn token books together; by default each has
    // its own.
    std::shared_ptr<art::Learning> learning = nullptr;
  };
  struct Stats {
    uint64_t entries, leaves, node4, node8, node16, node48, node256, height;
    uint64_t leaf_bytes, directory_bytes, descriptor_bytes, book_bytes;
    uint64_t slack_bytes;  // held but not in use
    uint64_t total_bytes;  // everything held, snapshots' share included
  };

  Art() : Art(Options()) {}
  explicit Art(Options options);
  ~Art();
  Art(const Art&) = delete;
  Art& operator=(const Art&) = delete;

  // Writing, one thread at a time. Each takes effect wholly, or throws std::bad_alloc or returns
  // kFull with the map as it was. Keys over kMaxKeyBytes are kTooBig.
  Status Put(Bytes key, const Entry& entry, bool* replaced = nullptr);
  // Adds key unless it is there already; `*existed` tells which.
  Status Add(Bytes key, const Entry& entry, bool* existed);
  // Puts n keys that ascend and are all above every key in the map; packs them into leaves without
  // searching. Unlike the others it may fail halfway, with the first keys put.
  Status Append(const Bytes* keys, const Entry* entries, size_t n);
  bool Erase(Bytes key);  // false if key was not there
  // [lo, hi); drops subtrees. How many entries went.
  uint64_t EraseRange(Bytes lo, std::optional<Bytes> hi);
  void Clear();

  // Whether the last write shows, at hardly any cost, that key is not there: keys come in order.
  // False where it does not tell.
  bool SurelyLacks(Bytes key) const;

  // The present version for reads before the next write; not pinned.
  const ArtSnapshot& Latest() const { return latest_; }
  // Pins the present version. O(1).
  ArtSnapshot TakeSnapshot();
  // Makes a version taken from this Art the present one again (ROLLBACK). O(what changed since); it
  // cannot fail. Snapshots taken since stay exact; marks are forgotten.
  void Restore(const ArtSnapshot& version) noexcept;

  // --- going back, for the writer (art_undo.cc). From the first mark on, writes note what they
  // change, in a log of some bytes and the key for each; where a log would pass a quarter of the
  // map, it ends with a pinned version, from which on writes copy what they change. Neither is
  // needed while there is no mark. Marks are taken in O(1), and stay good until they are passed by
  // UndoTo() or forgotten.
  struct Mark {
    uint64_t at = 0;
    bool resumes_log = false;  // behind a pinned version, for its sake
  };
  // The present moment. `version`, if given, is the present version, which somebody holds anyway:
  // it does instead of a log.
  Mark SetMark(const ArtSnapshot* version = nullptr);
  // Back to a mark, which stays, in time that grows with what was written since. False: memory was
  // short, although some was kept for this, and the map is on its way there: it must not be read
  // before FinishUndo() says true. Writes and SetMark() go on by themselves, or throw
  // std::bad_alloc.
  bool UndoTo(const Mark& mark) noexcept;
  bool FinishUndo() noexcept;
  bool undone() const { return !undo_to_; }
  bool marked() const { return marked_; }
  // Whether nothing was written since.
  bool IsAt(const Mark& mark) const {
    return Now() == mark.at && !(NowIsPinned() && passed_pinned_);
  }
  // No mark after this one is needed any more; nor this one itself.
  void ForgetAfter(const Mark& mark) noexcept;
  void Forget(const Mark& mark) noexcept;
  // None is. What UndoTo() has left to do is still done.
  void ForgetMarks() noexcept;

  const std::shared_ptr<art::Learning>& learning() const { return options_.learning; }

  Stats GetStats() const;
  // Checks every invariant; the first that fails is the message.
  // Polled every few ms; true stops it with kInterrupted.
  Status Verify(const std::function<bool()>& poll = {}) const;

 private:
  Status Write(Bytes key, const Entry& entry, bool* existed, bool overwrite);
  void Adopt(art::Engine* engine) noexcept;
  void RestoreVersion(const ArtSnapshot& version) noexcept;

  // art_undo.cc
  struct Pinned {
    uint64_t at;
    uint64_t log_bytes, gaps;  // then
    ArtSnapshot version;
  };
  uint64_t Now() const { return undo_.bytes() + gaps_; }
  bool NowIsPinned() const { return !pinned_.empty() && pinned_.back().at == Now(); }
  // Comes before every write.
  void KeepUndo() {
    if (marked_ || undo_to_) KeepUndoNow();
  }
  void KeepUndoNow();
  void PinForUndo(ArtSnapshot version);
  void ReturnToPinned(size_t i) noexcept;
  size_t FirstPinnedFrom(uint64_t at) const;
  void KeepPinned(size_t i) noexcept;
  bool WriteBack() noexcept;

  Options options_;
  art::Engine* engine_ = nullptr;  // none while empty
  ArtSnapshot latest_;
  // Bytes of cleared versions that snapshots still hold.
  std::shared_ptr<std::atomic<uint64_t>> orphaned_;

  // Marks count the bytes of the log, and one for each time that writes went on behind a pinned
  // version and were to be undone to a later mark.
  bool marked_ = false;
  art::UndoLog undo_;
  uint64_t gaps_ = 0;
  std::vector<Pinned, Allocator<Pinned>> pinned_;  // oldest first
  bool passed_pinned_ = false;                     // something was written since the newest
  std::optional<uint64_t> undo_to_;                // what UndoTo() has left to do
};

}  // namespace memkv

#endif  // MEMKV_CORE_ART_ART_H_
