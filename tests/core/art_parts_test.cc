// The parts of Art on their own: vectors against their scalar twins, the arena, token books.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/art/arena.h"
#include "core/art/coding.h"
#include "core/art/simd.h"
#include "tests/core/ordered_keys.h"

namespace memkv::art {

using test::Random;

TEST_CASE("simd: vectors equal their scalar twins") {
  Random random(1);
  uint8_t p[64];
  for (int round = 0; round < 2000; ++round) {
    const uint64_t range = round % 3 == 0 ? 256 : round % 3 == 1 ? 4 : 2;
    for (uint8_t& b : p) b = static_cast<uint8_t>(random.Below(range) - (range == 4 ? 2 : 0));
    const auto c = static_cast<uint8_t>(random.Below(3) ? p[random.Below(64)] : random.Below(256));
    const Bytes64 v(p);
    const scalar::Bytes64 s(p);
    REQUIRE(v.Eq(c) == s.Eq(c));
    REQUIRE(v.Le(c) == s.Le(c));
    REQUIRE(v.Lt(c) == s.Lt(c));
    uint32_t lt, eq, slt, seq;
    Compare16(p, c, &lt, &eq);
    scalar::Compare16(p, c, &slt, &seq);
    REQUIRE(lt == slt);
    REQUIRE(eq == seq);
    for (uint32_t n = 0; n <= 64; ++n) REQUIRE(SumFirst64(p, n) == scalar::SumFirst(p, n));
    for (uint32_t n = 0; n <= 16; ++n) {
      REQUIRE(SumWords(p, n) == scalar::SumWords(p, n));
      REQUIRE(SumSignedWords(p, n) == scalar::SumSignedWords(p, n));
    }
    for (uint32_t n = 0; n <= 8; ++n) {
      uint64_t want = 0;
      for (uint32_t i = 0; i < n; ++i) want |= static_cast<uint64_t>(p[i]) << (8 * i);
      REQUIRE(LoadSome(p, n) == want);
    }
  }
}

TEST_CASE("arena: blocks keep their bytes, marked slabs empty") {
  Random random(2);
  Arena arena;
  struct Block {
    Ref r;
    uint32_t g;
    uint8_t fill;
  };
  std::vector<Block> blocks;
  auto check = [&](const Block& b) {
    const uint8_t* p = arena.At(b.r);
    return std::all_of(p, p + b.g * kGranule, [&](uint8_t x) { return x == b.fill; });
  };
  for (int round = 0; round < 40000; ++round) {
    if (blocks.size() < 200 || random.Below(100) < (round < 20000 ? 55u : 45u)) {
      const uint32_t g = Arena::Granules(1 + random.Below(random.Below(200) ? 2000 : 300000));
      Block b{arena.Allocate(g), g, static_cast<uint8_t>(random.Below(256))};
      std::fill_n(arena.At(b.r), b.g * kGranule, b.fill);
      blocks.push_back(b);
    } else {
      std::swap(blocks[random.Below(blocks.size())], blocks.back());
      REQUIRE(check(blocks.back()));
      arena.Free(blocks.back().r, blocks.back().g);
      blocks.pop_back();
    }
    if (round % 5000 == 4999) {
      REQUIRE(arena.Consistent());
      arena.MarkEmptiest(5000, false);
      for (Block& b : blocks) {
        if (!arena.IsMarked(b.r)) continue;
        Block to{arena.Allocate(b.g), b.g, b.fill};
        REQUIRE(!arena.IsMarked(to.r));
        std::copy_n(arena.At(b.r), b.g * kGranule, arena.At(to.r));
        arena.Free(b.r, b.g);
        b = to;
      }
      arena.Unmark();
      REQUIRE(arena.Consistent());
      uint64_t used = 0;
      for (const Block& b : blocks) {
        REQUIRE(check(b));
        used += b.g * kGranule;
      }
      REQUIRE(arena.used_bytes() == used);
    }
  }
}

namespace {

// A book learnt from these texts, over and over; with its coder.
CodeBook LearntFrom(const std::vector<std::string>& text, TokenLearner::Demand demand) {
  TokenLearner learner(demand);
  while (!learner.done()) {
    for (const std::string& s : text) {
      if (learner.done()) break;
      learner.Add(reinterpret_cast<const uint8_t*>(s.data()), static_cast<uint32_t>(s.size()));
    }
  }
  return CodeBook(learner.MakeBook(10 * demand.sample_bytes));
}

}  // namespace

TEST_CASE("token books: what is coded comes back, and compares as it is") {
  Random random(3);
  std::vector<std::string> text;
  for (int i = 0; i < 20000; ++i)
    text.push_back(test::StyledKey(static_cast<int>(random.Below(3)), random));
  // Two bytes that no text has, and every text ends in the middle of something.
  CodeBook book = LearntFrom(text, {12'000, 1 << 20, 3});
  while (!book.coder.Build(100)) {
  }
  const TokenBook& tokens = book.tokens;
  text.push_back(std::string("\0\xff\0", 3));
  size_t plain = 0, coded = 0;
  for (const std::string& s : text) {
    std::vector<uint8_t> code(2 * s.size() + 2), out(16 * code.size());
    const auto* p = reinterpret_cast<const uint8_t*>(s.data());
    const auto n = static_cast<uint32_t>(s.size());
    const uint32_t c = book.coder.Encode(p, n, code.data());
    code.resize(c + 1);
    plain += n;
    coded += c;
    REQUIRE(tokens.PlainBytes(code.data(), c) == n);
    REQUIRE(tokens.DecodeAll(code.data(), c, out.data()) == n);
    REQUIRE(std::string(out.begin(), out.begin() + n) == s);
    // Cut, or put behind something else, it is coded as the whole is.
    const std::string front_of(test::Mutate(s, random), 0, random.Below(9));
    const auto cut = static_cast<uint32_t>(random.Below(n + 1));
    const std::string other = front_of + s.substr(cut);
    std::vector<uint8_t> again(2 * other.size() + 1), want_again(again.size());
    const auto* text_of = reinterpret_cast<const uint8_t*>(other.data());
    const auto other_n = static_cast<uint32_t>(other.size());
    want_again.resize(book.coder.Encode(text_of, other_n, want_again.data()));
    again.resize(book.coder.Recode(text_of, other_n, static_cast<uint32_t>(front_of.size()),
                                   code.data(), c, cut, again.data()));
    REQUIRE(again == want_again);
    // A part of it is not written past its room.
    const auto room = static_cast<uint32_t>(random.Below(n + 20));
    std::vector<uint8_t> front(room);
    REQUIRE(tokens.DecodeFront(code.data(), c, front.data(), room) == std::min(n, room));
    REQUIRE(std::string(front.begin(), front.begin() + std::min(n, room)) == s.substr(0, room));
    const std::string q = random.Below(3) ? test::Mutate(s, random) : s;
    const std::vector<uint8_t> exact(q.begin(), q.end());  // nothing can be read behind it
    uint32_t k;
    const int cmp =
        tokens.Compare(code.data(), c, exact.data(), static_cast<uint32_t>(q.size()), &k);
    REQUIRE(k == CommonPrefix(s, q));
    const int want = s == q                                                    ? 0
                     : k == n                                                  ? 2
                     : k == q.size()                                           ? -2
                     : static_cast<uint8_t>(q[k]) < static_cast<uint8_t>(s[k]) ? -1
                                                                               : 1;
    REQUIRE(cmp == want);
  }
  CHECK(coded * 3 < plain);
}

TEST_CASE("token books: the longest token is found, among all that begin alike") {
  Random random(5);
  // Few letters: every text begins with many tokens.
  std::vector<std::string> text;
  for (int i = 0; i < 4000; ++i) {
    std::string s;
    for (uint64_t n = random.Below(60); n > 0; --n) s += "ab"[random.Below(8) == 0];
    text.push_back(s);
  }
  for (const uint32_t most : {256u, 300u, 2000u, TokenLearner::kMostTokens}) {
    CodeBook book = LearntFrom(text, {most, 200'000, 2});
    while (!book.coder.Build(1)) {
    }
    const TokenBook& tokens = book.tokens;
    uint32_t held = 0;
    for (uint32_t i = 0; i < tokens.room(); ++i) held += tokens[i].length > 0;
    CHECK(held <= most);
    for (int i = 0; i < 300; ++i) {
      const std::string& s = text[random.Below(text.size())];
      std::vector<uint8_t> code(2 * s.size() + 1), want;
      const auto* p = reinterpret_cast<const uint8_t*>(s.data());
      code.resize(book.coder.Encode(p, static_cast<uint32_t>(s.size()), code.data()));
      for (size_t at = 0; at < s.size();) {
        uint32_t best = tokens.room();
        for (uint32_t t = 0; t < tokens.room(); ++t) {
          const uint32_t length = tokens[t].length;
          if (length &&
              s.compare(at, length, reinterpret_cast<const char*>(tokens[t].text), length) == 0 &&
              (best == tokens.room() || length > tokens[best].length))
            best = t;
        }
        REQUIRE(best < tokens.room());
        uint8_t two[2];
        tokens.PutCode(best, two);
        want.insert(want.end(), two, two + tokens.CodeBytes(best));
        at += tokens[best].length;
      }
      REQUIRE(code == want);
    }
  }
}

TEST_CASE("token books: any bytes can be read as a code") {
  Random random(7);
  TokenBook tokens(200);
  for (uint32_t i = 0; i < tokens.room(); i += 1 + static_cast<uint32_t>(random.Below(3))) {
    Token t;
    t.length = static_cast<uint8_t>(random.Below(16));
    for (uint32_t k = 0; k < t.length; ++k) t.text[k] = static_cast<uint8_t>(random());
    tokens.Set(i, t);
  }
  for (int i = 0; i < 20'000; ++i) {
    std::vector<uint8_t> code(1 + random.Below(20)), q(random.Below(60));
    for (uint8_t& c : code) c = static_cast<uint8_t>(random());
    const auto n = static_cast<uint32_t>(code.size()) - 1;
    std::vector<uint8_t> out(16 * n);
    const uint32_t all = tokens.DecodeAll(code.data(), n, out.data());
    REQUIRE(all == tokens.PlainBytes(code.data(), n));
    if (random.Below(2)) q.assign(out.begin(), out.begin() + all);
    uint32_t k;
    const int c = tokens.Compare(code.data(), n, q.data(), static_cast<uint32_t>(q.size()), &k);
    REQUIRE(k == CommonPrefix({reinterpret_cast<char*>(out.data()), all},
                              {reinterpret_cast<char*>(q.data()), q.size()}));
    if (c == 0) REQUIRE(q.size() == all);
  }
}

}  // namespace memkv::art
