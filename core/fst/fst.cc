#include "core/fst/fst.h"

#include <cassert>
#include <cstring>
#include <string>
#include <utility>

#include "core/fst/walk.h"

namespace memkv {

using fst::Load32;
using fst::Load64;

namespace {

Status CorruptHeader(const char* what) { return Status::Corrupt(std::string("header: ") + what); }

}  // namespace

Status Fst::Open(std::shared_ptr<const FstImage> image, std::shared_ptr<const Fst>* out) {
  std::shared_ptr<Fst> opened(new Fst());
  opened->image_ = std::move(image);
  MEMKV_TRY(opened->Parse());
  *out = std::move(opened);
  return {};
}

Status Fst::Parse() {
  const Bytes bytes = image_->bytes();
  const char* p = bytes.data();
  if (bytes.size() < fst::kPreambleBytes)
    return CorruptHeader("the image is shorter than its preamble");
  if (std::memcmp(p, fst::kMagic, sizeof fst::kMagic) != 0)
    return CorruptHeader("this is no memkv image");
  if (Load32(p + 8) != fst::kVersion) {
    return Status::Corrupt("header: format version " + std::to_string(Load32(p + 8)) +
                           " (this build reads " + std::to_string(fst::kVersion) + ")");
  }
  const uint64_t sections = Load32(p + 12), data_at = Load64(p + 40);
  if (Load64(p + 16) != bytes.size()) {
    return Status::Corrupt("header: the image has " + std::to_string(bytes.size()) +
                           " bytes, it says " + std::to_string(Load64(p + 16)));
  }
  if (data_at > bytes.size() || bytes.size() - data_at < fst::kPadBytes)
    return CorruptHeader("no data");
  const Bytes data = bytes.substr(data_at);
  const uint64_t pages = (data.size() + fst::kPageBytes - 1) / fst::kPageBytes;
  if (data_at != fst::kPreambleBytes + sections * fst::kSectionBytes + 8 * pages) {
    return CorruptHeader("sections and pages do not fill it");
  }
  if (fst::HeaderChecksum(bytes.substr(0, data_at)) != Load64(p + 48))
    return CorruptHeader("checksum");
  const uint64_t column_count = Load32(p + 32);
  if (column_count > sections) return CorruptHeader("columns");
  body_.longest = Load32(p + 36);
  if (body_.longest > kMaxKeyBytes) return CorruptHeader("a key longer than allowed");

  body_.keys = Load64(p + 24);
  body_.pages.Start(data, p + data_at - 8 * pages);
  if (!image_->mapped()) {
    if (const uint64_t bad = image_->checked() ? pages : body_.pages.FirstBad(); bad < pages) {
      return Status::Corrupt("page " + std::to_string(bad) + " of " + std::to_string(pages) +
                             ": checksum");
    }
    body_.pages.Trust();
  }

  Bytes code, hot;
  bool have_code = false;
  std::vector<Bytes> columns(column_count);
  std::vector<bool> have_column(column_count, false);
  std::vector<std::pair<IndexDef, Bytes>> indexes;
  for (uint64_t i = 0; i < sections; ++i) {
    const char* s = p + fst::kPreambleBytes + i * fst::kSectionBytes;
    const uint32_t kind = Load32(s), column = Load32(s + 4);
    const uint64_t at = Load64(s + 8), size = Load64(s + 16);
    const uint64_t stop = bytes.size() - fst::kPadBytes;
    if (at < data_at || at > stop || size > stop - at)
      return CorruptHeader("a section outside the image");
    const Bytes section = bytes.substr(at, size);
    if (kind == fst::kRecords) {
      body_.base = reinterpret_cast<const uint8_t*>(section.data());
      body_.end = body_.base + size;
    } else if (kind == fst::kCode) {
      code = section;
      have_code = true;
    } else if (kind == fst::kHot) {
      hot = section;
    } else if (kind == fst::kColumn && column < column_count) {
      columns[column] = section;
      have_column[column] = true;
    } else if (kind == fst::kIndex && column < column_count) {
      indexes.emplace_back(column, section);
    } else if (kind == fst::kIndexOfSeveral) {
      auto& [def, rest] = indexes.emplace_back(0, section);
      const auto readable = [&](size_t n) {
        return n <= section.size() && body_.pages.Check(section.data(), section.data() + n);
      };
      if (!readable(FrozenIndex::kDefHeadBytes) || !readable(FrozenIndex::DefBytes(section)) ||
          !FrozenIndex::TakeDef(&rest, &def) || def.is_plain())
        return CorruptHeader("the columns of an index");
      for (const IndexColumn& c : def.columns) {
        if (c.kind == IndexColumn::kOfRow && c.at >= column_count)
          return CorruptHeader("an index of a column that there is not");
      }
    } else if (kind == fst::kAbout) {
      about_ = section;
    } else {
      return CorruptHeader("an unknown section");
    }
  }
  if (body_.keys > 0 && (body_.base == body_.end || !have_code))
    return CorruptHeader("keys without records or code");
  if (!body_.pages.Check(code.data(), code.data() + code.size()) ||
      !body_.pages.Check(hot.data(), hot.data() + hot.size())) {
    return Status::Corrupt("section code: checksum");
  }
  if (!body_.pages.Check(about_.data(), about_.data() + about_.size()))
    return Status::Corrupt("section about: checksum");
  if (body_.keys > 0) MEMKV_TRY(ParseCode(code, hot));
  columns_.resize(column_count);
  for (size_t i = 0; i < column_count; ++i) {
    if (!have_column[i]) return CorruptHeader("a column is missing");
    MEMKV_TRY(columns_[i].Open(columns[i], static_cast<uint32_t>(i), body_.keys, &body_.pages));
  }
  for (auto& [def, section] : indexes) {
    if (index(def)) return CorruptHeader("two indexes by the same columns");
    FrozenIndex opened;
    MEMKV_TRY(opened.Open(this, std::move(def), section));
    indexes_.push_back(std::move(opened));
  }
  return {};
}

Status Fst::ParseCode(Bytes code, Bytes hot) {
  MEMKV_TRY(body_.code.Parse(code));
  if (hot.size() % fst::kHotBytes != 0) return Status::Corrupt("section hot references: size");
  const auto records = static_cast<uint64_t>(body_.end - body_.base);
  body_.hot.reserve(hot.size() / fst::kHotBytes);
  for (size_t i = 0; i < hot.size(); i += fst::kHotBytes) {
    char padded[fst::kHotBytes + 8] = {};  // the section may end where memory does
    std::memcpy(padded, hot.data() + i, fst::kHotBytes);
    const fst::HotRef ref = {fst::LoadWide(padded, 6), fst::LoadWide(padded + 6, 6)};
    if (ref.offset >= records || ref.keys == 0) {
      return Status::Corrupt("section hot references, byte " + std::to_string(i) +
                             ": leads nowhere");
    }
    body_.hot.push_back(ref);
  }
  return {};
}

Status Fst::OverRecords(uint64_t keys, Bytes records, Bytes code, Bytes hot,
                        std::shared_ptr<const Fst>* out) {
  std::shared_ptr<Fst> over(new Fst());
  over->body_.keys = keys;
  over->body_.base = reinterpret_cast<const uint8_t*>(records.data());
  over->body_.end = over->body_.base + records.size();
  if (keys > 0) MEMKV_TRY(over->ParseCode(code, hot));
  *out = std::move(over);
  return {};
}

uint64_t Fst::memory_bytes() const {
  uint64_t bytes = sizeof *this + body_.code.slot_count * sizeof(fst::TokenSlot) +
                   body_.hot.capacity() * sizeof(fst::HotRef) + body_.pages.bytes() +
                   columns_.capacity() * sizeof(fst::ColumnReader);
  for (const fst::ColumnReader& column : columns_) bytes += column.memory_bytes();
  return bytes + (image_->mapped() ? 0 : image_bytes());
}

Status Fst::Find(Bytes key, bool* found, uint64_t* rank) const {
  *found = false;
  *rank = 0;
  if (body_.keys == 0) return {};
  const fst::Query query(key);
  fst::Lookup lookup(body_);
  fst::Outcome outcome;
  do outcome = lookup.Step(body_, query);
  while (outcome == fst::Outcome::kOn);
  if (outcome == fst::Outcome::kMissing) return {};
  if (outcome == fst::Outcome::kCorrupt || lookup.rank >= body_.keys)
    return body_.Corrupt(lookup.at, "no path for a key");
  *found = true;
  *rank = lookup.rank;
  return {};
}

Status Fst::FindMany(const Bytes* keys, size_t n, uint64_t* ranks) const {
  constexpr size_t kLanes = 16;
  if (body_.keys == 0) {
    std::fill(ranks, ranks + n, kMissing);
    return {};
  }
  struct Lane {
    fst::Query query{Bytes()};
    fst::Lookup lookup;
    size_t index = 0;
  };
  Lane lanes[kLanes];
  size_t next = 0, busy = 0;
  auto start = [&](Lane& lane) {
    lane.query = fst::Query(keys[next]);
    lane.lookup = fst::Lookup(body_);
    lane.index = next++;
  };
  while (busy < kLanes && next < n) start(lanes[busy++]);
  while (busy > 0) {
    for (size_t i = 0; i < busy;) {
      Lane& lane = lanes[i];
      const fst::Outcome outcome = lane.lookup.Step(body_, lane.query);
      if (outcome == fst::Outcome::kOn) {
        ++i;
        continue;
      }
      if (outcome == fst::Outcome::kCorrupt ||
          (outcome == fst::Outcome::kFound && lane.lookup.rank >= body_.keys)) {
        return body_.Corrupt(lane.lookup.at, "no path for a key");
      }
      ranks[lane.index] = outcome == fst::Outcome::kFound ? lane.lookup.rank : kMissing;
      if (next < n) {
        start(lane);
        ++i;
      } else if (i != --busy) {
        lane = lanes[busy];
      }
    }
  }
  return {};
}

Status Fst::LowerBound(Bytes key, uint64_t* rank) const {
  *rank = 0;
  if (body_.keys == 0) return {};
  const uint8_t* bad = nullptr;
  if (!fst::RankOf(body_, fst::Query(key), rank, &bad) || *rank > body_.keys)
    return body_.Corrupt(bad, "no path for a rank");
  return {};
}

Status Fst::Select(uint64_t rank, std::string* key) const {
  assert(rank < size());
  const uint8_t* bad = nullptr;
  if (!fst::KeyOf(body_, rank, key, &bad)) return body_.Corrupt(bad, "no path to a rank");
  return {};
}

Status Fst::Column(uint64_t rank, size_t column, std::string* buffer, Datum* out) const {
  assert(column < columns());
  if (rank >= size()) return NoRow();
  return columns_[column].Get(rank, buffer, out);
}

}  // namespace memkv
