#include "tests/random/statement_open_queries.h"

#include <algorithm>
#include <cstring>

namespace memkv::test {
namespace {

int Class(const Cell& cell) {
  return cell[0] == 'N' ? 0 : cell[0] == 'I' || cell[0] == 'R' ? 1 : cell[0] == 'T' ? 2 : 3;
}

// Exact: a long double has the 64 bits that both need.
long double Number(const Cell& cell) {
  if (cell[0] == 'I') return static_cast<long double>(std::stoll(cell.substr(1)));
  double r;
  std::memcpy(&r, cell.data() + 1, sizeof r);
  return r;
}

// In the order of BINARY: negative, 0 or positive.
int Compare(const Cell& a, const Cell& b) {
  if (Class(a) != Class(b)) return Class(a) - Class(b);
  if (Class(a) == 1) return Number(a) < Number(b) ? -1 : Number(a) > Number(b);
  return a.substr(1).compare(b.substr(1));
}

// Whether `row` comes after `last` by the last columns of both.
bool IsAfter(const Row& row, const Row& last, int columns, bool descending) {
  for (size_t i = row.size() - static_cast<size_t>(columns); i < row.size(); ++i) {
    const int order = Compare(row[i], last[i]);
    if (order != 0) return descending ? order < 0 : order > 0;
  }
  return false;
}

}  // namespace

void OpenQueries::GoBack(int connection, uint64_t version) {
  connections_[connection].now = version;
  for (auto& [slot, query] : queries_) {
    if (query.step.connection != connection || query.version <= version) continue;
    query.version = version;
    query.looks_anew = true;
    if (query.sorted || query.at == 0) continue;
    // The last row that was given.
    const Row last = query.expected[std::min(query.at, query.expected.size()) - 1];
    std::vector<Row> left;
    for (Row& row :
         theirs_.Run(connection, query.step.Text(For::kTwin), query.step.parameters).result.rows) {
      if (IsAfter(row, last, query.step.order_columns, query.step.descending))
        left.push_back(std::move(row));
    }
    query.expected.resize(query.at);
    query.expected.insert(query.expected.end(), left.begin(), left.end());
  }
}

void OpenQueries::Ran(int connection, const std::string& sql, const Outcome& outcome) {
  if (sql.find(';') != std::string::npos) return;  // a savepoint that was left again
  Connection& c = connections_[connection];
  auto mark = [&](const std::string& name) {
    return std::find_if(c.marks.rbegin(), c.marks.rend(),
                        [&](const auto& m) { return m.first == name; });
  };
  const bool ok = outcome.result.ok();
  const bool was_autocommit = std::exchange(c.autocommit, outcome.autocommit);
  if (sql.starts_with("BEGIN")) {
    if (ok) c.marks.emplace_back("", c.now);
  } else if (sql.starts_with("SAVEPOINT ")) {
    if (ok) c.marks.emplace_back(sql.substr(10), c.now);
  } else if (sql.starts_with("RELEASE ")) {
    if (ok) c.marks.erase(std::prev(mark(sql.substr(8)).base()), c.marks.end());
  } else if (sql.starts_with("ROLLBACK TO ")) {
    if (!ok) return;
    const auto at = mark(sql.substr(12));
    c.marks.erase(at.base(), c.marks.end());
    GoBack(connection, c.marks.back().second);
  } else if (!was_autocommit && outcome.autocommit && (sql == "ROLLBACK" || !ok)) {
    // Of itself, or as a statement OR ROLLBACK has failed.
    if (!c.marks.empty()) GoBack(connection, c.marks.front().second);
  } else if (sql != "COMMIT" && outcome.result.names.empty()) {
    c.now = ++newest_;
    std::vector<int> late;  // see this write, or do not
    for (const auto& [slot, query] : queries_) {
      if (query.step.connection == connection && query.looks_anew) late.push_back(slot);
    }
    for (const int slot : late) Close(slot);
  }
  if (outcome.autocommit) c.marks.clear();
}

std::string OpenQueries::Open(const Step& step) {
  const std::string sql = step.Text(For::kTwin);
  Result expected = theirs_.Run(step.connection, sql, step.parameters).result;
  if (!expected.ok()) return "";
  Query query{step, std::move(expected.rows), 0, connections_[step.connection].now, false, false};
  const Result plan =
      ours_.Run(step.connection, "EXPLAIN QUERY PLAN " + step.Text(ours_.side()), step.parameters)
          .result;
  for (const Row& row : plan.rows)
    query.sorted = query.sorted || row[3].find("TEMP B-TREE") != std::string::npos;
  queries_.insert_or_assign(step.slot, std::move(query));
  // The twin's holds what an open query holds of the database, its rows are not looked at.
  ours_.Open(step.slot, step.connection, step.Text(ours_.side()), step.parameters);
  theirs_.Open(step.slot, step.connection, sql, step.parameters);
  theirs_.open(step.slot)->Step();
  return Next(step.slot);
}

std::string OpenQueries::Next(int slot) {
  const auto at = queries_.find(slot);
  if (at == queries_.end()) return "";
  Query& query = at->second;
  query.looks_anew = false;
  Cursor& cursor = *ours_.open(slot);
  const int code = cursor.Step();
  const std::vector<Row> row =
      code == SQLITE_ROW ? std::vector<Row>{cursor.row()} : std::vector<Row>{};
  const bool end = query.at == query.expected.size();
  const std::vector<Row> expected =
      end ? std::vector<Row>{} : std::vector<Row>{query.expected[query.at]};
  const std::string which = "row " + std::to_string(query.at) + " of the open query ";
  ++query.at;
  const bool right = row == expected && code == (end ? SQLITE_DONE : SQLITE_ROW);
  if (code != SQLITE_ROW || !right) {
    Close(slot);
  }
  if (right) return "";
  return which + std::to_string(slot) + "\nmemkv: code " + std::to_string(code) + " " + Show(row) +
         "\nexpected: " + (end ? "the end" : Show(expected));
}

void OpenQueries::Close(int slot) {
  ours_.Close(slot);
  theirs_.Close(slot);
  queries_.erase(slot);
}

std::string OpenQueries::Finish(int slot) {
  std::string wrong;
  while (wrong.empty() && queries_.contains(slot)) wrong = Next(slot);
  return wrong;
}

std::string OpenQueries::FinishAll() {
  std::string wrong;
  while (wrong.empty() && any()) wrong = Finish(queries_.begin()->first);
  return wrong;
}

}  // namespace memkv::test
