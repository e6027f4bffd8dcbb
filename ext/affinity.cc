#include "ext/affinity.h"

#include <limits>
#include <new>

#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;

// A REAL that NUMERIC affinity turns into an INTEGER: whole, and strictly between the extreme integers.
bool BecomesInteger(double r, int64_t* i) {
  if (!(r > -kTwo63 && r < kTwo63)) return false;
  *i = static_cast<int64_t>(r);
  return static_cast<double>(*i) == r && *i > std::numeric_limits<int64_t>::min() &&
         *i < std::numeric_limits<int64_t>::max();
}

}  // namespace

Converted Converted::Compared(sqlite3_value* v, Affinity affinity) {
  Converted out;
  const int type = sqlite3_value_type(v);
  const bool to_text = affinity == Affinity::kText && (type == SQLITE_INTEGER || type == SQLITE_FLOAT);
  const bool to_number = type == SQLITE_TEXT && affinity != Affinity::kText && affinity != Affinity::kNone;
  if (!to_text && !to_number) {
    out.datum_ = ToDatum(v);
    return out;
  }
  out.copy_.reset(sqlite3_value_dup(v));
  if (!out.copy_) throw std::bad_alloc();
  if (to_text) {
    const char* text = reinterpret_cast<const char*>(sqlite3_value_text(out.copy_.get()));
    if (text == nullptr) throw std::bad_alloc();
    out.datum_ = Datum::Text({text, static_cast<size_t>(sqlite3_value_bytes(out.copy_.get()))});
  } else {
    sqlite3_value_numeric_type(out.copy_.get());
    out.datum_ = ToDatum(out.copy_.get());
  }
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
