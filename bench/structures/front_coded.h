// FrontCoded: a frozen baseline of ours. Sorted keys in blocks of kBlock: the first whole, each
// other as the length it shares with the one before, the length of its rest, and the rest. One
// 32-bit offset per block.

#ifndef MEMKV_BENCH_STRUCTURES_FRONT_CODED_H_
#define MEMKV_BENCH_STRUCTURES_FRONT_CODED_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/run.h"

namespace memkv::bench {

template <size_t kBlock>
class FrontCoded {
 public:
  static constexpr Answer kAnswer = Answer::kRank;
  static constexpr bool kOrdered = true;

  void Build(const Corpus& c) {
    size_ = c.keys.size();
    for (size_t i = 0; i < size_; ++i) {
      const Bytes key = c.keys[i];
      size_t shared = 0;
      if (i % kBlock == 0) {
        offsets_.push_back(static_cast<uint32_t>(data_.size()));
      } else {
        shared = CommonPrefix(c.keys[i - 1], key);
        PutVarint(&data_, shared);
      }
      PutVarint(&data_, key.size() - shared);
      data_.append(key.substr(shared));
    }
    data_.shrink_to_fit();
    offsets_.shrink_to_fit();
  }

  bool Find(Bytes key, uint64_t* rank) const {
    bool found;
    *rank = LowerBound(key, &found);
    return found;
  }
  uint64_t Rank(Bytes key) const {
    bool found;
    return LowerBound(key, &found);
  }
  void Select(uint64_t rank, std::string* key) const {
    Cursor at(this, rank / kBlock);
    for (uint64_t skip = rank % kBlock; skip > 0; --skip) at.Next();
    key->assign(at.key());
  }
  uint64_t CountPrefix(Bytes prefix) const {
    const std::optional<std::string> past = PrefixSuccessor(prefix);
    return (past ? Rank(*past) : size_) - Rank(prefix);
  }
  template <class F>
  void Scan(F f) const {
    Cursor at(this, 0);
    for (uint64_t i = 0; i < size_; ++i, at.Next()) f(at.key(), 0);
  }
  template <class F>
  void ScanFrom(Bytes from, size_t n, F f) const {
    const uint64_t rank = Rank(from);
    if (rank >= size_) return;
    Cursor at(this, rank / kBlock);
    for (uint64_t skip = rank % kBlock; skip > 0; --skip) at.Next();
    for (uint64_t i = rank; i < size_ && n > 0; ++i, --n, at.Next()) f(at.key(), 0);
  }
  uint64_t OwnBytes() const { return data_.capacity() + offsets_.capacity() * sizeof(uint32_t); }
  uint64_t ImageBytes() const { return OwnBytes(); }

 private:
  // Decodes keys one after the other.
  class Cursor {
   public:
    Cursor(const FrontCoded* index, uint64_t block)
        : index_(index),
          rank_(block * kBlock),
          rest_(Bytes(index->data_).substr(index->offsets_[block])) {
      Read();
    }
    Bytes key() const { return key_; }
    void Next() {
      ++rank_;
      if (rank_ < index_->size_) Read();
    }

   private:
    void Read() {
      uint64_t shared = 0, rest = 0;
      if (rank_ % kBlock != 0) GetVarint(&rest_, &shared);
      GetVarint(&rest_, &rest);
      key_.resize(shared);
      key_.append(rest_.substr(0, rest));
      rest_.remove_prefix(rest);
    }

    const FrontCoded* index_;
    uint64_t rank_;
    Bytes rest_;
    std::string key_;
  };

  Bytes Head(uint64_t block) const {
    Bytes at = Bytes(data_).substr(offsets_[block]);
    uint64_t size = 0;
    GetVarint(&at, &size);
    return at.substr(0, size);
  }

  // How many keys are below `key`. Inside the block no key is assembled: only one that shares as
  // much with its predecessor as `key` does can decide.
  uint64_t LowerBound(Bytes key, bool* found) const {
    *found = false;
    uint64_t low = 0, high = offsets_.size();  // the last block whose head is <= key
    while (low < high) {
      const uint64_t middle = (low + high) / 2;
      if (Head(middle) <= key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low == 0) return 0;
    const uint64_t block = low - 1, end = std::min<uint64_t>(size_, (block + 1) * kBlock);
    const Bytes head = Head(block);
    size_t matched = CommonPrefix(head, key);
    if (matched == key.size() && matched == head.size()) {
      *found = true;
      return block * kBlock;
    }
    Bytes at(head.data() + head.size(),
             static_cast<size_t>(data_.data() + data_.size() - head.data()) - head.size());
    for (uint64_t rank = block * kBlock + 1; rank < end; ++rank) {
      uint64_t shared = 0, size = 0;
      GetVarint(&at, &shared);
      GetVarint(&at, &size);
      const Bytes rest = at.substr(0, size);
      at.remove_prefix(size);
      if (shared > matched) continue;
      if (shared < matched) return rank;
      const Bytes wanted = key.substr(matched);
      const size_t more = CommonPrefix(rest, wanted);
      matched += more;
      if (more == wanted.size()) {
        *found = more == rest.size();
        return rank;
      }
      if (more < rest.size() &&
          static_cast<uint8_t>(rest[more]) > static_cast<uint8_t>(wanted[more]))
        return rank;
    }
    return end;
  }

  uint64_t size_ = 0;
  std::string data_;
  std::vector<uint32_t> offsets_;  // of each block's head
};

class FrontCoded16 : public FrontCoded<16> {
 public:
  static constexpr const char* kName = "front coding 16";
};
class FrontCoded32 : public FrontCoded<32> {
 public:
  static constexpr const char* kName = "front coding 32";
};
class FrontCoded64 : public FrontCoded<64> {
 public:
  static constexpr const char* kName = "front coding 64";
};

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_STRUCTURES_FRONT_CODED_H_
