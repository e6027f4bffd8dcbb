// The cursor contract, which every ordered structure keeps: ART, FST, View.
//
// A cursor stands on an entry, or nowhere (Valid() is false: past either end, or after a failure
// that status() tells). It reads one immutable version of its structure and stays valid while that
// version is held.

#ifndef MEMKV_CORE_CURSOR_H_
#define MEMKV_CORE_CURSOR_H_

#include <concepts>
#include <cstdint>

#include "core/bytes.h"
#include "core/status.h"

namespace memkv {

template <class C>
concept OrderedCursor = requires(C c, const C k, Bytes key, uint64_t rank, size_t n) {
  c.SeekFirst();
  c.SeekLast();
  c.Seek(key);        // the first entry >= key
  c.SeekBefore(key);  // the last entry < key
  c.SeekRank(
      rank);  // the entry with that many entries before it (0-based); nowhere if there is none

  // REQUIRES Valid(). Amortised O(1); no key is assembled.
  c.Next();
  c.Prev();
  // REQUIRES Valid(), 0 < n <= key().size(). The next entry that does not start with the first n
  // bytes of key(). Skips whole subtrees where it can.
  c.NextPast(n);

  { k.Valid() } -> std::same_as<bool>;
  // REQUIRES Valid(). Assembled when asked; borrowed until the cursor moves or dies.
  { c.key() } -> std::same_as<Bytes>;
  // REQUIRES Valid() after Next(). At least this many leading bytes are the same as in the entry
  // just left (a lower bound).
  { k.shared() } -> std::same_as<size_t>;
  { k.status() } -> std::convertible_to<const Status&>;
};

}  // namespace memkv

#endif  // MEMKV_CORE_CURSOR_H_
