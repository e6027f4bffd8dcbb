#include "core/art/symbols.h"

#include <algorithm>

namespace memkv::art {

namespace {

constexpr int kRounds = 5;
constexpr uint32_t kCodes = 512;  // while training: symbols, and 256 + b for an escaped byte b

struct Candidate {
  uint64_t text;
  uint32_t len;
  uint64_t gain;
};

}  // namespace

// Each round codes a growing part of the sample with the table so far, counts codes and
// neighbouring pairs of codes, and keeps the 255 candidates (symbols and concatenations) that save
// most: how often, times how long.
SymbolTable SymbolCoder::Train(const std::vector<Bytes, Allocator<Bytes>>& sample) {
  std::vector<uint32_t, Allocator<uint32_t>> one(kCodes), pair(kCodes * kCodes);
  std::vector<Candidate, Allocator<Candidate>> all;
  SymbolTable table;
  auto* coder = new (Allocate(sizeof(SymbolCoder))) SymbolCoder;
  struct Owner {
    SymbolCoder* p;
    ~Owner() { Free(p, sizeof(SymbolCoder)); }
  } owner{coder};
  for (int round = 0; round < kRounds; ++round) {
    coder->Use(table);
    std::fill(one.begin(), one.end(), 0);
    std::fill(pair.begin(), pair.end(), 0);
    const uint32_t part = 8 + 120 * static_cast<uint32_t>(round) / (kRounds - 1);  // of 128
    for (uint32_t i = 0; i < sample.size(); ++i) {
      if ((i * 2654435761u) >> 25 >= part) continue;
      const auto* p = reinterpret_cast<const uint8_t*>(sample[i].data());
      const uint32_t n = static_cast<uint32_t>(sample[i].size());
      uint32_t before = kCodes;
      for (uint32_t at = 0, len; at < n; at += len) {
        uint32_t c = coder->Longest(p + at, n - at, &len);
        const uint32_t byte = 256u + p[at];
        if (c == SymbolTable::kEscape) c = byte;
        ++one[c];
        if (len > 1) ++one[byte];  // the first byte alone stays a candidate
        if (before != kCodes) {
          ++pair[before * kCodes + c];
          if (len > 1) ++pair[before * kCodes + byte];
        }
        before = c;
      }
    }
    auto text = [&](uint32_t c) { return c >= 256 ? uint64_t{c - 256} : table.symbol_[c]; };
    auto length = [&](uint32_t c) { return c >= 256 ? 1u : uint32_t{table.len_[c]}; };
    const uint32_t least = 5 * part / 128;
    all.clear();
    for (uint32_t a = 0; a < kCodes; ++a) {
      if (!one[a]) continue;
      const uint32_t la = length(a);
      // A byte that is no symbol costs an escape.
      all.push_back({text(a), la, uint64_t{one[a]} * la * (la == 1 ? 8 : 1)});
      if (la == 8 || round + 1 == kRounds) continue;
      for (uint32_t b = 0; b < kCodes; ++b) {
        const uint32_t n = pair[a * kCodes + b];
        if (n <= least) continue;
        const uint32_t len = std::min(8u, la + length(b));
        const uint64_t both = (text(a) | text(b) << (8 * la)) & SymbolTable::LowBytes(len);
        all.push_back({both, len, uint64_t{n} * len});
      }
    }
    std::sort(all.begin(), all.end(), [](const Candidate& x, const Candidate& y) {
      return x.text != y.text ? x.text < y.text : x.len < y.len;
    });
    size_t n = 0;
    for (const Candidate& c : all) {
      if (n && all[n - 1].text == c.text && all[n - 1].len == c.len) {
        all[n - 1].gain += c.gain;
      } else {
        all[n++] = c;
      }
    }
    const size_t keep = std::min<size_t>(255, n);
    std::partial_sort(all.begin(), all.begin() + static_cast<long>(keep),
                      all.begin() + static_cast<long>(n),
                      [](const Candidate& x, const Candidate& y) {
                        return x.gain != y.gain   ? x.gain > y.gain
                               : x.text != y.text ? x.text < y.text
                                                  : x.len < y.len;
                      });
    table = SymbolTable();
    for (size_t i = 0; i < keep; ++i) {
      table.symbol_[i] = all[i].text;
      table.len_[i] = static_cast<uint8_t>(all[i].len);
    }
  }
  return table;
}

void SymbolCoder::Use(const SymbolTable& table) {
  table_ = table;
  std::memset(byte_, SymbolTable::kEscape, sizeof(byte_));
  uint8_t longer[256];
  uint32_t n = 0;
  for (uint32_t c = 0; c < 255; ++c) {
    if (table.len_[c] == 1) byte_[table.symbol_[c]] = static_cast<uint8_t>(c);
    if (table.len_[c] > 2) longer[n++] = static_cast<uint8_t>(c);
  }
  for (uint32_t w = 0; w < 65536; ++w) pair_[w] = byte_[w & 255];
  for (uint32_t c = 0; c < 255; ++c) {
    if (table.len_[c] == 2) pair_[table.symbol_[c]] = static_cast<uint8_t>(c);
  }
  std::sort(longer, longer + n, [&](uint8_t a, uint8_t b) {
    const uint32_t x = Hash3(table.symbol_[a]), y = Hash3(table.symbol_[b]);
    if (x != y) return x < y;
    return table.len_[a] != table.len_[b] ? table.len_[a] > table.len_[b] : a < b;
  });
  uint32_t at = 0;
  for (uint32_t h = 0; h < kBuckets; ++h) {
    head_[h] = static_cast<uint16_t>(at);
    while (at < n && Hash3(table.symbol_[longer[at]]) == h) {
      order_[at] = longer[at];
      ++at;
    }
  }
  head_[kBuckets] = static_cast<uint16_t>(at);
}

}  // namespace memkv::art
