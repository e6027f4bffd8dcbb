// LeafCoder: the rests of leaves that are being edited, coded with the present book or plain. What
// it makes lies in the scratch of the write.

#ifndef MEMKV_CORE_ART_LEAF_CODER_H_
#define MEMKV_CORE_ART_LEAF_CODER_H_

#include <cstdint>

#include "core/art/coding.h"
#include "core/art/leaf.h"
#include "core/art/scratch.h"
#include "core/bytes.h"

namespace memkv::art {

class LeafCoder {
 public:
  // Both live as long.
  LeafCoder(Coding* coding, Scratch* scratch) : coding_(coding), scratch_(scratch) {}

  struct Rest {
    const uint8_t* p;
    uint32_t n;
  };
  // All throw std::bad_alloc. `book` is the present one, or 0, for rests that are and stay plain.
  uint32_t EncodeRest(uint8_t book, Bytes rest, const uint8_t** out);
  // A rest without its first `cut` plain bytes, of which *last gets the last one.
  Rest CutRest(uint8_t book, Rest rest, uint32_t cut, uint8_t* last);
  // A rest behind the first `take` plain bytes of another and the byte `then`.
  Rest ExtendRest(uint8_t book, Rest before, uint32_t take, uint8_t then, Rest rest);

  // Has all rests coded with the present book; has them plain.
  void Recode(LeafParts& parts);
  void Decode(LeafParts& parts);
  // Entry i gets the rest of `key` after its first `l` bytes.
  void SetRest(LeafParts& parts, uint32_t i, uint32_t l, Bytes key);
  // Entry i shares l bytes, as many as before or more, with a new entry in front of it.
  void CutNext(LeafParts& parts, uint32_t i, uint32_t l);
  // The next entry gets back the bytes it shared with entry i alone.
  void RemoveEntry(LeafParts& parts, uint32_t i);

 private:
  void EncodeRests(LeafParts& parts);

  Coding* coding_;
  Scratch* scratch_;
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_LEAF_CODER_H_
