#include "core/index_key.h"

#include <cassert>
#include <cmath>

#include "core/key.h"

namespace memkv {
namespace {

constexpr char kAboveDouble = 4;  // over every byte that a key begins with
constexpr char kEscaped = static_cast<char>(0xff);
constexpr size_t kNumberBytes = 9;
constexpr size_t kAboveBytes = 2;

// The smallest index key above all those of a value.
std::string PastValue(std::string value) {
  value.push_back(kAboveDouble);
  return value;
}

}  // namespace

void AppendIndexText(Bytes text, std::string* out) {
  for (size_t nul; (nul = text.find('\0')) != Bytes::npos; text.remove_prefix(nul + 1)) {
    out->append(text.substr(0, nul + 1));
    out->push_back(kEscaped);
  }
  out->append(text);
}

size_t IndexTextEnd(Bytes index_key, size_t from) {
  for (size_t n = from;; n += 2) {
    n = index_key.find('\0', n);
    if (n == Bytes::npos || n + 1 == index_key.size() || index_key[n + 1] != kEscaped) return n;
  }
}

bool DecodeIndexText(Bytes text, std::string* buffer, Bytes* out) {
  *out = text;
  if (text.find('\0') == Bytes::npos) return true;
  buffer->clear();
  for (size_t nul; (nul = text.find('\0')) != Bytes::npos; text.remove_prefix(nul + 2)) {
    if (nul + 1 == text.size() || text[nul + 1] != kEscaped) return false;
    buffer->append(text.substr(0, nul + 1));
  }
  buffer->append(text);
  *out = *buffer;
  return true;
}

void AppendIndexValue(const Datum& v, std::string* out) {
  if (v.kind == Datum::kText || v.kind == Datum::kBlob) {
    out->push_back(v.kind == Datum::kText ? kTextTag : kBlobTag);
    AppendIndexText(v.bytes, out);
    out->push_back('\0');
    return;
  }
  const size_t at = out->size();
  AppendKey(v, out);
  if (out->size() - at > kNumberBytes) out->insert(at + kNumberBytes, 1, kAboveDouble);
}

bool SplitIndexKey(Bytes index_key, Bytes* value, Bytes* key) {
  if (index_key.empty()) return false;
  size_t n = 1;
  switch (index_key[0]) {
    case kNullTag:
      break;
    case kNumberTag:
      n = kNumberBytes;
      if (index_key.size() > n && index_key[n] == kAboveDouble) n += 1 + kAboveBytes;
      break;
    case kTextTag:
    case kBlobTag:
      n = IndexTextEnd(index_key, n);
      if (n == Bytes::npos) return false;
      ++n;
      break;
    default:
      return false;
  }
  if (index_key.size() < n) return false;
  *value = index_key.substr(0, n);
  *key = index_key.substr(n);
  return true;
}

bool SplitIndexKey(Bytes index_key, size_t values, Bytes* part, Bytes* key) {
  *key = index_key;
  for (Bytes value; values > 0; --values) {
    if (!SplitIndexKey(*key, &value, key)) return false;
  }
  *part = index_key.substr(0, index_key.size() - key->size());
  return true;
}

bool DecodeIndexValue(Bytes value, std::string* buffer, Datum* out) {
  if (value.empty()) return false;
  const char tag = value[0];
  if (tag != kTextTag && tag != kBlobTag) {
    if (value.size() <= kNumberBytes) return DecodeKey(value, out);
    if (value.size() != kNumberBytes + 1 + kAboveBytes || value[kNumberBytes] != kAboveDouble)
      return false;
    buffer->assign(value.substr(0, kNumberBytes));
    buffer->append(value.substr(kNumberBytes + 1));
    return DecodeKey(*buffer, out);
  }
  if (value.size() < 2 || value.back() != '\0') return false;
  Bytes bytes;
  if (!DecodeIndexText(value.substr(1, value.size() - 2), buffer, &bytes)) return false;
  *out = tag == kTextTag ? Datum::Text(bytes) : Datum::Blob(bytes);
  return true;
}

KeyRange IndexRange(CompareOp op, const Datum& v) {
  if (v.kind == Datum::kNull || (v.kind == Datum::kReal && std::isnan(v.real)))
    return KeyRange::None();
  const std::string first(1, kNumberTag);  // above NULL, which compares with nothing
  std::string at;
  AppendIndexValue(v, &at);
  switch (op) {
    case CompareOp::kLess:
      return {first, std::move(at)};
    case CompareOp::kLessEqual:
      return {first, PastValue(std::move(at))};
    case CompareOp::kEqual: {
      std::string past = PastValue(at);
      return {std::move(at), std::move(past)};
    }
    case CompareOp::kGreaterEqual:
      return {std::move(at), std::nullopt};
    case CompareOp::kGreater:
      return {PastValue(std::move(at)), std::nullopt};
  }
  assert(false);
  return KeyRange::None();
}

KeyRange IndexPrefixRange(KeyTag tag, Bytes prefix) {
  KeyRange range{std::string(1, tag), std::nullopt};
  AppendIndexText(prefix, &range.lo);
  range.hi = PrefixSuccessor(range.lo);
  return range;
}

bool IsOfIndexValue(Bytes index_key, Bytes value) {
  // What else begins so is a larger number, or a text with a NUL.
  return index_key.starts_with(value) &&
         (index_key.size() == value.size() ||
          static_cast<uint8_t>(index_key[value.size()]) < kAboveDouble);
}

KeyRange KeysOfIndexValue(Bytes value, const KeyRange& keys) {
  std::string lo(value), hi(value);
  return {lo + keys.lo, keys.hi ? hi + *keys.hi : PastValue(std::move(hi))};
}

KeyRange NullIndexRange() { return {"", std::string(1, kNumberTag)}; }
KeyRange NotNullIndexRange() { return {std::string(1, kNumberTag), std::nullopt}; }

}  // namespace memkv
