#include <algorithm>

#include "tests/random/statement_generator.h"

namespace memkv::test {

std::string Generator::Type() {
  static const std::vector<std::string> kTypes = {"TEXT", "TEXT",    "TEXT", "BLOB",
                                                  "",     "INTEGER", "REAL", "NUMERIC"};
  return random_.Pick(kTypes);
}

Table Generator::MakeTable(size_t number) {
  static const std::vector<std::string> kNames = {"t", "u", "p", "q"};
  static const std::vector<std::string> kColumns = {"a", "b", "c"};
  Table table;
  table.name = kNames[number];
  table.schema = OneIn(8) ? "temp" : OneIn(8) && !case_.file ? "aux" : "main";
  table.memkv = number == 0 || !OneIn(3);
  table.columns.push_back({"key", Type(), false, false});
  for (uint64_t n = Below(4), i = 0; i < n; ++i)
    table.columns.push_back({kColumns[i], Type(), OneIn(6), OneIn(2)});
  return table;
}

Step Generator::Fill(const Table& table) {
  Step step;
  std::vector<Sql> rows;
  for (uint64_t n = Below(10); n > 0; --n) {
    std::string row = "(";
    for (size_t i = 0; i < table.columns.size(); ++i)
      row += (i > 0 ? ", " : "") +
             Literal(i == 0 || table.columns[i].not_null ? pool_.Some() : pool_.Any());
    rows.push_back(row + ")");
  }
  if (rows.empty()) return step;
  step.sql = Parts(Sql::kPart, "INSERT OR REPLACE INTO " + table.name,
                   Sql::List(" VALUES ", ", ", 1, std::move(rows)));
  return step;
}

Step Generator::View() {
  Source view;
  view.alias = "v" + std::to_string(views_.size());
  const size_t width = 1 + Below(2);
  Query query = Select(nullptr, 1, width, true);
  for (size_t i = 0; i < width; ++i) view.columns.push_back("c" + std::to_string(i));
  Step step;
  // A view that names tables of several schemas has to be temporary. Parameters are not allowed.
  Sql sql = Parts(Sql::kPart, "CREATE TEMP VIEW " + view.alias + " AS ", std::move(query.sql));
  for (size_t i = 0; i < parameters_.size(); ++i)
    sql = sql.WithLiteral(static_cast<int>(i) + 1, Literal(parameters_[i]));
  step.sql = std::move(sql);
  views_.push_back(view);
  return step;
}

Step Generator::Transaction() {
  static const std::vector<std::string> kStatements = {
      "BEGIN",       "BEGIN IMMEDIATE", "COMMIT",        "COMMIT",    "ROLLBACK", "SAVEPOINT x",
      "SAVEPOINT y", "ROLLBACK TO x",   "ROLLBACK TO y", "RELEASE x", "RELEASE y"};
  Step step;
  step.sql = random_.Pick(kStatements);
  return step;
}

Step Generator::Maintenance() {
  Step step;
  std::vector<const Table*> ours;
  for (const Table& t : case_.tables) {
    if (t.memkv) ours.push_back(&t);
  }
  const Table& table = *random_.Pick(ours);
  step.kind = Step::kMemkv;
  const std::string into = "INSERT INTO " + table.schema + "." + table.name + "(" + table.name;
  switch (Below(6)) {
    case 0:
      step.sql = into + ") VALUES('rebuild')";
      break;
    case 1:
      step.sql = into + ", rank) VALUES('merge', 1)";
      break;
    default:
      step.sql = into + ") VALUES('freeze')";
  }
  return step;
}

// Each of the ways in which SQLite lets go of the virtual tables of a connection.
Step Generator::Disconnect(int connection) {
  Step step;
  step.kind = Step::kDisconnect;
  step.connection = connection;
  step.sql = "PRAGMA writable_schema = RESET";
  return step;
}

Step Generator::Statement() {
  parameters_.clear();
  aliases_ = 0;
  target_ = nullptr;
  Step step;
  switch (Below(20)) {
    default: {
      Query query = Select(nullptr, 2, 1 + Below(3), false);
      step.sql = std::move(query.sql);
      step.rows = query.rows;
      break;
    }
    case 10:
    case 11:
    case 12:
      step.sql = Insert();
      break;
    case 13:
    case 14:
      step.sql = Delete();
      break;
    case 15:
    case 16:
    case 17:
      step.sql = Update();
      break;
    case 18:
      step.sql = UpdateFrom();
      break;
  }
  step.parameters = parameters_;
  return step;
}

void Generator::NextStep() {
  if (OneIn(10)) {
    case_.steps.push_back(Transaction());
  } else if (case_.way != Case::kNeverFrozen && OneIn(case_.way == Case::kFrozen ? 5 : 12)) {
    case_.steps.push_back(Maintenance());
  } else {
    case_.steps.push_back(Statement());
  }
}

Case Generator::Make(uint64_t statements) {
  case_.way = static_cast<Case::Way>(Below(4));
  case_.file = OneIn(12);
  case_.durable = case_.file || OneIn(4);
  case_.regexp = static_cast<Regexp>(Below(5));
  case_.case_sensitive_like = OneIn(6);
  const uint64_t tables = 2 + Below(3);
  for (uint64_t i = 0; i < tables; ++i) case_.tables.push_back(MakeTable(i));
  for (const Table& t : case_.tables) {
    Step fill = Fill(t);
    if (!fill.sql.empty()) case_.steps.push_back(std::move(fill));
  }
  if (OneIn(3)) case_.steps.push_back(View());
  for (uint64_t i = 0; i < statements; ++i) NextStep();
  return std::move(case_);
}

}  // namespace memkv::test
