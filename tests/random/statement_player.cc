#include "tests/random/statement_player.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>

#include "tests/folder.h"
#include "tests/random/statement_open_queries.h"

namespace memkv::test {
namespace {

// The code, and the words that an error begins with.
std::string Kind(const Result& result) {
  size_t end = 0;
  for (int words = 0; words < 3 && end < result.message.size(); ++words)
    end = result.message.find(' ', end + 1);
  return std::to_string(result.code) + " " + result.message.substr(0, end);
}

std::vector<Row> WithWholeIntegers(std::vector<Row> rows) {
  for (Row& row : rows) {
    for (Cell& cell : row) {
      double r;
      if (cell[0] != 'R') continue;
      std::memcpy(&r, cell.data() + 1, sizeof r);
      constexpr double kTwo63 = 9223372036854775808.0;
      if (r >= -kTwo63 && r < kTwo63 && r == std::trunc(r))
        cell = IntegerCell(static_cast<int64_t>(r));
    }
  }
  return rows;
}

// A plan may rest on what nobody knew when it was made. It says so once, where rows have been
// given.
bool AsksToRunAgain(const Result& result) {
  return result.code == SQLITE_ABORT && result.message.starts_with("memkv: ") &&
         result.message.ends_with("; run the statement again");
}

// Where half of a write would stay in a transaction, that is rolled back.
bool AsksForTransaction(const Result& result) {
  return result.code == SQLITE_INTERRUPT && result.message.starts_with("memkv: ");
}

// Whether the step, or a view or a kept statement before it, has what SQLite drops a WHERE of.
bool MayDropWhere(const Case& c, size_t step) {
  for (size_t i = 0; i <= step; ++i) {
    const std::string sql = c.steps[i].Text(For::kTwin);
    const auto has = [&sql](const char* word) { return sql.find(word) != std::string::npos; };
    const bool counts = i == step || c.steps[i].kind == Step::kPrepare || has("CREATE ");
    if (counts && has(" UNION ALL ") && (has(" RIGHT JOIN ") || has(" FULL JOIN "))) return true;
  }
  return false;
}

// Which of equal numbers stands for all of them depends on the plan.
bool TakesOneOfEqual(const std::string& sql) {
  for (const char* word :
       {" UNION ", " INTERSECT ", " EXCEPT ", "DISTINCT", " GROUP BY ", "min(", "max("}) {
    if (sql.find(word) != std::string::npos) return true;
  }
  return false;
}

// Where columns are joined, SQLite tests what is said of one of them on the other too, but without
// the collation: `a.x = b.x AND (b.x COLLATE NOCASE) IN ('k')` finds no 'K'. Whether it does depends on
// which table comes first.
bool LosesCollation(const std::string& sql) {
  return sql.find(" COLLATE NOCASE) IN (") != std::string::npos &&
         (sql.find(" JOIN ") != std::string::npos || sql.find(", ") != std::string::npos);
}

// Within a RIGHT or FULL JOIN, the walks that SQLite makes for the terms of an OR check what WHERE says
// too early: rows that are joined count as not joined. Plain tables with an index for each term do
// likewise.
bool ChecksTooEarly(const std::string& sql) {
  const auto has = [&sql](const char* word) { return sql.find(word) != std::string::npos; };
  return has(" OR ") && has(" WHERE ") && (has(" RIGHT JOIN ") || has(" FULL JOIN "));
}

bool InsertsSelect(const Step& step) {
  const std::string sql = step.Text(For::kTwin);
  const size_t end = sql.find(") ");  // of the columns
  return (sql.starts_with("INSERT ") || sql.starts_with("REPLACE ")) && end != std::string::npos &&
         sql.find("SELECT ", end) != std::string::npos && sql.compare(end, 9, ") VALUES ") != 0 &&
         (sql.find(" ORDER BY ", end) == std::string::npos || TakesOneOfEqual(sql));
}

class Player {
 public:
  Player(const Case& c, Plans plans, bool given)
      : case_(c),
        given_(given),
        folder_(c.file ? std::make_unique<Folder>() : nullptr),
        ours_(c, plans, folder_ ? folder_->path() : ""),
        theirs_(c, Plans::kTwin, folder_ ? folder_->path() : ""),
        open_(&ours_, &theirs_) {}

  Played Play() {
    for (step_ = 0; step_ < case_.steps.size() && Going(); ++step_) {
      const Step& step = case_.steps[step_];
      if (case_.way == Case::kNotConnected) Disconnect(step.connection);
      Do(step);
      if (case_.way == Case::kReconnected && Going()) {
        Disconnect(step.connection);
        CompareContents(step.connection);
      }
    }
    step_ = case_.steps.size();
    if (Going()) Check("open query", open_.FinishAll());
    if (Going()) CheckIntegrity();
    return played_;
  }

 private:
  bool Going() const { return !ended_ && !played_.failure; }

  void Fail(const std::string& kind, const std::string& what) {
    if (!played_.failure) played_.failure = Failure{kind, step_, what};
  }
  void Check(const std::string& kind, const std::string& wrong) {
    if (!wrong.empty()) Fail(kind, wrong);
  }

  // Both sides run the same: what a transaction holds of the database is to stay the same.
  void Disconnect(int connection) {
    const bool reset = case_.disconnect == Case::kReset || open_.any();
    if (case_.disconnect == Case::kOtherConnection && case_.file && !reset) {
      for (World* w : {&ours_, &theirs_}) {
        if (w->db(0).autocommit() && w->db(1).autocommit())
          w->Run(1 - connection, "CREATE TABLE disconnect(x); DROP TABLE disconnect", {});
      }
      return;
    }
    for (World* w : {&ours_, &theirs_}) {
      w->Run(connection,
             reset ? "PRAGMA writable_schema = RESET"
                   : "SAVEPOINT disconnect; CREATE TABLE disconnect(x); ROLLBACK TO disconnect; "
                     "RELEASE disconnect",
             {});
    }
  }

  void Do(const Step& step) {
    switch (step.kind) {
      case Step::kRun:
        return Run(step);
      case Step::kMemkv:
        return Command(step);
      case Step::kDisconnect:
        return Disconnect(step.connection);
      case Step::kPrepare:
        for (World* w : {&ours_, &theirs_})
          w->Keep(step.slot, step.connection, step.Text(w->side()));
        kept_.insert_or_assign(step.slot, step);
        return RunKept(step);
      case Step::kAgain:
        return RunKept(step);
      case Step::kOpen:
        return Check("open query", open_.Open(step));
      case Step::kNext:
        return Check("open query", open_.Next(step.slot));
      case Step::kClose:
        return Check("open query", open_.Finish(step.slot));
      case Step::kReopen:
        return Reopen();
    }
  }

  // Whether a statement writes pages where it changes no row, and so makes the snapshot of another
  // connection an old one, may differ between the sides. So both write something.
  bool WriteSomething(int connection) {
    static const std::string kWrite = "UPDATE written SET x = x + 1";
    Step step;
    step.connection = connection;
    step.writes = true;
    const Outcome theirs = theirs_.Run(connection, kWrite, {});
    const Outcome ours = ours_.Run(connection, kWrite, {});
    open_.Ran(connection, kWrite, theirs);
    Compare(step, ours, theirs);
    return theirs.result.ok() && Going();
  }

  void Reopen() {
    if (!case_.file) return;
    Check("open query", open_.FinishAll());
    open_.Forget();
    kept_.clear();
    for (World* w : {&ours_, &theirs_}) w->Reopen(case_);
    CompareContents(0);
  }

  void Command(const Step& step) {
    if (case_.file && !WriteSomething(step.connection)) return;
    if (ours_.side() == For::kTwin) return;
    const Outcome done = ours_.Run(step.connection, step.Text(For::kMemkv), {});
    if (!done.result.ok()) Fail("command", "memkv: " + done.ToString());
    open_.Ran(step.connection, step.Text(For::kMemkv), done);
    CompareContents(step.connection);
  }

  void Run(const Step& step) {
    const std::string sql = step.Text(For::kTwin);
    std::optional<Outcome> inserted = InsertGiven(step, step.parameters);
    const Outcome theirs =
        inserted ? *inserted : theirs_.Run(step.connection, sql, step.parameters);
    if (Exhausted(theirs_, step)) return;
    const Result before = MayRefuse(sql) ? ours_.Contents(step.connection) : Result();
    const auto run = [&] {
      return ours_.Run(step.connection, step.Text(ours_.side()), step.parameters);
    };
    Outcome ours = run();
    for (int doubts = 0; doubts < 2 && AsksToRunAgain(ours.result); ++doubts) ours = run();
    Came(step, before, ours, theirs);
  }

  // Inserts into the twin what memkv's SELECT gives. None where the twin's own SELECT is to do.
  std::optional<Outcome> InsertGiven(const Step& step, const Row& parameters) {
    if (!given_ || !InsertsSelect(step)) return std::nullopt;
    const auto rows_of = [&](World* world) {
      const std::string sql = step.Text(world->side());
      return world->Run(step.connection, sql.substr(sql.find(") ") + 2), parameters).result;
    };
    Result ours = rows_of(&ours_), theirs = rows_of(&theirs_);
    const std::vector<Row> in_order = ours.rows;
    if (TakesOneOfEqual(step.Text(For::kTwin))) {
      ours.rows = WithWholeIntegers(std::move(ours.rows));
      theirs.rows = WithWholeIntegers(std::move(theirs.rows));
    }
    std::sort(ours.rows.begin(), ours.rows.end());
    std::sort(theirs.rows.begin(), theirs.rows.end());
    if (!ours.ok() || ours.rows != theirs.rows || in_order.empty()) return std::nullopt;
    const std::string sql = step.Text(For::kTwin);
    std::string insert = sql.substr(0, sql.find(") ") + 1);
    Row values;
    for (const Row& row : in_order) {
      insert += values.empty() ? " VALUES " : ", ";
      for (size_t i = 0; i < row.size(); ++i) {
        values.push_back(row[i]);
        insert += (i == 0 ? "(?" : ", ?") + std::to_string(values.size());
      }
      insert += ")";
    }
    return theirs_.Run(step.connection, insert, values);
  }

  // What both sides came to.
  void Came(const Step& step, const Result& before, const Outcome& ours, const Outcome& theirs) {
    if (Exhausted(ours_, step)) return;
    // Nobody can plan a statement anew while another is open.
    if (AsksToRunAgain(ours.result) && open_.any()) return EndDocumented();
    if (AsksForTransaction(ours.result)) {
      theirs_.Run(step.connection, "ROLLBACK", {});
      CompareContents(step.connection);
      return EndDocumented();
    }
    if (Refused(ours.result)) return CheckRefusal(step, before, theirs);
    open_.Ran(step.connection, step.Text(For::kTwin), theirs);
    Compare(step, ours, theirs);
    const bool stops_midway = step.Text(For::kTwin).starts_with("UPDATE OR FAIL");
    const bool fail_alike = !ours.result.ok() && ours.result.code == theirs.result.code;
    if (played_.failure && (!fail_alike || stops_midway) && MayCollide(step)) {
      played_.failure.reset();
      EndDocumented();
    }
    if (case_.file && step.writes && Going()) WriteSomething(step.connection);
  }

  void RunKept(const Step& now) {
    const auto at = kept_.find(now.slot);
    if (at == kept_.end()) return;
    Step step = at->second;
    std::optional<Outcome> inserted = InsertGiven(step, now.parameters);
    const Outcome theirs = inserted ? *inserted : theirs_.RunKept(step.slot, now.parameters);
    if (Exhausted(theirs_, step)) return;
    const Result before =
        MayRefuse(step.Text(For::kTwin)) ? ours_.Contents(step.connection) : Result();
    Outcome ours = ours_.RunKept(step.slot, now.parameters);
    for (int doubts = 0; doubts < 2 && AsksToRunAgain(ours.result); ++doubts)
      ours = ours_.RunKept(step.slot, now.parameters);
    Came(step, before, ours, theirs);
  }

  // A statement that takes too long is not compared. A write has undone what came before it.
  bool Exhausted(const World& world, const Step& step) {
    if (!world.exhausted()) return false;
    played_.exhausted = true;
    ended_ = step.writes;
    return true;
  }

  bool SetsKey(const std::string& table, const std::string& assignments) const {
    for (const Table& t : case_.tables) {
      for (const std::string& column : t.Key(" ")) {
        if (t.name == table && assignments.find(column + " = ") != std::string::npos) return true;
      }
    }
    return false;
  }

  // A plain table without rowid changes the rows of an UPDATE in the order of their keys, a virtual
  // one in that of the walk which found them. Where keys are rewritten it may depend on the order
  // which of them collide, and which of several conflicts is met first.
  bool MayCollide(const Step& step) {
    const std::string sql = step.Text(ours_.side());
    const size_t set = sql.find(" SET ");
    if (ours_.side() == For::kTwin || !sql.starts_with("UPDATE") || set == std::string::npos)
      return false;
    const size_t name = sql.rfind(' ', set - 1) + 1;
    if (!SetsKey(sql.substr(name, set - name), sql.substr(set + 4))) return false;
    const Outcome plan = ours_.Run(step.connection, "EXPLAIN QUERY PLAN " + sql, step.parameters);
    // The rows of FROM may be visited first, and those of the table in their order.
    const std::string scan = "TSCAN " + sql.substr(name, set - name) + " ";
    if (!plan.result.rows.empty() && !plan.result.rows[0][3].starts_with(scan)) return true;
    for (const Row& row : plan.result.rows) {
      for (const char* other : {"MULTI-INDEX OR", " desc", " by \""}) {
        if (row[3].find(other) != std::string::npos) return true;
      }
    }
    return false;
  }

  // The one error that the twin does not have. SQLite computes all of an UPDATE's rows before it
  // changes the first, so that those which OR REPLACE has put elsewhere are computed from old
  // values.
  static bool MayRefuse(const std::string& sql) { return sql.starts_with("UPDATE OR REPLACE"); }
  static bool Refused(const Result& result) {
    return result.message.starts_with(
        "memkv: UPDATE OR REPLACE moves rows onto rows it has yet to visit");
  }
  void CheckRefusal(const Step& step, const Result& before, const Outcome& theirs) {
    // The twin may fail at a row that it computes from what another has become.
    if (!theirs.result.ok() && (theirs.result.code & 0xff) != SQLITE_CONSTRAINT)
      return Fail("refusal", "memkv refuses what the twin fails to do: " + theirs.ToString());
    if (ours_.Contents(step.connection).rows != before.rows)
      return Fail("refusal", "memkv refuses to change rows that it has changed");
    EndDocumented();
  }

  // From here on the two sides differ.
  void EndDocumented() {
    played_.documented = true;
    ended_ = true;
  }

  void Compare(const Step& step, Outcome ours, Outcome theirs) {
    auto differ = [&](const std::string& kind) {
      Fail(kind, "memkv: " + ours.ToString() + "\ntwin:  " + theirs.ToString());
    };
    ++played_.statements;
    // SQLite counts each row that it hands over: that of an aggregate too, which is none of the
    // table's where no row of it was found.
    if (!step.writes || (step.sets_aggregate && ours.changes == 1 && theirs.changes == 0))
      ours.changes = theirs.changes = 0;
    // It counts a row of its own table again where an IN finds it again.
    const bool by_list = sqlite3_libversion_number() < 3039000 ||
                         step.Text(For::kTwin).find(" IN (SELECT ") != std::string::npos;
    if (by_list && theirs.changes > ours.changes) theirs.changes = ours.changes;
    if (ours.result.code != theirs.result.code || ours.result.message != theirs.result.message ||
        ours.autocommit != theirs.autocommit)
      return differ(Kind(ours.result) + " against " + Kind(theirs.result));
    if (ours.result.names != theirs.result.names) return differ("names");
    if (ours.result.rows != theirs.result.rows && TakesOneOfEqual(step.Text(For::kTwin))) {
      ours.result.rows = WithWholeIntegers(std::move(ours.result.rows));
      theirs.result.rows = WithWholeIntegers(std::move(theirs.result.rows));
    }
    if (step.rows == Step::kInAnyOrder) {
      std::sort(ours.result.rows.begin(), ours.result.rows.end());
      std::sort(theirs.result.rows.begin(), theirs.result.rows.end());
    }
    if (ours.result.ok() &&
        (step.rows == Step::kCount ? ours.result.rows.size() != theirs.result.rows.size()
                                   : ours.result.rows != theirs.result.rows))
      return differ("rows");
    if (!ours.result.names.empty()) return;  // a query
    // One that does not compile leaves those of the statement before.
    if ((ours.result.ok() || (ours.result.code & 0xff) == SQLITE_CONSTRAINT) &&
        ours.changes != theirs.changes)
      return differ("changes");
    CompareContents(step.connection);
  }

  void CompareContents(int connection) {
    const Result ours = ours_.Contents(connection), theirs = theirs_.Contents(connection);
    if (!Going() || (ours.code == theirs.code && ours.rows == theirs.rows)) return;
    Fail("contents", "the tables differ (number, columns)\nmemkv: " + ours.ToString() +
                         "\ntwin:  " + theirs.ToString());
  }

  void CheckIntegrity() {
    if (ours_.side() == For::kTwin) return;
    for (const Table& t : case_.tables) {
      if (!t.memkv) continue;
      const Outcome check =
          ours_.Run(0, "SELECT * FROM memkv_check('" + t.schema + "." + t.name + "')", {});
      if (!check.result.ok() || !check.result.rows.empty())
        Fail("integrity", "memkv_check of " + t.name + ": " + check.ToString());
    }
  }

  const Case& case_;
  const bool given_;
  const std::unique_ptr<Folder> folder_;
  World ours_, theirs_;
  OpenQueries open_;
  std::map<int, Step> kept_;
  Played played_;
  size_t step_ = 0;
  bool ended_ = false;
};

}  // namespace

Played Play(const Case& c, Plans plans, bool given) {
  try {
    return Player(c, plans, given).Play();
  } catch (const std::exception& e) {
    Played played;
    played.failure = Failure{"exception", 0, e.what()};
    return played;
  }
}

std::optional<Ambiguity> Ambiguous(const Case& c, const Failure& failure) {
  const std::string sql =
      failure.step < c.steps.size() ? c.steps[failure.step].Text(For::kTwin) : "";
  if (LosesCollation(sql) || ChecksTooEarly(sql)) return Ambiguity{failure.step, Ambiguity::kPlans};
  for (const Plans plans : {Plans::kUnindexed, Plans::kUnoptimized, Plans::kReversed}) {
    const Played played = Play(c, plans);
    if (played.failure && played.failure->step <= failure.step)
      return Ambiguity{played.failure->step, Ambiguity::kPlans};
  }
  if (failure.step >= c.steps.size()) return std::nullopt;
  const auto passes = [&](const Played& played) {
    return !played.failure || played.failure->step > failure.step;
  };
  const bool refused =
      failure.what.find("ON clause references tables to its right") != std::string::npos;
  if ((refused || MayDropWhere(c, failure.step)) && passes(Play(c, Plans::kUnflattened)))
    return Ambiguity{failure.step, Ambiguity::kFlattened};
  const Step& step = c.steps[failure.step];
  // A statement that is kept may stand further up.
  if (!InsertsSelect(step) && step.kind != Step::kAgain) return std::nullopt;
  if (!passes(Play(c, Plans::kMemkv, true))) return std::nullopt;
  return Ambiguity{failure.step, Ambiguity::kInserts};
}

}  // namespace memkv::test
