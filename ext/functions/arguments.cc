#include "ext/functions/arguments.h"

#include <cmath>

namespace memkv::sql {

std::optional<int64_t> WholeNumber(const Datum& v) {
  if (v.kind == Datum::kInteger) return v.integer;
  constexpr double kPastInt64 = 9223372036854775808.0;
  if (v.kind != Datum::kReal || v.real != std::floor(v.real) || v.real < -kPastInt64 ||
      v.real >= kPastInt64)
    return std::nullopt;
  return static_cast<int64_t>(v.real);
}

std::string ShownValue(const Datum& v) {
  char digits[40];
  switch (v.kind) {
    case Datum::kNull:
      return "NULL";
    case Datum::kInteger:
      return std::to_string(v.integer);
    case Datum::kReal:
      return sqlite3_snprintf(sizeof digits, digits, "%!.15g", v.real);
    case Datum::kText:
      return Shown(v.bytes);
    case Datum::kBlob:
      break;
  }
  return "a BLOB";
}

int64_t Arguments::Integer(size_t i, const char* name, int64_t least, int64_t most) const {
  const Datum v = ToDatum(values_[i]);
  const std::optional<int64_t> n = WholeNumber(v);
  if (!n || *n < least || *n > most) {
    const std::string range = most == INT64_MAX
                                  ? "at least " + std::to_string(least)
                                  : "from " + std::to_string(least) + " to " + std::to_string(most);
    Fail(std::string(name) + " is an INTEGER " + range + ", not " + ShownValue(v));
  }
  return *n;
}

double Arguments::Real(size_t i, const char* name, double least, double most) const {
  const Datum v = ToDatum(values_[i]);
  const double r = v.kind == Datum::kInteger ? static_cast<double>(v.integer) : v.real;
  if ((v.kind != Datum::kInteger && v.kind != Datum::kReal) || !(r >= least && r <= most)) {
    auto shown = [](double x) {
      std::string text = std::to_string(x);
      while (text.ends_with('0')) text.pop_back();
      if (text.ends_with('.')) text.pop_back();
      return text;
    };
    Fail(std::string(name) + " is a number from " + shown(least) + " to " + shown(most) + ", not " +
         ShownValue(v));
  }
  return r;
}

}  // namespace memkv::sql
