// Plan <-> text, and what is known of operators.

#include <algorithm>
#include <cassert>

#include "ext/planner.h"
#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

struct OpText {
  Term::Op op;
  const char* text;  // after "key " or "rank "
  int number;
};

constexpr OpText kOps[] = {
    {Term::kEqual, "= ?", 1},
    {Term::kEqualChecked, "= ? (checked)", 1},
    {Term::kEqualLiteral, "= ? (literal, checked)", 1},
    {Term::kIn, "IN ?", 7},
    {Term::kLessEqual, "<= ?", 2},
    {Term::kLess, "< ?", 2},
    {Term::kGreaterEqual, ">= ?", 2},
    {Term::kGreater, "> ?", 2},
    {Term::kLessEqualChecked, "<= ? (checked)", 2},
    {Term::kLessChecked, "< ? (checked)", 2},
    {Term::kGreaterEqualChecked, ">= ? (checked)", 2},
    {Term::kGreaterChecked, "> ? (checked)", 2},
    {Term::kLessOrBlob, "< ? (or a BLOB)", 2},
    {Term::kLikeFoldedPrefix, "LIKE ? (folded prefix)", 3},
    {Term::kLikeFolded, "LIKE ? (folded pattern)", 3},
    {Term::kLikeFoldedPrefixChecked, "LIKE ? (folded prefix, checked)", 3},
    {Term::kLikeFoldedChecked, "LIKE ? (folded pattern, checked)", 3},
    {Term::kLike, "LIKE ? (pattern)", 3},
    {Term::kLikePrefix, "LIKE ? (prefix)", 4},
    {Term::kGlobPrefix, "GLOB ? (prefix)", 4},
    {Term::kGlob, "GLOB ? (pattern)", 4},
    {Term::kRegexp, "REGEXP ? (prefix)", 4},
    {Term::kHasPrefix, "HAS_PREFIX ?", 5},
    {Term::kFoldedAtLeast, ">= ? (folded)", 3},
    {Term::kFoldedBelow, "< ? (folded)", 3},
    {Term::kIs, "IS ?", 8},
    {Term::kIsNull, "IS NULL", 8},
    {Term::kNotNull, "IS NOT NULL", 8},
};

const OpText& TextOf(Term::Op op) {
  for (const OpText& t : kOps) {
    if (t.op == op) return t;
  }
  assert(false);
  return kOps[0];
}

bool Take(std::string_view* text, std::string_view word) {
  if (!text->starts_with(word)) return false;
  text->remove_prefix(word.size());
  return true;
}

// A name as QuoteName() gives it.
std::string TakeName(std::string_view* text) {
  std::string name;
  Take(text, "\"");
  while (!text->empty()) {
    const char c = text->front();
    text->remove_prefix(1);
    if (c == '"' && !Take(text, "\"")) break;
    name += c;
  }
  return name;
}

constexpr const char* kRankSuffix = "_rank";  // as RankName() has it

}  // namespace

int Plan::Number() const {
  int number = 0;
  if (!by.empty()) {
    const bool ranks = std::any_of(terms.begin(), terms.end(),
                                   [](const Term& t) { return t.target == Term::kValueRank; });
    return ranks ? 9 : 8;
  }
  for (const Term& t : terms) {
    const int n = t.target == Term::kRank ? 6 : TextOf(t.op).number;
    // A lookup outweighs a pattern, a pattern a range.
    if (number == 0 || n == 1 || (number != 1 && number == 2)) number = n;
  }
  return number;
}

std::string Plan::ToText() const {
  std::string text;
  for (const Term& t : terms) {
    if (!text.empty()) text += " AND ";
    text += t.target == Term::kKey    ? "key"
            : t.target == Term::kRank ? "rank"
                                      : QuoteName(t.target == Term::kValue ? by : by + kRankSuffix);
    text += ' ';
    text += TextOf(t.op).text;
  }
  if (!text.empty()) text += ' ';
  text += descending ? "desc" : "asc";
  if (!by.empty()) text += " by " + QuoteName(by);
  if (offset) text += " offset ?";
  return text;
}

Plan Plan::FromText(std::string_view text) {
  Plan plan;
  std::vector<std::string> names;  // of the terms; empty for key and rank
  while (text.starts_with("key ") || text.starts_with("rank ") || text.starts_with('"')) {
    Term term;
    names.emplace_back();
    if (text[0] == '"') {
      names.back() = TakeName(&text);
      Take(&text, " ");
    } else {
      term.target = Take(&text, "rank ") ? Term::kRank : Term::kKey;
      if (term.target == Term::kKey) Take(&text, "key ");
    }
    const OpText* longest = nullptr;  // "= ? (checked)", not "= ?"
    for (const OpText& t : kOps) {
      if (text.starts_with(t.text) &&
          (!longest || std::string_view(longest->text).size() < std::string_view(t.text).size())) {
        longest = &t;
      }
    }
    assert(longest);
    term.op = longest->op;
    Take(&text, longest->text);
    plan.terms.push_back(term);
    if (!Take(&text, " AND ")) Take(&text, " ");
  }
  plan.descending = Take(&text, "desc");
  Take(&text, "asc");
  if (Take(&text, " by ")) plan.by = TakeName(&text);
  for (size_t i = 0; i < names.size(); ++i) {
    if (!names[i].empty())
      plan.terms[i].target = names[i] == plan.by ? Term::kValue : Term::kValueRank;
  }
  plan.offset = Take(&text, " offset ?");
  return plan;
}

// A text, too, may come from a numeric column, and is then above every key that looks like a
// number.
bool RangeIsExact(Affinity affinity, const std::optional<Datum>& v) {
  if (affinity != Affinity::kText && affinity != Affinity::kNone) return true;
  return v && v->kind != Datum::kInteger && v->kind != Datum::kReal;
}

// SQLite does not say whether a number that is compared with a TEXT column stands as it is written
// (a literal: '5') or comes from a numeric column (then '05' equals it too), nor whether a text
// that is compared with an untyped column has TEXT affinity.
bool EqualityIsExact(Affinity affinity, const std::optional<Datum>& v) {
  if (affinity != Affinity::kText && affinity != Affinity::kNone) return true;
  if (!v) return false;
  return v->kind == Datum::kBlob || v->kind == Datum::kNull ||
         (v->kind == Datum::kText && affinity == Affinity::kText);
}

Term::Op Equality(bool exact, const std::optional<Datum>& v) {
  if (exact) return Term::kEqual;
  return v ? Term::kEqualLiteral : Term::kEqualChecked;
}

Term::Op Checked(Term::Op op) {
  switch (op) {
    case Term::kLess:
      return Term::kLessChecked;
    case Term::kLessEqual:
      return Term::kLessEqualChecked;
    case Term::kGreater:
      return Term::kGreaterChecked;
    default:
      return Term::kGreaterEqualChecked;
  }
}

std::optional<Datum> KnownValue(const sqlite3_index_info& info, int constraint) {
  sqlite3_value* v = nullptr;
  auto* asked = const_cast<sqlite3_index_info*>(&info);  // it is only read
  if (sqlite3_vtab_rhs_value(asked, constraint, &v) != SQLITE_OK || v == nullptr)
    return std::nullopt;
  return ToDatum(v);
}

bool LikeMatchesBlobs() {
  static const bool matches = sqlite3_compileoption_used("LIKE_DOESNT_MATCH_BLOBS") == 0;
  return matches;
}

bool IsPatternOverLimit(sqlite3* db, Bytes pattern) {
  const int limit = sqlite3_limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, -1);
  return pattern.size() > static_cast<size_t>(limit);
}

bool MayBeBoundOfPattern(sqlite3_index_info& info, int constraint) {
  const auto& upper = info.aConstraint[constraint];
  if (upper.op != SQLITE_INDEX_CONSTRAINT_LT || !LikeMatchesBlobs()) return false;
  const std::optional<Datum> high = KnownValue(info, constraint);
  if (!high || high->kind != Datum::kText || high->bytes.empty()) return false;
  for (int i = 0; i < info.nConstraint; ++i) {
    const auto& lower = info.aConstraint[i];
    if (!lower.usable || lower.op != SQLITE_INDEX_CONSTRAINT_GE || lower.iColumn != upper.iColumn ||
        sqlite3_stricmp(sqlite3_vtab_collation(&info, i), "BINARY") != 0)
      continue;
    const std::optional<Datum> low = KnownValue(info, i);
    if (!low || low->kind != Datum::kText || low->bytes.empty()) continue;
    std::string next(low->bytes);
    next.back() = static_cast<char>(next.back() + 1);
    if (next == high->bytes) return true;
  }
  return false;
}

bool MayMissMatches(const sqlite3_index_info& info, int constraint) {
  const int op = info.aConstraint[constraint].op;
  if (op != SQLITE_INDEX_CONSTRAINT_GE && op != SQLITE_INDEX_CONSTRAINT_LT) return false;
  const std::optional<Datum> v = KnownValue(info, constraint);
  if (!v || v->kind != Datum::kText || v->bytes.empty()) return false;
  std::string prefix(v->bytes);
  if (op == SQLITE_INDEX_CONSTRAINT_LT) prefix.back() = static_cast<char>(prefix.back() - 1);
  return LiteralBytes(prefix) != prefix;
}

bool MayBeOfRowValue(const sqlite3_index_info& info, int constraint) {
  const int op = info.aConstraint[constraint].op;
  return (op == SQLITE_INDEX_CONSTRAINT_GE || op == SQLITE_INDEX_CONSTRAINT_LE) &&
         !KnownValue(info, constraint);
}

bool MayStandInOn(Term::Op op) {
  switch (op) {
    case Term::kLikeFoldedChecked:
    case Term::kLike:
    case Term::kGlob:
    case Term::kRegexp:
    case Term::kHasPrefix:
    case Term::kNotNull:
      return true;
    default:
      return false;
  }
}

std::optional<Term::Op> RangeOperator(int constraint_op) {
  switch (constraint_op) {
    case SQLITE_INDEX_CONSTRAINT_LT:
      return Term::kLess;
    case SQLITE_INDEX_CONSTRAINT_LE:
      return Term::kLessEqual;
    case SQLITE_INDEX_CONSTRAINT_GT:
      return Term::kGreater;
    case SQLITE_INDEX_CONSTRAINT_GE:
      return Term::kGreaterEqual;
    default:
      return std::nullopt;
  }
}

std::optional<CompareOp> ComparisonOf(Term::Op op) {
  switch (op) {
    case Term::kEqual:
    case Term::kEqualChecked:
    case Term::kEqualLiteral:
    case Term::kIs:
      return CompareOp::kEqual;
    case Term::kLess:
    case Term::kLessChecked:
    case Term::kLessOrBlob:
      return CompareOp::kLess;
    case Term::kLessEqual:
    case Term::kLessEqualChecked:
      return CompareOp::kLessEqual;
    case Term::kGreater:
    case Term::kGreaterChecked:
      return CompareOp::kGreater;
    case Term::kGreaterEqual:
    case Term::kGreaterEqualChecked:
      return CompareOp::kGreaterEqual;
    default:
      return std::nullopt;
  }
}

}  // namespace memkv::sql
