#include "tests/durable/fault_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <vector>

namespace memkv::test {
namespace {

struct {
  uint64_t at = 0, count = 0;
  unsigned kinds = 0;
  int code = SQLITE_IOERR;
  bool once = true, happened = false;
} fault;

struct {
  unsigned kinds = 0;
  std::function<void()> call;
} watch;

bool Fails(FaultKind kind) {
  if (watch.kinds & kind) watch.call();
  if (!(fault.kinds & kind)) return false;
  ++fault.count;
  if (fault.at == 0 || fault.count < fault.at || (fault.once && fault.count > fault.at))
    return false;
  fault.happened = true;
  return true;
}

// What a file held when it was last synced, and what was written to it since.
struct Unsynced {
  struct Change {
    int64_t offset;  // -1: truncated to `size`
    int64_t size;
    std::string bytes;
  };
  std::string synced;
  std::vector<Change> changes;
};
std::map<std::string, Unsynced> files;  // while power may be lost
bool power_may_fail = false;
uint64_t power_at = 0, power_count = 0, power_seed = 0;

std::string Content(const std::string& path) {
  std::string bytes;
  const int fd = open(path.c_str(), O_RDONLY);
  if (fd < 0) return bytes;
  char buffer[65536];
  for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;)
    bytes.append(buffer, static_cast<size_t>(n));
  close(fd);
  return bytes;
}

[[noreturn]] void LosePower() {
  std::mt19937_64 random(power_seed);
  for (auto& [path, file] : files) {
    std::string bytes = file.synced;
    for (const Unsynced::Change& change : file.changes) {
      if (power_seed == 0 || random() % 2) continue;
      if (change.offset < 0) {
        bytes.resize(static_cast<size_t>(change.size));
        continue;
      }
      const size_t end = static_cast<size_t>(change.offset) + change.bytes.size();
      if (bytes.size() < end) bytes.resize(end);
      // Torn: a part of it, in whole sectors.
      size_t n = change.bytes.size();
      if (random() % 4 == 0) n = random() % (n / 512 + 1) * 512;
      std::memcpy(bytes.data() + change.offset, change.bytes.data(), n);
    }
    struct stat st;
    if (stat(path.c_str(), &st) != 0) continue;  // deleted
    const int fd = open(path.c_str(), O_WRONLY | O_TRUNC);
    if (fd < 0 || write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      _exit(8);
    close(fd);
  }
  _exit(9);
}

void CountPower() {
  if (power_may_fail && ++power_count == power_at) LosePower();
}

struct File : sqlite3_file {
  sqlite3_file* real;
  char* path;  // of a file whose unsynced content is tracked; else null
};

sqlite3_file* Real(sqlite3_file* f) { return static_cast<File*>(f)->real; }

int Close(sqlite3_file* f) {
  File* file = static_cast<File*>(f);
  const int rc = file->real->pMethods ? file->real->pMethods->xClose(file->real) : SQLITE_OK;
  std::free(file->real);
  std::free(file->path);
  return rc;
}
int Read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
  if (Fails(kFaultRead)) return SQLITE_IOERR_READ;
  return Real(f)->pMethods->xRead(Real(f), to, n, at);
}
int Write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
  if (Fails(kFaultWrite)) return fault.code;
  CountPower();
  const int rc = Real(f)->pMethods->xWrite(Real(f), from, n, at);
  if (const char* path = static_cast<File*>(f)->path; path && power_may_fail) {
    files[path].changes.push_back(
        {at, 0, std::string(static_cast<const char*>(from), static_cast<size_t>(n))});
  }
  return rc;
}
int Truncate(sqlite3_file* f, sqlite3_int64 size) {
  if (Fails(kFaultWrite)) return SQLITE_IOERR_TRUNCATE;
  if (const char* path = static_cast<File*>(f)->path; path && power_may_fail)
    files[path].changes.push_back({-1, size, ""});
  return Real(f)->pMethods->xTruncate(Real(f), size);
}
int Sync(sqlite3_file* f, int flags) {
  if (Fails(kFaultSync)) return SQLITE_IOERR_FSYNC;
  CountPower();
  if (const char* path = static_cast<File*>(f)->path; path && power_may_fail)
    files[path] = {Content(path), {}};
  static_cast<void>(flags);
  return SQLITE_OK;  // the machine itself stays on
}
int FileSize(sqlite3_file* f, sqlite3_int64* size) {
  return Real(f)->pMethods->xFileSize(Real(f), size);
}
int Lock(sqlite3_file* f, int level) { return Real(f)->pMethods->xLock(Real(f), level); }
int Unlock(sqlite3_file* f, int level) { return Real(f)->pMethods->xUnlock(Real(f), level); }
int CheckReserved(sqlite3_file* f, int* out) {
  return Real(f)->pMethods->xCheckReservedLock(Real(f), out);
}
int Control(sqlite3_file* f, int op, void* arg) {
  return Real(f)->pMethods->xFileControl(Real(f), op, arg);
}
int SectorSize(sqlite3_file* f) { return Real(f)->pMethods->xSectorSize(Real(f)); }
int Characteristics(sqlite3_file* f) { return Real(f)->pMethods->xDeviceCharacteristics(Real(f)); }
int ShmMap(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return Real(f)->pMethods->xShmMap(Real(f), page, size, extend, out);
}
int ShmLock(sqlite3_file* f, int at, int n, int flags) {
  return Real(f)->pMethods->xShmLock(Real(f), at, n, flags);
}
void ShmBarrier(sqlite3_file* f) { Real(f)->pMethods->xShmBarrier(Real(f)); }
int ShmUnmap(sqlite3_file* f, int remove) { return Real(f)->pMethods->xShmUnmap(Real(f), remove); }

constexpr sqlite3_io_methods kMethods = {
    2,        Close,         Read,    Write,      Truncate,        Sync,   FileSize, Lock,
    Unlock,   CheckReserved, Control, SectorSize, Characteristics, ShmMap, ShmLock,  ShmBarrier,
    ShmUnmap, nullptr,       nullptr};

sqlite3_vfs* Default(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* f, int flags, int* out) {
  File* file = static_cast<File*>(f);
  file->pMethods = nullptr;
  if (Fails(kFaultOpen)) return SQLITE_CANTOPEN;
  file->real =
      static_cast<sqlite3_file*>(std::calloc(1, static_cast<size_t>(Default(vfs)->szOsFile)));
  file->path = nullptr;
  const int rc = Default(vfs)->xOpen(Default(vfs), name, file->real, flags, out);
  if (rc != SQLITE_OK) {
    std::free(file->real);
    return rc;
  }
  constexpr int kKept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
  if (name && flags & kKept) {
    file->path = strdup(name);
    if (power_may_fail && !files.contains(name)) files[name] = {Content(name), {}};
  }
  file->pMethods = &kMethods;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* vfs, const char* name, int sync) {
  CountPower();
  files.erase(name);
  return Default(vfs)->xDelete(Default(vfs), name, sync);
}

}  // namespace

void RegisterFaultVfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs* base = sqlite3_vfs_find(nullptr);
    sqlite3_vfs v = *base;
    v.pNext = nullptr;
    v.zName = "memkv-faults";
    v.szOsFile = sizeof(File);
    v.pAppData = base;
    v.xOpen = Open;
    v.xDelete = Delete;
    v.xAccess = [](sqlite3_vfs* s, const char* n, int f, int* o) {
      return Default(s)->xAccess(Default(s), n, f, o);
    };
    v.xFullPathname = [](sqlite3_vfs* s, const char* n, int size, char* o) {
      return Default(s)->xFullPathname(Default(s), n, size, o);
    };
    return v;
  }();
  sqlite3_vfs_register(&vfs, 0);
}

void FailAt(uint64_t n, unsigned kinds, int code, bool once) {
  fault.at = n;
  fault.count = 0;
  fault.kinds = n ? kinds : 0;
  fault.code = code;
  fault.once = once;
  fault.happened = false;
}
uint64_t FaultCount() { return fault.count; }
bool FaultHappened() { return fault.happened; }

void Watch(unsigned kinds, std::function<void()> call) {
  watch.kinds = kinds;
  watch.call = std::move(call);
}

void LosePowerAt(uint64_t n, uint64_t seed) {
  power_may_fail = true;
  power_at = n;
  power_count = 0;
  power_seed = seed;
}

}  // namespace memkv::test
