// The first statement after a connect is planned before SQLite has connected the table, and knows
// less of it: it takes the table for one with a rowid. (With SQLITE_ENABLE_UPDATE_DELETE_LIMIT,
// DELETE … LIMIT becomes DELETE … WHERE rowid IN (SELECT rowid … LIMIT n).)

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/folder.h"
#include "tests/sanitized.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

// What SQLite disconnects every table by, or opens them anew.
enum class Event {
  kNone,
  kOpen,  // of stored tables alone
  kVacuum,
  kForeignDdl,
  kRolledBackDdl,
  kRename,
  kAttach,
  kResetSchema,
};
constexpr Event kEvents[] = {Event::kNone,          Event::kOpen,       Event::kVacuum,
                             Event::kForeignDdl,    Event::kRename,     Event::kAttach,
                             Event::kRolledBackDdl, Event::kResetSchema};

// %t is the table. Every class of statement, with and without what makes SQLite ask for rowids.
const std::vector<std::string> kStatements = {
    "DELETE FROM %t WHERE key = 'c' LIMIT 1",
    "DELETE FROM %t LIMIT 3",
    "DELETE FROM %t LIMIT 3 OFFSET 2",
    "DELETE FROM %t WHERE key > 'b' LIMIT 2",
    "DELETE FROM %t WHERE key LIKE 'c%' LIMIT 1",
    "DELETE FROM %t WHERE key IN ('a', 'd', 'e') ORDER BY key DESC LIMIT 2",
    "DELETE FROM %t WHERE n = 1 ORDER BY key LIMIT 2",
    "DELETE FROM %t ORDER BY n LIMIT 2",
    "DELETE FROM %t ORDER BY n DESC, key DESC LIMIT 2 OFFSET 1",
    "DELETE FROM %t WHERE n >= 2 ORDER BY n LIMIT 2",
    "DELETE FROM %t WHERE value LIKE '%x%' OR key = 'a' ORDER BY key LIMIT 2",
    "DELETE FROM %t WHERE key = 'c' OR n = 2 LIMIT 9",
    "DELETE FROM %t WHERE key IN (SELECT key FROM %t ORDER BY n LIMIT 3) LIMIT 2",
    "UPDATE %t SET value = value || '!' WHERE key = 'c' LIMIT 1",
    "UPDATE %t SET value = 'new' LIMIT 3 OFFSET 1",
    "UPDATE %t SET value = 'new', n = n + 10 ORDER BY n DESC, key LIMIT 4",
    "UPDATE %t SET key = key || 'z' WHERE n = 1 ORDER BY key LIMIT 2",
    "UPDATE OR REPLACE %t SET key = 'e' WHERE key = 'c' LIMIT 1",
    "UPDATE OR IGNORE %t SET key = 'e' WHERE key > 'b' ORDER BY key LIMIT 2",
    "UPDATE %t SET key = NULL WHERE key = 'c' LIMIT 1",
    "UPDATE %t SET value = 'new' WHERE key BETWEEN 'b' AND 'd' ORDER BY n LIMIT 1",
    "WITH w(k) AS (VALUES ('b'), ('d')) DELETE FROM %t WHERE key IN (SELECT k FROM w) LIMIT 1",
    "WITH w(k) AS (VALUES ('b'), ('d')) UPDATE %t SET n = 0 WHERE key IN (SELECT k FROM w) LIMIT 1",
    "DELETE FROM %t",
    "DELETE FROM %t WHERE key = 'c'",
    "DELETE FROM %t WHERE key IN ('a', 'd')",
    "DELETE FROM %t WHERE key > 'b'",
    "DELETE FROM %t WHERE n = 1",
    "DELETE FROM %t WHERE key = 'a' OR n = 2",
    "DELETE FROM %t WHERE rowid = 1",
    "DELETE FROM %t ORDER BY rowid LIMIT 1",
    "UPDATE %t SET value = 'new'",
    "UPDATE %t SET value = 'new' WHERE key = 'c'",
    "UPDATE %t SET key = key || 'z'",
    "UPDATE %t SET n = n + 1 WHERE n = 1",
    "UPDATE %t SET rowid = 7",
    "UPDATE %t SET value = w.v FROM (SELECT 'c' AS k, 'new' AS v) AS w WHERE key = w.k",
    "INSERT INTO %t VALUES ('n', 'new', 9)",
    "INSERT INTO %t(key) VALUES ('n')",
    "INSERT INTO %t VALUES ('c', 'new', 9)",
    "INSERT OR REPLACE INTO %t VALUES ('c', 'new', 9)",
    "INSERT OR IGNORE INTO %t VALUES ('c', 'new', 9)",
    "REPLACE INTO %t SELECT key || 'z', value, n FROM %t",
    "INSERT INTO %t SELECT key, value, n FROM %t",
    "INSERT INTO %t DEFAULT VALUES",
    "INSERT INTO %t VALUES ('n', 'new', 9) RETURNING key",
    "SELECT * FROM %t",
    "SELECT * FROM %t WHERE key = 'c'",
    "SELECT key FROM %t WHERE n = 1 ORDER BY key LIMIT 2 OFFSET 1",
    "SELECT count(*), max(key) FROM %t",
    "SELECT rowid FROM %t",
    "SELECT key FROM %t WHERE rowid > 1",
    "SELECT key FROM %t ORDER BY rowid",
    "SELECT a.key, b.key FROM %t a JOIN %t b ON a.n = b.n ORDER BY 1, 2",
    "SELECT * FROM (SELECT key, n FROM %t UNION ALL SELECT key, n FROM %t) ORDER BY 1, 2",
    "SELECT key FROM %t EXCEPT SELECT key FROM %t WHERE n = 1",
    "SELECT o.x, (SELECT max(key) FROM %t WHERE n = o.x) FROM o ORDER BY 1",
    "INSERT INTO o SELECT n FROM %t",
    "DELETE FROM o WHERE x IN (SELECT n FROM %t LIMIT 2)",
    "UPDATE o SET x = (SELECT count(*) FROM %t WHERE n = o.x)",
};

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// One table, memkv's or its twin, in the schema `schema` of a database of its own.
class Side {
 public:
  Side(const std::string& file, const std::string& schema, bool memkv, bool stored)
      : file_(file), schema_(schema), table_(schema + ".t"), memkv_(memkv) {
    Open();
    db_->Exec("CREATE TABLE o(x); INSERT INTO o VALUES (1), (2), (5)");
    db_->Exec(memkv_ ? "CREATE VIRTUAL TABLE " + table_ +
                           " USING memkv(key TEXT PRIMARY KEY, value, n INTEGER INDEXED, "
                           "durable = " +
                           (stored ? "on)" : "off)")
                     : "CREATE TABLE " + table_ +
                           "(key TEXT PRIMARY KEY NOT NULL, value, n INTEGER) WITHOUT ROWID");
    db_->Exec("INSERT INTO " + table_ +
              " VALUES ('a', 'x', 1), ('b', 'y', 2), ('c', 'xx', 1), ('c2', NULL, 3), ('d', 'z', "
              "1), ('e', 'x', NULL), ('f', 4, 2)");
  }

  void Freeze() {
    if (memkv_) db_->Exec("SELECT memkv_freeze('" + schema_ + ".t')");
    db_->Exec("UPDATE o SET x = 5 WHERE x = 5");  // so that changes() is the same on both sides
  }

  void Happen(Event event) {
    switch (event) {
      case Event::kNone:
        return;
      case Event::kOpen:
        db_.reset();
        return Open();
      case Event::kVacuum:
        return db_->Exec("VACUUM " + std::string(schema_ == "temp" ? "main" : schema_));
      case Event::kForeignDdl: {
        Db other(schema_ == "aux" ? file_ + ".aux" : file_, Load::kNothing);
        other.Exec("CREATE TABLE foreign_table(x)");
        return;
      }
      case Event::kRename:
        return db_->Exec("ALTER TABLE o RENAME TO p; ALTER TABLE p RENAME TO o");
      case Event::kAttach:
        return db_->Exec("ATTACH ':memory:' AS another; CREATE TABLE another.x(y)");
      case Event::kRolledBackDdl:
        return db_->Exec("BEGIN; CREATE TABLE " + schema_ + ".rolled_back(x); ROLLBACK");
      case Event::kResetSchema:
        return db_->Exec("PRAGMA writable_schema = RESET");
    }
  }

  // What the statement comes to, and what is left.
  std::vector<Result> Run(const std::string& statement) {
    std::vector<Result> results = {db_->Run(Replaced(statement, "%t", table_))};
    results.push_back(db_->Run("SELECT changes()"));
    results.push_back(db_->Run("SELECT * FROM " + table_ + " ORDER BY key"));
    results.push_back(db_->Run("SELECT * FROM o ORDER BY x"));
    return results;
  }

  std::string Wrong() {
    if (!memkv_) return "";
    const Result check = db_->Run("INSERT INTO " + table_ + "(t) VALUES('integrity-check')");
    return check.ok() ? "" : check.ToString();
  }

 private:
  void Open() {
    db_ = std::make_unique<Db>(file_, memkv_ ? Load::kModule : Load::kNothing);
    if (schema_ == "aux")
      db_->Exec("ATTACH '" + (file_ == ":memory:" ? file_ : file_ + ".aux") + "' AS aux");
    db_->Exec("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY");
  }

  const std::string file_, schema_, table_;
  const bool memkv_;
  std::unique_ptr<Db> db_;
};

std::string Compare(Side& memkv, Side& twin, const std::string& statement) {
  const std::vector<Result> a = memkv.Run(statement), b = twin.Run(statement);
  for (size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] == b[i]))
      return statement + "\nmemkv: " + a[i].ToString() + "\ntwin:  " + b[i].ToString();
  }
  return memkv.Wrong();
}

// Whether DELETE and UPDATE take LIMIT here.
bool TakesLimit(const std::string& statement) {
  static const bool all = sqlite3_compileoption_used("ENABLE_UPDATE_DELETE_LIMIT");
  const bool writes = statement.find("DELETE FROM %t") != std::string::npos ||
                      statement.find("UPDATE ") != std::string::npos;
  return all || !writes || statement.find(" ORDER BY ") == std::string::npos ||
         statement.find(" LIMIT ") == std::string::npos;
}

void RunAll(const std::string& schema, bool stored, bool frozen) {
  const Folder folder;
  int n = 0;
  for (const Event event : kEvents) {
    const bool file = event == Event::kOpen || event == Event::kForeignDdl;
    // What lies in memory is gone when the connection closes, and no other connection sees it; nor
    // may a memory table lie in a file, save in temp.
    if (event == Event::kOpen && (!stored || schema == "temp")) continue;
    if (event == Event::kForeignDdl && !stored && schema != "temp") continue;
    for (const std::string& statement : kStatements) {
      if (!TakesLimit(statement)) continue;
      const std::string path = file ? folder / std::to_string(++n) : ":memory:";
      Side memkv(path, schema, true, stored);
      Side twin(file ? path + ".twin" : path, schema, false, stored);
      if (frozen) memkv.Freeze(), twin.Freeze();
      memkv.Happen(event);
      twin.Happen(event);
      CAPTURE(static_cast<int>(event));
      CHECK(Compare(memkv, twin, statement) == "");
    }
  }
}

TEST_CASE("every statement as the first one after a connect") {
  for (const std::string schema : {"main", "temp", "aux"}) {
    for (const bool stored : {false, true}) {
      for (const bool frozen : {false, true}) {
        if (kSanitized && stored != frozen) continue;
        CAPTURE(schema);
        CAPTURE(stored);
        CAPTURE(frozen);
        RunAll(schema, stored, frozen);
      }
    }
  }
}

}  // namespace
}  // namespace memkv::test
