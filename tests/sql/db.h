// Connections, statements and results as the SQL tests use them.

#ifndef MEMKV_TESTS_SQL_DB_H_
#define MEMKV_TESTS_SQL_DB_H_

#include <sqlite3.h>

#include <string>
#include <vector>

namespace memkv::test {

// One SQL value with its storage class, so that == means the same class and the same content:
// N (NULL), I + decimal digits, R + the 8 bytes of the double, T + text, B + bytes.
using Cell = std::string;
using Row = std::vector<Cell>;

// A cell as an SQL literal; long ones are cut, with their length.
std::string Show(const Cell& cell);
// 'a', 1 | 'b', NULL
std::string Show(const std::vector<Row>& rows);

Cell TextCell(const std::string& text);
Cell BlobCell(const std::string& bytes);
Cell IntegerCell(sqlite3_int64 i);
Cell RealCell(double r);
Cell NullCell();

// What running a text of SQL came to.
struct Result {
  int code = SQLITE_OK;  // extended
  std::string message;   // empty where code is SQLITE_OK
  std::vector<std::string> names;
  std::vector<Row> rows;  // of all its statements

  bool ok() const { return code == SQLITE_OK; }
  std::string ToString() const;
  friend bool operator==(const Result&, const Result&) = default;
};

// Steps `stmt` to its end with these parameters and resets it.
class Db;
Result StepAll(Db& db, sqlite3_stmt* stmt, const Row& parameters);

// Which entry point of the module a connection is opened with.
enum class Load { kNothing, kModule, kNoFiles };

// Loads the module under test. Returns the result code; *message says what is wrong.
int LoadModule(sqlite3* db, Load load, std::string* message);

class Db {
 public:
  // Throws std::runtime_error where the file cannot be opened or the module cannot be loaded.
  explicit Db(const std::string& file = ":memory:", Load load = Load::kModule,
              int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI);
  ~Db();
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;

  sqlite3* handle() const { return db_; }
  bool autocommit() const { return sqlite3_get_autocommit(db_) != 0; }

  // Runs every statement of `sql` up to the first that fails. Each binds as many of `parameters` as
  // it takes.
  Result Run(const std::string& sql, const Row& parameters = {});

  // The same for SQL that must succeed: throws std::runtime_error with the SQL and the message.
  void Exec(const std::string& sql, const Row& parameters = {});
  // Its rows, shown: 'a', 1 | 'b', NULL
  std::string Rows(const std::string& sql, const Row& parameters = {});
  // The message of SQL that must fail; "(succeeded)" where it does not.
  std::string Error(const std::string& sql, const Row& parameters = {});
  // The extended result code.
  int Code(const std::string& sql, const Row& parameters = {});
  // The details of EXPLAIN QUERY PLAN.
  std::string Plan(const std::string& sql);

 private:
  sqlite3* db_ = nullptr;
};

// A prepared statement that the test steps by hand. Throws std::runtime_error where it cannot be
// prepared.
class Cursor {
 public:
  Cursor(Db& db, const std::string& sql, const Row& parameters = {});
  ~Cursor() { sqlite3_finalize(stmt_); }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  // SQLITE_ROW, SQLITE_DONE or an extended error code.
  int Step();
  Row row() const;
  void Bind(const Row& parameters);
  int Reset() { return sqlite3_reset(stmt_); }
  sqlite3_stmt* handle() const { return stmt_; }

 private:
  sqlite3* db_;
  sqlite3_stmt* stmt_ = nullptr;
};

}  // namespace memkv::test

#endif  // MEMKV_TESTS_SQL_DB_H_
