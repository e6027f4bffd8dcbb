#include "ext/affinity.h"

#include <charconv>
#include <limits>
#include <new>
#include <optional>

#include "ext/sqlite.h"
#include "ext/sqlite_version.h"

namespace memkv::sql {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;

// A REAL that NUMERIC affinity turns into an INTEGER: whole, and strictly between the extreme
// integers.
bool BecomesInteger(double r, int64_t* i) {
  if (!(r > -kTwo63 && r < kTwo63)) return false;
  *i = static_cast<int64_t>(r);
  return static_cast<double>(*i) == r && *i > std::numeric_limits<int64_t>::min() &&
         *i < std::numeric_limits<int64_t>::max();
}

// What NUMERIC affinity makes of `text`, the content of v: nothing unless it is a whole decimal
// number, white space around it allowed. The arithmetic is SQLite's own.
// (sqlite3_value_numeric_type() would change v, and has no connection in a duplicate.)
std::optional<Datum> NumberFromText(Bytes text, sqlite3_value* v) {
  const size_t nul = text.find('\0');
  const bool cut = nul != Bytes::npos && nul > 0 && NulEndsNumbers(sqlite3_libversion_number());
  if (cut) text = text.substr(0, nul);
  size_t at = 0;
  auto skip = [&](auto test) {
    const size_t from = at;
    while (at < text.size() && test(text[at])) ++at;
    return at - from;
  };
  auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  auto take_sign = [&] { at += at < text.size() && (text[at] == '+' || text[at] == '-'); };
  skip(is_space);
  const size_t from = at;
  take_sign();
  size_t digits = skip(is_digit);
  bool whole = true;
  if (at < text.size() && text[at] == '.') {
    ++at;
    whole = false;
    digits += skip(is_digit);
  }
  if (digits == 0) return std::nullopt;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    whole = false;
    take_sign();
    if (skip(is_digit) == 0) return std::nullopt;
  }
  const size_t end = at;
  skip(is_space);
  if (at < text.size()) return std::nullopt;
  int64_t i;
  const size_t plus = text[from] == '+';
  // SQLite makes a large integer a REAL first where a NUL follows.
  if (whole && !cut &&
      std::from_chars(text.data() + from + plus, text.data() + end, i).ec == std::errc())
    return Datum::Integer(i);
  return Datum::Real(sqlite3_value_double(v));
}

}  // namespace

Converted Converted::Compared(sqlite3_value* v, Affinity affinity) {
  Converted out;
  const int type = sqlite3_value_type(v);
  const bool to_text =
      affinity == Affinity::kText && (type == SQLITE_INTEGER || type == SQLITE_FLOAT);
  const bool to_number =
      type == SQLITE_TEXT && affinity != Affinity::kText && affinity != Affinity::kNone;
  if (!to_text && !to_number) {
    out.datum_ = ToDatum(v);
    return out;
  }
  if (to_number) {
    const Datum text = ToDatum(v);
    out.datum_ = NumberFromText(text.bytes, v).value_or(text);
    return out;
  }
  out.copy_.reset(sqlite3_value_dup(v));
  if (!out.copy_) throw std::bad_alloc();
  const char* text = reinterpret_cast<const char*>(sqlite3_value_text(out.copy_.get()));
  if (text == nullptr) throw std::bad_alloc();
  out.datum_ = Datum::Text({text, static_cast<size_t>(sqlite3_value_bytes(out.copy_.get()))});
  return out;
}

Converted Converted::Stored(sqlite3_value* v, Affinity affinity) {
  Converted out = Compared(v, affinity);
  Datum& d = out.datum_;
  int64_t i;
  switch (affinity) {
    case Affinity::kNumeric:
    case Affinity::kInteger:
      if (d.kind == Datum::kReal && BecomesInteger(d.real, &i)) d = Datum::Integer(i);
      break;
    case Affinity::kReal:
      if (d.kind == Datum::kInteger) d = Datum::Real(static_cast<double>(d.integer));
      if (d.kind == Datum::kReal && d.real == 0) d.real = 0;  // -0.0 is stored as 0
      break;
    case Affinity::kNone:
    case Affinity::kText:
      break;
  }
  return out;
}

}  // namespace memkv::sql
