#include "tests/random/statement_case.h"

#include "tests/random/statement_values.h"

namespace memkv::test {
namespace {

std::string Parameters(const Row& parameters, const std::string& sql) {
  std::string out;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::string name = "?" + std::to_string(i + 1);
    if (sql.find(name) == std::string::npos) continue;
    out += ".parameter set " + name + " \"" + Literal(parameters[i]) + "\"\n";
  }
  return out;
}

std::string ToString(const Step& step) {
  const std::string sql = step.Text(For::kMemkv);
  const std::string slot = std::to_string(step.slot);
  std::string out = step.connection == 0 ? "" : "-- on the second connection:\n";
  switch (step.kind) {
    case Step::kRun:
    case Step::kMemkv:
      return out + Parameters(step.parameters, sql) + sql + ";\n";
    case Step::kDisconnect:
      return out + "-- every virtual table is disconnected\n";
    case Step::kPrepare:
      return out + "-- kept as statement " + slot + ":\n" + Parameters(step.parameters, sql) + sql +
             ";\n";
    case Step::kAgain:
      return out + "-- statement " + slot + " again, with " + Show({step.parameters}) + "\n";
    case Step::kOpen:
      return out + "-- left open as query " + slot + " after its first row:\n" +
             Parameters(step.parameters, sql) + sql + ";\n";
    case Step::kNext:
      return out + "-- the next row of query " + slot + "\n";
    case Step::kClose:
      return out + "-- the other rows of query " + slot + "\n";
    case Step::kReopen:
      return out + "-- the database is closed and opened again\n";
  }
  return out;
}

}  // namespace

std::string Table::Create(bool as_memkv, bool durable) const {
  const auto names = [this](const std::vector<size_t>& of) {
    std::string list;
    for (const size_t i : of) list += (list.empty() ? "" : ", ") + columns[i].name;
    return "(" + list + ")";
  };
  std::string list;
  std::vector<size_t> key;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Column& c = columns[i];
    const bool is_key = i < key_columns;
    if (is_key) key.push_back(i);
    list += (i > 0 ? ", " : "") + c.name + (c.type.empty() ? "" : " ") + c.type +
            (is_key && key_columns == 1 ? " PRIMARY KEY" : "") +
            (c.not_null || (is_key && !as_memkv) ? " NOT NULL" : "") +
            (c.indexed && as_memkv ? " INDEXED" : "");
  }
  if (key_columns > 1) list += ", PRIMARY KEY" + names(key);
  if (!as_memkv) return "CREATE TABLE " + schema + "." + name + "(" + list + ") WITHOUT ROWID";
  for (size_t i = 0; i < indexes.size(); ++i)
    list += ", INDEX i" + std::to_string(i) + names(indexes[i]);
  return "CREATE VIRTUAL TABLE " + schema + "." + name + " USING memkv(" + list +
         (durable ? ", durable = on)" : ")");
}

std::vector<std::string> Table::Key(const std::string& prefix) const {
  std::vector<std::string> key;
  for (size_t i = 0; i < key_columns; ++i) key.push_back(prefix + columns[i].name);
  return key;
}

std::vector<std::string> Table::CreateIndexes() const {
  std::vector<std::string> out;
  const auto create = [&](const std::string& index, const std::string& list) {
    out.push_back("CREATE INDEX " + schema + "." + name + "_" + index + " ON " + name + "(" + list +
                  ")");
  };
  for (const Column& c : columns) {
    if (c.indexed) create(c.name, c.name);
  }
  for (size_t i = 0; i < indexes.size(); ++i) {
    std::string list;
    for (const size_t c : indexes[i]) list += (list.empty() ? "" : ", ") + columns[c].name;
    create("i" + std::to_string(i), list);
  }
  return out;
}

const char* NameOf(Case::Way way) {
  switch (way) {
    case Case::kNeverFrozen:
      return "never frozen";
    case Case::kFrozen:
      return "frozen now and then";
    case Case::kNotConnected:
      return "not connected before each statement";
    case Case::kReconnected:
      return "reconnected after each statement";
  }
  return "";
}

const char* NameOf(Case::Disconnect disconnect) {
  switch (disconnect) {
    case Case::kReset:
      return "PRAGMA writable_schema = RESET";
    case Case::kRolledBackDdl:
      return "CREATE TABLE, rolled back";
    case Case::kOtherConnection:
      return "CREATE TABLE on another connection";
  }
  return "";
}

const char* NameOf(Regexp regexp) {
  switch (regexp) {
    case Regexp::kModule:
      return "memkv_regexp's";
    case Regexp::kPlain:
      return "plain";
    case Regexp::kFoldsCase:
      return "folds case";
    case Regexp::kMultiLine:
      return "multi-line";
    case Regexp::kIgnoresBlanks:
      return "ignores blanks";
  }
  return "";
}

std::string Case::ToString() const {
  std::string out =
      std::string("-- ") + NameOf(way) +
      (way == kNotConnected || way == kReconnected ? std::string(", by ") + NameOf(disconnect)
                                                   : "") +
      (file ? "; in a WAL file" : "") + "; regexp() is " + NameOf(regexp) + "\n";
  if (case_sensitive_like) out += "PRAGMA case_sensitive_like = 1;\n";
  bool aux = false;
  for (const Table& t : tables) aux = aux || t.schema == "aux";
  if (aux) out += "ATTACH ':memory:' AS aux;\n";
  for (const Table& t : tables) {
    out += t.Create(t.memkv, durable) + ";\n";
    if (t.memkv) continue;
    for (const std::string& sql : t.CreateIndexes()) out += sql + ";\n";
  }
  for (const Step& step : steps) out += test::ToString(step);
  return out;
}

}  // namespace memkv::test
