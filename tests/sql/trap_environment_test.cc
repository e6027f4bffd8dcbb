// The host: entry points, encodings, interrupts, trust.

#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

constexpr char kFunctions[] =
    "SELECT DISTINCT name FROM pragma_function_list WHERE name LIKE 'memkv%' OR name = "
    "'has_prefix' ORDER BY name";
constexpr char kModules[] =
    "SELECT name FROM pragma_module_list WHERE name LIKE 'memkv%' ORDER BY name";

TEST_CASE("loading twice, or with a cursor open, changes nothing") {
  Db db;
  const std::string functions = db.Rows(kFunctions), modules = db.Rows(kModules);
  db.Exec("CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a', 1), ('b', 2)");
  Cursor cursor(db, "SELECT key FROM u");
  REQUIRE(cursor.Step() == SQLITE_ROW);
  for (int i = 0; i < 3; ++i) {
    std::string message;
    for (const Load load : {Load::kModule, Load::kNoFiles}) {
      CHECK((LoadModule(db.handle(), load, &message) & 0xff) == SQLITE_OK);
      CHECK(message == "");
    }
  }
  CHECK(cursor.Step() == SQLITE_ROW);
  CHECK(cursor.row() == Row{TextCell("b")});
  CHECK(cursor.Step() == SQLITE_DONE);
  CHECK(db.Rows(kFunctions) == functions);
  CHECK(db.Rows(kModules) == modules);
  CHECK(db.Rows("SELECT * FROM u") == "'a', 1 | 'b', 2");
}

TEST_CASE("many connections, opened and closed in any order, each have their own tables") {
  auto a = std::make_unique<Db>(), b = std::make_unique<Db>();
  a->Exec("CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a', 1)");
  CHECK(b->Error("SELECT memkv_count('u')") == "memkv: no such table: \"u\"");
  b->Exec("CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('b', 1), ('c', 1)");
  CHECK(a->Rows("SELECT memkv_count('u')") == "1");
  a.reset();
  CHECK(b->Rows("SELECT memkv_count('u')") == "2");
  auto c = std::make_unique<Db>();
  CHECK(c->Error("SELECT * FROM u") == "no such table: u");
  b.reset();
  c->Exec("CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('b', 1)");
}

TEST_CASE("a connection closes with statements, cursors and a transaction open") {
  for (const bool begin : {false, true}) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(":memory:", &handle) == SQLITE_OK);
    std::string message;
    REQUIRE((LoadModule(handle, Load::kModule, &message) & 0xff) == SQLITE_OK);
    REQUIRE(
        sqlite3_exec(handle,
                     "CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a', 1), ('b', 2)",
                     nullptr, nullptr, nullptr) == SQLITE_OK);
    if (begin)
      REQUIRE(sqlite3_exec(handle, "BEGIN; DELETE FROM u WHERE key = 'a'; DROP TABLE IF EXISTS v",
                           nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_stmt* stmt = nullptr;
    REQUIRE(sqlite3_prepare_v2(handle, "SELECT * FROM u", -1, &stmt, nullptr) == SQLITE_OK);
    REQUIRE(sqlite3_step(stmt) == SQLITE_ROW);
    CHECK(sqlite3_close(handle) == SQLITE_BUSY);
    CHECK(sqlite3_close_v2(handle) == SQLITE_OK);
    CHECK(sqlite3_column_count(stmt) == 2);
    sqlite3_finalize(stmt);
  }
}

TEST_CASE("the nofs entry point registers nothing that reads files; the other adds it") {
  Db db(":memory:", Load::kNoFiles);
  CHECK(db.Error("SELECT memkv_file('x')") == "no such function: memkv_file");
  db.Exec(
      "CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a', 1); SELECT "
      "memkv_freeze('u')");
  CHECK(db.Error("INSERT INTO u(u, key) VALUES ('import', '/etc/passwd')") ==
        "memkv: 'import' takes memkv_file(path)");
  std::string message;
  CHECK((LoadModule(db.handle(), Load::kModule, &message) & 0xff) == SQLITE_OK);
  CHECK(db.Rows("SELECT typeof(memkv_file('x'))") == "'null'");
  CHECK(db.Rows("SELECT * FROM u") == "'a', 1");
}

TEST_CASE("a database that is not UTF-8 is refused at CREATE") {
  for (const std::string encoding : {"UTF-16le", "UTF-16be"}) {
    Db db;
    db.Exec("PRAGMA encoding = '" + encoding + "'; CREATE TABLE r(x)");
    const std::string refused =
        "memkv: the database's encoding is \"" + encoding + "\" (allowed: UTF-8)";
    CHECK(db.Error("CREATE VIRTUAL TABLE u USING memkv") == refused);
    CHECK(db.Error("CREATE VIRTUAL TABLE temp.u USING memkv") == refused);
    CHECK(db.Rows("SELECT (SELECT count(*) FROM sqlite_schema), (SELECT count(*) FROM "
                  "sqlite_temp_schema)") == "1, 0");
  }
}

TEST_CASE("a user's regexp() stays the user's") {
  Db db(":memory:", Load::kNothing);
  sqlite3_create_function(
      db.handle(), "regexp", 2, SQLITE_UTF8, nullptr,
      [](sqlite3_context* context, int, sqlite3_value**) { sqlite3_result_int(context, 42); },
      nullptr, nullptr);
  std::string message;
  REQUIRE((LoadModule(db.handle(), Load::kModule, &message) & 0xff) == SQLITE_OK);
  CHECK(db.Rows("SELECT 'a' REGEXP 'b'") == "42");
}

TEST_CASE("memkv_version and memkv_debug say what runs") {
  Db db;
  CHECK(db.Rows("SELECT memkv_version() GLOB '[0-9]*.[0-9]*.[0-9]*'") == "1");
  CHECK(db.Rows("SELECT memkv_debug()")
            .find(std::string("running in SQLite ") + sqlite3_libversion()) != std::string::npos);
}

// Counts the calls of the progress handler, and stops whatever the connection does at the n-th: by
// its return value, or by sqlite3_interrupt() from within it.
class Stopper {
 public:
  Stopper(Db& db, int n, bool by_interrupt) : db_(db), stop_at_(n), by_interrupt_(by_interrupt) {
    sqlite3_progress_handler(db.handle(), 1, &Call, this);
  }
  ~Stopper() { sqlite3_progress_handler(db_.handle(), 0, nullptr, nullptr); }
  int calls() const { return calls_; }

 private:
  static int Call(void* self) {
    auto* s = static_cast<Stopper*>(self);
    if (++s->calls_ != s->stop_at_) return 0;
    if (!s->by_interrupt_) return 1;
    sqlite3_interrupt(s->db_.handle());
    return 0;
  }

  Db& db_;
  const int stop_at_;
  const bool by_interrupt_;
  int calls_ = 0;
};

constexpr char kState[] = "SELECT count(*), sum(value), min(key), max(key) FROM u";
constexpr char kStats[] = "SELECT name, value FROM memkv_stats('u') WHERE name LIKE '%keys'";

void FillMany(Db& db) {
  db.Exec(
      "CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u WITH RECURSIVE c(i) AS (VALUES (1) UNION "
      "ALL SELECT i + 1 FROM c "
      "WHERE i < 40000) SELECT 'http://www.example' || (i % 97) || '.com/path/' || i, i FROM c; "
      "SELECT memkv_freeze('u'); "
      "UPDATE u SET value = -value WHERE value % 3 = 0; DELETE FROM u WHERE value % 5 = 0");
}

TEST_CASE("long work stops when asked, leaves the table as it was, and can be done again") {
  for (const std::string work :
       {"SELECT memkv_freeze('u')", "INSERT INTO u(u) VALUES ('freeze')",
        "INSERT INTO u(u) VALUES ('integrity-check')", "SELECT * FROM memkv_check('u')",
        "INSERT INTO u(u, key) VALUES ('delete-prefix', 'http')"}) {
    CAPTURE(work);
    auto count = [&work](Db& db) {
      db.Exec("SELECT * FROM memkv_check('u'); BEGIN");  // whatever SQLite does once for a
                                                         // connection is done
      Stopper counter(db, 0, false);
      db.Exec(work);
      const int calls = counter.calls();
      db.Exec("ROLLBACK");
      return calls;
    };
    Db db, idle;
    idle.Exec("CREATE VIRTUAL TABLE u USING memkv");
    FillMany(db);
    const std::string state = db.Rows(kState), stats = db.Rows(kStats);
    // The calls before and after the work, which are made for an empty table too, and those that
    // the work makes: more the longer it takes, of which only the first tenth is relied on.
    const int around = count(idle), within = count(db) - around;
    REQUIRE(within > around);
    for (const bool by_interrupt : {false, true}) {
      for (const int at : {1, around + 1, around + within / 10}) {
        CAPTURE(at);
        {
          Stopper stopper(db, at, by_interrupt);
          CHECK(db.Code(work) == SQLITE_INTERRUPT);
        }
        CHECK(db.Rows(kState) == state);
        CHECK(db.Rows(kStats) == stats);
      }
    }
    CHECK(db.Rows("SELECT * FROM memkv_check('u')") == "");
    CHECK(db.Code(work) == SQLITE_OK);
  }
}

TEST_CASE("a long query stops when asked") {
  Db db;
  FillMany(db);
  for (const std::string query :
       {"SELECT count(*) FROM u WHERE key LIKE '%nowhere%'", "SELECT sum(length(key)) FROM u",
        "SELECT count(*) FROM u WHERE key GLOB 'http*nowhere'"}) {
    CAPTURE(query);
    {
      Stopper stopper(db, 1000, true);
      CHECK(db.Code(query) == SQLITE_INTERRUPT);
    }
    // From its plan on, which asks statements of memkv's own; SQLite has another code for that.
    for (int at = 1; at <= 60; ++at) {
      CAPTURE(at);
      Stopper stopper(db, at, false);
      CHECK(db.Run(query).message == "interrupted");
    }
  }
  CHECK(db.Rows("SELECT * FROM memkv_check('u')") == "");
}

TEST_CASE("an interrupted command rolls its transaction back, as SQLite has it for every write") {
  Db db;
  FillMany(db);
  const std::string state = db.Rows(kState);
  db.Exec("BEGIN; INSERT INTO u VALUES ('new', 1)");
  {
    Stopper stopper(db, 30, false);
    CHECK(db.Code("INSERT INTO u(u) VALUES ('freeze')") == SQLITE_INTERRUPT);
  }
  CHECK(db.autocommit());
  CHECK(db.Rows(kState) == state);
}

TEST_CASE("trusted_schema = 0 keeps functions that write out of views") {
  Db db;
  db.Exec(
      "CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a', 1); PRAGMA trusted_schema = "
      "0");
  db.Exec("CREATE VIEW v AS SELECT has_prefix('ab', 'a'), memkv_version() NOT NULL");
  CHECK(db.Rows("SELECT * FROM v") == "1, 1");
  for (const char* asks :
       {"memkv_count('u')", "memkv_flame('u', '/')", "(SELECT count(*) FROM memkv_facets('u'))",
        "(SELECT key FROM memkv_fuzzy('u', 'a', 1))", "(SELECT 1 FROM memkv_stats)"}) {
    CAPTURE(asks);
    db.Exec(std::string("CREATE VIEW w AS SELECT ") + asks);
    CHECK(db.Error("SELECT * FROM w").starts_with("unsafe use of "));
    db.Exec("DROP VIEW w");
  }
  CHECK(db.Rows("SELECT * FROM u") == "'a', 1");
}

TEST_CASE("trusted_schema = 0: views and triggers read and write tables, and no files") {
  Folder folder;
  std::ofstream(folder / "keys") << "k\n";
  for (const char* schema : {"main", "temp"}) {
    CAPTURE(schema);
    Db db;
    const std::string u = schema + std::string(".u");
    db.Exec("CREATE VIRTUAL TABLE " + u + " USING memkv; INSERT INTO u VALUES ('a', 1)");
    db.Exec("CREATE TABLE p(x); CREATE TABLE seen(n); PRAGMA trusted_schema = 0");
    const std::string create = schema == std::string("temp") ? "CREATE TEMP " : "CREATE ";
    db.Exec(create + "VIEW v AS SELECT key FROM u");
    db.Exec(create +
            "TRIGGER r AFTER INSERT ON p BEGIN INSERT INTO seen SELECT count(*) FROM u; END");
    db.Exec(create + "TRIGGER w AFTER DELETE ON p BEGIN INSERT INTO u VALUES (old.x, 1); END");
    CHECK(db.Rows("SELECT * FROM v") == "'a'");
    db.Exec("INSERT INTO p VALUES ('b'); DELETE FROM p");
    CHECK(db.Rows("SELECT * FROM v") == "'a' | 'b'");
    CHECK(db.Rows("SELECT * FROM seen") == "1");
    for (const std::string& path :
         {"memkv_file('" + (folder / "keys") + "')", "'" + (folder / "keys") + "'"}) {
      db.Exec(create + "TRIGGER i AFTER UPDATE ON p BEGIN INSERT INTO u(u, key) VALUES('import', " +
              path + "); END");
      db.Exec("INSERT INTO p VALUES ('c')");
      // A trigger in temp is the user's own.
      const std::string error = db.Error("UPDATE p SET x = 'd'");
      const bool is_own = schema == std::string("temp") && path[0] == 'm';
      if (path[0] != 'm') CHECK(error == "memkv: 'import' takes memkv_file(path)");
      if (path[0] == 'm') CHECK(error == (is_own ? "(succeeded)" : "unsafe use of memkv_file()"));
      CHECK(db.Rows("SELECT count(*) FROM u") == (is_own ? "3" : "2"));
      db.Exec("DELETE FROM u WHERE key = 'k'; DROP TRIGGER i");
    }
  }
}

TEST_CASE("SQLITE_DBCONFIG_DEFENSIVE changes nothing for a memory table") {
  Db db;
  sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  db.Exec(
      "CREATE VIRTUAL TABLE u USING memkv; INSERT INTO u VALUES ('a', 1); SELECT "
      "memkv_freeze('u'); ALTER TABLE u RENAME TO v; "
      "DELETE FROM v; DROP TABLE v");
}

}  // namespace
}  // namespace memkv::test
