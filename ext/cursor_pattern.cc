// TableCursor's walks by pattern: LIKE, GLOB and REGEXP.

#include "core/pace.h"
#include "core/query/regexp_prefix.h"
#include "ext/args.h"
#include "ext/compared_range.h"
#include "ext/cursor.h"
#include "ext/pattern_walk.h"
#include "ext/poller.h"
#include "ext/sqlite.h"
#include "ext/table.h"

namespace memkv::sql {
namespace {

// What every match of a pattern starts with.
std::string PrefixOf(Term::Op op, Bytes pattern) {
  if (op == Term::kRegexp) return RegexpPrefix(pattern);
  if (op == Term::kGlobPrefix) return GlobPrefix(pattern).bytes;
  return LikePrefix(pattern, std::nullopt).bytes;
}

}  // namespace

// The NOCASE bounds 'ABC' and 'abd' are what SQLite derives from LIKE 'abc%' ESCAPE …: together
// they are a folded prefix. Any other pair is left to SQLite.
void TableCursor::NarrowFolded(const Term& term, const Datum& v, Narrowed* narrowed) {
  if (term.op == Term::kFoldedAtLeast) {
    lower_bound_ = v.kind == Datum::kText ? std::string(v.bytes) : std::string();
    return;
  }
  std::string upper = LowerName(lower_bound_);
  if (v.kind != Datum::kText || upper.empty()) return;
  upper.back() = static_cast<char>(upper.back() + 1);
  if (upper != v.bytes) return;
  narrowed->pattern = &term;
  narrowed->pattern_text = LiteralBytes(LowerName(lower_bound_));
}

// The interval of keys, with the interval of ranks taken into it.
KeyRange TableCursor::RanksAsKeys(const Narrowed& narrowed) const {
  KeyRange keys = narrowed.keys;
  ViewCursor at(view_);
  auto key_at = [&](uint64_t rank) -> std::optional<std::string> {
    at.SeekRank(rank);
    if (at.Valid()) return std::string(at.key());
    Check(at.status());
    return std::nullopt;
  };
  if (narrowed.ranks.first > 0) {
    std::optional<std::string> lo = key_at(narrowed.ranks.first);
    if (!lo) return KeyRange::None();
    keys = Intersect(std::move(keys), {std::move(*lo), std::nullopt});
  }
  if (narrowed.ranks.end < view_.size()) {
    if (std::optional<std::string> hi = key_at(narrowed.ranks.end))
      keys = Intersect(std::move(keys), {"", std::move(hi)});
  }
  return keys;
}

// Whether a pattern over SQLite's limit narrows the walk, and as what. SQLite fails on each row
// that it checks against such a pattern: it gets the rows that it would check in a table of its
// own.
bool TableCursor::NarrowsOverLimit(Term::Op* op, const Narrowed& narrowed) const {
  switch (*op) {
    case Term::kLikePrefix:
    case Term::kGlobPrefix:
      return true;  // a range, in which SQLite checks nothing
    case Term::kLike:
      *op = Term::kLikePrefix;
      return narrowed.has_bounds;
    case Term::kGlob:
      *op = Term::kGlobPrefix;
      return narrowed.has_bounds;
    case Term::kLikeFoldedPrefix:
    case Term::kLikeFolded:
      // The limit was lowered since the plan was made, by which SQLite checks nothing.
      if (HasKeysIn(Intersect(LikeMatchesBlobs() ? KeyRange::All() : ClassRange(kTextTag),
                              narrowed.keys)))
        throw SqlError(SQLITE_ERROR, "LIKE or GLOB pattern too complex");
      return false;
    default:
      return false;
  }
}

// Walks the pattern's matches. False: no walk would be sure to meet them all, or it would gain
// nothing.
bool TableCursor::StartPattern(const Narrowed& narrowed, uint64_t skip) {
  Term::Op op = narrowed.pattern->op;
  const bool text_only = table_.state().schema.key_column().affinity == Affinity::kText;
  const bool over_limit =
      op != Term::kRegexp && IsPatternOverLimit(table_.db(), narrowed.pattern_text);
  if (over_limit && !NarrowsOverLimit(&op, narrowed)) return false;
  // Numbers match patterns by their text: where there are any, SQLite looks at every row.
  if (!text_only && !over_limit && HasKeysIn(ClassRange(kNumberTag))) return false;
  // Where the function may be the application's, its matches are anybody's guess.
  const bool glob = op == Term::kGlob;
  if (op == Term::kRegexp && RegexpPrefix(narrowed.pattern_text).empty()) return false;
  if ((op == Term::kLike || glob) &&
      !table_.connection().HasBuiltinPatterns(glob ? "glob" : "like"))
    return false;

  const bool blobs = (LikeMatchesBlobs() || op == Term::kRegexp) && HasKeysIn(ClassRange(kBlobTag));
  const SearchClasses classes = blobs ? SearchClasses::kTextAndBlob : SearchClasses::kText;
  const SearchOrder order = plan_->descending ? SearchOrder::kDescending : SearchOrder::kAscending;
  KeyRange keys = RanksAsKeys(narrowed);
  if (keys.empty()) return true;
  auto start = [&](auto automaton) {
    pattern_ = NewPatternWalk(ViewCursor(view_), std::move(automaton), std::move(keys), classes,
                              order, NewPoll(table_.db()));
  };
  switch (op) {
    case Term::kLikeFoldedPrefix:
    case Term::kLikeFoldedPrefixChecked:
      start(FoldedPrefix(LikePrefix(narrowed.pattern_text, std::nullopt).bytes));
      break;
    case Term::kFoldedBelow:
      start(FoldedPrefix(narrowed.pattern_text));
      break;
    case Term::kLikePrefix:
    case Term::kGlobPrefix:
    case Term::kRegexp: {
      const std::string prefix = PrefixOf(op, narrowed.pattern_text);
      if (!blobs) {
        Narrowed range = narrowed;
        range.keys = Intersect(std::move(keys), PrefixRange(kTextTag, prefix));
        StartRange(range, skip);
        return true;
      }
      start(Prefix(prefix));
      break;
    }
    case Term::kGlob:
      start(Pattern::Glob(narrowed.pattern_text));
      break;
    default:
      start(Pattern::Like(narrowed.pattern_text, std::nullopt, false));
      break;
  }
  mode_ = kPattern;
  Poller poller(table_.db());
  Pace pace;
  for (; pattern_->Valid() && skip > 0; --skip) {
    if (pace.Due(0)) poller.Check();
    pattern_->Next();
  }
  CheckPattern();
  if (mode_ == kEnd && op == Term::kFoldedBelow) AskOnce(narrowed);
  return true;
}

// Of LIKE … ESCAPE only a prefix is known. The whole pattern may be over SQLite's limit: where no
// key has the prefix, SQLite gets one row to check, and fails if the pattern is too long.
void TableCursor::AskOnce(const Narrowed& narrowed) {
  for (const KeyTag tag : {kTextTag, kBlobTag}) {
    if (mode_ == kRange || (tag == kBlobTag && !LikeMatchesBlobs())) break;
    Narrowed one = narrowed;
    one.keys = Intersect(std::move(one.keys), ClassRange(tag));
    if (!one.keys.empty()) StartRange(one, 0);
  }
  if (mode_ == kRange) left_ = 1;
}

void TableCursor::CheckPattern() {
  if (pattern_->Valid()) return;
  mode_ = kEnd;
  Check(pattern_->status());
}

}  // namespace memkv::sql
