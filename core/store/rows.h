// Rows: the rows of one table, as a delta over a base, with its secondary indexes.
//
// Of one writer; what was remembered stays as it was. Whoever shares them, makes transactions of
// their changes or writes these down is core/store/session.h.

#ifndef MEMKV_CORE_STORE_ROWS_H_
#define MEMKV_CORE_STORE_ROWS_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/index_def.h"
#include "core/store/shared_art.h"
#include "core/view/view.h"

namespace memkv {

class Rows {
 public:
  // Polled every few ms by long work; true stops it with kInterrupted, the rows as they were.
  using Poll = std::function<bool(uint64_t done, uint64_t total)>;

  // `indexes`: what they have secondary indexes by.
  explicit Rows(size_t columns, std::vector<IndexDef> indexes = {});
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  size_t columns() const { return columns_; }
  const std::vector<IndexDef>& indexes() const { return indexes_; }
  uint64_t size() const;
  // Whether a key may be a number, or TEXT that reads as one (core/range.h): false for certain, or
  // true as one was put since the last freeze, whether it is there still or not.
  bool may_hold_numbers() const { return numbers_; }
  const std::shared_ptr<SharedArt>& delta() const { return delta_; }
  const std::shared_ptr<const Fst>& base() const { return base_; }
  View Latest() const { return View(delta_->TakeSnapshot(), base_, delta_->TakeIndexes()); }

  // --- each takes effect wholly or fails with the rows as they were, but for what many rows are
  // changed by: that may fail halfway, and is to be undone by a mark.
  //
  // *row borrows until the next write.
  Status Find(Bytes key, bool* found, RowRef* row) const;
  // Adds key, or, where it is there already, overwrites it if `replace`, else changes nothing.
  // *existed tells which.
  Status Put(Bytes key, const Value& value, bool replace, bool* existed);
  Status Erase(Bytes key, bool* existed);
  // Erases [lo, hi); hi = nullopt: to the end. Without a base whole subtrees go; over a base each
  // hidden key gets a tombstone.
  Status EraseRange(Bytes lo, std::optional<Bytes> hi, const Poll& poll);
  // An empty delta over a base. REQUIRES rows that nothing was done to. kCorrupt if the base lacks
  // one of the indexes.
  Status StartFrom(std::shared_ptr<const Fst> base);
  // Merges everything into one base.
  Status Freeze(const Poll& poll);

  // Puts rows in turn, faster the more of them ascend past the last key.
  struct NewRow {
    Bytes key;
    Value value;
    bool replace;
  };
  static constexpr size_t kBatch = 64;
  Status PutMany(std::span<const NewRow> rows);
  // The same for at most kBatch rows; put[i] tells which were put.
  Status PutBatch(std::span<const NewRow> rows, bool* put);

  // --- secondary indexes. A write brings them along; one that failed halfway may leave them
  // unsettled, and then nothing can be read by them until Settle() has made them anew. Writes call
  // it themselves.
  bool settled() const { return delta_->settled(); }
  Status Settle(const Poll& poll);
  // Lets the indexes be until Settle(), which makes them of many rows faster than one by one.
  void DeferIndexes() {
    deferred_ = !indexes_.empty();
    delta_->SetSettled(!deferred_);
  }
  // Whether puts may do that by themselves, once they multiply the delta.
  void MayDeferIndexes(bool may) {
    may_defer_ = may;
    if (may) defer_at_ = std::max<uint64_t>(kFewestDeferred, 2 * delta_->Latest().size());
  }

  // --- versions, for whoever looks while others write
  struct Version {
    std::shared_ptr<SharedArt> delta;
    ArtSnapshot snapshot;
    IndexSnapshots indexes;
    std::shared_ptr<const Fst> base;
    bool numbers = false;

    View view() const { return View(snapshot, base, indexes); }
    uint64_t size() const;
    Status Find(Bytes key, bool* found, RowRef* row) const;
  };
  Version Remember() const {
    return {delta_, delta_->TakeSnapshot(), delta_->TakeIndexes(), base_, numbers_};
  }
  // A version of this delta, of another, or of a copy: these are the rows now.
  void Become(const Version& version) noexcept;
  void BecomeCopyOf(const Version& version);

  // --- marks, for the writer to go back to, in O(1) (core/art/art.h). They nest: one is good until
  // an older one was gone back to.
  struct Mark {
    std::shared_ptr<SharedArt> delta;
    SharedArt::Mark at;
    std::shared_ptr<const Fst> base;
    bool numbers = false;
  };
  Mark SetMark() { return {delta_, delta_->SetMark(), base_, numbers_}; }
  // Of the version that they are and that somebody holds anyway.
  Mark SetMark(const Version& version) {
    return {delta_, delta_->SetMark(version.snapshot, version.indexes), base_, numbers_};
  }
  // Where memory is short, the rest is to be done before anything is read or written: the delta's
  // FinishUndo().
  void Return(const Mark& mark) noexcept;
  // No mark after this one is needed any more; nor this one itself.
  void ForgetAfter(const Mark& mark) noexcept {
    if (mark.delta == delta_) delta_->ForgetAfter(mark.at);
  }
  void Forget(const Mark& mark) noexcept {
    if (mark.delta == delta_) delta_->Forget(mark.at);
  }

 private:
  // What there is of a key.
  struct Known {
    bool in_delta = false, in_base = false, live = false;
    Entry entry;             // in_delta
    uint64_t base_rank = 0;  // in_base
  };
  Status Look(Bytes key, Known* known) const;
  Status EraseRangeOverBase(Bytes lo, std::optional<Bytes> hi, const Poll& poll);
  // Whether these rows can be appended to the delta.
  Status MayAppend(std::span<const NewRow> rows, bool* may, bool* past_base) const;
  Status AppendBatch(std::span<const NewRow> rows, bool past_base);

  // indexes.cc. Whether writes keep secondary indexes up to date.
  bool KeepsIndexes() const { return !indexes_.empty() && !deferred_; }
  // Called before a row is put: defers the indexes where that pays, and settles them before they
  // take too much memory.
  Status PaceIndexes();
  // What UpdateIndexes() sees itself: kTooBig if the row is to be put and has no index key.
  Status CheckIndexKeys(Bytes key, const Value& value, bool replace);
  // Brings the indexes from the row that key has to the one that it is to have; none: it is to go.
  // They are unsettled until the row is changed too, and SetSettled() says so.
  Status UpdateIndexes(Bytes key, const Known& known, const Value* value);
  // The index key of a row; nothing where there is no row.
  Status IndexKeyOf(const RowRef* row, const IndexDef& index, Bytes key, std::string* out);
  Status EraseRangeOfEntries(Bytes lo, std::optional<Bytes> hi, const Poll& poll);

  std::shared_ptr<SharedArt> NewDelta(bool over_base) const;
  void Adopt(std::shared_ptr<SharedArt> delta, std::shared_ptr<const Fst> base,
             bool numbers) noexcept;

  const size_t columns_;
  const std::vector<IndexDef> indexes_;
  std::shared_ptr<SharedArt> delta_;
  std::shared_ptr<const Fst> base_;
  bool numbers_ = false;  // may_hold_numbers()

  static constexpr uint64_t kFewestDeferred = 32;
  bool may_defer_ = false;
  bool deferred_ = false;                // writes leave the indexes alone, which are unsettled
  uint64_t defer_at_ = kFewestDeferred;  // from so many entries of the delta on
  std::string index_keys_[3], buffer_;   // scratch of UpdateIndexes
};

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_ROWS_H_
