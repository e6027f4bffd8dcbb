#include "tests/sql/db.h"

#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace memkv::test {
namespace {

Cell CellOf(sqlite3_stmt* stmt, int column) {
  switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_INTEGER:
      return IntegerCell(sqlite3_column_int64(stmt, column));
    case SQLITE_FLOAT:
      return RealCell(sqlite3_column_double(stmt, column));
    case SQLITE_NULL:
      return NullCell();
    default:
      break;
  }
  const bool text = sqlite3_column_type(stmt, column) == SQLITE_TEXT;
  const void* data = sqlite3_column_blob(stmt, column);
  const size_t n = static_cast<size_t>(sqlite3_column_bytes(stmt, column));
  const std::string bytes(data ? static_cast<const char*>(data) : "", n);
  return text ? TextCell(bytes) : BlobCell(bytes);
}

void BindCell(sqlite3_stmt* stmt, int i, const Cell& cell) {
  const char* data = cell.data() + 1;
  const size_t n = cell.size() - 1;
  switch (cell[0]) {
    case 'N':
      sqlite3_bind_null(stmt, i);
      break;
    case 'I':
      sqlite3_bind_int64(stmt, i, std::stoll(cell.substr(1)));
      break;
    case 'R': {
      double r;
      std::memcpy(&r, data, sizeof r);
      sqlite3_bind_double(stmt, i, r);
      break;
    }
    case 'T':
      sqlite3_bind_text64(stmt, i, data, n, SQLITE_TRANSIENT, SQLITE_UTF8);
      break;
    default:
      sqlite3_bind_blob64(stmt, i, data, n, SQLITE_TRANSIENT);
      break;
  }
}

void BindAll(sqlite3_stmt* stmt, const Row& parameters) {
  const int n = sqlite3_bind_parameter_count(stmt);
  for (int i = 0; i < n && i < static_cast<int>(parameters.size()); ++i) {
    BindCell(stmt, i + 1, parameters[static_cast<size_t>(i)]);
  }
}

[[noreturn]] void Throw(const std::string& sql, const std::string& message) {
  throw std::runtime_error(sql.substr(0, 400) + ": " + message);
}

}  // namespace

Cell TextCell(const std::string& text) { return "T" + text; }
Cell BlobCell(const std::string& bytes) { return "B" + bytes; }
Cell IntegerCell(sqlite3_int64 i) { return "I" + std::to_string(i); }
Cell NullCell() { return "N"; }

Cell RealCell(double r) {
  Cell cell("R");
  cell.append(reinterpret_cast<const char*>(&r), sizeof r);
  return cell;
}

std::string Show(const Cell& cell) {
  constexpr size_t kMost = 120;
  std::string out;
  switch (cell[0]) {
    case 'N':
      return "NULL";
    case 'I':
      return cell.substr(1);
    case 'R': {
      double r;
      std::memcpy(&r, cell.data() + 1, sizeof r);
      char text[40];
      std::snprintf(text, sizeof text, "%.17g", r);
      out = text;
      return out.find_first_of(".einf") == std::string::npos ? out + ".0" : out;
    }
    case 'T':
      out = "'";
      for (size_t i = 1; i < cell.size() && i <= kMost; ++i) {
        const unsigned char c = static_cast<unsigned char>(cell[i]);
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\x%02x", c);
        out += c == '\'' ? "''" : c < 0x20 ? std::string(escaped) : std::string(1, cell[i]);
      }
      out += "'";
      break;
    default:
      out = "x'";
      for (size_t i = 1; i < cell.size() && i <= kMost; ++i) {
        char hex[4];
        std::snprintf(hex, sizeof hex, "%02x", static_cast<unsigned char>(cell[i]));
        out += hex;
      }
      out += "'";
      break;
  }
  if (cell.size() > kMost + 1) out += "...(" + std::to_string(cell.size() - 1) + " bytes)";
  return out;
}

std::string Show(const std::vector<Row>& rows) {
  std::string out;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i > 0) out += " | ";
    for (size_t j = 0; j < rows[i].size(); ++j) out += (j > 0 ? ", " : "") + Show(rows[i][j]);
  }
  return out;
}

std::string Result::ToString() const {
  if (!ok()) return "error " + std::to_string(code) + ": " + message;
  return std::to_string(rows.size()) + " rows: " + Show(rows);
}

int LoadModule(sqlite3* db, Load load, std::string* message) {
  if (load == Load::kNothing) return SQLITE_OK;
  sqlite3_enable_load_extension(db, 1);
  char* error = nullptr;
  const int rc = sqlite3_load_extension(
      db, MEMKV_MODULE, load == Load::kNoFiles ? "sqlite3_memkv_nofs_init" : nullptr, &error);
  *message = error ? error : "";
  sqlite3_free(error);
  return rc;
}

Db::Db(const std::string& file, Load load, int flags) {
  std::string message;
  int rc = sqlite3_open_v2(file.c_str(), &db_, flags, nullptr);
  if (rc != SQLITE_OK) {
    message = sqlite3_errmsg(db_);
  } else {
    sqlite3_extended_result_codes(db_, 1);
    rc = LoadModule(db_, load, &message);
  }
  if (rc == SQLITE_OK) return;
  sqlite3_close(db_);
  Throw("opening " + file, message);
}

Db::~Db() { sqlite3_close_v2(db_); }

Result StepAll(Db& db, sqlite3_stmt* stmt, const Row& parameters) {
  Result result;
  BindAll(stmt, parameters);
  const int columns = sqlite3_column_count(stmt);
  for (int i = 0; i < columns; ++i) result.names.push_back(sqlite3_column_name(stmt, i));
  int rc;
  while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    Row& row = result.rows.emplace_back();
    for (int i = 0; i < columns; ++i) row.push_back(CellOf(stmt, i));
  }
  if (rc != SQLITE_DONE) {
    result.code = sqlite3_extended_errcode(db.handle());
    result.message = sqlite3_errmsg(db.handle());
  }
  sqlite3_reset(stmt);
  return result;
}

Result Db::Run(const std::string& sql, const Row& parameters) {
  Result result;
  const char* text = sql.c_str();
  while (result.ok() && *text != '\0') {
    sqlite3_stmt* stmt = nullptr;
    const int rc = sqlite3_prepare_v2(db_, text, -1, &stmt, &text);
    if (rc == SQLITE_OK && stmt == nullptr) continue;  // a comment or white space
    if (rc == SQLITE_OK) {
      Result one = StepAll(*this, stmt, parameters);
      one.rows.insert(one.rows.begin(), result.rows.begin(), result.rows.end());
      result = std::move(one);
    } else {
      result.code = sqlite3_extended_errcode(db_);
      result.message = sqlite3_errmsg(db_);
    }
    sqlite3_finalize(stmt);
  }
  return result;
}

void Db::Exec(const std::string& sql, const Row& parameters) {
  const Result result = Run(sql, parameters);
  if (!result.ok()) Throw(sql, result.ToString());
}

std::string Db::Rows(const std::string& sql, const Row& parameters) {
  const Result result = Run(sql, parameters);
  return result.ok() ? Show(result.rows) : result.ToString();
}

std::string Db::Error(const std::string& sql, const Row& parameters) {
  const Result result = Run(sql, parameters);
  return result.ok() ? "(succeeded)" : result.message;
}

int Db::Code(const std::string& sql, const Row& parameters) { return Run(sql, parameters).code; }

std::string Db::Plan(const std::string& sql) {
  const Result result = Run("EXPLAIN QUERY PLAN " + sql);
  if (!result.ok()) return result.ToString();
  std::string out;
  for (const Row& row : result.rows) out += (out.empty() ? "" : " | ") + row[3].substr(1);
  return out;
}

Cursor::Cursor(Db& db, const std::string& sql, const Row& parameters) : db_(db.handle()) {
  if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &stmt_, nullptr) != SQLITE_OK) {
    Throw(sql, sqlite3_errmsg(db_));
  }
  Bind(parameters);
}

int Cursor::Step() {
  const int rc = sqlite3_step(stmt_);
  return rc == SQLITE_ROW || rc == SQLITE_DONE ? rc : sqlite3_extended_errcode(db_);
}

Row Cursor::row() const {
  Row row;
  for (int i = 0; i < sqlite3_column_count(stmt_); ++i) row.push_back(CellOf(stmt_, i));
  return row;
}

void Cursor::Bind(const Row& parameters) { BindAll(stmt_, parameters); }

}  // namespace memkv::test
