// What a cursor gives of its row: columns, ranks.

#include <cstring>

#include "core/index_key.h"
#include "core/key.h"
#include "ext/sqlite.h"
#include "ext/table.h"
#include "ext/walk/cursor.h"
#include "ext/walk/row_values.h"

namespace memkv::sql {

// A row that was found at once has no version pinned: those of its ranks that were not foreseen
// (Candidate::ReadsRank()) are asked for by statements that have not changed any row yet.
uint64_t TableCursor::RankOf(Bytes key) {
  if (at_once_) Look();
  uint64_t rank;
  Check(view_.Rank(key, &rank));
  return rank;
}

Bytes TableCursor::CurrentKey() {
  if (counts()) return walk_->At().key();
  if (mode_ == kPattern) return pattern_->cursor().key();
  if (mode_ == kIndex) return index_->Key();
  return key_;
}

RowRef TableCursor::CurrentRow() {
  if (counts()) {
    if (frozen_ && walk_->counted()) return {true, walk_->rank(), {}};
    return walk_->At().row();
  }
  if (mode_ == kPattern) return pattern_->cursor().row();
  if (mode_ == kIndex) return index_->Row();
  return row_;
}

uint64_t TableCursor::Rank() {
  if (counts()) return walk_->rank();
  return mode_ == kPattern ? pattern_->cursor().rank() : RankOf(CurrentKey());
}

sqlite3_int64 TableCursor::RankIn(size_t index) {
  if (mode_ == kIndex && index_->index() == index)
    return static_cast<sqlite3_int64>(index_->Rank());
  if (at_once_) Look();
  uint64_t rank;
  const RowRef row = CurrentRow();
  Check(view_.IndexRank(index - 1, CurrentKey(), row, &rank));
  return static_cast<sqlite3_int64>(rank);
}

bool TableCursor::IndexedValue(sqlite3_context* out) {
  Datum v;
  bool terminated;
  if (!index_->Value(&buffer_, &v, &terminated)) return false;
  if (v.kind != Datum::kText) {
    SetResult(out, v);
  } else {
    terminated ? SetTerminatedText(out, v.bytes) : SetText(out, v.bytes, &text_);
  }
  return true;
}

bool TableCursor::FastIndexed(sqlite3_context* out, size_t column) noexcept {
  const Place& place = read_->places[column];
  const bool is_first = column == index_->column();
  if (!(is_first || place.of_key) || sqlite3_vtab_nochange(out)) return false;
  try {
    if (!place.of_key) ReadValue();
    if (is_first && IndexedValue(out)) return true;
    return place.of_key && GiveKeyPart(out, index_->Key(), place);
  } catch (...) {
    return false;  // Column() fails likewise, and says so
  }
}

void TableCursor::Column(sqlite3_context* out, int column) {
  const size_t i = static_cast<size_t>(column);
  if (undone()) [[unlikely]]
    Resume();
  if (mode_ == kEnd || gone_ || i == read_->rank_column + 1) return;  // the command column is NULL
  if (sqlite3_vtab_nochange(out)) return Updates();                   // an UPDATE that keeps it
  if (i == read_->rank_column) return sqlite3_result_int64(out, static_cast<sqlite3_int64>(Rank()));
  if (i == read_->whole_key_column) return SetResult(out, Datum::Blob(CurrentKey()));
  if (i > read_->rank_column + 1)
    return sqlite3_result_int64(out, RankIn(i - table_.state().schema.index_rank_column(0) + 1));
  if (read_->places[i].of_key) return KeyColumn(out, read_->places[i].at);
  ReadValue();
  if (mode_ == kIndex && i == index_->column() && IndexedValue(out)) return;
  Datum v;
  const size_t stored = read_->places[i].at;
  Check(!blocks_.empty() && mode_ == kCounted
            ? view_.Column(CurrentRow(), stored, &blocks_[stored], &buffer_, &v)
            : view_.Column(CurrentRow(), stored, &buffer_, &v));
  v.kind == Datum::kText ? SetText(out, v.bytes, &text_) : SetResult(out, v);
}

void TableCursor::KeyColumn(sqlite3_context* out, size_t part) {
  Datum v;
  ReadKeyPart(
      table_.state().schema, view_, CurrentKey(), part, [this] { return CurrentRow(); }, &buffer_,
      &v);
  if (v.kind != Datum::kText) return SetResult(out, v);
  // A NUL ends the key, and a text that is not its last part.
  v.bytes.data() == buffer_.data() ? SetText(out, v.bytes, &text_)
                                   : SetTerminatedText(out, v.bytes);
}

// The cursor on the row, where it is there or a step away.
const ViewCursor* TableCursor::NearCursor() {
  if (counts()) return walk_->NearAt();
  return mode_ == kPattern ? &pattern_->cursor() : nullptr;
}

bool TableCursor::FastKeyPart(sqlite3_context* out, const Place& place) noexcept {
  if (sqlite3_vtab_nochange(out)) return false;
  try {
    if (is_point()) return GiveKeyPart(out, key_, place);
    const ViewCursor* at = NearCursor();
    if (!at) return false;
    const Bytes key = at->key();
    if (place.at == 0 || place.at != narrowed_.same_parts || key.size() < narrowed_.same_bytes)
      return GiveKeyPart(out, key, place);
    return GiveRestOfKey(out, key.substr(narrowed_.same_bytes), place);
  } catch (const std::bad_alloc&) {
    return false;  // Column() fails likewise, and says so
  }
}

bool TableCursor::GiveKeyPart(sqlite3_context* out, Bytes key, const Place& place) {
  Bytes before;
  if (place.at > 0 && !SplitIndexKey(key, place.at, &before, &key)) return false;
  return GiveRestOfKey(out, key, place);
}

// From the part on; a NUL follows. False: it takes more to tell.
bool TableCursor::GiveRestOfKey(sqlite3_context* out, Bytes key, const Place& place) {
  if (key.empty()) return false;
  const bool last = place.at + 1 == read_->key_parts;
  if (key[0] == kTextTag) {
    const size_t end = last ? key.size() : IndexTextEnd(key, 1);
    if (end == Bytes::npos) return false;
    // A NUL in it is coded.
    const Bytes text = key.substr(1, end - 1);
    if (!last && std::memchr(text.data(), 0, text.size())) return false;
    SetTerminatedText(out, text);
    return true;
  }
  constexpr size_t kNumberBytes = 9;
  if (key[0] != kNumberTag || key.size() < kNumberBytes) return false;
  if (key.size() > kNumberBytes && (last || !IsKeyTag(key[kNumberBytes]))) return false;
  Datum v;
  if (!DecodeKey(key.substr(0, kNumberBytes), &v) || !ClassIsTold(place.affinity, &v)) return false;
  SetResult(out, v);
  return true;
}

// Of the delta's rows.
bool TableCursor::FastValue(sqlite3_context* out, size_t stored) noexcept {
  if (sqlite3_vtab_nochange(out)) return false;
  ReadValue();
  try {
    if (is_point()) return !row_.in_base && GiveValue(out, row_.value, stored);
    if (stored == 0 && FastNumber(out)) return true;
    const ViewCursor* at = NearCursor();
    if (!at || at->in_base()) return false;
    const RowRef row = at->row();
    return !row.in_base && GiveValue(out, row.value, stored);
  } catch (const std::bad_alloc&) {
    return false;
  }
}

bool TableCursor::GiveValue(sqlite3_context* out, const Value& row, size_t stored) {
  Datum v;
  if (!DecodeColumn(row, stored, &v).ok()) return false;
  v.kind == Datum::kText ? SetText(out, v.bytes, &text_) : SetResult(out, v);
  return true;
}

// Of a row whose first value is an INTEGER, and all others are NULL (core/row.h): it is read where it
// lies, however many steps the walk has not made.
bool TableCursor::FastNumber(sqlite3_context* out) noexcept {
  const ArtCursor* at = mode_ == kCounted   ? walk_->cursor().delta_alone()
                        : mode_ == kPattern ? pattern_->cursor().delta_alone()
                                            : nullptr;
  const int64_t lag = mode_ == kCounted ? walk_->lag() : 0;
  uint64_t number;
  if (!at || !at->Valid() || !at->NearNumber(lag, &number)) return false;
  if (number == 0 || number >> 63) return false;
  const uint64_t zigzag = number - 1;
  sqlite3_result_int64(out, static_cast<sqlite3_int64>(zigzag >> 1 ^ (~(zigzag & 1) + 1)));
  return true;
}

bool TableCursor::FastFrozen(sqlite3_context* out, size_t stored) noexcept {
  if ((mode_ == kCounted && !walk_->counted()) || sqlite3_vtab_nochange(out)) return false;
  ReadValue();
  try {
    const uint64_t rank = mode_ == kCounted ? walk_->rank() : pattern_->cursor().base_rank();
    Datum v;
    if (!view_.base()->Column(rank, stored, &blocks_[stored], &buffer_, &v).ok()) return false;
    v.kind == Datum::kText ? SetText(out, v.bytes, &text_) : SetResult(out, v);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace memkv::sql
