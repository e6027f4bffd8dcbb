// key = ? is exact while no key is a number, or reads as one (ext/plan/query.h). Statements that were
// prepared then are run when such keys have come, by whatever way.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

constexpr const char* kColumns[] = {"key TEXT PRIMARY KEY, v", "key PRIMARY KEY, v",
                                    "key BLOB PRIMARY KEY, v"};

// What a statement compares keys with, as values of columns of every affinity.
constexpr const char* kOthers =
    "CREATE TABLE o(t TEXT, i INTEGER, r REAL, n NUMERIC, b); INSERT INTO o VALUES ('5', 5, 5.0, "
    "5, "
    "5), ('05', '05', '05', '05', '05'), ('x', 'x', 'x', 'x', 'x'), (' 5', ' 5', ' 5', ' 5', ' "
    "5'), "
    "('5.0', '5.0', 5.5, '5x', x'35'), (NULL, -5, 9e999, '+5', 0.5), ('Inf', NULL, -9e999, 9e999, "
    "9e999)";

// In which ways keys come: each from a table that has 'x' and '/y' alone.
const std::vector<std::string> kComings = {
    "INSERT INTO t VALUES ('5', 1), ('05', 2)",
    "INSERT INTO t VALUES (5, 1), (' 5', 2), ('.5', 3), ('Inf', 4)",
    "INSERT OR IGNORE INTO t SELECT n || '', n FROM o WHERE n IS NOT NULL",
    "UPDATE t SET key = '05' WHERE key = 'x'",
    "BEGIN; INSERT INTO t VALUES ('5', 1); COMMIT",
    "BEGIN; INSERT INTO t VALUES ('05', 1), ('5', 2)",
    "BEGIN; SAVEPOINT s; INSERT INTO t VALUES ('5', 1); ROLLBACK TO s",
    "BEGIN; INSERT INTO t VALUES ('5', 1); ROLLBACK; INSERT INTO t VALUES (' 5', 5)",
    "INSERT INTO t VALUES ('5', 1); DELETE FROM t WHERE key = '5'",
    "INSERT INTO t VALUES ('+5', 1); DELETE FROM t; INSERT INTO t VALUES ('x', 7)"};

std::vector<std::string> Reads() {
  std::vector<std::string> reads = {"SELECT v FROM t WHERE key = ?1",
                                    "SELECT v FROM t WHERE key = +?1",
                                    "SELECT count(*), (SELECT v FROM t WHERE key = ?1) FROM o"};
  for (const char* c : {"t", "i", "r", "n", "b"}) {
    const std::string column(c);
    reads.push_back("SELECT o.rowid, t.key FROM o JOIN t ON t.key = o." + column +
                    " ORDER BY 1, 2");
    reads.push_back("SELECT o.rowid, t.key FROM o LEFT JOIN t ON t.key = o." + column +
                    " AND t.v > 0 ORDER BY 1, 2");
    reads.push_back("SELECT t.key FROM o JOIN t ON t.key = o." + column + " WHERE o." + column +
                    " = ?1 ORDER BY 1");
    reads.push_back("SELECT rowid FROM o WHERE " + column +
                    " IN (SELECT key FROM t WHERE key = o." + column + ") ORDER BY 1");
    reads.push_back("SELECT rowid FROM o WHERE EXISTS (SELECT 1 FROM t WHERE key = o." + column +
                    ") ORDER BY 1");
  }
  return reads;
}

const std::vector<Cell> kParameters = {TextCell("x"), IntegerCell(5), RealCell(5.0),
                                       TextCell("5"), BlobCell("5"),  NullCell()};

// One side of the comparison: statements that are prepared before the keys come.
class Side {
 public:
  Side(bool memkv, const char* columns, const std::string& file) : db_(file) {
    db_.Exec(memkv ? std::string("CREATE VIRTUAL TABLE t USING memkv(") + columns + ")"
                   : std::string("CREATE TABLE t(") + columns + ") WITHOUT ROWID");
    db_.Exec("INSERT INTO t VALUES ('x', 1), ('/y', 2)");
    db_.Exec(kOthers);
  }
  Db& db() { return db_; }

  void Prepare() {
    for (const std::string& sql : Reads()) {
      kept_.push_back(std::make_unique<Cursor>(db_, sql));
      All(*kept_.back(), TextCell("x"));
    }
  }
  // Whether none was told to be run again since the last such call.
  bool NoneFailed() { return std::exchange(told_, 0) == 0; }
  // What each of them gives now. One of them may be told to be run again.
  std::vector<std::string> Answers() {
    std::vector<std::string> answers;
    for (const auto& statement : kept_) {
      for (const Cell& parameter : kParameters) answers.push_back(All(*statement, parameter));
    }
    return answers;
  }

 private:
  std::string All(Cursor& statement, const Cell& parameter) {
    for (;;) {
      statement.Bind({parameter});
      std::string all;
      int rc;
      while ((rc = statement.Step()) == SQLITE_ROW) all += Show({statement.row()});
      statement.Reset();
      if (rc == SQLITE_DONE) return all;
      // Older SQLite does not say whether a statement that was run before has given rows.
      if (rc != SQLITE_ABORT || told_++ > 0) return "error " + std::to_string(rc);
    }
  }

  Db db_;
  std::vector<std::unique_ptr<Cursor>> kept_;
  int told_ = 0;  // to run a statement again
};

void RequireSame(Side& memkv, Side& plain) {
  const std::vector<std::string> ours = memkv.Answers(), theirs = plain.Answers();
  REQUIRE(ours.size() == theirs.size());
  const std::vector<std::string> reads = Reads();
  for (size_t i = 0; i < ours.size(); ++i) {
    CAPTURE(reads[i / kParameters.size()]);
    CAPTURE(Show(kParameters[i % kParameters.size()]));
    CHECK(ours[i] == theirs[i]);
  }
}

}  // namespace

TEST_CASE("numbers came: statements prepared before give what the twin gives") {
  for (const char* columns : kColumns) {
    CAPTURE(std::string(columns));
    for (const std::string& coming : kComings) {
      CAPTURE(coming);
      for (const bool stored : {false, true}) {
        CAPTURE(stored);
        Folder folder;
        Side memkv(true, columns, stored ? folder / "a.db" : ":memory:"),
            plain(false, columns, ":memory:");
        memkv.Prepare();
        plain.Prepare();
        RequireSame(memkv, plain);
        memkv.db().Exec(coming);
        plain.db().Exec(coming);
        RequireSame(memkv, plain);
        // A commit has them planned anew.
        const bool none_failed = memkv.NoneFailed();
        if (memkv.db().autocommit()) CHECK(none_failed);
        RequireSame(memkv, plain);
        CHECK(memkv.NoneFailed());
      }
    }
  }
}

TEST_CASE("numbers came: from another connection, and with a freeze") {
  for (const char* columns : kColumns) {
    CAPTURE(std::string(columns));
    Folder folder;
    Side memkv(true, columns, folder / "a.db"), plain(false, columns, folder / "b.db");
    memkv.Prepare();
    plain.Prepare();
    Db other(folder / "a.db"), other_plain(folder / "b.db");
    for (const char* sql : {"INSERT INTO t VALUES ('05', 1)", "INSERT INTO t VALUES (5, 2)"}) {
      other.Exec(sql);
      other_plain.Exec(sql);
      RequireSame(memkv, plain);
      memkv.NoneFailed();
    }
    other.Exec("INSERT INTO t(t) VALUES('freeze')");
    RequireSame(memkv, plain);
    CHECK(memkv.db().Plan("SELECT v FROM t WHERE key = ?1").find("(checked)") != std::string::npos);
    for (Db* db : {&other, &other_plain}) db->Exec("DELETE FROM t WHERE key <> 'x'");
    other.Exec("INSERT INTO t(t) VALUES('freeze')");
    RequireSame(memkv, plain);
    CHECK(memkv.db().Plan("SELECT v FROM t WHERE key = ?1").find("(checked)") == std::string::npos);
  }
}

// Where rows of some statement have been given, none can be planned anew unseen. Once one is
// committed while nothing else runs, those that do not run are planned anew.
TEST_CASE("numbers came: beside a statement that is being read") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, v)");
  db.Exec("INSERT INTO t VALUES ('x', 1), ('/y', 2)");
  Cursor kept(db, "SELECT v FROM t WHERE key = ?1"), read(db, "SELECT key FROM t");
  kept.Bind({TextCell("x")});
  CHECK(kept.Step() == SQLITE_ROW);
  kept.Reset();
  CHECK(read.Step() == SQLITE_ROW);
  db.Exec("INSERT INTO t VALUES ('05', 3)");
  kept.Bind({TextCell("x")});
  CHECK(kept.Step() == SQLITE_ROW);  // a text is what it is
  kept.Reset();
  kept.Bind({IntegerCell(5)});
  int rc = kept.Step();
  if (rc == SQLITE_ABORT) {  // older SQLite does not say that it has given no row
    CHECK(std::string(sqlite3_errmsg(db.handle())) ==
          "memkv: \"t\" holds keys that are numbers, or read as such, since this statement was "
          "prepared; run the statement again");
  } else {
    CHECK(rc == SQLITE_DONE);
  }
  kept.Reset();
  read.Reset();
  rc = kept.Step();
  if (rc == SQLITE_ABORT) {  // older SQLite: this time it is planned anew
    kept.Reset();
    rc = kept.Step();
  }
  CHECK(rc == SQLITE_DONE);
  kept.Reset();

  db.Exec("DELETE FROM t; INSERT INTO t(t) VALUES('freeze'); INSERT INTO t VALUES ('x', 1)");
  Cursor anew(db, "SELECT v FROM t WHERE key = ?1");
  anew.Bind({TextCell("x")});
  CHECK(anew.Step() == SQLITE_ROW);
  anew.Reset();
  db.Exec("INSERT INTO t VALUES ('05', 3)");
  CHECK(read.Step() == SQLITE_ROW);
  anew.Bind({IntegerCell(5)});
  CHECK(anew.Step() == SQLITE_DONE);
}

}  // namespace memkv::test
