// Store's merges: a freeze in steps, which the 'merge' command takes, or transactions on their way.
// The image that is on its way is known by its id, so that whoever takes a step can tell whether
// the image that he has, or has built again, is the one.

#include <algorithm>
#include <limits>

#include "core/store/merging.h"
#include "core/store/store.h"

namespace memkv {
namespace {

constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();

// What a transaction does of a merge, each some 15 ms of work: how much of the image it writes, of
// what is left over it drops, and how many operations of the log it follows (and twice those that
// it has added).
constexpr uint64_t kSliceBytes = kMaxStoredRowBytes;
constexpr uint64_t kCleanBytes = uint64_t{6} << 20;
constexpr uint64_t kFollowOperations = 8192;

// How many transactions go by before it is looked again whether somebody else's merge goes on.
constexpr int kPatience = 32;

}  // namespace

Merging::Seen Store::SeenOf(const std::optional<Storage::Merge>& merge) {
  return merge ? Merging::Seen{merge->image, storage_->ReadPieceBytes()} : Merging::Seen();
}

// --- the command

Status Store::Merge(uint64_t bytes, const Rows::Poll& poll) {
  if (!storage_) return session_->Freeze(poll);
  MEMKV_TRY(journal_->Flush());
  DropVoidMerging();
  if (merging_) MEMKV_TRY(merging_->Wait(poll));
  if (merging_ && (merging_->state() != Merging::kReady || !LeadsOn(merging_->merge())))
    merging_.reset();
  const std::optional<Storage::Merge> stored = storage_->ReadMerge();
  if (stored && (!merging_ || merging_->merge().image != stored->image)) {
    MEMKV_TRY(Resume(*stored, poll));
    if (!merging_) storage_->DropMerge();
  }
  if (!merging_) {
    if (journal_->position().log_bytes == 0) {
      storage_->Clean(kAll);
      return {};
    }
    auto merging = std::make_shared<Merging>(file_, columns_, indexes_, session_->Remember(),
                                             journal_->position(), Merging::Seen());
    MEMKV_TRY(merging->Build(poll));
    merging_ = std::move(merging);
  }
  MEMKV_TRY(Step(bytes, kAll, poll));
  if (merged_) storage_->Clean(kAll);
  return {};
}

// A merge that was begun, perhaps by another process. No merging_: what is stored no longer leads
// to its image.
Status Store::Resume(const Storage::Merge& merge, const Rows::Poll& poll) {
  merging_.reset();
  Journal::Position position;
  position.generation = merge.generation;
  position.log_id = merge.log_id;
  if (std::shared_ptr<const Fst> image = FindImage(Name(merge.image))) {
    merging_ = std::make_shared<Merging>(file_, columns_, indexes_, Rows::Version(), position,
                                         Merging::Seen());
    merging_->Take(std::move(image), merge.image);
    return {};
  }
  Rows then(columns_, indexes_);
  MEMKV_TRY(ReadUpTo(merge.log_id, true, poll, &then, &position));
  if (position.generation != merge.generation) return {};
  auto merging = std::make_shared<Merging>(file_, columns_, indexes_, then.Remember(), position,
                                           Merging::Seen());
  MEMKV_TRY(merging->Build(poll));
  if (merging->merge().image == merge.image) merging_ = std::move(merging);
  return {};
}

// --- on the way of transactions

// REQUIRES that the transaction has written everything.
Status Store::MergeOnTheWay(const Rows::Poll& poll) {
  if (journal_->position().log_bytes < hold_until_) return {};
  if (left_over_) {
    hold_if_refused_ = journal_->position().log_bytes + kSliceBytes;
    left_over_ = storage_->Clean(kCleanBytes);
  }
  if (left_over_ || !PassedLimit()) return {};
  if (!merging_) return StartMerging(poll);
  if (merging_->state() == Merging::kBuilding) return {};
  if (merging_->state() == Merging::kFailed) {
    merging_.reset();
    hold_until_ = 2 * journal_->position().log_bytes;
    return {};
  }
  hold_if_refused_ = journal_->position().log_bytes + kSliceBytes;
  const std::optional<Storage::Merge> stored = storage_->ReadMerge();
  if (stored && stored->image != merging_->merge().image) {
    const Merging::Seen now = SeenOf(stored);
    if (now == merging_->seen()) {
      storage_->DropMerge();
    } else {
      merging_.reset();
      seen_ = now;
      patience_ = kPatience;
    }
  }
  if (merging_) {
    const uint64_t added =
        journal_->position().log_operations - (shown_ ? shown_->log_operations : 0);
    const Status status = Step(kSliceBytes, std::max(kFollowOperations, 2 * added), poll);
    if (!status.ok() && status.code() != Status::kInterrupted) return status;
  }
  return {};
}

Status Store::StartMerging(const Rows::Poll& poll) {
  // Somebody else's merge is left alone as long as it goes on; its image is not here.
  if (patience_ > 0) {
    --patience_;
    return {};
  }
  const Merging::Seen now = SeenOf(storage_->ReadMerge());
  if (now != Merging::Seen() && now != seen_) {
    seen_ = now;
    patience_ = kPatience;
    return {};
  }
  auto merging = std::make_shared<Merging>(file_, columns_, indexes_, session_->Remember(),
                                           journal_->position(), now);
  if (!merging->BuildOnThread()) {
    hold_if_refused_ = 2 * journal_->position().log_bytes;
    return Merge(kAll, poll);
  }
  merging_ = std::move(merging);
  return {};
}

// What merging_ is of has been replaced by this transaction.
void Store::DropVoidMerging() noexcept {
  if (journal_->bases() != bases_) {
    merging_.reset();
    hold_until_ = 0;
  }
  bases_ = journal_->bases();
}

void Store::CancelMerging() noexcept {
  if (merging_) merging_->Cancel();
}

// --- both

// One step of merging_, which is ready, and which the stored merge is, if there is one.
Status Store::Step(uint64_t bytes, uint64_t operations, const Rows::Poll& poll) {
  const Storage::Merge& merge = merging_->merge();
  std::unique_ptr<Merging::Next> next;
  MEMKV_TRY(merging_->TakeNext(&next));
  bool valid;
  MEMKV_TRY(Follow(&next, operations, poll, &valid));
  if (!valid) {
    storage_->DropMerge();
    merging_.reset();
    return {};
  }
  const bool level = next->position.log_id == journal_->position().log_id;
  if (operations == kAll && next->position.generation != journal_->position().generation) {
    return Status::Corrupt("log row " + std::to_string(next->position.log_id) +
                           ": is not the newest");
  }
  if (!level) {
    merging_->PutBack(std::move(next));
    return {};
  }

  if (!WritePieces(next.get(), bytes)) {
    merging_->PutBack(std::move(next));
    return {};
  }
  MEMKV_TRY(next->rows.Settle(poll));
  MEMKV_TRY(journal_->FinishMerge(merge));
  session_->Replace(next->rows.Remember(), next->position);
  merged_ = true;
  left_over_ = true;
  merging_.reset();
  bases_ = journal_->bases();
  return {};
}

// Writes up to `bytes` of merging_'s image. False: there is more of it.
bool Store::WritePieces(Merging::Next* next, uint64_t bytes) {
  if (!storage_->ReadMerge()) {
    storage_->StartMerge(merging_->merge());
    next->checked = 0;
  }
  const Bytes all = merging_->image();
  const uint64_t written = storage_->ReadPieceBytes();
  next->checked = std::min(next->checked, written);
  if (written > all.size() ||
      !storage_->PiecesAre(next->checked, all.substr(next->checked, written - next->checked))) {
    // Somebody else has written there: the next step begins anew.
    storage_->DropMerge();
    return false;
  }
  next->checked = written;
  Bytes left = all.substr(written);
  while (!left.empty() && bytes > 0) {
    const Bytes piece = left.substr(0, std::min<uint64_t>(bytes, kMaxStoredRowBytes));
    storage_->AppendPiece(piece);
    left.remove_prefix(piece.size());
    bytes -= piece.size();
  }
  return left.empty();
}

// Applies the log's rows behind *next to it, whole rows until there were that many operations. Not
// valid: what is stored does not lead from the merge's row to here.
Status Store::Follow(std::unique_ptr<Merging::Next>* next, uint64_t operations,
                     const Rows::Poll& poll, bool* valid) {
  // What it has seen may have been rolled back since.
  if (!IsStored((*next)->position)) MEMKV_TRY(merging_->TakeNext(next));
  *valid = IsStored((*next)->position);
  if (!*valid) return {};
  const int64_t newest = journal_->position().log_id;
  if ((*next)->position.log_id == newest) return {};
  return ReadRows((*next)->position.log_id, newest, &(*next)->rows, &(*next)->position, poll,
                  operations);
}

// Whether the log has a row of that id and generation.
bool Store::IsStored(const Journal::Position& at) {
  bool is = false;
  const Status status =
      storage_->ReadLog(at.log_id - 1, at.log_id, [&](const Storage::LogRow& row) -> Status {
        Generation generation;
        is = Generation::Decode(row.generation, &generation) && generation == at.generation;
        return {};
      });
  return status.ok() && is;
}

bool Store::LeadsOn(const Storage::Merge& merge) {
  Journal::Position at;
  at.generation = merge.generation;
  at.log_id = merge.log_id;
  return IsStored(at);
}

Store::MergeProgress Store::GetMergeProgress() {
  if (!storage_) return {};
  if (merging_ && merging_->state() == Merging::kBuilding)
    return {"build", merging_->done(), merging_->total()};
  if (const std::optional<Storage::Merge> merge = storage_->ReadMerge())
    return {"merge", storage_->ReadPieceBytes(), merge->bytes};
  if (merging_ && merging_->state() == Merging::kReady)
    return {"merge", 0, merging_->merge().bytes};
  return {};
}

}  // namespace memkv
