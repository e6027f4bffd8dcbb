#include "core/row.h"

#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>

namespace memkv {
namespace {

enum Type : uint64_t {
  kNull = 0,
  kZero = 1,
  kOne = 2,
  kInt8 = 3,
  kInt64 = 10,
  kReal = 11,
  kBytes = 12
};

uint64_t ZigZag(int64_t i) {
  return static_cast<uint64_t>(i) << 1 ^ static_cast<uint64_t>(i >> 63);
}

int64_t UnZigZag(uint64_t z) { return static_cast<int64_t>(z >> 1 ^ (~(z & 1) + 1)); }

void AppendLittleEndian(uint64_t v, size_t bytes, std::string* out) {
  for (size_t i = 0; i < bytes; ++i, v >>= 8) out->push_back(static_cast<char>(v));
}

// How many bytes hold i in two's complement: 1..8.
size_t IntegerBytes(int64_t i) {
  const uint64_t magnitude = static_cast<uint64_t>(i < 0 ? ~i : i);
  return static_cast<size_t>(std::bit_width(magnitude)) / 8 + 1;
}

uint64_t TypeOf(const Datum& v) {
  switch (v.kind) {
    case Datum::kNull:
      return kNull;
    case Datum::kInteger:
      if (v.integer == 0 || v.integer == 1) return v.integer == 0 ? kZero : kOne;
      return kInt8 + IntegerBytes(v.integer) - 1;
    case Datum::kReal:
      return std::isnan(v.real) ? kNull : kReal;  // SQLite reads NaN as NULL
    case Datum::kText:
    case Datum::kBlob:
      return kBytes + 2 * uint64_t{v.bytes.size()} + (v.kind == Datum::kText);
  }
  assert(false);
  return kNull;
}

uint64_t BodyBytes(uint64_t type) {
  if (type < kInt8) return 0;
  if (type <= kInt64) return type - kInt8 + 1;
  return type == kReal ? 8 : (type - kBytes) / 2;
}

Datum DecodeBody(uint64_t type, Bytes body) {
  if (type == kNull) return Datum::Null();
  if (type <= kOne) return Datum::Integer(static_cast<int64_t>(type - kZero));
  if (type >= kBytes) return type & 1 ? Datum::Text(body) : Datum::Blob(body);
  uint64_t bits = 0;
  for (size_t i = body.size(); i-- > 0;) bits = bits << 8 | static_cast<uint8_t>(body[i]);
  if (type == kReal) {
    const double d = std::bit_cast<double>(bits);
    return std::isnan(d) ? Datum::Null() : Datum::Real(d);
  }
  const unsigned unused = static_cast<unsigned>(64 - 8 * body.size());
  return Datum::Integer(static_cast<int64_t>(bits << unused) >> unused);
}

// Walks the columns of a record from the first.
class Reader {
 public:
  explicit Reader(Bytes record) : record_bytes_(record.size()), rest_(record) {}

  Status Open() {
    uint64_t n;
    if (!GetVarint(&rest_, &n) || n > rest_.size()) return Corrupt("its header is cut short");
    header_ = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return {};
  }

  bool AtEnd() const { return header_.empty(); }
  size_t body_bytes_left() const { return rest_.size(); }

  // REQUIRES !AtEnd().
  Status Next(uint64_t* type, Bytes* body) {
    if (!GetVarint(&header_, type)) return Corrupt("a column's type is cut short");
    const uint64_t n = BodyBytes(*type);
    if (n > rest_.size()) {
      return Corrupt("a column needs " + std::to_string(n) + " bytes where " +
                     std::to_string(rest_.size()) + " are left");
    }
    *body = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return {};
  }

  Status Corrupt(const std::string& what) const {
    return Status::Corrupt("row record of " + std::to_string(record_bytes_) + " bytes: " + what);
  }

 private:
  size_t record_bytes_;
  Bytes header_;
  Bytes rest_;
};

constexpr uint64_t kRealNumber = uint64_t{1} << 63;  // the sign bit, which its REALs do not have

Datum NumberColumn(uint64_t number, size_t column) {
  if (number == 0 || column != 0) return Datum::Null();
  if (number < kRealNumber) return Datum::Integer(UnZigZag(number - 1));
  const double d = std::bit_cast<double>(number - kRealNumber);
  return std::isnan(d) ? Datum::Null() : Datum::Real(d);
}

// The number that stands for a row of this one column; 0: none does.
uint64_t NumberOf(const Datum& v) {
  uint64_t number = 0;
  if (v.kind == Datum::kInteger) number = ZigZag(v.integer) + 1;
  if (v.kind == Datum::kReal && !std::signbit(v.real))
    return std::bit_cast<uint64_t>(v.real) | kRealNumber;
  return number < kRealNumber ? number : 0;
}

}  // namespace

Value EncodeRow(std::span<const Datum> columns, std::string* buffer) {
  while (!columns.empty() && TypeOf(columns.back()) == kNull) {
    columns = columns.first(columns.size() - 1);
  }
  if (columns.empty()) return Value::Number(0);
  if (columns.size() == 1) {
    if (const uint64_t number = NumberOf(columns[0])) return Value::Number(number);
  }
  size_t header_bytes = 0;
  for (const Datum& v : columns) {
    header_bytes += static_cast<size_t>(std::bit_width(TypeOf(v) | 1) + 6) / 7;
  }
  buffer->clear();
  PutVarint(buffer, header_bytes);
  for (const Datum& v : columns) PutVarint(buffer, TypeOf(v));
  for (const Datum& v : columns) {
    const uint64_t type = TypeOf(v);
    if (type >= kBytes) {
      buffer->append(v.bytes);
    } else if (type == kReal) {
      AppendLittleEndian(std::bit_cast<uint64_t>(v.real), 8, buffer);
    } else {
      AppendLittleEndian(static_cast<uint64_t>(v.integer), BodyBytes(type), buffer);
    }
  }
  return Value::Record(*buffer);
}

namespace {

// Of a record whose header is short, so that each varint is one byte. False: another, or a wrong one.
bool DecodeShort(Bytes record, size_t column, Datum* out) {
  const auto byte = [&record](size_t i) { return static_cast<uint8_t>(record[i]); };
  if (record.empty() || byte(0) >= 0x80 || byte(0) >= record.size()) return false;
  const size_t columns = byte(0);
  size_t at = 1 + columns;  // of the body
  for (size_t i = 0; i < columns; ++i) {
    const uint64_t type = byte(1 + i);
    const size_t n = BodyBytes(type);
    if (type >= 0x80 || n > record.size() - at) return false;
    if (i == column) {
      *out = DecodeBody(type, record.substr(at, n));
      return true;
    }
    at += n;
  }
  *out = Datum::Null();
  return true;
}

}  // namespace

Status DecodeColumn(const Value& row, size_t column, Datum* out) {
  if (!row.is_record) {
    *out = NumberColumn(row.number, column);
    return {};
  }
  if (DecodeShort(row.record, column, out)) return {};
  Reader reader(row.record);
  MEMKV_TRY(reader.Open());
  uint64_t type = kNull;
  Bytes body;
  for (size_t i = 0; i <= column; ++i) {
    if (reader.AtEnd()) {
      *out = Datum::Null();
      return {};
    }
    MEMKV_TRY(reader.Next(&type, &body));
  }
  *out = DecodeBody(type, body);
  return {};
}

Status DecodeRow(const Value& row, std::span<Datum> columns) {
  if (!row.is_record) {
    if (row.number != 0 && columns.empty()) {
      return Status::Corrupt("a row of no columns holds the number " + std::to_string(row.number));
    }
    for (size_t i = 0; i < columns.size(); ++i) columns[i] = NumberColumn(row.number, i);
    return {};
  }
  Reader reader(row.record);
  MEMKV_TRY(reader.Open());
  for (Datum& column : columns) {
    if (reader.AtEnd()) {
      column = Datum::Null();
      continue;
    }
    uint64_t type;
    Bytes body;
    MEMKV_TRY(reader.Next(&type, &body));
    column = DecodeBody(type, body);
  }
  if (!reader.AtEnd()) {
    return reader.Corrupt("it has more than " + std::to_string(columns.size()) + " columns");
  }
  if (reader.body_bytes_left() != 0) {
    return reader.Corrupt(std::to_string(reader.body_bytes_left()) +
                          " bytes follow its last column");
  }
  return {};
}

}  // namespace memkv
