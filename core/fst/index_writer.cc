#include "core/fst/index_writer.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

#include "core/fst/format.h"
#include "core/fst/frozen_index.h"
#include "core/index_key.h"

namespace memkv::fst {
namespace {

constexpr uint32_t kRankBits = 56;
constexpr uint64_t kRankMask = (uint64_t{1} << kRankBits) - 1;
constexpr uint32_t kSampleShift = 4;
constexpr size_t kRun = size_t{1} << 16;  // entries sorted between two polls
constexpr uint64_t kSortNanoseconds = 80, kMergeNanoseconds = 10;

}  // namespace

Status IndexWriter::Add(Bytes key, std::span<const Datum> row) {
  value_.clear();
  const auto read = [&row](uint32_t column, Datum* v) {
    *v = row[column];
    return Status();
  };
  MEMKV_TRY(AppendIndexValues(def_, key, read, &value_));
  if (!def_.is_plain()) {
    values_ += value_;
    ends_.push_back(values_.size());
  }
  const uint64_t ninth = value_.size() > 8 ? static_cast<uint8_t>(value_[8]) : 0;
  longer_ |= value_.size() > 9;
  assert(entries_.size() <= kRankMask);
  entries_.push_back({HeadAt(value_, 0), ninth << kRankBits | entries_.size()});
  return {};
}

Status IndexWriter::ValuesAt(const ColumnReader* column, uint64_t rank, std::string* buffer,
                             std::string* values) const {
  if (!def_.is_plain()) {
    const uint64_t from = rank > 0 ? ends_[rank - 1] : 0;
    values->assign(Bytes(values_).substr(from, ends_[rank] - from));
    return {};
  }
  Datum v;
  MEMKV_TRY(column->Get(rank, buffer, &v));
  AppendIndexValue(v, values);
  return {};
}

// In runs, which are then merged, so that it can be stopped.
void IndexWriter::Sort(Progress* progress) {
  const size_t n = entries_.size();
  for (size_t i = 0; i < n; i += kRun) {
    std::sort(entries_.begin() + static_cast<ptrdiff_t>(i),
              entries_.begin() + static_cast<ptrdiff_t>(std::min(i + kRun, n)));
    if (progress->Stop(kRun * kSortNanoseconds)) return;
  }
  if (n <= kRun) return;
  std::vector<Entry> merged(n);
  for (size_t run = kRun; run < n; run *= 2) {
    for (size_t i = 0; i < n; i += 2 * run) {
      size_t a = i, b = std::min(i + run, n), out = i;
      const size_t a_end = b, b_end = std::min(i + 2 * run, n);
      while (out < b_end) {
        const bool first = b == b_end || (a < a_end && entries_[a] < entries_[b]);
        merged[out++] = entries_[first ? a++ : b++];
        if (out % kRun == 0 && progress->Stop(kRun * kMergeNanoseconds)) return;
      }
    }
    entries_.swap(merged);
  }
}

// Entries that nine bytes do not tell apart, by all of the value and then by rank.
Status IndexWriter::SortTies(const ColumnReader* column, Progress* progress) {
  constexpr uint64_t kValueNanoseconds = 300;
  std::vector<std::pair<std::string, uint64_t>> tied;
  std::string buffer;
  for (size_t i = 0, end; i < entries_.size(); i = end) {
    const uint64_t ninth = entries_[i].ninth_and_rank >> kRankBits;
    end = i + 1;
    while (end < entries_.size() && entries_[end].head == entries_[i].head &&
           entries_[end].ninth_and_rank >> kRankBits == ninth)
      ++end;
    if (end == i + 1) continue;
    tied.clear();
    for (size_t j = i; j < end; ++j) {
      if (progress->Stop(kValueNanoseconds)) return Status::Interrupted();
      const uint64_t rank = entries_[j].ninth_and_rank & kRankMask;
      tied.emplace_back(std::string(), rank);
      MEMKV_TRY(ValuesAt(column, rank, &buffer, &tied.back().first));
    }
    std::sort(tied.begin(), tied.end());
    for (size_t j = i; j < end; ++j)
      entries_[j].ninth_and_rank = ninth << kRankBits | tied[j - i].second;
  }
  return {};
}

Status IndexWriter::Finish(const ColumnReader* column, Progress* progress, std::string* section) {
  Sort(progress);
  if (progress->stopped()) return Status::Interrupted();
  const uint64_t n = entries_.size();
  const uint32_t width =
      n > 1 ? static_cast<uint32_t>(std::bit_width(n - 1)) : 1;  // of the largest rank
  section->push_back(static_cast<char>(width));
  section->push_back(static_cast<char>(kSampleShift));
  for (uint64_t i = 0; i < n; i += uint64_t{1} << kSampleShift)
    AppendWide(section, entries_[i].head, 8);
  if (longer_) MEMKV_TRY(SortTies(column, progress));
  uint64_t bits = 0;
  uint32_t held = 0;  // fewer than eight
  for (const Entry& e : entries_) {
    bits |= (e.ninth_and_rank & kRankMask) << held;
    for (held += width; held >= 8; held -= 8, bits >>= 8)
      section->push_back(static_cast<char>(bits));
  }
  if (held > 0) section->push_back(static_cast<char>(bits));
  return {};
}

}  // namespace memkv::fst
