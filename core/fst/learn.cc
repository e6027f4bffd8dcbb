#include "core/fst/learn.h"

#include <queue>

#include "core/fst/format.h"

namespace memkv::fst {
namespace {

constexpr uint16_t kEnd = 256;         // the symbol END
constexpr uint16_t kBarrier = 0xffff;  // between strings
constexpr uint32_t kNone = 0xffffffff;
constexpr uint32_t kFewest = 4;  // uses under which a pair cannot pay for its slot

// The sample as a row of symbols. A token of several symbols is written at its first and at its
// last place, so that both neighbours of a place are found without links. Each place starts at most
// one pair; the places of a pair form a list.
class Merger {
 public:
  explicit Merger(const Sample& sample) {
    row_.reserve(sample.text.size() + sample.pieces.size() + 1);
    row_.push_back(kBarrier);
    size_t from = 0;
    for (const Sample::Piece& piece : sample.pieces) {
      for (; from < piece.stop; ++from) row_.push_back(static_cast<uint8_t>(sample.text[from]));
      row_.push_back(piece.end ? kEnd : kBarrier);
    }
    row_.push_back(kBarrier);
    tokens_.resize(257);
    for (int i = 0; i < 256; ++i) tokens_[i] = {std::string(1, static_cast<char>(i)), false};
    tokens_[256] = {"", true};
    next_.resize(row_.size());
    prev_.resize(row_.size());
    slots_.assign(1024, kNone);
    for (size_t p = row_.size(); p-- > 0;) {
      if (p + 1 < row_.size() && Joins(row_[p], row_[p + 1]))
        Link(row_[p], row_[p + 1], static_cast<uint32_t>(p));
    }
    for (uint32_t id = 0; id < pairs_.size(); ++id) Offer(id);
  }

  std::vector<Token> Run(size_t merges, Progress* progress) {
    while (tokens_.size() < 257 + merges && !queue_.empty()) {
      const auto [uses, inverse] = queue_.top();
      queue_.pop();
      const uint32_t id = ~inverse;
      pairs_[id].offered = false;
      if (pairs_[id].uses != uses) {
        Offer(id);
        continue;
      }
      if (progress->Stop(200 + 100 * uint64_t{uses})) break;
      Merge(id);
    }
    tokens_.erase(tokens_.begin(), tokens_.begin() + 257);
    return std::move(tokens_);
  }

 private:
  struct Pair {
    uint16_t left, right;
    uint32_t uses;
    uint32_t head;
    bool offered;
  };

  size_t Symbols(uint16_t t) const {
    return t == kBarrier ? 1 : tokens_[t].text.size() + tokens_[t].end;
  }
  bool Joins(uint16_t a, uint16_t b) const {
    return a != kBarrier && b != kBarrier && !tokens_[a].end &&
           tokens_[a].text.size() + tokens_[b].text.size() <= kMaxTokenBytes;
  }

  uint32_t Slot(uint16_t a, uint16_t b) const {
    const uint32_t key = uint32_t{a} << 16 | b;
    uint32_t i = static_cast<uint32_t>((key * 0x9E3779B97F4A7C15u) >> 32) & (slots_.size() - 1);
    while (slots_[i] != kNone && (pairs_[slots_[i]].left != a || pairs_[slots_[i]].right != b)) {
      i = (i + 1) & (slots_.size() - 1);
    }
    return i;
  }
  uint32_t PairOf(uint16_t a, uint16_t b) {
    uint32_t slot = Slot(a, b);
    if (slots_[slot] != kNone) return slots_[slot];
    if (pairs_.size() * 2 >= slots_.size()) {
      std::vector<uint32_t> bigger(slots_.size() * 4, kNone);
      slots_.swap(bigger);
      for (uint32_t id = 0; id < pairs_.size(); ++id)
        slots_[Slot(pairs_[id].left, pairs_[id].right)] = id;
      slot = Slot(a, b);
    }
    slots_[slot] = static_cast<uint32_t>(pairs_.size());
    pairs_.push_back({a, b, 0, kNone, false});
    return slots_[slot];
  }
  uint32_t Link(uint16_t a, uint16_t b, uint32_t place) {
    const uint32_t id = PairOf(a, b);
    Pair& pair = pairs_[id];
    next_[place] = pair.head;
    prev_[place] = kNone;
    if (pair.head != kNone) prev_[pair.head] = place;
    pair.head = place;
    ++pair.uses;
    return id;
  }
  void Unlink(uint16_t a, uint16_t b, uint32_t place) {
    Pair& pair = pairs_[slots_[Slot(a, b)]];
    --pair.uses;
    (prev_[place] == kNone ? pair.head : next_[prev_[place]]) = next_[place];
    if (next_[place] != kNone) prev_[next_[place]] = prev_[place];
  }
  void Offer(uint32_t id) {
    Pair& pair = pairs_[id];
    if (pair.offered || pair.uses < kFewest) return;
    pair.offered = true;
    queue_.push({pair.uses, ~id});
  }

  void Merge(uint32_t id) {
    const uint16_t a = pairs_[id].left, b = pairs_[id].right;
    const auto t = static_cast<uint16_t>(tokens_.size());
    tokens_.push_back({tokens_[a].text + tokens_[b].text, tokens_[b].end});
    const auto a_symbols = static_cast<uint32_t>(Symbols(a)),
               t_symbols = static_cast<uint32_t>(Symbols(t));
    touched_.clear();
    while (pairs_[id].head != kNone) {
      const uint32_t p = pairs_[id].head, q = p + a_symbols, r = p + t_symbols;
      const uint16_t before = row_[p - 1], after = row_[r];
      const auto l = p - static_cast<uint32_t>(Symbols(before));
      Unlink(a, b, p);
      if (Joins(before, a)) Unlink(before, a, l);
      if (Joins(b, after)) Unlink(b, after, q);
      row_[p] = row_[r - 1] = t;
      if (Joins(before, t)) touched_.push_back(Link(before, t, l));
      if (Joins(t, after)) touched_.push_back(Link(t, after, p));
    }
    for (uint32_t x : touched_) Offer(x);
  }

  std::vector<uint16_t> row_;
  std::vector<uint32_t> next_, prev_;
  std::vector<Token> tokens_;
  std::vector<Pair> pairs_;
  std::vector<uint32_t> slots_;
  std::vector<uint32_t> touched_;
  std::priority_queue<std::pair<uint32_t, uint32_t>> queue_;
};

}  // namespace

std::vector<Token> ProposeTokens(const Sample& sample, size_t merges, Progress* progress) {
  return Merger(sample).Run(merges, progress);
}

}  // namespace memkv::fst
