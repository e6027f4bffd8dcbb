#include "core/fst/records.h"

#include <algorithm>
#include <utility>

#include "core/fst/format.h"

namespace memkv::fst {
namespace {

constexpr uint32_t kWindow = 4;  // bytes of a separator
constexpr uint32_t kNoRecord = 0xffffffff;

void PutLength(std::string* out, uint64_t n) {
  out->push_back(static_cast<char>(n < kLongByte ? n : kLongByte));
  if (n >= kLongByte) PutVarint(out, n);
}

}  // namespace

RecordWriter::RecordWriter(const Skeleton& skeleton, Codebook* codebook, bool reuse,
                           const std::vector<uint32_t>& hot_of, uint32_t list_entries)
    : skeleton_(skeleton),
      codebook_(*codebook),
      reuse_(reuse),
      hot_of_(hot_of),
      list_entries_(list_entries) {
  out_.of_shared.assign(skeleton.shared.size(), kNoRecord);
}

Records RecordWriter::Write(Progress* progress) {
  progress_ = progress;
  const Item& root = skeleton_.root;
  NewRecord(root.keys);
  work_.push_back(
      {0, root.kind == Item::kBig, root.at, root.entries, std::string(skeleton_.Label(root))});
  while (!work_.empty() && !progress->stopped()) {
    const Work work = std::move(work_.back());
    work_.pop_back();
    if (work.big) {
      WriteNode(work);
    } else {
      Item item;
      item.at = work.at;
      item.entries = static_cast<uint16_t>(work.entries);
      const Fusing whole = {&item, {}, 0, 0, true};
      WriteList(work.record, &whole, &whole + 1);
    }
  }
  return std::move(out_);
}

uint32_t RecordWriter::NewRecord(uint64_t weight) {
  out_.records.emplace_back().weight = weight;
  return static_cast<uint32_t>(out_.records.size() - 1);
}

uint32_t RecordWriter::RecordOfShared(uint32_t id) {
  if (out_.of_shared[id] == kNoRecord) {
    const SharedSubtree& shared = skeleton_.shared[id];
    out_.of_shared[id] = NewRecord(shared.keys);
    work_.push_back({out_.of_shared[id], shared.big, shared.at, shared.entries, {}});
  }
  return out_.of_shared[id];
}

void RecordWriter::AppendItems(uint64_t node, const uint8_t* path, uint32_t depth,
                               std::vector<Fusing>* out) const {
  const BigNode& n = skeleton_.nodes[node];
  for (uint64_t i = n.items; i < n.items + n.item_count; ++i) {
    Fusing f = {
        &skeleton_.items[i], {}, static_cast<uint8_t>(depth), static_cast<uint8_t>(depth), false};
    std::copy(path, path + depth, f.path);
    if (f.item->kind != Item::kFinal) f.path[f.path_bytes++] = f.item->first;
    f.closed = !Expandable(f);
    out->push_back(f);
  }
}

// Whether the node below an item may take its place in the window. Zero bytes would look like
// padding.
bool RecordWriter::Expandable(const Fusing& x) const {
  if (x.item->kind != Item::kBig || x.depth + x.item->label_bytes > kWindow - 1) return false;
  if (skeleton_.Label(*x.item).find('\0') != Bytes::npos) return false;
  const BigNode& node = skeleton_.nodes[x.item->at];
  for (uint64_t i = node.items; i < node.items + node.item_count; ++i) {
    if (skeleton_.items[i].kind != Item::kFinal) return skeleton_.items[i].first != 0;
  }
  return false;
}

// Where the group that starts at `begin` ends: a big item alone, or small ones that fit one LIST.
size_t RecordWriter::GroupEnd(const std::vector<Fusing>& items, size_t begin) const {
  if (items[begin].item->kind == Item::kBig) return begin + 1;
  uint32_t entries = 0;
  size_t i = begin;
  for (; i < items.size() && items[i].item->kind != Item::kBig; ++i) {
    if (entries && entries + items[i].item->entries > list_entries_) break;
    entries += items[i].item->entries;
  }
  return i;
}

uint32_t RecordWriter::Groups(const std::vector<Fusing>& items) const {
  uint32_t groups = 0;
  for (size_t i = 0; i < items.size(); i = GroupEnd(items, i)) ++groups;
  return groups;
}

// Expands the heaviest big items in place while the children stay few.
void RecordWriter::Fuse(std::vector<Fusing>* items) const {
  std::vector<Fusing> next;
  for (;;) {
    size_t best = items->size();
    for (size_t i = 0; i < items->size(); ++i) {
      const Fusing& x = (*items)[i];
      if (!x.closed && (best == items->size() || x.item->keys > (*items)[best].item->keys))
        best = i;
    }
    if (best == items->size()) return;
    const Fusing& x = (*items)[best];
    const Bytes label = skeleton_.Label(*x.item);
    uint8_t path[kWindow];
    std::copy(x.path, x.path + x.depth, path);
    std::copy(label.begin(), label.end(), path + x.depth);
    next.assign(items->begin(), items->begin() + static_cast<ptrdiff_t>(best));
    AppendItems(x.item->at, path, x.depth + static_cast<uint32_t>(label.size()), &next);
    next.insert(next.end(), items->begin() + static_cast<ptrdiff_t>(best) + 1, items->end());
    if (Groups(next) > kFanout) {
      (*items)[best].closed = true;
    } else {
      items->swap(next);
    }
  }
}

void RecordWriter::WriteNode(const Work& work) {
  struct Group {
    const Fusing* first;
    uint32_t record;
    uint64_t keys;
  };
  std::vector<Fusing> items;
  AppendItems(work.at, nullptr, 0, &items);
  Fuse(&items);
  std::vector<Group> groups;
  for (size_t i = 0, j; i < items.size(); i = j) {
    j = GroupEnd(items, i);
    uint64_t keys = 0;
    for (size_t x = i; x < j; ++x) keys += items[x].item->keys;
    const uint32_t record = NewRecord(keys);
    if (items[i].item->kind == Item::kBig) {
      std::string label(items[i].path, items[i].path + items[i].depth);
      label.append(skeleton_.Label(*items[i].item));
      work_.push_back({record, true, items[i].item->at, 0, std::move(label)});
    } else {
      WriteList(record, &items[i], &items[i] + (j - i));
    }
    groups.push_back({&items[i], record, keys});
  }

  const auto k = static_cast<uint32_t>(groups.size() - 1);
  bool one_byte = true;
  for (uint32_t i = 1; i <= k; ++i) one_byte = one_byte && groups[i].first->path_bytes == 1;
  uint64_t below = 0;
  for (uint32_t i = 0; i < k; ++i) below += groups[i].keys;
  const uint32_t count_bytes = WidthOf(below);

  std::string bytes;
  if (!work.label.empty()) {
    bytes.push_back(static_cast<char>(kSingle));
    PutLength(&bytes, work.label.size());
    bytes.append(work.label);
  }
  const auto head = static_cast<uint32_t>(bytes.size());
  bytes.push_back(
      static_cast<char>(kFused | (one_byte ? kOneByteSeparators : 0) | (count_bytes - 1) << 3));
  bytes.push_back(static_cast<char>(k - 1));
  for (uint32_t i = 1; i <= k; ++i) {
    const Fusing& first = *groups[i].first;
    if (one_byte) {
      bytes.push_back(static_cast<char>(first.path[0]));
      continue;
    }
    uint32_t window = 0;
    for (uint32_t b = 0; b < kWindow; ++b)
      window = window << 8 | (b < first.path_bytes ? first.path[b] : 0);
    AppendWide(&bytes, window ^ 0x80000000u, 4);
  }
  const auto cut = static_cast<uint32_t>(bytes.size());
  below = 0;
  for (uint32_t i = 0; i < k; ++i) AppendWide(&bytes, below += groups[i].keys, count_bytes);

  Record& record = out_.records[work.record];
  record.at = out_.bytes.size();
  record.bytes = static_cast<uint32_t>(bytes.size());
  record.head = head;
  record.cut = cut;
  record.fused = true;
  record.link = out_.links.size();
  record.links = k + 1;
  for (const Group& group : groups) out_.links.push_back({group.record, 0});
  out_.bytes.append(bytes);
}

void RecordWriter::BeginEntry(uint64_t shared) {
  if (list_count_++ > 0) PutLength(&list_, shared);
}

void RecordWriter::EndEntry(Bytes text, bool is_ref, uint32_t ref, Bytes code) {
  if (reuse_ && !code.empty()) {
    list_.append(code);
  } else {
    codebook_.Encode(text, !is_ref, &list_);
  }
  if (!is_ref) return;
  const uint32_t record = RecordOfShared(ref);
  if (hot_of_[ref] != SharedSet::kNone) {
    list_.push_back(static_cast<char>(codebook_.hot() + (hot_of_[ref] >> 8)));
    list_.push_back(static_cast<char>(hot_of_[ref]));
    return;
  }
  list_.push_back(static_cast<char>(kColdRef));
  list_links_.push_back({record, static_cast<uint32_t>(list_.size())});
  PutVarint(&list_, skeleton_.shared[ref].keys);
}

void RecordWriter::WriteList(uint32_t record, const Fusing* begin, const Fusing* end) {
  list_.assign(1, '\0');
  list_links_.clear();
  list_count_ = 0;
  std::string whole;
  for (const Fusing* x = begin; x != end; ++x) {
    // Neighbouring items differ within their paths, so what they share is in the paths too.
    size_t shared = 0;
    if (x != begin) {
      const Bytes before(reinterpret_cast<const char*>(x[-1].path), x[-1].path_bytes);
      shared = CommonPrefix(before, Bytes(reinterpret_cast<const char*>(x->path), x->path_bytes));
    }
    const uint32_t depth = x->depth;
    if (x->item->kind == Item::kFinal) {
      BeginEntry(shared);
      EndEntry(Bytes(reinterpret_cast<const char*>(x->path), depth).substr(shared), false, 0, {});
      continue;
    }
    EntryReader entry{skeleton_.entries.data() + x->item->at, 0, 0, nullptr, false, 0};
    for (uint32_t i = 0; i < x->item->entries; ++i) {
      entry.Next();
      if (i == 0 && (depth > 0 || shared > 0)) {
        whole.assign(reinterpret_cast<const char*>(x->path), depth);
        whole.append(entry.text, entry.length);
        BeginEntry(shared);
        EndEntry(Bytes(whole).substr(shared), entry.is_ref, entry.ref, {});
      } else {
        BeginEntry(i == 0 ? 0 : entry.shared + depth);
        EndEntry(Bytes(entry.text, entry.length), entry.is_ref, entry.ref, entry.code);
      }
    }
  }
  progress_->AddKeys(list_count_);
  progress_->Stop(40 * list_.size());
  list_[0] = static_cast<char>(list_count_);
  Record& r = out_.records[record];
  r.at = out_.bytes.size();
  r.bytes = static_cast<uint32_t>(list_.size());
  r.link = out_.links.size();
  r.links = static_cast<uint32_t>(list_links_.size());
  out_.links.insert(out_.links.end(), list_links_.begin(), list_links_.end());
  out_.bytes.append(list_);
}

}  // namespace memkv::fst
