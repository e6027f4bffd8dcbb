// Store::Merge: a freeze in steps. The image that is on its way is known by its id, so that whoever
// takes a step can tell whether the image that he has, or has built again, is the one.

#include <algorithm>

#include "core/store/store.h"

namespace memkv {
namespace {

// What follows from what: an image of what a table of that many columns holds.
Generation IdOf(const Fst& image, size_t columns) {
  return FirstGeneration(columns).Chain(image.image().bytes());
}

}  // namespace

// Null: what is stored no longer leads to the image that was begun.
Status Store::ImageOf(const Storage::Merge& merge, const Table::Poll& poll,
                      std::shared_ptr<const Fst>* out) {
  if ((*out = FindImage(Name(merge.image)))) return {};
  Table then(columns_, table_.orders());
  Journal::Position position;
  MEMKV_TRY(ReadUpTo(merge.log_id, true, poll, &then, &position));
  if (position.generation != merge.generation) return {};
  std::shared_ptr<const Fst> image;
  MEMKV_TRY(then.BuildImage(poll, &image));
  if (IdOf(*image, columns_) == merge.image) *out = ShareImage(Name(merge.image), std::move(image));
  return {};
}

Status Store::Merge(uint64_t bytes, const Table::Poll& poll) {
  MEMKV_TRY(journal_.Flush());
  std::optional<Storage::Merge> merge = storage_->ReadMerge();
  if (merge) {
    MEMKV_TRY(ImageOf(*merge, poll, &merging_));
    if (!merging_) {
      storage_->DropMerge();
      merge.reset();
    }
  }
  if (!merge) {
    merging_.reset();
    const Journal::Position& at = journal_.position();
    if (at.log_bytes == 0) return {};
    std::shared_ptr<const Fst> image;
    MEMKV_TRY(table_.BuildImage(poll, &image));
    merge = {at.generation, at.log_id, IdOf(*image, columns_), image->image_bytes()};
    merging_ = ShareImage(Name(merge->image), std::move(image));
    storage_->StartMerge(*merge);
  }
  const Bytes all = merging_->image().bytes();
  Bytes left = all.substr(std::min<uint64_t>(storage_->ReadPieceBytes(), all.size()));
  while (!left.empty() && bytes > 0) {
    const Bytes piece = left.substr(0, std::min<uint64_t>(bytes, kMaxStoredRowBytes));
    storage_->AppendPiece(piece);
    left.remove_prefix(piece.size());
    bytes -= piece.size();
  }
  if (!left.empty()) return {};
  if (Bytes(storage_->ReadPieces()) == all) return FinishMerge(*merge, poll);
  // Somebody else has written there: the next step begins anew.
  storage_->DropMerge();
  return {};
}

Status Store::FinishMerge(const Storage::Merge& merge, const Table::Poll& poll) {
  Table merged(columns_, table_.orders());
  MEMKV_TRY(merged.StartFrom(merging_));
  merged.DeferOrders();
  Journal::Position position;
  position.generation = merge.generation;
  position.log_id = merge.log_id;
  MEMKV_TRY(ReadRows(merge.log_id, journal_.position().log_id, &merged, &position, poll));
  if (position.generation != journal_.position().generation) {
    return Status::Corrupt("log row " + std::to_string(position.log_id) + ": is not the newest");
  }
  MEMKV_TRY(merged.Settle(poll));
  MEMKV_TRY(journal_.FinishMerge(merge));
  table_.Replace(merged.Remember(), position);
  merged_ = true;
  merging_.reset();
  return {};
}

Store::MergeProgress Store::GetMergeProgress() {
  const std::optional<Storage::Merge> merge = storage_->ReadMerge();
  if (!merge) return {};
  return {storage_->ReadPieceBytes(), merge->bytes};
}

}  // namespace memkv
