#include "ext/walk/pattern_walk.h"

#include "core/index_key.h"
#include "core/query/regexp_prefix.h"
#include "ext/plan/index_codec.h"
#include "ext/plan/planner.h"
#include "ext/table.h"

namespace memkv::sql {
namespace {

// What every match of a pattern starts with.
std::string PrefixOf(Term::Op op, Bytes pattern) {
  if (op == Term::kRegexp) return RegexpPrefix(pattern);
  if (op == Term::kFoldedBelow || op == Term::kEqualFolded)
    return std::string(pattern);  // it is that already
  if (op == Term::kGlobPrefix || op == Term::kGlob) return GlobPrefix(pattern).bytes;
  return LikePrefix(pattern, std::nullopt).bytes;
}

// Whether the pattern's function may be the application's: its matches are anybody's guess.
bool MayBeReplaced(Term::Op op) { return op == Term::kLike || op == Term::kGlob; }

// Keys of the index that match by their text, or are left out by the pattern's part.
KeyRange Behind(const Narrowed& narrowed, const KeyRange& range) {
  return narrowed.pattern_behind.empty() ? range : KeysOfIndexValue(narrowed.pattern_behind, range);
}

// Whether a pattern over SQLite's limit narrows the walk, as a range. SQLite fails on each row that
// it checks against such a pattern: it gets the rows that it would check in a table of its own.
bool NarrowsOverLimit(const Narrowed& narrowed, const IndexOfView& index) {
  switch (InfoOf(narrowed.pattern->op).doubt) {
    case Doubt::kMaySlip:
      return true;  // a range, in which SQLite checks nothing
    case Doubt::kMaySlipFolding:
      // The limit was lowered since the plan was made, by which SQLite checks nothing.
      if (index.HasKeysIn(Intersect(
              Behind(narrowed, LikeMatchesBlobs() ? KeyRange::All() : ClassRange(kTextTag)),
              narrowed.keys)))
        throw SqlError(SQLITE_ERROR, "LIKE or GLOB pattern too complex");
      return false;
    default:
      return MayBeReplaced(narrowed.pattern->op) && narrowed.has_bounds;
  }
}

}  // namespace

PatternStart StartOf(MemkvTable& table, const Narrowed& narrowed, const IndexOfView& index,
                     const WalkedIndex& walked) {
  const Term::Op op = narrowed.pattern->op;
  const Affinity affinity = walked.AffinityOf(narrowed.pattern->part);
  PatternStart start;
  const bool regexp = op == Term::kRegexp;
  const bool over_limit = !regexp && IsPatternOverLimit(table.db(), narrowed.pattern_text);
  if (over_limit && !NarrowsOverLimit(narrowed, index)) return start;
  const auto has_keys = [&](KeyTag tag) {
    return index.HasKeysIn(Behind(narrowed, ClassRange(tag)));
  };
  // Numbers match patterns by their text: where there are any, SQLite looks at every row.
  if (affinity != Affinity::kText && !over_limit && has_keys(kNumberTag)) return start;
  if (MayBeReplaced(op) && !over_limit &&
      !table.connection().HasBuiltinPatterns(op == Term::kGlob ? "glob" : "like"))
    return start;

  start.matcher = over_limit ? Matcher::kPrefix : InfoOf(op).matcher;
  const bool whole = start.matcher == Matcher::kLike || start.matcher == Matcher::kGlob;
  start.text = whole ? narrowed.pattern_text : PrefixOf(op, narrowed.pattern_text);
  if (regexp && start.text.empty()) return start;
  start.blobs = (LikeMatchesBlobs() || regexp) && has_keys(kBlobTag);
  start.keys = narrowed.keys;
  start.kind = PatternStart::kWalk;
  if (start.matcher == Matcher::kPrefix && !start.blobs) {
    const IndexCodec& codec = walked.CodecOf(narrowed.pattern->part);
    start.keys =
        Intersect(std::move(start.keys), Behind(narrowed, codec.with_prefix(kTextTag, start.text)));
    start.kind = PatternStart::kRange;
  }
  return start;
}

std::vector<KeyRange> KeysToAskOnce(const Narrowed& narrowed) {
  std::vector<KeyRange> ranges;
  if (narrowed.pattern->op != Term::kFoldedBelow) return ranges;
  for (const KeyTag tag : {kTextTag, kBlobTag}) {
    if (tag == kBlobTag && !LikeMatchesBlobs()) break;
    ranges.push_back(Intersect(narrowed.keys, Behind(narrowed, ClassRange(tag))));
  }
  return ranges;
}

namespace {

template <class C>
KeyRange RanksAsKeys(C* cursor, const RankRange& ranks) {
  const auto key_at = [&](uint64_t rank) -> std::optional<std::string> {
    cursor->SeekRank(rank);
    if (cursor->Valid()) return std::string(cursor->key());
    Check(cursor->status());
    return std::nullopt;
  };
  KeyRange keys;
  if (ranks.first > 0) {
    std::optional<std::string> lo = key_at(ranks.first);
    if (!lo) return KeyRange::None();
    keys.lo = std::move(*lo);
  }
  if (ranks.end < cursor->view().size()) keys.hi = key_at(ranks.end);
  return keys;
}

template <class C, OrderedCursor Over, Automaton A>
std::unique_ptr<PatternWalk<C>> Begin(Over cursor, A automaton, KeyRange keys, bool blobs,
                                      bool descending, std::function<bool()> poll) {
  class Walk : public PatternWalk<C> {
   public:
    explicit Walk(Search<Over, A> search) : search_(std::move(search)) {}
    bool Valid() const override { return search_.Valid(); }
    void Next() override { search_.Next(); }
    const C& cursor() const override {
      if constexpr (std::same_as<C, Over>) {
        return search_.cursor();
      } else {
        return search_.cursor().under();
      }
    }
    const Status& status() const override { return search_.status(); }
    Search<Over, A> search_;
  };
  auto walk = std::make_unique<Walk>(
      Search<Over, A>(std::move(cursor), std::move(automaton), std::move(keys),
                      blobs ? SearchClasses::kTextAndBlob : SearchClasses::kText,
                      descending ? SearchOrder::kDescending : SearchOrder::kAscending));
  walk->search_.SetPoll(std::move(poll));
  walk->search_.Start();
  return walk;
}

template <class C, OrderedCursor Over>
std::unique_ptr<PatternWalk<C>> BeginOver(Over cursor, const PatternStart& start, KeyRange keys,
                                          bool descending, std::function<bool()> poll) {
  const auto begin = [&](auto automaton) {
    return Begin<C>(std::move(cursor), std::move(automaton), std::move(keys), start.blobs,
                    descending, std::move(poll));
  };
  switch (start.matcher) {
    case Matcher::kPrefix:
      return begin(Prefix(start.text));
    case Matcher::kFoldedPrefix:
      return begin(FoldedPrefix(start.text));
    case Matcher::kGlob:
      return begin(Pattern::Glob(start.text));
    default:
      return begin(Pattern::Like(start.text, std::nullopt, false));
  }
}

}  // namespace

template <class C>
std::unique_ptr<PatternWalk<C>> NewPatternWalk(C cursor, const PatternStart& start,
                                               const std::string& behind, const RankRange& ranks,
                                               bool descending, std::function<bool()> poll) {
  KeyRange keys = Intersect(start.keys, RanksAsKeys(&cursor, ranks));
  if (keys.empty()) return nullptr;
  if (behind.empty()) {
    return BeginOver<C>(std::move(cursor), start, std::move(keys), descending, std::move(poll));
  }
  // They all begin with it: both ends lie between `behind` and what is past it.
  keys.lo.erase(0, behind.size());
  if (keys.hi) keys.hi->erase(0, behind.size());
  return BeginOver<C>(BehindCursor<C>(std::move(cursor), behind), start, std::move(keys),
                      descending, std::move(poll));
}

template std::unique_ptr<PatternWalk<ViewCursor>> NewPatternWalk(ViewCursor, const PatternStart&,
                                                                 const std::string&,
                                                                 const RankRange&, bool,
                                                                 std::function<bool()>);
template std::unique_ptr<PatternWalk<IndexCursor>> NewPatternWalk(IndexCursor, const PatternStart&,
                                                                  const std::string&,
                                                                  const RankRange&, bool,
                                                                  std::function<bool()>);

}  // namespace memkv::sql
