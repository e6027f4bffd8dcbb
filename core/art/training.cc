// When the symbol table is made, and made anew.

#include <algorithm>

#include "core/art/engine.h"

namespace memkv::art {

namespace {

constexpr uint64_t kTrainAt = 50000;    // keys that pay for a table
constexpr uint64_t kLookEvery = 32768;  // rests coded between two looks at how well it goes
constexpr size_t kSample = 5000;        // rests
constexpr size_t kSampleBytes = 256 << 10;
constexpr uint32_t kLongestRest = 256;  // bytes of a rest that are looked at

}  // namespace

// Called after writes; an improvement that may fail without harm.
void Engine::MaybeTrain() noexcept {
  if (table_ ? rests_since_ < kLookEvery : head.size < kTrainAt) return;
  // Much has been written since the last try, which may have found that a table does not pay: at
  // most one for each half as many keys again.
  if (!table_ && writes_since_training_ < head.size / 2) return;
  if (table_) {
    const double now = static_cast<double>(coded_since_) / static_cast<double>(plain_since_ + 1);
    rests_since_ = plain_since_ = coded_since_ = 0;
    // Drifted, and much has been written since.
    if (now < trained_ratio_ * 1.15 || writes_since_training_ < head.size / 2) return;
  }
  try {
    Train();
  } catch (const std::bad_alloc&) {
  }
}

void Engine::Train() {
  writes_since_training_ = 0;
  scratch_.Reset();
  std::vector<Bytes, Allocator<Bytes>> sample;
  size_t bytes = 0;
  Path path;
  // Leaves spread evenly over the keys; from each, as many rests as bring the sample to its size.
  const uint64_t leaves = std::min<uint64_t>(head.size / 16 + 1, kSample / 16);
  for (uint64_t i = 0; i < leaves && bytes < kSampleBytes; ++i) {
    uint64_t before;
    path.AtRank(head, head.size / leaves * i, &before);
    const Leaf leaf = LeafAt(path);
    const SymbolTable* symbols = head.table(leaf);
    const uint8_t* at = leaf.rests();
    for (uint32_t k = 0; k < leaf.n; at += leaf.r(k), ++k) {
      if (k % 2) continue;
      uint32_t n = leaf.r(k);
      const uint8_t* plain = at;
      if (symbols) {
        const uint32_t room = std::min(kLongestRest, symbols->PlainBytes(at, n));
        uint8_t* out = scratch_.Take(room);
        symbols->DecodeFront(at, n, out, room);
        plain = out;
        n = room;
      }
      n = std::min(n, kLongestRest);
      if (n == 0) continue;
      sample.push_back({reinterpret_cast<const char*>(plain), n});
      bytes += n;
    }
  }
  if (sample.size() < 1000) return;
  uint32_t id = 1;
  while (id < 256 && (id == table_ || uses_[id])) ++id;
  if (id == 256) return;

  std::vector<uint8_t, Allocator<uint8_t>> code(2 * kLongestRest);
  SymbolCoder* coder = new (Allocate(sizeof(SymbolCoder))) SymbolCoder;
  SymbolTable* table = nullptr;
  try {
    table = new (Allocate(sizeof(SymbolTable))) SymbolTable(SymbolCoder::Train(sample));
  } catch (...) {
    Free(coder, sizeof(SymbolCoder));
    throw;
  }
  coder->Use(*table);
  uint64_t coded = 0, old_coded = 0;
  for (const Bytes& s : sample) {
    const auto* p = reinterpret_cast<const uint8_t*>(s.data());
    coded += coder->Encode(p, static_cast<uint32_t>(s.size()), code.data());
    old_coded +=
        coder_ ? coder_->Encode(p, static_cast<uint32_t>(s.size()), code.data()) : s.size();
  }
  const bool better = static_cast<double>(coded) < 0.95 * static_cast<double>(old_coded);
  if (better) {
    std::swap(coder, coder_);
    if (symbols_[id]) Free(const_cast<SymbolTable*>(symbols_[id]), sizeof(SymbolTable));
    symbols_[id] = table;
    table_ = static_cast<uint8_t>(id);
    table = nullptr;
    recode_ = true;
  }
  trained_ratio_ = static_cast<double>(better ? coded : old_coded) / static_cast<double>(bytes);
  if (coder) Free(coder, sizeof(SymbolCoder));
  if (table) Free(table, sizeof(SymbolTable));
  for (uint32_t i = 1; i < 256; ++i) {
    if (i == table_ || uses_[i] || !symbols_[i]) continue;
    Free(const_cast<SymbolTable*>(symbols_[i]), sizeof(SymbolTable));
    symbols_[i] = nullptr;
  }
}

}  // namespace memkv::art
