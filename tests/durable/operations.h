// What the sweeps of faults go over: each operation on a memkv table t and its twin, a plain table
// p of the same file, changed alike in one transaction. After a fault the file holds what it held
// before the operation, or what it holds after it: never anything between.

#ifndef MEMKV_TESTS_DURABLE_OPERATIONS_H_
#define MEMKV_TESTS_DURABLE_OPERATIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sql/db.h"

namespace memkv::test {

// What the file holds that an operation begins with.
enum class Base {
  kSmall,       // some 20 rows, frozen and not
  kLarge,       // an image of over 1 MiB is half written
  kHotJournal,  // kSmall, and a transaction that a process which is gone left half written
};

struct Operation {
  const char* name;
  Base base;
  // Done on the same connection, without faults; the image that it may begin is waited for.
  const char* before;
  // % is the folder of the file.
  const char* sql;
};
// Whether every n is swept: with MEMKV_SWEEP in the environment.
bool SweepsAll();
// Those of a large base, some 40 ms each time, only then.
std::vector<Operation> Operations();
// The next n to sweep: n + 1, or twice as far in an ordinary run.
uint64_t NextFault(uint64_t n);

// A folder's file a.db, and what belongs to it, for each operation of that base.
void MakeBase(const std::string& folder, const std::string& mode, Base base);
// The file with its WAL or journal, and the lines to import.
void CopyBase(const std::string& from, const std::string& to);

// The journal mode, and little cache, so that transactions spill. Errors are passed over.
void SetUp(Db& db, const std::string& mode);
// That, a first look at the table, and what the operation asks for.
void Prepare(Db& db, const Operation& operation, const std::string& mode);
std::string SqlOf(const Operation& operation, const std::string& folder);

// The schema and every row. Requires that memkv tables hold what their twins hold, and that what is
// stored is whole.
std::string WholeContent(Db& db);
// Whether a fault of the file may be reported by this code.
bool IsOrdinary(int code);

}  // namespace memkv::test

#endif  // MEMKV_TESTS_DURABLE_OPERATIONS_H_
