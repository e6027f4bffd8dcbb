#include "core/art/token_learner.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace memkv::art {

// --- TokenSet ---

TokenSet::TokenSet(uint32_t most)
    : most_(most),
      places_(std::bit_ceil(size_t{most} * 3 / 2)),
      short_(65536),
      long_(size_t{1} << kFourBits) {
  shift_ = 64 - std::countr_zero(places_.size());
  tokens_.reserve(most);
  for (uint32_t c = 0; c < 256; ++c) {
    Token t;
    t.text[0] = static_cast<uint8_t>(c);
    t.length = 1;
    tokens_.push_back(t);
  }
}

uint32_t TokenSet::Add(const Token& t) {
  assert(size() < most_ && t.length > 1);
  const uint32_t id = size();
  tokens_.push_back(t);
  if (t.length < 4) {
    short_[Pair(t.text)] |= static_cast<uint8_t>(1u << t.length);
  } else {
    long_[FourOf(t.text)] |= static_cast<uint16_t>(1u << t.length);
  }
  size_t i = PlaceOf({Load64(t.text), Load64(t.text + 8) & 0xffffffffffffff});
  while (places_[i]) i = (i + 1) & (places_.size() - 1);
  places_[i] = static_cast<uint16_t>(id);
  return id;
}

uint32_t TokenSet::Longest(const uint8_t* p, uint32_t n) const {
  if (n == 1) return *p;
  uint32_t lengths = short_[Pair(p)] | uint32_t{long_[FourOf(p)]};
  if (n < Token::kLongest) lengths &= (2u << n) - 1;
  const uint64_t low = Load64(p), high = Load64(p + 8);
  while (lengths) {
    const uint32_t length = 31 - static_cast<uint32_t>(std::countl_zero(lengths));
    lengths ^= 1u << length;
    const auto front = [](uint64_t w, uint32_t bytes) {
      return bytes >= 8 ? w : w & ((uint64_t{1} << 8 * bytes) - 1);
    };
    const Words w = {front(low, length), length > 8 ? front(high, length - 8) : 0};
    for (size_t i = PlaceOf(w); places_[i]; i = (i + 1) & (places_.size() - 1)) {
      const Token& t = tokens_[places_[i]];
      if (t.length == length && Load64(t.text) == w.low &&
          (Load64(t.text + 8) & 0xffffffffffffff) == w.high) {
        return places_[i];
      }
    }
  }
  return *p;
}

uint64_t TokenSet::bytes() const {
  return tokens_.capacity() * sizeof(Token) + 2 * (places_.size() + long_.size()) + short_.size();
}

// --- TokenLearner ---

bool TokenLearner::Meetings::Meet(uint32_t a, uint32_t b, uint32_t n) {
  // An odd factor: each pair has a product of its own.
  const uint32_t hash = (a << 16 | b) * 0x9e3779b1u;
  Bucket& bucket = buckets_[hash >> (32 - kBits)];
  const uint32_t pair = hash << kBits >> (kBits - 4) & ~15u;
  uint32_t least = 0;
  for (uint32_t i = 0; i < 8; ++i) {
    uint32_t& x = bucket.pair[i];
    if (x && (x & ~15u) == pair) {
      if ((++x & 15) < n) return false;
      x = 0;
      return true;
    }
    if ((x & 15) < (bucket.pair[least] & 15)) least = i;
  }
  bucket.pair[least] = pair | 1;
  return false;
}

TokenLearner::TokenLearner(const Demand& demand)
    : demand_(demand), tokens_(demand.tokens), meetings_(std::in_place) {
  assert(demand.tokens >= 256 && demand.tokens <= kMostTokens && demand.meetings < 16);
}

void TokenLearner::Add(const uint8_t* text, uint32_t n) {
  n = std::min(n, kLongestText);
  uint8_t copy[kLongestText + sizeof(Token)];
  std::memcpy(copy, text, n);
  std::memset(copy + n, 0, sizeof(Token));
  fed_ += Weight(n);
  if (counting_) return Count(copy, n);
  Learn(copy, n);
  if (fed_ < demand_.sample_bytes) return;
  uses_.resize(tokens_.size());
  meetings_.reset();
  counting_ = true;
  fed_ = 0;
}

void TokenLearner::Learn(const uint8_t* text, uint32_t n) {
  uint32_t before = tokens_.most();
  for (uint32_t at = 0; at < n;) {
    uint32_t token = tokens_.Longest(text + at, n - at);
    const uint32_t length = tokens_[token].length;
    if (before != tokens_.most() && tokens_.size() < tokens_.most()) {
      Token both = tokens_[before];
      const uint32_t front = both.length, sum = front + length;
      if (sum <= Token::kLongest && meetings_->Meet(before, token, demand_.meetings)) {
        std::memcpy(both.text + front, text + at, length);
        both.length = static_cast<uint8_t>(sum);
        // The two may be a token that was not the longest where they began.
        const uint32_t known = tokens_.Longest(text + at - front, sum);
        token = tokens_[known].length == sum ? known : tokens_.Add(both);
      }
    }
    before = token;
    at += length;
  }
}

void TokenLearner::Count(const uint8_t* text, uint32_t n) {
  for (uint32_t at = 0; at < n;) {
    const uint32_t token = tokens_.Longest(text + at, n - at);
    ++uses_[token];
    at += tokens_[token].length;
  }
}

TokenBook TokenLearner::MakeBook(uint64_t total_bytes) const {
  // A token takes some 32 bytes, in the book and the coder: it has to be used as often.
  constexpr uint64_t kBytes = 32;
  const uint64_t least = kBytes * (fed_ + 1) / (total_bytes + 1) + 1;
  struct Use {
    uint32_t uses, token;
  };
  std::vector<Use, Allocator<Use>> kept;
  for (uint32_t i = 0; i < tokens_.size(); ++i) {
    if (i < 256 || uses_[i] >= least) kept.push_back({uses_[i], i});
  }
  std::sort(kept.begin(), kept.end(), [](const Use& a, const Use& b) {
    return a.uses != b.uses ? a.uses > b.uses : a.token < b.token;
  });
  // A token saves what it is longer than its code; those beyond a book's room save nothing, of
  // bytes about one in four.
  std::vector<uint64_t, Allocator<uint64_t>> sum(kept.size() + 1);
  for (size_t i = 0; i < kept.size(); ++i) sum[i + 1] = sum[i] + kept[i].uses;
  uint32_t one = 1;
  uint64_t best = 0;
  for (uint32_t o = 1; o < 256; ++o) {
    const size_t room = std::min<size_t>(TokenBook::Room(o), kept.size());
    const uint64_t saved = sum[std::min<size_t>(o, room)] + sum[room] * 5 / 4;
    if (saved > best) {
      best = saved;
      one = o;
    }
  }
  TokenBook book(one);
  const uint32_t room = book.room();
  uint32_t code = 0, bytes = 256;  // bytes that have no code yet: there is room for them
  for (const Use& u : kept) {
    if (u.token >= 256 && code + bytes >= room) continue;
    if (u.token < 256) --bytes;
    book.Set(code++, tokens_[u.token]);
  }
  return book;
}

uint64_t TokenLearner::bytes() const {
  return sizeof(TokenLearner) + tokens_.bytes() + uses_.capacity() * sizeof(uint32_t) +
         (meetings_ ? meetings_->bytes() : 0);
}

}  // namespace memkv::art
