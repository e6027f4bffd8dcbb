#include "core/range.h"

#include <array>
#include <cassert>
#include <cmath>
#include <utility>

#include "core/utf8.h"

namespace memkv {
namespace {

// Appends the first character of *pattern, read off it, if its bytes are its only well-formed
// encoding.
bool TakeLiteral(Bytes* pattern, std::string* out) {
  Bytes rest = *pattern;
  const uint32_t c = ReadUtf8(&rest);
  if (c > 0x10ffff || c == 0xfffd) return false;
  const size_t before = out->size();
  AppendUtf8(c, out);
  if (Bytes(*out).substr(before) != pattern->substr(0, pattern->size() - rest.size())) {
    out->resize(before);
    return false;
  }
  *pattern = rest;
  return true;
}

// SQLite reads patterns as C strings.
Bytes UntilNul(Bytes text) { return text.substr(0, text.find('\0')); }

PatternRange ToRange(KeyTag tag, const LiteralPrefix& prefix) {
  if (!prefix.whole) return {PrefixRange(tag, prefix.bytes), prefix.then_any};
  // The text ends at its first NUL too: `bytes` alone, or followed by NUL and anything.
  std::string lo = std::string(1, tag) + prefix.bytes;
  std::string hi = lo + '\x01';
  return {{std::move(lo), std::move(hi)}, true};
}

}  // namespace

KeyRange Intersect(KeyRange a, const KeyRange& b) {
  if (a.lo < b.lo) a.lo = b.lo;
  if (b.hi && (!a.hi || *b.hi < *a.hi)) a.hi = b.hi;
  return a;
}

KeyRange CompareRange(CompareOp op, const Datum& v) {
  if (v.kind == Datum::kNull || (v.kind == Datum::kReal && std::isnan(v.real))) {
    return KeyRange::None();
  }
  const std::string first(1, kNumberTag);  // above NULL, which compares with nothing
  std::string at = EncodeKey(v);
  std::string after = at + '\0';
  switch (op) {
    case CompareOp::kLess:
      return {first, std::move(at)};
    case CompareOp::kLessEqual:
      return {first, std::move(after)};
    case CompareOp::kEqual:
      return {std::move(at), std::move(after)};
    case CompareOp::kGreaterEqual:
      return {std::move(at), std::nullopt};
    case CompareOp::kGreater:
      return {std::move(after), std::nullopt};
  }
  assert(false);
  return KeyRange::None();
}

std::span<const KeyRange> NumberLikeRanges() {
  static const auto* const ranges = [] {
    const auto text = [](const char* bytes) { return std::string(1, kTextTag) + bytes; };
    return new std::array<KeyRange, 9>{{ClassRange(kNumberTag),
                                        {text("\t"), text("\x0e")},
                                        {text(" "), text("!")},
                                        {text("+."), text("+:")},
                                        {text("-."), text("-:")},
                                        {text("-Inf"), text("-Ing")},
                                        {text(".0"), text(".:")},
                                        {text("0"), text(":")},
                                        {text("Inf"), text("Ing")}}};
  }();
  return *ranges;
}

bool IsNumberLike(Bytes key) {
  const auto in = [](char c, char first, char last) { return c >= first && c <= last; };
  if (key.size() < 2 || key[0] != kTextTag) return !key.empty() && key[0] == kNumberTag;
  const char c = key[1];
  if (in(c, '0', '9') || in(c, '\t', '\r') || c == ' ') return true;
  if (key.size() < 3) return false;
  if (key.substr(1).starts_with("Inf") || key.substr(1).starts_with("-Inf")) return true;
  if (c == '+' || c == '-') return in(key[2], '.', '9');
  return c == '.' && in(key[2], '0', '9');
}

KeyRange ClassRange(KeyTag tag) {
  return {std::string(1, tag), std::string(1, static_cast<char>(tag + 1))};
}

KeyRange PrefixRange(KeyTag tag, Bytes prefix) {
  std::string lo(1, tag);
  lo += prefix;
  std::optional<std::string> hi = PrefixSuccessor(lo);
  return {std::move(lo), std::move(hi)};
}

LiteralPrefix LikePrefix(Bytes pattern, std::optional<uint32_t> escape) {
  LiteralPrefix prefix;
  pattern = UntilNul(pattern);
  const bool any = escape != '%', one = escape != '_';  // an escape character is no wildcard
  while (!pattern.empty()) {
    if ((any && pattern[0] == '%') || (one && pattern[0] == '_')) break;
    Bytes literal = pattern;
    if (ReadUtf8(&literal) == escape) {
      if (literal.empty()) return prefix;  // nothing to escape: matches nothing
    } else {
      literal = pattern;
    }
    if (!TakeLiteral(&literal, &prefix.bytes)) return prefix;
    pattern = literal;
  }
  prefix.whole = pattern.empty();
  prefix.then_any = any && !prefix.whole && pattern.find_first_not_of('%') == Bytes::npos;
  return prefix;
}

LiteralPrefix GlobPrefix(Bytes pattern) {
  LiteralPrefix prefix;
  pattern = UntilNul(pattern);
  while (!pattern.empty() && pattern[0] != '*' && pattern[0] != '?' && pattern[0] != '[') {
    if (!TakeLiteral(&pattern, &prefix.bytes)) return prefix;
  }
  prefix.whole = pattern.empty();
  prefix.then_any = !prefix.whole && pattern.find_first_not_of('*') == Bytes::npos;
  return prefix;
}

Bytes LiteralBytes(Bytes literal) {
  std::string taken;
  for (Bytes rest = literal; !rest.empty() && TakeLiteral(&rest, &taken);) {
  }
  return literal.substr(0, taken.size());
}

PatternRange LikeRange(KeyTag tag, Bytes pattern, std::optional<uint32_t> escape) {
  return ToRange(tag, LikePrefix(pattern, escape));
}

PatternRange GlobRange(KeyTag tag, Bytes pattern) { return ToRange(tag, GlobPrefix(pattern)); }

}  // namespace memkv
