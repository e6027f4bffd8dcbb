#include "core/store/log.h"

namespace memkv {
namespace {

enum Tag : uint8_t { kPutEmpty, kPutNumber, kPutRecord, kErase, kEraseRange, kEraseFrom };

// What an operation takes beside its keys and record: a tag and at most five varints.
constexpr size_t kOverhead = 1 + 5 * 10;

class Reader {
 public:
  explicit Reader(Bytes batch) : all_(batch.size()), in_(batch) {}

  bool empty() const { return in_.empty(); }
  size_t at() const { return all_ - in_.size(); }

  uint8_t Tag() {
    const auto tag = static_cast<uint8_t>(in_[0]);
    in_.remove_prefix(1);
    return tag;
  }
  bool Key(Bytes* key) {
    uint64_t shared, rest;
    if (!GetVarint(&in_, &shared) || !GetVarint(&in_, &rest)) return false;
    if (shared > key_.size() || rest > in_.size() || shared + rest > kMaxKeyBytes) return false;
    key_.resize(shared);
    key_.append(in_.data(), rest);
    in_.remove_prefix(rest);
    *key = key_;
    return true;
  }
  bool Number(uint64_t* n) { return GetVarint(&in_, n); }
  bool Record(Bytes* record) {
    uint64_t n;
    if (!GetVarint(&in_, &n) || n > in_.size()) return false;
    *record = in_.substr(0, n);
    in_.remove_prefix(n);
    return true;
  }

 private:
  const size_t all_;
  Bytes in_;
  std::string key_;
};

}  // namespace

Status ReadBatch(Bytes batch, LogTarget* target, uint64_t* operations) {
  Reader in(batch);
  std::string lo;
  for (uint64_t i = 0; !in.empty(); ++i) {
    const size_t at = in.at();
    const uint8_t tag = in.Tag();
    Bytes key;
    Value value;
    bool sound = tag <= kEraseFrom && in.Key(&key);
    if (sound) {
      switch (tag) {
        case kPutEmpty:
        case kErase:
        case kEraseFrom:
          break;
        case kPutNumber:
          sound = in.Number(&value.number);
          break;
        case kPutRecord:
          value.is_record = true;
          sound = in.Record(&value.record);
          break;
        case kEraseRange:
          lo = key;
          sound = in.Key(&key);
          break;
      }
    }
    if (!sound) {
      return Status::Corrupt("log: operation " + std::to_string(i) + " at byte " +
                             std::to_string(at) + " of " + std::to_string(batch.size()) + " (tag " +
                             std::to_string(tag) + ") is malformed");
    }
    switch (tag) {
      case kPutEmpty:
      case kPutNumber:
      case kPutRecord:
        MEMKV_TRY(target->Put(key, value));
        break;
      case kErase:
        MEMKV_TRY(target->Erase(key));
        break;
      case kEraseRange:
        MEMKV_TRY(target->EraseRange(lo, key));
        break;
      case kEraseFrom:
        MEMKV_TRY(target->EraseRange(key, std::nullopt));
        break;
    }
    if (operations) ++*operations;
  }
  return {};
}

void LogBuffer::Reserve(size_t bytes) {
  const size_t needed = bytes_->size() + bytes + kOverhead;
  if (bytes_->capacity() < needed) bytes_->reserve(std::max(needed, 2 * bytes_->capacity()));
  if (previous_.capacity() < bytes)
    previous_.reserve(std::max(bytes, std::min(2 * bytes, kMaxKeyBytes)));
}

// REQUIRES what Reserve() made room for.
void LogBuffer::Key(Bytes key) noexcept {
  const size_t shared = CommonPrefix(previous_, key);
  const Bytes rest = key.substr(shared);
  PutVarint(bytes_.get(), shared);
  PutVarint(bytes_.get(), rest.size());
  bytes_->append(rest);
  previous_.resize(shared);
  previous_.append(rest);
}

void LogBuffer::Put(Bytes key, const Value& value) noexcept {
  const uint8_t tag = value.is_record ? kPutRecord : value.number ? kPutNumber : kPutEmpty;
  bytes_->push_back(static_cast<char>(tag));
  Key(key);
  if (tag == kPutNumber) PutVarint(bytes_.get(), value.number);
  if (tag == kPutRecord) {
    PutVarint(bytes_.get(), value.record.size());
    bytes_->append(value.record);
  }
  ++operations_;
}

void LogBuffer::Erase(Bytes key) noexcept {
  bytes_->push_back(kErase);
  Key(key);
  ++operations_;
}

void LogBuffer::EraseRange(Bytes lo, std::optional<Bytes> hi) noexcept {
  bytes_->push_back(hi ? kEraseRange : kEraseFrom);
  Key(lo);
  if (hi) Key(*hi);
  ++operations_;
}

void LogBuffer::Return(const Mark& mark) noexcept {
  bytes_ = mark.bytes;
  bytes_->resize(mark.size);
  operations_ = mark.operations;
  previous_.clear();
}

void LogBuffer::Clear() {
  if (bytes_.use_count() == 1) {
    bytes_->clear();
  } else {
    bytes_ = std::make_shared<std::string>();
  }
  previous_.clear();
  operations_ = 0;
}

}  // namespace memkv
