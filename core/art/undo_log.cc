#include "core/art/undo_log.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace memkv::art {

void UndoLog::NewChunk(size_t least) {
  size_t room = chunks_.empty() ? kFirstChunk : std::min(2 * chunks_.back().room, kLargestChunk);
  room = std::max(room, least);
  chunks_.reserve(chunks_.size() + 1);
  chunks_.push_back({static_cast<uint8_t*>(Allocate(room)), room, 0});
  held_ += room;
}

void UndoLog::Add(Bytes key, const Entry* had) {
  Head head = {};
  head.key_bytes = static_cast<uint32_t>(key.size());
  head.kind = kMissing;
  Bytes record;
  if (had) {
    head.net = static_cast<int8_t>(had->net);
    head.kind = had->value.is_record ? kRecord : kNumber;
    head.number = had->value.number;
    if (had->value.is_record) record = had->value.record;
    head.record_bytes = static_cast<uint32_t>(record.size());
  }
  const size_t bytes = key.size() + record.size() + sizeof head;
  if (chunks_.empty() || chunks_.back().room - chunks_.back().used < bytes) NewChunk(bytes);
  Chunk& chunk = chunks_.back();
  uint8_t* to = chunk.p + chunk.used;
  to = std::copy(key.begin(), key.end(), to);
  to = std::copy(record.begin(), record.end(), to);
  std::memcpy(to, &head, sizeof head);
  chunk.used += bytes;
  bytes_ += bytes;
}

UndoLog::Head UndoLog::LastHead() const {
  assert(bytes_ > 0);
  const Chunk& chunk = chunks_.back();
  Head head;
  std::memcpy(&head, chunk.p + chunk.used - sizeof head, sizeof head);
  return head;
}

UndoLog::Record UndoLog::Last() const {
  const Head head = LastHead();
  const Chunk& chunk = chunks_.back();
  const auto* end = reinterpret_cast<const char*>(chunk.p + chunk.used - sizeof head);
  const Bytes record(end - head.record_bytes, head.record_bytes);
  const Bytes key(record.data() - head.key_bytes, head.key_bytes);
  const Value value = head.kind == kRecord ? Value::Record(record) : Value::Number(head.number);
  return {key, head.kind == kMissing, {value, head.net}};
}

void UndoLog::Pop() noexcept {
  const Head head = LastHead();
  const size_t bytes = size_t{head.key_bytes} + head.record_bytes + sizeof head;
  chunks_.back().used -= bytes;
  bytes_ -= bytes;
  DropEmptyChunks();
}

void UndoLog::CutTo(uint64_t bytes) noexcept {
  while (bytes_ > bytes) {
    Chunk& chunk = chunks_.back();
    const uint64_t cut = std::min<uint64_t>(bytes_ - bytes, chunk.used);
    chunk.used -= cut;
    bytes_ -= cut;
    DropEmptyChunks();
  }
}

// The first chunk stays.
void UndoLog::DropEmptyChunks() noexcept {
  while (chunks_.size() > 1 && chunks_.back().used == 0) {
    held_ -= chunks_.back().room;
    Free(chunks_.back().p, chunks_.back().room);
    chunks_.pop_back();
  }
}

void UndoLog::Trim(uint64_t kept) noexcept {
  CutTo(0);
  if (held_ <= kept) return;
  for (const Chunk& chunk : chunks_) Free(chunk.p, chunk.room);
  chunks_ = {};
  held_ = 0;
}

}  // namespace memkv::art
