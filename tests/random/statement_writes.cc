#include <algorithm>

#include "tests/random/statement_generator.h"
#include "tests/random/statement_world.h"

namespace memkv::test {
namespace {

std::string Listed(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

// As a row value, where it has several.
std::string List(const std::vector<std::string>& names) {
  return names.size() == 1 ? names[0] : "(" + Listed(names) + ")";
}

}  // namespace

const Table& Generator::AnyTable() {
  const Table& table = random_.Pick(case_.tables);
  return table.memkv ? table : random_.Pick(case_.tables);
}

Generator::Source Generator::SourceOf(const Table& table, const std::string& alias) {
  Source source{alias, &table, {}};
  for (const test::Column& c : table.columns) source.columns.push_back(c.name);
  return source;
}

Generator::Scope Generator::ScopeOf(const Table& table, const std::string& alias) {
  return Scope{{SourceOf(table, alias)}, nullptr, {}};
}

std::string Generator::Conflict() {
  static const std::vector<std::string> kConflicts = {"",
                                                      "",
                                                      "",
                                                      "",
                                                      " OR IGNORE",
                                                      " OR REPLACE",
                                                      " OR REPLACE",
                                                      " OR FAIL",
                                                      " OR ABORT",
                                                      " OR ROLLBACK"};
  return random_.Pick(kConflicts);
}

Sql Generator::Insert() {
  target_ = &AnyTable();
  const size_t width = target_->columns.size();
  // Any columns, in any order; the others are NULL.
  std::vector<std::string> names;
  for (const test::Column& c : target_->columns) names.push_back(c.name);
  if (OneIn(5)) std::swap(names[0], names[Below(width)]);
  if (OneIn(8)) names.resize(1 + Below(width));
  std::string list = "(";
  for (const std::string& name : names) list += (list.size() > 1 ? ", " : "") + name;
  const std::string into =
      (OneIn(8) ? "REPLACE" : "INSERT" + Conflict()) + " INTO " + target_->name + list + ")";
  if (OneIn(60)) return Parts(Sql::kPart, into.substr(0, into.find('(')), " DEFAULT VALUES");
  if (OneIn(4)) {
    Query query = Select(nullptr, 1, names.size(), true);
    return Parts(Sql::kPart, into, " ", std::move(query.sql));
  }
  std::vector<Sql> rows;
  const Scope none;
  for (uint64_t n = 1 + Below(4); n > 0; --n) {
    std::vector<Sql> values;
    for (size_t i = 0; i < names.size(); ++i)
      values.push_back(OneIn(20) ? Scalar(none, 1) : Constant());
    rows.push_back(Parts(Sql::kPart, Sql::List("(", ", ", names.size(), std::move(values)), ")"));
  }
  return Parts(Sql::kPart, into, Sql::List(" VALUES ", ", ", 1, std::move(rows)));
}

// ORDER BY and LIMIT of a DELETE or UPDATE. Without ORDER BY the rows that LIMIT leaves are
// promised only where at most one matches.
Sql Generator::OrderAndLimit(const Table& table, bool one) {
  if (!AbilitiesOfSqlite().update_limit || !trigger_.empty() || !OneIn(3)) return {};
  if (one && OneIn(2)) return Sql::Optional(" LIMIT 1");
  const Scope scope = ScopeOf(table, table.name);
  return Parts(Sql::kPart, Order(table.Key(table.name + "."), nullptr, Column(scope)), Limit());
}

Sql Generator::Delete() {
  target_ = &AnyTable();
  const Scope scope = ScopeOf(*target_, target_->name);
  const std::string key = target_->name + "." + target_->columns[0].name;
  const bool one = target_->key_columns == 1 && OneIn(3);
  Sql where;
  if (one) {
    where = Parts(Sql::kPart, " WHERE ",
                  Condition(Sql::List("", " AND ", 1, {Condition(key + " = ", Constant())})));
  } else if (!OneIn(12)) {
    where = Sql::Optional(Parts(Sql::kPart, " WHERE ", Where(scope, 1)));
  }
  return Parts(Sql::kPart, "DELETE FROM " + target_->name, std::move(where),
               OrderAndLimit(*target_, one));
}

Sql Generator::NewKey(const Scope& scope) {
  const std::string key = scope.sources[0].alias + "." + scope.sources[0].columns[0];
  switch (Below(8)) {
    default:
      return Value(key, " || ", Constant());
    case 1:
      return Value("substr(" + key + ", 1, " + std::to_string(1 + Below(2)) + ")");
    case 2:
      return Value("substr(" + key + ", 2)");
    case 3:
      return Value(key, OneIn(2) ? " + 1" : " - 1");
    case 4: {
      // Two keys change places.
      const std::string a = Literal(pool_.Some()), b = Literal(pool_.Some());
      return Value("CASE " + key + " WHEN " + a + " THEN " + b + " WHEN " + b + " THEN " + a +
                   " ELSE " + key + " END");
    }
    case 5:
      return Value(OneIn(2) ? "upper(" : "lower(", key, ")");
    case 6:
      return Constant();
    case 7:
      return Expression(scope, 1);
  }
}

// A query that is run first when some rows are written.
Sql Generator::Late(const Scope& scope) {
  const std::string column = random_.Pick(scope.sources[0].columns);
  return Value("CASE WHEN " + scope.sources[0].alias + "." + column + " = ", Constant(), " THEN ",
               Scalar(scope, 1), " END");
}

// In a trigger no key is rewritten: the order in which rows are visited, on which it depends what
// collides, cannot be seen from the statement that sets the trigger off.
Sql Generator::Update() {
  target_ = &AnyTable();
  const Scope scope = ScopeOf(*target_, target_->name);
  // A plain table computes each row from what the rows before it have become, a virtual one
  // computes all first: SET reads other tables only.
  no_target_ = true;
  std::vector<Sql> sets;
  const size_t width = target_->columns.size();
  if (width == 1 && !trigger_.empty()) return Delete();
  const bool rewrites = width == 1 || (trigger_.empty() && OneIn(2));
  if (rewrites) sets.push_back(Parts(Sql::kPart, target_->columns[0].name + " = ", NewKey(scope)));
  for (size_t i = 1; i < width; ++i) {
    if (!sets.empty() && OneIn(2)) continue;
    if (i < target_->key_columns && !(rewrites && OneIn(3))) continue;
    const std::string& name = target_->columns[i].name;
    sets.push_back(Parts(Sql::kPart, name + " = ",
                         OneIn(5)   ? Value(name + " + 1")
                         : OneIn(5) ? Late(scope)
                         : OneIn(2) ? Expression(scope, 1)
                                    : Constant()));
  }
  if (sets.empty())
    sets.push_back(Parts(Sql::kPart, target_->columns[0].name + " = ", NewKey(scope)));
  if (sets.size() == 1 && width > 2 && target_->key_columns == 1 && OneIn(6)) {
    // Two columns at once, by a row value.
    sets[0] = Parts(Sql::kPart,
                    "(" + target_->columns[1].name + ", " + target_->columns[2].name + ") = (",
                    Expression(scope, 1), ", ", Constant(), ")");
  }
  no_target_ = false;
  const bool one = target_->key_columns == 1 && OneIn(4);
  const std::string key = target_->name + "." + target_->columns[0].name;
  Sql where;
  if (one) {
    where = Parts(Sql::kPart, " WHERE ",
                  Condition(Sql::List("", " AND ", 1, {Condition(key + " = ", Constant())})));
  } else if (!OneIn(4)) {
    where = Sql::Optional(Parts(Sql::kPart, " WHERE ", Where(scope, 1)));
  }
  return Parts(Sql::kPart, "UPDATE" + Conflict() + " " + target_->name,
               Sql::List(" SET ", ", ", 1, std::move(sets)), std::move(where),
               OrderAndLimit(*target_, one));
}

// Which of several rows of FROM is taken is not promised: there is one, or the one of an aggregate.
Sql Generator::UpdateFrom(bool* sets_aggregate) {
  target_ = &AnyTable();
  const std::string& table = target_->name;
  const Scope scope = ScopeOf(*target_, table);
  const std::string column = random_.Pick(scope.sources[0].columns);
  const std::string set = "UPDATE" + Conflict() + " " + table + " SET " + column + " = ";
  const Table& other = AnyTable();
  const std::string alias = Alias(), key = other.columns[0].name;
  const std::string from = " FROM " + other.name + " AS " + alias;
  std::string same;  // the same row of the table
  for (const std::string& k : target_->Key("."))
    same += (same.empty() ? "" : " AND ") + alias + k + " = " + table + k;
  // Of a key of several columns many rows may have the greatest first.
  switch (target_->key_columns > 1 ? 1 + Below(9) : Below(10)) {
    case 0:
      *sets_aggregate = true;
      // The whole becomes an aggregate, of one row, the one with the greatest key.
      return Parts(Sql::kPart, set + "(SELECT max(" + table + "." + target_->columns[0].name + "))",
                   from, Sql::Optional(Parts(Sql::kPart, " WHERE ", Where(scope, 0))));
    case 1:
    case 2:
    case 3: {
      Sql inner;
      Scope one;
      one.sources.push_back(MakeSource(0, &inner));
      return Parts(Sql::kPart, set + alias + ".m FROM (SELECT " + Aggregate(one) + " AS m FROM ",
                   std::move(inner), Sql::Optional(Parts(Sql::kPart, " WHERE ", Where(one, 1))),
                   ") AS " + alias, Sql::Optional(Parts(Sql::kPart, " WHERE ", Where(scope, 0))));
    }
    case 4:
    case 5:
    case 6:
      return Parts(Sql::kPart, set + alias + "." + random_.Pick(scope.sources[0].columns),
                   " FROM " + table + " AS " + alias + " WHERE " + same,
                   Sql::Optional(Parts(Sql::kPart, " AND ", Where(scope, 0))));
    default:
      return Parts(Sql::kPart, set + alias + "." + key,
                   from + " WHERE " + List(other.Key(alias + ".")) + " IS (SELECT " +
                       Listed(other.Key("")) + " FROM " + other.name + " ORDER BY " +
                       Listed(other.Key("")) + " LIMIT 1)",
                   Sql::Optional(Parts(Sql::kPart, " AND ", Where(scope, 0))));
  }
}

}  // namespace memkv::test
