#include "core/fst/walk.h"

#include <algorithm>

namespace memkv::fst {

bool RankOf(const Body& body, const Query& query, uint64_t* rank, const uint8_t** bad) {
  const uint8_t* p = body.base;
  uint64_t depth = 0, before = 0;
  uint64_t below = body.keys;  // keys under the record at p
  bool after_fused = false;
  for (;;) {
    *bad = p;
    const uint8_t* limit = body.Limit(p);
    if (!limit) return false;
    if (*p == kSingle) {
      const uint8_t* label;
      uint64_t bytes;
      if (!body.TakeLabel(p, limit, &label, &bytes)) return false;
      const uint64_t n = std::min<uint64_t>(bytes, query.size() - depth);
      const int order = n ? std::memcmp(label, query.data() + depth, n) : 0;
      if (order > 0 || (order == 0 && n < bytes)) {
        *rank = before;
        return true;
      }
      if (order < 0) {
        *rank = before + below;
        return true;
      }
      depth += bytes;
      after_fused = false;
    }
    if (*p >= kFused) {
      const FusedNode node(p);
      if (after_fused || node.bytes() > static_cast<size_t>(body.end - p)) return false;
      const uint32_t slot = query.Slot(node, depth);
      const uint64_t from = node.Before(slot), to = slot < node.k ? node.Before(slot + 1) : below;
      if (!(p = body.Child(node, slot))) return false;
      before += from;
      below = to - from;
      after_fused = true;
      continue;
    }
    const uint32_t entries = *p++;
    if (entries > kMaxListEntries) return false;
    const uint64_t rest = query.size() - depth;
    uint64_t matched = 0;
    const uint8_t* down = nullptr;
    for (uint32_t i = 0; i < entries && !down; ++i) {
      uint64_t shared = 0;
      if (i > 0 && !body.TakeShared(p, limit, &shared)) return false;
      if (shared < matched) {
        *rank = before;
        return true;
      }
      if (shared > matched) {
        const uint64_t keys = body.SkipEntry(p, limit);
        if (keys == 0) return false;
        before += keys;
        continue;
      }
      for (;;) {
        if (p >= limit && !(limit = body.Limit(p))) return false;
        const uint32_t c = *p;
        if (c >= body.code.hot) {
          uint64_t keys;
          if (matched == 0 || !body.TakeRef(p, limit, &down, &keys)) return false;
          below = keys;
          break;
        }
        const TokenSlot& token = body.code.Take(p);
        const uint32_t length = token.length;
        const uint64_t same = std::min<uint64_t>(
            static_cast<uint32_t>(
                std::countr_zero(Differ16(query.At(depth + matched), token.text) | 1u << length)),
            rest - matched);
        if (same < length) {
          if (same == rest - matched ||
              static_cast<uint8_t>(token.text[same]) > query.At(depth + matched)[same]) {
            *rank = before;
            return true;
          }
          matched += same;
          const uint64_t keys = body.code.IsEnd(c) ? 1 : body.SkipEntry(p, limit);
          if (keys == 0) return false;
          before += keys;
          break;
        }
        matched += length;
        if (body.code.IsEnd(c)) {
          if (matched == rest) {
            *rank = before;
            return true;
          }
          ++before;
          break;
        }
      }
    }
    if (!down) {
      *rank = before;
      return true;
    }
    p = down;
    depth += matched;
    after_fused = false;
  }
}

// What it reads stays in registers: the key's bytes may alias anything, so that members would be
// loaded anew for each token.
EntryEnd DecodeEntry(const Body& body, const uint8_t*& p, const uint8_t*& limit, std::string* key,
                     uint64_t* length) {
  const TokenSlot* const slots = body.code.slots.get();
  const uint32_t end1 = body.code.end1, one = body.code.one, two_byte_ends = body.code.end2 - one,
                 hot = body.code.hot;
  const uint64_t longest = body.longest;
  const uint8_t *at = p, *end = limit;
  char *begin = key->data(), *to = begin + *length, *room = begin + key->size();
  EntryEnd found;
  for (;;) {
    if (at >= end && !(end = body.Limit(at))) {
      found = EntryEnd::kWrong;
      break;
    }
    const uint32_t c = *at;
    if (c >= hot) [[unlikely]] {
      found = EntryEnd::kRef;
      break;
    }
    if (room - to < 16) [[unlikely]] {
      const uint64_t n = static_cast<uint64_t>(to - begin);
      if (n > longest) {
        found = EntryEnd::kWrong;
        break;
      }
      GrowKey(key, n);
      begin = key->data();
      to = begin + n;
      room = begin + key->size();
    }
    ++at;
    const TokenSlot& token = slots[c < one ? c : one + ((c - one) << 8 | *at)];
    at += c >= one;
    Copy16(to, &token);
    to += token.length;
    if (c < end1 || c - one < two_byte_ends) {
      found = EntryEnd::kKey;
      break;
    }
  }
  p = at;
  limit = end;
  *length = static_cast<uint64_t>(to - begin);
  return *length <= longest ? found : EntryEnd::kWrong;
}

bool KeyOf(const Body& body, uint64_t rank, std::string* key, const uint8_t** bad) {
  const uint8_t* p = body.base;
  uint64_t depth = 0;
  bool after_fused = false;
  for (;;) {
    *bad = p;
    const uint8_t* limit = body.Limit(p);
    if (!limit) return false;
    if (*p == kSingle) {
      const uint8_t* label;
      uint64_t bytes;
      if (!body.TakeLabel(p, limit, &label, &bytes) || depth + bytes > body.longest) return false;
      GrowKey(key, depth + bytes);
      std::memcpy(key->data() + depth, label, bytes);
      depth += bytes;
      after_fused = false;
    }
    if (*p >= kFused) {
      const FusedNode node(p);
      if (after_fused || node.bytes() > static_cast<size_t>(body.end - p)) return false;
      const uint32_t slot = node.ChildOfRank(rank);
      rank -= node.Before(slot);
      if (!(p = body.Child(node, slot))) return false;
      __builtin_prefetch(p);
      __builtin_prefetch(p + 64);
      after_fused = true;
      continue;
    }
    const uint32_t entries = *p++;
    if (entries > kMaxListEntries) return false;
    uint64_t length = depth;
    const uint8_t* down = nullptr;
    for (uint32_t i = 0; !down; ++i) {
      uint64_t shared = 0, keys = 1;
      if (i == entries || (i > 0 && !body.TakeShared(p, limit, &shared))) return false;
      if (shared > length - depth) return false;
      length = depth + shared;
      const EntryEnd end = DecodeEntry(body, p, limit, key, &length);
      if (end == EntryEnd::kWrong) return false;
      if (end == EntryEnd::kRef && (length == depth || !body.TakeRef(p, limit, &down, &keys)))
        return false;
      if (rank >= keys) {
        rank -= keys;
        down = nullptr;
      } else if (end == EntryEnd::kKey) {
        key->resize(length);
        return true;
      }
    }
    p = down;
    depth = length;
    after_fused = false;
  }
}

}  // namespace memkv::fst
