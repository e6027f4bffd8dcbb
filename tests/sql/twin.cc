#include "tests/sql/twin.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <initializer_list>
#include <stdexcept>

namespace memkv::test {
namespace {

bool BeginsWithOneOf(const std::string& sql, std::initializer_list<const char*> words) {
  std::string first;
  for (size_t i = 0; i < sql.size() && std::isalpha(static_cast<unsigned char>(sql[i])); ++i) {
    first += static_cast<char>(std::toupper(static_cast<unsigned char>(sql[i])));
  }
  return std::find(words.begin(), words.end(), first) != words.end();
}

bool ChangesRows(const std::string& sql) {
  return BeginsWithOneOf(sql, {"DELETE", "INSERT", "REPLACE", "UPDATE"});
}

// Whether a statement may run inside a savepoint and be rolled back: those that begin and end
// transactions may not.
bool CanReplay(const std::string& sql) {
  return ChangesRows(sql) || BeginsWithOneOf(sql, {"ALTER", "CREATE", "DROP", "WITH"});
}

// Everything that a statement leaves behind.
struct Outcome {
  Result result;
  bool autocommit = true;
  // Of statements that change rows:
  int changes = 0;
  int total_changes = 0;         // by the statement
  sqlite3_int64 last_rowid = 0;  // if the statement changed it

  std::string ToString() const {
    std::string text = result.ToString();
    if (changes != 0 || total_changes != 0) {
      text += "; changes " + std::to_string(changes) + ", total " + std::to_string(total_changes);
    }
    if (last_rowid != 0) text += "; last rowid " + std::to_string(last_rowid);
    return text + (autocommit ? "" : "; in a transaction");
  }
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// One statement on one side, prepared once and run for each row of parameters; or any text of SQL
// without parameters.
class Run {
 public:
  Run(Db& db, const std::string& sql, const std::vector<Row>& parameters) : db_(db), sql_(sql) {
    if (parameters.empty()) return;
    if (sqlite3_prepare_v2(db.handle(), sql.c_str(), -1, &stmt_, nullptr) != SQLITE_OK)
      stmt_ = nullptr;
  }
  ~Run() { sqlite3_finalize(stmt_); }

  Outcome operator()(const Row& parameters) {
    const int total = sqlite3_total_changes(db_.handle());
    const sqlite3_int64 rowid = sqlite3_last_insert_rowid(db_.handle());
    Outcome out;
    out.result = stmt_ ? StepAll(db_, stmt_, parameters) : db_.Run(sql_, parameters);
    out.autocommit = db_.autocommit();
    if (!ChangesRows(sql_)) return out;
    // One that does not compile leaves those of the statement before.
    if (out.result.ok() || (out.result.code & 0xff) == SQLITE_CONSTRAINT)
      out.changes = sqlite3_changes(db_.handle());
    out.total_changes = sqlite3_total_changes(db_.handle()) - total;
    if (sqlite3_last_insert_rowid(db_.handle()) != rowid)
      out.last_rowid = sqlite3_last_insert_rowid(db_.handle());
    return out;
  }

 private:
  Db& db_;
  const std::string sql_;
  sqlite3_stmt* stmt_ = nullptr;
};

// Takes `c … INDEXED` and `INDEX name(…)` out of a table's columns: "c ON t(c)", "name ON t(…)".
std::vector<std::string> TakeIndexes(std::string* columns) {
  std::vector<std::string> indexes;
  const std::string mark = " INDEXED", constraint = ", INDEX ";
  for (size_t at; (at = columns->find(mark)) != std::string::npos;
       columns->erase(at, mark.size())) {
    const size_t begin = columns->find_first_not_of(' ', columns->rfind(',', at) + 1);
    const std::string column = columns->substr(begin, columns->find(' ', begin) - begin);
    indexes.push_back(column + " ON t(" + column + ")");
  }
  for (size_t at; (at = columns->find(constraint)) != std::string::npos;) {
    const size_t name = at + constraint.size(), list = columns->find('(', name);
    const size_t end = columns->find(')', list) + 1;
    indexes.push_back(columns->substr(name, list - name) + " ON t" +
                      columns->substr(list, end - list));
    columns->erase(at, end - at);
  }
  return indexes;
}

}  // namespace

const char* NameOf(Way way) {
  switch (way) {
    case Way::kNeverFrozen:
      return "never frozen";
    case Way::kFrozen:
      return "frozen after each statement";
    case Way::kReconnected:
      return "reconnected after each statement";
    case Way::kNotConnected:
      return "not connected before each statement";
    case Way::kReplayed:
      return "rolled back and replayed";
  }
  return "";
}

Twin::Twin(const std::string& columns, Place place, const std::string& file)
    : place_(place), file_(file) {
  Open();
  memkv().Exec("CREATE VIRTUAL TABLE t USING memkv(" + columns +
               (place == Place::kStored ? ", durable = on)" : ")"));
  std::string plain = columns;
  const std::vector<std::string> indexes = TakeIndexes(&plain);
  twin().Exec("CREATE TABLE t(" + plain + ") WITHOUT ROWID");
  indexed_ = !indexes.empty();
  for (const std::string& index : indexes) twin().Exec("CREATE INDEX t_" + index);
}

std::string Twin::Compare(const std::string& sql, const std::vector<Row>& parameters, Order order,
                          Result* result) {
  Run on_memkv(memkv(), sql, parameters), on_twin(twin(), sql, parameters);
  const std::vector<Row> once(1);
  for (const Row& p : parameters.empty() ? once : parameters) {
    Outcome ours = on_memkv(p), theirs = on_twin(p);
    if (result) *result = ours.result;
    if (order == kAnyOrder) {
      std::sort(ours.result.rows.begin(), ours.result.rows.end());
      std::sort(theirs.result.rows.begin(), theirs.result.rows.end());
    }
    if (place_ == Place::kStored) ours.total_changes = theirs.total_changes;
    if (ours == theirs) continue;
    return sql + (p.empty() ? "" : "\n  with " + Show({p})) + "\n  memkv: " + ours.ToString() +
           "\n  twin:  " + theirs.ToString();
  }
  return "";
}

std::string Twin::CompareSuccess(const std::string& sql, const std::vector<Row>& parameters) {
  Result result;
  const std::string differs = Compare(sql, parameters, kAsGiven, &result);
  return !differs.empty() || result.ok() ? differs : sql + "\n  both sides: " + result.ToString();
}

std::string Twin::CheckIntegrity() {
  if (!memkv().Run("SELECT 1 FROM t").ok()) return "";
  const Result check = memkv().Run("SELECT * FROM memkv_check('t')");
  if (!check.ok() || !check.rows.empty()) return "memkv_check('t'): " + check.ToString();
  const Result command = memkv().Run("INSERT INTO t(t) VALUES('integrity-check')");
  return command.ok() ? "" : "'integrity-check': " + command.ToString();
}

void Twin::Open() {
  memkv_.emplace(file_);
  twin_.emplace(file_ == ":memory:" ? file_ : file_ + ".twin");
  for (Db* db : {&*memkv_, &*twin_}) db->Exec("PRAGMA synchronous = OFF");
}

void Twin::Reopen() {
  memkv_.reset();
  twin_.reset();
  Open();
}

void Twin::Disconnect() {
  memkv().Exec(memkv().autocommit() ? "BEGIN; CREATE TABLE reconnect(x); ROLLBACK"
                                    : "SAVEPOINT reconnect; CREATE TABLE reconnect(x); ROLLBACK TO "
                                      "reconnect; RELEASE reconnect");
}

std::string Twin::Freeze() {
  const sqlite3_int64 rowid = sqlite3_last_insert_rowid(memkv().handle());
  const Result result = memkv().Run("SELECT memkv_freeze('t')");
  if (sqlite3_last_insert_rowid(memkv().handle()) != rowid)
    return "memkv_freeze changed last_insert_rowid()";
  if (result.ok() || result.message == "memkv: no such table: \"t\"") return "";
  return "memkv_freeze('t'): " + result.ToString();
}

namespace {

struct Line {
  int number;
  std::string word, sql, expected;
  std::vector<Row> parameters;  // of the `bind` line before it
};

std::string Trimmed(const std::string& s) {
  const size_t from = s.find_first_not_of(" \t\r\n");
  return from == std::string::npos ? "" : s.substr(from, s.find_last_not_of(" \t\r\n") + 1 - from);
}

std::vector<Line> Parse(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::vector<Line> lines;
  std::string text;
  for (int number = 1; std::getline(in, text); ++number) {
    if (Trimmed(text).empty() || text[0] == '#' || text.starts_with("--")) continue;
    if (std::isspace(static_cast<unsigned char>(text[0]))) {
      if (lines.empty()) throw std::runtime_error(path + ": the first line goes on with nothing");
      lines.back().sql += "\n" + text;
      continue;
    }
    const size_t space = std::min(text.find_first_of(" \t"), text.size());
    lines.push_back({number, text.substr(0, space), text.substr(space), "", {}});
  }
  Db values(":memory:", Load::kNothing);
  std::vector<Line> out;
  std::vector<Row> parameters;
  for (Line& line : lines) {
    if (line.word == "memkv?" || line.word == "plan" || line.word == "error") {
      const size_t arrow = line.sql.rfind("=>");
      if (arrow == std::string::npos)
        throw std::runtime_error(path + ":" + std::to_string(line.number) + ": no =>");
      line.expected = Trimmed(line.sql.substr(arrow + 2));
      line.sql.resize(arrow);
    }
    line.sql = Trimmed(line.sql);
    if (line.word == "bind") {
      const Result rows = values.Run("VALUES " + line.sql);
      if (!rows.ok())
        throw std::runtime_error(path + ":" + std::to_string(line.number) + ": " + rows.message);
      parameters = rows.rows;
      continue;
    }
    line.parameters = std::move(parameters);
    parameters.clear();
    out.push_back(std::move(line));
  }
  return out;
}

class Script {
 public:
  Script(const std::string& path, Way way, const std::function<void(int, const std::string&)>& fail,
         Place place)
      : path_(path), way_(way), fail_(fail), place_(place) {}

  void Run() {
    const std::vector<Line> lines = Parse(path_);
    if (lines.empty() || lines[0].word != "table")
      throw std::runtime_error(path_ + ": the first line declares no table");
    const std::string& columns = lines[0].sql;
    if (!columns.starts_with("(") || !columns.ends_with(")"))
      throw std::runtime_error(path_ + ": table takes (columns)");
    Twin twin(columns.substr(1, columns.size() - 2), place_);
    twin_ = &twin;
    for (size_t i = 1; i < lines.size(); ++i) {
      number_ = lines[i].number;
      if (way_ == Way::kNotConnected) twin.Disconnect();
      Do(lines[i]);
      if (failures_ >= kMostFailures) return;
      // One side goes ahead of the other.
      const bool one_side = lines[i].word == "memkv" || lines[i].word == "twin";
      if (one_side && i + 1 < lines.size() &&
          lines[i + 1].word == (lines[i].word == "twin" ? "memkv" : "twin"))
        continue;
      Expect(twin.CompareContents());
      if (way_ == Way::kFrozen) Expect(twin.Freeze());
      if (way_ == Way::kReconnected) twin.Disconnect();
      if (way_ == Way::kFrozen || way_ == Way::kReconnected) Expect(twin.CompareContents());
      if (failures_ >= kMostFailures) return;
    }
    Expect(twin.CheckIntegrity());
  }

 private:
  static constexpr int kMostFailures = 5;

  void Expect(const std::string& wrong) {
    if (wrong.empty()) return;
    ++failures_;
    fail_(number_, wrong);
  }

  void ExpectSame(const std::string& sql, const std::string& expected, const std::string& got) {
    if (expected != got) Expect(sql + "\n  expected: " + expected + "\n  got:      " + got);
  }

  void Do(const Line& line) {
    Db& memkv = twin_->memkv();
    if (line.word == "both" || line.word == "same" || line.word == "rows") {
      Both(line);
    } else if (line.word == "memkv" || line.word == "twin") {
      const Result result = (line.word == "memkv" ? memkv : twin_->twin()).Run(line.sql);
      if (!result.ok()) Expect(line.sql + "\n  " + line.word + ": " + result.ToString());
    } else if (line.word == "memkv?") {
      const std::vector<Row> once(1);
      for (const Row& p : line.parameters.empty() ? once : line.parameters) {
        ExpectSame(line.sql, line.expected, memkv.Rows(line.sql, p));
      }
    } else if (line.word == "plan") {
      ExpectSame("plan " + line.sql, line.expected, memkv.Plan(line.sql));
    } else if (line.word == "error") {
      ExpectSame(line.sql, line.expected,
                 memkv.Error(line.sql, line.parameters.empty() ? Row{} : line.parameters[0]));
    } else {
      throw std::runtime_error(path_ + ":" + std::to_string(line.number) + ": unknown word " +
                               line.word);
    }
  }

  void Both(const Line& line) {
    if (way_ == Way::kReplayed && CanReplay(line.sql)) {
      Expect(twin_->CompareSuccess("SAVEPOINT replayed"));
      Once(line);
      // ON CONFLICT ROLLBACK ends the savepoint too.
      if (!twin_->memkv().autocommit()) {
        Expect(twin_->CompareContents());
        Expect(twin_->CompareSuccess("ROLLBACK TO replayed"));
        Expect(twin_->CompareContents());
        Once(line);
      }
      Expect(twin_->Compare("RELEASE replayed"));
      return;
    }
    Once(line);
  }

  void Once(const Line& line) {
    Result result;
    const std::string differs = twin_->Compare(
        line.sql, line.parameters, line.word == "rows" ? Twin::kAnyOrder : Twin::kAsGiven, &result);
    Expect(differs);
    if (differs.empty() && line.word == "both" && !result.ok())
      Expect(line.sql + "\n  both sides: " + result.ToString());
  }

  const std::string path_;
  const Way way_;
  const std::function<void(int, const std::string&)>& fail_;
  const Place place_;
  Twin* twin_ = nullptr;
  int number_ = 0, failures_ = 0;
};

}  // namespace

void RunScript(const std::string& path, Way way,
               const std::function<void(int line, const std::string& what)>& fail, Place place) {
  Script(path, way, fail, place).Run();
}

}  // namespace memkv::test
