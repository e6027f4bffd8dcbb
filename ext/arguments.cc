#include "ext/arguments.h"

#include <cmath>

namespace memkv::sql {

std::string Arguments::Given(size_t i) const {
  const Datum v = ToDatum(values_[i]);
  switch (v.kind) {
    case Datum::kNull:
      return "NULL";
    case Datum::kInteger:
      return std::to_string(v.integer);
    case Datum::kReal:
      return std::to_string(v.real);
    case Datum::kText:
      return Shown(v.bytes);
    case Datum::kBlob:
      break;
  }
  return "a BLOB";
}

int64_t Arguments::Integer(size_t i, const char* name, int64_t least, int64_t most) const {
  const Datum v = ToDatum(values_[i]);
  const bool whole =
      v.kind == Datum::kReal && v.real == std::floor(v.real) && std::fabs(v.real) < 1e15;
  const int64_t n = whole ? static_cast<int64_t>(v.real) : v.integer;
  if ((v.kind != Datum::kInteger && !whole) || n < least || n > most) {
    const std::string range = most == INT64_MAX
                                  ? "at least " + std::to_string(least)
                                  : "from " + std::to_string(least) + " to " + std::to_string(most);
    Fail(std::string(name) + " is an INTEGER " + range + ", not " + Given(i));
  }
  return n;
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
         Given(i));
  }
  return r;
}

}  // namespace memkv::sql
