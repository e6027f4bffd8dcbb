// Fst: the frozen ordered set of keys with their rows, one flat buffer: key <-> rank, and columns
// by rank.
//
// A compacted minimal automaton with token-coded labels; core/fst/format.h draws its bytes.
// DESIGN.md says why.

#ifndef MEMKV_CORE_FST_FST_H_
#define MEMKV_CORE_FST_FST_H_

#include <cassert>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/cursor.h"
#include "core/datum.h"
#include "core/fst/body.h"
#include "core/fst/frozen_index.h"
#include "core/fst/image.h"
#include "core/fst/values.h"
#include "core/status.h"

namespace memkv {

class Fst {
 public:
  // Verifies header and section table only, plus, for owned buffers, every page's checksum; a
  // mapped file's pages are verified when first touched. Untrusted bytes: every later call is
  // memory-safe and finite whatever they hold, and answers kCorrupt where a reference leaves its
  // section.
  static Status Open(std::shared_ptr<const FstImage> image, std::shared_ptr<const Fst>* out);

  uint64_t size() const { return body_.keys; }
  size_t columns() const { return columns_.size(); }
  uint64_t image_bytes() const { return image_->bytes().size(); }
  // Held in memory: the image, unless it is mapped, and what opening it made.
  uint64_t memory_bytes() const;
  const FstImage& image() const { return *image_; }
  // The token code of the labels, for the next image to take over.
  const fst::TokenCode& code() const { return body_.code; }
  // What the image says that it is of; empty where it does not (core/fst/format.h, kAbout).
  Bytes about() const { return about_; }
  // A secondary index; null if the image does not have it. Borrowed.
  const FrozenIndex* index(const IndexDef& def) const {
    for (const FrozenIndex& index : indexes_) {
      if (index.def() == def) return &index;
    }
    return nullptr;
  }
  const fst::PageGuard& pages() const { return body_.pages; }
  // See FstImage.
  Status CheckSize() const { return image_->CheckSize(); }

  // None of these allocates (Select and Column fill the caller's buffer, which grows once), but for
  // the message of a failure. All take O(key length). Thread-safe.
  Status Find(Bytes key, bool* found, uint64_t* rank) const;
  // The same for n keys at once, their walks interleaved so that cache misses overlap: ranks[i] is
  // kMissing where there is none.
  static constexpr uint64_t kMissing = ~uint64_t{0};
  Status FindMany(const Bytes* keys, size_t n, uint64_t* ranks) const;
  Status LowerBound(Bytes key, uint64_t* rank) const;    // how many keys are below key
  Status Select(uint64_t rank, std::string* key) const;  // REQUIRES rank < size()
  // One column of one row; text and blobs are borrowed from the image or from *buffer. Never
  // touches another column or the key. kCorrupt if rank >= size(): on a damaged image a cursor may
  // come to more keys than there are. REQUIRES column < columns().
  Status Column(uint64_t rank, size_t column, std::string* buffer, Datum* out) const;
  // The same for rows in some order: *block, which the caller keeps for one column of one Fst,
  // saves work where the next row is near.
  using ColumnBlock = fst::ColumnReader::Block;
  Status Column(uint64_t rank, size_t column, ColumnBlock* block, std::string* buffer,
                Datum* out) const {
    assert(column < columns());
    if (rank >= size()) [[unlikely]]
      return NoRow();
    return columns_[column].Get(rank, block, buffer, out);
  }

  // Every structure walked: order, counts, checksums, references. Linear in the image, whatever it
  // claims to hold. Polled every few ms; true stops it with kInterrupted.
  using Poll = std::function<bool(uint64_t done, uint64_t total)>;
  Status Verify(const Poll& poll = {}) const;

 private:
  friend class FstCursor;
  friend class FstBuilder;

  Fst() = default;
  Status NoRow() const { return body_.Corrupt(body_.base, "the counts of the keys"); }
  Status Parse();
  Status ParseCode(Bytes code, Bytes hot);
  // An image that is not one yet: only its keys can be read. The bytes, and kPadBytes behind the
  // records, must outlive it.
  static Status OverRecords(uint64_t keys, Bytes records, Bytes code, Bytes hot,
                            std::shared_ptr<const Fst>* out);

  std::shared_ptr<const FstImage> image_;
  fst::Body body_;
  std::vector<fst::ColumnReader> columns_;
  std::vector<FrozenIndex> indexes_;
  Bytes about_;
};

// How an image codes the end of a key: bytes of its code, and how many bytes of the key they spell,
// to the end.
struct KeyCode {
  Bytes code;
  uint64_t spells = 0;
};

// Keeps the contract of core/cursor.h, and rank(). Holds the Fst. Keys may be up to kMaxKeyBytes;
// longer ones are kCorrupt.
class FstCursor {
 public:
  explicit FstCursor(std::shared_ptr<const Fst> fst);

  void SeekFirst();
  void SeekLast();
  void Seek(Bytes key);
  void SeekBefore(Bytes key);
  void SeekRank(uint64_t rank);
  void Next();
  void Prev();
  void NextPast(size_t n);

  bool Valid() const { return valid_; }
  Bytes key();  // a NUL follows it
  // Of the key that key() has given since the last Next() or SeekFirst(); borrowed from the image.
  KeyCode code() const {
    if (!assembled_ || !valid_) return {};
    return {Bytes(reinterpret_cast<const char*>(entry_), static_cast<size_t>(after_ - entry_)),
            key_bytes_ - base_ - shares_[index_]};
  }
  size_t shared() const { return shared_; }
  uint64_t rank() const { return rank_; }
  const Status& status() const { return status_; }

 private:
  // What lies above the LIST that the cursor stands in.
  struct Frame {
    const uint8_t* node;   // a FUSED node, or a LIST whose entry ends in a reference
    uint32_t index;        // the child, or the entry
    uint32_t count;        // how many there are
    uint64_t depth;        // bytes of key above the record
    uint64_t rank;         // of the first key below the record, or below the reference
    uint64_t keys;         // below the record, or below the reference
    const uint8_t* after;  // LIST: the entry after
    bool fused;
  };

  void Reset();
  bool Fail(const uint8_t* p, const char* what);
  // Whether it failed, perhaps while a key was read that the caller believes to stand on: it stays.
  bool Stuck() const {
    assert(valid_ || !status_.ok());
    return !valid_;
  }
  bool Reserve(uint64_t bytes);
  // Those that move answer whether the cursor stands on a key. A record at p spells from `depth`
  // on, has `keys` keys, and its first (EnterLast: last) has the rank rank_.
  bool EnterFirst(const uint8_t* p, uint64_t depth, bool after_fused, uint64_t keys);
  bool EnterLast(const uint8_t* p, uint64_t depth, bool after_fused, uint64_t keys);
  bool Enter(const uint8_t* p, uint64_t depth, bool after_fused, uint64_t keys, bool last);
  bool EnterRecord(const uint8_t** p, uint64_t* depth, bool after_fused);
  bool OpenList(const uint8_t* p, uint64_t depth);
  void OpenFused(const uint8_t* node, uint32_t slot, uint64_t depth, uint64_t keys, uint64_t first);
  const uint8_t* ChildOf(const Frame& f, uint64_t* keys);
  void Reopen(const Frame& f);
  bool ReadShared(uint64_t* shared);
  void Note(uint64_t shared);
  bool ArriveForward(uint64_t shared);
  bool WalkEntry(const uint8_t** ref);
  bool Below(bool last);
  bool TakeRef(const uint8_t* p, bool last, const uint8_t** to, uint64_t* keys);
  bool Rewalk(uint32_t index);
  bool NextEntry();
  bool StepBack();
  bool LeaveForward();
  bool LeaveBackward();
  bool SeekBelow(const uint8_t* p, uint64_t depth, bool after_fused, uint64_t keys,
                 const fst::Query& query);
  bool SeekInList(const fst::Query& query, const uint8_t** to, uint64_t* keys);
  bool SkipInList();
  void SkipAbove();
  bool SeparatorLeaves(const Frame& f) const;
  bool Assemble();
  bool Decode(const uint8_t* p, uint64_t at, uint64_t until, const uint8_t** after,
              uint64_t* length);

  std::shared_ptr<const Fst> fst_;
  const fst::Body* body_;
  Status status_;
  bool valid_ = false;
  uint64_t rank_ = 0;
  size_t shared_ = 0;
  std::vector<Frame> frames_;

  // The LIST stood in: from its record on, at depth base_; entry index_ of count_ begins its codes
  // at entry_.
  const uint8_t* list_ = nullptr;
  const uint8_t* limit_ = nullptr;
  uint64_t base_ = 0;
  uint32_t count_ = 0, index_ = 0;
  const uint8_t* entry_ = nullptr;
  const uint8_t* after_ = nullptr;  // where the codes of entry_ end
  // What was walked of the list: entries [noted_, index_]; where their codes begin and what they
  // share with the one before.
  uint32_t noted_ = 0;
  const uint8_t* starts_[fst::kMaxListEntries];
  uint64_t shares_[fst::kMaxListEntries];

  std::string key_;         // at least sixteen bytes longer than what is in use
  uint64_t key_valid_ = 0;  // bytes that are those of the current key
  uint64_t key_bytes_ = 0;  // its length, once assembled
  bool assembled_ = false;
  bool eager_ = false;         // the last key was asked for, so the next will be
  std::string prefix_, past_;  // scratch of NextPast
};

// Builds an image from keys in ascending order. Deterministic: the same input gives the same bytes
// on every machine.
class FstBuilder {
 public:
  struct Options {
    size_t columns = 0;
    std::vector<IndexDef> indexes;  // that the image is to have
    // Polled every few ms; true stops the build with kInterrupted. done/total count work in keys.
    std::function<bool(uint64_t done, uint64_t total)> poll;
    uint64_t expected_keys = 0;
    // Its token code is taken over where it still codes well (at most 5 % worse than when it was
    // learnt), which saves learning.
    std::shared_ptr<const Fst> previous;
    // The least width of offsets in the image: tests make small images look like large ones.
    uint32_t least_offset_bytes = 1;
  };
  // A source that can be read more than once from the front (the codebook is learnt from a sample
  // first). Each call of Next gives the next key and row, false at the end.
  class Source {
   public:
    virtual ~Source() = default;
    virtual void Rewind() = 0;
    virtual bool Next(Bytes* key, std::span<const Datum>* row) = 0;  // borrowed until the next call
    // How Options::previous codes the key just given, or nothing: it need not be coded again.
    virtual KeyCode code() const { return {}; }
    virtual Status status() const = 0;
  };
  // Reads the source three times (keys twice to build, keys and rows once to check and to write the
  // columns). kInvalid if keys do not ascend or it gives different keys another time; kTooBig for a
  // key over kMaxKeyBytes.
  static Status Build(Source* source, const Options& options, std::shared_ptr<const FstImage>* out);
};

}  // namespace memkv

#endif  // MEMKV_CORE_FST_FST_H_
