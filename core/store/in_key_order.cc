#include "core/store/in_key_order.h"

#include <algorithm>

namespace memkv {

Status InKeyOrder::Gather(Bytes key, Bytes record, Operation operation) {
  operation.at = static_cast<uint32_t>(bytes_.size());
  operation.key_bytes = static_cast<uint32_t>(key.size());
  operation.record_bytes = static_cast<uint32_t>(record.size());
  operations_.push_back(operation);
  bytes_ += key;
  bytes_ += record;
  MEMKV_TRY(Stop(1));
  return bytes_.size() + operations_.size() * sizeof(Operation) < kMostBytes ? Status() : Apply();
}

Status InKeyOrder::Put(Bytes key, const Value& value) {
  if (value.record.size() >= kMostBytes / 8) {
    MEMKV_TRY(Apply());
    bool existed;
    return rows_->Put(key, value, true, &existed);
  }
  Operation o;
  o.put = true;
  o.number = value.number;
  o.is_record = value.is_record;
  return Gather(key, value.is_record ? value.record : Bytes(), o);
}

Status InKeyOrder::Erase(Bytes key) {
  Operation o;
  o.put = false;
  return Gather(key, {}, o);
}

Status InKeyOrder::EraseRange(Bytes lo, std::optional<Bytes> hi) {
  MEMKV_TRY(Apply());
  return rows_->EraseRange(lo, hi, poll_);
}

Status InKeyOrder::Stop(size_t work) {
  constexpr size_t kEvery = 16384;
  work_ += work;
  if (work_ < kEvery) return {};
  work_ = 0;
  return poll_ && poll_(0, 0) ? Status::Interrupted() : Status();
}

// REQUIRES that both keys are alike before `depth`.
bool InKeyOrder::Before(const Item& a, const Item& b, size_t depth) const {
  if (a.head != b.head) return a.head < b.head;
  const Bytes x = KeyOf(a.index), y = KeyOf(b.index);
  depth = std::min({depth, x.size(), y.size()});
  const int order = x.substr(depth).compare(y.substr(depth));
  return order != 0 ? order < 0 : a.index < b.index;
}

// By eight bytes of the keys at a time, runs that are alike by the next eight; equal keys in the
// order in which they came.
Status InKeyOrder::Sort() {
  constexpr size_t kFew = 24;
  struct Run {
    size_t begin, end, depth;
  };
  items_.resize(operations_.size());
  for (uint32_t i = 0; i < items_.size(); ++i) items_[i].index = i;
  std::vector<Run> runs = {{0, items_.size(), 0}};
  while (!runs.empty()) {
    const Run run = runs.back();
    runs.pop_back();
    MEMKV_TRY(Stop(run.end - run.begin));
    Item* const begin = items_.data() + run.begin;
    Item* const end = items_.data() + run.end;
    for (Item* i = begin; i != end; ++i) i->head = HeadAt(KeyOf(i->index), run.depth);
    const size_t next = run.depth + 8;
    if (run.end - run.begin <= kFew) {
      std::sort(begin, end, [&](const Item& a, const Item& b) { return Before(a, b, next); });
      continue;
    }
    std::sort(begin, end, [](const Item& a, const Item& b) { return a.head < b.head; });
    for (Item* from = begin; from != end;) {
      Item* to = std::find_if(from, end, [&](const Item& i) { return i.head != from->head; });
      // Keys that end here stand before those that go on, the shorter ones first.
      Item* on = std::partition(
          from, to, [&](const Item& i) { return operations_[i.index].key_bytes <= next; });
      std::sort(from, on, [&](const Item& a, const Item& b) {
        const uint32_t x = operations_[a.index].key_bytes, y = operations_[b.index].key_bytes;
        return x != y ? x < y : a.index < b.index;
      });
      if (to - on > 1) {
        runs.push_back({static_cast<size_t>(on - items_.data()),
                        static_cast<size_t>(to - items_.data()), next});
      }
      from = to;
    }
  }
  return {};
}

Status InKeyOrder::Apply() {
  constexpr size_t kRows = 4096;
  MEMKV_TRY(Sort());
  std::vector<Rows::NewRow> rows;
  rows.reserve(std::min(kRows, items_.size()));
  for (size_t i = 0; i < items_.size(); ++i) {
    const Operation& o = operations_[items_[i].index];
    const Bytes key = KeyOf(items_[i].index);
    if (i + 1 < items_.size() && KeyOf(items_[i + 1].index) == key) continue;
    if (o.put) {
      const Value value =
          o.is_record ? Value::Record(Bytes(bytes_).substr(o.at + o.key_bytes, o.record_bytes))
                      : Value::Number(o.number);
      rows.push_back({key, value, true});
    }
    if (rows.size() == kRows || (!o.put && !rows.empty())) {
      MEMKV_TRY(Stop(rows.size()));
      MEMKV_TRY(rows_->PutMany(rows));
      rows.clear();
    }
    if (o.put) continue;
    bool existed;
    MEMKV_TRY(rows_->Erase(key, &existed));
  }
  if (!rows.empty()) MEMKV_TRY(rows_->PutMany(rows));
  operations_.clear();
  bytes_.clear();
  return {};
}

}  // namespace memkv
