// Merging: a merge (core/store/storage.h) as one process works at it: the image of a table's
// content at a row of its log, built on a thread of its own or on the caller's; and the table that
// the image and the log's later rows make, which is to be shown once the image is the base.
//
// Belongs to the versions of a table's content that follow the one it began with
// (core/store/versions.h), and ends with the last of them. The thread sees that content and
// nothing else: no storage, no connection.

#ifndef MEMKV_CORE_STORE_MERGING_H_
#define MEMKV_CORE_STORE_MERGING_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/store/journal.h"
#include "core/store/rows.h"
#include "core/store/storage.h"

namespace memkv {

class Merging {
 public:
  enum State { kBuilding, kReady, kFailed };

  // Of what a table of the database `file` holds at a position. `seen`: the merge that was stored
  // when this one began, and how much of it.
  struct Seen {
    Generation image;
    uint64_t bytes = 0;
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  Merging(std::string file, size_t columns, std::vector<IndexDef> indexes, Rows::Version content,
          const Journal::Position& at, const Seen& seen);
  // The thread is stopped, which takes some ms.
  ~Merging();
  Merging(const Merging&) = delete;
  Merging& operator=(const Merging&) = delete;

  // Builds the image on a thread. False: the system gives none, and nothing was begun.
  bool BuildOnThread() noexcept;
  // The same on this one.
  Status Build(const Rows::Poll& poll);
  // kReady already, with the image of that id.
  void Take(std::shared_ptr<const Fst> image, const Generation& id);

  // In a process that was forked while the thread was building: kFailed.
  State state() const noexcept;
  // Of kBuilding, in keys; each counts several times.
  uint64_t done() const { return done_.load(std::memory_order_relaxed); }
  uint64_t total() const { return total_.load(std::memory_order_relaxed); }
  // It will be kFailed soon, unless it is kReady.
  void Cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  // Until it is not kBuilding; polled all the while.
  Status Wait(const Rows::Poll& poll) const;

  // REQUIRES kReady.
  const Storage::Merge& merge() const { return merge_; }
  Bytes image() const { return image_->image().bytes(); }
  const Seen& seen() const { return seen_; }

  // What is to be shown, up to a position; and how many bytes that are stored of the image were
  // read again.
  struct Next {
    Next(size_t columns, const std::vector<IndexDef>& indexes) : rows(columns, indexes) {}
    Rows rows;
    Journal::Position position;
    uint64_t checked = 0;
  };
  // REQUIRES kReady. Whoever takes a step takes it away and puts it back; where it is missing, it
  // begins with the image alone.
  Status TakeNext(std::unique_ptr<Next>* next);
  void PutBack(std::unique_ptr<Next> next) noexcept;

 private:
  void Run() noexcept;

  const std::string file_;
  const size_t columns_;
  const std::vector<IndexDef> indexes_;
  const Seen seen_;
  Rows::Version content_;  // until the image is built
  Storage::Merge merge_;
  std::shared_ptr<const Fst> image_;

  std::atomic<State> state_{kBuilding};
  std::atomic<bool> cancelled_{false};
  std::atomic<uint64_t> done_{0}, total_{0};
  std::thread thread_;
  int64_t process_ = 0;  // whose the thread is

  std::mutex mutex_;  // of next_
  std::unique_ptr<Next> next_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_MERGING_H_
