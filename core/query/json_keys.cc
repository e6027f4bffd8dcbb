#include "core/query/json_keys.h"

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "core/utf8.h"

namespace memkv {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// How many bytes of `text` come before the first quote, backslash or control character.
size_t PlainBytes(Bytes text) {
  constexpr uint64_t kOnes = 0x0101010101010101u, kHigh = 0x8080808080808080u;
  const auto zeros = [](uint64_t x) { return (x - kOnes) & ~x & kHigh; };
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t x;
    std::memcpy(&x, text.data() + i, 8);
    const uint64_t control =
        (x - kOnes * 0x20) & ~x & kHigh;  // a byte below 0x20, and perhaps bytes after one
    if (zeros(x ^ kOnes * '"') | zeros(x ^ kOnes * '\\') | control) break;
  }
  for (; i < text.size(); ++i) {
    if (text[i] == '"' || text[i] == '\\' || static_cast<uint8_t>(text[i]) < 0x20) break;
  }
  return i;
}

}  // namespace

Status JsonKeys::Fail(size_t at, const char* expected) const {
  std::string found = "the end";
  if (at < text_.size()) {
    const uint8_t c = static_cast<uint8_t>(text_[at]);
    if (c > 0x20 && c < 0x7f) {
      found = std::string("'") + text_[at] + '\'';
    } else {
      constexpr char kHexDigits[] = "0123456789abcdef";
      found = std::string("byte 0x") + kHexDigits[c >> 4] + kHexDigits[c & 15];
    }
  }
  return Status::Invalid("malformed JSON at byte " + std::to_string(at) + ": " + expected +
                         " expected, " + found + " found");
}

Status JsonKeys::Poll() {
  constexpr size_t kEvery = size_t{1} << 20;
  if (at_ - polled_at_ < kEvery) return {};
  polled_at_ = at_;
  return poll_ && poll_() ? Status::Interrupted() : Status();
}

Status JsonKeys::SkipSpace() {
  while (at_ < text_.size() && (text_[at_] == ' ' || (text_[at_] >= '\t' && text_[at_] <= '\r' &&
                                                      text_[at_] != '\v' && text_[at_] != '\f'))) {
    if (++at_ % 4096 == 0) MEMKV_TRY(Poll());
  }
  return {};
}

Status JsonKeys::Next(bool* more, Datum* key) {
  *more = false;
  if (ended_) return {};
  MEMKV_TRY(SkipSpace());
  if (!started_) MEMKV_TRY(Take('[', "'['"));
  ended_ = Is(']');
  if (ended_) {
    MEMKV_TRY(Take(']', "']'"));
    return at_ == text_.size() ? Status() : Fail(at_, "the end");
  }
  if (started_) MEMKV_TRY(Take(',', "',' or ']'"));
  started_ = *more = true;
  return unescaped_.size() == 1 ? Column(&unescaped_[0], key) : Columns(key);
}

Status JsonKeys::Take(char c, const char* expected) {
  if (!Is(c)) return Fail(at_, expected);
  ++at_;
  return SkipSpace();
}

Status JsonKeys::Columns(Datum* key) {
  MEMKV_TRY(Take('[', "'['"));
  for (size_t i = 0; i < unescaped_.size(); ++i) {
    if (i > 0) MEMKV_TRY(Take(',', "','"));
    MEMKV_TRY(Column(&unescaped_[i], &key[i]));
    MEMKV_TRY(SkipSpace());
  }
  if (!Is(']')) return Fail(at_, "']'");
  ++at_;
  return {};
}

Status JsonKeys::Column(std::string* unescaped, Datum* v) {
  if (Is('"')) return String(unescaped, v);
  if (at_ < text_.size() && (Is('-') || IsDigit(text_[at_]))) return Number(v);
  if (text_.substr(at_, 4) != "null") return Fail(at_, "a string, a number or null");
  at_ += 4;
  *v = Datum::Null();
  return {};
}

Status JsonKeys::String(std::string* unescaped, Datum* v) {
  const size_t from = ++at_;
  at_ += PlainBytes(text_.substr(at_));
  if (at_ < text_.size() && text_[at_] == '"') {
    *v = Datum::Text(text_.substr(from, at_++ - from));
    return {};
  }
  unescaped->assign(text_.substr(from, at_ - from));
  while (at_ < text_.size() && text_[at_] == '\\') {
    MEMKV_TRY(Poll());
    MEMKV_TRY(Escape(unescaped));
    const size_t plain = PlainBytes(text_.substr(at_));
    unescaped->append(text_.substr(at_, plain));
    at_ += plain;
  }
  if (at_ == text_.size() || text_[at_] != '"') return Fail(at_, "'\"'");
  ++at_;
  *v = Datum::Text(*unescaped);
  return {};
}

Status JsonKeys::Escape(std::string* unescaped) {
  const size_t from = at_++;
  if (at_ == text_.size()) return Fail(at_, "an escape");
  constexpr Bytes kNames = "\"\\/bfnrt", kBytes = "\"\\/\b\f\n\r\t";
  if (const size_t i = kNames.find(text_[at_]); i != Bytes::npos) {
    *unescaped += kBytes[i];
    ++at_;
    return {};
  }
  if (text_[at_] != 'u') return Fail(at_, "an escape");
  ++at_;
  uint32_t c;
  MEMKV_TRY(Hex(&c));
  if (c >= 0xd800 && c < 0xdc00) {
    if (text_.substr(at_, 2) != "\\u") return Fail(at_, "the second half of a surrogate pair");
    at_ += 2;
    const size_t at = at_;
    uint32_t low;
    MEMKV_TRY(Hex(&low));
    if (low < 0xdc00 || low > 0xdfff) return Fail(at, "the second half of a surrogate pair");
    c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
  } else if (c >= 0xdc00 && c < 0xe000) {
    return Fail(from, "the first half of a surrogate pair");
  }
  AppendUtf8(c, unescaped);
  return {};
}

Status JsonKeys::Hex(uint32_t* c) {
  *c = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char d = at_ < text_.size() ? text_[at_] : '\0';
    const char lower = static_cast<char>(d | 0x20);
    if (IsDigit(d)) {
      *c = *c << 4 | static_cast<uint32_t>(d - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      *c = *c << 4 | static_cast<uint32_t>(lower - 'a' + 10);
    } else {
      return Fail(at_, "a hexadecimal digit");
    }
  }
  return {};
}

Status JsonKeys::Number(Datum* v) {
  const size_t from = at_;
  const auto digits = [this] {
    const size_t first = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    return at_ > first;
  };
  if (text_[at_] == '-') ++at_;
  const bool zero = at_ < text_.size() && text_[at_] == '0';
  if (zero) {
    ++at_;
  } else if (!digits()) {
    return Fail(at_, "a digit");
  }
  bool whole = true;
  if (at_ < text_.size() && text_[at_] == '.') {
    whole = false;
    ++at_;
    if (!digits()) return Fail(at_, "a digit");
  }
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    whole = false;
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    if (!digits()) return Fail(at_, "a digit");
  }
  const std::string number(text_.substr(from, at_ - from));
  int64_t i;
  if (whole && std::from_chars(number.data(), number.data() + number.size(), i).ec == std::errc()) {
    *v = Datum::Integer(i);
    return {};
  }
  double r = 0;
  if (std::from_chars(number.data(), number.data() + number.size(), r).ec ==
      std::errc::result_out_of_range) {
    r = std::strtod(number.c_str(), nullptr);  // an infinity, or 0
  }
  *v = Datum::Real(r);
  return {};
}

}  // namespace memkv
