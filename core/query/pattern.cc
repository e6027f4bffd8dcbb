#include "core/query/pattern.h"

#include <cstring>

#include "core/utf8.h"

namespace memkv {

Pattern Pattern::Like(Bytes pattern, std::optional<uint32_t> escape, bool case_sensitive) {
  Pattern p;
  p.prefix_ = LikePrefix(pattern, escape);
  p.ParseLike(pattern.substr(0, pattern.find('\0')), escape, case_sensitive);
  p.Compile();
  return p;
}

Pattern Pattern::Glob(Bytes pattern) {
  Pattern p;
  p.prefix_ = GlobPrefix(pattern);
  p.ParseGlob(pattern.substr(0, pattern.find('\0')));
  p.Compile();
  return p;
}

void Pattern::ParseLike(Bytes pattern, std::optional<uint32_t> escape, bool case_sensitive) {
  while (!pattern.empty()) {
    uint32_t c = ReadUtf8(&pattern);
    if (c == escape) {
      if (pattern.empty()) {
        never_ = true;
        return;
      }
      AddLiteral(ReadUtf8(&pattern), case_sensitive);
    } else if (c == '%') {
      AddStar();
    } else if (c == '_') {
      Add({Element::kAny});
    } else {
      AddLiteral(c, case_sensitive);
    }
  }
}

void Pattern::ParseGlob(Bytes pattern) {
  while (!pattern.empty()) {
    const uint32_t c = ReadUtf8(&pattern);
    if (c == '*') {
      AddStar();
    } else if (c == '?') {
      Add({Element::kAny});
    } else if (c == '[') {
      if (!ParseSet(&pattern)) {
        never_ = true;
        return;
      }
    } else {
      AddLiteral(c, true);
    }
  }
}

// Reads a set after its '['; false if it is not closed. A ']' that comes first is a member, and so
// is a '-' that comes first, last or right after a range.
bool Pattern::ParseSet(Bytes* pattern) {
  const auto read = [pattern] { return pattern->empty() ? 0 : ReadUtf8(pattern); };
  Set set;
  uint32_t c = read();
  if (c == '^') {
    set.inverted = true;
    c = read();
  }
  if (c == ']') {
    set.ranges.emplace_back(c, c);
    c = read();
  }
  uint32_t before = 0;
  for (; c != 0 && c != ']'; c = read()) {
    if (c == '-' && before > 0 && !pattern->empty() && pattern->front() != ']') {
      c = read();
      if (before <= c) set.ranges.emplace_back(before, c);
      before = 0;
    } else {
      set.ranges.emplace_back(c, c);
      before = c;
    }
  }
  Add({Element::kSet, 0, static_cast<uint32_t>(sets_.size())});
  sets_.push_back(std::move(set));
  return c != 0;
}

bool Pattern::Set::Has(uint32_t c) const {
  for (const auto& [first, last] : ranges) {
    if (c >= first && c <= last) return !inverted;
  }
  return inverted;
}

void Pattern::AddLiteral(uint32_t c, bool case_sensitive) {
  const bool folds =
      !case_sensitive && c < 0x80 &&
      CasePair(static_cast<uint8_t>(c)).upper != CasePair(static_cast<uint8_t>(c)).lower;
  Add({folds ? Element::kFolded : Element::kLiteral, c});
}

// Past what the masks can hold, the rest of the pattern is taken for a %.
void Pattern::Add(Element element) {
  if (!exact_) return;
  if (!star_ && segments_.empty()) {
    head_.push_back(element);
    return;
  }
  if (star_) {
    if (segments_.size() == kMaxSegments) {
      exact_ = false;
      return;
    }
    segments_.emplace_back();
    star_ = false;
  }
  if (segments_.back().elements.size() == kMaxElements) {
    exact_ = false;
    return;
  }
  segments_.back().elements.push_back(element);
}

void Pattern::Compile() {
  if (!exact_) star_ = true;
  for (Segment& segment : segments_) {
    uint64_t bit = 1;
    for (const Element& e : segment.elements) {
      for (uint32_t c = 1; c < 0x80; ++c) {
        if (Matches(e, c)) segment.ascii[c] |= bit;
      }
      segment.last = bit;
      bit <<= 1;
    }
    const Element& first = segment.elements.front();
    segment.ascii_first = first.kind <= Element::kFolded && first.character < 0x80;
    if (segment.ascii_first) {
      const uint8_t byte = static_cast<uint8_t>(first.character);
      segment.first = first.kind == Element::kFolded ? CasePair(byte) : CasePair::Only(byte);
    }
    std::vector<CasePair> literal;
    for (const Element& e : segment.elements) {
      if (e.kind > Element::kFolded || e.character >= 0x80) break;
      const uint8_t byte = static_cast<uint8_t>(e.character);
      literal.push_back(e.kind == Element::kFolded ? CasePair(byte) : CasePair::Only(byte));
    }
    if (literal.size() == segment.elements.size()) segment.literal = Literal(std::move(literal));
  }
  if (never_) {
    exact_ = true;
    start_.segment = kDead;
  } else if (head_.empty()) {
    start_ = Found(start_);
  }
}

bool Pattern::Matches(const Element& e, uint32_t c) const {
  switch (e.kind) {
    case Element::kLiteral:
      return c == e.character;
    case Element::kFolded:
      return c < 0x80 && CasePair(static_cast<uint8_t>(e.character)).Has(static_cast<uint8_t>(c));
    case Element::kAny:
      return true;
    case Element::kSet:
      return sets_[e.set].Has(c);
  }
  return false;
}

Pattern::State Pattern::Found(State s) const {
  const bool last = s.segment == segments_.size();
  if (last && !star_) return s;  // has to be at the end
  s.bits = 0;
  s.segment = last ? kAll : static_cast<uint16_t>(s.segment + 1);
  return s;
}

bool Pattern::AtEnd(State s) const {
  if (s.segment >= kDead) return s.segment == kAll;
  if (s.segment != segments_.size() || star_) return false;
  return s.segment == 0 ? s.bits == head_.size() : (s.bits & segments_.back().last) != 0;
}

Pattern::State Pattern::Finish(State s) const {
  s.unfinished = false;
  return StepCharacter(s, Utf8Finish(s.character));
}

Pattern::State Pattern::StepCharacter(State s, uint32_t c) const {
  if (s.segment >= kDead) return s;
  if (s.segment == 0) {
    if (s.bits == head_.size() || !Matches(head_[s.bits], c)) {
      s.segment = kDead;
      return s;
    }
    ++s.bits;
    return s.bits == head_.size() ? Found(s) : s;
  }
  const Segment& segment = segments_[s.segment - 1u];
  uint64_t mask = 0;
  if (c < 0x80) {
    mask = segment.ascii[c];
  } else {
    uint64_t bit = 1;
    for (const Element& e : segment.elements) {
      if (Matches(e, c)) mask |= bit;
      bit <<= 1;
    }
  }
  s.bits = (s.bits << 1 | 1) & mask;
  return s.bits & segment.last ? Found(s) : s;
}

size_t Pattern::FindFirst(const Segment& segment, Bytes rest) {
  // Eight bytes at a time: (x - 0x01..) & ~x & 0x80.. is not 0 exactly where a byte of x is 0.
  constexpr uint64_t kOnes = 0x0101010101010101u, kHigh = 0x8080808080808080u;
  const uint64_t upper = segment.first.upper * kOnes, lower = segment.first.lower * kOnes;
  const auto zeros = [](uint64_t x) { return (x - kOnes) & ~x; };
  size_t i = 0;
  for (; i + 8 <= rest.size(); i += 8) {
    uint64_t x;
    std::memcpy(&x, rest.data() + i, 8);
    if ((zeros(x) | zeros(x ^ upper) | zeros(x ^ lower)) & kHigh) break;
  }
  for (; i < rest.size(); ++i) {
    const uint8_t byte = static_cast<uint8_t>(rest[i]);
    if (byte == 0 || segment.first.Has(byte)) break;
  }
  return i;
}

size_t Pattern::SkipToLiteral(const Segment& segment, State* s, Bytes rest, bool* keep) const {
  const size_t n = segment.literal.size();
  if (s->segment == segments_.size() && !star_) {
    // It has to stand at the end, or before a NUL; what comes before does not matter.
    *keep = false;
    const void* nul = std::memchr(rest.data(), '\0', rest.size());
    const size_t end =
        nul ? static_cast<size_t>(static_cast<const char*>(nul) - rest.data()) : rest.size();
    if (end >= n && segment.literal.Is(rest.data() + end - n)) s->bits = segment.last;
    return end;
  }
  bool found;
  const size_t at = segment.literal.Find(rest, &found);
  if (!found) return at;
  *s = Found(*s);
  return at + n;
}

Pattern::State Pattern::StepSlow(State s, uint8_t byte) const {
  if (s.unfinished) {
    if (IsUtf8Continuation(byte)) {
      s.character = Utf8Extend(s.character, byte);
      return s;
    }
    s = Finish(s);
    if (s.segment >= kDead) return s;
  }
  if (byte == 0) {
    s.segment = AtEnd(s) ? kAll : kDead;
  } else if (byte < 0xc0) {
    s = StepCharacter(s, byte);
  } else if (s.bits == 0 && s.segment > 0 && segments_[s.segment - 1u].ascii_first) {
    return s;  // whatever the character, the segment does not begin with it
  } else if (IsViable(s, byte)) {
    s.character = Utf8Lead(byte);
    s.unfinished = true;
  } else {
    s.segment = kDead;
  }
  return s;
}

bool Pattern::IsViable(State s, uint8_t byte) const {
  if (s.segment >= kDead) return s.segment == kAll;
  if (byte == 0) return AtEnd(s);
  if (s.segment > 0) return true;
  if (s.bits == head_.size()) return false;
  const Element& e = head_[s.bits];
  if (byte < 0xc0) return Matches(e, byte);
  // Enough continuation bytes make any character out of any lead byte.
  switch (e.kind) {
    case Element::kLiteral:
      return e.character >= 0x80;
    case Element::kFolded:
      return false;
    case Element::kAny:
      return true;
    case Element::kSet:
      break;
  }
  const Set& set = sets_[e.set];
  if (set.inverted) return true;
  for (const auto& range : set.ranges) {
    if (range.second >= 0x80) return true;
  }
  return false;
}

bool Pattern::NextViable(State s, uint8_t byte, uint8_t* found) const {
  const State then = s.unfinished ? Finish(s) : s;
  for (unsigned b = byte; b <= 0xff; ++b) {
    *found = static_cast<uint8_t>(b);
    if ((s.unfinished && IsUtf8Continuation(*found)) || IsViable(then, *found)) return true;
  }
  return false;
}

bool Pattern::PrevViable(State s, uint8_t byte, uint8_t* found) const {
  const State then = s.unfinished ? Finish(s) : s;
  for (int b = byte; b >= 0; --b) {
    *found = static_cast<uint8_t>(b);
    if ((s.unfinished && IsUtf8Continuation(*found)) || IsViable(then, *found)) return true;
  }
  return false;
}

}  // namespace memkv
