#include "ext/walk/narrow.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/key_parts.h"
#include "ext/affinity.h"
#include "ext/sqlite.h"
#include "ext/table.h"
#include "ext/walk/compared_range.h"

namespace memkv::sql {
namespace {

class Narrower {
 public:
  Narrower(MemkvTable& table, const IndexOfView& index, const WalkedIndex& walked, Doubts& doubts)
      : table_(table), index_(index), walked_(walked), doubts_(doubts) {}

  Narrowed Take(const Plan& plan, std::span<sqlite3_value*> args) {
    for (size_t i = 0; i < plan.terms.size() && !out_.nothing; ++i) {
      const Term& term = plan.terms[i];
      if (!doubts_.Narrows(term, index_)) continue;
      if (term.is_rank()) {
        out_.ranks.Narrow(*ComparisonOf(term.op),
                          Converted::Compared(args[i], Affinity::kInteger).datum());
      } else if (Enter(term.part)) {
        Apply(term, args[i], {walked_.AffinityOf(part_), &walked_.CodecOf(part_)});
      }
    }
    out_.has_bounds = args.size() > plan.terms.size() + plan.offset;
    out_.keys = Behind(inside_);
    out_.same_parts = part_ + (value_ ? 1 : 0);
    out_.same_bytes = behind_.size() + (value_ ? value_->size() : 0);
    return std::move(out_);
  }

 private:
  // The part of the index that terms are of, among the rows with one value of each before.
  struct Part {
    Affinity affinity;
    const IndexCodec* codec;
  };

  // Goes on to a part. False: one before it has more than one value after all, and SQLite checks
  // what would narrow further.
  bool Enter(size_t part) {
    for (; part_ < part; ++part_) {
      if (!value_) return false;
      behind_ += *value_;
      value_.reset();
      if (inside_.empty()) out_.nothing = true;
      inside_ = {};
    }
    return true;
  }

  // As keys of the index, those of the part that are in the range.
  KeyRange Behind(const KeyRange& range) const {
    return behind_.empty() ? range : KeysOfIndexValue(behind_, range);
  }
  bool HasKeysIn(const KeyRange& range) const { return index_.HasKeysIn(Behind(range)); }
  std::optional<KeyRange> Ambiguous(sqlite3_value* value, const Part& part) const {
    return AmbiguousRange(value, part.affinity,
                          [&](const KeyRange& range) { return HasKeysIn(range); });
  }

  // The one switch over operators.
  void Apply(const Term& term, sqlite3_value* value, const Part& part) {
    const bool is_null = sqlite3_value_type(value) == SQLITE_NULL;
    switch (term.op) {
      case Term::kIsNull:
        return OneValue(Datum::Null(), part);
      case Term::kNotNull:
        return Within(NotNullIndexRange());
      case Term::kIn:
        return TakeList(value, part);
      case Term::kIs:
        if (is_null) return OneValue(Datum::Null(), part);
        [[fallthrough]];
      case Term::kEqualChecked:
      case Term::kEqualLiteral:
        if (is_null) break;
        if (std::optional<KeyRange> range = Ambiguous(value, part)) {
          out_.doubted.emplace_back(part_, value);
          if (term.op == Term::kEqualChecked) doubts_.ExpectNoRowValueIn();
          return Within(*range);
        }
        [[fallthrough]];
      case Term::kEqual:
        if (is_null) break;
        if (table_.state().table.may_hold_numbers() && Ambiguous(value, part))
          doubts_.NumbersCame();
        return OneValue(Converted::Compared(value, part.affinity).datum(), part);
      case Term::kLessOrBlob:
        if (!is_null && HasKeysIn(ClassRange(kBlobTag))) return;
        [[fallthrough]];
      case Term::kLess:
      case Term::kLessEqual:
      case Term::kGreater:
      case Term::kGreaterEqual: {
        const Converted v = Converted::Compared(value, part.affinity);
        return Within(part.codec->compared(*ComparisonOf(term.op), v.datum()));
      }
      case Term::kLessChecked:
      case Term::kLessEqualChecked:
      case Term::kGreaterChecked:
      case Term::kGreaterEqualChecked:
        if (is_null) break;
        if (part.affinity == Affinity::kText && doubts_.IsTextByItself(value)) {
          const Converted v = Converted::Compared(value, part.affinity);
          return Within(part.codec->compared(*ComparisonOf(term.op), v.datum()));
        }
        return Within(CheckedRange(*ComparisonOf(term.op), value, part.affinity, *part.codec));
      case Term::kHasPrefix: {
        if (is_null) break;
        const Converted v = Converted::Compared(value, Affinity::kText);
        const KeyTag tag = v.datum().kind == Datum::kBlob ? kBlobTag : kTextTag;
        return Within(part.codec->with_prefix(tag, v.datum().bytes));
      }
      case Term::kFoldedAtLeast:
      case Term::kFoldedBelow:
        if (is_null) break;
        return TakeFolded(term, ToDatum(value));
      case Term::kEqualFolded: {
        if (is_null) break;
        const Datum v = ToDatum(value);
        // NOCASE ends at a NUL, but for the length.
        if (v.kind == Datum::kText)
          SetPattern(term, LowerName(v.bytes.substr(0, v.bytes.find('\0'))));
        return;
      }
      case Term::kLike:
      case Term::kGlob:
        // Only an application's own like() and glob() find anything by NULL.
        if (is_null &&
            !table_.connection().HasBuiltinPatterns(term.op == Term::kGlob ? "glob" : "like"))
          return;
        if (is_null) break;
        return TakePattern(term, value);
      case Term::kRegexp:
        if (is_null) return;
        return TakePattern(term, value);
      case Term::kLikeFoldedPrefix:
      case Term::kLikeFolded:
      case Term::kLikeFoldedPrefixChecked:
      case Term::kLikeFoldedChecked:
      case Term::kLikePrefix:
      case Term::kGlobPrefix:
        if (is_null) break;
        return TakePattern(term, value);
    }
    out_.nothing = true;  // a comparison with NULL
  }

  void Within(const KeyRange& range) { inside_ = Intersect(std::move(inside_), range); }

  void OneValue(const Datum& v, const Part& part) {
    Within(v.kind == Datum::kNull ? NullIndexRange() : part.codec->compared(CompareOp::kEqual, v));
    if (part_ + 1 == walked_.parts.size()) return;
    value_.emplace();
    AppendIndexValue(v, &*value_);
  }

  void TakeList(sqlite3_value* list, const Part& part) {
    std::vector<std::string> values;
    sqlite3_value* value = nullptr;
    bool in_doubt = false;
    int rc = sqlite3_vtab_in_first(list, &value);
    for (; rc == SQLITE_OK && value != nullptr; rc = sqlite3_vtab_in_next(list, &value)) {
      if (sqlite3_value_type(value) == SQLITE_NULL || in_doubt) continue;
      in_doubt = Ambiguous(value, part).has_value();
      const Converted v = Converted::Compared(value, part.affinity);
      if (v.datum().bytes.size() >= kMaxKeyBytes) continue;
      const bool last = part_ + 1 == walked_.parts.size();
      AppendKeyPart(v.datum(), last, &values.emplace_back(behind_));
    }
    if (rc == SQLITE_NOMEM) throw std::bad_alloc();
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
      throw SqlError(rc, "memkv: the values of IN could not be read");
    if (in_doubt) return;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    out_.values = std::move(values);
    out_.value_parts = part_ + 1;
  }

  void TakePattern(const Term& term, sqlite3_value* value) {
    const Converted v = Converted::Compared(value, Affinity::kText);
    if (v.datum().kind != Datum::kText) return;  // a BLOB pattern: SQLite decides
    SetPattern(term, std::string(v.datum().bytes));
  }

  void SetPattern(const Term& term, std::string text) {
    out_.pattern = &term;
    out_.pattern_text = std::move(text);
    out_.pattern_behind = behind_;
  }

  // The NOCASE bounds 'ABC' and 'abd' are what SQLite derives from LIKE 'abc%' ESCAPE …: together
  // they are a folded prefix. Any other pair is left to SQLite.
  void TakeFolded(const Term& term, const Datum& v) {
    if (term.op == Term::kFoldedAtLeast) {
      lower_bound_ = v.kind == Datum::kText ? std::string(v.bytes) : std::string();
      return;
    }
    std::string upper = LowerName(lower_bound_);
    if (v.kind != Datum::kText || upper.empty()) return;
    upper.back() = static_cast<char>(upper.back() + 1);
    if (upper == v.bytes) SetPattern(term, std::string(LiteralBytes(LowerName(lower_bound_))));
  }

  MemkvTable& table_;
  const IndexOfView& index_;
  const WalkedIndex& walked_;
  Doubts& doubts_;

  Narrowed out_;
  size_t part_ = 0;                   // that terms are of
  std::string behind_;                // the parts before it
  std::optional<std::string> value_;  // the one value of the part
  KeyRange inside_;                   // what its terms leave of it
  std::string lower_bound_;           // of LIKE … ESCAPE, until its upper bound comes
};

// The number that a value is or, as a text, begins with: SQLite reads no more of it, if as much. NaN:
// some number, too large or small to tell.
std::optional<double> NumberIn(const Datum& v) {
  if (v.kind == Datum::kInteger) return static_cast<double>(v.integer);
  if (v.kind == Datum::kReal) return v.real;
  if (v.kind != Datum::kText) return std::nullopt;
  Bytes text = v.bytes;
  text.remove_prefix(std::min(text.find_first_not_of(" \t\n\v\f\r"), text.size()));
  if (text.starts_with('+')) text.remove_prefix(1);
  double number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) return std::numeric_limits<double>::quiet_NaN();
  return error == std::errc() ? std::optional<double>(number) : std::nullopt;
}

}  // namespace

Doubted::Doubted(size_t of, sqlite3_value* value)
    : part(of),
      text(Converted::Compared(value, Affinity::kText).datum().bytes),
      number(NumberIn(ToDatum(value))) {}

bool Doubted::Allows(const Datum& stored) const {
  if (stored.kind == Datum::kText && stored.bytes == text) return true;
  const std::optional<double> other = NumberIn(stored);
  if (!number || !other) return false;
  // SQLite reads long fractions less exactly.
  constexpr double kInexact = 1e-9;
  return !(std::abs(*number - *other) > kInexact * std::abs(*number)) || *number == *other;
}

Narrowed Narrow(MemkvTable& table, const IndexOfView& index, const WalkedIndex& walked,
                const Plan& plan, std::span<sqlite3_value*> args, Doubts& doubts) {
  return Narrower(table, index, walked, doubts).Take(plan, args);
}

}  // namespace memkv::sql
