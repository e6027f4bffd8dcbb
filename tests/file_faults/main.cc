// The n-th system call on an exported or imported file fails, is interrupted or does half of its
// work, or power is lost there, for every n. These files are read and written without SQLite. A
// file that is exported is wholly there or as it was; an import changes everything or nothing. The
// linker puts the calls of this program in place of the module's (--wrap).

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "ext/memkv.h"
#include "tests/folder.h"

namespace {

using memkv::test::ReadAll;
using memkv::test::WriteAll;

enum Fault { kError, kFull, kInterrupted, kPart, kPower, kPowerAndName };
constexpr const char* kNames[] = {"an error",      "a full disk",   "an interruption",
                                  "half the work", "loss of power", "loss of power, the name too"};

struct {
  uint64_t at = 0, count = 0;
  Fault fault = kError;
  bool happened = false, off = true;
} armed;

// What a loss of power may take: what was written to which file since it was synced, and under
// which name a file was before, the directory not being synced.
std::map<int, std::string> open_files;
std::set<std::string> unsynced;
std::string renamed_to, replaced;
bool had_target = false;

void Arm(uint64_t n, Fault fault) {
  armed = {.at = n, .fault = fault, .off = false};
  unsynced.clear();
  renamed_to.clear();
}

[[noreturn]] void LosePower() {
  for (const std::string& path : unsynced) {
    if (truncate(path.c_str(), static_cast<off_t>(std::filesystem::file_size(path) / 2)) != 0)
      _exit(8);
  }
  if (armed.fault == kPowerAndName && !renamed_to.empty()) {
    if (had_target) {
      WriteAll(renamed_to, replaced);
    } else {
      std::filesystem::remove(renamed_to);
    }
  }
  _exit(9);
}

// Whether this call is the one. Does not return where it is and power is lost.
bool Now() {
  if (armed.off || ++armed.count != armed.at) return false;
  armed.happened = true;
  if (armed.fault == kPower || armed.fault == kPowerAndName) LosePower();
  return true;
}

// Of a call that is not interrupted and does all or nothing.
bool Fails(int error) {
  if (!Now() || armed.fault == kInterrupted || armed.fault == kPart) return false;
  errno = armed.fault == kFull ? ENOSPC : error;
  return true;
}

// Of read and write: whether it fails; else how many bytes of `n`.
bool FailsOrPart(size_t* n) {
  if (!Now()) return false;
  if (armed.fault == kPart) {
    *n = (*n + 1) / 2;
    return false;
  }
  errno = armed.fault == kInterrupted ? EINTR : armed.fault == kFull ? ENOSPC : EIO;
  return true;
}

}  // namespace

extern "C" {
int __real_open(const char* path, int flags, ...);
int __real_close(int fd);
ssize_t __real_read(int fd, void* to, size_t n);
ssize_t __real_write(int fd, const void* from, size_t n);
int __real_fsync(int fd);
int __real_rename(const char* from, const char* to);
int __real_stat(const char* path, struct stat* s);
int __real_lstat(const char* path, struct stat* s);
int __real_fstat(int fd, struct stat* s);
int __real_fchmod(int fd, mode_t mode);
void* __real_mmap(void* at, size_t n, int protection, int flags, int fd, off_t offset);

int __wrap_open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if (Fails(EACCES)) return -1;
  const int fd = __real_open(path, flags, mode);
  if (fd >= 0) open_files[fd] = path;
  return fd;
}
int __wrap_close(int fd) {
  open_files.erase(fd);
  return __real_close(fd);
}
ssize_t __wrap_read(int fd, void* to, size_t n) {
  return FailsOrPart(&n) ? -1 : __real_read(fd, to, n);
}
ssize_t __wrap_write(int fd, const void* from, size_t n) {
  if (FailsOrPart(&n)) return -1;
  unsynced.insert(open_files[fd]);
  return __real_write(fd, from, n);
}
int __wrap_fsync(int fd) {
  if (Fails(EIO)) return -1;
  unsynced.erase(open_files[fd]);
  if (std::filesystem::is_directory(open_files[fd])) renamed_to.clear();
  return 0;  // the machine itself stays on
}
int __wrap_rename(const char* from, const char* to) {
  if (Fails(EACCES)) return -1;
  if (unsynced.erase(from)) unsynced.insert(to);
  renamed_to = to;
  had_target = std::filesystem::exists(to);
  replaced = ReadAll(to);
  return __real_rename(from, to);
}
int __wrap_stat(const char* path, struct stat* s) {
  return Fails(EACCES) ? -1 : __real_stat(path, s);
}
int __wrap_lstat(const char* path, struct stat* s) {
  return Fails(EACCES) ? -1 : __real_lstat(path, s);
}
int __wrap_fstat(int fd, struct stat* s) { return Fails(EIO) ? -1 : __real_fstat(fd, s); }
int __wrap_fchmod(int fd, mode_t mode) { return Fails(EPERM) ? -1 : __real_fchmod(fd, mode); }
void* __wrap_mmap(void* at, size_t n, int protection, int flags, int fd, off_t offset) {
  const bool of_file = fd >= 0;  // not an allocation
  return of_file && Fails(ENODEV) ? MAP_FAILED : __real_mmap(at, n, protection, flags, fd, offset);
}
}

namespace {

std::string at_work;  // for messages

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "%s, call %llu, %s: %s\n", at_work.c_str(),
               static_cast<unsigned long long>(armed.at), kNames[armed.fault], what.c_str());
  std::_Exit(1);
}

int Run(sqlite3* db, const std::string& sql) {
  return sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr);
}

void Exec(sqlite3* db, const std::string& sql) {
  if (Run(db, sql) != SQLITE_OK) Die(sql + ": " + sqlite3_errmsg(db));
}

sqlite3* Open(const std::string& file) {
  sqlite3* db = nullptr;
  if (sqlite3_open(file.c_str(), &db) != SQLITE_OK ||
      sqlite3_memkv_init(db, nullptr, nullptr) != SQLITE_OK)
    Die("cannot be opened");
  Exec(db, "PRAGMA synchronous = OFF");
  return db;
}

// The number that a query gives.
sqlite3_int64 Number(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* stmt = nullptr;
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &stmt, nullptr) != SQLITE_OK ||
      sqlite3_step(stmt) != SQLITE_ROW)
    Die(sql + ": " + sqlite3_errmsg(db));
  const sqlite3_int64 n = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return n;
}

// Of t and its twin p, and what t itself says. `rows`: how many there must be.
void RequireSame(sqlite3* db, sqlite3_int64 rows) {
  const sqlite3_int64 n = Number(db, "SELECT count(*) FROM p");
  if (Number(db, "SELECT memkv_count('t')") != n ||
      Number(db, "SELECT count(*) FROM t JOIN p USING(key) WHERE t.value IS p.value") != n ||
      n != rows)
    Die("t is not what p is");
  Exec(db, "INSERT INTO t(t) VALUES('integrity-check')");
}

struct Operation {
  const char* name;
  const char* sql;  // % is the folder
  bool writes;      // the file "out"
  bool imports;
};
// Some 300 kB and 400 kB, which take several calls each.
constexpr sqlite3_int64 kRows = 150, kLines = 200;
constexpr Operation kOperations[] = {
    {"export", "SELECT memkv_export('t', '%/out')", true, false},
    {"export keys", "SELECT memkv_export_keys('t', '%/out')", true, false},
    {"import",
     "BEGIN; INSERT INTO t(t, key) VALUES('import', memkv_file('%/lines')); INSERT INTO p SELECT "
     "* FROM lines; COMMIT",
     false, true},
    {"open an export",
     "CREATE VIRTUAL TABLE temp.f USING memkv(file = '%/image'); SELECT count(*) FROM f", false,
     false},
};

std::string In(const std::string& folder, std::string sql) {
  for (size_t at; (at = sql.find('%')) != sql.npos;) sql.replace(at, 1, folder);
  return sql;
}

// A table t with its twin p; the file "image", an export; and "lines", with their twin's rows.
void Make(const std::string& folder) {
  sqlite3* db = Open(folder + "/a.db");
  const std::string numbers = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                              std::to_string(kLines) + ") ";
  Exec(db,
       "CREATE VIRTUAL TABLE t USING memkv; CREATE TABLE p(key TEXT PRIMARY KEY NOT NULL, value) "
       "WITHOUT ROWID; CREATE TABLE lines(key TEXT PRIMARY KEY, value)");
  Exec(db, numbers + "INSERT INTO p SELECT 'key ' || i, hex(randomblob(1000)) FROM n LIMIT " +
               std::to_string(kRows));
  Exec(db, numbers + "INSERT INTO lines SELECT 'line ' || i, hex(randomblob(1000)) FROM n");
  Exec(db, "INSERT INTO t SELECT * FROM lines");
  Exec(db, In(folder, "SELECT memkv_export_keys('t', '%/lines')"));
  Exec(db, "DELETE FROM t; INSERT INTO t SELECT * FROM p; SELECT memkv_freeze('t')");
  Exec(db, In(folder, "SELECT memkv_export('t', '%/image')"));
  sqlite3_close(db);
}

void RequireNothingElse(const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (name.find(".memkv-") != name.npos) Die(name + " is left");
  }
}

// One operation, with or without a file "out" that it replaces.
class Sweep {
 public:
  Sweep(const Operation& operation, bool replaces)
      : operation_(operation), old_(replaces ? "what was there" : "") {
    Make(folder_.path());
    db_ = Open(folder_ / "a.db");
    if (!operation.writes) return;
    Exec(db_, In(folder_.path(), operation.sql));
    new_ = ReadAll(folder_ / "out");
  }
  ~Sweep() {
    RequireSame(db_, kRows);
    if (sqlite3_close(db_) != SQLITE_OK) Die("cannot be closed");
  }

  // False: the n-th call was not reached.
  bool Step(uint64_t n, Fault fault) {
    std::filesystem::remove(folder_ / "out");
    if (!old_.empty()) WriteAll(folder_ / "out", old_);
    return fault == kPower || fault == kPowerAndName ? LosesPower(n, fault) : Fails(n, fault);
  }

 private:
  bool Fails(uint64_t n, Fault fault) {
    const std::string sql = In(folder_.path(), operation_.sql);
    Arm(n, fault);
    const int rc = Run(db_, sql);
    armed.off = true;
    const std::string message = sqlite3_errmsg(db_);
    if (!sqlite3_get_autocommit(db_)) Exec(db_, "ROLLBACK");
    const bool may_fail = armed.happened && fault != kInterrupted && fault != kPart;
    const bool ordinary = rc == SQLITE_IOERR || rc == SQLITE_FULL || rc == SQLITE_CANTOPEN;
    if (rc != SQLITE_OK && !(may_fail && ordinary)) Die(std::to_string(rc) + ": " + message);
    RequireEither(rc == SQLITE_OK);
    RequireNothingElse(folder_.path());
    if (operation_.imports) {
      RequireSame(db_, rc == SQLITE_OK ? kRows + kLines : kRows);
      Exec(db_, "DELETE FROM t WHERE key >= 'l'; DELETE FROM p WHERE key >= 'l'");
    }
    Exec(db_, "DROP TABLE IF EXISTS temp.f");
    if (rc != SQLITE_OK && !operation_.imports) Exec(db_, sql);
    RequireEither(rc == SQLITE_OK || operation_.writes);
    Exec(db_, "DROP TABLE IF EXISTS temp.f");
    return armed.happened;
  }

  bool LosesPower(uint64_t n, Fault fault) {
    if (!operation_.writes) return false;
    const pid_t child = fork();
    if (child == 0) {
      sqlite3* db = Open(folder_ / "a.db");
      Exec(db, "SELECT memkv_count('t')");
      Arm(n, fault);
      _exit(Run(db, In(folder_.path(), operation_.sql)) == SQLITE_OK ? 0 : 7);
    }
    int status = 0;
    waitpid(child, &status, 0);
    armed = {.at = n, .fault = fault, .off = true};
    if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 9))
      Die("the child ended with " + std::to_string(status));
    RequireEither(WEXITSTATUS(status) == 0);
    return WEXITSTATUS(status) == 9;
  }

  void RequireEither(bool done) {
    if (!operation_.writes) return;
    const std::string is = ReadAll(folder_ / "out");
    if (is != new_ && (done || is != old_))
      Die("out has " + std::to_string(is.size()) + " bytes, of " + std::to_string(new_.size()));
  }

  const Operation& operation_;
  const memkv::test::Folder folder_;
  const std::string old_;
  std::string new_;
  sqlite3* db_ = nullptr;
};

}  // namespace

int main() {
  for (const Operation& operation : kOperations) {
    at_work = operation.name;
    uint64_t swept = 0;
    for (const bool replaces : {false, true}) {
      if (replaces && !operation.writes) continue;
      Sweep sweep(operation, replaces);
      for (const Fault fault : {kError, kFull, kInterrupted, kPart, kPower, kPowerAndName}) {
        for (uint64_t n = 1; sweep.Step(n, fault); ++n) ++swept;
      }
    }
    if (swept < 10) Die("only " + std::to_string(swept) + " calls");
    std::printf("%s: %llu calls failed\n", operation.name, static_cast<unsigned long long>(swept));
  }
  return 0;
}
