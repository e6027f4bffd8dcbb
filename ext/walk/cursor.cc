#include "ext/walk/cursor.h"

#include <algorithm>

#include "core/index_key.h"
#include "core/key_parts.h"
#include "core/pace.h"
#include "ext/plan/planner.h"
#include "ext/poller.h"
#include "ext/sqlite.h"
#include "ext/table.h"

namespace memkv::sql {

TableCursor::TableCursor(MemkvTable& table)
    : sqlite3_vtab_cursor{},
      OpenCursor(table.state().cursors),
      table_(table),
      doubts_(table),
      key_(table.TakeBuffer()) {
  table.connection().row_value_in().Opened(table.db());
  table.state().CheckFile();
  if (table.state().patterns_run_unseen) doubts_.LookForUnseenPatterns();
}
TableCursor::~TableCursor() { table_.GiveBuffer(std::move(key_)); }

void* TableCursor::operator new(size_t bytes, MemkvTable& table) {
  void* const kept = table.TakeMemory();
  return kept ? kept : ::operator new(bytes);
}

void TableCursor::operator delete(void* memory, MemkvTable& table) noexcept {
  table.GiveMemory(memory);
}

void TableCursor::operator delete(TableCursor* cursor, std::destroying_delete_t) noexcept {
  MemkvTable& table = cursor->table_;
  cursor->~TableCursor();
  table.GiveMemory(cursor);
}

void TableCursor::Filter(int, const char* text, std::span<sqlite3_value*> args) {
  mode_ = kEnd;
  gone_ = false;
  const bool first = plan_text_ == nullptr;
  doubts_.Begin(first);
  pattern_.reset();
  index_.reset();
  TableState& state = table_.state();
  if (text != plan_text_) {
    read_ = table_.PlanOf(text);
    plan_text_ = text;
  }
  state.Refresh();
  table_.ReadsBegin();
  if (FindAtOnce(args)) return;
  Look();
  uint64_t skip = 0;
  if (read_->plan.offset) {
    const Datum v = ToDatum(args[read_->plan.terms.size()]);
    if (v.kind == Datum::kInteger && v.integer > 0) skip = static_cast<uint64_t>(v.integer);
  }
  if (!first || !read_->plan.terms.empty()) {
    narrowed_ = Narrow(table_, IndexOfView(view_, read_->index.number), read_->index, read_->plan,
                       args, doubts_);
  }
  std::vector<Doubted> doubted;
  if (read_->plan.one_value > 0) doubted.swap(narrowed_.doubted);
  if (read_->index.number == 0) {
    StartByKey(skip);
  } else {
    index_ = IndexWalk::Start(table_, view_, read_->index, read_->plan, std::move(narrowed_), skip);
    if (index_) mode_ = kIndex;
  }
  if (!doubted.empty()) Sort(doubted);
}

// What the walk gives of rows that may equal what is compared, in the order of what follows; each of
// several values may, where SQLite alone knows how it compares.
void TableCursor::Sort(const std::vector<Doubted>& doubted) {
  const auto may_equal = [&](Bytes key) {
    return std::all_of(doubted.begin(), doubted.end(), [&](const Doubted& d) {
      const bool last = d.part + 1 == read_->index.parts.size();
      Bytes part;
      Datum v;
      return !KeyPart(key, d.part, last, &part) || !DecodeKeyPart(part, last, &buffer_, &v) ||
             d.Allows(v);
    });
  };
  std::vector<std::pair<std::string, std::string>> rows;  // what follows; the row's key
  Poller poller(table_.db());
  Pace pace;
  for (; mode_ != kEnd; Next()) {
    const Bytes whole = mode_ == kIndex ? index_->IndexKey() : CurrentKey();
    if (pace.Due(whole.size())) poller.Check();
    if (!may_equal(whole)) continue;
    Bytes first, rest;
    if (!SplitIndexKey(whole, read_->plan.one_value, &first, &rest))
      Check(Status::Corrupt("a stored key has no known class"));
    rows.emplace_back(rest, CurrentKey());
  }
  std::sort(rows.begin(), rows.end());
  if (!read_->plan.descending) std::reverse(rows.begin(), rows.end());  // the next one last
  points_.clear();
  for (auto& [rest, key] : rows) points_.push_back(std::move(key));
  index_.reset();
  NextPoint();
}

// Takes the version that there is.
void TableCursor::Look() {
  const TableState& state = table_.state();
  at_once_ = false;
  Started(state.table.edits().now);
  view_ = state.table.Latest();
  frozen_ = view_.base() && view_.delta().size() == 0;
  blocks_.assign(view_.base() ? state.schema.value_columns() : 0, {});
}

// One row by its key, where it is certain how SQLite compares. The row is copied, and no version
// pinned: a write to it that follows need not leave it as it was. False: not such a plan or value.
bool TableCursor::FindAtOnce(std::span<sqlite3_value*> args) {
  const TableState& state = table_.state();
  const Schema& schema = state.schema;
  const std::vector<Term>& terms = read_->plan.terms;
  if (read_->index.number != 0 || terms.size() != schema.key.size() || read_->plan.offset ||
      read_->plan.with_rank)
    return false;
  key_.clear();
  for (size_t i = 0; i < terms.size(); ++i) {
    if (terms[i].part != i || ComparisonOf(terms[i].op) != CompareOp::kEqual) return false;
    const Affinity affinity = schema.key_column(i).affinity;
    const int type = sqlite3_value_type(args[i]);
    const bool is_sure = (affinity != Affinity::kNone && affinity != Affinity::kText) ||
                         type == SQLITE_BLOB ||
                         (affinity == Affinity::kText && type == SQLITE_TEXT) ||
                         (i == 0 && !state.table.may_hold_numbers());
    if (!is_sure || type == SQLITE_NULL) return false;
    const Converted v = Converted::Compared(args[i], affinity);
    if (v.datum().bytes.size() >= kMaxKeyBytes) return false;
    AppendKeyPart(v.datum(), i + 1 == terms.size(), &key_);
  }
  Started(state.table.edits().now);
  bool found;
  Check(state.table.Find(key_, &found, &row_));
  if (!found) return true;
  view_ = View({}, row_.in_base ? state.table.base() : nullptr);
  if (row_.value.is_record) {
    record_.assign(row_.value.record);
    row_.value.record = record_;
  }
  mode_ = kPoint;
  return at_once_ = true;
}

void TableCursor::StartByKey(uint64_t skip) {
  if (narrowed_.empty()) return;
  points_.clear();
  if (narrowed_.values && !narrowed_.pattern && narrowed_.ranks.everything()) {
    points_ = *narrowed_.values;
    if (!read_->plan.descending) std::reverse(points_.begin(), points_.end());
    if (narrowed_.value_parts < read_->index.parts.size()) {
      StartNextRange();
      return;
    }
    std::erase_if(points_, [this](Bytes key) { return !narrowed_.keys.Contains(key); });
    return NextPoint();
  }
  if (skip == 0 && StartPoint()) return;
  StartWalk(skip);
}

// One key alone.
bool TableCursor::StartPoint() {
  const std::string& lo = narrowed_.keys.lo;
  if (narrowed_.pattern || !narrowed_.ranks.everything() || !narrowed_.keys.hi) return false;
  const std::string& hi = *narrowed_.keys.hi;
  if (lo.empty() || hi.size() != lo.size() + 1 || hi.back() != '\0' || !hi.starts_with(lo))
    return false;
  key_ = lo;
  bool found;
  Check(view_.Find(key_, &found, &row_));
  if (found) mode_ = kPoint;
  return true;
}

void TableCursor::StartWalk(uint64_t skip) {
  if (narrowed_.empty()) return;
  if (narrowed_.pattern && StartPattern(skip)) return;
  StartRange(narrowed_.keys, narrowed_.ranks, skip);
}

// Walks the pattern's matches. False: no walk would be sure to meet them all, or it would gain
// nothing.
bool TableCursor::StartPattern(uint64_t skip) {
  const IndexOfView keys(view_, 0);
  const PatternStart start = StartOf(table_, narrowed_, keys, read_->index);
  if (start.kind == PatternStart::kNothing) return false;
  if (start.kind == PatternStart::kRange) {
    StartRange(start.keys, narrowed_.ranks, skip);
    return true;
  }
  pattern_ = NewPatternWalk(ViewCursor(view_), start, narrowed_.pattern_behind, narrowed_.ranks,
                            read_->plan.descending, NewPoll(table_.db()));
  if (!pattern_) return true;
  mode_ = kPattern;
  Poller poller(table_.db());
  Pace pace;
  for (; pattern_->Valid() && skip > 0; --skip) {
    if (pace.Due(0)) poller.Check();
    pattern_->Next();
  }
  CheckPattern();
  if (mode_ == kEnd) AskOnce();
  return true;
}

void TableCursor::AskOnce() {
  for (const KeyRange& keys : KeysToAskOnce(narrowed_)) {
    StartRange(keys, narrowed_.ranks, 0);
    if (counts()) return walk_->KeepOne();
  }
}

void TableCursor::StartRange(KeyRange keys, const RankRange& ranks, uint64_t skip) {
  mode_ = kEnd;
  walk_.emplace(view_, read_->plan.descending);
  if (walk_->Start(std::move(keys), ranks, skip, /*may_compare=*/true))
    mode_ = read_->plan.distinct ? kDistinct : kCounted;
}

// The next row that differs in its first columns: a few steps, then a seek past all that do not.
bool TableCursor::NextDistinct() {
  constexpr int kFewSteps = 4;
  Bytes value, rest;
  if (!SplitIndexKey(walk_->At().key(), read_->plan.distinct, &value, &rest))
    Check(Status::Corrupt("a stored key has no known class"));
  buffer_.assign(value);
  for (int steps = 0; steps < kFewSteps; ++steps) {
    if (!walk_->Next()) return false;
    if (!IsOfIndexValue(walk_->At().key(), buffer_)) return true;
  }
  KeyRange same = KeysOfIndexValue(buffer_, KeyRange::All());
  KeyRange left = read_->plan.descending ? KeyRange{"", std::move(same.lo)}
                                         : KeyRange{std::move(*same.hi), std::nullopt};
  return walk_->Start(Intersect(walk_->keys(), left), walk_->ranks(), 0, /*may_compare=*/true);
}

// The keys that begin with the next of points_. False: there are none left.
bool TableCursor::StartNextRange() {
  Poller poller(table_.db());
  Pace pace;
  while (!points_.empty()) {
    if (pace.Due(points_.back().size())) poller.Check();
    const KeyRange keys =
        Intersect(narrowed_.keys, KeysOfIndexValue(points_.back(), KeyRange::All()));
    points_.pop_back();
    StartRange(keys, narrowed_.ranks, 0);
    if (counts()) return true;
  }
  mode_ = kEnd;
  return false;
}

void TableCursor::NextPoint() {
  mode_ = kEnd;
  Poller poller(table_.db());
  Pace pace;
  while (!points_.empty()) {
    if (pace.Due(points_.back().size())) poller.Check();
    key_ = std::move(points_.back());
    points_.pop_back();
    bool found;
    Check(view_.Find(key_, &found, &row_));
    if (found) {
      mode_ = kPoints;
      return;
    }
  }
}

// The version that it walked was rolled back.
void TableCursor::Resume() {
  const std::string key(CurrentKey());
  const std::string index_key(mode_ == kIndex ? index_->IndexKey() : Bytes());
  table_.state().Refresh();
  Look();
  switch (mode_) {
    case kEnd:
      return;
    case kPoint:
    case kPoints: {
      bool found;
      Check(view_.Find(key_, &found, &row_));
      gone_ = !found;
      return;
    }
    case kCounted:
    case kDistinct:
    case kPattern:
      mode_ = kEnd;
      pattern_.reset();
      points_.clear();  // the walk goes through what lies between them too, and SQLite checks it
      narrowed_.keys = Intersect(std::move(narrowed_.keys), read_->plan.descending
                                                                ? KeyRange{"", key + '\0'}
                                                                : KeyRange{key, std::nullopt});
      StartWalk(0);
      gone_ = mode_ == kEnd || CurrentKey() != key;
      return;
    case kIndex:
      index_ = index_->Again(view_, index_key);
      if (!index_) mode_ = kEnd;
      gone_ = !index_ || index_->IndexKey() != index_key;
      return;
  }
}

void TableCursor::CheckPattern() {
  if (pattern_->Valid()) return;
  mode_ = kEnd;
  Check(pattern_->status());
}

void TableCursor::Next() {
  if (undone()) [[unlikely]]
    Resume();
  if (gone_) [[unlikely]] {
    gone_ = false;
    if (mode_ != kPoint && mode_ != kPoints) return;
  }
  switch (mode_) {
    case kEnd:
      return;
    case kPoint:
      mode_ = kEnd;
      return;
    case kPoints:
      return NextPoint();
    case kCounted:
      if (!walk_->Next() && (points_.empty() || !StartNextRange())) mode_ = kEnd;
      return;
    case kDistinct:
      if (!NextDistinct() && (points_.empty() || !StartNextRange())) mode_ = kEnd;
      return;
    case kPattern:
      pattern_->Next();
      return CheckPattern();
    case kIndex:
      if (!index_->Next()) mode_ = kEnd;
      return;
  }
}

}  // namespace memkv::sql
