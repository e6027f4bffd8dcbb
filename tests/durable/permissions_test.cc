// Files and folders that may not be written or read: a memkv table answers as the plain table
// beside it does, with the same result codes, and nothing changes.

#include <doctest/doctest.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/durable/twin.h"
#include "tests/folder.h"

namespace memkv::test {
namespace {

// Modes of files mean nothing to root: this thread opens files as nobody. Only where that can be
// done is anything refused.
class AsNobody {
 public:
  AsNobody() { setfsuid(kNobody); }
  ~AsNobody() { setfsuid(geteuid()); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

  static bool Possible() {
    if (geteuid() != 0) return true;
    const AsNobody nobody;
    return setfsuid(kNobody) == static_cast<int>(kNobody);
  }

 private:
  static constexpr uid_t kNobody = 65534;
};

#define REQUIRE_MODES_COUNT()                            \
  if (!AsNobody::Possible()) {                           \
    MESSAGE("skipped: root, and cannot open as nobody"); \
    return;                                              \
  }

// The file of a database, in which a table t and its twin p hold some rows.
class Database {
 public:
  explicit Database(const std::string& mode) {
    Db db(file());
    db.Exec("PRAGMA journal_mode = " + mode);
    db.Exec(
        "CREATE VIRTUAL TABLE t USING memkv; CREATE TABLE p(key TEXT PRIMARY KEY NOT NULL, value) "
        "WITHOUT ROWID; INSERT INTO t VALUES('a', 1), ('b', 2); SELECT memkv_freeze('t'); INSERT "
        "INTO t VALUES('c', 3); INSERT INTO p SELECT key, value FROM t");
    std::filesystem::remove(file() + "-journal");
    Set(0666, 0777);
  }
  ~Database() { Set(0666, 0777); }

  std::string file() const { return folder_ / "a.db"; }
  const std::string& folder() const { return folder_.path(); }
  void Set(mode_t of_file, mode_t of_folder) const {
    const int user = setfsuid(geteuid());
    REQUIRE(chmod(file().c_str(), of_file) == 0);
    REQUIRE(chmod(folder_.path().c_str(), of_folder) == 0);
    setfsuid(static_cast<uid_t>(user));
  }

 private:
  const Folder folder_;
};

// % stands for the table.
const char* const kReads[] = {
    "SELECT key, value FROM % ORDER BY key",
    "SELECT value FROM % WHERE key = 'b'",
    "SELECT count(*) FROM %",
};
const char* const kWrites[] = {
    "INSERT INTO % VALUES('d', 4)",
    "UPDATE % SET value = 5 WHERE key = 'a'",
    "DELETE FROM %",
    "BEGIN; DELETE FROM % WHERE key = 'a'; INSERT INTO % VALUES('large', zeroblob(300000)); COMMIT",
    "ALTER TABLE % RENAME TO renamed",
    "DROP TABLE %",
};
// What has no twin, and writes.
const char* const kCommands[] = {
    "SELECT memkv_freeze('t')",
    "INSERT INTO t(t) VALUES('truncate')",
    "INSERT INTO t(t, rank) VALUES('merge', 1)",
    "CREATE VIRTUAL TABLE u USING memkv",
    "DROP TABLE t",
};

Result On(Db& db, std::string sql, const std::string& table) {
  for (size_t at; (at = sql.find('%')) != sql.npos;) sql.replace(at, 1, table);
  Result result = db.Run(sql);
  if (!db.autocommit()) db.Exec("ROLLBACK");
  return result;
}

// Writes fail as those of the plain table do; reads give what they give.
void RequireAlike(Db& db) {
  for (const char* read : kReads) {
    CAPTURE(std::string(read));
    const Result of_memkv = On(db, read, "t"), of_plain = On(db, read, "p");
    CHECK(of_memkv.code == of_plain.code);
    CHECK(of_memkv.rows == of_plain.rows);
  }
  int code = SQLITE_OK;
  for (const char* write : kWrites) {
    CAPTURE(std::string(write));
    code = On(db, write, "p").code;
    CHECK(code != SQLITE_OK);
    CHECK(On(db, write, "t").code == code);
  }
  for (const char* command : kCommands) {
    CAPTURE(std::string(command));
    const Result result = On(db, command, "t");
    CHECK(result.code == code);
  }
  CHECK(On(db, "SELECT memkv_count('t')", "t").code == On(db, kReads[0], "p").code);
}

}  // namespace

TEST_CASE("a database file that may only be read") {
  REQUIRE_MODES_COUNT();
  for (const std::string mode : {"wal", "delete", "truncate"}) {
    for (const mode_t of_folder : {0777, 0555}) {
      CAPTURE(mode);
      CAPTURE(of_folder);
      const Database database(mode);
      database.Set(0444, of_folder);
      {
        const AsNobody nobody;
        Db db(database.file());
        UseMode(db, mode);
        RequireAlike(db);
        if (of_folder == 0777 || mode != "wal") RequireSame(db);
      }
      database.Set(0666, 0777);
      Db db(database.file());
      RequireSound(db);
      CHECK(db.Rows("SELECT count(*) FROM t") == "3");
    }
  }
}

TEST_CASE("a folder in which no journal can be made") {
  REQUIRE_MODES_COUNT();
  for (const std::string mode : {"wal", "delete", "truncate"}) {
    CAPTURE(mode);
    const Database database(mode);
    database.Set(0666, 0555);
    {
      const AsNobody nobody;
      Db db(database.file());
      UseMode(db, mode);
      RequireAlike(db);
      // As soon as it can be, the same connection writes.
      database.Set(0666, 0777);
      db.Exec("INSERT INTO t VALUES('d', 4); INSERT INTO p VALUES('d', 4)");
      RequireSame(db);
    }
    Db db(database.file());
    RequireSound(db);
  }
}

TEST_CASE("modes that change while a connection is open") {
  REQUIRE_MODES_COUNT();
  for (const std::string mode : {"wal", "delete", "truncate"}) {
    CAPTURE(mode);
    const Database database(mode);
    {
      const AsNobody nobody;
      Db db(database.file());
      UseMode(db, mode);
      db.Exec("BEGIN; INSERT INTO t VALUES('d', 4); INSERT INTO p VALUES('d', 4)");
      database.Set(0444, 0555);
      // The journal is open, or cannot be made or taken away: as p says.
      const int code = db.Code("COMMIT");
      if (!db.autocommit()) db.Exec("ROLLBACK");
      CHECK(
          (code == SQLITE_OK || (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_IOERR));
      database.Set(0666, 0777);
      RequireSame(db);
      database.Set(0444, 0555);
      const Result of_plain = On(db, kWrites[0], "p"), of_memkv = On(db, kWrites[0], "t");
      CHECK((of_memkv.code & 0xff) == (of_plain.code & 0xff));
      database.Set(0666, 0777);
      db.Exec("DELETE FROM t WHERE key = 'd'; DELETE FROM p WHERE key = 'd'");
      RequireSame(db);
    }
    Db db(database.file());
    RequireSound(db);
  }
}

TEST_CASE("mode=ro and immutable=1") {
  for (const std::string mode : {"delete"}) {
    for (const std::string how : {"mode=ro", "immutable=1", "mode=ro&immutable=1"}) {
      CAPTURE(mode);
      CAPTURE(how);
      const Database database(mode);
      const std::string before = ReadAll(database.file());
      {
        Db db("file:" + database.file() + "?" + how);
        RequireAlike(db);
        RequireSame(db);
        CHECK(db.Rows("SELECT * FROM memkv_check('t')") == "");
      }
      CHECK(ReadAll(database.file()) == before);
    }
  }
}

TEST_CASE("exports and imports where they may not write or read") {
  REQUIRE_MODES_COUNT();
  const Database database("delete");
  WriteAll(database.folder() + "/lines", "x\t1\n");
  WriteAll(database.folder() + "/out", "what was there");
  REQUIRE(chmod((database.folder() + "/lines").c_str(), 0200) == 0);
  database.Set(0666, 0555);
  const AsNobody nobody;
  Db db(database.file());
  const std::string out = "'" + database.folder() + "/out')",
                    lines = "memkv_file('" + database.folder() + "/lines'))";
  CHECK(db.Code("SELECT memkv_export('t', " + out) == SQLITE_CANTOPEN);
  CHECK(db.Code("SELECT memkv_export_keys('t', " + out) == SQLITE_CANTOPEN);
  CHECK(db.Code("INSERT INTO t(t, key) VALUES('import', " + lines) == SQLITE_CANTOPEN);
  CHECK(ReadAll(database.folder() + "/out") == "what was there");
  RequireSame(db);
}

}  // namespace memkv::test
