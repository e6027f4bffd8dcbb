#include "core/fst/frozen_index.h"

#include <algorithm>
#include <cassert>

#include "core/fst/format.h"
#include "core/fst/fst.h"
#include "core/index_key.h"

namespace memkv {

using fst::Load64;

Status FrozenIndex::Corrupt(uint64_t position, const char* what) const {
  return Status::Corrupt("section index of column " + def_.ToText() + ", position " +
                         std::to_string(position) + ": " + what);
}

uint64_t FrozenIndex::size() const { return fst_->size(); }

void FrozenIndex::AppendDef(const IndexDef& def, std::string* section) {
  fst::AppendWide(section, def.columns.size(), kDefHeadBytes);
  for (const IndexColumn& c : def.columns) {
    section->push_back(static_cast<char>(c.kind));
    fst::AppendWide(section, c.at, 4);
  }
}

size_t FrozenIndex::DefBytes(Bytes section) {
  const size_t low = static_cast<uint8_t>(section[0]), high = static_cast<uint8_t>(section[1]);
  return kDefHeadBytes + (high << 8 | low) * kDefColumnBytes;
}

bool FrozenIndex::TakeDef(Bytes* section, IndexDef* def) {
  if (section->size() < kDefHeadBytes) return false;
  const size_t bytes = DefBytes(*section);
  if (bytes == kDefHeadBytes || section->size() < bytes) return false;
  Bytes columns = section->substr(kDefHeadBytes, bytes - kDefHeadBytes);
  section->remove_prefix(bytes);
  def->columns.clear();
  for (; !columns.empty(); columns.remove_prefix(kDefColumnBytes)) {
    const uint8_t kind = static_cast<uint8_t>(columns[0]);
    if (kind > IndexColumn::kLastOfKey) return false;
    def->columns.push_back({static_cast<IndexColumn::Kind>(kind), fst::Load32(columns.data() + 1)});
  }
  return true;
}

Status FrozenIndex::Open(const Fst* fst, IndexDef def, Bytes section) {
  fst_ = fst;
  def_ = std::move(def);
  const auto* p = reinterpret_cast<const uint8_t*>(section.data());
  const uint64_t rows = fst->size();
  if (section.size() < kHeadBytes || !Readable(p, kHeadBytes)) return Corrupt(0, "no head");
  width_ = p[0];
  shift_ = p[1];
  if (width_ < 1 || width_ > 56 || shift_ > 32) return Corrupt(0, "a width that is not allowed");
  samples_ = (rows >> shift_) + (rows & ((uint64_t{1} << shift_) - 1) ? 1 : 0);
  const uint64_t left = section.size() - kHeadBytes;
  // In bits, so that nothing overflows: rows are at most 2^56 where the widths are right.
  if (samples_ > left / 8 || rows > (left - 8 * samples_) * 8 / width_ ||
      (rows * width_ + 7) / 8 != left - 8 * samples_) {
    return Corrupt(0, "the section's size");
  }
  heads_ = p + kHeadBytes;
  ranks_ = heads_ + 8 * samples_;
  return {};
}

bool FrozenIndex::Readable(const uint8_t* p, uint64_t n) const {
  const fst::PageGuard& pages = fst_->pages();
  return pages.trusted() || pages.Check(p, p + n);
}

Status FrozenIndex::RankAt(uint64_t position, uint64_t* rank) const {
  assert(position < size());
  const uint64_t bit = position * width_;
  const uint8_t* const p = ranks_ + bit / 8;
  if (!Readable(p, (bit % 8 + width_ + 7) / 8)) return Corrupt(position, "a damaged page");
  // Eight bytes are readable behind every section, and 7 + 56 bits fit them.
  *rank = Load64(p) >> (bit % 8) & ((uint64_t{1} << width_) - 1);
  if (*rank >= size()) return Corrupt(position, "a rank past the last");
  return {};
}

Status FrozenIndex::ValueAt(uint64_t rank, std::string* value, std::string* buffer) const {
  std::string key;
  for (const IndexColumn& c : def_.columns) {
    if (c.kind == IndexColumn::kOfRow) continue;
    MEMKV_TRY(fst_->Select(rank, &key));
    break;
  }
  value->clear();
  return AppendIndexValues(
      def_, key, [&](uint32_t column, Datum* v) { return fst_->Column(rank, column, buffer, v); },
      value);
}

template <class KeyBefore>
Status FrozenIndex::Search(Bytes target, KeyBefore&& key_before, uint64_t* position) const {
  // Of the value alone, as the samples have it: what follows it is for key_before to tell.
  Bytes part = target, rest;
  SplitIndexKey(target, def_.columns.size(), &part, &rest);
  const uint64_t head = HeadAt(part, 0);
  // The first sample whose head is at least `head`, and the first whose is above it.
  uint64_t from = 0, to = samples_;
  auto head_at = [&](uint64_t i, uint64_t* out) {
    if (!Readable(heads_ + 8 * i, 8)) return Corrupt(i << shift_, "a damaged page");
    *out = Load64(heads_ + 8 * i);
    return Status();
  };
  uint64_t above = samples_;
  while (from < to) {
    const uint64_t mid = from + (to - from) / 2;
    uint64_t at = 0;
    MEMKV_TRY(head_at(mid, &at));
    if (at < head) {
      from = mid + 1;
    } else {
      to = mid;
      if (at > head) above = mid;
    }
  }
  // Between them heads say nothing.
  for (uint64_t low = from; low < above;) {
    const uint64_t mid = low + (above - low) / 2;
    uint64_t at = 0;
    MEMKV_TRY(head_at(mid, &at));
    if (at > head) {
      above = mid;
    } else {
      low = mid + 1;
    }
  }
  uint64_t lo = from == 0 ? 0 : (from - 1) << shift_;
  uint64_t hi = std::min(above << shift_, size());
  std::string value, buffer;
  while (lo < hi) {
    const uint64_t mid = lo + (hi - lo) / 2;
    uint64_t rank;
    MEMKV_TRY(RankAt(mid, &rank));
    MEMKV_TRY(ValueAt(rank, &value, &buffer));
    bool below;
    if (target.starts_with(value)) {
      MEMKV_TRY(key_before(rank, value.size(), &below));
    } else {
      below = Bytes(value) < target;
    }
    if (below) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  *position = lo;
  return {};
}

Status FrozenIndex::LowerBound(Bytes index_key, uint64_t* position) const {
  // What follows the value, as a rank: looked up once, for one value is meant.
  size_t value_bytes = 0;
  uint64_t bound = 0;
  return Search(
      index_key,
      [&](uint64_t rank, size_t n, bool* below) {
        if (n != value_bytes) {
          MEMKV_TRY(fst_->LowerBound(index_key.substr(n), &bound));
          value_bytes = n;
        }
        *below = rank < bound;
        return Status();
      },
      position);
}

Status FrozenIndex::PositionOf(Bytes value, uint64_t rank, uint64_t* position) const {
  return Search(
      value,
      [&](uint64_t at, size_t n, bool* below) {
        *below = n < value.size() || at < rank;  // a shorter value sorts first
        return Status();
      },
      position);
}

Status FrozenIndex::Select(uint64_t position, std::string* index_key) const {
  uint64_t rank;
  MEMKV_TRY(RankAt(position, &rank));
  std::string key, buffer;
  MEMKV_TRY(fst_->Select(rank, &key));
  MEMKV_TRY(ValueAt(rank, index_key, &buffer));
  index_key->append(key);
  return {};
}

Status FrozenIndex::Verify(fst::Progress* progress) const {
  constexpr uint64_t kRowNanoseconds = 300;
  std::string value, before, buffer;
  uint64_t rank_before = 0;
  for (uint64_t i = 0; i < size(); ++i) {
    if (progress->Stop(kRowNanoseconds)) return Status::Interrupted();
    uint64_t rank;
    MEMKV_TRY(RankAt(i, &rank));
    MEMKV_TRY(ValueAt(rank, &value, &buffer));
    if (i > 0 && (value < before || (value == before && rank <= rank_before)))
      return Corrupt(i, "not above the one before it");
    const uint64_t sample = i >> shift_;
    if (sample << shift_ == i) {
      if (!Readable(heads_ + 8 * sample, 8) || Load64(heads_ + 8 * sample) != HeadAt(value, 0))
        return Corrupt(i, "its head");
    }
    std::swap(value, before);
    rank_before = rank;
  }
  return {};
}

FrozenIndexCursor::FrozenIndexCursor(std::shared_ptr<const FrozenIndex> index)
    : index_(std::move(index)) {}

void FrozenIndexCursor::Fail(Status status) {
  valid_ = false;
  status_ = std::move(status);
}

void FrozenIndexCursor::Seek(Bytes key) {
  uint64_t position;
  if (Status s = index_->LowerBound(key, &position); !s.ok()) return Fail(std::move(s));
  SeekRank(position);
}

void FrozenIndexCursor::SeekBefore(Bytes key) {
  Seek(key);
  if (status_.ok()) SeekRank(at_ - 1);
}

void FrozenIndexCursor::NextPast(size_t n) {
  const std::optional<std::string> past = PrefixSuccessor(key().substr(0, n));
  if (!valid_) return;
  if (past) {
    Seek(*past);
  } else {
    SeekRank(index_->size());
  }
}

Bytes FrozenIndexCursor::key() {
  if (!assembled_) {
    if (Status s = index_->Select(at_, &key_); !s.ok()) {
      Fail(std::move(s));
      return {};
    }
    assembled_ = true;
  }
  return key_;
}

}  // namespace memkv
