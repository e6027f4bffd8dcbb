// Fst::Verify: every record that the root leads to, walked once, children before what leads to
// them.

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/fst/fst.h"
#include "core/fst/progress.h"
#include "core/fst/walk.h"

namespace memkv {
namespace {

using fst::Body;
using fst::FusedNode;

// What a record says of itself once all below it is walked: how many keys, and the first bytes of
// the smallest and largest.
struct Summary {
  uint64_t keys = 0;
  std::string first, last;  // cut after kWindow bytes
};
constexpr size_t kWindow = 4;

class Verifier {
 public:
  Verifier(const Body& body, fst::Progress* progress) : body_(body), progress_(progress) {}

  Status Run() {
    stack_.push_back({body_.base, {}, 0});
    while (!stack_.empty()) {
      if (progress_->Stop(kRecordNanoseconds)) return Status::Interrupted();
      MEMKV_TRY(Step());
    }
    const Summary& root = done_.at(body_.base);
    if (root.keys != body_.keys) return body_.Corrupt(body_.base, "the root's count of keys");
    return {};
  }

 private:
  // A record whose children, as many as were found, are walked one after the other.
  struct Work {
    const uint8_t* record;
    std::vector<const uint8_t*> children;
    size_t next;
    bool opened = false;
  };

  Status Step() {
    Work& work = stack_.back();
    if (!work.opened) {
      work.opened = true;
      if (!open_.emplace(work.record, true).second)
        return body_.Corrupt(work.record, "a record that leads to itself");
      MEMKV_TRY(Children(work.record, &work.children));
    }
    while (work.next < work.children.size() && done_.contains(work.children[work.next]))
      ++work.next;
    if (work.next < work.children.size()) {
      const uint8_t* child = work.children[work.next++];
      if (open_.contains(child)) return body_.Corrupt(child, "a record that leads to itself");
      stack_.push_back({child, {}, 0});
      return {};
    }
    Summary summary;
    MEMKV_TRY(Sum(work.record, &summary));
    open_.erase(work.record);
    done_.emplace(work.record, std::move(summary));
    stack_.pop_back();
    return {};
  }

  Status Label(const uint8_t*& p, const uint8_t*& limit, Bytes* label) const {
    limit = body_.Limit(p);
    if (!limit) return body_.Corrupt(p, "a record outside the section, or a damaged page");
    *label = {};
    if (*p == fst::kSingle) {
      const uint8_t* text;
      uint64_t bytes;
      const uint8_t* at = p;
      if (!body_.TakeLabel(p, limit, &text, &bytes)) return body_.Corrupt(at, "a SINGLE");
      *label = Bytes(reinterpret_cast<const char*>(text), bytes);
    }
    if (*p >= fst::kFused && FusedNode(p).bytes() > static_cast<size_t>(body_.end - p))
      return body_.Corrupt(p, "a FUSED node");
    if (*p < fst::kFused && (*p == 0 || *p > fst::kMaxListEntries))
      return body_.Corrupt(p, "a LIST");
    return {};
  }

  // The records that a record leads to.
  Status Children(const uint8_t* p, std::vector<const uint8_t*>* out) const {
    const uint8_t* limit;
    Bytes label;
    MEMKV_TRY(Label(p, limit, &label));
    if (*p >= fst::kFused) {
      const FusedNode node(p);
      for (uint32_t i = 0; i <= node.k; ++i) {
        const uint8_t* child = body_.Child(node, i);
        if (!child || *child >= fst::kFused) return body_.Corrupt(p, "a child of a FUSED node");
        out->push_back(child);
      }
      return {};
    }
    const uint32_t entries = *p++;
    std::string key;
    for (uint32_t i = 0; i < entries; ++i) {
      uint64_t shared, length = 0;
      const uint8_t* at = p;
      if (i > 0 && !body_.TakeShared(p, limit, &shared))
        return body_.Corrupt(at, "a shared prefix");
      const fst::EntryEnd end = fst::DecodeEntry(body_, p, limit, &key, &length);
      uint64_t keys;
      const uint8_t* to;
      if (end == fst::EntryEnd::kWrong ||
          (end == fst::EntryEnd::kRef && !body_.TakeRef(p, limit, &to, &keys))) {
        return body_.Corrupt(at, "an entry");
      }
      if (end == fst::EntryEnd::kRef) {
        if (*to == fst::kSingle) return body_.Corrupt(at, "a reference to a SINGLE");
        out->push_back(to);
      }
    }
    return {};
  }

  static void Spell(Bytes path, const std::string& below, std::string* out) {
    out->assign(path.substr(0, kWindow));
    out->append(below, 0, kWindow - out->size());
  }

  Status Sum(const uint8_t* p, Summary* out) const {
    const uint8_t* limit;
    Bytes label;
    MEMKV_TRY(Label(p, limit, &label));
    Summary below;
    MEMKV_TRY(*p >= fst::kFused ? SumFused(p, &below) : SumList(p, limit, &below));
    out->keys = below.keys;
    Spell(label, below.first, &out->first);
    Spell(label, below.last, &out->last);
    return {};
  }

  Status SumFused(const uint8_t* p, Summary* out) const {
    const FusedNode node(p);
    std::string separator, last;
    for (uint32_t i = 0; i <= node.k; ++i) {
      const Summary& child = done_.at(body_.Child(node, i));
      if (node.Before(i) != out->keys) return body_.Corrupt(p, "the counts of a FUSED node");
      if (i > 0) {
        // Padded with zeros, as the separators are compared.
        const std::string before = Separator(node, i - 1);
        if (Padded(child.first, node) < before || Padded(last, node) >= before)
          return body_.Corrupt(p, "a separator");
      } else {
        out->first = child.first;
      }
      last = child.last;
      out->keys += child.keys;
      if (out->keys < child.keys) return body_.Corrupt(p, "more keys than can be counted");
    }
    out->last = last;
    return {};
  }

  static std::string Separator(const FusedNode& node, uint32_t i) {
    if (node.one_byte) return std::string(1, static_cast<char>(node.separators[i]));
    const uint32_t window = fst::Load32(node.separators + 4 * i) ^ 0x80000000u;
    std::string s;
    for (int b = 24; b >= 0; b -= 8) s.push_back(static_cast<char>(window >> b));
    return s;
  }
  static std::string Padded(const std::string& s, const FusedNode& node) {
    // The key that ends in the node itself comes before every separator, even before one of zeros.
    if (s.empty()) return s;
    std::string padded = s.substr(0, node.one_byte ? 1 : kWindow);
    padded.resize(node.one_byte ? 1 : kWindow, '\0');
    return padded;
  }

  Status SumList(const uint8_t* p, const uint8_t* limit, Summary* out) const {
    const uint32_t entries = *p++;
    std::string key, text;
    uint64_t length = 0;
    bool last_is_ref = false;
    for (uint32_t i = 0; i < entries; ++i) {
      const uint8_t* at = p;
      uint64_t shared = 0;
      if (i > 0 && !body_.TakeShared(p, limit, &shared))
        return body_.Corrupt(at, "a shared prefix");
      if (shared > length) return body_.Corrupt(at, "an entry that shares more than there is");
      const std::string before = key.substr(0, length);
      length = shared;
      for (const uint8_t* code = p; code < limit && *code < body_.code.hot;) {
        if (!body_.code.Known(code)) return body_.Corrupt(code, "a code without a token");
        const uint32_t c = *code;
        code += 1 + (c >= body_.code.one);
        if (body_.code.IsEnd(c)) break;
      }
      const fst::EntryEnd end = fst::DecodeEntry(body_, p, limit, &key, &length);
      uint64_t keys = 1;
      const uint8_t* to = nullptr;
      if (end == fst::EntryEnd::kWrong) return body_.Corrupt(at, "an entry");
      if (end == fst::EntryEnd::kRef && (length == 0 || !body_.TakeRef(p, limit, &to, &keys))) {
        return body_.Corrupt(at, "a reference");
      }
      if (i > 0) {
        // The first byte that is new must be larger than the one it replaces; after a key that
        // ended it may be any, but what a reference leads to may not be gone past.
        const bool past = shared == before.size();
        if (length <= shared ||
            (past ? last_is_ref
                  : key[shared] == before[shared] ||
                        static_cast<uint8_t>(key[shared]) < static_cast<uint8_t>(before[shared]))) {
          return body_.Corrupt(at, "an entry out of order");
        }
      }
      last_is_ref = to != nullptr;
      const Bytes path = Bytes(key).substr(0, length);
      text.clear();
      const Summary* below = to ? &done_.at(to) : nullptr;
      if (below && below->keys != keys) return body_.Corrupt(at, "the count of a reference");
      if (i == 0) Spell(path, below ? below->first : text, &out->first);
      Spell(path, below ? below->last : text, &out->last);
      out->keys += keys;
      if (out->keys < keys) return body_.Corrupt(at, "more keys than can be counted");
    }
    return {};
  }

  static constexpr uint64_t kRecordNanoseconds = 10'000;

  const Body& body_;
  fst::Progress* const progress_;
  std::vector<Work> stack_;
  std::unordered_map<const uint8_t*, bool> open_;
  std::unordered_map<const uint8_t*, Summary> done_;
};

}  // namespace

Status Fst::Verify(const Poll& poll) const {
  constexpr uint64_t kPageNanoseconds = 20'000;
  fst::Progress progress(poll, size());
  for (uint64_t page = 0; page < body_.pages.pages(); ++page) {
    if (progress.Stop(kPageNanoseconds)) return Status::Interrupted();
    if (body_.pages.Intact(page)) continue;
    return Status::Corrupt("page " + std::to_string(page) + " of " +
                           std::to_string(body_.pages.pages()) + ": checksum");
  }
  if (size() > 0) MEMKV_TRY(Verifier(body_, &progress).Run());
  for (const fst::ColumnReader& column : columns_) MEMKV_TRY(column.Verify(&progress));
  for (const FrozenIndex& index : indexes_) MEMKV_TRY(index.Verify(&progress));
  return {};
}

}  // namespace memkv
