// Literal: finds a short ASCII text in bytes, each letter perhaps in either case, sixteen places at
// a time.

#ifndef MEMKV_CORE_QUERY_LITERAL_H_
#define MEMKV_CORE_QUERY_LITERAL_H_

#include <cstddef>
#include <vector>

#include "core/bytes.h"
#include "core/query/automaton.h"

namespace memkv {

class Literal {
 public:
  static constexpr size_t kMaxBytes = 64;

  Literal() = default;
  // REQUIRES 0 < bytes.size() <= kMaxBytes, none of them NUL.
  explicit Literal(std::vector<CasePair> bytes);

  size_t size() const { return bytes_.size(); }

  // Where in `text`, before its first NUL, the literal first stands (*found), or where that NUL is,
  // or the end.
  size_t Find(Bytes text, bool* found) const;
  // Whether `text`, of size() bytes, is the literal.
  bool Is(const char* text) const;

 private:
  // The literal among the places [from, to) of `text`, which has size() - 1 bytes more; `to` if
  // nowhere. Stops short, *nul set, at a NUL.
  size_t FindInBlocks(const char* text, size_t from, size_t to, bool* nul) const;

  std::vector<CasePair> bytes_;
  size_t rare_ = 0, rarer_ = 0;  // the two bytes that are looked for first
};

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_LITERAL_H_
