#include "core/store/journal.h"

#include <limits>

namespace memkv {

Status Journal::MakeRoom(size_t bytes) {
  if (buffer_.bytes().size() >= kLogRowBytes) MEMKV_TRY(Flush());
  buffer_.Reserve(bytes);
  return {};
}

Status Journal::Flush() {
  if (broken_) {
    return Status::Io(
        "an earlier write to the table's storage failed half-way: only ROLLBACK is possible");
  }
  const Writing writing(*this);
  if (stale_) {
    storage_->CutLog(position_.log_id);
    stale_ = false;
  }
  if (buffer_.empty()) return {};
  if (storage_->ReadHead().generation != position_.generation) {
    return Status::Conflict("what is stored is not what the unwritten rows extend");
  }
  Position next = position_;
  next.log_operations += buffer_.operations();
  std::string data;
  for (Bytes left = buffer_.bytes(); !left.empty();) {
    if (next.log_id == std::numeric_limits<int64_t>::max()) {
      return Status::Corrupt("log row " + std::to_string(next.log_id) +
                             ": its id leaves none for the next one");
    }
    const Bytes piece = left.substr(0, kMaxStoredRowBytes - 1);
    left.remove_prefix(piece.size());
    const uint8_t more = left.empty() ? 0 : 1;
    data.assign(1, static_cast<char>(more));
    data += piece;
    next.generation = next.generation.Chain(data);
    ++next.log_id;
    next.log_bytes += data.size();
    stale_ = true;
    storage_->AppendLog(next.log_id, next.generation, data);
  }
  buffer_.Clear();
  stale_ = false;
  position_ = next;
  return {};
}

Status Journal::ReplaceBase(std::optional<Bytes> image) {
  if (broken_) return Flush();
  Position next;
  next.generation = FirstGeneration(columns_);
  if (image) next.generation = next.generation.Chain(*image);
  const Writing writing(*this);
  broken_ = true;
  storage_->ReplaceBase(next.generation, image);
  ++bases_;
  buffer_.Clear();
  broken_ = false;
  stale_ = false;
  position_ = next;
  return {};
}

Status Journal::FinishMerge(const Storage::Merge& merge) {
  if (broken_) return Flush();
  const Writing writing(*this);
  broken_ = true;
  storage_->FinishMerge(merge);
  ++bases_;
  broken_ = false;
  return {};
}

void Journal::Return(const Mark& mark, bool undone) noexcept {
  stale_ = mark.stale || (!undone && (stale_ || position_.log_id != mark.position.log_id));
  broken_ = mark.broken || (!undone && (broken_ || bases_ != mark.bases));
  buffer_.Return(mark.buffer);
  position_ = mark.position;
}

}  // namespace memkv
