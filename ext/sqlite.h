// Small, thin wrappers over the SQLite API: prepared statements, values as Datums, Status as
// SqlError.

#ifndef MEMKV_EXT_SQLITE_H_
#define MEMKV_EXT_SQLITE_H_

#include <string>
#include <string_view>

#include "core/datum.h"
#include "core/shown.h"
#include "core/status.h"
#include "ext/vtab.h"

namespace memkv::sql {

// Throws the SqlError of a failed Status.
[[noreturn]] void Throw(const Status& status);
inline void Check(const Status& status) {
  if (!status.ok()) [[unlikely]]
    Throw(status);
}

// Of an error that is passed over otherwise: an interrupt is meant for all that runs.
inline void RethrowInterrupt(const SqlError& error) {
  if ((error.code() & 0xff) == SQLITE_INTERRUPT) throw error;
}

// `name` as an SQL identifier or string literal.
std::string QuoteName(std::string_view name);

// A prepared statement, finalized at the end of its scope. Throws SqlError with the connection's
// message.
class Statement {
 public:
  Statement(sqlite3* db, const std::string& sql);
  ~Statement() { sqlite3_finalize(stmt_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void Bind(int i, std::string_view text);
  void Bind(int i, const Datum& v);
  void Bind(int i, int64_t integer);
  // Not copied: it must live until the statement is reset.
  void BindBlob(int i, std::string_view bytes);
  bool Step();  // true: a row
  int64_t Int(int column) { return sqlite3_column_int64(stmt_, column); }
  bool Null(int column) { return sqlite3_column_type(stmt_, column) == SQLITE_NULL; }
  std::string Text(int column);
  Bytes Blob(int column);  // borrowed until the next step; empty unless the column is a BLOB
  // Unprotected: for sqlite3_value_dup.
  sqlite3_value* Value(int column) { return sqlite3_column_value(stmt_, column); }
  void Reset() noexcept { sqlite3_reset(stmt_); }
  // Whether SQLite has done so by itself, since the schema has changed.
  bool PreparedAgain() const noexcept {
    return sqlite3_stmt_status(stmt_, SQLITE_STMTSTATUS_REPREPARE, 0) > 0;
  }

 private:
  sqlite3* db_;
  sqlite3_stmt* stmt_ = nullptr;
};

// The value's class and content as they are; text and blobs borrow from it. sqlite3_value_blob, not
// _text: no copy is made.
inline Datum ToDatum(sqlite3_value* v) {
  switch (sqlite3_value_type(v)) {
    case SQLITE_INTEGER:
      return Datum::Integer(sqlite3_value_int64(v));
    case SQLITE_FLOAT:
      return Datum::Real(sqlite3_value_double(v));
    case SQLITE_NULL:
      return Datum::Null();
    default:
      break;
  }
  const bool text = sqlite3_value_type(v) == SQLITE_TEXT;
  const char* data = static_cast<const char*>(sqlite3_value_blob(v));
  const size_t n = static_cast<size_t>(sqlite3_value_bytes(v));
  if (data == nullptr && n > 0) throw std::bad_alloc();
  const Bytes bytes(data ? data : "", n);
  return text ? Datum::Text(bytes) : Datum::Blob(bytes);
}

// Text and blobs are copied: SQLite may keep a result past the row it came from (min() and GROUP BY
// do).
void SetResult(sqlite3_context* out, const Datum& v);
// The same for the texts of a scan, so that SQLite knows of the NUL that ends them: most who ask for
// a text want one, and SQLite would allocate the text anew to add it. The first takes one that a NUL
// follows, the second any, by way of a buffer.
void SetTerminatedText(sqlite3_context* out, Bytes text);
void SetText(sqlite3_context* out, Bytes text, std::string* buffer);

// The text of an argument, or an SqlError that says what `function` takes.
std::string TextArgument(sqlite3_value* v, const char* usage);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_SQLITE_H_
