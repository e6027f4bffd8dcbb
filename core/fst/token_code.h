// TokenCode: the token code of an image, as a reader wants it: one 16-byte slot per code. See
// format.h, section kCode.

#ifndef MEMKV_CORE_FST_TOKEN_CODE_H_
#define MEMKV_CORE_FST_TOKEN_CODE_H_

#include <cstdint>
#include <memory>

#include "core/bytes.h"
#include "core/status.h"

namespace memkv::fst {

// One token's text; a comparison or a copy is one 16-byte load.
struct alignas(16) TokenSlot {
  char text[15];
  uint8_t length;
};

struct TokenCode {
  uint32_t end1 = 0, one = 0, end2 = 0, hot = 255;  // e1, n1, e2, hot of the picture
  uint32_t ref_bytes = 1;
  uint64_t learnt_rate = 0;  // bytes of code per 1024 of text when it was learnt
  uint32_t slot_count = 0;
  std::unique_ptr<TokenSlot[]>
      slots;               // one for every code below hot; those without a token are empty
  uint32_t known[4] = {};  // tokens: END of one byte, plain of one byte, END of two, plain of two

  // Reads a section kCode. Afterwards every code below hot has a slot.
  Status Parse(Bytes section);

  bool IsEnd(uint32_t lead) const { return lead < end1 || lead - one < end2 - one; }
  // The slot of the token at p, which is moved past it. REQUIRES *p < hot and two readable bytes.
  const TokenSlot& Take(const uint8_t*& p) const {
    uint32_t c = *p++;
    if (c >= one) c = one + ((c - one) << 8 | *p++);
    return slots[c];
  }
  // Whether a code has a token, for Verify. REQUIRES *p < hot.
  bool Known(const uint8_t* p) const;
};

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_TOKEN_CODE_H_
