#include "ext/sqlite.h"

#include <cstring>

namespace memkv::sql {

void Throw(const Status& status) {
  switch (status.code()) {
    case Status::kCorrupt:
      throw SqlError(SQLITE_CORRUPT_VTAB, "memkv: " + status.message());
    case Status::kFull:
      throw SqlError(SQLITE_FULL, "memkv: " + status.message());
    case Status::kTooBig:
      throw SqlError(SQLITE_TOOBIG, "memkv: " + status.message());
    case Status::kInterrupted:
      throw SqlError(SQLITE_INTERRUPT, "interrupted");
    case Status::kIo:
      throw SqlError(SQLITE_IOERR, "memkv: " + status.message());
    case Status::kCantOpen:
      throw SqlError(SQLITE_CANTOPEN, "memkv: " + status.message());
    case Status::kConflict:
      throw SqlError(SQLITE_ABORT, "memkv: " + status.message());
    case Status::kOk:
    case Status::kInvalid:
      break;
  }
  throw SqlError(SQLITE_ERROR, "memkv: " + status.message());
}

std::string QuoteName(std::string_view name) {
  std::string out = "\"";
  for (char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

Statement::Statement(sqlite3* db, const std::string& sql) : db_(db) {
  const int rc = sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &stmt_, nullptr);
  if (rc == SQLITE_NOMEM) throw std::bad_alloc();
  if (rc != SQLITE_OK) throw SqlError(sqlite3_extended_errcode(db), sqlite3_errmsg(db));
}

void Statement::Bind(int i, std::string_view text) {
  const int rc =
      sqlite3_bind_text64(stmt_, i, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (rc == SQLITE_NOMEM) throw std::bad_alloc();
  if (rc != SQLITE_OK) throw SqlError(rc, sqlite3_errmsg(db_));
}

void Statement::Bind(int i, const Datum& v) {
  int rc = SQLITE_OK;
  switch (v.kind) {
    case Datum::kNull:
      rc = sqlite3_bind_null(stmt_, i);
      break;
    case Datum::kInteger:
      rc = sqlite3_bind_int64(stmt_, i, v.integer);
      break;
    case Datum::kReal:
      rc = sqlite3_bind_double(stmt_, i, v.real);
      break;
    case Datum::kText:
      return Bind(i, v.bytes);
    case Datum::kBlob:
      rc = sqlite3_bind_blob64(stmt_, i, v.bytes.empty() ? "" : v.bytes.data(), v.bytes.size(),
                               SQLITE_TRANSIENT);
      break;
  }
  if (rc == SQLITE_NOMEM) throw std::bad_alloc();
  if (rc != SQLITE_OK) throw SqlError(rc, sqlite3_errmsg(db_));
}

void Statement::Bind(int i, int64_t integer) {
  if (const int rc = sqlite3_bind_int64(stmt_, i, integer); rc != SQLITE_OK)
    throw SqlError(rc, sqlite3_errmsg(db_));
}

void Statement::BindBlob(int i, std::string_view bytes) {
  const int rc = sqlite3_bind_blob64(stmt_, i, bytes.data(), bytes.size(), SQLITE_STATIC);
  if (rc == SQLITE_NOMEM) throw std::bad_alloc();
  if (rc != SQLITE_OK) throw SqlError(rc, sqlite3_errmsg(db_));
}

Bytes Statement::Blob(int column) {
  if (sqlite3_column_type(stmt_, column) != SQLITE_BLOB) return {};
  const char* data = static_cast<const char*>(sqlite3_column_blob(stmt_, column));
  const auto n = static_cast<size_t>(sqlite3_column_bytes(stmt_, column));
  if (data == nullptr && n > 0) throw std::bad_alloc();
  return data ? Bytes(data, n) : Bytes();
}

bool Statement::Step() {
  const int rc = sqlite3_step(stmt_);
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  if (rc == SQLITE_NOMEM) throw std::bad_alloc();
  throw SqlError(sqlite3_extended_errcode(db_), sqlite3_errmsg(db_));
}

std::string Statement::Text(int column) {
  const char* text = reinterpret_cast<const char*>(sqlite3_column_text(stmt_, column));
  return text ? std::string(text, static_cast<size_t>(sqlite3_column_bytes(stmt_, column)))
              : std::string();
}

void SetResult(sqlite3_context* out, const Datum& v) {
  switch (v.kind) {
    case Datum::kNull:
      return sqlite3_result_null(out);
    case Datum::kInteger:
      return sqlite3_result_int64(out, v.integer);
    case Datum::kReal:
      return sqlite3_result_double(out, v.real);
    case Datum::kText:
      return sqlite3_result_text64(out, v.bytes.data(), v.bytes.size(), SQLITE_TRANSIENT,
                                   SQLITE_UTF8);
    case Datum::kBlob:
      if (v.bytes.empty()) return sqlite3_result_zeroblob(out, 0);
      return sqlite3_result_blob64(out, v.bytes.data(), v.bytes.size(), SQLITE_TRANSIENT);
  }
}

void SetTerminatedText(sqlite3_context* out, Bytes text) {
  if (std::memchr(text.data(), 0, text.size())) return SetResult(out, Datum::Text(text));
  sqlite3_result_text(out, text.data(), -1, SQLITE_TRANSIENT);
}

void SetText(sqlite3_context* out, Bytes text, std::string* buffer) {
  if (text.find('\0') != Bytes::npos) return SetResult(out, Datum::Text(text));
  buffer->assign(text);
  sqlite3_result_text(out, buffer->c_str(), -1, SQLITE_TRANSIENT);
}

std::string TextArgument(sqlite3_value* v, const char* usage) {
  if (sqlite3_value_type(v) != SQLITE_TEXT) throw SqlError(SQLITE_ERROR, usage);
  const Datum d = ToDatum(v);
  return std::string(d.bytes);
}

}  // namespace memkv::sql
