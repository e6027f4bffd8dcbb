// A memkv table and its twin under the same random statements: writes of every kind, savepoints,
// queries, cursors that stay open across writes, COMMIT, freezes and reconnects (those that are
// open across a ROLLBACK are tests/random/statement_main.cc's). A failing round is cut down to the
// steps that are needed to fail.
//
//   MEMKV_SEED        the first round's seed (printed by a failure, which is then the first round)
//   MEMKV_ITERATIONS  how many rounds

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/folder.h"
#include "tests/sanitized.h"
#include "tests/sql/twin.h"

namespace memkv::test {
namespace {

struct Step {
  enum Kind {
    kBoth,
    kAnyOrder,
    kRanks,
    kFreeze,
    kRebuild,
    kReconnect,
    kReopen,
    kOpen,
    kStep,
    kClose
  };
  Kind kind;
  std::string sql;  // kBoth, kAnyOrder, kOpen; kRanks: the column
  int cursor = 0;   // kOpen, kStep, kClose
  Row parameters = {};

  std::string ToString() const {
    const std::string n = std::to_string(cursor);
    switch (kind) {
      case kBoth:
      case kAnyOrder:
        return sql + ";" + (parameters.empty() ? "" : "  -- with " + Show({parameters}));
      case kRanks:
        return "-- ranks by " + sql;
      case kFreeze:
        return "SELECT memkv_freeze('t');";
      case kRebuild:
        return "INSERT INTO t(t) VALUES('rebuild');";
      case kReconnect:
        return "-- reconnect";
      case kReopen:
        return "-- reopen both, outside a transaction";
      case kOpen:
        return "-- open cursor " + n + ": " + sql;
      case kStep:
        return "-- step cursor " + n;
      case kClose:
        return "-- read cursor " + n + " to its end";
    }
    return "";
  }
};

struct Round {
  std::string columns;
  Place place = Place::kMemory;
  std::vector<Step> steps;

  std::string ToString() const {
    std::string text = "t(" + columns + ")" + (place == Place::kStored ? ", stored\n" : "\n");
    for (const Step& s : steps) text += "  " + s.ToString() + "\n";
    return text;
  }
};

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Round Make() {
    static const std::vector<std::string> kTypes = {"TEXT",    "TEXT", "TEXT",    "",
                                                    "INTEGER", "REAL", "NUMERIC", "BLOB"};
    Round round;
    const std::string& type = Pick(kTypes);
    text_ = type == "TEXT";
    urls_ = text_ && One(3);
    values_ = static_cast<int>(Below(4));
    round.columns = "key " + type + " PRIMARY KEY";
    for (int i = 0; i < values_; ++i) {
      round.columns += ", v" + std::to_string(i) + " " + Pick(kTypes) + (One(6) ? " NOT NULL" : "");
      if (!One(2)) continue;
      round.columns += " INDEXED";
      indexed_.push_back("v" + std::to_string(i));
    }
    if (!indexed_.empty() && One(3)) round.place = Place::kStored;
    const uint64_t n = 5 + Below(60);
    for (uint64_t i = 0; i < n; ++i) round.steps.push_back(NextStep());
    return round;
  }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  bool One(uint64_t in) { return Below(in) == 0; }
  template <class T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }

  std::string Word(const std::string& alphabet, uint64_t most) {
    std::string word;
    for (uint64_t n = Below(most + 1); n > 0; --n) word += alphabet[Below(alphabet.size())];
    return word;
  }
  std::string Url() {
    static const std::vector<std::string> kHosts = {"a.com", "A.com", "b.org", "www.a.com", "a.co"};
    static const std::vector<std::string> kPaths = {"",           "/",  "/x",   "/x/1",
                                                    "/x/2?q=%41", "/X", "/y_z", "/index.html"};
    return (One(4) ? "https://" : "http://") + Pick(kHosts) + Pick(kPaths) +
           (One(3) ? std::to_string(Below(20)) : "");
  }
  std::string Text() { return urls_ ? Url() : One(5) ? Word("0159. -e", 4) : Word("abAB%_", 4); }
  static std::string Quoted(const std::string& text) { return "'" + text + "'"; }
  std::string Value() {
    switch (Below(urls_ ? 4 : 10)) {
      default:
        return Quoted(Text());
      case 3:
        return One(2) ? "NULL"
                      : "x'" + std::string(Below(2) ? "61" : "6162") + (One(2) ? "00'" : "'");
      case 4:
      case 5:
        return std::to_string(static_cast<int64_t>(Below(20)) - 5);
      case 6:
        return std::to_string(static_cast<int64_t>(Below(20)) - 5) + (One(2) ? ".0" : ".5");
      case 7: {
        static const std::vector<std::string> kBorder = {"9007199254740993",
                                                         "9007199254740992.0",
                                                         "9223372036854775807",
                                                         "-9223372036854775808",
                                                         "9223372036854775807.0",
                                                         "9e999",
                                                         "-9e999",
                                                         "-0.0",
                                                         "1e300",
                                                         "0.1"};
        return Pick(kBorder);
      }
    }
  }
  std::string Key() { return One(30) ? "NULL" : Value(); }
  std::string Column() {
    if (!indexed_.empty() && One(2)) return Pick(indexed_);
    return values_ == 0 || One(3) ? "key"
                                  : "v" + std::to_string(Below(static_cast<uint64_t>(values_)));
  }

  std::string RowOf(const std::string& key) {
    std::string row = "(" + key;
    for (int i = 0; i < values_; ++i) row += ", " + Value();
    return row + ")";
  }

  std::string Pattern(char any, char one) {
    std::string text = Text().substr(0, 12);
    if (One(3) && !text.empty()) text[Below(text.size())] = One(2) ? any : one;
    return Quoted(text + (One(4) ? "" : std::string(1, any)));
  }

  std::string Condition(const std::string& key) {
    static const std::vector<std::string> kOps = {"=",  "=",  "<",  "<=",    ">",
                                                  ">=", "<>", "IS", "IS NOT"};
    switch (Below(14)) {
      case 0:
        return key + " BETWEEN " + Value() + " AND " + Value();
      case 1:
        return key + (One(4) ? " NOT IN (" : " IN (") + Value() + ", " + Value() + ", " + Value() +
               ")";
      case 2:
        return key + " LIKE " + Pattern('%', '_');
      case 3:
        return key + " GLOB " + Pattern('*', '?');
      case 4:
        return key + " LIKE " + Pattern('%', '_') + " ESCAPE '\\'";
      case 5:
        return "has_prefix(" + key + ", " + Value() + ")";
      case 6:
        return Column() + " " + Pick(kOps) + " " + Value();
      case 7:
        return "(" + Condition(key) + " OR " + Condition(key) + ")";
      case 8:
        return "NOT (" + Condition(key) + ")";
      case 9:
        return key + " IN (SELECT " + Column() + " FROM t WHERE " + Condition("key") + ")";
      case 10:
        return key + " " + Pick(kOps) + " " + Value() + " COLLATE NOCASE";
      default:
        return key + " " + Pick(kOps) + " " + Value();
    }
  }
  std::string Where() {
    std::string where = " WHERE " + Condition("key");
    while (One(3)) where += " AND " + Condition("key");
    return where;
  }
  std::string Order() {
    if (!indexed_.empty() && One(3)) {
      const std::string down = One(2) ? " DESC" : "";
      return " ORDER BY " + Pick(indexed_) + down + ", key" + (One(8) ? "" : down);
    }
    return One(2) ? " ORDER BY key" : " ORDER BY key DESC";
  }
  std::string Limit() {
    if (One(2)) return "";
    return " LIMIT " + std::to_string(static_cast<int>(Below(6)) - 1) +
           (One(2) ? "" : " OFFSET " + std::to_string(Below(5)));
  }

  std::string Conflict() {
    static const std::vector<std::string> kConflicts = {
        "", "", "", " OR IGNORE", " OR REPLACE", " OR FAIL", " OR ABORT", " OR ROLLBACK"};
    return Pick(kConflicts);
  }

  // Enough rows for several leaves.
  std::string Many() {
    static const std::vector<std::string> kKeys = {
        "'k' || i", "i", "'http://www.example' || (i % 7) || '.com/' || i",
        "char(97 + i % 3) || i * 7919 % 1000"};
    std::string sql = "INSERT OR IGNORE INTO t SELECT " + Pick(kKeys);
    for (int i = 0; i < values_; ++i) sql += One(2) ? ", i" : ", 'v' || i";
    return sql +
           " FROM (WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c WHERE i < " +
           std::to_string(100 + Below(500)) + ") SELECT i FROM c)";
  }

  std::string Write() {
    if (One(40)) return Many();
    switch (Below(10)) {
      default: {
        std::string sql = "INSERT" + Conflict() + " INTO t VALUES " + RowOf(Key());
        for (uint64_t n = Below(4); n > 0; --n) sql += ", " + RowOf(Key());
        return sql;
      }
      case 5:
        return "DELETE FROM t" + (One(12) ? "" : Where());
      case 6:
        // By one range: which row of several is moved first is not promised where OR or IN finds
        // them.
        return "UPDATE" + Conflict() +
               " t SET key = " + (One(2) ? Key() : "key || " + Quoted(Word("ab", 1))) +
               (One(8) ? "" : std::string(" WHERE key ") + (One(2) ? ">= " : "< ") + Value());
      case 7:
        if (values_ == 0) return "DELETE FROM t" + Where();
        return "UPDATE" + Conflict() + " t SET v0 = " + (One(2) ? Value() : Column()) +
               (One(4) ? "" : Where());
      case 8: {
        std::string sql = "INSERT" + Conflict() + " INTO t SELECT key || " + Quoted(Word("ab", 2));
        for (int i = 0; i < values_; ++i) sql += ", " + Column();
        return sql + " FROM t" + Where() + Order() + Limit();
      }
    }
  }

  Step Query() {
    switch (Below(12)) {
      case 0:
        return {Step::kBoth,
                "SELECT count(*), min(key), max(key), count(" + Column() + ") FROM t" + Where()};
      case 1:
        return {Step::kBoth, "SELECT DISTINCT " + Column() + " FROM t" + Where() + " ORDER BY 1"};
      case 2:
        return {Step::kBoth, "SELECT a.key, b.key FROM t a JOIN t b ON b.key = a." + Column() +
                                 " ORDER BY 1, 2"};
      case 3:
        return {Step::kBoth, "SELECT a.key, b.key FROM t a CROSS JOIN t b ON b.key > a." +
                                 Column() + " ORDER BY 1, 2 LIMIT 20"};
      case 4:
        return {Step::kAnyOrder, "SELECT * FROM t" + Where()};
      case 5: {
        static const std::vector<std::string> kParameters = {
            "key = ?1",        "key >= ?1 AND key < ?2", "key LIKE ?1",        "key GLOB ?1",
            "key IN (?1, ?2)", "key BETWEEN ?1 AND ?2",  "has_prefix(key, ?1)"};
        Step step{Step::kBoth, "SELECT * FROM t WHERE " + Pick(kParameters) + Order() + Limit()};
        for (int i = 0; i < 2; ++i) {
          step.parameters.push_back(One(4)   ? IntegerCell(static_cast<int64_t>(Below(12)))
                                    : One(5) ? BlobCell(Word("ab", 2))
                                    : One(9) ? NullCell()
                                             : TextCell(Text() + (One(2)   ? "%"
                                                                  : One(2) ? "*"
                                                                           : "")));
        }
        return step;
      }
      default:
        return {Step::kBoth, "SELECT *, typeof(key) FROM t" + Where() +
                                 (One(6) ? " ORDER BY " + Column() + ", key" : Order()) + Limit()};
    }
  }

  Step NextStep() {
    if (!indexed_.empty() && One(6)) return {Step::kRanks, Pick(indexed_)};
    static const std::vector<std::string> kTransactions = {
        "BEGIN",         "COMMIT",        "ROLLBACK",  "SAVEPOINT a", "SAVEPOINT b", "SAVEPOINT a",
        "ROLLBACK TO a", "ROLLBACK TO b", "RELEASE a", "RELEASE b",   "BEGIN"};
    switch (Below(20)) {
      default:
        return {Step::kBoth, Write()};
      case 8:
      case 9:
      case 10:
      case 11:
        return Query();
      case 12:
      case 13:
      case 14:
        return {Step::kBoth, Pick(kTransactions)};
      case 15:
        return {One(4) ? Step::kRebuild : Step::kFreeze, ""};
      case 16:
        return {One(2) ? Step::kReconnect : Step::kReopen, ""};
      case 17: {
        // One walk: what joins and ORs see of writes that come between is not promised.
        static const std::vector<std::string> kWalks = {"", "key >= ", "key < ", "key LIKE ",
                                                        "key GLOB "};
        const std::string& walk = Pick(kWalks);
        const std::string where = walk.empty() ? ""
                                               : " WHERE " + walk +
                                                     (walk == "key LIKE "   ? Pattern('%', '_')
                                                      : walk == "key GLOB " ? Pattern('*', '?')
                                                                            : Value());
        return {Step::kOpen, "SELECT *, typeof(key) FROM t" + where + Order(),
                static_cast<int>(Below(3))};
      }
      case 18:
        return {Step::kStep, "", static_cast<int>(Below(3))};
      case 19:
        return {One(3) ? Step::kClose : Step::kStep, "", static_cast<int>(Below(3))};
    }
  }

  std::mt19937_64 random_;
  bool text_ = true, urls_ = false;
  int values_ = 1;
  std::vector<std::string> indexed_;
};

// Runs a round. Returns what differs first, "" if nothing does.
class Player {
 public:
  explicit Player(const Round& round)
      : round_(round),
        twin_(round.columns, round.place,
              round.place == Place::kStored ? folder_ / "t.db" : ":memory:") {}

  std::string Play() {
    for (const Step& step : round_.steps) {
      std::string differs = Do(step);
      if (differs.empty() && step.kind != Step::kStep) differs = twin_.CompareContents();
      if (!differs.empty()) return differs;
    }
    for (auto& [n, open] : open_) {
      const std::string differs = Finish(open);
      if (!differs.empty()) return differs;
    }
    open_.clear();
    return twin_.CheckIntegrity();
  }

 private:
  // A statement on the memkv side, and the rows that the twin gave when it was begun.
  struct Open {
    std::unique_ptr<Cursor> cursor;
    std::vector<Row> expected;
    size_t at = 0;
    std::string sql;
  };

  std::string Do(const Step& step) {
    switch (step.kind) {
      case Step::kBoth:
      case Step::kAnyOrder:
        if (step.sql.find("ROLLBACK") != std::string::npos) {
          const std::string differs = FinishAll();
          if (!differs.empty()) return differs;
        }
        return twin_.Compare(
            step.sql,
            step.parameters.empty() ? std::vector<Row>{} : std::vector<Row>{step.parameters},
            step.kind == Step::kBoth ? Twin::kAsGiven : Twin::kAnyOrder);
      case Step::kRanks:
        return Ranks(step.sql);
      case Step::kFreeze:
        return twin_.Freeze();
      case Step::kRebuild: {
        const Result done = twin_.memkv().Run("INSERT INTO t(t) VALUES('rebuild')");
        return done.ok() ? "" : "rebuild: " + done.ToString();
      }
      case Step::kReconnect:
        twin_.Disconnect();
        return "";
      case Step::kReopen:
        if (round_.place != Place::kStored || !twin_.memkv().autocommit() ||
            !twin_.twin().autocommit())
          return "";
        if (const std::string differs = FinishAll(); !differs.empty()) return differs;
        twin_.Reopen();
        return "";
      case Step::kOpen: {
        open_.erase(step.cursor);
        Result expected = twin_.twin().Run(step.sql);
        if (!expected.ok()) return "";
        Open& open = open_[step.cursor];
        open = {std::make_unique<Cursor>(twin_.memkv(), step.sql), std::move(expected.rows), 0,
                step.sql};
        return Next(open);
      }
      case Step::kStep:
      case Step::kClose: {
        const auto at = open_.find(step.cursor);
        if (at == open_.end()) return "";
        if (step.kind == Step::kStep) return Next(at->second);
        const std::string differs = Finish(at->second);
        open_.erase(at);
        return differs;
      }
    }
    return "";
  }

  // Each row's position in the order of a column, found by each walk that can tell it.
  std::string Ranks(const std::string& column) {
    const std::string rank = column + "_rank";
    const Result right = twin_.twin().Run("SELECT row_number() OVER (ORDER BY " + column +
                                          ", key) - 1, key FROM t ORDER BY key");
    if (!right.ok()) return "";
    for (const std::string order : {"key", column.c_str(), rank.c_str()}) {
      Result ours = twin_.memkv().Run("SELECT " + rank + ", key FROM t ORDER BY " + order);
      if (!ours.ok()) return rank + " ORDER BY " + order + ": " + ours.ToString();
      std::vector<Row> expected = right.rows;
      std::sort(ours.rows.begin(), ours.rows.end());
      std::sort(expected.begin(), expected.end());
      if (ours.rows != expected)
        return rank + " ORDER BY " + order + ": " + Show(ours.rows) + ", expected " +
               Show(expected);
    }
    const Result ours = twin_.memkv().Run("SELECT key FROM t WHERE " + rank +
                                          " BETWEEN 1 AND 3 ORDER BY " + rank + " DESC");
    const Result theirs =
        twin_.twin().Run("SELECT key FROM (SELECT key, row_number() OVER (ORDER BY " + column +
                         ", key) - 1 AS r FROM t) WHERE r BETWEEN 1 AND 3 ORDER BY r DESC");
    if (ours.rows != theirs.rows)
      return rank + " BETWEEN 1 AND 3: " + ours.ToString() + ", expected " + theirs.ToString();
    return "";
  }

  std::string FinishAll() {
    for (auto& [n, open] : open_) {
      const std::string differs = Finish(open);
      if (!differs.empty()) return differs;
    }
    open_.clear();
    return "";
  }

  std::string Next(Open& open) {
    if (open.at > open.expected.size()) return "";  // read to its end before
    const int code = open.cursor->Step();
    const std::vector<Row> row =
        code == SQLITE_ROW ? std::vector<Row>{open.cursor->row()} : std::vector<Row>{};
    const bool end = open.at == open.expected.size();
    const std::string what = "row " + std::to_string(open.at) + " of the open cursor " + open.sql;
    ++open.at;
    if (end)
      return code == SQLITE_DONE
                 ? ""
                 : what + ": the end was expected, not " + std::to_string(code) + " " + Show(row);
    if (code != SQLITE_ROW)
      return what + ": code " + std::to_string(code) + ", expected " +
             Show({open.expected[open.at - 1]});
    return row[0] == open.expected[open.at - 1]
               ? ""
               : what + ": " + Show(row) + ", expected " + Show({open.expected[open.at - 1]});
  }

  std::string Finish(Open& open) {
    while (open.at <= open.expected.size()) {
      const std::string differs = Next(open);
      if (!differs.empty()) return differs;
    }
    return "";
  }

  const Round& round_;
  const Folder folder_;
  Twin twin_;
  std::map<int, Open> open_;  // closed before the connections
};

std::string Play(const Round& round) {
  try {
    return Player(round).Play();
  } catch (const std::exception& e) {
    return e.what();
  }
}

// Leaves out steps as long as the round still fails.
Round Shrunk(Round round) {
  for (size_t n = round.steps.size(); n > 0; n /= 2) {
    for (size_t i = 0; i + n <= round.steps.size();) {
      Round less = round;
      less.steps.erase(less.steps.begin() + static_cast<ptrdiff_t>(i),
                       less.steps.begin() + static_cast<ptrdiff_t>(i + n));
      if (Play(less).empty()) {
        i += n;
      } else {
        round = std::move(less);
      }
    }
  }
  return round;
}

uint64_t Environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST_CASE("random statements come to the same") {
  const uint64_t seed = Environment("MEMKV_SEED", 1);
  const uint64_t rounds = Environment("MEMKV_ITERATIONS", kSanitized ? 400 : 1200);
  MESSAGE("MEMKV_SEED=" << seed);  // for a round that crashes
  int failures = 0;
  for (uint64_t i = 0; i < rounds && failures < 5; ++i) {
    const Round round = Generator(seed + i).Make();
    if (Play(round).empty()) continue;
    ++failures;
    const Round shrunk = Shrunk(round);
    FAIL_CHECK("MEMKV_SEED=" << std::to_string(seed + i) << ": " << Play(shrunk) << "\n"
                             << shrunk.ToString());
  }
}

}  // namespace
}  // namespace memkv::test
