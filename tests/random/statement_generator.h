// Makes random cases. The same seed makes the same case, in programs of the same compiler.

#ifndef MEMKV_TESTS_RANDOM_STATEMENT_GENERATOR_H_
#define MEMKV_TESTS_RANDOM_STATEMENT_GENERATOR_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/random/statement_case.h"
#include "tests/random/statement_values.h"

namespace memkv::test {

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed), pool_(&random_) {}

  // About that many statements.
  Case Make(uint64_t statements);

 private:
  // Something in a FROM clause: a table, or columns without a table behind them.
  struct Source {
    std::string alias;
    const Table* table = nullptr;  // null: a view, a subquery, VALUES
    std::vector<std::string> columns;
  };
  // What an expression may name: the sources of its own SELECT, then those around it.
  struct Scope {
    std::vector<Source> sources;
    const Scope* outer = nullptr;
    // Columns that are joined on: what WHERE says of one of them SQLite carries over to the other.
    std::vector<Sql> joined;
  };
  struct Query {
    Sql sql;
    Step::Rows rows = Step::kInAnyOrder;
  };

  // Schemas and steps: statement_steps.cc
  Table MakeTable(size_t number);
  std::string Type();
  Step Fill(const Table& table);
  Step FillMany(const Table& table);
  Step View();
  std::optional<Step> Trigger();
  Step NextStep();
  Step Transaction();
  Step Command();
  Step Maintenance();
  Step Statement();
  Step Walk();
  Step Lookup();
  Step Again(int slot);
  void BeginStatement();
  Sql WithoutParameters(Sql sql) const;

  // Values and conditions: statement_expressions.cc
  Sql Column(const Scope& scope);
  Sql ColumnOf(const Source& source);
  Sql Constant();
  Sql Parameter(const Cell& cell);
  Sql Expression(const Scope& scope, int depth);
  Sql Computed(const Scope& scope, int depth);
  Sql Where(const Scope& scope, int depth);
  Sql Test(const Scope& scope, int depth);
  Sql Comparison(const Scope& scope, int depth);
  Sql Pattern(const Scope& scope, int depth);
  Sql PatternOf(Sql left, const Scope& scope, int depth);
  Sql Membership(const Scope& scope, int depth);
  Sql RowValues(const Scope& scope, int depth);
  Sql Ranked(const Scope& scope, int depth);
  Sql Negated(const Scope& scope, int depth);
  // A position in the order of the key or of an INDEXED column; "" where the source has none.
  Sql Rank(const Source& source);
  Sql Operand(const Scope& scope, int depth);

  // Queries: statement_queries.cc
  struct Shape {
    bool aggregate, group, distinct, window;
  };
  Sql From(Scope* scope, int depth);
  Source MakeSource(int depth, Sql* sql);
  Source MakeValues(Sql* sql);
  Sql Join(Scope* scope, int depth);
  Sql On(Scope* scope, int depth);
  // The rows of a subquery are to be the same whatever the plan: it has no LIMIT without a total
  // order.
  Query Select(const Scope* outer, int depth, size_t width, bool sub);
  Query Core(const Scope* outer, int depth, size_t width, bool sub);
  // One that an index may answer: statement_index_queries.cc
  Query ByIndex();
  std::vector<size_t> AnyIndex(const Table& table);
  Sql TestOf(const std::string& name, const Scope& scope);
  Query Compound(const Scope* outer, int depth, size_t width, bool sub);
  Sql Scalar(const Scope& scope, int depth);
  std::vector<Sql> Results(const Scope& scope, const Shape& shape, size_t width, int depth);
  Sql Filter(const Scope& scope, int depth);
  Sql Ending(const std::vector<std::string>& total, const Scope* scope, bool sub, Step::Rows* rows);
  Sql Order(const std::vector<std::string>& total, const Scope* scope, Sql first = {});
  Sql Limit();
  std::string Aggregate(const Scope& scope);
  std::vector<std::string> Keys(const Scope& scope);
  // 1, 2, ..., n: the result columns, as ORDER BY and GROUP BY name them.
  static std::vector<std::string> Positions(size_t n);

  // Writes: statement_writes.cc
  Sql Insert();
  Sql Delete();
  Sql Update();
  Sql UpdateFrom(bool* sets_aggregate);
  std::string Conflict();
  Sql Late(const Scope& scope);
  Sql NewKey(const Scope& scope);
  Sql OrderAndLimit(const Table& table, bool whole_key);
  // One of the case's, a memkv one more often.
  const Table& AnyTable();
  Source SourceOf(const Table& table, const std::string& alias);
  Scope ScopeOf(const Table& table, const std::string& alias);

  uint64_t Below(uint64_t n) { return random_.Below(n); }
  bool OneIn(uint64_t n) { return random_.OneIn(n); }
  std::string Alias() { return "s" + std::to_string(++aliases_); }

  Random random_;
  Pool pool_;
  Case case_;
  std::vector<Source> views_;
  // Of the statement being made:
  Row parameters_;
  int aliases_ = 0;
  const Table* target_ = nullptr;  // what it writes to
  bool no_target_ = false;         // subqueries may not read what it writes to
  std::vector<size_t> limits_;     // which of its parameters are numbers of rows
  std::string trigger_;            // in a trigger's body: a column of the row it is about
  // Of each statement that is kept, which parameters are numbers of rows.
  std::map<int, std::vector<size_t>> kept_;
  bool opens_ = false;  // whether a query was opened
  // The tables begin without any key that is a number, or reads as one: statements that were kept
  // meet such when they come.
  bool late_numbers_ = false;
};

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_STATEMENT_GENERATOR_H_
