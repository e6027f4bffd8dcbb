#include "tests/random/ddl_generator.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <numeric>

namespace memkv::test {

Generator::Generator(uint64_t seed, const Kind& kind) : random_(seed) {
  static_assert(std::size(kClassNames) == kClasses);
  script_.seed = seed;
  ChooseWhere(kind.where);
  ChooseWeights(kind.without);
}

void Generator::ChooseWhere(Where where) {
  static const std::vector<Where> kWheres = {Where::kStored, Where::kStored,   Where::kStored,
                                             Where::kTemp,   Where::kAttached, Where::kMemory,
                                             Where::kMixed};
  if (where == Where::kAnywhere) where = Pick(kWheres);
  switch (where) {
    case Where::kAnywhere:
    case Where::kStored:
      script_.schemas = {"main"};
      break;
    case Where::kTemp:
      script_.schemas = {"temp"};
      script_.main_in_memory = One(3);
      break;
    case Where::kAttached:
      script_.schemas = {"aux"};
      script_.attached = One(4) ? Script::kMemory : Script::kFile;
      break;
    case Where::kMemory:
      script_.schemas = {"main"};
      script_.main_in_memory = true;
      break;
    case Where::kMixed:
      script_.schemas = {"main", "temp", "aux"};
      script_.attached = One(4) ? Script::kMemory : Script::kFile;
      script_.main_in_memory = One(5);
      if (script_.main_in_memory || !One(5)) break;
      script_.schemas = {"main", "aux"};
      script_.attached = Script::kMain;
      break;
  }
  static const std::vector<std::string> kModes = {"delete", "memory", "memory", "wal", "truncate"};
  script_.journal_mode = script_.main_in_memory ? "memory" : Pick(kModes);
  script_.exclusive = One(2) && script_.attached != Script::kMain;
  script_.other_process = !script_.main_in_memory && One(12);
}

void Generator::ChooseWeights(const std::set<std::string>& without) {
  static constexpr uint64_t kUsual[kClasses] = {
      /* kTransaction */ 8, /* kSavepoint */ 8,
      /* kRefuse */ 1,      /* kCreate */ 4,
      /* kDrop */ 4,        /* kRename */ 4,
      /* kSwap */ 2,        /* kRemake */ 1,
      /* kRenew */ 1,       /* kWrite */ 14,
      /* kFreeze */ 3,      /* kRead */ 3,
      /* kLook */ 3,        /* kPlainDdl */ 3,
      /* kPlainWrite */ 2,  /* kLed */ 1,
      /* kOpen */ 1,
      /* kShadowName */ 1,  /* kForget */ 2,
      /* kReopen */ 1,      /* kOther */ 3};
  for (int i = 0; i < kClasses; ++i) weights_[i] = kUsual[i] * Pick<uint64_t>({0, 1, 1, 2, 3});
  for (const int i : {kTransaction, kCreate, kWrite}) {
    if (weights_[i] == 0) weights_[i] = kUsual[i];
  }
  if (script_.main_in_memory || script_.schemas[0] != "main" || script_.exclusive)
    weights_[kOther] = 0;
  for (int i = 0; i < kClasses; ++i) {
    if (without.contains(kClassNames[i])) weights_[i] = 0;
  }
  // To look is to connect the tables again, so that what is seen just after it hides what is not.
  look_every_ = Pick<uint64_t>({0, 0, 1, 1, 2, 4, 8});
}

Script Generator::Make() {
  Begin();
  for (uint64_t n = 5 + Below(1 + Below(36)); n > 0; --n) {
    Next();
    if (look_every_ != 0 && One(look_every_)) Look();
  }
  End();
  return std::move(script_);
}

void Generator::Begin() {
  static const std::vector<std::string> kFirst = {"a", "b", "c"};
  for (const std::string& name : kFirst) {
    if (One(3)) continue;
    const std::string table = Schema() + "." + name;
    if (tables_.contains(table)) continue;
    Create(table);
    if (!One(4)) Write(table);
    if (One(3)) Freeze(table);
  }
  if (One(2)) {
    for (const std::string& schema : script_.schemas) Add("CREATE TABLE " + schema + ".p(x)");
  }
  if (One(4)) Reopen();
  if (weights_[kLed] > 0 && One(2)) Add("PRAGMA foreign_keys = on");
}

void Generator::End() {
  if (saved_.empty() && !One(4)) return;  // there may be one all the same: a COMMIT can fail
  Add(One(3) ? "ROLLBACK" : "COMMIT");
}

void Generator::Next() {
  uint64_t at = Below(std::accumulate(weights_, weights_ + kClasses, uint64_t{0}));
  int which = 0;
  while (at >= weights_[which]) at -= weights_[which++];
  switch (static_cast<Class>(which)) {
    case kTransaction:
      return Transaction();
    case kSavepoint:
      return Savepoint();
    case kRefuse:
      script_.steps.push_back({Step::kRefuse, 0, ""});
      if (One(2)) Transaction();
      return;
    case kCreate: {
      const std::string schema = Schema();
      const std::string table = schema + "." + NewName(schema);
      Create(table);
      if (One(2)) Write(table);
      return;
    }
    case kDrop:
      return Drop();
    case kRename: {
      const std::string table = Table();
      return Rename(table, NewName(SchemaOf(table)));
    }
    case kSwap:
      return Swap();
    case kRemake:
      return Remake();
    case kRenew:
      return Renew();
    case kWrite:
      return Write(Table());
    case kFreeze:
      return Freeze(Table());
    case kRead:
      return Read(Table());
    case kLook:
      return Look();
    case kPlainDdl:
      return PlainDdl();
    case kPlainWrite:
      return PlainWrite();
    case kLed:
      return Led();
    case kOpen:
      if (One(2)) return script_.steps.push_back({Step::kClose, 0, ""});
      return script_.steps.push_back(
          {Step::kOpen, 0, "SELECT * FROM " + Written(Table()) + " ORDER BY key"});
    case kShadowName:
      return ShadowName();
    case kForget:
      return Forget();
    case kReopen:
      return Reopen();
    case kOther:
      return Other();
    case kClasses:
      return;
  }
}

void Generator::Add(std::string ours, std::string theirs) {
  script_.steps.push_back({Step::kSql, 0, std::move(ours), std::move(theirs)});
}

void Generator::Between() {
  if (!One(4)) return;
  switch (Below(5)) {
    case 0:
      return Read(Table());
    case 1:
      return PlainDdl();
    case 2:
      return Look();
    default:
      return Write(Table());
  }
}

void Generator::Transaction() {
  if (saved_.empty()) {
    saved_.push_back({"", tables_});
    return Add(One(8) ? "BEGIN IMMEDIATE" : "BEGIN");
  }
  const bool back = One(2);
  if (back) tables_ = saved_.front().tables;
  saved_.clear();
  Add(back ? "ROLLBACK" : "COMMIT");
}

void Generator::Open(const std::string& savepoint) {
  saved_.push_back({savepoint, tables_});
  Add("SAVEPOINT " + savepoint);
}

void Generator::Savepoint() {
  if (saved_.size() < 4 && One(saved_.size() < 2 ? 2 : 3))
    return Open(Pick<std::string>({"s", "s", "r"}));
  const std::string name = saved_.empty() || One(10) ? "s" : saved_.back().savepoint;
  if (name.empty()) return Open("s");
  size_t i = saved_.size();
  while (i > 0 && saved_[i - 1].savepoint != name) --i;
  const bool back = !One(3);
  if (i > 0) {
    if (back) tables_ = saved_[i - 1].tables;
    saved_.resize(back ? i : i - 1);
  }
  Add((back ? "ROLLBACK TO " : "RELEASE ") + name);
}

std::string Generator::Table() {
  if (tables_.contains(last_) && One(3)) return last_;
  if (tables_.empty() || One(20)) return Schema() + "." + Pick<std::string>({"a", "b", "c", "d"});
  return std::next(tables_.begin(), static_cast<ptrdiff_t>(Below(tables_.size())))->first;
}

std::string Generator::NewName(const std::string& schema) {
  static const std::vector<std::string> kNames = {"a", "b", "c", "d"};
  std::string name = Pick(kNames);
  for (int i = 0; i < 6 && tables_.contains(schema + "." + name) && !One(10); ++i)
    name = Pick(kNames);
  return name;
}

std::string Generator::Written(const std::string& table) {
  std::string name = NameOf(table), schema = SchemaOf(table);
  if (One(12)) name[0] = static_cast<char>(name[0] - 'a' + 'A');
  // Which of two names of one file has seen a table already depends on what was read before.
  if (script_.attached == Script::kMain) return schema + "." + name;
  if (script_.schemas.size() == 1) return One(2) ? name : schema + "." + name;
  // SQLite looks for a table in temp, then main, then aux.
  const bool hidden = (schema != "temp" && tables_.contains("temp." + NameOf(table))) ||
                      (schema == "aux" && tables_.contains("main." + NameOf(table)));
  return hidden || One(2) ? schema + "." + name : name;
}

Generator::Columns Generator::NewColumns(const std::string& schema) {
  Columns columns;
  if (One(10)) {
    columns.theirs = "key TEXT PRIMARY KEY NOT NULL, value";
    columns.values = {"value"};
    return columns;
  }
  const std::string type = One(6) ? Pick<std::string>({"", " BLOB", " INTEGER"}) : " TEXT";
  columns.several = One(5);
  columns.ours = "key" + type + (columns.several ? ", k2 INTEGER" : " PRIMARY KEY");
  columns.theirs = columns.ours + (columns.several ? "" : " NOT NULL");
  columns.values = Pick<std::vector<std::string>>(
      {{"v"}, {"v"}, {"v"}, {"v"}, {"v"}, {"w"}, {"v", "w"}, {"v", "w"}, {}});
  for (const std::string& value : columns.values) {
    const std::string text = ", " + value +
                             (One(3) ? Pick<std::string>({" TEXT", " INTEGER", " REAL"}) : "") +
                             (One(10) ? " NOT NULL" : "");
    columns.ours += text + (One(6) ? " INDEXED" : "");
    columns.theirs += text;
  }
  if (columns.several) {
    columns.ours += ", PRIMARY KEY(key, k2)";
    columns.theirs += ", PRIMARY KEY(key, k2)";
    if (One(2)) columns.ours += ", INDEX i(k2)";
    if (One(3) && !columns.values.empty())
      columns.ours += ", INDEX j(k2, " + columns.values[0] + ")";
  }
  if (One(5))
    columns.options += ", delta_limit = " + Pick<std::string>({"'1%'", "'200'", "'1kB'", "off"});
  if (One(6)) columns.options += One(2) ? ", background = off" : ", background = on";
  const bool in_memory = schema == "temp" || (schema == "main" && script_.main_in_memory) ||
                         (schema == "aux" && script_.attached == Script::kMemory);
  if (in_memory && One(3)) columns.options += One(3) ? ", durable = off" : ", durable = on";
  return columns;
}

const Generator::Columns& Generator::ColumnsOf(const std::string& table) {
  static const Columns kUsual = {"", "", "", {"v"}};
  const auto at = tables_.find(table);
  return at == tables_.end() ? kUsual : at->second;
}

void Generator::Create(const std::string& table) {
  Columns columns = NewColumns(SchemaOf(table));
  const std::string name = (One(12) ? "IF NOT EXISTS " : "") + table;
  Step step{Step::kSql, 0, "CREATE VIRTUAL TABLE " + name + " USING memkv",
            "CREATE TABLE " + name + "(" + columns.theirs + ") WITHOUT ROWID", columns.options};
  if (!columns.ours.empty()) step.ours += "(" + columns.ours + ")";
  script_.steps.push_back(std::move(step));
  tables_.emplace(table, std::move(columns));
  last_ = table;
}

void Generator::Drop() {
  const std::string table = Table();
  Add((One(6) ? "DROP TABLE IF EXISTS " : "DROP TABLE ") + Written(table));
  tables_.erase(table);
}

void Generator::Rename(const std::string& from, const std::string& to) {
  Add("ALTER TABLE " + Written(from) + " RENAME TO " + to);
  const auto at = tables_.find(from);
  const std::string renamed = SchemaOf(from) + "." + to;
  if (at == tables_.end() || tables_.contains(renamed)) return;
  tables_[renamed] = std::move(at->second);
  last_ = renamed;
  tables_.erase(at);
}

// Two or three tables give each other their names.
void Generator::Swap() {
  const std::string schema = SchemaOf(Table());
  std::vector<std::string> names;
  for (const auto& [table, columns] : tables_) {
    if (SchemaOf(table) == schema && NameOf(table) != "t") names.push_back(table);
  }
  std::shuffle(names.begin(), names.end(), random_);
  if (names.size() > 2 && !One(3)) names.resize(2);
  if (names.empty()) return Create(schema + ".a");
  if (saved_.empty() && !One(3)) Transaction();
  Rename(names[0], "t");
  for (size_t i = 1; i < names.size(); ++i) {
    Between();
    Rename(names[i], NameOf(names[i - 1]));
  }
  Between();
  Rename(schema + ".t", NameOf(names.back()));
}

// A table is dropped and made anew under its name.
void Generator::Renew() {
  const std::string table = Table();
  if (saved_.empty() && One(2)) Transaction();
  if (One(2)) Open("s");
  Add("DROP TABLE " + Written(table));
  tables_.erase(table);
  Between();
  Create(table);
  Write(table);
}

// What the manual tells to do where ALTER TABLE cannot: https://sqlite.org/lang_altertable.html
void Generator::Remake() {
  const std::string table = Table(), schema = SchemaOf(table);
  if (saved_.empty() && !One(3)) Transaction();
  const std::string made = schema + ".t";
  Create(made);
  Between();
  const auto values = [&](const std::string& of) { return ColumnsOf(of).values; };
  const bool has_value = !values(made).empty() && !values(table).empty();
  Add("INSERT INTO " + Written(made) + "(key" + (has_value ? ", " + values(made)[0] : "") +
      ") SELECT key" + (has_value ? ", " + values(table)[0] : "") + " FROM " + Written(table));
  Between();
  Add("DROP TABLE " + Written(table));
  tables_.erase(table);
  Between();
  Rename(made, NameOf(table));
}

void Generator::Reopen() {
  if (!saved_.empty()) tables_ = saved_.front().tables;
  saved_.clear();
  std::erase_if(tables_, [this](const auto& t) {
    const std::string schema = SchemaOf(t.first);
    return schema == "temp" || (schema == "main" && script_.main_in_memory) ||
           (schema == "aux" && script_.attached == Script::kMemory);
  });
  script_.steps.push_back({Step::kReopen, 0, ""});
}

// A second connection to the main database: it looks, holds a snapshot, or changes something too.
void Generator::Other() {
  const auto add = [this](const std::string& sql) {
    script_.steps.push_back({Step::kSql, 1, sql});
  };
  if (!snapshot_ && One(3)) {
    snapshot_ = true;
    add("BEGIN");
  } else if (snapshot_ && One(2)) {
    snapshot_ = false;
    add(One(2) ? "ROLLBACK" : "COMMIT");
  } else if (snapshot_ || !saved_.empty() || One(3)) {
    if (One(4)) return OtherChanges();
  } else {
    return OtherChanges();
  }
  script_.steps.push_back({Step::kLook, 1, ""});
}

// One or some statements of the kinds above.
void Generator::OtherChanges() {
  const std::vector<std::string> schemas = std::exchange(script_.schemas, {"main"});
  std::vector<Step> steps = std::exchange(script_.steps, {});
  const Tables before = tables_;
  std::erase_if(tables_, [](const auto& t) { return SchemaOf(t.first) != "main"; });
  do {
    switch (Below(6)) {
      case 0:
        Create("main." + NewName("main"));
        break;
      case 1:
        Drop();
        break;
      case 2: {
        const std::string table = Table();
        Rename(table, NewName("main"));
        break;
      }
      case 3:
        PlainDdl();
        break;
      case 4:
        Freeze(Table());
        break;
      default:
        Write(Table());
        break;
    }
  } while (One(2));
  for (const auto& [table, columns] : before) {
    if (SchemaOf(table) != "main") tables_.emplace(table, columns);
  }
  script_.schemas = schemas;
  std::swap(steps, script_.steps);
  if (steps.size() > 1 && !snapshot_) {
    steps.insert(steps.begin(), {Step::kSql, 1, "BEGIN"});
    steps.push_back({Step::kSql, 1, One(4) ? "ROLLBACK" : "COMMIT"});
    if (steps.back().ours == "ROLLBACK") tables_ = before;
  }
  for (Step& step : steps) {
    step.connection = 1;
    script_.steps.push_back(std::move(step));
  }
}

}  // namespace memkv::test
