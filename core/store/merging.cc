#include "core/store/merging.h"

#include <chrono>
#include <exception>
#include <utility>

#include "core/store/frozen_file.h"
#include "core/store/versions.h"

#if defined(__unix__) || defined(__APPLE__)
#define MEMKV_POSIX 1
#include <signal.h>
#include <unistd.h>
#else
#define MEMKV_POSIX 0
#endif

namespace memkv {
namespace {

int64_t ThisProcess() {
#if MEMKV_POSIX
  return getpid();
#else
  return 0;
#endif
}

// The host's signal handlers are not run by threads that it does not know: a thread begins with
// its maker's mask.
class BlockSignals {
 public:
#if MEMKV_POSIX
  BlockSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
#endif
};

}  // namespace

Merging::Merging(std::string file, size_t columns, std::vector<IndexDef> indexes,
                 Rows::Version content, const Journal::Position& at, const Seen& seen)
    : file_(std::move(file)),
      columns_(columns),
      indexes_(std::move(indexes)),
      seen_(seen),
      content_(std::move(content)) {
  merge_.generation = at.generation;
  merge_.log_id = at.log_id;
}

Merging::~Merging() {
  if (!thread_.joinable()) return;
  Cancel();
  // In a forked process there is no such thread to wait for.
  if (ThisProcess() == process_) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

bool Merging::BuildOnThread() noexcept {
  process_ = ThisProcess();
  try {
    const BlockSignals block;
    thread_ = std::thread([this] { Run(); });
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void Merging::Run() noexcept {
  try {
    const Status status = Build([this](uint64_t done, uint64_t total) {
      done_.store(done, std::memory_order_relaxed);
      total_.store(total, std::memory_order_relaxed);
      return cancelled_.load(std::memory_order_relaxed);
    });
    if (status.ok()) return;
  } catch (...) {
    // Most likely no memory. Whoever asks how it went will know what to do.
  }
  content_ = {};
  state_.store(kFailed, std::memory_order_release);
}

Status Merging::Build(const Rows::Poll& poll) {
  std::shared_ptr<const FstImage> bytes;
  MEMKV_TRY(BuildImage(View(content_.snapshot, content_.base), columns_, indexes_, poll, &bytes));
  std::shared_ptr<const Fst> image;
  MEMKV_TRY(Fst::Open(std::move(bytes), &image));
  const Generation id = FirstGeneration(columns_).Chain(image->image().bytes());
  Take(ShareImage({file_, id}, std::move(image)), id);
  return {};
}

void Merging::Take(std::shared_ptr<const Fst> image, const Generation& id) {
  image_ = std::move(image);
  merge_.image = id;
  merge_.bytes = image_->image_bytes();
  content_ = {};
  state_.store(kReady, std::memory_order_release);
}

Merging::State Merging::state() const noexcept {
  const State state = state_.load(std::memory_order_acquire);
  return state == kBuilding && thread_.joinable() && process_ != ThisProcess() ? kFailed : state;
}

Status Merging::Wait(const Rows::Poll& poll) const {
  while (state() == kBuilding) {
    if (poll && poll(done(), total())) return Status::Interrupted();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return {};
}

Status Merging::TakeNext(std::unique_ptr<Next>* next) {
  {
    const std::lock_guard lock(mutex_);
    *next = std::move(next_);
  }
  if (*next) return {};
  auto first = std::make_unique<Next>(columns_, indexes_);
  MEMKV_TRY(first->rows.StartFrom(image_));
  first->position.generation = merge_.generation;
  first->position.log_id = merge_.log_id;
  *next = std::move(first);
  return {};
}

void Merging::PutBack(std::unique_ptr<Next> next) noexcept {
  const std::lock_guard lock(mutex_);
  std::swap(next_, next);
}

}  // namespace memkv
