// A VFS over the default one whose n-th operation fails, or at whose n-th operation the machine
// loses power.

#ifndef MEMKV_TESTS_DURABLE_FAULT_VFS_H_
#define MEMKV_TESTS_DURABLE_FAULT_VFS_H_

#include <cstdint>
#include <functional>
#include <string>

namespace memkv::test {

// Registers it, once, as "memkv-faults". Open a file by the URI file:PATH?vfs=memkv-faults.
void RegisterFaultVfs();

enum FaultKind : unsigned {
  kFaultRead = 1,
  kFaultWrite = 2,  // and truncate
  kFaultSync = 4,
  kFaultOpen = 8,
};

// Fails the n-th operation from now on of these kinds with `code`; 0 disarms. `once`: that one
// only, else all from it on.
void FailAt(uint64_t n, unsigned kinds, int code, bool once);
// How many operations of the armed kinds there were since, failed ones included.
uint64_t FaultCount();
bool FaultHappened();

// Calls `call` before each operation of these kinds; 0 ends that.
void Watch(unsigned kinds, std::function<void()> call);

// At the n-th write or sync from now on, everything that was not synced is lost, or some of it,
// chosen by `seed` (0: all of it); then the process ends with code 9. n = 0: never, but what is
// synced is kept count of. REQUIRES that files that are open have been opened since the first call.
void LosePowerAt(uint64_t n, uint64_t seed);

}  // namespace memkv::test

#endif  // MEMKV_TESTS_DURABLE_FAULT_VFS_H_
