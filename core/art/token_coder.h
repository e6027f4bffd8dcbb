// TokenCoder: cuts texts into the tokens of a book, the longest match first.
//
// The tokens are a trie in a double array: the child of node x by byte c is nodes_[base of x + c]
// if that was made for c; no two nodes have the same base, so that a child has one parent. Where a
// single token is left below a node, the node is its tail: the rest of its text is compared at
// once. Upper nodes come first, so that those of most texts lie close together.
//
//   node   bits 0-7    the byte that leads here
//          bit 8       taken
//          bit 9       a tail; then its token is in the place of the base
//          bit 10      a token ends here: ends_ has it
//          bits 12-31  the base

#ifndef MEMKV_CORE_ART_TOKEN_CODER_H_
#define MEMKV_CORE_ART_TOKEN_CODER_H_

#include <cstdint>
#include <vector>

#include "core/alloc.h"
#include "core/art/token_book.h"

namespace memkv::art {

class TokenCoder {
 public:
  // `book` has to outlive it, and have a token for each byte and no two of the same text. Build()
  // has to be called until it returns true before anything is coded. Throws std::bad_alloc.
  explicit TokenCoder(const TokenBook& book);
  // Builds for about `steps` times ten ns. Whether all is done. Throws std::bad_alloc; the coder
  // cannot be used then.
  bool Build(uint32_t steps);

  // `code` has room for 2 n + 1 bytes; returns how many it took. REQUIRES Build().
  uint32_t Encode(const uint8_t* plain, uint32_t n, uint8_t* code) const {
    uint8_t* o = code;
    for (const uint8_t *p = plain, *end = plain + n; p < end;) {
      const Match m = Longest(p, static_cast<uint32_t>(end - p));
      book_->PutCode(m.token, o);
      o += book_->CodeBytes(m.token);
      p += m.length;
    }
    return static_cast<uint32_t>(o - code);
  }
  // Encode() for a text whose end is coded already: text[from..n) is what the code `old` stands for
  // from its plain byte `skip` on. Gives the same code, faster: as soon as a token ends where one
  // of `old` does, the rest of `old` is copied. That is right because what a greedy cut does from a
  // place on depends on nothing before it.
  uint32_t Recode(const uint8_t* text, uint32_t n, uint32_t from, const uint8_t* old,
                  uint32_t old_n, uint32_t skip, uint8_t* code) const;

  uint64_t bytes() const {
    return sizeof(TokenCoder) + nodes_.capacity() * sizeof(nodes_[0]) +
           ends_.capacity() * sizeof(ends_[0]) +
           (order_.capacity() + sorted_.capacity()) * sizeof(order_[0]) +
           below_.capacity() * sizeof(Below) + is_base_.capacity() / 8;
  }

 private:
  static constexpr uint32_t kTaken = 1 << 8, kTail = 1 << 9, kEnds = 1 << 10;
  static constexpr int kBaseShift = 12;
  struct Match {
    uint32_t token, length;
  };
  // What Build() has yet to lay out: the tokens order_[from..to) below a node, which all begin
  // with its `depth` bytes.
  struct Below {
    uint32_t node, from, to, depth;
  };

  // REQUIRES n > 0.
  Match Longest(const uint8_t* p, uint32_t n) const {
    uint32_t at = *p, best = at, length = 1;
    for (uint32_t depth = 1;; ++depth) {
      const uint32_t x = nodes_[at];
      if (x & kTail) {
        const uint32_t token = x >> kBaseShift;
        const Token& t = (*book_)[token];
        if (TokenBook::SharedWith(t, p, n) >= t.length) return {token, t.length};
        break;
      }
      if (x & kEnds) {
        best = at;
        length = depth;
      }
      if (depth == n) break;
      at = (x >> kBaseShift) + p[depth];
      if ((nodes_[at] & (kTail - 1)) != (kTaken | p[depth])) break;
    }
    return {ends_[best], length};
  }
  void LayOut(const Below& below);
  uint32_t FindBase(const uint8_t* bytes, uint32_t n);
  bool IsFree(uint32_t base, const uint8_t* bytes, uint32_t n) const;

  const TokenBook* book_;
  std::vector<uint32_t, Allocator<uint32_t>> nodes_;
  std::vector<uint16_t, Allocator<uint16_t>> ends_;  // by node
  // While it is built.
  std::vector<uint16_t, Allocator<uint16_t>> order_, sorted_;
  std::vector<Below, Allocator<Below>> below_;
  size_t next_ = 0;  // of them
  std::vector<bool, Allocator<bool>> is_base_;
  uint32_t first_free_ = 256, end_ = 256;  // where to look; no node is taken from end_ on
  uint32_t steps_ = 0;
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_TOKEN_CODER_H_
