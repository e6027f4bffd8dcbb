// Body: an opened image, as the walks see it: records, code, hot references, and which pages are
// known to be intact.
//
// Every pointer into the records is checked against their end, and against the pages verified so
// far, before it is followed.

#ifndef MEMKV_CORE_FST_BODY_H_
#define MEMKV_CORE_FST_BODY_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/bytes.h"
#include "core/fst/format.h"
#include "core/fst/search.h"
#include "core/fst/token_code.h"
#include "core/status.h"

namespace memkv::fst {

// The data's pages and their checksums. Thread-safe: pages are marked when found intact, and never
// unmarked.
class PageGuard {
 public:
  PageGuard() = default;
  // `sums` holds a checksum of eight bytes per page of `data`. Both must outlive the guard.
  void Start(Bytes data, const char* sums);
  // The first page whose checksum is wrong, or pages() if none is.
  uint64_t FirstBad() const;
  bool Intact(uint64_t page) const;
  uint64_t pages() const { return (data_.size() + kPageBytes - 1) / kPageBytes; }
  // No more checks on touch.
  void Trust() { seen_.reset(); }
  bool trusted() const { return !seen_; }
  // Whether the pages of [begin, end) are intact; looks at each once.
  bool Check(const void* begin, const void* end) const;
  uint64_t bytes() const { return seen_ ? (pages() + 63) / 64 * 8 : 0; }

 private:
  Bytes data_;
  const char* sums_ = nullptr;
  std::unique_ptr<std::atomic<uint64_t>[]> seen_;  // a bit per page; null: all are known intact
};

struct HotRef {
  uint64_t offset;
  uint64_t keys;
};

// A FUSED record taken apart.
struct FusedNode {
  const uint8_t* head;
  uint32_t k;  // separators
  bool one_byte;
  uint32_t link_bytes, count_bytes;
  const uint8_t* separators;
  const uint8_t* links;
  const uint8_t* counts;

  // REQUIRES two readable bytes.
  explicit FusedNode(const uint8_t* p)
      : head(p),
        k(p[1] + 1u),
        one_byte(p[0] & kOneByteSeparators),
        link_bytes((p[0] & 7u) + 1),
        count_bytes((p[0] >> 3 & 7u) + 1),
        separators(p + 2),
        links(separators + (one_byte ? k : 4 * k)),
        counts(links + (k + 1) * link_bytes) {}
  size_t bytes() const { return static_cast<size_t>(counts - head) + k * count_bytes; }
  // Keys in the children before child i.
  uint64_t Before(uint32_t i) const {
    return i ? LoadWide(counts + (i - 1) * count_bytes, count_bytes) : 0;
  }
  // The child that holds rank `i` of the keys below.
  uint32_t ChildOfRank(uint64_t i) const {
    uint32_t slot = 0;
    while (slot < k && LoadWide(counts + slot * count_bytes, count_bytes) <= i) ++slot;
    return slot;
  }
};

// A key asked for, readable sixteen bytes at a time from any place.
class Query {
 public:
  explicit Query(Bytes key)
      : key_(reinterpret_cast<const uint8_t*>(key.data())), size_(key.size()) {
    whole_ = size_ >= 16 ? size_ - 16 : 0;
    const size_t from = size_ >= 16 ? whole_ : 0;
    std::memset(tail_, 0, sizeof tail_);
    if (size_ > from) std::memcpy(tail_, key_ + from, size_ - from);
  }
  size_t size() const { return size_; }
  const uint8_t* data() const { return key_; }
  // Sixteen bytes from place i on; those past the end are zero. REQUIRES i <= size().
  const uint8_t* At(size_t i) const { return i < whole_ ? key_ + i : tail_ + (i - whole_); }
  // The child of a FUSED node at depth i where the key belongs.
  uint32_t Slot(const FusedNode& node, size_t i) const {
    if (i >= size_) return 0;
    const uint8_t* at = At(i);
    if (node.one_byte) return CountUpTo8(node.separators, node.k, *at);
    const uint32_t window =
        uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | at[3];
    return CountUpTo32(node.separators, node.k, static_cast<int32_t>(window ^ 0x80000000u));
  }

 private:
  const uint8_t* key_;
  size_t size_, whole_;
  uint8_t tail_[32];
};

struct Body {
  const uint8_t* base = nullptr;  // kRecords
  const uint8_t* end = nullptr;
  uint64_t keys = 0;
  // Bytes of the longest key; what spells more is damaged, so walks are short.
  uint64_t longest = kMaxKeyBytes;
  TokenCode code;
  std::vector<HotRef> hot;
  PageGuard pages;

  static constexpr size_t kAhead = 8192;  // more than any FUSED record has
  static constexpr size_t kSlack = 16;    // what is read beyond a limit before it is compared

  // Up to where the records may be read from p on (by kSlack more); more than any FUSED record, or
  // to the end. Null if p is outside or a page is damaged.
  const uint8_t* Limit(const uint8_t* p) const {
    if (p < base || p >= end) return nullptr;
    if (pages.trusted()) return end;
    return CheckedLimit(p);
  }
  const uint8_t* CheckedLimit(const uint8_t* p) const;

  // Whether a record's bytes [p, p + n) lie inside and are intact.
  bool Holds(const uint8_t* p, uint64_t n) const {
    if (p < base || p > end || n > static_cast<uint64_t>(end - p)) return false;
    return pages.trusted() || pages.Check(p, p + n);
  }

  // The child of a FUSED node; null if it lies outside.
  const uint8_t* Child(const FusedNode& node, uint32_t slot) const {
    const uint64_t offset = LoadWide(node.links + slot * node.link_bytes, node.link_bytes);
    if (offset == 0 || offset >= static_cast<uint64_t>(end - node.head)) return nullptr;
    return node.head + offset;
  }

  // A varint at p, which is moved past it; short-cut for one byte. False past the limit or over
  // 2^63.
  bool TakeVarint(const uint8_t*& p, const uint8_t*& limit, uint64_t* v) const;

  // What two neighbours in a LIST share.
  bool TakeShared(const uint8_t*& p, const uint8_t*& limit, uint64_t* shared) const {
    if (p >= limit && !(limit = Limit(p))) return false;
    *shared = *p++;
    if (*shared == kLongByte) return TakeVarint(p, limit, shared);
    return true;
  }

  // The reference at p, which is moved past it. REQUIRES *p >= code.hot. False if it leads nowhere.
  bool TakeRef(const uint8_t*& p, const uint8_t*& limit, const uint8_t** to, uint64_t* keys) const;

  // Moves p past the codes of an entry; how many keys it has, 0 if the bytes are wrong.
  uint64_t SkipEntry(const uint8_t*& p, const uint8_t*& limit) const {
    for (;;) {
      if (p >= limit && !(limit = Limit(p))) return 0;
      const uint32_t c = *p;
      if (c >= code.hot) [[unlikely]] {
        const uint8_t* to;
        uint64_t n;
        return TakeRef(p, limit, &to, &n) ? n : 0;
      }
      p += 1 + (c >= code.one);
      if (code.IsEnd(c)) return 1;
    }
  }

  // A SINGLE's label; p is moved from the record to what follows it.
  bool TakeLabel(const uint8_t*& p, const uint8_t*& limit, const uint8_t** label,
                 uint64_t* bytes) const;

  // Damage at p: which section and where.
  Status Corrupt(const uint8_t* p, const char* what) const;
};

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_BODY_H_
