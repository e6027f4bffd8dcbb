// Codebook: a set of tokens with their codes, and the cutting of text into them. TokenCode is its
// reading half.
//
// Learnt in two steps: byte-pair merging over a sample proposes tokens (learn.h); fitting parses
// the sample optimally with them, counts, and keeps what pays.

#ifndef MEMKV_CORE_FST_CODEBOOK_H_
#define MEMKV_CORE_FST_CODEBOOK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/fst/progress.h"
#include "core/fst/token_code.h"

namespace memkv::fst {

// Strings to learn from, one after the other; each ends a key (END follows) or not (a reference
// follows).
struct Sample {
  struct Piece {
    uint32_t stop;  // where it ends in text
    bool end;
  };
  std::string text;
  std::vector<Piece> pieces;

  void Add(Bytes s, bool end) {
    text.append(s);
    pieces.push_back({static_cast<uint32_t>(text.size()), end});
  }
};

struct Token {
  std::string text;
  bool end = false;
};

class Codebook {
 public:
  // What a fit is told beside the sample.
  struct Demand {
    uint64_t total_bytes = 0;        // of all the text the sample stands for
    bool used[256] = {};             // which bytes the text holds: each gets a token of its own
    std::vector<uint64_t> hot_gain;  // bytes saved by each lead given to hot references, falling
  };

  // Learns from the sample. Integer arithmetic and ties by text only: the same everywhere.
  static Codebook Learn(const Sample& sample, const Demand& demand, Progress* progress);
  // The tokens of another image's code, with those added that `demand` cannot do without.
  static Codebook Adopt(const TokenCode& code, const Demand& demand);
  // Whether all codes are those of `code`, so that what that has coded may be taken over.
  bool SameCodes(const TokenCode& code) const;

  // Appends the codes of s with the fewest bytes. REQUIRES that every byte of s is used.
  void Encode(Bytes s, bool end, std::string* out);
  // Bytes of code per 1024 bytes of text, on every eighth piece of the sample.
  uint64_t Rate(const Sample& sample, Progress* progress);
  // The same when it was learnt, by whichever image learnt it.
  uint64_t learnt_rate() const { return learnt_rate_; }
  // Section kCode.
  std::string Serialize(uint32_t ref_bytes) const;

  uint32_t hot() const { return hot_; }
  uint32_t hot_leads() const { return 255 - hot_; }

 private:
  // The tokens as a trie in a double array: the child of node x by byte c is at
  // nodes_[nodes_[x].base + c], if that says so.
  struct Node {
    uint32_t parent = kFree;
    uint32_t base = 0;
    uint16_t plain = kNoToken,
             end = kNoToken;  // the tokens spelled by the path, and what they cost
    uint16_t plain_cost = 0, end_cost = 0;
  };
  static constexpr uint32_t kFree = 0xffffffff;
  static constexpr uint16_t kNoToken = 0xffff;
  struct Step {
    uint32_t cost;
    uint16_t token;
    uint16_t length;
  };

  void BuildTrie();
  void PlaceChildren(uint32_t node, uint32_t depth, const std::vector<uint32_t>& sorted,
                     size_t from, size_t to);
  void Cut(const char* s, size_t n, bool end);
  void CutPiece(Bytes s, bool end);
  void Fit(const Sample& sample, const Demand& demand, Progress* progress);
  void AssignCodes(std::vector<uint32_t> by_use, uint32_t one);

  std::vector<Token> tokens_;
  uint64_t learnt_rate_ = 0;
  std::vector<uint32_t> cost_;  // bytes a token takes, in 1/256
  std::vector<uint32_t> code_;  // one byte: below 256; two: 256 + the lead << 8 + the second
  uint32_t end1_ = 0, one_ = 0, end2_ = 0, hot_ = 255;
  std::vector<uint32_t> order_;  // tokens in the order of their codes
  uint32_t two_end_ = 0, two_plain_ = 0;

  std::vector<Node> nodes_;
  size_t first_free_ = 0, high_ = 0;  // no free node is before, no taken one from there on
  std::vector<Step> steps_;           // scratch of Cut
  std::vector<uint32_t> parse_;       // the tokens that Cut found
};

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_CODEBOOK_H_
