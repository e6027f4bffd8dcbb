#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "core/query/pattern.h"

namespace memkv {
namespace {

// SQLite's rules for LIKE and GLOB written down plainly, backtracking and all: the oracle.
class Reference {
 public:
  static bool Like(const std::string& pattern, const std::string& text, uint32_t escape,
                   bool fold) {
    Reference r;
    r.any_ = escape == '%' ? 0 : '%';
    r.one_ = escape == '_' ? 0 : '_';
    r.other_ = escape;
    r.fold_ = fold;
    return r.Match(pattern.c_str(), text.c_str());
  }
  static bool Glob(const std::string& pattern, const std::string& text) {
    Reference r;
    r.any_ = '*';
    r.one_ = '?';
    r.other_ = '[';
    r.sets_ = true;
    return r.Match(pattern.c_str(), text.c_str());
  }

 private:
  static uint32_t Read(const char** z) {
    static constexpr unsigned char kLead[] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
        12, 13, 14, 15, 0,  1,  2,  3,  4,  5,  6,  7,  0,  1,  2,  3,  0,  1,  0,  0};
    uint32_t c = static_cast<unsigned char>(*(*z)++);
    if (c >= 0xc0) {
      c = kLead[c - 0xc0];
      while ((**z & 0xc0) == 0x80) c = (c << 6) + (0x3f & static_cast<unsigned char>(*(*z)++));
      if (c < 0x80 || (c & 0xfffff800) == 0xd800 || (c & 0xfffffffe) == 0xfffe) c = 0xfffd;
    }
    return c;
  }
  static uint32_t Lower(uint32_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

  bool Match(const char* p, const char* s) const {
    const uint32_t c = Read(&p);
    if (c == 0) return *s == 0;
    if (c == any_) {
      for (;;) {
        if (Match(p, s)) return true;
        if (*s == 0) return false;
        Read(&s);
      }
    }
    if (c == other_ && sets_) return MatchSet(p, s);
    uint32_t want = c;
    bool wild = c == one_;
    if (c == other_ && other_ != 0) {
      want = Read(&p);
      if (want == 0) return false;
      wild = false;
    }
    const uint32_t got = Read(&s);
    const bool same =
        want == got || (fold_ && want < 0x80 && got < 0x80 && Lower(want) == Lower(got));
    if (!same && !(wild && got != 0)) return false;
    return Match(p, s);
  }

  bool MatchSet(const char* p, const char* s) const {
    uint32_t prior = 0;
    bool seen = false, invert = false;
    const uint32_t c = Read(&s);
    if (c == 0) return false;
    uint32_t c2 = Read(&p);
    if (c2 == '^') {
      invert = true;
      c2 = Read(&p);
    }
    if (c2 == ']') {
      if (c == ']') seen = true;
      c2 = Read(&p);
    }
    while (c2 != 0 && c2 != ']') {
      if (c2 == '-' && *p != ']' && *p != 0 && prior > 0) {
        c2 = Read(&p);
        if (c >= prior && c <= c2) seen = true;
        prior = 0;
      } else {
        if (c == c2) seen = true;
        prior = c2;
      }
      c2 = Read(&p);
    }
    if (c2 == 0 || seen == invert) return false;
    return Match(p, s);
  }

  uint32_t any_ = 0, one_ = 0, other_ = 0;
  bool fold_ = false, sets_ = false;
};

bool Matches(const Pattern& p, Bytes text) {
  Pattern::State s = p.Start();
  for (const char c : text) s = p.Step(s, static_cast<uint8_t>(c));
  return p.IsMatch(s);
}

// What an automaton says of the states on the way to `text` holds.
void CheckPromises(const Pattern& p, Bytes text, bool match) {
  Pattern::State s = p.Start();
  bool dead = !p.CanMatch(s), all = p.AcceptsAll(s);
  for (const char c : text) {
    const uint8_t byte = static_cast<uint8_t>(c);
    if (p.CanMatch(s)) {
      uint8_t next = 0, prev = 0;
      const bool alive = p.CanMatch(p.Step(s, byte));
      CHECK((p.NextViable(s, byte, &next) && next == byte) == alive);
      CHECK((p.PrevViable(s, byte, &prev) && prev == byte) == alive);
      if (p.NextViable(s, byte, &next)) {
        CHECK(next >= byte);
        CHECK(p.CanMatch(p.Step(s, next)));
        for (unsigned b = byte; b < next; ++b)
          CHECK_FALSE(p.CanMatch(p.Step(s, static_cast<uint8_t>(b))));
      }
      if (p.PrevViable(s, byte, &prev)) {
        CHECK(prev <= byte);
        CHECK(p.CanMatch(p.Step(s, prev)));
        for (unsigned b = prev + 1u; b <= byte; ++b)
          CHECK_FALSE(p.CanMatch(p.Step(s, static_cast<uint8_t>(b))));
      }
    }
    s = p.Step(s, byte);
    if (dead) CHECK_FALSE(p.CanMatch(s));
    if (all) CHECK(p.AcceptsAll(s));
    dead = !p.CanMatch(s);
    all = p.AcceptsAll(s);
  }
  if (dead) CHECK_FALSE(match);
  if (all) CHECK(match);
}

// Pieces that make both patterns and texts, so that they meet often.
const std::vector<std::string> kPieces = {"a",
                                          "A",
                                          "b",
                                          "c",
                                          "ab",
                                          "-",
                                          "^",
                                          "é",
                                          "É",
                                          "\xa9",
                                          "\xc3",
                                          "\xff",
                                          "\xe0\x83\xa9",
                                          "\xef\xbf\xbd",
                                          "\xc0\x80",
                                          "日",
                                          "😀",
                                          "\x80",
                                          "]",
                                          "z"};

std::string Random(std::mt19937* random, const std::vector<std::string>& extra, int extra_share,
                   size_t max_pieces) {
  std::string s;
  for (size_t n = (*random)() % (max_pieces + 1); n > 0; --n) {
    const bool plain = extra.empty() || static_cast<int>((*random)() % 100) >= extra_share;
    const std::vector<std::string>& from = plain ? kPieces : extra;
    s += from[(*random)() % (plain && (*random)() % 3 ? 4 : from.size())];
  }
  return s;
}

TEST_CASE("LIKE and GLOB agree with the plain rules on random patterns") {
  std::mt19937 random(5);
  const std::vector<std::string> like = {"%", "%", "_", "\\", "\\%", "\\_", "%%", "%_", "é"};
  const std::vector<std::string> glob = {"*",    "*",     "?",      "[",   "]",      "[a-c]",
                                         "[^a]", "[]a]",  "[^]-a]", "[a-", "[é-日]", "[a-b-c]",
                                         "*?",   "[^^-]", "[é",     "[b-]"};
  const std::vector<std::string> nul = {std::string(1, '\0')};
  const uint32_t escapes[] = {0, '\\', 'a', '%', '_', 0xe9, 0xfffd};
  int matches = 0;
  for (int i = 0; i < 100000; ++i) {
    const bool is_like = i & 1;
    std::string pattern = Random(&random, is_like ? like : glob, 45, 7);
    if (random() % 30 == 0) pattern += std::string(1, '\0') + "a";
    const uint32_t escape = escapes[random() % 7];
    const bool fold = random() % 2;
    const Pattern p =
        is_like ? Pattern::Like(pattern, escape ? std::optional(escape) : std::nullopt, !fold)
                : Pattern::Glob(pattern);
    CHECK(p.exact());
    for (int t = 0; t < 4; ++t) {
      std::string text = Random(&random, nul, 3, 8);
      if (t == 0) text = pattern;  // meets itself
      const bool want =
          is_like ? Reference::Like(pattern, text, escape, fold) : Reference::Glob(pattern, text);
      INFO("pattern ", pattern, " text ", text, " escape ", escape, " fold ", fold);
      REQUIRE(Matches(p, text) == want);
      if (i % 8 < 2) CheckPromises(p, text, want);
      matches += want;
    }
  }
  CHECK(matches > 20000);
}

TEST_CASE("named cases") {
  const auto like = [](Bytes p, Bytes s) { return Matches(Pattern::Like(p, {}, false), s); };
  const auto glob = [](Bytes p, Bytes s) { return Matches(Pattern::Glob(p), s); };
  CHECK(like("", ""));
  CHECK_FALSE(like("", "a"));
  CHECK(like("%", ""));
  CHECK_FALSE(like("_", ""));
  CHECK(like("_", "日"));
  CHECK(like("ABC%", "abcdef"));
  CHECK_FALSE(like("É", "é"));  // only ASCII folds
  CHECK(like("%report%", "Annual Report 2020"));
  CHECK(like("%.pdf", "a.pdf.pdf"));
  CHECK(like("%aab%aab", "aaabaab"));
  CHECK(like("abc", Bytes("abc\0def", 7)));  // text ends at NUL
  CHECK(like(Bytes("ab%\0x", 5), "abzzz"));
  CHECK(glob("*/20[12][0-9]/*", "http://a/2019/b"));
  CHECK_FALSE(glob("*/20[12][0-9]/*", "http://a/2039/b"));
  CHECK(glob("[]a]", "]"));
  CHECK(glob("[^]a]", "b"));
  CHECK_FALSE(glob("[a", "a"));
  CHECK_FALSE(glob("A*", "abc"));
}

TEST_CASE("what a pattern says of itself") {
  CHECK(Pattern::Like("http://a%", {}, false).IsPurePrefix());
  CHECK(Pattern::Like("http://a%", {}, false).prefix().bytes == "http://a");
  CHECK_FALSE(Pattern::Like("a%b", {}, false).IsPurePrefix());
  CHECK(Pattern::Glob("*").AcceptsAll(Pattern::Glob("*").Start()));
  CHECK_FALSE(Pattern::Glob("[a").CanMatch(Pattern::Glob("[a").Start()));
  CHECK_FALSE(
      Pattern::Like("a\\", '\\', false).CanMatch(Pattern::Like("a\\", '\\', false).Start()));
}

TEST_CASE("patterns past the masks match a superset and say so") {
  const std::string fits(Pattern::kMaxElements, 'x');
  CHECK(Pattern::Like("%" + fits + "%", {}, false).exact());
  const Pattern longer = Pattern::Like("%" + fits + "y", {}, false);
  CHECK_FALSE(longer.exact());
  CHECK(Matches(longer, fits + "y"));
  CHECK(Matches(longer, fits + "z"));
  CHECK_FALSE(Matches(longer, fits.substr(1) + "y"));
  std::string many;
  for (size_t i = 0; i <= Pattern::kMaxSegments; ++i) many += "%a";
  CHECK_FALSE(Pattern::Like(many, {}, false).exact());
  CHECK(Matches(Pattern::Like(many, {}, false), std::string(Pattern::kMaxSegments + 1, 'a')));
  // The first segment has no limit.
  const std::string head(5000, 'h');
  const Pattern anchored = Pattern::Like(head + "%", {}, false);
  CHECK(anchored.exact());
  CHECK(Matches(anchored, std::string(5000, 'H') + "tail"));
  CHECK_FALSE(Matches(anchored, std::string(4999, 'H')));
}

}  // namespace
}  // namespace memkv
