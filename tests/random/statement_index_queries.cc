// Queries that one index can answer: tests of its columns in turn, its rows in its order.

#include <algorithm>

#include "tests/random/statement_generator.h"

namespace memkv::test {

// The columns of key order, of an INDEXED column or of an INDEX, and then those of the key.
std::vector<size_t> Generator::AnyIndex(const Table& table) {
  std::vector<std::vector<size_t>> indexes = table.indexes;
  indexes.emplace_back();  // key order
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].indexed) indexes.push_back({i});
  }
  std::vector<size_t> columns = random_.Pick(indexes);
  if (columns.size() < 2) columns = random_.Pick(indexes);  // more often one of several
  for (size_t i = 0; i < table.key_columns; ++i) {
    if (std::find(columns.begin(), columns.end(), i) == columns.end()) columns.push_back(i);
  }
  return columns;
}

// Mostly one that leaves one value, so that the next column narrows too; often of a value that the
// column has.
Sql Generator::TestOf(const std::string& name, const Scope& scope) {
  static const std::vector<std::string> kRanges = {" < ", " <= ", " > ", " >= "};
  const Sql column = Value(scope.sources[0].alias + "." + name);
  const std::string table = scope.sources[0].table->name;
  const auto value = [&] {
    if (OneIn(2)) return Constant();
    return Value((OneIn(2) ? "(SELECT min(" : "(SELECT max(") + name + ") FROM " + table + ")");
  };
  const auto list = [&] {
    if (OneIn(2)) return Parts(Sql::kPart, "(SELECT " + name + " FROM " + table + ")");
    std::vector<Sql> values;
    for (uint64_t n = 1 + Below(4); n > 0; --n) values.push_back(value());
    return Parts(Sql::kPart, Sql::List("(", ", ", 1, std::move(values)), ")");
  };
  switch (Below(10)) {
    default:
      return Condition(column, OneIn(6) ? " IS " : " = ", value());
    case 4:
    case 5:
      return Condition(column, " IN ", list());
    case 6:
      return Condition(column, random_.Pick(kRanges), value());
    case 7:
      return Condition(column, " >= ", value(), " AND ", column, " < ", value());
    case 8:
      return PatternOf(column, scope, 0);
    case 9:
      return OneIn(2) ? Condition(column, " IS NULL") : Condition(column, " IS NOT NULL");
  }
}

Generator::Query Generator::ByIndex() {
  const Table& table = AnyTable();
  const Scope scope = ScopeOf(table, Alias());
  const std::string alias = scope.sources[0].alias;
  std::vector<std::string> names;
  std::vector<Sql> tests;
  bool narrows = true;
  for (const size_t i : AnyIndex(table)) {
    const std::string& name = table.columns[i].name;
    names.push_back(alias + "." + name);
    narrows = narrows && !OneIn(3);
    if (narrows) tests.push_back(TestOf(name, scope));
    if (narrows && OneIn(5)) tests.push_back(TestOf(name, scope));
  }

  const uint64_t kind = Below(3);
  const bool distinct = kind == 0, group = kind == 1;
  const size_t width = 1 + Below(std::min<uint64_t>(names.size(), 3));
  std::string results, positions;
  for (size_t i = 0; i < width; ++i) {
    results += (i ? ", " : "") + names[i] + " AS c" + std::to_string(i);
    positions += (i ? ", " : "") + std::to_string(i + 1);
  }
  if (group) results += OneIn(2) ? ", count(*)" : "";

  std::vector<Sql> parts;
  parts.push_back((distinct ? "SELECT DISTINCT " : "SELECT ") + results + " FROM " + table.name +
                  " AS " + alias);
  if (!tests.empty())
    parts.push_back(Sql::Optional(
        Parts(Sql::kPart, " WHERE ", Condition(Sql::List("", " AND ", 1, std::move(tests))))));
  if (group) parts.push_back(" GROUP BY " + positions);
  Query query;
  const bool by_position = distinct || group;
  parts.push_back(
      Ending(by_position ? Positions(width) : names, nullptr, /*sub=*/false, &query.rows));
  query.sql = Sql::Of(Sql::kSelect, std::move(parts));
  return query;
}

}  // namespace memkv::test
