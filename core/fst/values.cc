#include "core/fst/values.h"

#include <algorithm>
#include <bit>

namespace memkv::fst {

Status ColumnReader::Open(Bytes section, uint32_t index, uint64_t rows, const PageGuard* pages) {
  base_ = reinterpret_cast<const uint8_t*>(section.data());
  end_ = base_ + section.size();
  rows_ = rows;
  index_ = index;
  pages_ = pages;
  auto corrupt = [&](const char* what) {
    return Status::Corrupt("section column " + std::to_string(index) + ": " + what);
  };
  if (!Holds(base_, kColumnHead)) return corrupt("its head");
  directory_ = LoadWide(base_, 6);
  dictionary_ = LoadWide(base_ + 6, 6);
  code_at_ = LoadWide(base_ + 12, 6);
  const uint64_t blocks = rows / kBlockRows + (rows % kBlockRows != 0);
  const uint64_t size = section.size();
  if (directory_ > size || dictionary_ > size || code_at_ > directory_ ||
      blocks != (size - directory_) / 6 || (size - directory_) % 6 != 0) {
    return corrupt("its directory");
  }
  if (code_at_ < directory_) {
    if (!Holds(base_ + code_at_, directory_ - code_at_)) return corrupt("its code");
    code_ = std::make_unique<TokenCode>();
    MEMKV_TRY(code_->Parse(section.substr(code_at_, directory_ - code_at_)));
  }
  return {};
}

bool ColumnReader::Holds(const uint8_t* p, uint64_t n) const {
  if (p < base_ || p > end_ || n > static_cast<uint64_t>(end_ - p)) return false;
  return pages_->trusted() || pages_->Check(p, p + n);
}

Status ColumnReader::Corrupt(uint64_t row) const {
  return Status::Corrupt("section column " + std::to_string(index_) + ", row " +
                         std::to_string(row) + ": no value there");
}

uint64_t ColumnReader::Ints::AtAmongOutliers(uint64_t i) const {
  uint32_t from = 0, to = outliers;
  while (from < to) {
    const uint32_t mid = (from + to) / 2;
    const uint64_t place = uint64_t{places[2 * mid]} | uint64_t{places[2 * mid + 1]} << 8;
    if (place == i) return Load64(places + 2 * outliers + 8 * mid);
    if (place < i) {
      from = mid + 1;
    } else {
      to = mid;
    }
  }
  return base + i * stride + Bits(i);
}

bool ColumnReader::OpenInts(const uint8_t* p, uint64_t rows, Ints* out) const {
  if (!Holds(p, 19)) return false;
  out->base = Load64(p);
  out->stride = Load64(p + 8);
  out->width = p[16];
  out->outliers = p[17] | uint32_t{p[18]} << 8;
  if (out->width > 56 && out->width != 64) return false;
  const uint64_t bytes = (rows * out->width + 7) / 8 + uint64_t{out->outliers} * 10;
  if (!Holds(p + 19, bytes)) return false;
  out->bits = p + 19;
  out->end = p + 19 + bytes;
  out->places = out->end - uint64_t{out->outliers} * 10;
  return true;
}

Status ColumnReader::GetSlowly(uint64_t row, Block* block, std::string* buffer, Datum* out) const {
  if (row - block->first_ >= block->rows_ && !OpenBlock(row, block)) {
    block->rows_ = 0;
    return Corrupt(row);
  }
  return ValueIn(*block, row - block->first_, buffer, out) ? Status() : Corrupt(row);
}

// The block of a row. What it holds ahead of its bytes is checked here, once.
bool ColumnReader::OpenBlock(uint64_t row, Block* block) const {
  const uint8_t* entry = base_ + directory_ + (row >> kBlockShift) * 6;
  if (!pages_->trusted() && !pages_->Check(entry, entry + 6)) return false;
  const uint64_t at = LoadWide(entry, 6);
  if (at >= static_cast<uint64_t>(end_ - base_)) return false;
  const uint8_t* p = base_ + at;
  if (!Holds(p, 1)) return false;
  const uint8_t kind = *p++;
  block->first_ = row >> kBlockShift << kBlockShift;
  block->rows_ = std::min(kBlockRows, rows_ - block->first_);
  block->kind_ = static_cast<BlockKind>(kind & ~kNullsFlag);
  block->nulls_ = nullptr;
  if (kind & kNullsFlag) {
    if (!Holds(p, kNullBytes)) return false;
    block->nulls_ = p;
    p += kNullBytes;
  }
  block->body_ = p;
  const uint64_t rows = block->rows_;
  switch (block->kind_) {
    case kConst:
      return Holds(p, 5) && Holds(p + 5, Load32(p + 1));
    case kInts:
    case kDictionary:
      return OpenInts(p, rows, &block->ints_);
    case kReals:
      return Holds(p, 1) && *p <= kMostScale && OpenInts(p + 1, rows, &block->ints_);
    case kRawReals:
      return Holds(p, rows * 8);
    case kTexts:
      return Holds(p, 1) && OpenInts(p + 1, rows + 1, &block->ints_);
    case kBlobs:
      return OpenInts(p, rows + 1, &block->ints_);
    case kMixed:
      return Holds(p, 1 + rows) && OpenInts(p + 1 + rows, rows + 1, &block->ints_);
  }
  return false;
}

bool ColumnReader::ValueIn(const Block& block, uint64_t i, std::string* buffer, Datum* out) const {
  const uint8_t* const p = block.body_;
  if (block.nulls_ && block.nulls_[i / 8] >> (i % 8) & 1) {
    *out = Datum::Null();
    return true;
  }
  const uint8_t* from;
  uint64_t n;
  switch (block.kind_) {
    case kConst:
      n = Load32(p + 1);
      if (p[0] == Datum::kNull) {
        *out = Datum::Null();
      } else if (p[0] == Datum::kText || p[0] == Datum::kBlob) {
        const Bytes bytes(reinterpret_cast<const char*>(p + 5), n);
        *out = p[0] == Datum::kText ? Datum::Text(bytes) : Datum::Blob(bytes);
      } else if (n == 8 && p[0] == Datum::kInteger) {
        *out = Datum::Integer(static_cast<int64_t>(Load64(p + 5)));
      } else if (n == 8 && p[0] == Datum::kReal) {
        *out = Datum::Real(std::bit_cast<double>(Load64(p + 5)));
      } else {
        return false;
      }
      return true;
    case kInts:
      *out = Datum::Integer(static_cast<int64_t>(block.ints_.At(i)));
      return true;
    case kReals:
      *out = Datum::Real(static_cast<double>(static_cast<int64_t>(block.ints_.At(i))) /
                         kPowersOfTen[*p]);
      return true;
    case kRawReals:
      *out = Datum::Real(std::bit_cast<double>(Load64(p + 8 * i)));
      return true;
    case kDictionary:
      return Entry(block.ints_.At(i), out);
    case kTexts:
      return Span(block.ints_, i, &from, &n) && Text(from, n, *p != 0, buffer, out);
    case kBlobs:
      if (!Span(block.ints_, i, &from, &n)) return false;
      *out = Datum::Blob(Bytes(reinterpret_cast<const char*>(from), n));
      return true;
    case kMixed:
      return Span(block.ints_, i, &from, &n) && Mixed(p[1 + i], from, n, *p != 0, buffer, out);
  }
  return false;
}

bool ColumnReader::Mixed(uint8_t kind, const uint8_t* from, uint64_t n, bool coded,
                         std::string* buffer, Datum* out) const {
  switch (kind) {
    case Datum::kNull:
      *out = Datum::Null();
      return true;
    case Datum::kInteger: {
      if (n < 1 || n > 8) return false;
      const uint32_t spare = 64 - 8 * static_cast<uint32_t>(n);
      *out = Datum::Integer(
          static_cast<int64_t>(LoadWide(from, static_cast<uint32_t>(n)) << spare) >> spare);
      return true;
    }
    case Datum::kReal:
      if (n != 8) return false;
      *out = Datum::Real(std::bit_cast<double>(Load64(from)));
      return true;
    case Datum::kText:
      return Text(from, n, coded, buffer, out);
    case Datum::kBlob:
      *out = Datum::Blob(Bytes(reinterpret_cast<const char*>(from), n));
      return true;
    default:
      return false;
  }
}

bool ColumnReader::Span(const Ints& offsets, uint64_t i, const uint8_t** from, uint64_t* n) const {
  const uint64_t a = offsets.At(i), b = offsets.At(i + 1);
  if (a > b || b > static_cast<uint64_t>(end_ - offsets.end)) return false;
  *from = offsets.end + a;
  *n = b - a;
  return Holds(*from, *n);
}

bool ColumnReader::Text(const uint8_t* from, uint64_t n, bool coded, std::string* buffer,
                        Datum* out) const {
  if (!coded) {
    *out = Datum::Text(Bytes(reinterpret_cast<const char*>(from), n));
    return true;
  }
  if (!code_) return false;
  // A code stands for at most fifteen bytes.
  const TokenCode& code = *code_;
  const uint8_t* const stop = from + n;
  char *to = buffer->data(), *end = to + buffer->size();
  while (from < stop) {
    const uint32_t c = *from;
    if (c >= code.hot) return false;
    const TokenSlot& token = code.Take(from);
    if (end - to < 16) {
      const size_t length = static_cast<size_t>(to - buffer->data());
      buffer->resize(std::max<size_t>(2 * buffer->size(), length + 64));
      to = buffer->data() + length;
      end = buffer->data() + buffer->size();
    }
    std::memcpy(to, &token, 16);
    to += token.length;
    if (code.IsEnd(c)) {
      *out = Datum::Text(Bytes(buffer->data(), static_cast<size_t>(to - buffer->data())));
      return true;
    }
  }
  return false;
}

bool ColumnReader::Entry(uint64_t id, Datum* out) const {
  const uint8_t* p = base_ + dictionary_;
  if (!Holds(p, 5)) return false;
  const uint64_t entries = Load32(p);
  const uint32_t width = p[4];
  if (id >= entries || width < 1 || width > 8 || !Holds(p + 5, (entries + 1) * width)) return false;
  const uint64_t a = LoadWide(p + 5 + id * width, width),
                 b = LoadWide(p + 5 + (id + 1) * width, width);
  const uint8_t* text = p + 5 + (entries + 1) * width;
  if (a >= b || b > static_cast<uint64_t>(end_ - text) || !Holds(text + a, b - a)) return false;
  const Bytes bytes(reinterpret_cast<const char*>(text + a + 1), b - a - 1);
  if (text[a] == Datum::kText) {
    *out = Datum::Text(bytes);
  } else if (text[a] == Datum::kBlob) {
    *out = Datum::Blob(bytes);
  } else {
    return false;
  }
  return true;
}

Status ColumnReader::Verify(Progress* progress) const {
  constexpr uint64_t kRowNanoseconds = 100;
  std::string buffer;
  Block block;
  Datum out;
  for (uint64_t row = 0; row < rows_; ++row) {
    if (progress->Stop(kRowNanoseconds)) return Status::Interrupted();
    MEMKV_TRY(Get(row, &block, &buffer, &out));
  }
  return {};
}

}  // namespace memkv::fst
