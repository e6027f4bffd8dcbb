// Worker: one connection that changes a memkv table t and a plain table p of the same file alike,
// in the same transactions, at random; so that in every snapshot of the file the two hold the same
// rows.

#ifndef MEMKV_TESTS_DURABLE_WORKER_H_
#define MEMKV_TESTS_DURABLE_WORKER_H_

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "tests/sql/db.h"

namespace memkv::test {

class Worker {
 public:
  struct Options {
    // Now and then a statement that makes every connection connect its tables again.
    bool ddl = false;
    int keys = 300;      // how many different ones
    bool large = false;  // now and then a transaction of more than one log row
    // Now and then drops t and makes it anew, or renames it, between "t" and "u". All workers on
    // the file have this then.
    bool remade = false;
    // Errors of the file are rolled back and passed over, like SQLITE_BUSY.
    bool errors_allowed = false;
    std::string mode = "wal";  // the connection's journal mode, as of UseMode() in twin.h
  };

  // Makes the tables, in journal mode `mode`.
  static void Create(const std::string& file, const std::string& mode);

  Worker(const std::string& file, uint64_t seed, Options options);

  Db& db() { return db_; }

  // A whole transaction, or a look at the tables. Throws std::runtime_error where something is
  // wrong.
  void Step();
  // One statement of one, so that workers can take turns at every point.
  void SmallStep();
  // Throws unless both tables hold the same rows.
  void Compare();
  // Throws unless what is stored is whole. REQUIRES that no transaction is open.
  void RequireSound();
  // The number that the last committed transaction of this worker has left in table `acknowledged`.
  int64_t committed() const { return committed_; }

  uint64_t commits = 0, comparisons = 0, busy = 0, rollbacks = 0;

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  std::string Key();
  // `sql` with the memkv table, or the plain one, for each $.
  std::string OnMemkv(const std::string& sql) const;
  static std::string OnPlain(const std::string& sql);
  // False: the statement was refused because of others (or of the file), and the transaction is
  // rolled back.
  bool Try(const std::string& sql);
  bool TryBoth(const std::string& sql);
  bool Passed(const Result& result, const std::string& sql);
  // Learns the memkv table's name in the open transaction. False as of Try().
  bool FindTable();
  bool Begin(const char* sql) { return Try(sql) && FindTable(); }
  bool Change();
  bool ChangeMany(const std::string& value);
  bool Remake();
  void Finish();

  Db db_;
  std::mt19937_64 random_;
  const Options options_;
  int left_ = 0;  // statements before the open transaction ends
  bool writing_ = false;
  int savepoints_ = 0;
  std::string name_ = "t";  // of the memkv table
  int64_t committed_ = 0, counter_ = 0;
};

}  // namespace memkv::test

#endif  // MEMKV_TESTS_DURABLE_WORKER_H_
