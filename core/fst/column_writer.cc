#include "core/fst/column_writer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

#include "core/fst/format.h"
#include "core/fst/pack.h"
#include "core/fst/values.h"

namespace memkv::fst {
namespace {

constexpr size_t kMostEntries = 4096;
constexpr uint64_t kMostDictionaryBytes = uint64_t{1} << 20;
constexpr uint64_t kSampleBytes = uint64_t{1} << 20;
constexpr uint64_t kFewestCodedBytes = 256;

std::string EntryOf(Datum::Kind kind, Bytes text) {
  std::string entry(1, static_cast<char>(kind));
  return entry.append(text);
}

uint64_t Bits(double d) { return std::bit_cast<uint64_t>(d); }

// The integer that divided by 10^scale gives x, bit by bit. The product only says where to look:
// nothing depends on how it rounds.
bool Scaled(double x, uint8_t scale, int64_t* out) {
  const double y = x * kPowersOfTen[scale];
  if (!(std::fabs(y) < 9007199254740991.0)) return false;
  const auto near = static_cast<int64_t>(y);
  for (int64_t i : {near, near + 1, near - 1}) {
    if (Bits(static_cast<double>(i) / kPowersOfTen[scale]) != Bits(x)) continue;
    *out = i;
    return true;
  }
  return false;
}

}  // namespace

void ColumnWriter::Survey(const Datum& value) {
  if (value.kind != Datum::kText && value.kind != Datum::kBlob) return;
  ++seen_;
  seen_bytes_ += value.bytes.size();
  if (!many_) {
    if (value.bytes.size() > 1024) {
      many_ = true;
    } else if (dictionary_.try_emplace(EntryOf(value.kind, value.bytes), 0).second) {
      dictionary_bytes_ += value.bytes.size() + 1;
      many_ = dictionary_.size() > kMostEntries || dictionary_bytes_ > kMostDictionaryBytes;
    }
    if (many_) dictionary_.clear();
  }
  if (value.kind != Datum::kText) return;
  text_bytes_ += value.bytes.size();
  for (char c : value.bytes) demand_.used[static_cast<uint8_t>(c)] = true;
  // As the sample fills, fewer are taken.
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  const uint64_t filled = sample_.text.size();
  if (filled < kSampleBytes / 2 ||
      (filled < kSampleBytes && (random_ >> 16) % text_bytes_ < kSampleBytes / 2)) {
    sample_.Add(value.bytes.substr(0, 1024), true);
  }
}

void ColumnWriter::Plan(Progress* progress) {
  if (seen_ > 0 && !many_ &&
      dictionary_bytes_ + 5 * dictionary_.size() + seen_ < seen_bytes_ + 2 * seen_) {
    uint32_t id = 0;
    for (auto& [text, number] : dictionary_) number = id++;
  } else {
    dictionary_.clear();
    demand_.total_bytes = text_bytes_;
    if (text_bytes_ >= kFewestCodedBytes)
      codebook_ = std::make_unique<Codebook>(Codebook::Learn(sample_, demand_, progress));
  }
  sample_ = {};
  out_.assign(kColumnHead, '\0');
}

bool ColumnWriter::Surveyed(Bytes text) const {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return demand_.used[static_cast<uint8_t>(c)]; });
}

bool ColumnWriter::Add(const Datum& value) {
  Cell cell = {value.kind, 0, 0};
  if (value.kind == Datum::kInteger) cell.bits = static_cast<uint64_t>(value.integer);
  if (value.kind == Datum::kReal) cell.bits = Bits(value.real);
  if (value.kind == Datum::kText || value.kind == Datum::kBlob) {
    if (value.kind == Datum::kText && codebook_ && !Surveyed(value.bytes)) return false;
    if (!dictionary_.empty() && !dictionary_.contains(EntryOf(value.kind, value.bytes)))
      return false;
    cell.bits = texts_.size();
    cell.bytes = value.bytes.size();
    texts_.append(value.bytes);
  }
  cells_.push_back(cell);
  if (cells_.size() == kBlockRows) WriteBlock();
  return true;
}

bool ColumnWriter::Constant() const {
  const Cell& a = cells_[0];
  return std::all_of(cells_.begin(), cells_.end(), [&](const Cell& b) {
    if (a.kind != b.kind) return false;
    return a.kind == Datum::kText || a.kind == Datum::kBlob ? TextOf(a) == TextOf(b)
                                                            : a.bits == b.bits;
  });
}

void ColumnWriter::WriteBlock() {
  directory_.push_back(out_.size());
  uint32_t kinds = 0;
  for (const Cell& cell : cells_) kinds |= 1u << cell.kind;
  if (Constant()) {
    const Cell& cell = cells_[0];
    const bool bytes = cell.kind == Datum::kText || cell.kind == Datum::kBlob;
    out_.push_back(kConst);
    out_.push_back(static_cast<char>(cell.kind));
    AppendWide(&out_, bytes ? cell.bytes : cell.kind == Datum::kNull ? 0 : 8, 4);
    if (bytes) {
      out_.append(TextOf(cell));
    } else if (cell.kind != Datum::kNull) {
      AppendWide(&out_, cell.bits, 8);
    }
  } else {
    const bool nulls = kinds & 1u << Datum::kNull;
    const uint32_t rest = kinds & ~(1u << Datum::kNull);
    const size_t head = out_.size();
    const bool strings = (rest & ~(1u << Datum::kText | 1u << Datum::kBlob)) == 0;
    out_.push_back(0);
    if (nulls && (std::has_single_bit(rest) || (strings && !dictionary_.empty()))) {
      std::string mask(kNullBytes, '\0');
      for (size_t i = 0; i < cells_.size(); ++i) {
        if (cells_[i].kind == Datum::kNull)
          mask[i / 8] = static_cast<char>(mask[i / 8] | 1 << (i % 8));
      }
      out_.append(mask);
    }
    uint8_t kind = kMixed;
    if (strings && !dictionary_.empty()) {
      kind = kDictionary;
      WriteDictionary();
    } else if (rest == 1u << Datum::kInteger) {
      kind = kInts;
      std::array<uint64_t, kBlockRows> values;
      std::array<bool, kBlockRows> free;
      for (size_t i = 0; i < cells_.size(); ++i)
        values[i] = cells_[i].bits, free[i] = cells_[i].kind == Datum::kNull;
      AppendInts({values.data(), cells_.size()}, {free.data(), cells_.size()}, true, &out_);
    } else if (rest == 1u << Datum::kReal) {
      kind = WriteReals() ? kReals : kRawReals;
      if (kind == kRawReals) {
        for (const Cell& cell : cells_) AppendWide(&out_, cell.bits, 8);
      }
    } else if (rest == 1u << Datum::kText) {
      kind = kTexts;
      WriteBytes(Datum::kText);
    } else if (rest == 1u << Datum::kBlob) {
      kind = kBlobs;
      WriteBytes(Datum::kBlob);
    } else {
      WriteMixed();
    }
    const bool masked = nulls && kind != kMixed;
    out_[head] = static_cast<char>(kind | (masked ? kNullsFlag : 0));
  }
  cells_.clear();
  texts_.clear();
}

bool ColumnWriter::WriteReals() {
  std::array<uint64_t, kBlockRows> values;
  std::array<bool, kBlockRows> free;
  for (uint8_t scale = 0; scale <= kMostScale; ++scale) {
    bool all = true;
    for (size_t i = 0; i < cells_.size() && all; ++i) {
      free[i] = cells_[i].kind == Datum::kNull;
      int64_t n = 0;
      all = free[i] || Scaled(std::bit_cast<double>(cells_[i].bits), scale, &n);
      values[i] = static_cast<uint64_t>(n);
    }
    if (!all) continue;
    out_.push_back(static_cast<char>(scale));
    AppendInts({values.data(), cells_.size()}, {free.data(), cells_.size()}, true, &out_);
    return true;
  }
  return false;
}

void ColumnWriter::WriteDictionary() {
  std::array<uint64_t, kBlockRows> values;
  std::array<bool, kBlockRows> free;
  for (size_t i = 0; i < cells_.size(); ++i) {
    free[i] = cells_[i].kind == Datum::kNull;
    values[i] = free[i] ? 0 : dictionary_.find(EntryOf(cells_[i].kind, TextOf(cells_[i])))->second;
  }
  AppendInts({values.data(), cells_.size()}, {free.data(), cells_.size()}, true, &out_);
}

void ColumnWriter::AppendText(const Cell& cell, std::string* out) {
  if (codebook_) {
    codebook_->Encode(TextOf(cell), true, out);
  } else {
    out->append(TextOf(cell));
  }
}

void ColumnWriter::WriteBytes(Datum::Kind kind) {
  std::string bytes;
  std::vector<uint64_t> offsets;
  for (const Cell& cell : cells_) {
    offsets.push_back(bytes.size());
    if (cell.kind == Datum::kText) AppendText(cell, &bytes);
    if (cell.kind == Datum::kBlob) bytes.append(TextOf(cell));
  }
  offsets.push_back(bytes.size());
  if (kind == Datum::kText) out_.push_back(codebook_ != nullptr);
  AppendInts(offsets, {}, false, &out_);
  out_.append(bytes);
}

void ColumnWriter::WriteMixed() {
  std::string bytes;
  std::vector<uint64_t> offsets;
  out_.push_back(codebook_ != nullptr);
  for (const Cell& cell : cells_) {
    out_.push_back(static_cast<char>(cell.kind));
    offsets.push_back(bytes.size());
    if (cell.kind == Datum::kInteger) {
      // The fewest bytes whose sign extension is the value.
      uint32_t width = 1;
      const auto v = static_cast<int64_t>(cell.bits);
      while (width < 8 && (v >> (8 * width - 1)) != 0 && (v >> (8 * width - 1)) != -1) ++width;
      AppendWide(&bytes, cell.bits, width);
    } else if (cell.kind == Datum::kReal) {
      AppendWide(&bytes, cell.bits, 8);
    } else if (cell.kind == Datum::kText) {
      AppendText(cell, &bytes);
    } else if (cell.kind == Datum::kBlob) {
      bytes.append(TextOf(cell));
    }
  }
  offsets.push_back(bytes.size());
  AppendInts(offsets, {}, false, &out_);
  out_.append(bytes);
}

std::string ColumnWriter::Finish() {
  if (!cells_.empty()) WriteBlock();
  const uint64_t dictionary = out_.size();
  if (!dictionary_.empty()) {
    uint64_t bytes = 0;
    for (const auto& [text, number] : dictionary_) bytes += text.size();
    const uint32_t width = WidthOf(bytes);
    AppendWide(&out_, dictionary_.size(), 4);
    out_.push_back(static_cast<char>(width));
    bytes = 0;
    for (const auto& [text, number] : dictionary_) {
      AppendWide(&out_, bytes, width);
      bytes += text.size();
    }
    AppendWide(&out_, bytes, width);
    for (const auto& [text, number] : dictionary_) out_.append(text);
  }
  const uint64_t code = out_.size();
  if (codebook_) out_.append(codebook_->Serialize(1));
  const uint64_t directory = out_.size();
  for (uint64_t at : directory_) AppendWide(&out_, at, 6);
  StoreWide(out_.data(), directory, 6);
  StoreWide(out_.data() + 6, dictionary, 6);
  StoreWide(out_.data() + 12, code, 6);
  return std::move(out_);
}

}  // namespace memkv::fst
