// FileDb: a database file in WAL mode, as the benchmarks of stored tables use it.

#ifndef MEMKV_BENCH_FILE_DB_H_
#define MEMKV_BENCH_FILE_DB_H_

#include <sqlite3.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/bytes.h"

namespace memkv::bench {

// Every failure ends the process, with the SQL and the message.
class FileDb {
 public:
  // `extension`: memkv.so, or empty. `exclusive`: this process has the file to itself.
  FileDb(const std::string& file, const std::string& extension, bool exclusive = false)
      : file_(file) {
    if (sqlite3_open(file.c_str(), &db_) != SQLITE_OK) Fail("open " + file);
    if (!extension.empty()) {
      sqlite3_enable_load_extension(db_, 1);
      if (sqlite3_load_extension(db_, extension.c_str(), nullptr, nullptr) != SQLITE_OK)
        Fail("load " + extension);
    }
    if (exclusive) Exec("PRAGMA locking_mode = EXCLUSIVE");
    Exec(
        "PRAGMA cache_size = -1000000; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; "
        "PRAGMA synchronous = NORMAL");
  }
  ~FileDb() { sqlite3_close(db_); }
  FileDb(const FileDb&) = delete;
  FileDb& operator=(const FileDb&) = delete;

  sqlite3* handle() { return db_; }
  [[noreturn]] void Fail(const std::string& what) {
    std::fprintf(stderr, "%s: %s\n", what.c_str(), sqlite3_errmsg(db_));
    std::exit(1);
  }
  void Exec(const std::string& sql) {
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) Fail(sql);
  }
  int64_t Number(const std::string& sql) {
    sqlite3_stmt* stmt = Prepare(sql);
    if (sqlite3_step(stmt) != SQLITE_ROW) Fail(sql);
    const int64_t n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
  }
  sqlite3_stmt* Prepare(const std::string& sql) {
    sqlite3_stmt* stmt = nullptr;
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &stmt, nullptr) != SQLITE_OK) Fail(sql);
    return stmt;
  }
  // Runs an INSERT or SELECT of one key. Whether there was a row.
  bool Run(sqlite3_stmt* stmt, Bytes key, int64_t value = -1) {
    sqlite3_bind_text(stmt, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
    if (value >= 0) sqlite3_bind_int64(stmt, 2, value);
    const int rc = sqlite3_step(stmt);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW) Fail("step");
    sqlite3_reset(stmt);
    return rc == SQLITE_ROW;
  }
  uint64_t WalBytes() const {
    struct stat st;
    return stat((file_ + "-wal").c_str(), &st) == 0 ? static_cast<uint64_t>(st.st_size) : 0;
  }

 private:
  const std::string file_;
  sqlite3* db_ = nullptr;
};

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_FILE_DB_H_
