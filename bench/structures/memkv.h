// memkv's own structures: the Art, mutable, and the Fst, frozen, with and without a column of
// values.

#ifndef MEMKV_BENCH_STRUCTURES_MEMKV_H_
#define MEMKV_BENCH_STRUCTURES_MEMKV_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "bench/run.h"
#include "core/art/art.h"
#include "core/fst/fst.h"

namespace memkv::bench {

inline void Must(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "bench: %s\n", status.message().c_str());
  std::exit(1);
}

class MemkvArt {
 public:
  static constexpr const char* kName = "memkv Art";
  static constexpr Answer kAnswer = Answer::kValue;
  static constexpr bool kOrdered = true;

  void Insert(Bytes key, uint64_t value) { Must(art_.Put(key, Entry{Value::Number(value), 1})); }
  bool Erase(Bytes key) { return art_.Erase(key); }
  bool Find(Bytes key, uint64_t* value) const {
    Entry entry;
    if (!art_.Latest().Find(key, &entry)) return false;
    *value = entry.value.number;
    return true;
  }
  void FindMany(const Bytes* keys, size_t n, bool* found, uint64_t* values) const {
    Entry entries[16];
    art_.Latest().FindMany(keys, n, found, entries);
    for (size_t i = 0; i < n; ++i) values[i] = entries[i].value.number;
  }
  template <class F>
  void Scan(F f) const {
    ArtCursor at = art_.Latest().NewCursor();
    for (at.SeekFirst(); at.Valid(); at.Next()) f(at.key(), at.entry().value.number);
  }
  template <class F>
  void ScanValues(F f) const {
    ArtCursor at = art_.Latest().NewCursor();
    for (at.SeekFirst(); at.Valid(); at.Next()) f(at.entry().value.number);
  }
  template <class F>
  void ScanFrom(Bytes from, size_t n, F f) const {
    ArtCursor at = art_.Latest().NewCursor();
    for (at.Seek(from); n > 0 && at.Valid(); at.Next(), --n) f(at.key(), at.entry().value.number);
  }
  uint64_t CountPrefix(Bytes prefix) const {
    const std::optional<std::string> past = PrefixSuccessor(prefix);
    return (past ? Rank(*past) : art_.Latest().size()) - Rank(prefix);
  }
  uint64_t Rank(Bytes key) const { return art_.Latest().Rank(key); }
  void Select(uint64_t rank, std::string* key) const {
    ArtCursor at = art_.Latest().NewCursor();
    at.SeekRank(rank);
    key->assign(at.key());
  }
  uint64_t OwnBytes() const { return art_.GetStats().total_bytes; }

 private:
  Art art_;
};

template <bool kWithValues>
class MemkvFstBase {
 public:
  static constexpr Answer kAnswer = kWithValues ? Answer::kValue : Answer::kRank;
  static constexpr bool kOrdered = true;

  void Build(const Corpus& c) {
    CorpusSource source(c);
    FstBuilder::Options options;
    options.columns = kWithValues ? 1 : 0;
    options.expected_keys = c.keys.size();
    Must(FstBuilder::Build(&source, options, &image_));
    Must(Fst::Open(image_, &fst_));
  }
  bool Find(Bytes key, uint64_t* answer) {
    bool found;
    Must(fst_->Find(key, &found, answer));
    if (kWithValues && found) *answer = ValueAt(*answer);
    return found;
  }
  template <class F>
  void Scan(F f) {
    FstCursor at(fst_);
    for (at.SeekFirst(); at.Valid(); at.Next()) f(at.key(), kWithValues ? ValueAt(at.rank()) : 0);
    Must(at.status());
  }
  template <class F>
  void ScanValues(F f) requires kWithValues {
    for (uint64_t rank = 0; rank < fst_->size(); ++rank) f(ValueAt(rank));
  }
  template <class F>
  void ScanFrom(Bytes from, size_t n, F f) {
    FstCursor at(fst_);
    for (at.Seek(from); n > 0 && at.Valid(); at.Next(), --n)
      f(at.key(), kWithValues ? ValueAt(at.rank()) : 0);
    Must(at.status());
  }
  uint64_t CountPrefix(Bytes prefix) const {
    const std::optional<std::string> past = PrefixSuccessor(prefix);
    return (past ? Rank(*past) : fst_->size()) - Rank(prefix);
  }
  uint64_t Rank(Bytes key) const {
    uint64_t rank = 0;
    Must(fst_->LowerBound(key, &rank));
    return rank;
  }
  void Select(uint64_t rank, std::string* key) const { Must(fst_->Select(rank, key)); }
  uint64_t OwnBytes() const { return fst_->memory_bytes(); }
  uint64_t ImageBytes() const { return fst_->image_bytes(); }

 private:
  class CorpusSource : public FstBuilder::Source {
   public:
    explicit CorpusSource(const Corpus& c) : c_(c) {}
    void Rewind() override { at_ = 0; }
    bool Next(Bytes* key, std::span<const Datum>* row) override {
      if (at_ == c_.keys.size()) return false;
      *key = c_.keys[at_];
      value_ = Datum::Integer(static_cast<int64_t>(c_.values[at_]));
      *row = std::span<const Datum>(&value_, kWithValues ? 1 : 0);
      ++at_;
      return true;
    }
    Status status() const override { return {}; }

   private:
    const Corpus& c_;
    size_t at_ = 0;
    Datum value_;
  };

  uint64_t ValueAt(uint64_t rank) {
    Datum value;
    Must(fst_->Column(rank, 0, &buffer_, &value));
    return static_cast<uint64_t>(value.integer);
  }

  std::shared_ptr<const FstImage> image_;
  std::shared_ptr<const Fst> fst_;
  std::string buffer_;
};

class MemkvFst : public MemkvFstBase<false> {
 public:
  static constexpr const char* kName = "memkv Fst";
};
class MemkvFstValues : public MemkvFstBase<true> {
 public:
  static constexpr const char* kName = "memkv Fst + values";
};

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_STRUCTURES_MEMKV_H_
