// A database in memory with the module, and prepared statements whose rows become a checksum.

#ifndef MEMKV_BENCH_SQL_SESSION_H_
#define MEMKV_BENCH_SQL_SESSION_H_

#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/empty_table.h"
#include "core/bytes.h"
#include "ext/memkv.h"

namespace memkv::bench {

class Db {
 public:
  explicit Db(const std::string& extension) {
    if (sqlite3_open(":memory:", &db_) != SQLITE_OK) Fail("open");
    sqlite3_enable_load_extension(db_, 1);
    char* message = nullptr;
    if (sqlite3_load_extension(db_, extension.c_str(), nullptr, &message) != SQLITE_OK) {
      std::fprintf(stderr, "bench_sql: cannot load %s: %s\n", extension.c_str(), message);
      std::exit(1);
    }
    EmptyTable::Register(db_);
  }
  ~Db() { sqlite3_close(db_); }
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;

  void Exec(const std::string& sql) {
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) Fail(sql);
  }
  [[noreturn]] void Fail(const std::string& what) {
    std::fprintf(stderr, "bench_sql: %s: %s\n", what.c_str(), sqlite3_errmsg(db_));
    std::exit(1);
  }
  sqlite3* get() { return db_; }

 private:
  sqlite3* db_ = nullptr;
};

// A prepared statement. Its rows are reduced to a checksum that minds their order.
class Query {
 public:
  Query(Db* db, const std::string& sql) : db_(db), sql_(sql) {
    if (sqlite3_prepare_v3(db->get(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement_,
                           nullptr) != SQLITE_OK) {
      db->Fail(sql);
    }
  }
  ~Query() { sqlite3_finalize(statement_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& Bind(int i, Bytes text) {
    sqlite3_bind_text(statement_, i, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
    return *this;
  }
  Query& Bind(int i, uint64_t number) {
    sqlite3_bind_int64(statement_, i, static_cast<sqlite3_int64>(number));
    return *this;
  }
  // `keys` has to stay.
  Query& Bind(int i, const memkv_keys* keys) {
    sqlite3_bind_pointer(statement_, i, const_cast<memkv_keys*>(keys), MEMKV_KEYS_POINTER, nullptr);
    return *this;
  }
  // Runs it to its end and adds its rows to *sum.
  void Run(uint64_t* sum) {
    int rc;
    while ((rc = sqlite3_step(statement_)) == SQLITE_ROW) {
      for (int i = 0, n = sqlite3_column_count(statement_); i < n; ++i) {
        uint64_t item = 0;
        if (sqlite3_column_type(statement_, i) == SQLITE_TEXT) {
          const unsigned char* text = sqlite3_column_text(statement_, i);
          const auto size = static_cast<uint64_t>(sqlite3_column_bytes(statement_, i));
          item = (size << 16) + (size == 0 ? 0 : text[0] + 256u * text[size - 1]);
        } else {
          item = static_cast<uint64_t>(sqlite3_column_int64(statement_, i));
        }
        *sum = *sum * 3 + item;
      }
    }
    if (rc != SQLITE_DONE) db_->Fail(sql_);
    sqlite3_reset(statement_);
  }
  void Run() {
    uint64_t ignored = 0;
    Run(&ignored);
  }

 private:
  Db* db_;
  std::string sql_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_SQL_SESSION_H_
