// FstBuilder: source -> skeleton -> code -> records -> layout -> image, and the check of what came
// out.

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/fst/codebook.h"
#include "core/fst/column_writer.h"
#include "core/fst/format.h"
#include "core/fst/fst.h"
#include "core/fst/index_writer.h"
#include "core/fst/layout.h"
#include "core/fst/progress.h"
#include "core/fst/records.h"
#include "core/fst/skeleton.h"
#include "core/fst/subtree.h"
#include "core/shown.h"

namespace memkv {
namespace {

using fst::Codebook;
using fst::EntryReader;
using fst::Progress;
using fst::SharedSet;
using fst::Skeleton;

constexpr uint32_t kListEntries = 16;
constexpr uint64_t kSampleBytes = uint64_t{4} << 20;
constexpr uint64_t kSampleRun = 64;  // entries taken or left together
constexpr uint32_t kFewestHotUses =
    4;  // under which a reference of two bytes is not worth its place in the table
constexpr uint64_t kColdRefBytes = 6;  // what a cold reference takes, about
constexpr int kMostAttempts = 4;

// Gives the keys of a source, in order and of allowed length, with what each shares with the one
// before.
class KeyReader {
 public:
  KeyReader(FstBuilder::Source* source, Progress* progress) : source_(source), progress_(progress) {
    source_->Rewind();
  }

  // False at the end, or when something is wrong.
  bool Next(Bytes* key, size_t* shared, std::span<const Datum>* row, Status* status) {
    if (!source_->Next(key, row)) {
      *status = source_->status();
      return false;
    }
    if (progress_->Stop(600 + key->size() * 2)) {
      *status = Status::Interrupted();
      return false;
    }
    if (key->size() > kMaxKeyBytes) {
      *status = Status::TooBig("a key of " + std::to_string(key->size()) + " bytes (at most " +
                               std::to_string(kMaxKeyBytes) + ")");
      return false;
    }
    *shared = CommonPrefix(last_, *key);
    if (count_ > 0 && (*shared == key->size() ||
                       (*shared < last_.size() && static_cast<uint8_t>(last_[*shared]) >
                                                      static_cast<uint8_t>((*key)[*shared])))) {
      *status = Status::Invalid("out-of-order key " + Shown(*key) + " after " + Shown(last_));
      return false;
    }
    last_.resize(*shared);
    last_.append(key->substr(*shared));
    ++count_;
    progress_->AddKeys(1);
    return true;
  }
  uint64_t count() const { return count_; }

 private:
  FstBuilder::Source* source_;
  Progress* progress_;
  std::string last_;
  uint64_t count_ = 0;
};

// What the labels' code is to be learnt from.
struct Survey {
  fst::Sample sample;
  Codebook::Demand demand;
  std::vector<uint32_t> uses;  // of each shared subtree
};

Survey SurveyEntries(const Skeleton& skeleton, Progress* progress) {
  Survey survey;
  survey.uses.assign(skeleton.shared.size(), 0);
  const char* const end = skeleton.entries.data() + skeleton.entries.size();
  uint64_t runs = 0, total = 0;
  EntryReader entry{skeleton.entries.data(), 0, 0, nullptr, false, 0};
  for (; entry.at < end; ++runs) {
    entry.Next();
    total += entry.length;
    if (entry.is_ref) ++survey.uses[entry.ref];
    for (uint64_t i = 0; i < entry.length; ++i)
      survey.demand.used[static_cast<uint8_t>(entry.text[i])] = true;
    if (progress->Stop(20 + entry.length)) return survey;
  }
  for (char c : skeleton.labels) survey.demand.used[static_cast<uint8_t>(c)] = true;
  survey.demand.total_bytes = total;

  // Every entry of a small set; of a large one, runs spread evenly, by a generator that is the same
  // everywhere.
  uint64_t state = 88172645463325252;
  entry.at = skeleton.entries.data();
  for (uint64_t i = 0; entry.at < end;) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    const bool take = total <= kSampleBytes || (state >> 16) % total < kSampleBytes;
    for (const uint64_t stop = i + kSampleRun; i < stop && entry.at < end; ++i) {
      entry.Next();
      if (!take || survey.sample.text.size() > 2 * kSampleBytes) continue;
      survey.sample.Add(Bytes(entry.text, std::min<uint64_t>(entry.length, 1024)), !entry.is_ref);
    }
    if (progress->Stop(3000)) return survey;
  }
  return survey;
}

// Which shared subtrees get references of two bytes: those most used, as many as the code has leads
// for.
struct HotChoice {
  std::vector<uint32_t> by_use;
  std::vector<uint64_t> gain;  // bytes saved by each lead
};

HotChoice ChooseHot(const std::vector<uint32_t>& uses) {
  HotChoice choice;
  for (uint32_t id = 0; id < uses.size(); ++id) {
    if (uses[id] >= kFewestHotUses) choice.by_use.push_back(id);
  }
  std::stable_sort(choice.by_use.begin(), choice.by_use.end(),
                   [&](uint32_t a, uint32_t b) { return uses[a] > uses[b]; });
  for (size_t i = 0; i < choice.by_use.size(); i += 256) {
    uint64_t saved = 0;
    for (size_t j = i; j < std::min(i + 256, choice.by_use.size()); ++j) {
      saved += uses[choice.by_use[j]] * (kColdRefBytes - 2);
      saved -= std::min<uint64_t>(saved, fst::kHotBytes);
    }
    choice.gain.push_back(saved);
  }
  return choice;
}

// The sections of an image, put together.
class Assembler {
 public:
  std::string data;

  void Begin(uint32_t kind, uint32_t index) { sections_.push_back({kind, index, data.size(), 0}); }
  void End() { sections_.back().bytes = data.size() - sections_.back().at; }

  std::string Finish(uint64_t keys, uint64_t longest, uint32_t columns) {
    data.append(fst::kPadBytes, '\0');
    const uint64_t pages = (data.size() + fst::kPageBytes - 1) / fst::kPageBytes;
    const uint64_t data_at =
        fst::kPreambleBytes + sections_.size() * fst::kSectionBytes + 8 * pages;
    std::string header(fst::kMagic, sizeof fst::kMagic);
    fst::AppendWide(&header, fst::kVersion, 4);
    fst::AppendWide(&header, sections_.size(), 4);
    fst::AppendWide(&header, data_at + data.size(), 8);
    fst::AppendWide(&header, keys, 8);
    fst::AppendWide(&header, columns, 4);
    fst::AppendWide(&header, longest, 4);
    fst::AppendWide(&header, data_at, 8);
    fst::AppendWide(&header, 0, 8);
    for (const Section& s : sections_) {
      fst::AppendWide(&header, s.kind, 4);
      fst::AppendWide(&header, s.index, 4);
      fst::AppendWide(&header, data_at + s.at, 8);
      fst::AppendWide(&header, s.bytes, 8);
    }
    for (uint64_t page = 0; page < pages; ++page) {
      const Bytes bytes = Bytes(data).substr(page * fst::kPageBytes, fst::kPageBytes);
      fst::AppendWide(
          &header,
          fst::Checksum(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), page), 8);
    }
    fst::StoreWide(header.data() + fst::kPreambleBytes - 8, fst::HeaderChecksum(header), 8);
    data.insert(0, header);
    return std::move(data);
  }

 private:
  struct Section {
    uint32_t kind, index;
    uint64_t at, bytes;
  };
  std::vector<Section> sections_;
};

Status WrongWidth(size_t columns, size_t row) {
  return Status::Invalid("a row of " + std::to_string(row) +
                         " values (columns: " + std::to_string(columns) + ")");
}

Status Changed() { return Status::Invalid("the source gives other rows when read again"); }

// One build: the stages in their order, each leaving what the next needs.
class ImageBuild {
 public:
  ImageBuild(FstBuilder::Source* source, const FstBuilder::Options& options, Progress* progress)
      : source_(source), options_(options), progress_(progress), columns_(options.columns) {
    for (const IndexDef& def : options.indexes) {
      const auto same = [&def](const fst::IndexWriter& w) { return w.def() == def; };
      if (std::none_of(indexes_.begin(), indexes_.end(), same)) indexes_.emplace_back(def);
    }
  }

  Status ReadKeys(uint64_t seed);
  Status WriteRecords();
  // Writes the columns and all else. *same: whether the records, which `cursor` walks, spell the
  // source's keys.
  Status WriteColumns(FstCursor* cursor, bool* same);
  std::shared_ptr<const FstImage> Finish() {
    return FstImage::Own(
        image_.Finish(skeleton_.keys, longest_, static_cast<uint32_t>(columns_.size())));
  }

  uint64_t keys() const { return skeleton_.keys; }
  Bytes code() const { return code_; }
  Bytes hot() const { return hot_; }
  // Followed by kPadBytes more; where they are until WriteColumns returns.
  Bytes records() const {
    return Bytes(image_.data).substr(0, image_.data.size() - fst::kPadBytes);
  }

 private:
  Codebook ChooseCode(const Survey& survey);
  Status WriteIndex(uint32_t column, std::string values);
  Status WriteIndexesOfSeveral();

  FstBuilder::Source* source_;
  const FstBuilder::Options& options_;
  Progress* progress_;
  std::vector<fst::ColumnWriter> columns_;
  std::vector<fst::IndexWriter> indexes_;
  Skeleton skeleton_;
  uint64_t longest_ = 0;  // bytes of the longest key
  std::string code_, hot_;
  Assembler image_;
};

Status ImageBuild::ReadKeys(uint64_t seed) {
  Bytes key;
  size_t shared;
  std::span<const Datum> row;
  Status status;
  fst::RepeatFinder finder(seed);
  KeyReader first(source_, progress_);
  while (first.Next(&key, &shared, &row, &status)) {
    finder.Add(key, shared);
    longest_ = std::max<uint64_t>(longest_, key.size());
    if (row.size() != columns_.size()) return WrongWidth(columns_.size(), row.size());
    for (size_t i = 0; i < row.size(); ++i) columns_[i].Survey(row[i]);
  }
  MEMKV_TRY(status);
  progress_->SetKeys(first.count());
  const SharedSet set = finder.Finish();

  fst::SkeletonBuilder builder(set, seed, kListEntries);
  KeyReader second(source_, progress_);
  while (second.Next(&key, &shared, &row, &status))
    builder.Add(key, shared, options_.previous ? source_->code() : KeyCode());
  MEMKV_TRY(status);
  if (second.count() != first.count()) return Changed();
  skeleton_ = builder.Finish();
  return {};
}

// The code of the image before, while it codes no more than 5 % worse than when it was learnt; else
// a new one.
Codebook ImageBuild::ChooseCode(const Survey& survey) {
  if (options_.previous && options_.previous->size() > 0) {
    Codebook adopted = Codebook::Adopt(options_.previous->code(), survey.demand);
    if (adopted.Rate(survey.sample, progress_) * 100 <= adopted.learnt_rate() * 105) return adopted;
  }
  return Codebook::Learn(survey.sample, survey.demand, progress_);
}

Status ImageBuild::WriteRecords() {
  image_.data.assign(fst::kPadBytes, '\0');
  if (skeleton_.keys == 0) return {};
  Survey survey = SurveyEntries(skeleton_, progress_);
  const HotChoice choice = ChooseHot(survey.uses);
  survey.demand.hot_gain = choice.gain;
  if (progress_->stopped()) return Status::Interrupted();
  Codebook codebook = ChooseCode(survey);
  if (progress_->stopped()) return Status::Interrupted();
  survey.sample = {};
  const bool reuse = options_.previous && options_.previous->size() > 0 &&
                     codebook.SameCodes(options_.previous->code());

  const size_t hot_count =
      std::min<size_t>(choice.by_use.size(), size_t{codebook.hot_leads()} * 256);
  std::vector<uint32_t> hot_of(skeleton_.shared.size(), SharedSet::kNone);
  for (uint32_t i = 0; i < hot_count; ++i) hot_of[choice.by_use[i]] = i;
  const fst::Records records =
      fst::RecordWriter(skeleton_, &codebook, reuse, hot_of, kListEntries).Write(progress_);
  if (progress_->stopped()) return Status::Interrupted();
  skeleton_.entries = {};
  const fst::Layout layout = fst::PlaceRecords(records, options_.least_offset_bytes, progress_);
  if (progress_->stopped()) return Status::Interrupted();

  code_ = codebook.Serialize(layout.ref_bytes);
  for (size_t i = 0; i < hot_count; ++i) {
    const uint32_t id = choice.by_use[i];
    fst::AppendWide(&hot_, layout.address[records.of_shared[id]], 6);
    fst::AppendWide(&hot_, skeleton_.shared[id].keys, 6);
  }
  image_.data.clear();
  image_.data.reserve(layout.total_bytes + code_.size() + hot_.size() + 4 * fst::kPadBytes);
  image_.Begin(fst::kRecords, 0);
  fst::EmitRecords(records, layout, &image_.data);
  image_.End();
  image_.data.append(fst::kPadBytes, '\0');
  return {};
}

// The index by a column of the row alone, if there is to be one.
Status ImageBuild::WriteIndex(uint32_t column, std::string values) {
  const auto at = std::find_if(indexes_.begin(), indexes_.end(), [&](const fst::IndexWriter& w) {
    return w.def() == IndexDef(column);
  });
  if (at == indexes_.end()) return {};
  const size_t bytes = values.size();
  values.append(fst::kPadBytes, '\0');
  const fst::PageGuard intact;
  fst::ColumnReader reader;
  MEMKV_TRY(reader.Open(Bytes(values).substr(0, bytes), column, skeleton_.keys, &intact));
  std::string section;
  MEMKV_TRY(at->Finish(&reader, progress_, &section));
  image_.Begin(fst::kIndex, column);
  image_.data.append(section);
  image_.End();
  return {};
}

Status ImageBuild::WriteIndexesOfSeveral() {
  uint32_t number = 0;
  for (fst::IndexWriter& index : indexes_) {
    if (index.def().is_plain()) continue;
    std::string section;
    FrozenIndex::AppendDef(index.def(), &section);
    MEMKV_TRY(index.Finish(nullptr, progress_, &section));
    image_.Begin(fst::kIndexOfSeveral, number++);
    image_.data.append(section);
    image_.End();
  }
  return {};
}

Status ImageBuild::WriteColumns(FstCursor* cursor, bool* same) {
  for (fst::ColumnWriter& column : columns_) column.Plan(progress_);
  if (progress_->stopped()) return Status::Interrupted();
  Bytes key;
  size_t shared;
  std::span<const Datum> row;
  Status status;
  KeyReader reader(source_, progress_);
  cursor->SeekFirst();
  *same = true;
  while (*same && reader.Next(&key, &shared, &row, &status)) {
    *same = cursor->Valid() && cursor->key() == key;
    if (row.size() != columns_.size()) return WrongWidth(columns_.size(), row.size());
    for (size_t i = 0; i < row.size(); ++i) {
      if (!columns_[i].Add(row[i])) return Changed();
    }
    for (fst::IndexWriter& index : indexes_) MEMKV_TRY(index.Add(key, row));
    if (*same) cursor->Next();
  }
  MEMKV_TRY(status);
  *same = *same && !cursor->Valid();
  if (!*same) return {};
  image_.data.resize(records().size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    std::string section = columns_[i].Finish();
    image_.Begin(fst::kColumn, static_cast<uint32_t>(i));
    image_.data.append(section);
    image_.End();
    MEMKV_TRY(WriteIndex(static_cast<uint32_t>(i), std::move(section)));
  }
  MEMKV_TRY(WriteIndexesOfSeveral());
  image_.Begin(fst::kCode, 0);
  image_.data.append(code_);
  image_.End();
  image_.Begin(fst::kHot, 0);
  image_.data.append(hot_);
  image_.End();
  return {};
}

}  // namespace

Status FstBuilder::Build(Source* source, const Options& options,
                         std::shared_ptr<const FstImage>* out) {
  Progress progress(options.poll, options.expected_keys);
  // Unequal subtrees of one fingerprint would be merged. Nobody meets such by chance, and keys made
  // to collide under one seed do not under the next.
  for (uint64_t seed = 0; seed < kMostAttempts; ++seed) {
    ImageBuild build(source, options, &progress);
    MEMKV_TRY(build.ReadKeys(seed));
    MEMKV_TRY(build.WriteRecords());
    bool same = false;
    {
      std::shared_ptr<const Fst> built;
      MEMKV_TRY(Fst::OverRecords(build.keys(), build.records(), build.code(), build.hot(), &built));
      FstCursor cursor(std::move(built));
      MEMKV_TRY(build.WriteColumns(&cursor, &same));
    }
    if (!same) continue;
    *out = build.Finish();
    return {};
  }
  return Changed();
}

}  // namespace memkv
