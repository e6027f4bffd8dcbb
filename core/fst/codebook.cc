#include "core/fst/codebook.h"

#include <algorithm>
#include <numeric>

#include "core/fst/format.h"
#include "core/fst/learn.h"

namespace memkv::fst {
namespace {

constexpr size_t kMostMerges = 40000;
constexpr int kFitRounds = 4;
constexpr size_t kMostHotLeads = 32;
constexpr size_t kChunk =
    4096;  // longer text is cut piece by piece, so that parsing needs bounded memory
constexpr uint32_t kNever = 1u << 30;

// How lead bytes are shared out.
struct Split {
  size_t one, two, hot;  // tokens of one byte, of two; leads for hot references
};

// The split of 255 leads that saves most, for tokens used uses[0] >= uses[1] >= ... times. The
// first `base` must fit.
Split BestSplit(const std::vector<uint64_t>& uses, const std::vector<uint64_t>& hot_gain) {
  std::vector<uint64_t> sum(uses.size() + 1, 0);
  for (size_t i = 0; i < uses.size(); ++i) sum[i + 1] = sum[i] + uses[i];
  Split best = {0, 0, 0};
  uint64_t most = 0, hot_saved = 0;
  for (size_t hot = 0; hot <= std::min(kMostHotLeads, hot_gain.size()); ++hot) {
    if (hot > 0) hot_saved += hot_gain[hot - 1];
    const size_t leads = 255 - hot;
    if (uses.size() <= leads) {
      const uint64_t saved = sum[uses.size()] * 9 / 4 + hot_saved;
      if (saved >= most) most = saved, best = {uses.size(), 0, hot};
      continue;
    }
    for (size_t one = 0; one + 2 <= leads; ++one) {
      // Two leads are for two classes that each end in part of a lead; a token that goes costs 5/4
      // byte a use.
      const size_t room = one + (leads - one - 1) * 256;
      const uint64_t saved = sum[one] + sum[std::min(room, uses.size())] * 5 / 4 + hot_saved;
      if (saved > most) most = saved, best = {one, std::min(room, uses.size()) - one, hot};
    }
  }
  return best;
}

}  // namespace

Codebook Codebook::Learn(const Sample& sample, const Demand& demand, Progress* progress) {
  Codebook book;
  for (int c = 0; c < 256; ++c) {
    if (demand.used[c]) book.tokens_.push_back({std::string(1, static_cast<char>(c)), false});
  }
  book.tokens_.push_back({"", true});
  book.cost_.assign(book.tokens_.size(), 384);
  for (Token& token : ProposeTokens(sample, kMostMerges, progress)) {
    book.tokens_.push_back(std::move(token));
    book.cost_.push_back(512);
  }
  book.Fit(sample, demand, progress);
  book.learnt_rate_ = book.Rate(sample, progress);
  return book;
}

void Codebook::Fit(const Sample& sample, const Demand& demand, Progress* progress) {
  const uint64_t sampled = std::max<uint64_t>(1, sample.text.size());
  for (int round = 0;; ++round) {
    BuildTrie();
    std::vector<uint64_t> uses(tokens_.size(), 0);
    size_t from = 0;
    for (const Sample::Piece& piece : sample.pieces) {
      CutPiece(Bytes(sample.text).substr(from, piece.stop - from), piece.end);
      for (uint32_t t : parse_) ++uses[t];
      if (progress->Stop(40 * uint64_t{piece.stop - from})) return;
      from = piece.stop;
    }
    std::vector<uint32_t> kept;
    std::vector<uint64_t> kept_uses;
    for (uint32_t t = 0; t < tokens_.size(); ++t) {
      const Token& token = tokens_[t];
      const bool base = token.end ? token.text.empty() : token.text.size() == 1;
      uses[t] = uses[t] * std::max(sampled, demand.total_bytes) / sampled;
      // A token is stored in about three bytes and one per byte of its own.
      if (base || uses[t] >= 3 + token.text.size()) kept.push_back(t);
    }
    std::stable_sort(kept.begin(), kept.end(),
                     [&](uint32_t a, uint32_t b) { return uses[a] > uses[b]; });
    for (uint32_t t : kept) kept_uses.push_back(uses[t]);
    const Split split = BestSplit(kept_uses, demand.hot_gain);
    // The least used go, but no base token.
    size_t surplus = kept.size() - split.one - split.two;
    std::vector<uint32_t> chosen;
    for (size_t i = kept.size(); i-- > 0;) {
      const Token& token = tokens_[kept[i]];
      const bool base = token.end ? token.text.empty() : token.text.size() == 1;
      if (surplus > 0 && !base) {
        --surplus;
      } else {
        chosen.push_back(kept[i]);
      }
    }
    std::reverse(chosen.begin(), chosen.end());
    hot_ = 255 - static_cast<uint32_t>(split.hot);

    std::vector<Token> tokens;
    for (uint32_t t : chosen) tokens.push_back(std::move(tokens_[t]));
    tokens_ = std::move(tokens);
    std::vector<uint32_t> by_use(tokens_.size());
    std::iota(by_use.begin(), by_use.end(), 0);
    AssignCodes(std::move(by_use), static_cast<uint32_t>(split.one));
    if (round + 1 == kFitRounds) break;
  }
  BuildTrie();
}

Codebook Codebook::Adopt(const TokenCode& code, const Demand& demand) {
  Codebook book;
  bool have[256] = {};
  const uint32_t first[4] = {0, code.end1, code.one, code.one + (code.end2 - code.one) * 256};
  bool have_end = false;
  for (int group = 0; group < 4; ++group) {
    for (uint32_t i = 0; i < code.known[group]; ++i) {
      const TokenSlot& slot = code.slots[first[group] + i];
      const bool end = group % 2 == 0;
      if (!end && slot.length == 1) have[static_cast<uint8_t>(slot.text[0])] = true;
      if (end && slot.length == 0) have_end = true;
      if (!end && slot.length == 0) continue;
      if (slot.length + end > 1 && book.tokens_.size() >= kMostMerges) continue;
      book.tokens_.push_back({std::string(slot.text, slot.length), end});
    }
  }
  if (!have_end) book.tokens_.push_back({"", true});
  for (int c = 0; c < 256; ++c) {
    if (demand.used[c] && !have[c])
      book.tokens_.push_back({std::string(1, static_cast<char>(c)), false});
  }
  book.learnt_rate_ = code.learnt_rate;
  std::vector<uint32_t> order(book.tokens_.size());
  std::iota(order.begin(), order.end(), 0);
  book.AssignCodes(std::move(order), code.one);
  book.BuildTrie();
  return book;
}

bool Codebook::SameCodes(const TokenCode& code) const {
  const uint32_t known[4] = {end1_, one_ - end1_, two_end_, two_plain_};
  if (hot_ != code.hot || end1_ != code.end1 || one_ != code.one || end2_ != code.end2 ||
      !std::equal(std::begin(known), std::end(known), code.known)) {
    return false;
  }
  const uint32_t first[4] = {0, end1_, one_, one_ + (end2_ - one_) * 256};
  size_t at = 0;
  for (int group = 0; group < 4; ++group) {
    for (uint32_t i = 0; i < known[group]; ++i) {
      const TokenSlot& slot = code.slots[first[group] + i];
      if (tokens_[order_[at++]].text != Bytes(slot.text, slot.length)) return false;
    }
  }
  return true;
}

// Gives codes to all tokens, the first `one` of by_use in one byte; fewer if the leads below hot_ run
// out. Leads that no token needs are left to hot references.
void Codebook::AssignCodes(std::vector<uint32_t> by_use, uint32_t one) {
  std::vector<uint32_t> groups[4];
  for (;; --one) {
    for (auto& group : groups) group.clear();
    for (size_t i = 0; i < by_use.size(); ++i) {
      groups[(i < one ? 0 : 2) + (tokens_[by_use[i]].end ? 0 : 1)].push_back(by_use[i]);
    }
    const size_t leads = (groups[2].size() + 255) / 256 + (groups[3].size() + 255) / 256;
    if (one + leads <= hot_) {
      end2_ = one + static_cast<uint32_t>((groups[2].size() + 255) / 256);
      break;
    }
    if (one == 0) {  // too many even so: hot references give way
      ++hot_;
      ++one;
    }
  }
  one_ = one = static_cast<uint32_t>(groups[0].size() + groups[1].size());
  end2_ = one + static_cast<uint32_t>((groups[2].size() + 255) / 256);
  hot_ = end2_ + static_cast<uint32_t>((groups[3].size() + 255) / 256);
  end1_ = static_cast<uint32_t>(groups[0].size());
  two_end_ = static_cast<uint32_t>(groups[2].size());
  two_plain_ = static_cast<uint32_t>(groups[3].size());
  code_.assign(tokens_.size(), 0);
  cost_.assign(tokens_.size(), 0);
  order_.clear();
  const uint32_t first[4] = {0, end1_, one_, end2_};
  for (int group = 0; group < 4; ++group) {
    std::sort(groups[group].begin(), groups[group].end(),
              [&](uint32_t a, uint32_t b) { return tokens_[a].text < tokens_[b].text; });
    for (uint32_t i = 0; i < groups[group].size(); ++i) {
      const uint32_t t = groups[group][i];
      const bool two = group >= 2;
      code_[t] = two ? 256 + ((first[group] << 8) + i) : first[group] + i;
      cost_[t] = two ? 512 : 256;
      order_.push_back(t);
    }
  }
}

void Codebook::BuildTrie() {
  std::vector<uint32_t> sorted(tokens_.size());
  std::iota(sorted.begin(), sorted.end(), 0);
  std::sort(sorted.begin(), sorted.end(), [&](uint32_t a, uint32_t b) {
    const int order = tokens_[a].text.compare(tokens_[b].text);
    return order != 0 ? order < 0 : a < b;
  });
  nodes_.assign(512, Node{});
  nodes_[0].parent = 0;
  first_free_ = high_ = 257;
  PlaceChildren(0, 0, sorted, 0, sorted.size());
  nodes_.resize(nodes_.size() + 256);  // any base + byte is inside
}

// Gives places to the children of a node, whose tokens sorted[from, to) share their first `depth`
// bytes.
void Codebook::PlaceChildren(uint32_t node, uint32_t depth, const std::vector<uint32_t>& sorted,
                             size_t from, size_t to) {
  for (; from < to && tokens_[sorted[from]].text.size() == depth; ++from) {
    const uint32_t t = sorted[from];
    (tokens_[t].end ? nodes_[node].end : nodes_[node].plain) = static_cast<uint16_t>(t);
    (tokens_[t].end ? nodes_[node].end_cost : nodes_[node].plain_cost) =
        static_cast<uint16_t>(cost_[t]);
  }
  if (from == to) return;
  struct Edge {
    uint8_t byte;
    size_t from;
  };
  std::vector<Edge> edges;
  for (size_t i = from; i < to; ++i) {
    const auto byte = static_cast<uint8_t>(tokens_[sorted[i]].text[depth]);
    if (edges.empty() || edges.back().byte != byte) edges.push_back({byte, i});
  }
  // The first base whose places are all free.
  while (first_free_ < nodes_.size() && nodes_[first_free_].parent != kFree) ++first_free_;
  size_t base = first_free_ - edges[0].byte;
  for (size_t tries = 0;; ++base, ++tries) {
    if (tries == 512)
      base = std::max(base, high_);  // what is left in between is not worth the search
    if (base + 256 > nodes_.size()) nodes_.resize(base + nodes_.size() / 2 + 256);
    if (std::all_of(edges.begin(), edges.end(),
                    [&](const Edge& e) { return nodes_[base + e.byte].parent == kFree; }))
      break;
  }
  nodes_[node].base = static_cast<uint32_t>(base);
  for (const Edge& e : edges) nodes_[base + e.byte].parent = node;
  high_ = std::max(high_, base + edges.back().byte + 1);
  for (size_t i = 0; i < edges.size(); ++i) {
    PlaceChildren(static_cast<uint32_t>(base + edges[i].byte), depth + 1, sorted, edges[i].from,
                  i + 1 < edges.size() ? edges[i + 1].from : to);
  }
}

// Appends the cheapest parse of s[0, n) to parse_: dynamic programming from the right.
void Codebook::Cut(const char* s, size_t n, bool end) {
  if (steps_.size() < n + 1) steps_.resize(n + 1);
  steps_[n] = {0, kNoToken, 0};
  if (end) steps_[n] = {nodes_[0].end_cost, nodes_[0].end, 0};
  const Node* const nodes = nodes_.data();
  for (size_t i = n; i-- > 0;) {
    Step best = {kNever, kNoToken, 1};
    uint32_t node = 0;
    for (size_t j = i; j < n;) {
      const uint32_t child = nodes[node].base + static_cast<uint8_t>(s[j]);
      const Node& at = nodes[child];
      if (at.parent != node) break;
      node = child;
      ++j;
      if (at.plain != kNoToken) {
        const uint32_t cost = at.plain_cost + steps_[j].cost;
        if (cost < best.cost) best = {cost, at.plain, static_cast<uint16_t>(j - i)};
      }
      if (j == n && end && at.end != kNoToken && at.end_cost <= best.cost) {
        best = {at.end_cost, at.end, static_cast<uint16_t>(j - i)};
      }
    }
    steps_[i] = best;
  }
  size_t i = 0;
  bool ended = false;
  while (i < n) {
    parse_.push_back(steps_[i].token);
    ended = tokens_[parse_.back()].end;
    i += steps_[i].length;
  }
  if (end && !ended) parse_.push_back(steps_[n].token);
}

void Codebook::CutPiece(Bytes s, bool end) {
  parse_.clear();
  while (s.size() > kChunk) {
    Cut(s.data(), kChunk, false);
    s.remove_prefix(kChunk);
  }
  Cut(s.data(), s.size(), end);
}

void Codebook::Encode(Bytes s, bool end, std::string* out) {
  CutPiece(s, end);
  for (uint32_t t : parse_) {
    const uint32_t code = code_[t];
    if (code >= 256) out->push_back(static_cast<char>((code - 256) >> 8));
    out->push_back(static_cast<char>(code));
  }
}

uint64_t Codebook::Rate(const Sample& sample, Progress* progress) {
  uint64_t code = 0, text = 0;
  size_t from = 0;
  for (size_t i = 0; i < sample.pieces.size(); ++i) {
    const Sample::Piece& piece = sample.pieces[i];
    if (i % 8 == 0) {
      CutPiece(Bytes(sample.text).substr(from, piece.stop - from), piece.end);
      for (uint32_t t : parse_) code += cost_[t] / 256;
      text += piece.stop - from;
      if (progress->Stop(40 * uint64_t{piece.stop - from})) break;
    }
    from = piece.stop;
  }
  return code * 1024 / std::max<uint64_t>(1, text);
}

std::string Codebook::Serialize(uint32_t ref_bytes) const {
  std::string out;
  for (uint64_t v : {uint64_t{end1_}, uint64_t{one_}, uint64_t{end2_}, uint64_t{hot_},
                     uint64_t{ref_bytes}, uint64_t{two_end_}, uint64_t{two_plain_}, learnt_rate_})
    PutVarint(&out, v);
  const size_t starts[4] = {0, end1_, one_, one_ + two_end_};
  Bytes last;
  for (size_t i = 0; i < order_.size(); ++i) {
    if (std::find(std::begin(starts), std::end(starts), i) != std::end(starts)) last = {};
    const Bytes text = tokens_[order_[i]].text;
    const size_t shared = CommonPrefix(last, text);
    out.push_back(static_cast<char>(shared << 4 | (text.size() - shared)));
    out.append(text.substr(shared));
    last = text;
  }
  return out;
}

}  // namespace memkv::fst
