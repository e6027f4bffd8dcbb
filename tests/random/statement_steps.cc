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
  // The second connection of a file has neither of the others.
  table.schema = case_.file ? "main" : OneIn(8) ? "temp" : OneIn(8) ? "aux" : "main";
  table.memkv = number == 0 || !OneIn(3);
  table.columns.push_back({"key", Type(), false, false});
  for (uint64_t n = Below(4), i = 0; i < n; ++i)
    table.columns.push_back({kColumns[i], Type(), OneIn(6), OneIn(2)});
  const size_t width = table.columns.size();
  if (late_numbers_ || width == 1) return table;
  if (OneIn(2)) {
    table.key_columns = 2 + Below(width - 1);
    for (size_t i = 1; i < table.key_columns; ++i) table.columns[i].indexed &= OneIn(2);
  }
  while (OneIn(3)) {
    std::vector<size_t> index;
    for (size_t n = 1 + Below(3); n > 0; --n) {
      const size_t column = Below(width);
      if (std::find(index.begin(), index.end(), column) == index.end()) index.push_back(column);
    }
    table.indexes.push_back(std::move(index));
  }
  return table;
}

Step Generator::Fill(const Table& table) {
  Step step;
  std::vector<Sql> rows;
  for (uint64_t n = Below(10); n > 0; --n) {
    std::string row = "(";
    for (size_t i = 0; i < table.columns.size(); ++i)
      row += (i > 0 ? ", " : "") + Literal(i == 0 && late_numbers_ ? pool_.Word()
                                           : i < table.key_columns || table.columns[i].not_null
                                               ? pool_.Some()
                                               : pool_.Any());
    rows.push_back(row + ")");
  }
  if (rows.empty()) return step;
  step.writes = true;
  step.sql = Parts(Sql::kPart, "INSERT OR REPLACE INTO " + table.name,
                   Sql::List(" VALUES ", ", ", 1, std::move(rows)));
  return step;
}

// Enough rows for several leaves.
Step Generator::FillMany(const Table& table) {
  static const std::vector<std::string> kKeys = {"'k' || i",
                                                 "i",
                                                 "i * 0.5",
                                                 "i * 7919 % 1000",
                                                 "char(97 + i % 3) || i",
                                                 "CAST('b' || i AS BLOB)"};
  Step step;
  step.writes = true;
  // Many rows with one value of a key's first columns, or one.
  const size_t unlike = OneIn(2) ? 0 : table.key_columns - 1;
  std::string columns;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    columns += i > 0 ? ", " : "";
    columns += i != unlike     ? std::string(OneIn(2) ? "i % 10" : "'v' || (i % 7)")
               : late_numbers_ ? kKeys[0]
                               : random_.Pick(kKeys);
  }
  step.sql = "INSERT OR REPLACE INTO " + table.name + " SELECT " + columns +
             " FROM (WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c WHERE i < " +
             std::to_string(70 + Below(100)) + ") SELECT i FROM c)";
  return step;
}

// In what a schema keeps no parameter is allowed.
Sql Generator::WithoutParameters(Sql sql) const {
  for (size_t i = 0; i < parameters_.size(); ++i)
    sql = sql.WithLiteral(static_cast<int>(i) + 1, Literal(parameters_[i]));
  return sql;
}

void Generator::BeginStatement() {
  parameters_.clear();
  limits_.clear();
  aliases_ = 0;
  target_ = nullptr;
}

Step Generator::View() {
  BeginStatement();
  Source view;
  view.alias = "v" + std::to_string(views_.size());
  const size_t width = 1 + Below(2);
  Query query = Select(nullptr, 1, width, true);
  for (size_t i = 0; i < width; ++i) view.columns.push_back("c" + std::to_string(i));
  Step step;
  // A view that names tables of several schemas has to be temporary.
  step.sql = WithoutParameters(Parts(Sql::kPart, case_.file ? "CREATE VIEW " : "CREATE TEMP VIEW ",
                                     view.alias, " AS ", std::move(query.sql)));
  views_.push_back(view);
  return step;
}

// On a plain table: there are none on virtual ones.
std::optional<Step> Generator::Trigger() {
  const auto plain = std::find_if(case_.tables.begin(), case_.tables.end(),
                                  [](const Table& t) { return !t.memkv && t.schema == "main"; });
  if (plain == case_.tables.end()) return std::nullopt;
  static const std::vector<std::string> kEvents = {"INSERT", "DELETE", "UPDATE"};
  BeginStatement();
  const std::string event = random_.Pick(kEvents);
  trigger_ = event == "DELETE" ? "OLD.key" : "NEW.key";
  std::vector<Sql> body;
  for (uint64_t n = 1 + Below(2); n > 0; --n)
    body.push_back(Parts(Sql::kPart, OneIn(2) ? Insert() : OneIn(2) ? Delete() : Update(), "; "));
  trigger_.clear();
  Step step;
  step.sql = WithoutParameters(
      Parts(Sql::kPart,
            (case_.file ? "CREATE TRIGGER g AFTER " : "CREATE TEMP TRIGGER g AFTER ") + event +
                " ON " + plain->name + " BEGIN ",
            Sql::List("", "", 1, std::move(body)), "END"));
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

Step Generator::Command() {
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

// What changes no row, but the plans, the schema or the file.
Step Generator::Maintenance() {
  static const std::vector<std::string> kStatements = {
      "CREATE TABLE IF NOT EXISTS z(x)",
      "DROP TABLE IF EXISTS z",
      "VACUUM",
      "PRAGMA wal_checkpoint(TRUNCATE)",
      "PRAGMA writable_schema = RESET",
      "ANALYZE",
      "SAVEPOINT d; CREATE TABLE d(x); ROLLBACK TO d; RELEASE d"};
  Step step;
  step.rows = Step::kCount;
  step.sql = random_.Pick(kStatements);
  if (OneIn(4)) step.kind = Step::kDisconnect;
  return step;
}

Step Generator::Statement() {
  BeginStatement();
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
      step.sql = UpdateFrom(&step.sets_aggregate);
      break;
  }
  step.writes = target_ != nullptr;
  step.parameters = parameters_;
  return step;
}

// One walk of one table: what the second table of a join, or the second term of an OR, sees of
// writes that come between is not promised.
Step Generator::Walk() {
  BeginStatement();
  Step step;
  step.kind = Step::kOpen;
  const Table& table = AnyTable();
  const Scope scope = ScopeOf(table, "s1");
  std::vector<std::string> order = table.Key("s1.");
  const test::Column& first = random_.Pick(table.columns);
  if (first.indexed) order.insert(order.begin(), "s1." + first.name);
  step.order_columns = static_cast<int>(order.size());
  step.descending = OneIn(2);
  std::string columns, by;
  for (const test::Column& c : table.columns) columns += "s1." + c.name + ", ";
  for (size_t i = 0; i < order.size(); ++i) {
    columns += (i > 0 ? ", " : "") + order[i];
    by += (i > 0 ? ", " : " ORDER BY ") + order[i] + (step.descending ? " DESC" : "");
  }
  Sql where;
  if (!OneIn(3)) {
    where = Sql::Optional(
        Parts(Sql::kPart, " WHERE ",
              Condition(ColumnOf(scope.sources[0]), OneIn(2) ? " >= " : " < ", Constant())));
  } else if (OneIn(2)) {
    where = Sql::Optional(Parts(Sql::kPart, " WHERE ", Pattern(scope, 0)));
  }
  step.sql = Parts(Sql::kPart, "SELECT " + columns + " FROM " + table.name + " AS s1",
                   std::move(where), by);
  step.rows = Step::kInOrder;
  step.parameters = parameters_;
  return step;
}

// A statement that finds rows by their key, and is kept.
Step Generator::Lookup() {
  BeginStatement();
  const Table &table = AnyTable(), &other = AnyTable();
  Step step;
  step.kind = Step::kPrepare;
  step.slot = static_cast<int>(Below(2));
  if (OneIn(3)) {
    step.sql =
        Parts(Sql::kPart, "SELECT * FROM " + table.name + " WHERE key = ", Parameter(pool_.Any()));
  } else {
    const Source source = SourceOf(other, "s1");
    step.sql = Parts(Sql::kPart, "SELECT s1.key, s2.* FROM " + other.name + " AS s1 ",
                     OneIn(3) ? "LEFT JOIN " : "JOIN ",
                     table.name + " AS s2 ON s2.key = ", ColumnOf(source));
  }
  step.parameters = parameters_;
  kept_[step.slot] = limits_;
  return step;
}

Step Generator::Again(int slot) {
  Step step;
  step.kind = Step::kAgain;
  step.slot = slot;
  for (int i = 0; i < 12; ++i) step.parameters.push_back(pool_.Any());
  for (const size_t i : kept_[slot]) {
    step.parameters.resize(std::max(step.parameters.size(), i + 1), NullCell());
    step.parameters[i] = IntegerCell(static_cast<sqlite3_int64>(Below(6)));
  }
  return step;
}

Step Generator::NextStep() {
  const uint64_t kind = Below(100);
  Step step;
  step.slot = static_cast<int>(Below(2));
  if (late_numbers_ && OneIn(4))
    return kept_.contains(step.slot) && !OneIn(4) ? Again(step.slot) : Lookup();
  if (kind < 10) return Transaction();
  if (kind < 13) return Maintenance();
  if (case_.file && OneIn(40)) {
    step.kind = Step::kReopen;
    return step;
  }
  if (kind < 16 && kept_.contains(step.slot)) return Again(step.slot);
  if (kind < 20 && opens_) {
    step.kind = OneIn(4) ? Step::kClose : Step::kNext;
    return step;
  }
  if (kind < 22) {
    Step walk = Walk();
    walk.slot = step.slot;
    opens_ = true;
    return walk;
  }
  if (kind < 27 && case_.way != Case::kNeverFrozen) return Command();
  if (kind < 34 && case_.way == Case::kFrozen) return Command();
  Step statement = Statement();
  if (OneIn(15)) {
    statement.kind = Step::kPrepare;
    statement.slot = step.slot;
    kept_[step.slot] = limits_;
  }
  return statement;
}

Case Generator::Make(uint64_t statements) {
  case_.way = static_cast<Case::Way>(Below(4));
  case_.file = OneIn(12);
  case_.durable = case_.file || OneIn(4);
  case_.regexp = static_cast<Regexp>(Below(5));
  case_.case_sensitive_like = OneIn(6);
  case_.disconnect = static_cast<Case::Disconnect>(Below(case_.file ? 3 : 2));
  late_numbers_ = OneIn(4);
  if (late_numbers_) pool_.TakeNumbersAndWords();
  const uint64_t tables = 2 + Below(3);
  for (uint64_t i = 0; i < tables; ++i) case_.tables.push_back(MakeTable(i));
  for (const Table& t : case_.tables) {
    Step fill = Fill(t);
    if (!fill.sql.empty()) case_.steps.push_back(std::move(fill));
  }
  if (OneIn(25)) case_.steps.push_back(FillMany(case_.tables[0]));
  while (OneIn(3)) case_.steps.push_back(View());
  if (OneIn(5)) {
    if (std::optional<Step> trigger = Trigger()) case_.steps.push_back(std::move(*trigger));
  }
  for (uint64_t i = 0; i < statements; ++i) {
    case_.steps.push_back(NextStep());
    if (case_.file && OneIn(3)) case_.steps.back().connection = 1;
  }
  return std::move(case_);
}

}  // namespace memkv::test
