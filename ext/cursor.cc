#include "ext/cursor.h"

#include <algorithm>

#include "core/key.h"
#include "core/pace.h"
#include "ext/affinity.h"
#include "ext/compared_range.h"
#include "ext/ordered_walk.h"
#include "ext/outer_join.h"
#include "ext/pattern_walk.h"
#include "ext/poller.h"
#include "ext/row_values.h"
#include "ext/running.h"
#include "ext/sqlite.h"
#include "ext/sqlite_version.h"
#include "ext/table.h"

namespace memkv::sql {
TableCursor::TableCursor(MemkvTable& table)
    : sqlite3_vtab_cursor{},
      OpenCursor(table.state().cursors),
      table_(table),
      key_(table.TakeBuffer()) {
  table.connection().row_value_in().Opened(table.db());
  table.state().CheckFile();
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
  first_ = plan_text_ == nullptr;
  pattern_.reset();
  ordered_.reset();
  if (text != plan_text_) {
    plan_ = table_.PlanOf(text);
    plan_text_ = text;
  }
  TableState& state = table_.state();
  state.Refresh();
  table_.ReadsBegin();
  Started(state.table.edits());
  view_ = state.table.Latest();
  frozen_ = view_.base() && view_.delta().size() == 0;
  key_column_ = state.schema.key;
  rank_column_ = state.schema.rank_column();
  blocks_.clear();
  uint64_t skip = 0;
  if (plan_->offset) {
    const Datum v = ToDatum(args[plan_->terms.size()]);
    if (v.kind == Datum::kInteger && v.integer > 0) skip = static_cast<uint64_t>(v.integer);
  }
  if (!plan_->by.empty()) {
    ordered_ = OrderedWalk::Start(
        table_, view_, *plan_, args, skip, [this](const Term& term) { return Narrows(term); },
        [this] { ExpectNoRowValueIn(); });
    if (ordered_) mode_ = kOrdered;
    return;
  }
  if (plan_->terms.size() == 1 && plan_->terms[0].target == Term::kKey && !plan_->offset) {
    const Term::Op op = plan_->terms[0].op;
    if (op == Term::kIn) return Points(args[0]);
    if (ComparisonOf(op) == CompareOp::kEqual) return Point(args[0], op);
  }
  narrowed_ = {};
  for (size_t i = 0; i < plan_->terms.size() && !narrowed_.nothing; ++i)
    if (Narrows(plan_->terms[i])) Narrow(plan_->terms[i], args[i], &narrowed_);
  narrowed_.has_bounds = args.size() > plan_->terms.size() + plan_->offset;
  StartWalk(skip);
}

void TableCursor::StartWalk(uint64_t skip) {
  if (narrowed_.nothing || narrowed_.ranks.nothing || narrowed_.keys.empty()) return;
  if (narrowed_.pattern && StartPattern(narrowed_, skip)) return;
  StartRange(narrowed_, skip);
}

// The version that it walked was rolled back.
void TableCursor::Resume() {
  const std::string key(CurrentKey());
  const std::string index_key(mode_ == kOrdered ? ordered_->IndexKey() : Bytes());
  TableState& state = table_.state();
  state.Refresh();
  Started(state.table.edits());
  view_ = state.table.Latest();
  frozen_ = view_.base() && view_.delta().size() == 0;
  blocks_.clear();
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
    case kRange:
    case kPattern:
      mode_ = kEnd;
      pattern_.reset();
      narrowed_.keys =
          Intersect(std::move(narrowed_.keys),
                    plan_->descending ? KeyRange{"", key + '\0'} : KeyRange{key, std::nullopt});
      StartWalk(0);
      gone_ = mode_ == kEnd || CurrentKey() != key;
      return;
    case kOrdered:
      ordered_ = ordered_->Again(view_, index_key);
      if (!ordered_) mode_ = kEnd;
      gone_ = !ordered_ || ordered_->IndexKey() != index_key;
      return;
  }
}

bool TableCursor::MayBeInOuterJoin() {
  if (!outer_join_) {
    outer_join_ = OuterJoinMayRun(table_.db()) ||
                  table_.connection().schema_texts().WhenRun(table_.state().schema_name);
  }
  return *outer_join_;
}

// A pattern that was claimed with omit, where SQLite or memkv may slip over it in an outer join.
void TableCursor::CheckSlips(bool folds) {
  if (!PatternsMaySlip(folds) || !MayBeInOuterJoin() ||
      (LikeMatchesBlobs() && !HasKeysIn(ClassRange(kBlobTag))))
    return;
  TableState& state = table_.state();
  state.checks_patterns = true;
  const bool is_undone = FailedFunctionsAreUndone(sqlite3_libversion_number());
  const bool in_schema = table_.connection().schema_texts().WhenRun(state.schema_name);
  const auto may_hold = [in_schema](std::string_view sql) {
    return in_schema || NamesOuterJoin(sql);
  };
  PlanAnew(table_.db(), {may_hold, state.schema_name, state.schema.table, first_, is_undone,
                         "memkv: from now on SQLite checks LIKE and GLOB of " +
                             Shown(state.schema.table) + ", as this outer join needs"});
}

bool TableCursor::Narrows(const Term& term) {
  switch (term.op) {
    case Term::kLikeFoldedPrefix:
    case Term::kLikeFolded:
      CheckSlips(true);
      return true;
    case Term::kLikePrefix:
    case Term::kGlobPrefix:
      CheckSlips(false);
      return true;
    default:
      break;
  }
  return !MayStandInOn(term.op) || OuterJoinTermsAreHidden(sqlite3_libversion_number()) ||
         !MayBeInOuterJoin();
}

void TableCursor::ExpectNoRowValueIn() {
  if (no_row_value_in_) return;
  Connection& connection = table_.connection();
  connection.row_value_in().Check(&connection, table_.state(), first_);
  no_row_value_in_ = true;
}

std::optional<KeyRange> TableCursor::Ambiguous(sqlite3_value* value) const {
  return AmbiguousRange(value, table_.state().schema.key_column().affinity,
                        [this](const KeyRange& range) { return HasKeysIn(range); });
}

bool TableCursor::HasKeysIn(const KeyRange& range) const {
  return RankOf(range.lo) < (range.hi ? RankOf(*range.hi) : view_.size());
}

uint64_t TableCursor::RankOf(Bytes key) const {
  uint64_t rank;
  Check(view_.Rank(key, &rank));
  return rank;
}

void TableCursor::Point(sqlite3_value* value, Term::Op op) {
  if (op != Term::kEqual) {
    if (std::optional<KeyRange> range = Ambiguous(value)) {
      if (op == Term::kEqualChecked) ExpectNoRowValueIn();
      narrowed_ = {};
      narrowed_.keys = std::move(*range);
      return StartRange(narrowed_, 0);
    }
  }
  key_.clear();
  if (sqlite3_value_type(value) == SQLITE_NULL) return;
  const Converted v = Converted::Compared(value, table_.state().schema.key_column().affinity);
  if (v.datum().bytes.size() >= kMaxKeyBytes) return;
  AppendKey(v.datum(), &key_);
  bool found;
  Check(view_.Find(key_, &found, &row_));
  if (found) mode_ = kPoint;
}

void TableCursor::Points(sqlite3_value* list) {
  points_.clear();
  const Affinity affinity = table_.state().schema.key_column().affinity;
  sqlite3_value* value = nullptr;
  int rc = sqlite3_vtab_in_first(list, &value);
  for (; rc == SQLITE_OK && value != nullptr; rc = sqlite3_vtab_in_next(list, &value)) {
    if (sqlite3_value_type(value) == SQLITE_NULL) continue;
    if (Ambiguous(value)) {
      narrowed_ = {};
      return StartRange(narrowed_, 0);
    }
    const Converted v = Converted::Compared(value, affinity);
    if (v.datum().bytes.size() < kMaxKeyBytes) points_.push_back(EncodeKey(v.datum()));
  }
  if (rc == SQLITE_NOMEM) throw std::bad_alloc();
  if (rc != SQLITE_OK && rc != SQLITE_DONE)
    throw SqlError(rc, "memkv: the values of IN could not be read");
  std::sort(points_.begin(), points_.end());
  points_.erase(std::unique(points_.begin(), points_.end()), points_.end());
  if (!plan_->descending) std::reverse(points_.begin(), points_.end());
  NextPoint();
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

void TableCursor::Narrow(const Term& term, sqlite3_value* value, Narrowed* narrowed) {
  if (sqlite3_value_type(value) == SQLITE_NULL && term.op != Term::kIn) {
    // Only an application's own like() and glob() find anything by NULL.
    if (term.op == Term::kRegexp) return;
    const bool glob = term.op == Term::kGlob;
    narrowed->nothing = !(term.op == Term::kLike || glob) ||
                        table_.connection().HasBuiltinPatterns(glob ? "glob" : "like");
    return;
  }
  if (term.target == Term::kRank) {
    return narrowed->ranks.Narrow(term.op, Converted::Compared(value, Affinity::kInteger).datum());
  }
  const auto has_keys = [this](const KeyRange& range) { return HasKeysIn(range); };
  const auto in_doubt = [this] { ExpectNoRowValueIn(); };
  if (const std::optional<KeyRange> range =
          ComparedRange(term.op, value, table_.state().schema.key_column().affinity, &CompareRange,
                        has_keys, in_doubt)) {
    narrowed->keys = Intersect(std::move(narrowed->keys), *range);
    return;
  }
  switch (term.op) {
    case Term::kHasPrefix: {
      const Converted v = Converted::Compared(value, Affinity::kText);
      const KeyTag tag = v.datum().kind == Datum::kBlob ? kBlobTag : kTextTag;
      narrowed->keys = Intersect(std::move(narrowed->keys), PrefixRange(tag, v.datum().bytes));
      return;
    }
    case Term::kFoldedAtLeast:
    case Term::kFoldedBelow:
      return NarrowFolded(term, ToDatum(value), narrowed);
    case Term::kLikeFoldedPrefix:
    case Term::kLikeFolded:
    case Term::kLikeFoldedPrefixChecked:
    case Term::kLikeFoldedChecked:
    case Term::kLikePrefix:
    case Term::kLike:
    case Term::kGlobPrefix:
    case Term::kGlob:
    case Term::kRegexp: {
      const Converted v = Converted::Compared(value, Affinity::kText);
      if (v.datum().kind != Datum::kText) return;  // a BLOB pattern: SQLite decides
      narrowed->pattern = &term;
      narrowed->pattern_text = v.datum().bytes;
      return;
    }
    default:
      return;  // IN, which others narrow
  }
}

void TableCursor::StartRange(const Narrowed& narrowed, uint64_t skip) {
  const KeyRange& keys = narrowed.keys;
  uint64_t first = keys.lo.empty() ? 0 : RankOf(keys.lo);
  uint64_t end = keys.hi ? RankOf(*keys.hi) : view_.size();
  const bool at_bound = !plan_->descending ? narrowed.ranks.first <= first && skip == 0
                                           : narrowed.ranks.end >= end && skip == 0;
  first = std::max(first, narrowed.ranks.first);
  end = std::min(end, narrowed.ranks.end);
  if (first >= end || skip >= end - first) return;
  left_ = end - first - skip;
  lag_ = 0;
  rank_ = plan_->descending ? end - 1 - skip : first + skip;
  walk_.emplace(view_);
  blocks_.resize(table_.state().schema.value_columns());
  if (!plan_->descending) {
    if (!at_bound) {
      walk_->SeekRank(rank_);
    } else if (keys.lo.empty()) {
      walk_->SeekFirst();
    } else {
      walk_->Seek(keys.lo);
    }
  } else if (!at_bound) {
    walk_->SeekRank(rank_);
  } else if (keys.hi) {
    walk_->SeekBefore(*keys.hi);
  } else {
    walk_->SeekLast();
  }
  mode_ = kRange;
  CheckWalk();
}

void TableCursor::CheckWalk() {
  if (walk_->Valid()) return;
  mode_ = kEnd;
  Check(walk_->status());
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
    case kRange:
      if (--left_ == 0) {
        mode_ = kEnd;
        return;
      }
      ++lag_;
      rank_ += plan_->descending ? UINT64_MAX : 1;
      return;
    case kPattern:
      pattern_->Next();
      return CheckPattern();
    case kOrdered:
      if (!ordered_->Next()) mode_ = kEnd;
      return;
  }
}

// Rows are counted by rank, so that those nobody looks at cost nothing.
void TableCursor::CatchUp() {
  constexpr uint64_t kFewSteps = 16;
  if (lag_ == 0) return;
  if (lag_ > kFewSteps) {
    walk_->SeekRank(rank_);
  } else {
    for (; lag_ > 0 && walk_->Valid(); --lag_) plan_->descending ? walk_->Prev() : walk_->Next();
  }
  lag_ = 0;
  if (walk_->Valid()) return;
  Check(walk_->status());
  Check(Status::Corrupt("rows end before their count"));
}

Bytes TableCursor::CurrentKey() {
  if (mode_ == kRange) {
    CatchUp();
    return walk_->key();
  }
  if (mode_ == kPattern) return pattern_->cursor().key();
  if (mode_ == kOrdered) return ordered_->Key();
  return key_;
}

RowRef TableCursor::CurrentRow() {
  if (mode_ == kRange) {
    if (frozen_) return {true, rank_, {}};
    CatchUp();
    return walk_->row();
  }
  if (mode_ == kPattern) return pattern_->cursor().row();
  if (mode_ == kOrdered) return ordered_->Row();
  return row_;
}

uint64_t TableCursor::Rank() {
  if (mode_ == kRange) return rank_;
  return mode_ == kPattern ? pattern_->cursor().rank() : RankOf(CurrentKey());
}

sqlite3_int64 TableCursor::OrderRank(size_t order) {
  if (mode_ == kOrdered && ordered_->order() == order)
    return static_cast<sqlite3_int64>(ordered_->rank());
  uint64_t rank;
  const RowRef row = CurrentRow();
  Check(view_.OrderRank(order, CurrentKey(), row, &rank));
  return static_cast<sqlite3_int64>(rank);
}

void TableCursor::Column(sqlite3_context* out, int column) {
  const size_t i = static_cast<size_t>(column);
  if (undone()) [[unlikely]]
    Resume();
  if (mode_ == kEnd || gone_ || i == rank_column_ + 1) return;  // the command column is NULL
  if (sqlite3_vtab_nochange(out)) return Updates();             // an UPDATE that keeps it
  if (i == rank_column_) return sqlite3_result_int64(out, static_cast<sqlite3_int64>(Rank()));
  if (i > rank_column_ + 1)
    return sqlite3_result_int64(out, OrderRank(i - table_.state().schema.order_rank_column(0)));
  Datum v;
  if (i != key_column_) {
    ReadValue();
    const size_t stored = i < key_column_ ? i : i - 1;
    Check(mode_ == kRange ? view_.Column(CurrentRow(), stored, &blocks_[stored], &buffer_, &v)
                          : view_.Column(CurrentRow(), stored, &buffer_, &v));
  } else {
    ReadKey(
        table_.state().schema, view_, CurrentKey(), [this] { return CurrentRow(); }, &buffer_, &v);
  }
  if (v.kind == Datum::kText) return SetText(out, v.bytes, &text_);
  SetResult(out, v);
}

}  // namespace memkv::sql
