#include <algorithm>

#include "tests/random/statement_generator.h"
#include "tests/random/statement_world.h"

namespace memkv::test {

std::vector<std::string> Generator::Positions(size_t n) {
  std::vector<std::string> out;
  for (size_t i = 1; i <= n; ++i) out.push_back(std::to_string(i));
  return out;
}

Generator::Source Generator::MakeValues(Sql* sql) {
  Source source{Alias(), nullptr, {"column1", "column2"}};
  source.columns.resize(1 + Below(2));
  std::vector<Sql> rows;
  for (uint64_t n = 1 + Below(4); n > 0; --n) {
    std::vector<Sql> row;
    for (size_t i = 0; i < source.columns.size(); ++i) row.push_back(Constant());
    rows.push_back(
        Parts(Sql::kPart, Sql::List("(", ", ", source.columns.size(), std::move(row)), ")"));
  }
  *sql = Parts(Sql::kPart, Sql::List("(VALUES ", ", ", 1, std::move(rows)), ") AS " + source.alias);
  return source;
}

Generator::Source Generator::MakeSource(int depth, Sql* sql) {
  const uint64_t kind = Below(20);
  if (kind == 0 && depth > 0) return MakeValues(sql);
  Source source;
  source.alias = Alias();
  if (kind <= 2 && depth > 0) {
    const size_t width = 1 + Below(2);
    static const std::vector<std::string> kWith = {"WITH w AS (", "WITH w AS MATERIALIZED (",
                                                   "WITH w AS NOT MATERIALIZED ("};
    const bool with = OneIn(5);
    *sql = Parts(Sql::kPart, "(", with ? random_.Pick(kWith) : "",
                 Select(nullptr, depth - 1, width, true).sql, with ? ") SELECT * FROM w" : "",
                 ") AS " + source.alias);
    for (size_t i = 0; i < width; ++i) source.columns.push_back("c" + std::to_string(i));
    return source;
  }
  if (kind <= 4 && !views_.empty() && !no_target_) {
    const Source& view = random_.Pick(views_);
    *sql = view.alias + " AS " + source.alias;
    source.columns = view.columns;
    return source;
  }
  source.table = &AnyTable();
  if (no_target_ && source.table == target_) {
    // There are two tables at least.
    for (const Table& t : case_.tables) {
      if (&t != target_) source.table = &t;
    }
  }
  *sql = source.table->name + " AS " + source.alias;
  return SourceOf(*source.table, source.alias);
}

Sql Generator::On(Scope* scope, int depth) {
  // Mostly some equality of columns, so that not everything is joined with everything.
  if (OneIn(3) || scope->sources.size() < 2) return Where(*scope, depth);
  const Sql left = ColumnOf(scope->sources[Below(scope->sources.size() - 1)]);
  const Sql right = ColumnOf(scope->sources.back());
  scope->joined.push_back(left);
  scope->joined.push_back(right);
  std::vector<Sql> terms;
  terms.push_back(Condition(left, OneIn(6) ? " IS " : " = ", right));
  if (OneIn(2)) terms.push_back(Test(*scope, depth));
  return Condition(Sql::List("", " AND ", 1, std::move(terms)));
}

Sql Generator::Join(Scope* scope, int depth) {
  static const std::vector<std::string> kKinds = {", ",           " JOIN ",       " LEFT JOIN ",
                                                  " LEFT JOIN ",  " CROSS JOIN ", " INNER JOIN ",
                                                  " RIGHT JOIN ", " FULL JOIN "};
  std::string kind = random_.Pick(kKinds);
  if (!AbilitiesOfSqlite().outer_joins && (kind == " RIGHT JOIN " || kind == " FULL JOIN "))
    kind = " LEFT JOIN ";
  Sql source;
  const Source made = MakeSource(depth, &source);
  const Source& before = scope->sources[Below(scope->sources.size())];
  const bool common =
      made.table != nullptr && before.table != nullptr && scope->sources.size() == 1;
  const std::string shared = before.columns[Below(before.columns.size())];
  const bool has =
      std::find(made.columns.begin(), made.columns.end(), shared) != made.columns.end();
  scope->sources.push_back(made);
  if (kind == ", ") return Parts(Sql::kPart, kind, std::move(source));
  if (common && has && OneIn(5))
    return Parts(Sql::kPart, kind, std::move(source), " USING(" + shared + ")");
  if (common && kind != " CROSS JOIN " && OneIn(15))
    return Parts(Sql::kPart, " NATURAL" + kind, std::move(source));
  const bool without = kind == " JOIN " || kind == " CROSS JOIN ";
  if (without && OneIn(4)) return Parts(Sql::kPart, kind, std::move(source));
  return Parts(Sql::kPart, kind, std::move(source), " ON ", On(scope, depth - 1));
}

Sql Generator::From(Scope* scope, int depth) {
  Sql first;
  scope->sources.push_back(MakeSource(depth, &first));
  std::vector<Sql> joins;
  const uint64_t most = scope->outer == nullptr ? 10 : 6;
  for (uint64_t n = Below(most); n >= 5 && joins.size() < 3; n -= 2)
    joins.push_back(Join(scope, depth));
  return Parts(Sql::kPart, " FROM ", std::move(first), Sql::List("", "", 0, std::move(joins)));
}

std::vector<std::string> Generator::Keys(const Scope& scope) {
  std::vector<std::string> keys;
  for (const Source& s : scope.sources) {
    const size_t n = s.table != nullptr ? s.table->key_columns : s.columns.size();
    for (size_t i = 0; i < n; ++i) keys.push_back(s.alias + "." + s.columns[i]);
  }
  return keys;
}

// ` ORDER BY `, perhaps `first` or something of the scope's, and the terms that make the order total.
Sql Generator::Order(const std::vector<std::string>& total, const Scope* scope, Sql first) {
  static const std::vector<std::string> kDirections = {
      "", "", " DESC", " ASC", " NULLS LAST", " DESC NULLS FIRST"};
  // One direction for all is what an index can give.
  const std::string all = OneIn(2) ? "" : " DESC";
  const bool mixed = OneIn(5);
  auto direction = [&] { return mixed ? random_.Pick(kDirections) : all; };
  std::vector<Sql> parts;
  parts.push_back(" ORDER BY ");
  if ((scope != nullptr || !first.empty()) && OneIn(2)) {
    if (first.empty()) first = OneIn(8) ? Rank(random_.Pick(scope->sources)) : Sql();
    if (first.empty()) first = OneIn(6) ? Expression(*scope, 0) : Column(*scope);
    parts.push_back(Sql::Optional(Parts(Sql::kPart, std::move(first),
                                        OneIn(10) ? " COLLATE NOCASE" : "", direction(), ", ")));
  }
  for (size_t i = 0; i < total.size(); ++i)
    parts.push_back((i > 0 ? ", " : "") + total[i] + direction());
  return Sql::Of(Sql::kPart, std::move(parts));
}

Sql Generator::Limit() {
  auto number = [&](uint64_t below) {
    const int n = static_cast<int>(Below(below)) - (OneIn(12) ? 1 : 0);
    if (!OneIn(4)) return Value(std::to_string(n));
    limits_.push_back(parameters_.size());
    return Parameter(IntegerCell(n));
  };
  Sql limit = number(8);
  if (OneIn(2)) return Parts(Sql::kPart, " LIMIT ", std::move(limit));
  return Parts(Sql::kPart, " LIMIT ", std::move(limit),
               Sql::Optional(Parts(Sql::kPart, " OFFSET ", number(5))));
}

// Not sum() of reals, which depends on the order, nor a column beside an aggregate, which is any.
std::string Generator::Aggregate(const Scope& scope) {
  const std::string column = ColumnOf(random_.Pick(scope.sources)).Text(For::kTwin);
  switch (Below(5)) {
    case 0:
      return "count(*)";
    case 1:
      return "min(" + column + ")";
    case 2:
      return "max(" + column + ")";
    case 3:
      return "count(DISTINCT " + column + ")";
    default:
      return "count(" + column + ")";
  }
}

std::vector<Sql> Generator::Results(const Scope& scope, const Shape& shape, size_t width,
                                    int depth) {
  std::vector<Sql> results;
  for (size_t i = 0; i < width; ++i) {
    const std::string as = " AS c" + std::to_string(i);
    Sql rank = OneIn(12) ? Rank(random_.Pick(scope.sources)) : Sql();
    if (shape.aggregate || (shape.group && i > 0)) {
      results.push_back(Aggregate(scope) + as);
    } else if (shape.window) {
      std::string keys;
      for (const std::string& key : Keys(scope)) keys += (keys.empty() ? "" : ", ") + key;
      results.push_back(OneIn(2) ? "row_number() OVER (ORDER BY " + keys + ")" + as
                                 : "count(*) OVER (PARTITION BY " + Column(scope).Text(For::kTwin) +
                                       ")" + as);
    } else if (!rank.empty()) {
      results.push_back(Parts(Sql::kPart, std::move(rank), as));
    } else {
      results.push_back(Parts(Sql::kPart, Expression(scope, depth), as));
    }
  }
  return results;
}

Sql Generator::Filter(const Scope& scope, int depth) {
  if (!scope.joined.empty() && OneIn(4)) {
    // What one side of a join equals, the other does too.
    const Cell value = pool_.Some();
    return Sql::Optional(Parts(Sql::kPart, " WHERE ",
                               Condition(random_.Pick(scope.joined), OneIn(3) ? " IS " : " = ",
                                         OneIn(3) ? Value(Literal(value)) : Parameter(value))));
  }
  if (OneIn(4)) return {};
  return Sql::Optional(Parts(Sql::kPart, " WHERE ", Where(scope, depth)));
}

// ORDER BY and LIMIT. Without a total order LIMIT leaves any rows: their number is promised, which
// is nothing that a query around it could go by.
Sql Generator::Ending(const std::vector<std::string>& total, const Scope* scope, bool sub,
                      Step::Rows* rows) {
  if (OneIn(2)) {
    *rows = Step::kInOrder;
    Sql order = Order(total, scope);
    Sql limit = OneIn(2) ? Sql::Optional(Limit()) : Sql();
    return Sql::Optional(Parts(Sql::kPart, std::move(order), std::move(limit)));
  }
  if (sub || !OneIn(4)) return {};
  *rows = Step::kCount;
  return Sql::Optional(Limit());
}

// One SELECT that is not a compound.
Generator::Query Generator::Core(const Scope* outer, int depth, size_t width, bool sub) {
  Scope scope;
  scope.outer = outer;
  Sql from = From(&scope, depth);
  const uint64_t kind = Below(12);
  const Shape shape = {kind == 0, kind == 1, kind == 2, kind == 3 && !sub};
  const bool star = kind >= 10 && !sub && outer == nullptr;
  std::vector<Sql> parts;
  parts.push_back(shape.distinct ? "SELECT DISTINCT " : "SELECT ");
  parts.push_back(star ? Sql("*") : Sql::List("", ", ", 1, Results(scope, shape, width, depth)));
  parts.push_back(std::move(from));
  parts.push_back(Filter(scope, depth));
  if (shape.group) {
    parts.push_back(" GROUP BY 1");
    if (OneIn(3)) parts.push_back(Sql::Optional(" HAVING count(*) > 1"));
  }
  Query query;
  const bool by_position = shape.group || shape.distinct || shape.aggregate;
  parts.push_back(Ending(by_position ? Positions(width) : Keys(scope),
                         by_position ? nullptr : &scope, sub, &query.rows));
  query.sql = Sql::Of(Sql::kSelect, std::move(parts));
  return query;
}

Generator::Query Generator::Compound(const Scope* outer, int depth, size_t width, bool sub) {
  static const std::vector<std::string> kOps = {" UNION ", " UNION ALL ", " UNION ALL ",
                                                " INTERSECT ", " EXCEPT "};
  std::vector<Sql> parts;
  for (uint64_t n = 2 + Below(2), i = 0; i < n; ++i) {
    Scope scope;
    scope.outer = outer;
    Sql from = From(&scope, depth);
    std::vector<Sql> results;
    for (size_t c = 0; c < width; ++c)
      results.push_back(Parts(Sql::kPart, OneIn(4) ? Expression(scope, depth) : Column(scope),
                              " AS c" + std::to_string(c)));
    Sql arm = Parts(Sql::kPart, "SELECT ", Sql::List("", ", ", 1, std::move(results)),
                    std::move(from), Filter(scope, depth));
    parts.push_back(i == 0 ? std::move(arm)
                           : Sql::Optional(Parts(Sql::kPart, random_.Pick(kOps), std::move(arm))));
  }
  Query query;
  parts.push_back(Ending(Positions(width), nullptr, sub, &query.rows));
  query.sql = Sql::Of(Sql::kSelect, std::move(parts));
  return query;
}

Generator::Query Generator::Select(const Scope* outer, int depth, size_t width, bool sub) {
  if (!sub && outer == nullptr && OneIn(3)) return ByIndex();
  return OneIn(5) ? Compound(outer, depth, width, sub) : Core(outer, depth, width, sub);
}

// One value: an aggregate, or the first of a total order.
Sql Generator::Scalar(const Scope& outer, int depth) {
  Scope scope;
  scope.outer = &outer;
  Sql source;
  scope.sources.push_back(MakeSource(depth - 1, &source));
  Sql where = Sql::Optional(Parts(Sql::kPart, " WHERE ", Where(scope, depth - 1)));
  if (OneIn(2)) {
    return Value("(SELECT " + Aggregate(scope) + " FROM ", std::move(source), std::move(where),
                 ")");
  }
  return Value("(SELECT ", Column(scope), " FROM ", std::move(source), std::move(where),
               Order(Keys(scope), nullptr), " LIMIT 1", OneIn(3) ? " OFFSET 1" : "", ")");
}

}  // namespace memkv::test
