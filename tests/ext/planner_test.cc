// Plan <-> text, and the arguments of CREATE, without a database.

#include <doctest/doctest.h>

#include "ext/args.h"
#include "ext/host.h"
#include "ext/plan/plan.h"
#include "ext/sqlite.h"
#include "ext/vtab.h"

namespace memkv::sql {
namespace {

// Of a table with a key of one column, and indexes of one.
Plan::PartNames NamesOf(std::string_view by) {
  if (by.empty()) return {"key"};
  return {QuoteName(std::string(by)), "key"};
}
std::string TextOf(const Plan& plan) { return plan.ToText(NamesOf(plan.by)); }
Plan ReadBack(const Plan& plan) { return Plan::FromText(TextOf(plan), &NamesOf); }

}  // namespace

TEST_CASE("a plan is its text") {
  const Term::Op ops[] = {Term::kEqual,          Term::kEqualChecked,
                          Term::kEqualLiteral,   Term::kIn,
                          Term::kLess,           Term::kLessEqual,
                          Term::kGreater,        Term::kGreaterEqual,
                          Term::kLessChecked,    Term::kLessEqualChecked,
                          Term::kGreaterChecked, Term::kGreaterEqualChecked,
                          Term::kLessOrBlob,     Term::kLikeFolded,
                          Term::kLike,           Term::kGlob,
                          Term::kGlobPrefix,     Term::kLikeFoldedPrefix,
                          Term::kLikePrefix,     Term::kHasPrefix,
                          Term::kFoldedAtLeast,  Term::kFoldedBelow};
  for (Term::Op a : ops) {
    for (Term::Op b : ops) {
      for (int flags = 0; flags < 8; ++flags) {
        Plan plan;
        plan.terms = {{a, 0}, {b, static_cast<uint16_t>(flags & 1 ? Term::kRank : 0)}};
        plan.descending = flags & 2;
        plan.offset = flags & 4;
        CHECK(ReadBack(plan) == plan);
      }
    }
  }
  CHECK(ReadBack(Plan()) == Plan());
  for (const std::string& by :
       std::vector<std::string>{"n", "a_rank", "two words", "a \"quoted\" name", " by "}) {
    Plan plan;
    plan.by = by;
    plan.descending = by == "n";
    plan.offset = by == " by ";
    plan.distinct = by == "a_rank" ? 12 : by == "n" ? 1 : 0;
    plan.terms = {{Term::kGreaterEqualChecked, 0}, {Term::kLess, Term::kRank}, {Term::kGlob, 1}};
    CHECK(ReadBack(plan) == plan);
    plan.terms.clear();
    CHECK(ReadBack(plan) == plan);
  }
}

TEST_CASE("plans read as EXPLAIN QUERY PLAN shows them") {
  Plan plan;
  CHECK(TextOf(plan) == "asc");
  CHECK(plan.Number() == 0);
  plan.terms = {{Term::kLikeFoldedPrefix}};
  CHECK(TextOf(plan) == "key LIKE ? (folded prefix) asc");
  CHECK(plan.Number() == 3);
  plan.terms = {{Term::kGreaterEqual}, {Term::kLess}};
  plan.descending = plan.offset = true;
  CHECK(TextOf(plan) == "key >= ? AND key < ? desc offset ?");
  CHECK(plan.Number() == 2);
  plan.terms = {{Term::kGreaterEqual, Term::kRank}};
  CHECK(plan.Number() == 6);
  plan.terms = {{Term::kGreaterEqual}, {Term::kEqual}};
  CHECK(plan.Number() == 1);
}

TEST_CASE("affinities as SQLite finds them") {
  CHECK(AffinityOf("") == Affinity::kNone);
  CHECK(AffinityOf("BLOB") == Affinity::kNone);
  CHECK(AffinityOf("VARCHAR(10)") == Affinity::kText);
  CHECK(AffinityOf("CHARINT") == Affinity::kInteger);
  CHECK(AffinityOf("FLOATING POINT") == Affinity::kInteger);
  CHECK(AffinityOf("double precision") == Affinity::kReal);
  CHECK(AffinityOf("STRING") == Affinity::kNumeric);
}

TEST_CASE("arguments become a schema") {
  const char* args[] = {"url TEXT PRIMARY KEY", " \"hits\" INTEGER NOT NULL ",
                        "[a b] VARCHAR(10, 2) -- comment"};
  const Schema s = ParseArgs("pages", args);
  REQUIRE(s.columns.size() == 3);
  CHECK(s.key == std::vector<size_t>{0});
  CHECK(s.columns[1].name == "hits");
  CHECK(s.columns[1].not_null);
  CHECK(s.columns[2].name == "a b");
  CHECK(s.columns[2].affinity == Affinity::kText);
  CHECK(s.Declaration() ==
        "CREATE TABLE x(\"url\" TEXT PRIMARY KEY NOT NULL, \"hits\" INTEGER NOT NULL, \"a b\" "
        "VARCHAR(10, 2), "
        "\"rank\" INTEGER HIDDEN, \"pages\" HIDDEN) WITHOUT ROWID");
  CHECK(ParseArgs("t", {}).Declaration() ==
        "CREATE TABLE x(\"key\" TEXT PRIMARY KEY NOT NULL, \"value\" , \"rank\" INTEGER HIDDEN, "
        "\"t\" HIDDEN) WITHOUT ROWID");
}

TEST_CASE("arguments that cannot be meant name themselves and what is allowed") {
  auto message = [](std::initializer_list<const char*> args) -> std::string {
    try {
      ParseArgs("t", std::span(args.begin(), args.size()));
    } catch (const SqlError& e) {
      return e.what();
    }
    return "accepted";
  };
  CHECK(message({"frob = 1"}) ==
        "memkv: unknown option \"frob\" (known: background, delta_limit, durable, file)");
  CHECK(message({"durable = maybe"}) == "memkv: durable = maybe (allowed: on, off)");
  CHECK(message({"a PRIMARY KEY", "b PRIMARY KEY"}) ==
        "memkv: columns \"a\" and \"b\" are both PRIMARY KEY (exactly one may be)");
  CHECK(message({"a DEFAULT 1"}) ==
        "memkv: column \"a\": DEFAULT is not supported (a column takes a type, PRIMARY KEY, NOT "
        "NULL, INDEXED)");
  CHECK(message({"a TEXT COLLATE nocase"}) ==
        "memkv: column \"a\": COLLATE is not supported (a column takes a type, PRIMARY KEY, NOT "
        "NULL, INDEXED)");
  CHECK(message({"a PRIMARY"}) ==
        "memkv: column \"a\": PRIMARY without KEY (a column takes a type, PRIMARY KEY, NOT NULL, "
        "INDEXED)");
  CHECK(message({"RANK"}) ==
        "memkv: table \"t\": a column may not be named \"RANK\" (reserved: rank, rowid)");
  CHECK(message({"T"}) ==
        "memkv: table \"t\" may not have a column named \"T\" (the table's own name is its command "
        "column)");
  const std::string takes = " (a table takes PRIMARY KEY(column, ...), INDEX name(column, ...))";
  const auto message_of = [&](std::initializer_list<const char*> args) {
    std::string text = message(args);
    return text.ends_with(takes) ? text.substr(0, text.size() - takes.size()) : text;
  };
  CHECK(message({"a", "b", "PRIMARY KEY(b, a)"}) == "accepted");
  CHECK(message({"PRIMARY KEY(a)", "a"}) == "accepted");
  CHECK(message({"a", "\"index\"", "\"primary\" PRIMARY KEY"}) == "accepted");
  CHECK(message({"a", "b", "INDEX i(b, a)", "INDEX j([b])", "c INDEXED"}) == "accepted");
  CHECK(message_of({"PRIMARY KEY(a)"}) == "memkv: a table without columns");
  CHECK(message({"a", "PRIMARY KEY(b)"}) == "memkv: PRIMARY KEY: no column \"b\" (columns: a)");
  CHECK(message({"a", "PRIMARY KEY(a, A)"}) == "memkv: PRIMARY KEY names column \"a\" twice");
  CHECK(message({"a PRIMARY KEY", "PRIMARY KEY(a)"}) ==
        "memkv: column \"a\" is PRIMARY KEY beside PRIMARY KEY(…) (exactly one may be)");
  CHECK(message_of({"a", "PRIMARY KEY(a)", "PRIMARY KEY(a)"}) ==
        "memkv: PRIMARY KEY is given twice");
  CHECK(message_of({"a", "PRIMARY KEY(a DESC)"}) == "memkv: PRIMARY KEY: DESC is not supported");
  CHECK(message_of({"a", "INDEX i(a COLLATE NOCASE)"}) ==
        "memkv: INDEX \"i\": COLLATE is not supported");
  CHECK(message_of({"a", "PRIMARY KEY()"}) == "memkv: PRIMARY KEY: a column is missing");
  CHECK(message_of({"a", "INDEX i(a,)"}) == "memkv: INDEX \"i\": a column is missing");
  CHECK(message_of({"a", "INDEX i"}) == "memkv: INDEX \"i\": columns in parentheses are missing");
  CHECK(message_of({"a", "INDEX(a)"}) == "memkv: INDEX without a name in \"INDEX(a)\"");
  CHECK(message_of({"a", "INDEX i(a) x"}) == "memkv: INDEX \"i\": unexpected \"x\"");
  CHECK(message_of({"a", "PRIMARY (a)"}) == "memkv: PRIMARY without KEY in \"PRIMARY (a)\"");
  CHECK(message_of({"a", "UNIQUE(a)"}) == "memkv: table constraint \"UNIQUE(a)\" is not supported");
  CHECK(message({"a", "b", "INDEX b(a)"}) ==
        "memkv: table \"t\": an INDEX may not be named \"b\", as a column (\"b\" INDEXED is its "
        "index)");
  CHECK(message({"a", "b INDEXED", "INDEX b(b)"}) ==
        "memkv: table \"t\": two indexes are named \"b\"");
  CHECK(
      message({"a", "i_rank", "INDEX i(a)"}) ==
      "memkv: table \"t\": a column may not be named \"i_rank\" beside the INDEX \"i\" (its ranks "
      "have that name)");
  CHECK(message({"a", "memkv_key", "PRIMARY KEY(a, memkv_key)"}) ==
        "memkv: table \"t\": a column may not be named \"memkv_key\" (reserved: memkv_key, rank, "
        "rowid)");
  CHECK(message({"url TEXT PRIMRY KEY"}) ==
        "memkv: column \"url\": type \"TEXT PRIMRY KEY\" holds KEY (a column takes a type, PRIMARY "
        "KEY, NOT NULL, INDEXED)");
  CHECK(message({"\"a"}) == "memkv: unterminated \" in \"\"a\"");
  CHECK(message({"a", ""}) ==
        "memkv: an empty argument (allowed: columns and options, separated by commas)");
}

TEST_CASE("hosts that are too old, and machines of the other byte order, are refused by name") {
  CHECK(HostRefusal(3037002) == "memkv: SQLite 3.37.2 is too old (allowed: 3.38.0 and newer)");
  CHECK(HostRefusal(3038000).empty());
  CHECK(HostRefusal(3053002).empty());
  CHECK(HostRefusal(3053002, std::endian::big) ==
        "memkv: this machine is big-endian (allowed: little-endian)");
}

}  // namespace memkv::sql
