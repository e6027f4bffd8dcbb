// memkv's frozen structure, the Fst, with and without a column of values.

#ifndef MEMKV_BENCH_STRUCTURES_MEMKV_FST_H_
#define MEMKV_BENCH_STRUCTURES_MEMKV_FST_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "bench/run.h"
#include "core/fst/fst.h"
#include "core/fst/image.h"

namespace memkv::bench {

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
  void FindMany(const Bytes* keys, size_t n, bool* found, uint64_t* answers) {
    Must(fst_->FindMany(keys, n, answers));
    for (size_t i = 0; i < n; ++i) {
      found[i] = answers[i] != Fst::kMissing;
      if (kWithValues && found[i]) answers[i] = ValueAt(answers[i]);
    }
  }
  uint64_t OwnBytes() const { return fst_->memory_bytes(); }
  uint64_t ImageBytes() const { return fst_->image_bytes(); }
  void Save(const std::string& file) const { Must(WriteFile(*image_, file)); }
  void Open(const std::string& file) {
    Must(MapFile(file, &image_));
    Must(Fst::Open(image_, &fst_));
  }

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

#endif  // MEMKV_BENCH_STRUCTURES_MEMKV_FST_H_
