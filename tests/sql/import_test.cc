// 'import' from whatever may be named: files, pipes and FIFOs are read; what is none is refused by
// name; waiting for others, and lines without end, stop when asked, and take bounded memory.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "tests/folder.h"
#include "tests/sql/apart.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

std::string Import(const std::string& path) {
  return "INSERT INTO t(t, key) VALUES('import', memkv_file('" + path + "'))";
}

constexpr char kAllowed[] = " (allowed: a regular file, a pipe, a FIFO)";

// A process that does what it is given, until it is done or the test is.
class Helper {
 public:
  explicit Helper(const std::function<void()>& work) : child_(fork()) {
    REQUIRE(child_ >= 0);
    if (child_ > 0) return;
    work();
    _exit(0);
  }
  ~Helper() {
    kill(child_, SIGKILL);
    int status;
    waitpid(child_, &status, 0);
  }

 private:
  const pid_t child_;
};

void Write(int file, const std::string& bytes) { (void)!write(file, bytes.data(), bytes.size()); }

// Lines, or one, without end.
void WriteForEver(int file, const std::string& piece) {
  std::string many;
  while (many.size() < 1 << 16) many += piece;
  while (write(file, many.data(), many.size()) > 0) {
  }
}

TEST_CASE("'import' reads FIFOs, whoever comes first, and pieces of lines") {
  const Folder folder;
  const std::string path = folder / "fifo";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  for (const useconds_t writer_waits : {0, 100000}) {
    Db db;
    db.Exec("CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY, value INTEGER)");
    const Helper writer([&] {
      usleep(writer_waits);
      const int file = open(path.c_str(), O_WRONLY);
      for (const char* piece : {"a\t", "1\r", "\nb\t2\n", "c"}) {
        Write(file, piece);
        usleep(30000);
      }
    });
    db.Exec(Import(path));
    CHECK(db.Rows("SELECT * FROM t") == "'a', 1 | 'b', 2 | 'c', NULL");
  }
}

TEST_CASE("'import' of a FIFO that nobody writes to stops when asked") {
  const Folder folder;
  const std::string path = folder / "fifo";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1)");
  for (const bool opened : {false, true}) {
    const Helper writer([&] {
      const int file = opened ? open(path.c_str(), O_RDWR) : -1;
      pause();
      close(file);
    });
    for (const Stop stop : {Stop::kInterrupt, Stop::kHandler}) {
      const Outcome outcome = RunApart(db, Import(path), {}, 32 * kMiB, stop);
      CHECK(outcome.code == SQLITE_INTERRUPT);
      CHECK(outcome.waited < 2 * kPatience);
      CHECK(outcome.seconds < 0.5 * kPatience);
    }
  }
}

TEST_CASE("'import' reads the process's own descriptors from where they stand") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv");
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  Write(ends[1], "from\npipe\n");
  close(ends[1]);
  db.Exec(Import("/dev/fd/" + std::to_string(ends[0])));
  close(ends[0]);
  CHECK(db.Rows("SELECT key FROM t") == "'from' | 'pipe'");

  const TempFile file;
  WriteAll(file.path(), "passed over\nkept\n");
  const int half = open(file.path().c_str(), O_RDONLY);
  REQUIRE(lseek(half, 12, SEEK_SET) == 12);
  const std::string name = std::to_string(half);
  db.Exec("DELETE FROM t; " + Import("/proc/self/fd/" + name));
  CHECK(db.Rows("SELECT key FROM t") == "'kept'");
  db.Exec(Import("/dev/fd/" + name));  // at its end now
  CHECK(db.Rows("SELECT key FROM t") == "'kept'");

  const int stdin_before = dup(0);
  REQUIRE(lseek(half, 0, SEEK_SET) == 0);
  dup2(half, 0);
  db.Exec(Import("/dev/stdin"));
  CHECK(db.Rows("SELECT key FROM t") == "'kept' | 'passed over'");
  dup2(stdin_before, 0);
  close(stdin_before);
  close(half);
}

TEST_CASE("'import' refuses by name what is no file, pipe or FIFO") {
  const Folder folder;
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1)");
  auto refused = [&db](const std::string& path, const std::string& why) {
    CAPTURE(path);
    const Result result = db.Run(Import(path));
    CHECK(result.code == SQLITE_CANTOPEN);
    CHECK(result.message == "memkv: cannot read \"" + path + "\": " + why);
  };
  auto descriptor = [](int n) { return "/dev/fd/" + std::to_string(n); };
  refused(folder / "none", "No such file or directory");
  refused(folder.path(), "it is a directory" + std::string(kAllowed));
  refused("/dev/zero", "it is a character device" + std::string(kAllowed));
  refused("/dev/null", "it is a character device" + std::string(kAllowed));
  refused("/dev/fd/987654", "the descriptor is not open");
  refused("/dev/fd/98765432109876", "No such file or directory");

  const int zero = open("/dev/zero", O_RDONLY);
  refused(descriptor(zero), "it is a character device" + std::string(kAllowed));
  close(zero);
  const int writes = open((folder / "writes").c_str(), O_WRONLY | O_CREAT, 0600);
  refused(descriptor(writes), "the descriptor is open for writing only");
  close(writes);
  int pair[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  refused(descriptor(pair[0]), "it is a socket" + std::string(kAllowed));
  close(pair[0]);
  close(pair[1]);
  const std::string socket_path = folder / "socket";
  const int named = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(bind(named, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  refused(socket_path, "it is a socket" + std::string(kAllowed));
  close(named);
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0) {
    const int slave = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    refused(descriptor(slave), "it is a terminal" + std::string(kAllowed));
    close(slave);
  }
  close(terminal);
  CHECK(db.Rows("SELECT * FROM t") == "'a', 1");
}

TEST_CASE("'import' refuses the connection's own database, whose locks it would drop") {
  const TempFile file("main.db"), other("other.db");
  Db db(file.path());
  db.Exec("PRAGMA journal_mode = wal; ATTACH '" + other.path() +
          "' AS other; CREATE TABLE other.x(y); CREATE VIRTUAL TABLE t USING memkv");
  for (const std::string& path : {file.path(), file.path() + "-wal", file.path() + "-shm"}) {
    CHECK(db.Error(Import(path)) ==
          "memkv: cannot read \"" + path + "\": it belongs to the open database \"main\"");
  }
  const std::string message = "\": it belongs to the open database \"other\"";
  CHECK(db.Error(Import(other.path())) == "memkv: cannot read \"" + other.path() + message);
  for (const std::string function : {"memkv_export", "memkv_export_keys"}) {
    CHECK(db.Error("SELECT " + function + "('t', '" + other.path() + "')") ==
          "memkv: cannot write \"" + other.path() + message);
  }
  CHECK(db.Error("CREATE VIRTUAL TABLE temp.f USING memkv(file = '" + other.path() + "')") ==
        "memkv: cannot open \"" + other.path() + message);
}

TEST_CASE("a table over a FIFO is refused and not waited for") {
  const Folder folder;
  const std::string path = folder / "fifo";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  Db db;
  CHECK(db.Error("CREATE VIRTUAL TABLE temp.f USING memkv(file = '" + path + "')") ==
        "memkv: \"" + path + "\" is not a regular file");
}

TEST_CASE("lines without end, and without number") {
  Db db;
  db.Exec(
      "CREATE VIRTUAL TABLE t USING memkv(key TEXT PRIMARY KEY); CREATE VIRTUAL TABLE v USING "
      "memkv; INSERT INTO t VALUES('a'); INSERT INTO v VALUES('a', 1)");
  sqlite3_limit(db.handle(), SQLITE_LIMIT_LENGTH, 4 << 20);
  struct Case {
    std::string table, begin, then, error;
  };
  for (const Case& c : std::vector<Case>{
           {"t", "x\n", "a", ": line 2: a key of over 1048576 bytes, nothing was imported"},
           {"v", "x\t1\ny\n", "a", ": line 3: a key of over 1048576 bytes, nothing was imported"},
           {"v", "x\t", "a", ": line 1 has over 4194304 bytes, nothing was imported"},
           {"t", "x\n", std::string(1, '\0'),
            ": line 2: a key of over 1048576 bytes, nothing was "
            "imported"},
           {"t", "x\t", "\t", ": line 1 has over 1048576 bytes, nothing was imported"},
       }) {
    CAPTURE(c.error);
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const Helper writer([&] {
      Write(ends[1], c.begin);
      WriteForEver(ends[1], c.then);
    });
    close(ends[1]);
    const std::string path = "/dev/fd/" + std::to_string(ends[0]);
    const Outcome outcome = RunApart(db,
                                     "INSERT INTO " + c.table + "(" + c.table +
                                         ", key) VALUES('import', memkv_file('" + path + "'))",
                                     {}, 48 * kMiB, Stop::kNever);
    CHECK(outcome.code == SQLITE_TOOBIG);
    CHECK(outcome.message == "memkv: \"" + path + "\"" + c.error);
    CHECK(outcome.grown < 32 * kMiB);
    close(ends[0]);
  }
  for (const std::string lines : {"\n", "key\n", "x\ty\tz\t\n", "\t\n"}) {
    for (const Stop stop : {Stop::kInterrupt, Stop::kHandler}) {
      int ends[2];
      REQUIRE(pipe(ends) == 0);
      const Helper writer([&] { WriteForEver(ends[1], lines); });
      close(ends[1]);
      const Outcome outcome =
          RunApart(db, Import("/dev/fd/" + std::to_string(ends[0])), {}, 256 * kMiB, stop);
      CHECK(outcome.code == SQLITE_INTERRUPT);
      CHECK(outcome.seconds < 0.5 * kPatience);
      close(ends[0]);
    }
  }
}

TEST_CASE("long lines within the limits are read in bounded memory") {
  const TempFile file;
  std::string text;
  for (int i = 0; i < 40; ++i)
    text +=
        std::to_string(i) + '\t' + std::string(4 * kMiB, static_cast<char>('a' + i % 26)) + "\r\n";
  text += std::string(kMiB, 'k') + "\r\n" + std::string(kMiB, 'l') + "\tx";
  WriteAll(file.path(), text);
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv");
  const size_t bytes = text.size();
  text = std::string();
  const Outcome outcome = RunApart(db, Import(file.path()), {}, bytes + 96 * kMiB, Stop::kNever);
  CHECK(outcome.code == SQLITE_OK);
  db.Exec(Import(file.path()));
  CHECK(db.Rows("SELECT count(*), sum(length(key)), sum(length(value)) FROM t") ==
        "42, " + std::to_string(2 * kMiB + 10 + 2 * 30) + ", " + std::to_string(40 * 4 * kMiB + 1));
  CHECK(db.Rows("SELECT * FROM memkv_check('t')") == "");
}

}  // namespace
}  // namespace memkv::test
