#include <algorithm>

#include "tests/random/statement_generator.h"
#include "tests/random/statement_world.h"

namespace memkv::test {

Sql Generator::ColumnOf(const Source& source) {
  size_t i = Below(source.columns.size());
  if (source.table != nullptr) {
    if (OneIn(3)) i = 0;
    // INDEXED columns are walked, the others are not.
    for (int tries = 0; tries < 2 && i > 0 && !source.table->columns[i].indexed; ++tries)
      i = Below(source.columns.size());
  }
  return Value(source.alias + "." + source.columns[i]);
}

Sql Generator::Column(const Scope& scope) {
  if (!scope.joined.empty() && OneIn(3)) return random_.Pick(scope.joined);
  const Scope* at = &scope;
  while (at->outer != nullptr && (at->sources.empty() || OneIn(3))) at = at->outer;
  if (at->sources.empty()) return Constant();
  return ColumnOf(random_.Pick(at->sources));
}

Sql Generator::Parameter(const Cell& cell) {
  parameters_.push_back(cell);
  return Sql::Parameter(static_cast<int>(parameters_.size()));
}

Sql Generator::Constant() {
  if (!trigger_.empty() && OneIn(2)) return Value(trigger_);
  const Cell cell = pool_.Any();
  return OneIn(3) ? Parameter(cell) : Value(Literal(cell));
}

Sql Generator::Operand(const Scope& scope, int depth) {
  switch (Below(8)) {
    case 0:
    case 1:
      return Column(scope);
    case 2:
      return Expression(scope, depth);
    default:
      return Constant();
  }
}

Sql Generator::Expression(const Scope& scope, int depth) {
  switch (Below(10)) {
    default:
      return Column(scope);
    case 5:
    case 6:
      return Constant();
    case 7:
    case 8:
    case 9:
      return depth > 0 ? Computed(scope, depth - 1) : Column(scope);
  }
}

Sql Generator::Computed(const Scope& scope, int depth) {
  static const std::vector<std::string> kTypes = {"TEXT", "INTEGER", "REAL", "NUMERIC", "BLOB"};
  static const std::vector<std::string> kFunctions = {"upper(", "lower(", "length(", "typeof(",
                                                      "hex(",   "trim(",  "quote("};
  switch (Below(13)) {
    default:
      return Value("+", Column(scope));
    case 1:
      return Value("CAST(", Operand(scope, depth), " AS " + random_.Pick(kTypes) + ")");
    case 2:
      return Value("(", Column(scope), " || ", Expression(scope, depth), ")");
    case 3:
      return Value("(", Expression(scope, depth), OneIn(2) ? " + 1)" : " - 1)");
    case 4:
      return Value("-", Column(scope));
    case 5:
      return Value(random_.Pick(kFunctions), Expression(scope, depth), ")");
    case 6:
      return Value("substr(", Column(scope), ", 1, " + std::to_string(1 + Below(3)) + ")");
    case 7:
      return Value(OneIn(2) ? "coalesce(" : "nullif(", Expression(scope, depth), ", ",
                   Operand(scope, depth), ")");
    case 8:
      return Value("CASE WHEN ", Where(scope, depth), " THEN ", Expression(scope, depth), " ELSE ",
                   Operand(scope, depth), " END");
    case 9:
      return Value("(", Expression(scope, depth), " COLLATE NOCASE)");
    case 10:
      return Value("(", Where(scope, depth), ")");
    case 11:
    case 12:
      return Scalar(scope, depth);
  }
}

// Terms joined by AND.
Sql Generator::Where(const Scope& scope, int depth) {
  std::vector<Sql> terms;
  do {
    terms.push_back(Test(scope, depth));
  } while (OneIn(3) && terms.size() < 4);
  return Condition(Sql::List("", " AND ", 1, std::move(terms)));
}

Sql Generator::Test(const Scope& scope, int depth) {
  switch (Below(20)) {
    default:
      return Comparison(scope, depth);
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
      return Pattern(scope, depth);
    case 12:
    case 13:
    case 14:
      return Membership(scope, depth);
    case 15:
      return RowValues(scope, depth);
    case 16:
      return Ranked(scope, depth);
    case 17:
      return Condition(
          "(", Sql::List("", " OR ", 1, {Where(scope, depth - 1), Where(scope, depth - 1)}), ")");
    case 18:
    case 19:
      return Negated(scope, depth);
  }
}

Sql Generator::Comparison(const Scope& scope, int depth) {
  static const std::vector<std::string> kOps = {
      " = ", " = ", " = ", " == ", " < ", " <= ", " > ", " >= ", " <> ", " IS ", " IS NOT "};
  std::string op = random_.Pick(kOps);
  if (AbilitiesOfSqlite().is_distinct && OneIn(20))
    op = OneIn(2) ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ";
  const std::string collate = OneIn(12) ? " COLLATE NOCASE" : "";
  Sql left = OneIn(8) ? Expression(scope, depth) : Column(scope);
  Sql right = Operand(scope, depth);
  if (OneIn(10))
    return Condition(std::move(left), OneIn(6) ? " NOT BETWEEN " : " BETWEEN ", std::move(right),
                     " AND ", Operand(scope, depth));
  if (OneIn(6)) std::swap(left, right);
  return Condition(std::move(left), op, std::move(right), Sql::Optional(collate));
}

Sql Generator::Pattern(const Scope& scope, int depth) {
  return PatternOf(OneIn(8) ? Expression(scope, depth) : Column(scope), scope, depth);
}

Sql Generator::PatternOf(Sql left, const Scope& scope, int depth) {
  // Where a pattern matters, it mostly is a literal or a parameter.
  auto right = [&](const Cell& pattern) {
    if (OneIn(8)) return OneIn(2) ? Column(scope) : Expression(scope, depth);
    return OneIn(3) ? Parameter(pattern) : Value(Literal(pattern));
  };
  const std::string negation = OneIn(6) ? " NOT" : "";
  switch (Below(7)) {
    default:
      return Condition(std::move(left), negation + " LIKE ", right(TextCell(pool_.LikePattern())));
    case 2:
      return Condition(std::move(left), negation + " LIKE ", right(TextCell(pool_.LikePattern())),
                       " ESCAPE '\\'");
    case 3:
      return Condition(std::move(left), negation + " GLOB ", right(TextCell(pool_.GlobPattern())));
    case 4:
      return Condition(std::move(left), negation + " REGEXP ",
                       Value(Literal(TextCell(pool_.RegexpPattern()))));
    case 5:
    case 6:
      return Condition("has_prefix(", std::move(left), ", ", right(pool_.Prefix()), ")");
  }
}

Sql Generator::Membership(const Scope& scope, int depth) {
  const std::string in = OneIn(6) ? " NOT IN " : " IN ";
  Sql left = OneIn(8) ? Expression(scope, depth) : Column(scope);
  if (depth <= 0 || OneIn(2)) {
    std::vector<Sql> list;
    for (uint64_t n = 1 + Below(4); n > 0; --n) list.push_back(Operand(scope, depth));
    return Condition(std::move(left), in, Sql::List("(", ", ", 1, std::move(list)), ")");
  }
  if (OneIn(3)) {
    return Condition(OneIn(4) ? "NOT EXISTS (" : "EXISTS (", Select(&scope, depth - 1, 1, true).sql,
                     ")");
  }
  return Condition(std::move(left), in, "(", Select(&scope, depth - 1, 1, true).sql, ")");
}

Sql Generator::RowValues(const Scope& scope, int depth) {
  static const std::vector<std::string> kOps = {" = ",  " < ",  " <= ", " > ",
                                                " >= ", " IS ", " <> "};
  Sql left = Condition("(", Column(scope), ", ", Column(scope), ")");
  if (depth > 0 && OneIn(3)) {
    return Condition(std::move(left), OneIn(6) ? " NOT IN (" : " IN (",
                     Select(&scope, depth - 1, 2, true).sql, ")");
  }
  return Condition(std::move(left), random_.Pick(kOps), "(", Operand(scope, depth), ", ",
                   Operand(scope, depth), ")");
}

Sql Generator::Rank(const Source& source) {
  if (source.table == nullptr || !source.table->memkv) return {};
  if (no_target_ && source.table == target_) return {};
  const std::string &table = source.table->name, &key = source.table->columns[0].name;
  const std::string of = source.alias + "." + key;
  // Whether the row r is below it in key order.
  std::string below;
  for (size_t i = source.table->key_columns; i-- > 0;) {
    const std::string& name = source.table->columns[i].name;
    const std::string its = source.alias + "." + name;
    const std::string less = "r." + name + " < " + its;
    below =
        below.empty() ? less : "(" + less + " OR (r." + name + " = " + its + " AND " + below + "))";
  }
  std::vector<std::string> indexed;
  for (const test::Column& c : source.table->columns) {
    if (c.indexed) indexed.push_back(c.name);
  }
  // The row that an outer join made up has no rank.
  const std::string before = "CAST(CASE WHEN " + of +
                             " IS NULL THEN NULL ELSE (SELECT count(*) FROM " + table +
                             " AS r WHERE ";
  if (indexed.empty() || OneIn(2)) {
    return Sql::Sided(Sql::kValue, source.alias + ".rank", before + below + ") END AS INTEGER)");
  }
  const std::string& c = random_.Pick(indexed);
  const std::string its = source.alias + "." + c;
  return Sql::Sided(Sql::kValue, source.alias + "." + c + "_rank",
                    before + "(r." + c + " IS NOT " + its + " AND (r." + c + " IS NULL OR r." + c +
                        " < " + its + ")) OR (r." + c + " IS " + its + " AND " + below +
                        ")) END AS INTEGER)");
}

Sql Generator::Ranked(const Scope& scope, int depth) {
  if (scope.sources.empty()) return Comparison(scope, depth);
  Sql rank = Rank(random_.Pick(scope.sources));
  if (rank.empty()) return Comparison(scope, depth);
  static const std::vector<std::string> kOps = {" = ",  " < ",  " <= ", " > ",
                                                " >= ", " IS ", " <> "};
  auto number = [&]() -> Sql {
    const std::string n = std::to_string(static_cast<int>(Below(12)) - 2);
    switch (Below(8)) {
      default:
        return Value(n);
      case 3:
        return Parameter(IntegerCell(std::stoll(n)));
      case 4:
        return Value(n + (OneIn(2) ? ".0" : ".5"));
      case 5:
        return Value("'" + n + "'");
      case 6:
        return Constant();
      case 7:
        return OneIn(2) ? Column(scope) : Expression(scope, depth);
    }
  };
  switch (Below(6)) {
    case 0:
      return Condition(std::move(rank), " BETWEEN ", number(), " AND ", number());
    case 1:
      return Condition(std::move(rank), " IN (", number(), ", ", number(), ")");
    case 2:
      if (depth > 0)
        return Condition(std::move(rank), " IN (", Select(&scope, depth - 1, 1, true).sql, ")");
      [[fallthrough]];
    default:
      return Condition(std::move(rank), random_.Pick(kOps), number());
  }
}

Sql Generator::Negated(const Scope& scope, int depth) {
  switch (Below(4)) {
    case 0:
      return Condition(Column(scope), OneIn(2) ? " IS NULL" : " IS NOT NULL");
    case 1:
      return Condition("NOT (", Where(scope, depth - 1), ")");
    case 2:
      return Condition(Expression(scope, depth));
    default:
      return Condition(Column(scope), OneIn(2) ? " < " : " = ", Column(scope));
  }
}

}  // namespace memkv::test
