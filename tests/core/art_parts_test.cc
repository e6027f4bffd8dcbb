// The parts of Art on their own: vectors against their scalar twins, the arena, the symbol table.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/art/arena.h"
#include "core/art/simd.h"
#include "core/art/symbols.h"
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

TEST_CASE("symbols: what is coded comes back, and compares as it is") {
  Random random(3);
  std::vector<std::string> text;
  for (int i = 0; i < 20000; ++i)
    text.push_back(test::StyledKey(static_cast<int>(random.Below(3)), random));
  std::vector<Bytes, Allocator<Bytes>> sample(text.begin(), text.end());
  const SymbolTable table = SymbolCoder::Train(sample);
  auto coder = std::make_unique<SymbolCoder>();
  coder->Use(table);
  size_t plain = 0, coded = 0;
  for (const std::string& s : text) {
    std::vector<uint8_t> code(2 * s.size()), out(s.size());
    const auto* p = reinterpret_cast<const uint8_t*>(s.data());
    const auto n = static_cast<uint32_t>(s.size());
    const uint32_t c = coder->Encode(p, n, code.data());
    code.resize(c);
    plain += n;
    coded += c;
    uint32_t got;
    REQUIRE(table.PlainBytes(code.data(), c) == n);
    REQUIRE(table.Decode(code.data(), c, out.data(), n, &got));
    REQUIRE(std::string(out.begin(), out.end()) == s);
    if (n) REQUIRE(!table.Decode(code.data(), c, out.data(), n - 1, &got));
    const std::string q = random.Below(3) ? test::Mutate(s, random) : s;
    uint32_t k;
    const int cmp = table.Compare(code.data(), c, reinterpret_cast<const uint8_t*>(q.data()),
                                  static_cast<uint32_t>(q.size()), &k);
    REQUIRE(k == CommonPrefix(s, q));
    const int want = s == q                                                    ? 0
                     : k == n                                                  ? 2
                     : k == q.size()                                           ? -2
                     : static_cast<uint8_t>(q[k]) < static_cast<uint8_t>(s[k]) ? -1
                                                                               : 1;
    REQUIRE(cmp == want);
  }
  CHECK(coded * 2 < plain);

  // Many at once are coded as each is alone, the empty string and zeros among them.
  text.insert(text.begin() + 7, {"", std::string(3, '\0'), "", std::string(20, '\0'), "a"});
  for (size_t from = 0; from < text.size();) {
    const size_t n = std::min<size_t>(1 + random.Below(9), text.size() - from);
    std::vector<std::string> room;
    std::vector<std::vector<uint8_t>> codes;
    std::vector<SymbolCoder::Job> jobs;
    for (size_t i = 0; i < n; ++i) {
      room.push_back(std::string(SymbolCoder::kBefore, 'h') + text[from + i]);
      codes.emplace_back(2 * text[from + i].size());
    }
    for (size_t i = 0; i < n; ++i) {
      jobs.push_back({reinterpret_cast<const uint8_t*>(room[i].data()) + SymbolCoder::kBefore,
                      static_cast<uint32_t>(text[from + i].size()), codes[i].data(), 0});
    }
    coder->EncodeMany(jobs.data(), n);
    for (size_t i = 0; i < n; ++i) {
      std::vector<uint8_t> alone(codes[i].size());
      alone.resize(coder->Encode(jobs[i].plain, jobs[i].n, alone.data()));
      codes[i].resize(jobs[i].coded);
      REQUIRE(codes[i] == alone);
    }
    from += n;
  }
}

}  // namespace memkv::art
