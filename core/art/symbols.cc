#include "core/art/symbols.h"

#include <algorithm>
#include <cassert>

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
        const Match m = coder->Longest(LoadSome(p + at, n - at));
        uint32_t c = m.code();
        len = m.len();
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
    std::sort(all.begin(), all.begin() + static_cast<long>(n),
              [](const Candidate& x, const Candidate& y) {
                return x.gain != y.gain   ? x.gain > y.gain
                       : x.text != y.text ? x.text < y.text
                                          : x.len < y.len;
              });
    table = SymbolTable();
    uint8_t in_bucket[kBuckets] = {};
    for (size_t i = 0, codes = 0; i < n && codes < 255; ++i) {
      if (!Allowed(all[i].text, all[i].len)) continue;
      if (all[i].len > 2 && in_bucket[BucketOf(all[i].text)]++ >= 2) continue;
      table.symbol_[codes] = all[i].text;
      table.len_[codes++] = static_cast<uint8_t>(all[i].len);
    }
  }
  return table;
}

void SymbolCoder::Use(const SymbolTable& table) {
  uint16_t byte[256];
  std::fill_n(byte, 256, static_cast<uint16_t>(Bits(SymbolTable::kEscape, 1)));
  for (uint32_t c = 0; c < 255; ++c) {
    if (table.len_[c] == 1) byte[table.symbol_[c]] = static_cast<uint16_t>(Bits(c, 1));
  }
  for (uint32_t w = 0; w < 65536; ++w) pair_[w] = byte[w & 255];
  // A free slot's text belongs to another bucket: nothing that is looked up here equals it.
  for (uint32_t h = 0; h < kBuckets; ++h) {
    const uint64_t foreign = BucketOf(1) == h ? 2 : 1;
    slot_[2 * h] = slot_[2 * h + 1] = {foreign, 0, 0};
  }
  for (uint32_t c = 0; c < 255; ++c) {
    const uint64_t text = table.symbol_[c];
    const uint32_t len = table.len_[c];
    assert(Allowed(text, len));
    if (len == 2) pair_[text] = static_cast<uint16_t>(Bits(c, 2));
    if (len < 3) continue;
    Slot* slot = slot_ + 2 * BucketOf(text);
    const Slot own = {text, 64 - 8 * len, Bits(c, len)};
    assert(slot[0].bits == 0);
    if (slot[1].bits == 0 || len > Match{slot[1].bits}.len()) {
      slot[0] = slot[1];
      slot[1] = own;
    } else {
      slot[0] = own;
    }
  }
}

void SymbolCoder::EncodeMany(Job* jobs, size_t n) const {
  constexpr size_t kLanes = 4;
  struct Lane {
    const uint8_t *at, *end;
    uint8_t* out;
  };
  auto put = [](Lane& x, Match m) {
    x.out[0] = m.code();
    x.out[1] = *x.at;
    x.out += 1 + (m.code() == SymbolTable::kEscape);
    x.at += m.len();
  };
  // One symbol of a lane with 8 bytes ahead; with any.
  auto step = [&](Lane& x) { put(x, Longest(Load64(x.at))); };
  auto last = [&](Lane& x) {
    const uint8_t* from = std::min(x.at, x.end - 8);
    put(x, Longest(Load64(from) >> 8 * (x.at - from)));
  };
  auto full = [](const Lane& x) { return x.end - x.at >= 8; };
  for (size_t i = 0; i < n; i += kLanes) {
    const size_t k = std::min(kLanes, n - i);
    Lane lanes[kLanes] = {};
    auto& [a, b, c, d] = lanes;
    for (size_t x = 0; x < k; ++x) {
      const Job& job = jobs[i + x];
      lanes[x] = {job.plain, job.plain + job.n, job.code};
    }
    while (full(a) && full(b) && full(c) && full(d)) {
      step(a);
      step(b);
      step(c);
      step(d);
    }
    for (size_t x = 0; x < k; ++x) {
      Lane& lane = lanes[x];
      while (full(lane)) step(lane);
      while (lane.at < lane.end) last(lane);
      jobs[i + x].coded = static_cast<uint32_t>(lane.out - jobs[i + x].code);
    }
  }
}

}  // namespace memkv::art
