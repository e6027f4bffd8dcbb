// Walks that keep no path: key -> rank, and rank -> key.

#ifndef MEMKV_CORE_FST_WALK_H_
#define MEMKV_CORE_FST_WALK_H_

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>

#include "core/fst/body.h"

namespace memkv::fst {

enum class Outcome { kOn, kFound, kMissing, kCorrupt };

// An exact search, a record at a time, so that several can take turns. A step prefetches where the
// next will look.
struct Lookup {
  Lookup() = default;
  explicit Lookup(const Body& body) : at(body.base) {}

  Outcome Step(const Body& body, const Query& query);

  const uint8_t* at = nullptr;
  uint64_t depth = 0;  // bytes of the query matched above
  uint64_t rank = 0;   // keys before
  bool after_fused = false;
};

inline Outcome Lookup::Step(const Body& body, const Query& query) {
  const uint8_t* p = at;
  const uint8_t* limit = body.Limit(p);
  if (!limit) return Outcome::kCorrupt;
  if (*p == kSingle) {
    const uint8_t* label;
    uint64_t bytes;
    if (!body.TakeLabel(p, limit, &label, &bytes)) return Outcome::kCorrupt;
    if (bytes > query.size() - depth) return Outcome::kMissing;
    if (bytes <= 16) [[likely]] {
      if (Differ16(query.At(depth), label) & ((1u << bytes) - 1)) return Outcome::kMissing;
    } else if (std::memcmp(query.data() + depth, label, bytes) != 0) {
      return Outcome::kMissing;
    }
    depth += bytes;
    after_fused = false;
  }
  if (*p >= kFused) {
    const FusedNode node(p);
    __builtin_prefetch(p + 64);
    __builtin_prefetch(p + 128);
    if (after_fused || node.bytes() > static_cast<size_t>(body.end - p)) return Outcome::kCorrupt;
    const uint32_t slot = query.Slot(node, depth);
    at = body.Child(node, slot);
    if (!at) {
      at = p;
      return Outcome::kCorrupt;
    }
    __builtin_prefetch(at);
    __builtin_prefetch(at + 64);
    rank += node.Before(slot);
    after_fused = true;
    return Outcome::kOn;
  }

  // A LIST. `matched` is what the query shares with the entry before.
  const uint32_t entries = *p++;
  if (entries > kMaxListEntries) return Outcome::kCorrupt;
  const uint64_t rest = query.size() - depth;
  uint64_t matched = 0, before = rank;
  for (uint32_t i = 0; i < entries; ++i) {
    uint64_t shared = 0;
    if (i > 0 && !body.TakeShared(p, limit, &shared)) return Outcome::kCorrupt;
    if (shared > matched) {
      const uint64_t keys = body.SkipEntry(p, limit);
      if (keys == 0) return Outcome::kCorrupt;
      before += keys;
      continue;
    }
    if (shared < matched) return Outcome::kMissing;
    for (;;) {
      if (p >= limit && !(limit = body.Limit(p))) return Outcome::kCorrupt;
      const uint32_t c = *p;
      if (c >= body.code.hot) [[unlikely]] {
        uint64_t keys;
        if (matched == 0 || !body.TakeRef(p, limit, &at, &keys)) return Outcome::kCorrupt;
        __builtin_prefetch(at);
        __builtin_prefetch(at + 64);
        depth += matched;
        rank = before;
        after_fused = false;
        return Outcome::kOn;
      }
      const TokenSlot& token = body.code.Take(p);
      const uint32_t length = token.length;
      const auto same = static_cast<uint32_t>(
          std::countr_zero(Differ16(query.At(depth + matched), token.text) | 1u << length));
      const uint64_t left = rest - matched;
      if (same >= left && left < length) return Outcome::kMissing;
      if (same < length) {
        if (static_cast<uint8_t>(token.text[same]) > query.At(depth + matched)[same])
          return Outcome::kMissing;
        matched += same;
        const uint64_t keys = body.code.IsEnd(c) ? 1 : body.SkipEntry(p, limit);
        if (keys == 0) return Outcome::kCorrupt;
        before += keys;
        break;
      }
      matched += length;
      if (body.code.IsEnd(c)) {
        if (matched == rest) {
          rank = before;
          return Outcome::kFound;
        }
        ++before;
        break;
      }
    }
  }
  return Outcome::kMissing;
}

// How many keys are below the query. False with the place where the records are wrong.
bool RankOf(const Body& body, const Query& query, uint64_t* rank, const uint8_t** bad);

// The key of a rank. False with the place where the records are wrong.
bool KeyOf(const Body& body, uint64_t rank, std::string* key, const uint8_t** bad);

enum class EntryEnd { kKey, kRef, kWrong };

// Appends the text of the entry's codes at p to key at `length`, and moves both; stops before a
// reference or after the token that ENDs. The key's string stays at least sixteen bytes longer than
// what is written. kWrong if the bytes are, or if the key grows longer than the longest.
EntryEnd DecodeEntry(const Body& body, const uint8_t*& p, const uint8_t*& limit, std::string* key,
                     uint64_t* length);

// Makes room for `bytes` and sixteen more.
inline void GrowKey(std::string* key, uint64_t bytes) {
  if (bytes + 16 > key->size()) key->resize(std::max<size_t>(2 * key->size(), bytes + 64));
}

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_WALK_H_
