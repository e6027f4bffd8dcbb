// The planner without a database: what it makes of constraints, index by index.

#include <doctest/doctest.h>

#include <initializer_list>

#include "ext/args.h"
#include "ext/plan/planner.h"

namespace memkv::sql {
namespace {

// A table of 100,000 rows, u(key TEXT PRIMARY KEY, s TEXT INDEXED, n INTEGER INDEXED, v), on the
// newest SQLite.
class Around : public Surroundings {
 public:
  Around() : Around({"key TEXT PRIMARY KEY", "s TEXT INDEXED", "n INTEGER INDEXED", "v"}) {}
  explicit Around(std::vector<const char*> args) { schema_ = ParseArgs("u", args); }
  const Schema& schema() const override { return schema_; }
  uint64_t rows() const override { return 100000; }
  std::optional<uint64_t> Count(size_t index, const KeyRange&) const override {
    return index == 0 ? 5000 : 50;
  }
  bool LikeMatchesBlobs() const override { return false; }
  bool IsPatternOverLimit(Bytes pattern) const override { return pattern.size() > 50000; }
  bool HasPlainRegexp() const override { return true; }
  bool HasPlainNoCase() const override { return plain_nocase; }
  bool MayHoldNumbers() const override { return holds_numbers; }
  bool OffsetMayBeConsumed() const override { return true; }
  bool OnTermsAreHidden() const override { return hides_on_terms; }
  std::optional<bool> SchemaHoldsOuterJoin() const override { return holds_outer_join; }
  bool PatternsMaySlip(bool) const override { return patterns_slip; }
  bool PatternsAreChecked() const override { return false; }
  bool LeavesEqualities() override { return leaves_equalities; }

  bool plain_nocase = true, patterns_slip = false;
  bool hides_on_terms = true, leaves_equalities = false, holds_numbers = true;
  std::optional<bool> holds_outer_join = false;

 private:
  Schema schema_;
};

constexpr size_t kKey = 0, kS = 1, kN = 2, kV = 3, kRank = 4, kSRank = 6, kNRank = 7;

Query Of(std::initializer_list<Constraint> constraints) {
  Query query;
  query.constraints = constraints;
  return query;
}

std::string TextOf(const Plan& plan, const Around& around = {}) {
  return plan.ToText(around.schema().PartNames(plan.by));
}

std::string PlanOf(const Query& query, Around around = {}) {
  return TextOf(ChooseAnswer(query, around).plan, around);
}

}  // namespace

TEST_CASE("what key order can, every index can") {
  const auto plan = [](Ask ask, size_t column, const Datum& v) {
    return PlanOf(Of({{ask, column, true, Collation::kBinary, v}}));
  };
  CHECK(plan(Ask::kEqual, kKey, Datum::Text("a")) == "key = ? asc");
  CHECK(plan(Ask::kEqual, kS, Datum::Text("a")) == "\"s\" = ? asc by \"s\"");
  CHECK(plan(Ask::kGlob, kKey, Datum::Text("a*b")) == "key GLOB ? (pattern) asc");
  CHECK(plan(Ask::kGlob, kS, Datum::Text("a*b")) == "\"s\" GLOB ? (pattern) asc by \"s\"");
  CHECK(plan(Ask::kLike, kS, Datum::Text("a%b")) == "\"s\" LIKE ? (pattern) asc by \"s\"");
  // A wildcard in front looks at each entry, which gains something in key order alone.
  CHECK(plan(Ask::kLike, kKey, Datum::Text("%b")) == "key LIKE ? (pattern) asc");
  CHECK(plan(Ask::kLike, kS, Datum::Text("%b")) == "asc");
  CHECK(plan(Ask::kGlob, kS, Datum::Text("?b")) == "asc");
  CHECK(plan(Ask::kRegexp, kS, Datum::Text("^ab")) == "\"s\" REGEXP ? (prefix) asc by \"s\"");
  CHECK(plan(Ask::kHasPrefix, kKey, Datum::Text("a")) == "key HAS_PREFIX ? asc");
  CHECK(plan(Ask::kHasPrefix, kS, Datum::Text("a")) == "\"s\" HAS_PREFIX ? asc by \"s\"");
  CHECK(plan(Ask::kIs, kRank, Datum::Integer(1)) == "rank = ? asc");
  CHECK(plan(Ask::kIs, kSRank, Datum::Integer(1)) == "\"s_rank\" = ? asc by \"s\"");
  CHECK(plan(Ask::kIsNull, kS, {}) == "\"s\" IS NULL asc by \"s\"");
  CHECK(plan(Ask::kIs, kS, Datum::Null()) == "\"s\" IS ? asc by \"s\"");
  CHECK(plan(Ask::kEqual, kV, Datum::Integer(1)) == "asc");
  Constraint in{Ask::kEqual, kKey};
  in.is_in = true;
  CHECK(PlanOf(Of({in})) == "key IN ? asc");
  in.column = kN;
  CHECK(PlanOf(Of({in})) == "\"n\" IN ? asc by \"n\"");
}

TEST_CASE("the bounds of a pattern are claimed with it, on every index") {
  const auto at = [](Ask ask, size_t column, const char* v, Collation collation) {
    return Constraint{ask, column, true, collation, Datum::Text(v)};
  };
  for (const size_t column : {kKey, kS}) {
    Around around;
    const Answer answer = ChooseAnswer(Of({at(Ask::kGreaterEqual, column, "AB", Collation::kNoCase),
                                           at(Ask::kLess, column, "ac", Collation::kNoCase),
                                           at(Ask::kLike, column, "ab%", Collation::kBinary)}),
                                       around);
    CHECK(answer.plan.terms.size() == 1);
    CHECK(answer.plan.terms[0].op == Term::kLikeFoldedPrefix);
    CHECK(answer.usage[2].argument == 1);
    CHECK(answer.usage[0].argument + answer.usage[1].argument == 5);
    for (const Answer::Usage& usage : answer.usage) CHECK(usage.omit);
  }
}

// SQLite may go through the values of an IN, or of one of row values, and there may be none.
TEST_CASE(
    "beside an equality that may be of an IN a folding pattern is checked where it may slip") {
  const auto answer = [](std::optional<Datum> rank, bool is_in, bool slips) {
    Constraint equal{is_in ? Ask::kEqual : Ask::kIs, kRank, true, Collation::kBinary, rank};
    equal.is_in = is_in;
    Around around;
    around.patterns_slip = slips;
    return ChooseAnswer(Of({{Ask::kLike, kKey, true, Collation::kBinary, Datum::Text("ab%")},
                            {Ask::kGreaterEqual, kKey, true, Collation::kNoCase, Datum::Text("AB")},
                            {Ask::kLess, kKey, true, Collation::kNoCase, Datum::Text("ac")},
                            equal}),
                        around);
  };
  const std::string checked = "key LIKE ? (folded prefix, checked) AND rank = ? asc";
  const std::string exact = "key LIKE ? (folded prefix) AND rank = ? asc";
  for (const bool is_in : {false, true}) {
    const Answer unknown = answer({}, is_in, true);
    CHECK(TextOf(unknown.plan) == checked);
    for (const size_t i : {0, 1, 2}) CHECK(!unknown.usage[i].omit);
    CHECK(TextOf(answer({}, is_in, false).plan) == exact);
  }
  const Answer known = answer(Datum::Integer(1), false, true);
  CHECK(TextOf(known.plan) == exact);
  for (const size_t i : {0, 1, 2}) CHECK(known.usage[i].omit);
}

TEST_CASE("an equality is exact while no key is a number, or reads as one") {
  const auto answer = [](size_t column, bool holds_numbers) {
    Around around;
    around.holds_numbers = holds_numbers;
    return ChooseAnswer(Of({{Ask::kEqual, column}}), around);
  };
  CHECK(TextOf(answer(kKey, true).plan) == "key = ? (checked) asc");
  CHECK(!answer(kKey, true).unique);
  CHECK(!answer(kKey, true).presumes_no_numbers);
  CHECK(TextOf(answer(kKey, false).plan) == "key = ? asc");
  CHECK(answer(kKey, false).usage[0].omit);
  CHECK(answer(kKey, false).unique);
  CHECK(answer(kKey, false).presumes_no_numbers);
  CHECK(TextOf(answer(kS, false).plan) == "\"s\" = ? (checked) asc by \"s\"");
  CHECK(!answer(kN, false).presumes_no_numbers);  // exact in any case
}

TEST_CASE("a lookup says whether a rank is read of its row") {
  const auto plan = [](uint64_t read) {
    Query query = Of({{Ask::kEqual, kKey, true, Collation::kBinary, Datum::Text("a")}});
    query.columns_read = read;
    return PlanOf(query);
  };
  CHECK(plan(1 << kKey | 1 << kV) == "key = ? asc");
  CHECK(plan(1 << kRank) == "key = ? asc with rank");
  CHECK(plan(1 << kNRank) == "key = ? asc with rank");
  CHECK(plan(~uint64_t{0}) == "key = ? asc");  // an UPDATE
}

TEST_CASE("COLLATE NOCASE folds as LIKE does, if it is SQLite's own") {
  const auto plan = [](Ask ask, size_t column, bool plain = true) {
    Around around;
    around.plain_nocase = plain;
    return PlanOf(Of({{ask, column, true, Collation::kNoCase, Datum::Text("a")}}), around);
  };
  CHECK(plan(Ask::kEqual, kKey) == "key = ? (folded) asc");
  CHECK(plan(Ask::kEqual, kS) == "\"s\" = ? (folded) asc by \"s\"");
  CHECK(plan(Ask::kEqual, kKey, false) == "asc");
  CHECK(plan(Ask::kIs, kKey) == "asc");
  CHECK(plan(Ask::kGreater, kKey) == "asc");
  // The bounds of LIKE … ESCAPE may be the user's.
  const Constraint lo{Ask::kGreaterEqual, kKey, true, Collation::kNoCase, Datum::Text("AB")};
  const Constraint hi{Ask::kLess, kKey, true, Collation::kNoCase, Datum::Text("ac")};
  Around other;
  other.plain_nocase = false;
  CHECK(PlanOf(Of({lo, hi})) == "key >= ? (folded) AND key < ? (folded) asc");
  CHECK(PlanOf(Of({lo, hi}), other) == "asc");
}

TEST_CASE("inside one value an index narrows by the key") {
  const Constraint s{Ask::kEqual, kS}, n{Ask::kEqual, kN};
  const Constraint below{Ask::kLess, kKey, true, Collation::kBinary, Datum::Text("m")};
  const Constraint like{Ask::kLike, kKey}, prefix{Ask::kHasPrefix, kKey};
  CHECK(PlanOf(Of({below, s})) == "\"s\" = ? (checked) AND key < ? (checked) asc by \"s\"");
  CHECK(PlanOf(Of({n, below})) == "\"n\" = ? AND key < ? asc by \"n\"");
  CHECK(PlanOf(Of({n, like})) == "\"n\" = ? AND key LIKE ? (pattern) asc by \"n\"");
  CHECK(PlanOf(Of({n, prefix})) == "\"n\" = ? AND key HAS_PREFIX ? asc by \"n\"");
  Around around;
  // What is exact of the key is exact only where the value is.
  CHECK(!ChooseAnswer(Of({s, below}), around).usage[1].omit);
  CHECK(ChooseAnswer(Of({n, below}), around).usage[1].omit);
  // A rank says nothing of the value.
  const Constraint rank{Ask::kEqual, kNRank, true, Collation::kBinary, Datum::Integer(3)};
  CHECK(PlanOf(Of({rank, below})) == "\"n_rank\" = ? asc by \"n\"");
}

TEST_CASE("rows of one value are left out only where nothing else is read") {
  Query query;
  query.order_by = {{kN, false}};
  query.is_distinct = true;
  query.columns_read = uint64_t{1} << kN;
  CHECK(PlanOf(query) == "asc by \"n\" distinct");
  query.order_by[0].descending = true;
  CHECK(PlanOf(query) == "desc by \"n\" distinct");
  query.columns_read |= 1;
  CHECK(PlanOf(query).find("distinct") == std::string::npos);
  query.columns_read = uint64_t{1} << kN;
  query.order_by.push_back({kV, false});
  CHECK(PlanOf(query).find("distinct") == std::string::npos);
}

TEST_CASE("OFFSET is taken where every row of the walk is one of the answer") {
  const Constraint offset{Ask::kOffset, 0, true, Collation::kBinary, Datum::Integer(5)};
  const Constraint limit{Ask::kLimit, 0, true, Collation::kBinary, Datum::Integer(5)};
  const Constraint above{Ask::kGreater, kN};
  CHECK(PlanOf(Of({limit, offset})) == "asc offset ?");
  CHECK(PlanOf(Of({above, limit, offset})) == "\"n\" > ? asc by \"n\" offset ?");
  CHECK(PlanOf(Of({{Ask::kEqual, kV}, limit, offset})) == "asc");
  CHECK(PlanOf(Of({{Ask::kEqual, kS}, limit, offset})) == "\"s\" = ? (checked) asc by \"s\"");
}

TEST_CASE("terms that may stand in an ON are left where an outer join is about") {
  Around around;
  around.hides_on_terms = false;
  const Query query = Of({{Ask::kGlob, kKey}, {Ask::kNotNull, kS}});
  CHECK(PlanOf(query, around) == "key GLOB ? (pattern) asc");
  CHECK(!ChooseAnswer(query, around).usage[0].omit);
  around.holds_outer_join = std::nullopt;
  CHECK(PlanOf(query, around) == "key GLOB ? (pattern) asc");
  around.holds_outer_join = true;
  CHECK(PlanOf(query, around) == "asc");
}

TEST_CASE("equalities that may be of an IN of row values are left when it is asked for") {
  Around around;
  around.leaves_equalities = true;
  CHECK(PlanOf(Of({{Ask::kEqual, kS}}), around) == "asc");
  CHECK(PlanOf(Of({{Ask::kEqual, kN}}), around) == "\"n\" = ? asc by \"n\"");
}

TEST_CASE("keys and indexes of several columns") {
  // a, b, c, d: 0..3; rank 4, i_rank 6, j_rank 7
  Around around({"a TEXT", "b INTEGER", "c", "d TEXT", "PRIMARY KEY(a, b)", "INDEX i(d, c)",
                 "INDEX j(c, a)"});
  enum : size_t { kA, kB, kC, kD, kKeyRank, kCommand, kIRank, kJRank };
  const auto plan = [&](std::initializer_list<Constraint> constraints,
                        std::vector<Query::OrderTerm> order = {}) {
    Query query = Of(constraints);
    query.order_by = std::move(order);
    const Answer answer = ChooseAnswer(query, around);
    return TextOf(answer.plan, around) + (answer.sorted ? " sorted" : "") +
           (answer.unique ? " unique" : "");
  };
  const auto text = [](size_t column, Ask ask = Ask::kEqual) {
    return Constraint{ask, column, true, Collation::kBinary, Datum::Text("x")};
  };
  const auto bound = [](size_t column, Ask ask = Ask::kEqual) {
    return Constraint{ask, column, true, Collation::kBinary, std::nullopt};
  };
  CHECK(plan({text(kA)}) == "\"a\" = ? asc");
  CHECK(plan({text(kA), bound(kB)}) == "\"a\" = ? AND \"b\" = ? asc unique");
  CHECK(plan({bound(kB), text(kA)}) == "\"a\" = ? AND \"b\" = ? asc unique");
  CHECK(plan({text(kA), bound(kB, Ask::kLess)}, {{kB, true}}) ==
        "\"a\" = ? AND \"b\" < ? desc sorted");
  CHECK(plan({bound(kB)}) == "asc");  // the first column is open
  CHECK(plan({text(kA, Ask::kGreater), bound(kB)}) == "\"a\" > ? asc");
  CHECK(plan({}, {{kA, false}, {kB, false}}) == "asc sorted");
  CHECK(plan({}, {{kA, true}, {kB, true}, {kC, false}}) == "desc sorted");
  CHECK(plan({}, {{kA, false}, {kB, true}}) == "asc");
  CHECK(plan({}, {{kA, true}}) == "desc sorted");
  CHECK(plan({}, {{kB, false}}) == "asc");
  CHECK(plan({text(kD)}) == "\"d\" = ? asc by \"i\"");
  CHECK(plan({text(kD), bound(kC, Ask::kGreater)}, {{kC, false}}) ==
        "\"d\" = ? AND \"c\" > ? (checked) asc by \"i\" sorted");
  CHECK(plan({text(kD)}, {{kC, true}, {kA, true}, {kB, true}}) == "\"d\" = ? desc by \"i\" sorted");
  CHECK(plan({}, {{kD, false}, {kC, false}, {kKeyRank, false}}) == "asc by \"i\" sorted");
  CHECK(plan({bound(kIRank)}) == "\"i_rank\" = ? asc by \"i\"");
  // Behind an equality in doubt: in order of what follows, but of nothing else, nor in another order.
  CHECK(plan({bound(kA)}, {{kB, true}}) == "\"a\" = ? (checked) one value desc sorted");
  CHECK(plan({bound(kA)}, {{kA, false}, {kB, false}}) == "\"a\" = ? (checked) asc sorted");
  CHECK(plan({bound(kA)}, {{kB, false}, {kD, false}}) == "\"a\" = ? (checked) asc");
  CHECK(plan({bound(kA), bound(kB)}, {{kD, false}}) == "\"a\" = ? (checked) AND \"b\" = ? asc");
  CHECK(plan({bound(kD), bound(kC)}, {{kA, false}, {kB, false}}) ==
        "\"d\" = ? (checked) AND \"c\" = ? (checked) one value of 2 asc by \"i\" sorted");
  CHECK(plan({bound(kC, Ask::kIsNull), text(kA), bound(kB, Ask::kGreater)}) ==
        "\"c\" IS NULL AND \"a\" = ? AND \"b\" > ? asc by \"j\"");
}

}  // namespace memkv::sql
