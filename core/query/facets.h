// Facets: how the keys that start with a prefix go on, up to the next delimiter, with counts: the
// "common prefixes" that S3 lists. With prefix "a/" and delimiter "/":
//
//   keys    a/  a/b  a/c/d  a/c/e  a//f
//   facets  "a/" 1 leaf   "a//" 1   "a/b" 1 leaf   "a/c/" 2
//
// A facet ends with its delimiter, the depth-th one after the prefix; a key that ends before that
// is a facet of its own, a leaf; keys of several columns that have the same text are one leaf. Each
// key is in exactly one. Facets come in key order, each after O(1) moves of the cursor however many
// keys it has.

#ifndef MEMKV_CORE_QUERY_FACETS_H_
#define MEMKV_CORE_QUERY_FACETS_H_

#include <cassert>
#include <cstdint>
#include <string>
#include <utility>

#include "core/bytes.h"
#include "core/cursor.h"
#include "core/key.h"
#include "core/query/key_text.h"
#include "core/query/search.h"
#include "core/status.h"

namespace memkv {

template <RankedCursor C>
class Facets {
 public:
  // Over keys of one class (kTextTag or kBlobTag). Stands nowhere until Start(). REQUIRES
  // !delimiter.empty(), depth > 0.
  Facets(C cursor, KeyTag tag, Bytes prefix, Bytes delimiter, uint64_t depth = 1,
         KeyText text = KeyText())
      : cursor_(std::move(cursor)),
        text_(text),
        start_(std::string(1, tag) + text.Coded(prefix)),
        delimiter_(text.Coded(delimiter)),
        depth_(depth) {
    assert(!delimiter.empty() && depth > 0);
  }

  void Start() {
    cursor_.Seek(start_);
    rank_known_ = false;
    status_ = {};
    Settle();
  }
  // REQUIRES Valid().
  void Next() { Settle(); }

  bool Valid() const { return valid_; }
  const Status& status() const { return status_.ok() ? cursor_.status() : status_; }
  const C& cursor() const { return cursor_; }

  // REQUIRES Valid(). The facet, without the tag; borrowed until the next move.
  Bytes prefix() const { return prefix_; }
  uint64_t count() const { return count_; }  // keys in it
  bool leaf() const { return leaf_; }        // it is the whole text of its keys

 private:
  // A facet of up to this many keys is counted by stepping over them.
  static constexpr uint64_t kSteps = 8;

  // Takes the facet of the key under the cursor, and moves the cursor past it.
  void Settle();
  // How many bytes of key make its facet.
  size_t FacetBytes(Bytes key);
  bool IsInFacet(Bytes key) const;
  void MoveToNextFacet();
  // Moves to the first key outside the facet, counting.
  void CountFacet();

  C cursor_;
  KeyText text_;
  std::string start_;  // tag and prefix, as keys have them
  std::string delimiter_;
  uint64_t depth_;

  std::string facet_;  // with the tag, as keys have it
  Bytes prefix_;       // without
  std::string buffer_;
  uint64_t count_ = 0;
  bool leaf_ = false, valid_ = false;

  uint64_t rank_ = 0;  // of the key under the cursor
  bool rank_known_ = false;
  Status status_;
};

template <RankedCursor C>
void Facets<C>::Settle() {
  valid_ = false;
  if (!cursor_.Valid()) return;
  const Bytes key = cursor_.key();
  if (!key.starts_with(start_)) return;
  facet_.assign(key.substr(0, FacetBytes(key)));
  count_ = 1;
  if (leaf_ && !text_.several()) {
    cursor_.Next();
    ++rank_;
  } else {
    CountFacet();
  }
  if (!text_.Decode(Bytes(facet_).substr(1), &buffer_, &prefix_))
    status_ = Status::Corrupt("a stored key has no known class");
  valid_ = status().ok();
}

template <RankedCursor C>
size_t Facets<C>::FacetBytes(Bytes key) {
  size_t at = start_.size();
  for (uint64_t n = 0; n < depth_; ++n) {
    at = text_.Find(key, delimiter_, at);
    leaf_ = at == Bytes::npos;
    if (leaf_) return text_.End(key);
    at += delimiter_.size();
  }
  return at;
}

template <RankedCursor C>
bool Facets<C>::IsInFacet(Bytes key) const {
  return key.starts_with(facet_) && (!leaf_ || text_.End(key) == facet_.size());
}

template <RankedCursor C>
void Facets<C>::MoveToNextFacet() {
  if (leaf_) {
    cursor_.Seek(*text_.Same(facet_ + '\0').hi);
  } else {
    cursor_.NextPast(facet_.size());
  }
}

template <RankedCursor C>
void Facets<C>::CountFacet() {
  for (uint64_t n = 0;;) {
    if (++n == kSteps) break;
    cursor_.Next();
    // shared() is a lower bound: where it falls short, the key decides. Of a leaf's keys two bytes
    // follow the text that tell where it ends.
    if (!cursor_.Valid() ||
        (cursor_.shared() < facet_.size() + (leaf_ ? 2 : 0) && !IsInFacet(cursor_.key()))) {
      count_ = n;
      rank_ += n;
      return;
    }
  }
  // The cursor stands on key number kSteps of the facet, kSteps - 1 after its first.
  if (!rank_known_) {
    rank_ = cursor_.rank() - (kSteps - 1);
    rank_known_ = true;
  }
  MoveToNextFacet();
  uint64_t end;
  if (cursor_.Valid()) {
    end = cursor_.rank();
  } else {
    if (!cursor_.status().ok()) return;
    cursor_.SeekLast();
    if (!cursor_.Valid()) return;
    end = cursor_.rank() + 1;
    cursor_.Next();  // off the end again
  }
  if (end < rank_ + kSteps) {  // stored keys out of order could send it round for ever
    status_ = Status::Corrupt("keys are out of order");
    return;
  }
  count_ = end - rank_;
  rank_ = end;
}

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_FACETS_H_
