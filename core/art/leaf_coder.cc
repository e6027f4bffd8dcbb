#include "core/art/leaf_coder.h"

#include <algorithm>
#include <cassert>

namespace memkv::art {

namespace {

Bytes AsBytes(const uint8_t* p, size_t n) { return {reinterpret_cast<const char*>(p), n}; }
const uint8_t* Data(Bytes b) { return reinterpret_cast<const uint8_t*>(b.data()); }

// Plain bytes of a rest.
Bytes PlainRest(Scratch& scratch, const TokenBook* tokens, const uint8_t* rest, uint32_t n) {
  if (!tokens) return AsBytes(rest, n);
  const uint32_t room = tokens->PlainBytes(rest, n);
  uint8_t* out = scratch.Take(room);
  tokens->DecodeFront(rest, n, out, room);
  return AsBytes(out, room);
}

}  // namespace

uint32_t LeafCoder::EncodeRest(uint8_t book, Bytes rest, const uint8_t** out) {
  const uint32_t n = static_cast<uint32_t>(rest.size());
  if (!book) {
    *out = Data(rest);
    return n;
  }
  assert(book == coding_->present());
  uint8_t* code = scratch_->Take(2 * size_t{n} + 1);
  *out = code;
  return coding_->Encode(Data(rest), n, code);
}

void LeafCoder::SetRest(LeafParts& parts, uint32_t i, uint32_t l, Bytes key) {
  parts.l[i] = l;
  parts.f[i] = static_cast<uint8_t>(key[l]);
  parts.r[i] = EncodeRest(parts.book, key.substr(l + 1), &parts.rest[i]);
}

void LeafCoder::Recode(LeafParts& parts) {
  if (parts.book == coding_->present()) return;
  Decode(parts);
  if (coding_->present()) EncodeRests(parts);
}

void LeafCoder::Decode(LeafParts& parts) {
  if (!parts.book) return;
  const TokenBook* tokens = coding_->book(parts.book);
  uint32_t n[kLeafMax];
  size_t sum = 0;
  for (uint32_t i = 0; i < parts.n; ++i) {
    sum += n[i] = tokens->PlainBytes(parts.rest[i], parts.r[i]);
  }
  uint8_t* out = scratch_->Take(sum);
  for (uint32_t i = 0; i < parts.n; ++i) {
    tokens->DecodeFront(parts.rest[i], parts.r[i], out, n[i]);
    parts.rest[i] = out;
    parts.r[i] = n[i];
    out += n[i];
  }
  parts.book = 0;
}

// Codes plain rests with the present book. REQUIRES it.
void LeafCoder::EncodeRests(LeafParts& parts) {
  size_t plain = 0;
  for (uint32_t i = 0; i < parts.n; ++i) plain += parts.r[i];
  uint8_t* code = scratch_->Take(2 * plain + 1);
  for (uint32_t i = 0; i < parts.n; ++i) {
    parts.r[i] = coding_->Encode(parts.rest[i], parts.r[i], code);
    parts.rest[i] = code;
    code += parts.r[i];
  }
  parts.book = coding_->present();
}

LeafCoder::Rest LeafCoder::CutRest(uint8_t book, Rest rest, uint32_t cut, uint8_t* last) {
  const TokenBook* tokens = coding_->book(book);
  if (!tokens) {
    *last = rest.p[cut - 1];
    return {rest.p + cut, rest.n - cut};
  }
  const Bytes plain = PlainRest(*scratch_, tokens, rest.p, rest.n);
  *last = static_cast<uint8_t>(plain[cut - 1]);
  const auto left = static_cast<uint32_t>(plain.size()) - cut;
  uint8_t* code = scratch_->Take(2 * size_t{left} + 1);
  return {code, coding_->Recode(Data(plain) + cut, left, 0, rest.p, rest.n, cut, code)};
}

LeafCoder::Rest LeafCoder::ExtendRest(uint8_t book, Rest before, uint32_t take, uint8_t then,
                                      Rest rest) {
  const TokenBook* tokens = coding_->book(book);
  const Bytes plain = PlainRest(*scratch_, tokens, rest.p, rest.n);
  const auto n = static_cast<uint32_t>(take + 1 + plain.size());
  uint8_t* text = scratch_->Take(n);
  if (tokens) {
    tokens->DecodeFront(before.p, before.n, text, take);
  } else {
    std::copy_n(before.p, take, text);
  }
  text[take] = then;
  std::copy_n(Data(plain), plain.size(), text + take + 1);
  if (!tokens) return {text, n};
  uint8_t* code = scratch_->Take(2 * size_t{n} + 1);
  return {code, coding_->Recode(text, n, take + 1, rest.p, rest.n, 0, code)};
}

// Entry i shares l bytes, more than before, with a new entry in front of it.
void LeafCoder::CutNext(LeafParts& parts, uint32_t i, uint32_t l) {
  if (l == parts.l[i]) return;
  const Rest rest = CutRest(parts.book, {parts.rest[i], parts.r[i]}, l - parts.l[i], &parts.f[i]);
  parts.rest[i] = rest.p;
  parts.r[i] = rest.n;
  parts.l[i] = l;
}

// The next entry gets back the bytes it shared with entry i alone.
void LeafCoder::RemoveEntry(LeafParts& parts, uint32_t i) {
  if (i == 0 && parts.empty_first) {
    parts.empty_first = false;
  } else if (i + 1 < parts.n && parts.l[i + 1] > parts.l[i]) {
    const Rest rest =
        ExtendRest(parts.book, {parts.rest[i], parts.r[i]}, parts.l[i + 1] - parts.l[i] - 1,
                   parts.f[i + 1], {parts.rest[i + 1], parts.r[i + 1]});
    parts.l[i + 1] = parts.l[i];
    parts.f[i + 1] = parts.f[i];
    parts.rest[i + 1] = rest.p;
    parts.r[i + 1] = rest.n;
  }
  parts.Remove(i, i + 1);
}

}  // namespace memkv::art
