// Engine: what an Art owns and its snapshots keep alive: two arenas, the present tree, the versions
// taken of it.
//
// Copy-on-write by birth. Every block (a node, a pair of descriptor and leaf, a far record) carries
// the number of the version it was made in. Taking a snapshot gives it the present number and
// counts on; a block born no later than the newest live snapshot is shared and is never written
// again: a write copies it and the path above it. What a write replaces is freed at once if no live
// snapshot was taken since its birth, else it is entered in the dead list of the newest one.
//
//   1. A live snapshot sees a block only if birth <= its number; a node's children are visible
//   wherever the node is.
//   2. A dead list holds only blocks that no younger snapshot sees, and not the present tree.
//   3. A descriptor and its leaf are shared by the same snapshots: one is never shared without the
//   other.
//
// When a snapshot dies, its dead blocks pass to the next older one if that is not older than their
// birth, or are freed. It may die on any thread: it is put on a list that the writer empties.

#ifndef MEMKV_CORE_ART_ENGINE_H_
#define MEMKV_CORE_ART_ENGINE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/art/arena.h"
#include "core/art/coding.h"
#include "core/art/leaf.h"
#include "core/art/leaf_coder.h"
#include "core/art/node.h"
#include "core/art/scratch.h"
#include "core/art/tree.h"
#include "core/art/undo_log.h"
#include "core/status.h"

namespace memkv::art {

class Engine;

struct Version {
  Tree tree;
  uint64_t number = 0;
  Engine* engine = nullptr;
  Version* older = nullptr;
  Version* newer = nullptr;
  Version* next_released = nullptr;
  std::atomic<uint32_t> refs{0};
  uint32_t dead = 0;    // the first entry of its dead list
  bool forked = false;  // the present tree does not descend from it, or once did not
};

// May be called on any thread.
void Pin(Version* v) noexcept;
void Unpin(Version* v) noexcept;

class Engine {
 public:
  Engine(bool nets, uint32_t max_units);
  void AddRef() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  // The last one to go deletes it.
  void Unref() noexcept;

  Tree head;                // the present tree
  UndoLog* undo = nullptr;  // gets what writes are about to change; none: they are not to be undone

  // See Art.
  // `overwrite` false: an entry that is there stays as it is.
  void Put(Bytes key, const Entry& entry, bool* existed, bool overwrite = true);
  // Whether the last write shows that key is not there: it would go behind it. False where it does
  // not tell.
  bool SurelyLacks(Bytes key) const {
    uint32_t shared;
    return Hinted(key, &shared);
  }
  // Makes one leaf of as many of these entries as fit one. How many that were; 0 where Put has to
  // do it. See Art::Append.
  size_t AppendLeaf(const Bytes* keys, const Entry* entries, size_t n);
  bool Erase(Bytes key);
  uint64_t EraseRange(Bytes lo, std::optional<Bytes> hi);
  Version* Take();
  void Restore(Version* v) noexcept;
  // Undoing may use what was reserved for it while that is open.
  void OpenReserve(bool open) noexcept;
  // Keeps at most so many bytes of it.
  void TrimReserve(uint64_t kept) noexcept;
  // Frees what released snapshots held.
  void Reap() noexcept;

  Status Verify(const std::function<bool()>& poll);
  struct Usage {
    uint64_t leaves = 0, nodes[5] = {}, height = 0;
    uint64_t leaf_bytes = 0, directory_bytes = 0, descriptor_bytes = 0;
  };
  Usage Measure() const;
  uint64_t held_bytes() const;
  uint64_t used_bytes() const { return directory_.used_bytes() + leaves_.used_bytes(); }
  uint64_t book_bytes() const { return coding_.bytes(); }
  uint64_t slack_bytes() const;
  // Only snapshots hold it from now on: its bytes are added to `orphaned` until it dies, or until
  // Disown(nullptr).
  void Disown(std::shared_ptr<std::atomic<uint64_t>> orphaned) noexcept;

 private:
  friend void Unpin(Version* v) noexcept;
  using Key = std::basic_string<char, std::char_traits<char>, Allocator<char>>;
  enum BlockKind : uint8_t { kNodeBlock, kPairBlock, kFarBlock };
  struct Dead {
    uint64_t birth : 56;
    uint64_t kind : 8;
    Ref ref;
    uint32_t next;
  };

  ~Engine();

  // Blocks just made, freed again if the write throws before Keep().
  class Fresh {
   public:
    explicit Fresh(Engine* e) : e_(e) {}
    ~Fresh();
    Ref Node(Ref r) { return Add(0, r); }
    Ref Desc(Ref r) { return Add(1, r); }
    Ref Leaf(Ref r) { return Add(2, r); }
    Ref Far(Ref r) { return Add(3, r); }
    void Keep() { n_ = 0; }

   private:
    Ref Add(int kind, Ref r) {
      kind_[n_] = kind;
      ref_[n_++] = r;
      return r;
    }
    Engine* e_;
    int n_ = 0;
    int kind_[4];
    Ref ref_[4];
  };

  // Put leaves room for Erase while one of these lives.
  struct Headroom {
    explicit Headroom(Engine* e) : e_(e) { Set(e->undoing_ ? 0 : 2); }
    ~Headroom() { Set(0); }
    void Set(uint32_t units) {
      e_->leaves_.set_headroom(units);
      e_->directory_.set_headroom(units);
    }
    Engine* e_;
  };

  // blocks.cc: making, copying and freeing of blocks.
  bool Shared(const uint8_t* block) const { return Birth(block) <= shared_; }
  Node* node(Ref r) const { return head.node(r); }
  Ref NewNode(Kind kind, Bytes prefix);
  // The node with another size and prefix, its slots copied.
  Ref Rebuild(Ref from, Kind kind, Bytes prefix);
  Ref NewDesc(Ref leaf, Bytes tail);
  Ref CopyLeaf(Ref leaf);
  Ref NewLeaf(LeafParts& parts);
  Ref NewFar(Bytes record);
  void FreeNode(Ref r) noexcept;
  void FreeDesc(Ref r) noexcept;
  void FreeLeaf(Ref r) noexcept;
  void FreeFar(Ref r) noexcept;
  void FreeBlock(BlockKind kind, Ref r) noexcept;
  // After arena growth readers' tables may have moved.
  void Refresh() noexcept {
    head.directory = directory_.bases();
    head.leaves = leaves_.bases();
  }

  // versions.cc
  void ReserveDead(size_t n);
  void Retire(BlockKind kind, Ref r) noexcept;
  uint64_t BirthOf(BlockKind kind, Ref r) const;
  uint8_t* Header(BlockKind kind, Ref r) const;
  void Drop(Version* v) noexcept;
  // Every block of a subtree: enter(kind, ref) before what is below it, false leaves it and that
  // out; leave(kind, ref) after, and may free the block. Allocates nothing.
  template <class Enter, class Leave>
  void Walk(Ref root, Enter&& enter, Leave&& leave) noexcept;
  // Takes the entries that are alive again off a dead list.
  template <class F>
  void Revive(Version* v, F&& alive) noexcept;
  void FreeDeadEntry(uint32_t e) noexcept;

  // Notes what key has in this leaf, and reserves memory to undo that: as much as the log has,
  // which is about what its records take in leaves, and for the copies of some leaves.
  void KeepUndo(Bytes key, const Leaf& leaf, const Entry* had) {
    had ? undo->Add(key, *had) : undo->AddMissing(key);
    constexpr uint64_t kLeast = 8 << 10;
    const size_t leaf_bytes = kGranule * leaf.granules;
    const size_t block = std::max(leaf_bytes, had ? FarRecord::Bytes(had->value.record.size()) : 0);
    leaves_.Reserve(std::max<uint64_t>({undo->held_bytes(), 4 * leaf_bytes, kLeast}), block);
    directory_.Reserve(undo->held_bytes() / 2, 0);
  }
  void KeepUndo(Bytes key, const Leaf& leaf, uint32_t i) {
    const Entry had = leaf.entry(i, head.leaves);
    KeepUndo(key, leaf, &had);
  }

  // directory.cc
  void MakeWritable(Path& path);
  void LinkDesc(Path& path, Ref desc) noexcept;
  void Link(const Path& path, size_t level, Ref r) noexcept;
  void AddCounts(const Path& path, size_t levels, int64_t count, int64_t net) noexcept;
  void FixMax(const Path& path) noexcept;
  void Neighbours(Bytes sep, uint32_t* shared_prev, uint32_t* shared_next) const;
  void InsertSeparator(Bytes sep, Ref leaf, uint32_t count, int32_t net);
  void RemoveSeparator(Path& path) noexcept;
  void Tidy(Path& path, size_t level);
  void AddSlot(Node* x, uint8_t c, Ref kid, uint32_t count, int32_t net) noexcept;
  void RemoveSlot(Node* x, int slot) noexcept;

  // edit.cc: leaves under their paths.
  Leaf LeafAt(const Path& path) const { return Leaf(head.leaf(head.desc(path.desc()).leaf())); }
  void ReplaceLeaf(Path& path, LeafParts& parts);
  void UnsharePair(Path& path);
  // Key i of the leaf at path, in scratch.
  Bytes PlainKey(const Path& path, const Leaf& leaf, uint32_t i);
  void Insert(const LeafPos& pos, Bytes key, const Entry& entry);
  // The common case of Insert, arrays copied as they are; false if it is another.
  bool InsertPlainly(const Leaf& leaf, const LeafPos& pos, Bytes key, uint64_t number);
  // Into an open leaf, in place.
  bool AppendPlainly(const Leaf& leaf, const LeafPos& pos, Bytes key, uint64_t number);
  bool ErasePlainly(const Leaf& leaf, uint32_t i);
  bool UpdatePlainly(const Leaf& leaf, uint32_t i, const Entry& entry);
  // Stores what write(block) makes, `bytes` long, in place of the leaf of a writable path.
  template <class F>
  void StoreLeaf(Path& path, size_t bytes, uint8_t book, F&& write);
  void Update(uint32_t pos, const Entry& entry);
  void Split(bool append);
  void Combine(Path& a, LeafParts& pa, Path& b, LeafParts& pb);
  void MergeSmall();
  // Lays the one leaf that is open out plainly again.
  void CloseLeaf();
  void Open(LeafParts& parts);
  void NoteOpen(const Path& path);
  // Whether path_ still leads to where key belongs: keys come in order.
  bool Hinted(Bytes key, uint32_t* shared) const;
  void SetHint(Bytes last, bool same_leaf);
  LeafParts::Cell NewCell(const Value& v);

  // erase_range.cc
  bool EraseWithin(Path& path, uint32_t from, uint32_t to);
  void RetireFars(const Leaf& leaf, uint32_t from, uint32_t to) noexcept;
  void RetireTree(Ref root) noexcept;
  // Removes every leaf between two, given their paths; the paths stay good.
  void DropBetween(Path& a, Path& b) noexcept;
  void RemoveSlots(Ref at, int from, int to, int* below) noexcept;
  void SumCounts(const Path& path, size_t from, size_t to) noexcept;

  // sweep.cc
  // Called after every write; does a slice of what there is to do. Improvements that may fail
  // without harm.
  void Tend() noexcept {
    if (--tend_in_ <= 0) [[unlikely]]
      TendNow();
  }
  void TendNow() noexcept;
  bool BeginSweep();
  bool SweepSlice(int leaves);
  void EndSweep() noexcept;
  bool MoveMarked(Path& path, size_t level);
  void MoveFars(Path& path);
  bool Movable(const uint8_t* block) const { return Birth(block) > pinned_; }

  // learning.cc
  void LearnSlice();

  std::atomic<uint32_t> refs_{1};
  std::shared_ptr<std::atomic<uint64_t>> orphaned_;
  uint64_t orphaned_bytes_ = 0;
  Arena directory_, leaves_;
  Scratch scratch_;
  Path path_, other_, sep_path_;
  LeafParts parts_, parts2_;

  Coding coding_;
  LeafCoder coder_{&coding_, &scratch_};

  // path_ leads to the leaf for keys in (hint_last_, hint_to_), after its last.
  bool hinted_ = false, hint_ends_ = false;
  Key hint_last_, hint_to_;
  bool open_ = false;
  Key open_at_;  // a separator: its leaf was opened
  int tend_in_ = 1;
  bool sweeping_ = false;
  bool recode_ = false;       // leaves of another book than the present one are to be coded anew
  bool recoding_ = false;     // the sweep under way does so
  Key sweep_from_;            // the separator it goes on from
  uint64_t sweep_pause_ = 0;  // turns to wait: the last sweep brought nothing
  uint64_t sweep_slack_ = 0;  // when it began
  uint64_t pinned_ = 0;       // blocks born until then stay: a snapshot that lives long holds them
  uint64_t oldest_then_ = 0;  // the oldest snapshot at the last sweep
  uint64_t far_records_ = 0;  // blocks of records
  uint64_t splits_ = 0;       // since the directory was laid out

  bool undoing_ = false;  // the reserve is open

  uint64_t number_ = 1;  // of blocks made now
  uint64_t shared_ = 0;  // births up to here are visible to a live snapshot
  bool written_ = true;  // since the newest snapshot was taken
  Version* newest_ = nullptr;
  Version* oldest_ = nullptr;
  Version* spare_ = nullptr;
  std::atomic<Version*> released_{nullptr};
  std::vector<Dead, Allocator<Dead>> dead_;
  uint32_t dead_free_ = 0;
  size_t dead_room_ = 0, dead_used_ = 0;
  // Blocks nobody sees that could not be entered in a dead list for want of memory.
  uint64_t lost_ = 0;
  std::vector<std::pair<Ref, int>, Allocator<std::pair<Ref, int>>> walk_;
};

template <class Enter, class Leave>
void Engine::Walk(Ref root, Enter&& enter, Leave&& leave) noexcept {
  walk_.clear();
  auto visit = [&](Ref r) {
    if (!IsDesc(r)) {
      if (enter(kNodeBlock, r))
        walk_.push_back({r, Node::kNone});  // room was reserved when the tree grew this high
      return;
    }
    if (!enter(kPairBlock, r)) return;
    const Leaf leaf(head.leaf(head.desc(r).leaf()));
    if (leaf.has_records()) {
      const uint8_t* at = leaf.cells();
      for (uint32_t i = 0; i < leaf.n; at += leaf.code(i) >> 2, ++i) {
        if ((leaf.code(i) & 3) != kFarCell) continue;
        const Ref far = Load32(at);
        if (enter(kFarBlock, far)) leave(kFarBlock, far);
      }
    }
    leave(kPairBlock, r);
  };
  if (root) visit(root);
  while (!walk_.empty()) {
    auto& [r, slot] = walk_.back();
    slot = node(r)->After(slot);
    if (slot != Node::kNone) {
      visit(node(r)->at(slot));
    } else {
      const Ref done = r;
      walk_.pop_back();
      leave(kNodeBlock, done);
    }
  }
}

template <class F>
void Engine::Revive(Version* v, F&& alive) noexcept {
  for (uint32_t* link = &v->dead; *link;) {
    const uint32_t e = *link;
    Dead& d = dead_[e - 1];
    if (alive(d)) {
      *link = d.next;
      FreeDeadEntry(e);
    } else {
      link = &d.next;
    }
  }
}

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_ENGINE_H_
