#include "core/key.h"

#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>

namespace memkv {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;
constexpr uint64_t kSignBit = uint64_t{1} << 63;

// Turns a double's bits into an unsigned number of the same order, and back.
uint64_t OrderedBits(double d) {
  const uint64_t bits = std::bit_cast<uint64_t>(d);
  return bits & kSignBit ? ~bits : bits | kSignBit;
}

double FromOrderedBits(uint64_t ordered) {
  return std::bit_cast<double>(ordered & kSignBit ? ordered ^ kSignBit : ~ordered);
}

// Whether an int64 holds d exactly.
bool IsInt64(double d) {
  return d >= -kTwo63 && d < kTwo63 && d == static_cast<double>(static_cast<int64_t>(d));
}

void AppendReal(double d, std::string* out) {
  char bytes[9] = {kNumberTag};
  StoreBigEndian64(OrderedBits(d == 0 ? 0.0 : d), bytes + 1);
  out->append(bytes, sizeof bytes);
}

void AppendInteger(int64_t i, std::string* out) {
  double below = static_cast<double>(i);  // the nearest; above i where it was rounded up
  if (below >= kTwo63 || static_cast<int64_t>(below) > i) {
    below = std::nextafter(below, -std::numeric_limits<double>::infinity());
  }
  AppendReal(below, out);
  const int64_t above = i - static_cast<int64_t>(below);
  if (above == 0) return;
  out->push_back(static_cast<char>(above >> 8));
  out->push_back(static_cast<char>(above));
}

bool DecodeNumber(Bytes body, Datum* v) {
  if (body.size() != 8 && body.size() != 10) return false;
  const double d = FromOrderedBits(LoadBigEndian64(body.data()));
  if (std::isnan(d)) return false;
  if (body.size() == 8) {
    *v = IsInt64(d) ? Datum::Integer(static_cast<int64_t>(d)) : Datum::Real(d);
    return !(d == 0 && std::signbit(d));
  }
  const uint32_t above =
      uint32_t{static_cast<uint8_t>(body[8])} << 8 | static_cast<uint8_t>(body[9]);
  if (!IsInt64(d) || above == 0 || above > 1023) return false;
  const int64_t floor = static_cast<int64_t>(d);
  if (floor > std::numeric_limits<int64_t>::max() - int64_t{above}) return false;
  *v = Datum::Integer(floor + int64_t{above});
  // A number has one encoding: d must be the largest double below it.
  std::string again;
  AppendInteger(v->integer, &again);
  return Bytes(again).substr(1) == body;
}

}  // namespace

void AppendKey(const Datum& v, std::string* out) {
  switch (v.kind) {
    case Datum::kNull:
      out->push_back(kNullTag);
      return;
    case Datum::kInteger:
      return AppendInteger(v.integer, out);
    case Datum::kReal:
      if (std::isnan(v.real)) {  // SQLite reads NaN as NULL
        out->push_back(kNullTag);
        return;
      }
      return AppendReal(v.real, out);
    case Datum::kText:
      out->push_back(kTextTag);
      out->append(v.bytes);
      return;
    case Datum::kBlob:
      out->push_back(kBlobTag);
      out->append(v.bytes);
      return;
  }
  assert(false);
}

std::string EncodeKey(const Datum& v) {
  std::string out;
  out.reserve(1 + (v.kind >= Datum::kText ? v.bytes.size() : 10));
  AppendKey(v, &out);
  return out;
}

bool DecodeKey(Bytes key, Datum* v) {
  if (key.empty()) return false;
  const Bytes body = key.substr(1);
  switch (key[0]) {
    case kNullTag:
      *v = Datum::Null();
      return body.empty();
    case kNumberTag:
      return DecodeNumber(body, v);
    case kTextTag:
      *v = Datum::Text(body);
      return true;
    case kBlobTag:
      *v = Datum::Blob(body);
      return true;
    default:
      return false;
  }
}

}  // namespace memkv
