// The n-th allocation fails, for every n: SQLite's, the structures' and C++'s own, through one
// counter. Nothing crashes, nothing leaks through a callback, and what is stored is whole: the
// memkv table holds what the plain table of the same transactions holds. Then the same for the
// thread that merges in the background, and without such a thread. A process of its own, since it
// replaces the allocators.

#include <dlfcn.h>
#include <pthread.h>
#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <string>
#include <vector>

#include "core/alloc.h"
#include "ext/memkv.h"

namespace {

std::atomic<uint64_t> fail_at = 0, count = 0;
std::atomic<bool> from_then_on = false, failed = false;
std::atomic<bool> of_threads = false;  // allocations of the other threads fail, not the main one's
std::atomic<bool> no_threads = false;  // none can be made
thread_local bool is_main = false;

bool Fails() {
  if (fail_at == 0 || of_threads == is_main) return false;
  const uint64_t n = ++count;
  if (n < fail_at || (!from_then_on && n > fail_at)) return false;
  failed = true;
  return true;
}

void Arm(uint64_t n, bool all, bool threads = false) {
  of_threads = threads;
  count = 0;
  from_then_on = all;
  failed = false;
  fail_at = n;
}

}  // namespace

__attribute__((noinline)) void* operator new(size_t n) {
  void* p = Fails() ? nullptr : std::malloc(n ? n : 1);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
__attribute__((noinline)) void operator delete(void* p) noexcept { std::free(p); }
__attribute__((noinline)) void operator delete(void* p, size_t) noexcept { std::free(p); }

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*run)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto create = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  return no_threads ? EAGAIN : create(thread, attributes, run, argument);
}

namespace {

sqlite3_mem_methods real;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "allocation %llu%s: %s\n",
               static_cast<unsigned long long>(fail_at ? fail_at.load() : count.load()),
               from_then_on ? " and on" : "", what.c_str());
  std::_Exit(1);
}

sqlite3* Open(const std::string& file) {
  sqlite3* db = nullptr;
  if (sqlite3_open(file.c_str(), &db) != SQLITE_OK ||
      sqlite3_memkv_init(db, nullptr, nullptr) != SQLITE_OK) {
    sqlite3_close(db);
    return nullptr;
  }
  sqlite3_exec(db, "PRAGMA synchronous = OFF", nullptr, nullptr, nullptr);
  return db;
}

// The rows of a query in one string; "error N" if it fails.
std::string Rows(sqlite3* db, const std::string& sql) {
  std::string out;
  sqlite3_stmt* stmt = nullptr;
  int rc = sqlite3_prepare_v2(db, sql.c_str(), -1, &stmt, nullptr);
  while (rc == SQLITE_OK || rc == SQLITE_ROW) {
    rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW) break;
    for (int i = 0; i < sqlite3_column_count(stmt); ++i) {
      const auto* text = static_cast<const char*>(sqlite3_column_blob(stmt, i));
      out.append(text ? text : "", static_cast<size_t>(sqlite3_column_bytes(stmt, i))) +=
          i ? ';' : '=';
    }
  }
  sqlite3_finalize(stmt);
  return rc == SQLITE_DONE ? out : "error " + std::to_string(rc) + ": " + sqlite3_errmsg(db);
}

void RequireSame(sqlite3* db) {
  // Both are there, t under either name, or neither is.
  const std::string names =
      Rows(db, "SELECT name FROM sqlite_schema WHERE name IN ('p', 't', 'u') ORDER BY name");
  if (names.empty()) return;
  if (names != "p=t=" && names != "p=u=") Die("tables: " + names);
  const std::string table = names.substr(2, 1);
  const std::string t = Rows(db, "SELECT key, value FROM " + table + " ORDER BY key"),
                    p = Rows(db, "SELECT key, value FROM p ORDER BY key");
  if (t != p) Die("memkv: " + t.substr(0, 300) + "\nplain: " + p.substr(0, 300));
  const std::string t_by_value = Rows(db, "SELECT key FROM " + table + " ORDER BY value, key"),
                    p_by_value = Rows(db, "SELECT key FROM p ORDER BY value, key");
  if (t_by_value != p_by_value)
    Die("by value, memkv: " + t_by_value.substr(0, 300) + "\nplain: " + p_by_value.substr(0, 300));
  for (const std::string& check :
       {Rows(db, "INSERT INTO " + table + "(" + table + ") VALUES('integrity-check')"),
        Rows(db, "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'")}) {
    if (!check.empty()) Die(check);
  }
}

constexpr char kPlain[] = "CREATE TABLE p(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID";

// Transactions that change t and p alike. @ is the folder.
const char* const kWork[] = {
    "BEGIN; CREATE TABLE p(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID; CREATE VIRTUAL "
    "TABLE t USING memkv(key TEXT PRIMARY KEY, value INDEXED); COMMIT",
    "BEGIN; INSERT INTO t VALUES('a', 1), ('b', 'text'); INSERT INTO p VALUES('a', 1), ('b', "
    "'text'); COMMIT",
    "BEGIN; INSERT INTO t VALUES('c', 3); INSERT INTO p VALUES('c', 3); SAVEPOINT s; DELETE FROM "
    "t; DELETE FROM p; ROLLBACK TO s;"
    "UPDATE t SET key = 'd' WHERE key = 'a'; UPDATE p SET key = 'd' WHERE key = 'a'; COMMIT",
    "BEGIN; WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) INSERT INTO t "
    "SELECT 'many ' || i, i * 7 % 50 FROM n; WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
    "WHERE i < 50) INSERT INTO p SELECT 'many ' || i, i * 7 % 50 FROM n; SELECT key FROM t ORDER "
    "BY value; DELETE FROM t WHERE value > 5 AND value < 45; DELETE FROM p WHERE value > 5 AND "
    "value < 45; COMMIT",
    "SELECT memkv_freeze('t')",
    "BEGIN; DELETE FROM t WHERE key = 'b'; DELETE FROM p WHERE key = 'b'; INSERT INTO t "
    "VALUES('e', NULL); INSERT INTO p VALUES('e', NULL); COMMIT",
    "SELECT * FROM t WHERE key LIKE 'a%'; SELECT * FROM t WHERE key >= 'b' ORDER BY key DESC; "
    "SELECT memkv_count('t'); SELECT key, value_rank FROM t ORDER BY value DESC",
    "BEGIN; UPDATE t SET value = 7 WHERE value_rank = 0; UPDATE p SET value = 7 WHERE key = "
    "(SELECT "
    "key FROM p ORDER BY value, key LIMIT 1); COMMIT",
    "INSERT INTO t(t) VALUES('integrity-check'); INSERT INTO t(t) VALUES('rebuild')",
    "BEGIN; ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME TO t; COMMIT; BEGIN; DROP TABLE t; "
    "ROLLBACK",
    "BEGIN; INSERT INTO t VALUES('f', 6); INSERT INTO p VALUES('f', 6); INSERT INTO t(t, rank) "
    "VALUES('merge', 1); COMMIT; SELECT memkv_export('t', '@/image'); SELECT "
    "memkv_export_keys('t', '@/lines')",
    "BEGIN; INSERT INTO t(t) VALUES('truncate'); INSERT INTO t(t, key) VALUES('import', "
    "memkv_file('@/lines')); UPDATE p SET value = CAST(value AS TEXT); COMMIT",
    "BEGIN; DROP TABLE t; CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, value INDEXED); "
    "INSERT INTO t SELECT * FROM p; COMMIT",
    "CREATE VIRTUAL TABLE temp.f USING memkv(file = '@/image'); SELECT * FROM f; DROP TABLE f",
    "ALTER TABLE t RENAME TO u",
    "ALTER TABLE u RENAME TO t",
};
constexpr char kDrop[] = "BEGIN; DROP TABLE t; DROP TABLE p; COMMIT";

// True: nothing failed.
bool Sweep(const std::string& folder, uint64_t n, bool all) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  const std::string file = folder + "/a.db";
  std::vector<std::string> work;
  for (std::string sql : kWork) {
    for (size_t at; (at = sql.find('@')) != sql.npos;) sql.replace(at, 1, folder);
    work.push_back(std::move(sql));
  }
  Arm(n, all);
  sqlite3* db = Open(file);
  bool reopened = false;
  for (const std::string& sql : work) {
    if (!db) break;
    const int rc = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr);
    if (rc == SQLITE_OK) continue;
    // Out of memory is an I/O error too where SQLite has it within the VFS.
    const bool ordinary = rc == SQLITE_NOMEM || rc == SQLITE_IOERR || rc == SQLITE_CANTOPEN;
    if (!failed || !ordinary) Die(sql + ": " + std::to_string(rc) + ": " + sqlite3_errmsg(db));
    break;
  }
  if (db && !failed) {
    // The same rows, read back by a connection that has nothing in memory.
    if (sqlite3_close(db) != SQLITE_OK) Die("cannot be closed");
    db = Open(file);
    reopened = true;
    if (db) sqlite3_exec(db, "SELECT * FROM t", nullptr, nullptr, nullptr);
    if (db && !failed) sqlite3_exec(db, kDrop, nullptr, nullptr, nullptr);
  }
  const bool ended = !failed;
  Arm(0, false);
  if (db) {
    if (!sqlite3_get_autocommit(db)) sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
    RequireSame(db);
    if (sqlite3_close(db) != SQLITE_OK)
      Die(reopened ? "cannot be closed, reopened" : "cannot be closed");
  }
  db = Open(file);
  if (!db) Die("cannot be opened");
  RequireSame(db);
  if (sqlite3_close(db) != SQLITE_OK) Die("cannot be closed at last");
  return ended;
}

void Exec(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    Die(std::string(sql) + ": " + sqlite3_errmsg(db));
}

std::string Stat(sqlite3* db, const std::string& name) {
  return Rows(db, "SELECT value FROM memkv_stats('t') WHERE name = '" + name + "'");
}

// Passes the limit from which on a thread merges; then a transaction at a time until all is merged.
// What the thread is refused is no statement's failure. True: it was refused nothing.
bool SweepThread(const std::string& folder, uint64_t n, bool all) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  sqlite3* db = Open(folder + "/a.db");
  if (!db) Die("cannot be opened");
  Exec(db, kPlain);
  Exec(db,
       "CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, value INDEXED, delta_limit = "
       "'1kB')");
  Exec(db,
       "INSERT INTO p WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) SELECT "
       "'key ' || (i * 7919 % 1009), 'value ' || i FROM n");
  Arm(n, all, true);
  Exec(db, "INSERT INTO t SELECT * FROM p");
  while (Stat(db, "phase") == "build=") usleep(100);
  const bool refused = failed;
  if (refused && Stat(db, "frozen_keys") != "0=") Die("merged by a thread that failed");
  Arm(0, false);
  RequireSame(db);
  for (int i = 0; Stat(db, "frozen_keys") == "0="; ++i) {
    if (i == 2000) Die("never merged");
    const std::string row = " VALUES('later " + std::to_string(i) + "', " + std::to_string(i) + ")";
    Exec(db, ("BEGIN; INSERT INTO t" + row + "; INSERT INTO p" + row + "; COMMIT").c_str());
    while (Stat(db, "phase") == "build=") usleep(100);
  }
  RequireSame(db);
  if (sqlite3_close(db) != SQLITE_OK) Die("cannot be closed");
  return !refused;
}

}  // namespace

int main() {
  is_main = true;
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);
  sqlite3_mem_methods ours = real;
  ours.xMalloc = [](int n) { return Fails() ? nullptr : real.xMalloc(n); };
  ours.xRealloc = [](void* p, int n) { return Fails() ? nullptr : real.xRealloc(p, n); };
  sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
  memkv::allocation_hook = [](size_t) { return !Fails(); };
  std::string folder = (std::filesystem::temp_directory_path() / "memkv-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  const bool each = std::getenv("MEMKV_SWEEP") != nullptr;
  uint64_t swept = 0;
  for (bool all : {false, true}) {
    for (uint64_t n = 1; !Sweep(folder, n, all); n += each ? 1 : 1 + n / 100) ++swept;
  }
  std::printf("%llu allocations failed\n", static_cast<unsigned long long>(swept));
  swept = 0;
  for (bool all : {false, true}) {
    for (uint64_t n = 1; !SweepThread(folder, n, all); n += each ? 1 : 1 + n / 8) ++swept;
  }
  if (swept < 10) Die("no thread merges");
  std::printf("%llu of a thread that merges failed\n", static_cast<unsigned long long>(swept));
  no_threads = true;
  SweepThread(folder, 1, true);
  if (count > 0) Die("a thread was made");
  std::filesystem::remove_all(folder);
  return 0;
}
