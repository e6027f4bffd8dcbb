// Datum: one SQL value as core sees it. Value: what a structure stores beside a key.

#ifndef MEMKV_CORE_DATUM_H_
#define MEMKV_CORE_DATUM_H_

#include <cstdint>

#include "core/bytes.h"

namespace memkv {

// A borrowed SQL value of one of SQLite's five storage classes.
struct Datum {
  enum Kind : uint8_t { kNull, kInteger, kReal, kText, kBlob };

  Kind kind = kNull;
  int64_t integer = 0;
  double real = 0;
  Bytes bytes;  // TEXT and BLOB; borrowed from whoever made the Datum

  static Datum Null() { return {}; }
  static Datum Integer(int64_t i) { return {kInteger, i, 0, {}}; }
  static Datum Real(double r) { return {kReal, 0, r, {}}; }
  static Datum Text(Bytes b) { return {kText, 0, 0, b}; }
  static Datum Blob(Bytes b) { return {kBlob, 0, 0, b}; }
};

// What a mutable structure stores beside a key: a number (small ones in few bytes, 0 in none) or
// record bytes. What the number or the record means is core/row.h's business.
struct Value {
  bool is_record = false;
  uint64_t number = 0;
  Bytes record;  // borrowed

  static Value Number(uint64_t n) { return {false, n, {}}; }
  static Value Record(Bytes b) { return {true, 0, b}; }
  friend bool operator==(const Value&, const Value&) = default;
};

// An entry of a layer: the key's value, and what the key adds to the counts of the layers under it:
// +1 a key that is new to them, 0 one that overrides theirs, -1 a tombstone (its value is
// Number(0)).
struct Entry {
  Value value;
  int net = 1;
};

}  // namespace memkv

#endif  // MEMKV_CORE_DATUM_H_
