// ext/vtab.h on its own: a toy table of whole numbers, whose every method can be told to fail.

#include "ext/vtab.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace memkv::sql {
namespace {

enum class Failure { kNone, kMemory, kSql, kQuiet, kOther, kUnknown };
Failure failure = Failure::kNone;
std::string fails_in;  // the method that fails
std::vector<std::string> calls;

void Enter(const std::string& method) {
  calls.push_back(method);
  if (method != fails_in) return;
  switch (failure) {
    case Failure::kNone:
      return;
    case Failure::kMemory:
      throw std::bad_alloc();
    case Failure::kSql:
      throw SqlError(SQLITE_CONSTRAINT_CHECK, "toy: refused");
    case Failure::kQuiet:
      throw SqlError(SQLITE_BUSY, "");
    case Failure::kOther:
      throw std::runtime_error("toy: surprised");
    case Failure::kUnknown:
      throw 42;
  }
}

struct ToyTable : sqlite3_vtab {
  struct Cursor : sqlite3_vtab_cursor {
    explicit Cursor(ToyTable& table) : sqlite3_vtab_cursor{}, numbers(&table.numbers) {
      Enter("open");
    }
    void Filter(int, const char*, std::span<sqlite3_value*>) {
      at = 0;
      Enter("filter");
    }
    void Next() {
      ++at;
      Enter("next");
    }
    bool Eof() const { return at >= numbers->size(); }
    void Column(sqlite3_context* out, int) {
      Enter("column");
      sqlite3_result_int64(out, (*numbers)[at]);
    }
    sqlite3_int64 Rowid() const { return static_cast<sqlite3_int64>(at); }
    const std::vector<int64_t>* numbers;
    size_t at = 0;
  };

  ToyTable() : sqlite3_vtab{} {}
  static std::unique_ptr<ToyTable> Create(const CreateArgs& args) {
    Enter("create");
    REQUIRE(sqlite3_declare_vtab(args.db, "CREATE TABLE x(n INTEGER)") == SQLITE_OK);
    auto table = std::make_unique<ToyTable>();
    for (const char* arg : args.args) table->numbers.push_back(std::stoll(arg));
    return table;
  }
  static std::unique_ptr<ToyTable> Connect(const CreateArgs& args) { return Create(args); }
  bool BestIndex(sqlite3_index_info&) {
    Enter("best");
    return true;
  }
  void Update(std::span<sqlite3_value*> args) {
    Enter("update");
    if (args.size() > 1) numbers.push_back(sqlite3_value_int64(args[2]));
  }
  void Begin() { Enter("begin"); }
  void Sync() { Enter("sync"); }
  void Commit() { Enter("commit"); }
  void Rollback() { Enter("rollback"); }
  void Destroy() { Enter("destroy"); }
  static bool ShadowName(const char* name) { return std::string(name) == "log"; }

  std::vector<int64_t> numbers;
};

// The smallest table-valued function: no Create, nothing optional.
struct OneRow : sqlite3_vtab {
  struct Cursor : sqlite3_vtab_cursor {
    explicit Cursor(OneRow&) : sqlite3_vtab_cursor{} {}
    void Filter(int, const char*, std::span<sqlite3_value*>) { done = false; }
    void Next() { done = true; }
    bool Eof() const { return done; }
    void Column(sqlite3_context* out, int) { sqlite3_result_int(out, 7); }
    sqlite3_int64 Rowid() const { return 1; }
    bool done = false;
  };
  OneRow() : sqlite3_vtab{} {}
  static std::unique_ptr<OneRow> Connect(const CreateArgs& args) {
    REQUIRE(sqlite3_declare_vtab(args.db, "CREATE TABLE x(n)") == SQLITE_OK);
    return std::make_unique<OneRow>();
  }
  bool BestIndex(sqlite3_index_info&) { return true; }
};

constexpr sqlite3_module kToy = ModuleOf<ToyTable>::kModule;
constexpr sqlite3_module kOne = ModuleOf<OneRow>::kModule;

struct Database {
  Database() {
    failure = Failure::kNone;
    fails_in.clear();
    REQUIRE(sqlite3_open(":memory:", &db) == SQLITE_OK);
    REQUIRE(sqlite3_create_module(db, "toy", &kToy, nullptr) == SQLITE_OK);
    REQUIRE(sqlite3_create_module(db, "one", &kOne, nullptr) == SQLITE_OK);
    sqlite3_extended_result_codes(db, 1);
  }
  ~Database() { CHECK(sqlite3_close(db) == SQLITE_OK); }
  int Run(const char* sql) {
    const int rc = sqlite3_exec(db, sql, nullptr, nullptr, nullptr);
    message = sqlite3_errmsg(db);
    return rc;
  }
  int64_t Number(const char* sql) {
    sqlite3_stmt* stmt;
    REQUIRE(sqlite3_prepare_v2(db, sql, -1, &stmt, nullptr) == SQLITE_OK);
    REQUIRE(sqlite3_step(stmt) == SQLITE_ROW);
    const int64_t n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
  }
  sqlite3* db = nullptr;
  std::string message;
};

}  // namespace

TEST_CASE("a class becomes a module") {
  Database d;
  REQUIRE(d.Run("CREATE VIRTUAL TABLE t USING toy(3, 4)") == SQLITE_OK);
  CHECK(d.Number("SELECT sum(n) FROM t") == 7);
  CHECK(d.Run("INSERT INTO t VALUES(5)") == SQLITE_OK);
  CHECK(d.Number("SELECT sum(n) FROM t") == 12);
  CHECK(d.Number("SELECT n FROM one") == 7);
  CHECK(d.Run("INSERT INTO one VALUES(1)") == SQLITE_ERROR);  // no Update: read-only
  calls.clear();
  CHECK(d.Run("BEGIN; INSERT INTO t VALUES(5); ROLLBACK; DROP TABLE t") == SQLITE_OK);
  CHECK(calls == std::vector<std::string>{"begin", "update", "rollback", "destroy"});
}

TEST_CASE("what a module has is what its class has") {
  CHECK((kToy.xUpdate != nullptr));
  CHECK((kToy.xShadowName != nullptr));
  CHECK(kToy.xShadowName("log") == 1);
  CHECK(kToy.xShadowName("data") == 0);
  CHECK((kToy.xSavepoint == nullptr));
  CHECK((kToy.xRename == nullptr));
  CHECK((kOne.xCreate == nullptr));
  CHECK((kOne.xBegin == nullptr));
  CHECK((kOne.xFindFunction == nullptr));
}

TEST_CASE("every failure becomes its code, and nothing is thrown") {
  struct Case {
    Failure failure;
    int code;
    std::string message;
  };
  const Case cases[] = {{Failure::kMemory, SQLITE_NOMEM, "out of memory"},
                        {Failure::kSql, SQLITE_CONSTRAINT_CHECK, "toy: refused"},
                        {Failure::kQuiet, SQLITE_BUSY, "database is locked"},
                        {Failure::kOther, SQLITE_INTERNAL, "toy: surprised"},
                        {Failure::kUnknown, SQLITE_INTERNAL, ""}};
  for (const std::string method :
       {"open", "filter", "next", "column", "best", "update", "begin", "sync"}) {
    for (const Case& c : cases) {
      CAPTURE(method);
      CAPTURE(c.code);
      Database d;
      REQUIRE(d.Run("CREATE VIRTUAL TABLE t USING toy(3, 4)") == SQLITE_OK);
      failure = c.failure;
      fails_in = method;
      const bool write = method == "update" || method == "begin" || method == "sync";
      const int rc = d.Run(write ? "INSERT INTO t VALUES(5)" : "SELECT n FROM t");
      // A failed plan is an error in the statement's text, but for lack of memory.
      const int code = method == "best" && c.code != SQLITE_NOMEM ? SQLITE_ERROR : c.code;
      CHECK((rc & 0xff) == (code & 0xff));
      if (method == "update" || method == "filter") CHECK(rc == c.code);
      // SQLite drops the message of a few methods.
      if (method != "sync" && method != "begin" && c.failure == Failure::kSql)
        CHECK(d.message == c.message);
      fails_in.clear();
      if (method != "sync")
        CHECK(d.Number("SELECT sum(n) FROM t") == 7);  // the toy takes nothing back
    }
  }
}

TEST_CASE("CREATE that fails leaves no table and says why") {
  Database d;
  failure = Failure::kSql;
  fails_in = "create";
  CHECK(d.Run("CREATE VIRTUAL TABLE t USING toy(3)") != SQLITE_OK);
  CHECK(d.message == "toy: refused");
  fails_in.clear();
  CHECK(d.Run("CREATE VIRTUAL TABLE t USING toy(3)") == SQLITE_OK);
}

}  // namespace memkv::sql
