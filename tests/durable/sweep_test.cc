// Sweeps over each operation by itself: its n-th read, write, sync or open fails, or power is lost
// there, for every n. MEMKV_SWEEP=all takes every n, as the stage "long" does.

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/durable/fault_vfs.h"
#include "tests/durable/operations.h"
#include "tests/folder.h"
#include "tests/sanitized.h"

namespace memkv::test {
namespace {

// The journal modes in which the i-th operation is swept: all, or one in an ordinary run.
std::vector<std::string> Modes(size_t i) {
  if (SweepsAll()) return {"wal", "delete", "truncate"};
  return {i % 2 ? "wal" : "delete"};
}

std::string Uri(const Folder& folder) { return "file:" + folder / "a.db" + "?vfs=memkv-faults"; }

struct Fault {
  const char* name;
  unsigned kinds;
  int code;
  bool once;
};
constexpr Fault kFaults[] = {{"a write fails", kFaultWrite, SQLITE_IOERR_WRITE, true},
                             {"the disk is full", kFaultWrite, SQLITE_FULL, false},
                             {"a sync fails", kFaultSync, SQLITE_IOERR_FSYNC, true},
                             {"a read fails", kFaultRead, SQLITE_IOERR_READ, true},
                             {"all reads fail", kFaultRead, SQLITE_IOERR_READ, false},
                             {"a file cannot be opened", kFaultOpen, SQLITE_CANTOPEN, true}};

// One operation in one journal mode, on copies of one file.
class Sweep {
 public:
  Sweep(const Operation& operation, const std::string& mode) : operation_(operation), mode_(mode) {
    MakeBase(base_.path(), mode, operation.base);
    Folder folder;
    CopyBase(base_.path(), folder.path());
    Db db(folder / "a.db");
    Prepare(db, operation_, mode_);
    if (OpensTransaction()) db.Exec("ROLLBACK");
    before_ = WholeContent(db);
    Again(db, folder);
  }

  // False: the n-th operation of the file was not reached. `warm`: the connection has read the
  // table before.
  bool Fails(const Fault& fault, uint64_t n, bool warm) const {
    Folder folder;
    CopyBase(base_.path(), folder.path());
    bool happened;
    {
      Db db(Uri(folder));
      if (warm) Prepare(db, operation_, mode_);
      FailAt(n, fault.kinds, fault.code, fault.once);
      if (!warm) SetUp(db, mode_);
      const Result result = db.Run(SqlOf(operation_, folder.path()));
      happened = FaultHappened();
      FailAt(0, 0, 0, true);
      INFO(result.code, " ", result.message);
      REQUIRE((result.ok() || happened));
      REQUIRE(IsOrdinary(result.code));
      if (!db.autocommit()) db.Exec("ROLLBACK");
      if (RequireEither(db, result.ok(), "the connection that failed") == before_)
        Again(db, folder);
    }
    Db again(folder / "a.db");
    RequireEither(again, true, "a new connection");
    return happened;
  }

  // False likewise. The process that works is a child, and closes the file in the end.
  bool LosesPower(uint64_t n, uint64_t seed) const {
    Folder folder;
    CopyBase(base_.path(), folder.path());
    void* const shared =
        mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(shared != MAP_FAILED);
    auto* const acknowledged = static_cast<volatile bool*>(shared);
    const pid_t child = fork();
    if (child == 0) {
      LosePowerAt(0, seed);
      auto db = std::make_unique<Db>(Uri(folder));
      if (!IsCold()) Prepare(*db, operation_, mode_);
      LosePowerAt(n, seed);
      if (IsCold()) SetUp(*db, mode_);
      *acknowledged = db->Run(SqlOf(operation_, folder.path())).ok();
      db.reset();
      _exit(*acknowledged ? 0 : 7);
    }
    int status = 0;
    waitpid(child, &status, 0);
    const bool ok = *acknowledged;
    munmap(shared, 1);
    REQUIRE(WIFEXITED(status));
    const int code = WEXITSTATUS(status);
    REQUIRE((code == 9 || code == 0));
    Db db(folder / "a.db");
    RequireEither(db, ok, "after the loss of power");
    return code == 9;
  }

  bool IsCold() const { return operation_.base == Base::kHotJournal; }
  bool OpensTransaction() const { return std::string(operation_.before).starts_with("BEGIN"); }

 private:
  // Does the operation, on a connection that is as before it, and learns what comes of it.
  void Again(Db& db, const Folder& folder) const {
    if (OpensTransaction()) db.Exec(operation_.before);
    db.Exec(SqlOf(operation_, folder.path()));
    if (after_.empty()) after_ = WholeContent(db);
    RequireEither(db, true, "once more");
  }

  std::string RequireEither(Db& db, bool done, const std::string& where) const {
    CAPTURE(where);
    const std::string content = WholeContent(db);
    REQUIRE((content == after_ || (!done && content == before_)));
    return content;
  }

  const Operation& operation_;
  const std::string mode_;
  const Folder base_;
  std::string before_;
  mutable std::string after_;
};

// How often each fault happened.
using Counts = std::map<std::string, uint64_t>;

void SweepFaults(const Operation& operation, const std::string& mode, Counts* counts) {
  const Sweep sweep(operation, mode);
  // Reads by a connection that has read nothing, the rest by one that has.
  const bool once = !SweepsAll() || operation.base == Base::kLarge;
  for (const Fault& fault : kFaults) {
    for (const bool warm : {true, false}) {
      if (warm ? sweep.IsCold() : operation.before[0] != '\0') continue;
      if (once && !sweep.IsCold() && warm == (fault.kinds == kFaultRead)) continue;
      CAPTURE(std::string(fault.name));
      CAPTURE(mode);
      CAPTURE(std::string(operation.name));
      CAPTURE(warm);
      uint64_t n = 1;
      INFO("fault ", n);
      for (; sweep.Fails(fault, n, warm); n = NextFault(n)) ++(*counts)[mode + ": " + fault.name];
    }
  }
}

void SweepPower(const Operation& operation, const std::string& mode, uint64_t seed,
                Counts* counts) {
  const Sweep sweep(operation, mode);
  CAPTURE(mode);
  CAPTURE(std::string(operation.name));
  CAPTURE(seed);
  uint64_t n = 1;
  INFO("fault ", n);
  for (; sweep.LosesPower(n, seed); n = NextFault(n)) ++(*counts)[mode + ": power is lost"];
}

void Tell(const Counts& counts) {
  for (const auto& [what, count] : counts) {
    CHECK(count > 5);
    MESSAGE(what, ": ", count);
  }
}

}  // namespace

TEST_CASE("sweep: the n-th read, write, sync or open of each operation fails") {
  RegisterFaultVfs();
  Counts counts;
  const std::vector<Operation> operations = Operations();
  for (size_t i = 0; i < operations.size(); ++i) {
    for (const std::string& mode : Modes(i)) SweepFaults(operations[i], mode, &counts);
  }
  Tell(counts);
}

TEST_CASE("sweep: power is lost at the n-th write or sync of each operation") {
  RegisterFaultVfs();
  Counts counts;
  const std::vector<Operation> operations = Operations();
  for (size_t i = 0; i < operations.size(); ++i) {
    if (kSanitized && i % 3 != 0) continue;  // where a fork takes long
    for (const std::string& mode : Modes(i)) {
      for (const uint64_t seed : {0, 1, 2}) {
        if (SweepsAll() || seed == i / 2 % 3) SweepPower(operations[i], mode, seed, &counts);
      }
    }
  }
  Tell(counts);
}

}  // namespace memkv::test
