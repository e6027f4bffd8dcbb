// Where memkv_export and memkv_export_keys write: regular files and new names, whole or not at all,
// with the mode of what they replace; anything else is refused and left as it is.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

namespace fs = std::filesystem;

const std::string kFunctions[] = {"memkv_export", "memkv_export_keys"};

std::string Export(const std::string& function, const std::string& path) {
  return "SELECT " + function + "('t', '" + path + "')";
}

struct stat StatusOf(const std::string& path) {
  struct stat s {};
  CHECK(lstat(path.c_str(), &s) == 0);
  return s;
}

size_t Entries(const Folder& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder.path()), {}));
}

TEST_CASE("exports refuse what is no regular file, and leave it as it is") {
  const Folder folder;
  WriteAll(folder / "file", "kept");
  REQUIRE(mkdir((folder / "folder").c_str(), 0700) == 0);
  REQUIRE(mkfifo((folder / "fifo").c_str(), 0600) == 0);
  REQUIRE(symlink("file", (folder / "link").c_str()) == 0);
  REQUIRE(symlink("none", (folder / "dangling").c_str()) == 0);
  REQUIRE(symlink("folder", (folder / "link to folder").c_str()) == 0);
  REQUIRE(symlink("/dev/null", (folder / "link to device").c_str()) == 0);
  const int named = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (folder / "socket").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(bind(named, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  close(named);
  std::vector<std::pair<std::string, std::string>> targets = {
      {folder / "folder", "a directory"},
      {folder / "fifo", "a FIFO"},
      {folder / "link", "a symbolic link"},
      {folder / "dangling", "a symbolic link"},
      {folder / "link to folder", "a symbolic link"},
      {folder / "link to device", "a symbolic link"},
      {folder / "socket", "a socket"},
  };
  // One of our own: a failure of this test would replace it. Only the superuser makes devices.
  if (mknod((folder / "device").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0)
    targets.emplace_back(folder / "device", "a device");
  const size_t entries = Entries(folder);
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1)");
  for (const std::string& function : kFunctions) {
    for (const auto& [path, kind] : targets) {
      CAPTURE(path);
      const struct stat before = StatusOf(path);
      const Result result = db.Run(Export(function, path));
      CHECK(result.code == SQLITE_CANTOPEN);
      CHECK(result.message == "memkv: cannot write \"" + path + "\": it is " + kind +
                                  " (allowed: a new name, or a regular file, which is replaced)");
      const struct stat after = StatusOf(path);
      CHECK(after.st_ino == before.st_ino);
      CHECK(after.st_mode == before.st_mode);
      CHECK(Entries(folder) == entries);
    }
  }
  CHECK(ReadAll(folder / "file") == "kept");
}

TEST_CASE(
    "an export keeps the mode of the file that it replaces, and obeys the umask in a new one") {
  const Folder folder;
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1)");
  for (const mode_t mask : {mode_t{022}, mode_t{077}, mode_t{0}}) {
    const mode_t before = umask(mask);
    for (const std::string& function : kFunctions) {
      for (const mode_t mode : {0600, 0640, 0666, 0444, 0751, 0}) {
        const std::string path = folder / "file";
        WriteAll(path, "old");
        REQUIRE(chmod(path.c_str(), mode) == 0);
        db.Exec(Export(function, path));
        CHECK((StatusOf(path).st_mode & 07777) == mode);
        chmod(path.c_str(), 0600);
        CHECK(ReadAll(path) != "old");
        unlink(path.c_str());
      }
      db.Exec(Export(function, folder / "new"));
      CHECK((StatusOf(folder / "new").st_mode & 07777) == (0666 & ~mask));
      unlink((folder / "new").c_str());
    }
    umask(before);
  }
  CHECK(Entries(folder) == 0);
}

TEST_CASE("an export that fails leaves the old file, and nothing else") {
  const Folder folder;
  const std::string path = folder / "file";
  WriteAll(path, "old");
  Db db;
  db.Exec(
      "CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, value TEXT); INSERT INTO t WITH "
      "RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM c WHERE i < 100000) SELECT "
      "'http://example/' || i, 'value ' || i FROM c");
  auto left_alone = [&] {
    CHECK(ReadAll(path) == "old");
    CHECK(Entries(folder) == 1);
  };
  for (const std::string& function : kFunctions) {
    CAPTURE(function);
    // Stopped.
    int polls = 0;
    sqlite3_progress_handler(
        db.handle(), 1, [](void* n) -> int { return ++*static_cast<int*>(n) > 40; }, &polls);
    CHECK(db.Code(Export(function, path)) == SQLITE_INTERRUPT);
    sqlite3_progress_handler(db.handle(), 0, nullptr, nullptr);
    left_alone();
    // No room.
    signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit limit{10000, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
    CHECK(db.Code(Export(function, path)) == SQLITE_IOERR);
    setrlimit(RLIMIT_FSIZE, &before);
    left_alone();
  }
  // Something else takes the name meanwhile.
  struct Swap {
    std::string path;
    int calls = 0;
  };
  for (const std::string& function : kFunctions) {
    Swap swap{path};
    sqlite3_progress_handler(
        db.handle(), 1,
        [](void* p) -> int {
          auto* s = static_cast<Swap*>(p);
          if (++s->calls != 40) return 0;
          unlink(s->path.c_str());
          return mkdir(s->path.c_str(), 0700);
        },
        &swap);
    CHECK(db.Code(Export(function, path)) == SQLITE_CANTOPEN);
    sqlite3_progress_handler(db.handle(), 0, nullptr, nullptr);
    CHECK(S_ISDIR(StatusOf(path).st_mode));
    CHECK(Entries(folder) == 1);
    rmdir(path.c_str());
  }
  // A row that has no line.
  WriteAll(path, "old");
  db.Exec("INSERT INTO t VALUES('z', 'two' || char(10) || 'lines')");
  CHECK(db.Code(Export("memkv_export_keys", path)) == SQLITE_ERROR);
  left_alone();
}

}  // namespace
}  // namespace memkv::test
