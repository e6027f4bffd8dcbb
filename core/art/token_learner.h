// TokenLearner: learns a book from texts that are fed to it, in small steps.
//
// First it cuts the texts greedily into the tokens so far, all bytes to begin with, and makes
// neighbours that have met often enough one token, at once: after Gargiulo and Venturini, "OnPair:
// Short Strings Compression for Fast Random Access", 2025. Then it counts how often each token is
// used in further texts, and keeps those that pay, the most used with codes of one byte.

#ifndef MEMKV_CORE_ART_TOKEN_LEARNER_H_
#define MEMKV_CORE_ART_TOKEN_LEARNER_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/alloc.h"
#include "core/art/token_book.h"

namespace memkv::art {

// Tokens that are added one by one, and the longest that begins a text. Bytes are tokens 0 to 255.
class TokenSet {
 public:
  // Throws std::bad_alloc; so does Add().
  explicit TokenSet(uint32_t most);
  uint32_t size() const { return static_cast<uint32_t>(tokens_.size()); }
  uint32_t most() const { return most_; }
  const Token& operator[](uint32_t i) const { return tokens_[i]; }
  // REQUIRES size() < most(), and that it is not there.
  uint32_t Add(const Token& t);
  // REQUIRES n > 0, and that 16 bytes can be read.
  uint32_t Longest(const uint8_t* p, uint32_t n) const;
  uint64_t bytes() const;

 private:
  // A text's first bytes as two words, zeros behind them.
  struct Words {
    uint64_t low, high;
  };
  size_t PlaceOf(const Words& w) const {
    return (w.low ^ w.high * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu >> shift_;
  }
  static uint32_t Pair(const uint8_t* p) { return p[0] | uint32_t{p[1]} << 8; }
  static uint32_t FourOf(const uint8_t* p) { return Load32(p) * 2654435761u >> (32 - kFourBits); }

  static constexpr uint32_t kFourBits = 14;
  uint32_t most_;
  int shift_;
  std::vector<Token, Allocator<Token>> tokens_;
  // Token 0 is a byte, so that 0 is no token of several.
  std::vector<uint16_t, Allocator<uint16_t>> places_;
  // The lengths of tokens: of 2 and 3 bytes by the first two, of more by a hash of the first four.
  std::vector<uint8_t, Allocator<uint8_t>> short_;
  std::vector<uint16_t, Allocator<uint16_t>> long_;
};

class TokenLearner {
 public:
  struct Demand {
    uint32_t tokens;        // at most; REQUIRES 256 <= tokens <= kMostTokens
    uint32_t sample_bytes;  // to learn from; then half as many to count uses in
    uint32_t meetings;      // that make two neighbours one
  };
  static constexpr uint32_t kMostTokens = 50'000;
  static constexpr uint32_t kLongestText = 256;  // bytes behind these are ignored

  // Throws std::bad_alloc, as all of its functions.
  explicit TokenLearner(const Demand& demand);
  // Some 30 ns a byte.
  void Add(const uint8_t* text, uint32_t n);
  // What a text counts for in a sample: looking at a short one, or at none at all, takes time too.
  static uint32_t Weight(uint32_t n) { return std::clamp(n, kLeastWeight, kLongestText); }
  // No text is needed any more: the book can be made.
  bool done() const { return counting_ && fed_ >= demand_.sample_bytes / 2; }
  bool counting() const { return counting_; }
  // The book for `total_bytes` of text, of which the sample is a part: some ms. REQUIRES done().
  TokenBook MakeBook(uint64_t total_bytes) const;
  uint64_t bytes() const;

 private:
  // How often pairs of neighbouring tokens were seen: buckets of eight pairs, in which a new one
  // replaces the rarest.
  class Meetings {
   public:
    Meetings() : buckets_(size_t{1} << kBits) {}
    // Whether that was the n-th time; then they are forgotten.
    bool Meet(uint32_t a, uint32_t b, uint32_t n);
    uint64_t bytes() const { return buckets_.size() * sizeof(Bucket); }

   private:
    static constexpr uint32_t kBits = 15;
    // What of the pair's hash the bucket does not say << 4 | meetings
    struct Bucket {
      uint32_t pair[8] = {};
    };
    std::vector<Bucket, Allocator<Bucket>> buckets_;
  };

  static constexpr uint32_t kLeastWeight = 8;

  void Learn(const uint8_t* text, uint32_t n);
  void Count(const uint8_t* text, uint32_t n);

  Demand demand_;
  TokenSet tokens_;
  std::optional<Meetings> meetings_;
  std::vector<uint32_t, Allocator<uint32_t>> uses_;  // by token; while they are counted
  bool counting_ = false;
  uint32_t fed_ = 0;  // weight of the texts of this phase
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_TOKEN_LEARNER_H_
