// Engine: what an Art owns and its snapshots keep alive. Edits entries in the leaves of the present
// tree; the blocks are Heap's, the separators above them Directory's, the codes of their rests
// Coding's.

#ifndef MEMKV_CORE_ART_ENGINE_H_
#define MEMKV_CORE_ART_ENGINE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/art/append_hint.h"
#include "core/art/coding.h"
#include "core/art/directory.h"
#include "core/art/heap.h"
#include "core/art/leaf.h"
#include "core/art/leaf_coder.h"
#include "core/art/scratch.h"
#include "core/art/sweep.h"
#include "core/art/undo_log.h"

namespace memkv::art {

// May be called on any thread.
void Pin(Version* v) noexcept;
void Unpin(Version* v) noexcept;

class Engine {
 public:
  Engine(bool nets, uint32_t max_units, std::shared_ptr<Learning> learning)
      : coding_(std::move(learning)), heap_(&coding_, nets, max_units) {}
  void AddRef() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  // The last one to go deletes it.
  void Unref() noexcept;

  UndoLog* undo = nullptr;  // gets what writes are about to change; none: they are not to be undone

  // The present tree.
  const Tree& head() const { return heap_.head; }
  Heap& heap() { return heap_; }
  uint64_t held_bytes() const {
    return sizeof(Engine) + heap_.held_bytes() + coding_.bytes() + scratch_.bytes();
  }
  uint64_t book_bytes() const { return coding_.bytes(); }

  // See Art.
  // `overwrite` false: an entry that is there stays as it is.
  void Put(Bytes key, const Entry& entry, bool* existed, bool overwrite = true);
  // Whether the last write shows that key is not there: it would go behind it. False where it does
  // not tell.
  bool SurelyLacks(Bytes key) const {
    uint32_t shared;
    return hint_.Leads(key, &shared);
  }
  // Makes one leaf of as many of these entries as fit one. How many that were; 0 where Put has to
  // do it. See Art::Append.
  size_t AppendLeaf(const Bytes* keys, const Entry* entries, size_t n);
  bool Erase(Bytes key);
  uint64_t EraseRange(Bytes lo, std::optional<Bytes> hi);
  Version* Take();
  void Restore(Version* v) noexcept;
  // It has an Art, which writes; or only snapshots hold it from now on, and its bytes are added to
  // `orphaned` until it dies or has an Art again.
  void Own() noexcept;
  void Disown(std::shared_ptr<std::atomic<uint64_t>> orphaned) noexcept;

 private:
  friend class RangeErasure;
  using Key = std::basic_string<char, std::char_traits<char>, Allocator<char>>;
  // A place where one leaf becomes two: fences as strings, and what the leaves beside it skip.
  struct Cut {
    Bytes own, separator;
    uint32_t skip_left, skip_right;
  };

  ~Engine();

  // Notes what key has in this leaf, and reserves memory to undo that: as much as the log has,
  // which is about what its records take in leaves, and for the copies of some leaves.
  void KeepUndo(Bytes key, const Leaf& leaf, const Entry* had);
  void KeepUndo(Bytes key, const Leaf& leaf, uint32_t i);

  // edit.cc: entries come, change and go.
  void Begin() {
    heap_.Reap();
    scratch_.Reset();
  }
  void PutFirst(Bytes key, const Entry& entry);
  void PutNew(const Leaf& leaf, const LeafPos& pos, Bytes key, const Entry& entry, bool hinted);
  void Insert(const LeafPos& pos, Bytes key, const Entry& entry);
  void Update(uint32_t pos, const Entry& entry);
  void EraseEntry(const Leaf& leaf, uint32_t i);
  void EraseOnlyEntry(const Leaf& leaf);
  // REQUIRES a number, or at most kInlineRecord bytes.
  static LeafParts::Cell InlineCell(const Value& v);
  LeafParts::Cell NewCell(const Value& v, Heap::Fresh& fresh);
  // Key i of the leaf at path, in scratch.
  Bytes PlainKey(const Path& path, const Leaf& leaf, uint32_t i);

  // edit_plain.cc: the common cases, arrays copied as they are; false if it is another.
  bool InsertPlainly(const Leaf& leaf, const LeafPos& pos, Bytes key, uint64_t number);
  // Into an open leaf, in place.
  bool AppendPlainly(const Leaf& leaf, const LeafPos& pos, Bytes key, uint64_t number);
  bool ErasePlainly(const Leaf& leaf, uint32_t i);
  bool UpdatePlainly(const Leaf& leaf, uint32_t i, const Entry& entry);

  // split.cc: leaves become two, or one.
  Cut CutAt(Bytes separator);
  void FenceLeft(const Cut& cut, LeafParts& left);
  void StoreCut(const Cut& cut, LeafParts& left, LeafParts& right);
  void Split(bool append);
  void FillLeaf(LeafParts& parts, const Bytes* keys, const Entry* entries, uint32_t n);
  void MergeSmall();
  void Combine(Path& a, LeafParts& pa, Path& b, LeafParts& pb);
  void JoinParts(LeafParts& a, const LeafParts& b, uint32_t skip, Bytes first_a, Bytes last_a,
                 Bytes first_b);
  void LowerSkip(LeafParts& parts, uint32_t skip, Bytes first);

  // open_leaf.cc: the one leaf that keys are appended to.
  void Open(LeafParts& parts, Bytes separator);
  void CloseLeaf();

  // tend.cc: what is done between writes. Called after every write.
  void Tend() noexcept {
    if (--tend_in_ <= 0) [[unlikely]]
      TendNow();
  }
  void TendNow() noexcept;
  void DecideOnBook();
  void LearnSlice();
  template <class F>
  void EachRestOfALeaf(F&& f);

  std::atomic<uint32_t> refs_{1};
  std::shared_ptr<std::atomic<uint64_t>> orphaned_;
  uint64_t orphaned_bytes_ = 0;

  Scratch scratch_;
  Coding coding_;
  LeafCoder coder_{&coding_, &scratch_};
  Heap heap_;
  Directory directory_{&heap_, &scratch_};
  Sweep sweep_{&heap_, &directory_, &coding_, &coder_, &scratch_};

  // Of the write under way; path_ is hint_'s between writes.
  Path path_, other_;
  LeafParts parts_, parts2_;
  AppendHint hint_;
  bool open_ = false;
  Key open_at_;  // a separator: its leaf was opened
  int tend_in_ = 1;
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_ENGINE_H_
