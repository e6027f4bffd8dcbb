#include "ext/plan/plan.h"

#include <algorithm>
#include <cassert>

#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

using enum TermClass;
using enum Doubt;

constexpr OpInfo Compares(Term::Op op, const char* text, int number, CompareOp by) {
  return {op, text, number, kComparison, by};
}
constexpr OpInfo Matches(Term::Op op, const char* text, int number, Matcher by,
                         Doubt doubt = kNone) {
  return {op, text, number, kPattern, std::nullopt, doubt, by};
}

// In the order of Term::Op.
constexpr OpInfo kOps[] = {
    Compares(Term::kEqual, "= ?", 1, CompareOp::kEqual),
    Compares(Term::kEqualChecked, "= ? (checked)", 1, CompareOp::kEqual),
    Compares(Term::kEqualLiteral, "= ? (literal, checked)", 1, CompareOp::kEqual),
    {Term::kIn, "IN ?", 7, kList, std::nullopt},
    Compares(Term::kLess, "< ?", 2, CompareOp::kLess),
    Compares(Term::kLessEqual, "<= ?", 2, CompareOp::kLessEqual),
    Compares(Term::kGreater, "> ?", 2, CompareOp::kGreater),
    Compares(Term::kGreaterEqual, ">= ?", 2, CompareOp::kGreaterEqual),
    Compares(Term::kLessChecked, "< ? (checked)", 2, CompareOp::kLess),
    Compares(Term::kLessEqualChecked, "<= ? (checked)", 2, CompareOp::kLessEqual),
    Compares(Term::kGreaterChecked, "> ? (checked)", 2, CompareOp::kGreater),
    Compares(Term::kGreaterEqualChecked, ">= ? (checked)", 2, CompareOp::kGreaterEqual),
    Compares(Term::kLessOrBlob, "< ? (or a BLOB)", 2, CompareOp::kLess),
    Matches(Term::kLikeFoldedPrefix, "LIKE ? (folded prefix)", 3, Matcher::kFoldedPrefix,
            kMaySlipFolding),
    Matches(Term::kLikeFolded, "LIKE ? (folded pattern)", 3, Matcher::kLike, kMaySlipFolding),
    Matches(Term::kLikeFoldedPrefixChecked, "LIKE ? (folded prefix, checked)", 3,
            Matcher::kFoldedPrefix),
    Matches(Term::kLikeFoldedChecked, "LIKE ? (folded pattern, checked)", 3, Matcher::kLike,
            kMayStandInOn),
    Matches(Term::kLike, "LIKE ? (pattern)", 3, Matcher::kLike, kMayStandInOn),
    Matches(Term::kLikePrefix, "LIKE ? (prefix)", 4, Matcher::kPrefix, kMaySlip),
    Matches(Term::kGlobPrefix, "GLOB ? (prefix)", 4, Matcher::kPrefix, kMaySlip),
    Matches(Term::kGlob, "GLOB ? (pattern)", 4, Matcher::kGlob, kMayStandInOn),
    Matches(Term::kRegexp, "REGEXP ? (prefix)", 4, Matcher::kPrefix, kMayStandInOn),
    {Term::kHasPrefix, "HAS_PREFIX ?", 5, kPrefix, std::nullopt, kMayStandInOn},
    {Term::kFoldedAtLeast, ">= ? (folded)", 3, kBound, std::nullopt},
    {Term::kFoldedBelow, "< ? (folded)", 3, kBound, std::nullopt, kNone, Matcher::kFoldedPrefix},
    {Term::kEqualFolded, "= ? (folded)", 3, kPattern, std::nullopt, kNone, Matcher::kFoldedPrefix},
    Compares(Term::kIs, "IS ?", 8, CompareOp::kEqual),
    {Term::kIsNull, "IS NULL", 8, kNull, std::nullopt},
    {Term::kNotNull, "IS NOT NULL", 8, kNull, std::nullopt, kMayStandInOn},
};

bool Take(std::string_view* text, std::string_view word) {
  if (!text->starts_with(word)) return false;
  text->remove_prefix(word.size());
  return true;
}

// A word, or a name as QuoteName() gives it, quotes included.
std::string_view TakeShownName(std::string_view* text) {
  size_t n = 1;
  if (text->starts_with('"')) {
    while (n < text->size() &&
           ((*text)[n] != '"' || (n + 1 < text->size() && (*text)[n + 1] == '"')))
      n += (*text)[n] == '"' ? 2 : 1;
    ++n;
  } else {
    n = text->find(' ');
  }
  const std::string_view name = text->substr(0, n);
  text->remove_prefix(std::min(n, text->size()));
  return name;
}

std::string Unquoted(std::string_view name) {
  std::string out;
  for (size_t i = 1; i + 1 < name.size(); ++i) {
    out += name[i];
    if (name[i] == '"') ++i;
  }
  return out;
}

// The longest operator that `text` begins with: "= ? (checked)", not "= ?".
uint16_t TakeNumber(std::string_view* text) {
  unsigned number = 0;
  for (; !text->empty() && (*text)[0] >= '0' && (*text)[0] <= '9'; text->remove_prefix(1))
    number = 10 * number + static_cast<unsigned>((*text)[0] - '0');
  return static_cast<uint16_t>(number);
}

Term::Op TakeOp(std::string_view* text) {
  const OpInfo* longest = nullptr;
  for (const OpInfo& info : kOps) {
    const std::string_view op = info.text;
    if (text->starts_with(op) && (!longest || std::string_view(longest->text).size() < op.size()))
      longest = &info;
  }
  assert(longest);
  Take(text, longest->text);
  return longest->op;
}

// As RankName() has it.
std::string ShownRank(const std::string& by) {
  return by.empty() ? "rank" : QuoteName(by + "_rank");
}

}  // namespace

const OpInfo& InfoOf(Term::Op op) {
  assert(kOps[op].op == op);
  return kOps[op];
}

int Plan::Number() const {
  int number = 0;
  if (!by.empty()) {
    const bool ranks =
        std::any_of(terms.begin(), terms.end(), [](const Term& t) { return t.is_rank(); });
    return ranks ? 9 : 8;
  }
  for (const Term& t : terms) {
    const int n = t.is_rank() ? 6 : InfoOf(t.op).number;
    // A lookup outweighs a pattern, a pattern a range.
    if (number == 0 || n == 1 || (number != 1 && number == 2)) number = n;
  }
  return number;
}

std::string Plan::ToText(const PartNames& parts) const {
  std::string text;
  for (const Term& t : terms) {
    if (!text.empty()) text += " AND ";
    text += t.is_rank() ? ShownRank(by) : parts[t.part];
    text += ' ';
    text += InfoOf(t.op).text;
  }
  if (!text.empty()) text += ' ';
  if (one_value > 0) text += "one value ";
  if (one_value > 1) text += "of " + std::to_string(one_value) + " ";
  text += descending ? "desc" : "asc";
  if (!by.empty()) text += " by " + QuoteName(by);
  if (distinct > 0) text += " distinct";
  if (distinct > 1) text += ' ' + std::to_string(distinct);
  if (with_rank) text += " with rank";
  if (offset) text += " offset ?";
  return text;
}

Plan Plan::FromText(std::string_view text,
                    const std::function<PartNames(std::string_view)>& parts_of) {
  Plan plan;
  std::vector<std::string_view> names;  // of the terms
  const auto ends = [&text] {
    return text.starts_with("asc") || text.starts_with("desc") || text.starts_with("one value ");
  };
  while (!ends()) {
    names.push_back(TakeShownName(&text));
    Take(&text, " ");
    plan.terms.push_back({TakeOp(&text), 0});
    if (!Take(&text, " AND ")) Take(&text, " ");
  }
  if (Take(&text, "one value ")) plan.one_value = 1;
  if (plan.one_value && Take(&text, "of ")) {
    plan.one_value = TakeNumber(&text);
    Take(&text, " ");
  }
  plan.descending = Take(&text, "desc");
  Take(&text, "asc");
  if (Take(&text, " by ")) plan.by = Unquoted(TakeShownName(&text));
  const PartNames parts = parts_of(plan.by);
  for (size_t i = 0; i < names.size(); ++i) {
    const auto at = std::find(parts.begin(), parts.end(), names[i]);
    plan.terms[i].part =
        at == parts.end() ? Term::kRank : static_cast<uint16_t>(at - parts.begin());
  }
  if (Take(&text, " distinct")) plan.distinct = 1;
  if (plan.distinct && text.size() > 1 && text[1] >= '0' && text[1] <= '9') {
    Take(&text, " ");
    plan.distinct = TakeNumber(&text);
  }
  plan.with_rank = Take(&text, " with rank");
  plan.offset = Take(&text, " offset ?");
  return plan;
}

}  // namespace memkv::sql
