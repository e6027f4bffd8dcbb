#include "ext/walk/narrow.h"

#include <algorithm>

#include "core/key.h"
#include "ext/affinity.h"
#include "ext/sqlite.h"
#include "ext/table.h"
#include "ext/walk/compared_range.h"

namespace memkv::sql {
namespace {

class Narrower {
 public:
  Narrower(MemkvTable& table, const IndexOfView& index, size_t leading_column, const Plan& plan,
           Doubts& doubts)
      : table_(table),
        schema_(table.state().schema),
        index_(index),
        leading_column_(leading_column),
        by_value_(!plan.by.empty()),
        doubts_(doubts) {}

  Narrowed Take(const Plan& plan, std::span<sqlite3_value*> args) {
    for (size_t i = 0; i < plan.terms.size() && !out_.nothing; ++i) {
      const Term& term = plan.terms[i];
      if (!doubts_.Narrows(term, index_)) continue;
      switch (term.target) {
        case Term::kRank:
        case Term::kValueRank:
          out_.ranks.Narrow(*ComparisonOf(term.op),
                            Converted::Compared(args[i], Affinity::kInteger).datum());
          break;
        case Term::kValue:
          Apply(term, args[i], Leading());
          break;
        case Term::kKey:
          if (!by_value_) {
            Apply(term, args[i], Leading());
          } else if (value_) {
            Apply(term, args[i], {&inside_, schema_.key_column().affinity, &kKeyCodec, *value_});
          }
          break;
      }
    }
    out_.has_bounds = args.size() > plan.terms.size() + plan.offset;
    if (value_) out_.keys = Intersect(std::move(out_.keys), KeysOfIndexValue(*value_, inside_));
    return std::move(out_);
  }

 private:
  // What a term is of: the leading column, or the key among the rows with one value.
  struct Part {
    KeyRange* keys;
    Affinity affinity;
    const IndexCodec* codec;
    std::string_view behind;  // the value's part of the index keys
  };

  Part Leading() {
    return {&out_.keys, schema_.columns[leading_column_].affinity,
            by_value_ ? &kValueCodec : &kKeyCodec, ""};
  }

  bool HasKeysIn(const Part& part, const KeyRange& range) const {
    return index_.HasKeysIn(part.behind.empty() ? range : KeysOfIndexValue(part.behind, range));
  }
  std::optional<KeyRange> Ambiguous(sqlite3_value* value, const Part& part) const {
    return AmbiguousRange(value, part.affinity,
                          [&](const KeyRange& range) { return HasKeysIn(part, range); });
  }

  // The one switch over operators.
  void Apply(const Term& term, sqlite3_value* value, const Part& part) {
    const bool is_null = sqlite3_value_type(value) == SQLITE_NULL;
    switch (term.op) {
      case Term::kIsNull:
        return OneValue(Datum::Null(), part);
      case Term::kNotNull:
        return Within(part, NotNullIndexRange());
      case Term::kIn:
        return TakeList(value, part);
      case Term::kIs:
        if (is_null) return OneValue(Datum::Null(), part);
        [[fallthrough]];
      case Term::kEqualChecked:
      case Term::kEqualLiteral:
        if (is_null) break;
        if (std::optional<KeyRange> range = Ambiguous(value, part)) {
          if (term.op == Term::kEqualChecked) doubts_.ExpectNoRowValueIn();
          return Within(part, *range);
        }
        [[fallthrough]];
      case Term::kEqual:
        if (is_null) break;
        if (table_.state().table.may_hold_numbers() && Ambiguous(value, part))
          doubts_.NumbersCame();
        return OneValue(Converted::Compared(value, part.affinity).datum(), part);
      case Term::kLessOrBlob:
        if (!is_null && HasKeysIn(part, ClassRange(kBlobTag))) return;
        [[fallthrough]];
      case Term::kLess:
      case Term::kLessEqual:
      case Term::kGreater:
      case Term::kGreaterEqual: {
        const Converted v = Converted::Compared(value, part.affinity);
        return Within(part, part.codec->compared(*ComparisonOf(term.op), v.datum()));
      }
      case Term::kLessChecked:
      case Term::kLessEqualChecked:
      case Term::kGreaterChecked:
      case Term::kGreaterEqualChecked:
        if (is_null) break;
        return Within(part,
                      CheckedRange(*ComparisonOf(term.op), value, part.affinity, *part.codec));
      case Term::kHasPrefix: {
        if (is_null) break;
        const Converted v = Converted::Compared(value, Affinity::kText);
        const KeyTag tag = v.datum().kind == Datum::kBlob ? kBlobTag : kTextTag;
        return Within(part, part.codec->with_prefix(tag, v.datum().bytes));
      }
      case Term::kFoldedAtLeast:
      case Term::kFoldedBelow:
        if (is_null) break;
        return TakeFolded(term, ToDatum(value), part);
      case Term::kEqualFolded: {
        if (is_null) break;
        const Datum v = ToDatum(value);
        // NOCASE ends at a NUL, but for the length.
        if (v.kind == Datum::kText)
          SetPattern(term, LowerName(v.bytes.substr(0, v.bytes.find('\0'))), part);
        return;
      }
      case Term::kLike:
      case Term::kGlob:
        // Only an application's own like() and glob() find anything by NULL.
        if (is_null &&
            !table_.connection().HasBuiltinPatterns(term.op == Term::kGlob ? "glob" : "like"))
          return;
        if (is_null) break;
        return TakePattern(term, value, part);
      case Term::kRegexp:
        if (is_null) return;
        return TakePattern(term, value, part);
      case Term::kLikeFoldedPrefix:
      case Term::kLikeFolded:
      case Term::kLikeFoldedPrefixChecked:
      case Term::kLikeFoldedChecked:
      case Term::kLikePrefix:
      case Term::kGlobPrefix:
        if (is_null) break;
        return TakePattern(term, value, part);
    }
    out_.nothing = true;  // a comparison with NULL
  }

  static void Within(const Part& part, const KeyRange& range) {
    *part.keys = Intersect(std::move(*part.keys), range);
  }

  void OneValue(const Datum& v, const Part& part) {
    if (!by_value_) return Within(part, CompareRange(CompareOp::kEqual, v));
    std::string bytes;
    if (v.kind == Datum::kNull) {
      Within(part, NullIndexRange());
    } else {
      const KeyRange range = IndexRange(CompareOp::kEqual, v);
      Within(part, range);
      if (range.empty()) return;
    }
    AppendIndexValue(v, &bytes);
    value_ = std::move(bytes);
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
      std::string& bytes = values.emplace_back();
      by_value_ ? AppendIndexValue(v.datum(), &bytes) : AppendKey(v.datum(), &bytes);
    }
    if (rc == SQLITE_NOMEM) throw std::bad_alloc();
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
      throw SqlError(rc, "memkv: the values of IN could not be read");
    if (in_doubt) return;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    out_.values = std::move(values);
  }

  void TakePattern(const Term& term, sqlite3_value* value, const Part& part) {
    const Converted v = Converted::Compared(value, Affinity::kText);
    if (v.datum().kind != Datum::kText) return;  // a BLOB pattern: SQLite decides
    SetPattern(term, std::string(v.datum().bytes), part);
  }

  void SetPattern(const Term& term, std::string text, const Part& part) {
    out_.pattern = &term;
    out_.pattern_text = std::move(text);
    out_.pattern_behind = part.behind;
  }

  // The NOCASE bounds 'ABC' and 'abd' are what SQLite derives from LIKE 'abc%' ESCAPE …: together
  // they are a folded prefix. Any other pair is left to SQLite.
  void TakeFolded(const Term& term, const Datum& v, const Part& part) {
    if (term.op == Term::kFoldedAtLeast) {
      lower_bound_ = v.kind == Datum::kText ? std::string(v.bytes) : std::string();
      return;
    }
    std::string upper = LowerName(lower_bound_);
    if (v.kind != Datum::kText || upper.empty()) return;
    upper.back() = static_cast<char>(upper.back() + 1);
    if (upper == v.bytes)
      SetPattern(term, std::string(LiteralBytes(LowerName(lower_bound_))), part);
  }

  MemkvTable& table_;
  const Schema& schema_;
  const IndexOfView& index_;
  const size_t leading_column_;
  const bool by_value_;
  Doubts& doubts_;

  Narrowed out_;
  std::optional<std::string> value_;  // the one value of the INDEXED column: its part of the keys
  KeyRange inside_;                   // keys of rows with that value
  std::string lower_bound_;           // of LIKE … ESCAPE, until its upper bound comes
};

}  // namespace

Narrowed Narrow(MemkvTable& table, const IndexOfView& index, size_t leading_column,
                const Plan& plan, std::span<sqlite3_value*> args, Doubts& doubts) {
  return Narrower(table, index, leading_column, plan, doubts).Take(plan, args);
}

}  // namespace memkv::sql
