#include "ext/walk/index_walk.h"

#include <algorithm>

#include "core/index_key.h"
#include "core/pace.h"
#include "ext/poller.h"
#include "ext/table.h"
#include "ext/walk/row_values.h"

namespace memkv::sql {

IndexWalk::IndexWalk(MemkvTable& table, const View& view, const WalkedIndex& walked,
                     bool descending, size_t distinct)
    : table_(table),
      walked_(walked),
      def_(table.state().table.indexes()[walked.number - 1]),
      distinct_(distinct),
      run_(std::max<size_t>(distinct, 1)),
      reader_(view),
      walk_(view.Index(walked.number - 1), descending) {}

std::unique_ptr<IndexWalk> IndexWalk::Start(MemkvTable& table, const View& view,
                                            const WalkedIndex& walked, const Plan& plan,
                                            Narrowed narrowed, uint64_t skip) {
  if (narrowed.empty()) return nullptr;
  std::unique_ptr<IndexWalk> walk(
      new IndexWalk(table, view, walked, plan.descending, plan.distinct));
  if (!walk->StartNarrowed(std::move(narrowed), skip)) return nullptr;
  return walk;
}

std::unique_ptr<IndexWalk> IndexWalk::Again(const View& view, Bytes index_key) const {
  Narrowed rest = narrowed_;
  const std::string key(index_key);
  rest.keys = Intersect(std::move(rest.keys), walk_.descending() ? KeyRange{"", key + '\0'}
                                                                 : KeyRange{key, std::nullopt});
  if (rest.empty()) return nullptr;
  std::unique_ptr<IndexWalk> walk(
      new IndexWalk(table_, view, walked_, walk_.descending(), distinct_));
  return walk->StartNarrowed(std::move(rest), 0) ? std::move(walk) : nullptr;
}

bool IndexWalk::StartNarrowed(Narrowed narrowed, uint64_t skip) {
  narrowed_ = std::move(narrowed);
  if (narrowed_.pattern) {
    bool started = false;
    const bool found = StartPattern(narrowed_, skip, &started);
    if (started) return found;
  } else if (narrowed_.values) {
    by_values_ = true;
    values_ = *narrowed_.values;
    if (!walk_.descending()) std::reverse(values_.begin(), values_.end());
    return StartNextRange();
  }
  is_plain_ = !distinct_;
  // A frozen entry's key has to be put together from its row.
  const bool may_compare = !walk_.cursor().view().base();
  if (!walk_.Start(narrowed_.keys, narrowed_.ranks, skip, may_compare)) return false;
  if (distinct_) ValuePart(&value_);
  return true;
}

bool IndexWalk::StartPattern(Narrowed& narrowed, uint64_t skip, bool* started) {
  const IndexOfView index(reader_.view(), walked_.number);
  const PatternStart start = StartOf(table_, narrowed, index, walked_);
  if (start.kind == PatternStart::kNothing) return false;
  if (start.kind == PatternStart::kRange) {
    narrowed.keys = start.keys;
    return false;
  }
  *started = true;
  start_ = start;
  if (NewPattern(start)) {
    for (; pattern_->Valid() && skip > 0; --skip) pattern_->Next();
    if (IsOnMatch()) return true;
  }
  if (!pattern_) return false;
  pattern_.reset();
  for (const KeyRange& keys : KeysToAskOnce(narrowed)) {
    if (!walk_.Start(keys, narrowed.ranks, 0, false)) continue;
    walk_.KeepOne();
    return true;
  }
  return false;
}

// Makes pattern_, unless no key is left to it. True: there is a match.
bool IndexWalk::NewPattern(const PatternStart& start) {
  pattern_ = NewPatternWalk(IndexCursor(reader_.view().Index(walked_.number - 1)), start,
                            narrowed_.pattern_behind, narrowed_.ranks, walk_.descending(),
                            NewPoll(table_.db()));
  return pattern_ && IsOnMatch();
}

bool IndexWalk::IsOnMatch() {
  if (!pattern_->Valid()) {
    Check(pattern_->status());
    return false;
  }
  if (narrowed_.pattern_behind.empty() || distinct_) ValuePart(&value_);
  return true;
}

bool IndexWalk::NextMatch() {
  if (in_run_) {
    if (walk_.Next()) return true;
    in_run_ = false;
    of_one_value_ = 0;
    const KeyRange same = KeysOfIndexValue(value_, KeyRange::All());
    if (!walk_.descending() && !same.hi) return false;
    PatternStart rest = start_;
    rest.keys = Intersect(std::move(rest.keys),
                          walk_.descending() ? KeyRange{"", same.lo} : KeyRange{*same.hi, {}});
    return NewPattern(rest);
  }
  pattern_->Next();
  if (!pattern_->Valid() || !narrowed_.pattern_behind.empty()) return IsOnMatch();
  ValuePart(&next_value_);
  const bool is_same = next_value_ == value_;
  value_.swap(next_value_);
  of_one_value_ = is_same ? of_one_value_ + 1 : 0;
  return of_one_value_ < kFewOfOneValue || StartRun();
}

// From the match on, all rows with its value.
bool IndexWalk::StartRun() {
  RankRange ranks = narrowed_.ranks;
  const uint64_t rank = pattern_->cursor().rank();
  if (walk_.descending()) {
    ranks.end = std::min(ranks.end, rank + 1);
  } else {
    ranks.first = std::max(ranks.first, rank);
  }
  in_run_ = true;
  return walk_.Start(Intersect(start_.keys, KeysOfIndexValue(value_, KeyRange::All())), ranks, 0,
                     /*may_compare=*/false);
}

bool IndexWalk::StartNextRange() {
  Poller poller(table_.db());
  Pace pace;
  while (!values_.empty()) {
    if (pace.Due(values_.back().size())) poller.Check();
    const KeyRange range =
        Intersect(narrowed_.keys, KeysOfIndexValue(values_.back(), KeyRange::All()));
    values_.pop_back();
    if (walk_.Start(range, narrowed_.ranks, 0, !walk_.cursor().view().base())) {
      if (distinct_) ValuePart(&value_);
      return true;
    }
  }
  return false;
}

bool IndexWalk::Next() {
  if (distinct_) return NextValue();
  if (pattern_) return NextMatch();
  return walk_.Next() || (!values_.empty() && StartNextRange());
}

// The next row with another value: a few steps, then a seek past all that have this one.
bool IndexWalk::NextValue() {
  constexpr int kFewSteps = 4;
  if (by_values_ && narrowed_.value_parts >= distinct_) return StartNextRange();
  for (int steps = 0; pattern_ || steps < kFewSteps; ++steps) {
    if (pattern_) {
      pattern_->Next();
      if (!pattern_->Valid()) {
        Check(pattern_->status());
        return false;
      }
    } else if (!walk_.Next()) {
      return !values_.empty() && StartNextRange();
    }
    if (!At().in_base()) {
      if (IsOfIndexValue(At().key(), value_)) continue;
      ValuePart(&value_);
      return true;
    }
    ValuePart(&next_value_);
    if (next_value_ != value_) {
      value_.swap(next_value_);
      return true;
    }
  }
  const KeyRange same = KeysOfIndexValue(value_, KeyRange::All());
  const KeyRange rest = walk_.descending() ? KeyRange{"", same.lo} : KeyRange{*same.hi, {}};
  if (!walk_.Start(Intersect(walk_.keys(), rest), narrowed_.ranks, 0,
                   !walk_.cursor().view().base()))
    return !values_.empty() && StartNextRange();
  ValuePart(&value_);
  return true;
}

void IndexWalk::ValuePart(std::string* value) { Check(reader_.Values(At(), def_, run_, value)); }

Bytes IndexWalk::Key() {
  Bytes key;
  Check(reader_.Key(At(), &key));
  return key;
}

RowRef IndexWalk::Row() {
  RowRef row;
  Check(reader_.Row(At(), &row));
  return row;
}

bool IndexWalk::Value(std::string* buffer, Datum* v, bool* terminated) {
  bool is_exact;
  const IndexCursor& at = At();
  Check(reader_.Value(at, def_, buffer, v, &is_exact));
  // What ends a text in a key is one.
  *terminated = !at.in_base() && v->bytes.data() != buffer->data();
  return is_exact || ClassIsTold(walked_.AffinityOf(0), v);
}

}  // namespace memkv::sql
