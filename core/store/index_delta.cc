#include "core/store/index_delta.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/index_key.h"
#include "core/pace.h"
#include "core/row.h"

namespace memkv {

Status AppendIndexKey(const Fst* base, const RowRef& row, const IndexDef& index, Bytes key,
                      std::string* buffer, std::string* out) {
  const auto read = [&](uint32_t column, Datum* v) {
    return row.in_base ? base->Column(row.base_rank, column, buffer, v)
                       : DecodeColumn(row.value, column, v);
  };
  MEMKV_TRY(AppendIndexValues(index, key, read, out));
  if (out->size() + key.size() > kMaxKeyBytes) {
    const bool plain = index.is_plain();
    return Status::TooBig((plain ? "a value of " : "values of ") + std::to_string(out->size()) +
                          " bytes of an " + (plain ? "INDEXED column" : "index") +
                          " and a key of " + std::to_string(key.size()) +
                          " (allowed: " + std::to_string(kMaxKeyBytes) + " in all)");
  }
  out->append(key);
  return {};
}

namespace {

// The entries of an index's delta: gathered, sorted, built.
class IndexEntries {
 public:
  IndexEntries(const ArtSnapshot& rows, const Rows::Poll& poll) : rows_(rows), poll_(poll) {}

  Status Gather(const Fst* base, const IndexDef& index) {
    std::string buffer, before, after;
    ArtCursor at = rows_.NewCursor();
    uint64_t done = 0;
    for (at.SeekFirst(); at.Valid(); at.Next()) {
      const Bytes key = at.key();
      MEMKV_TRY(Poll(key.size(), ++done));
      const Entry entry = at.entry();
      before.clear();
      after.clear();
      if (entry.net < 1) {
        RowRef row = {true, 0, {}};
        bool found = false;
        if (base) MEMKV_TRY(base->Find(key, &found, &row.base_rank));
        if (!found) {
          return Status::Corrupt("delta entry " + std::to_string(at.rank()) +
                                 " overrides a key that the frozen base lacks");
        }
        MEMKV_TRY(AppendIndexKey(base, row, index, key, &buffer, &before));
      }
      if (entry.net >= 0)
        MEMKV_TRY(AppendIndexKey(base, {false, 0, entry.value}, index, key, &buffer, &after));
      if (before == after) continue;
      if (!before.empty()) Add(before, -1);
      if (!after.empty()) Add(after, 1);
    }
    return {};
  }

  void Sort() {
    std::sort(places_.begin(), places_.end(), [this](const Place& a, const Place& b) {
      return a.head != b.head ? a.head < b.head : KeyAt(a) < KeyAt(b);
    });
  }

  Status Build(Art* art) {
    constexpr size_t kBatch = 256;
    std::array<Bytes, kBatch> keys;
    std::array<Entry, kBatch> entries;
    for (size_t from = 0; from < places_.size(); from += kBatch) {
      const size_t n = std::min(kBatch, places_.size() - from);
      size_t bytes = 0;
      for (size_t j = 0; j < n; ++j) {
        keys[j] = KeyAt(places_[from + j]);
        entries[j] = {Value::Number(0), places_[from + j].net};
        bytes += keys[j].size();
      }
      MEMKV_TRY(Poll(bytes, rows_.size() + from / 2));
      MEMKV_TRY(art->Append(keys.data(), entries.data(), n));
    }
    return {};
  }

 private:
  struct Place {
    uint64_t head;  // the key's first eight bytes
    size_t at;
    uint32_t size;
    int8_t net;
  };
  Bytes KeyAt(const Place& p) const { return Bytes(bytes_).substr(p.at, p.size); }
  void Add(const std::string& index_key, int8_t net) {
    places_.push_back(
        {HeadAt(index_key, 0), bytes_.size(), static_cast<uint32_t>(index_key.size()), net});
    bytes_ += index_key;
  }
  Status Poll(size_t bytes, uint64_t done) {
    return pace_.Due(bytes) && poll_ && poll_(done, 2 * rows_.size()) ? Status::Interrupted()
                                                                      : Status();
  }

  const ArtSnapshot& rows_;
  const Rows::Poll& poll_;
  Pace pace_;
  std::string bytes_;
  std::vector<Place> places_;
};

}  // namespace

Status MakeIndexDelta(const ArtSnapshot& rows, const Fst* base, const IndexDef& index,
                      std::shared_ptr<art::Learning> learning, const Rows::Poll& poll,
                      std::unique_ptr<Art>* out) {
  IndexEntries entries(rows, poll);
  MEMKV_TRY(entries.Gather(base, index));
  entries.Sort();
  auto art = std::make_unique<Art>(
      Art::Options{.over_base = base != nullptr, .learning = std::move(learning)});
  MEMKV_TRY(entries.Build(art.get()));
  *out = std::move(art);
  return {};
}

}  // namespace memkv
