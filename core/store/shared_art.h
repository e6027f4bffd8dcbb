// SharedArt: an Art that several tables read, each at its own version, and that one of them at a
// time writes; with it the Arts of the table's secondary indexes, which change as it does, and whose
// keys end with those of the rows: they learn token books together.
//
// A writer claims it at the version that it sees, changes it, seals it when its transaction is
// about to be committed, and releases it when that is over. Others read through snapshots, which
// nobody changes; the Art itself belongs to whoever claims it. A sealed Art may be claimed by
// another writer that sees the sealed version: it has read it from the database, so that the commit
// has happened, though its writer has not been told yet.

#ifndef MEMKV_CORE_STORE_SHARED_ART_H_
#define MEMKV_CORE_STORE_SHARED_ART_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "core/art/art.h"
#include "core/view/view.h"

namespace memkv {

class SharedArt : public Art {
 public:
  explicit SharedArt(Options options = {}, std::span<const IndexDef> indexes = {});

  // --- secondary indexes
  size_t indexes() const { return indexes_.size(); }
  // To be changed, perhaps.
  Art& index(size_t i) {
    taken_.reset();
    return *indexes_[i].art;
  }
  const Art& index(size_t i) const { return *indexes_[i].art; }
  // Puts others in their places, which are settled.
  void ReplaceIndexes(std::vector<std::unique_ptr<Art>> made);
  // Whether the indexes say what the rows say. A write that fails halfway leaves them unsettled: to
  // be made anew.
  bool settled() const { return settled_; }
  void SetSettled(bool settled) noexcept { settled_ = settled; }
  // Null: there are none, or they are unsettled; likewise when they are restored.
  IndexSnapshots TakeIndexes();

  // Of the rows and of each index: what they say is core/store/verify.h's.
  Status Verify(const std::function<bool()>& poll) const;

  // --- marks, of all of them together (core/art/art.h)
  struct Mark {
    Art::Mark rows;
    std::vector<Art::Mark> indexes;
    size_t replaced = 0;  // how many Arts of indexes had been replaced
    bool settled = true;
  };
  Mark SetMark() { return SetMark(nullptr, nullptr); }
  // Of the present version.
  Mark SetMark(const ArtSnapshot& rows, const IndexSnapshots& indexes) {
    return SetMark(&rows, indexes);
  }
  // Whether no row has changed since.
  bool IsAt(const Mark& mark) const { return Art::IsAt(mark.rows); }
  bool UndoTo(const Mark& mark) noexcept;
  bool FinishUndo() noexcept;
  bool undone() const;
  void ForgetAfter(const Mark& mark) noexcept;
  void Forget(const Mark& mark) noexcept;
  void ForgetMarks() noexcept;

  // --- writers
  // True: `writer` may change this Art from now on, and its present version is `at`. False: another
  // does, even after a moment's wait, which bridges the time between its ROLLBACK in the database
  // and its notice of it. `at` and `indexes` must be a version of this Art.
  bool Claim(const void* writer, const ArtSnapshot& at, const IndexSnapshots& indexes);
  // Of an Art that nobody else has seen.
  void ClaimNew(const void* writer) noexcept { writer_ = writer; }
  // REQUIRES that writer holds the claim. Nothing is changed any more unless the claim is renewed;
  // `at` is the present version.
  void Seal(const void* writer, const ArtSnapshot& at) noexcept;
  // Renews a claim after Seal(). False: another has taken it over since, or there is none.
  bool Unseal(const void* writer) noexcept;
  // Ends the claim, if `writer` holds it still, and with it its marks.
  void Release(const void* writer) noexcept;

 private:
  struct Index {
    IndexDef def;
    std::unique_ptr<Art> art;
  };
  // What marks go back to.
  struct Replaced {
    size_t index;
    std::unique_ptr<Art> art;
  };
  Mark SetMark(const ArtSnapshot* rows, const IndexSnapshots& indexes);
  void RestoreIndexes(const IndexSnapshots& indexes) noexcept;

  std::vector<Index> indexes_;
  bool settled_ = true;
  IndexSnapshots taken_;            // what was taken last, until something may change
  std::vector<Replaced> replaced_;  // oldest first

  std::mutex mutex_;
  std::condition_variable changed_;
  const void* writer_ = nullptr;
  bool sealed_ = false;
  ArtSnapshot sealed_at_;
};

// What one writer has claimed, until its end.
class Claims {
 public:
  explicit Claims(const void* writer) : writer_(writer) {}
  ~Claims() { End(); }
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;

  // For one more.
  void MakeRoom() { arts_.reserve(arts_.size() + 1); }
  // REQUIRES room.
  bool Add(const std::shared_ptr<SharedArt>& art, const ArtSnapshot& at,
           const IndexSnapshots& indexes) {
    if (!art->Claim(writer_, at, indexes)) return false;
    arts_.push_back(art);
    return true;
  }
  // REQUIRES room, and an Art that nobody else has seen.
  void AddNew(const std::shared_ptr<SharedArt>& art) noexcept {
    art->ClaimNew(writer_);
    arts_.push_back(art);
  }
  void End() noexcept {
    for (const std::shared_ptr<SharedArt>& art : arts_) art->Release(writer_);
    arts_.clear();
  }

 private:
  const void* const writer_;
  std::vector<std::shared_ptr<SharedArt>> arts_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_SHARED_ART_H_
