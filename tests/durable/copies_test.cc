// Copies of a database that is being written, with its journal or WAL beside it, opened elsewhere;
// and databases that are detached while statements are open on them.

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/durable/fault_vfs.h"
#include "tests/durable/operations.h"
#include "tests/durable/twin.h"
#include "tests/folder.h"

namespace memkv::test {
namespace {

// What is done to both tables in one transaction.
constexpr char kChange[] =
    "BEGIN; INSERT INTO t VALUES('new', zeroblob(30000)); INSERT INTO p VALUES('new', "
    "zeroblob(30000)); INSERT INTO t(t) VALUES('freeze'); DELETE FROM t WHERE key < 'c'; DELETE "
    "FROM p WHERE key < 'c'; COMMIT";

void Both(Db& db, const std::string& key) {
  const std::string row = " VALUES('" + key + "', '" + key + "')";
  db.Exec("BEGIN; REPLACE INTO t" + row + "; REPLACE INTO p" + row + "; COMMIT");
}

}  // namespace

TEST_CASE("copies with a hot journal or a WAL, of every moment of a commit, opened elsewhere") {
  RegisterFaultVfs();
  for (const std::string mode : {"wal", "delete", "truncate"}) {
    CAPTURE(mode);
    Folder folder;
    MakeBase(folder.path(), mode, Base::kSmall);
    std::vector<std::unique_ptr<Folder>> copies;
    std::string before, after;
    Db db("file:" + folder / "a.db" + "?vfs=memkv-faults");
    SetUp(db, mode);
    before = WholeContent(db);
    Watch(kFaultWrite | kFaultSync, [&] {
      copies.push_back(std::make_unique<Folder>());
      CopyBase(folder.path(), copies.back()->path());
    });
    const Result result = db.Run(kChange);
    Watch(0, {});
    REQUIRE(result.ok());
    after = WholeContent(db);
    REQUIRE(after != before);
    size_t hot = 0;
    for (const auto& copy : copies) {
      const std::string file = *copy / "a.db";
      const std::string beside = file + (mode == "wal" ? "-wal" : "-journal");
      hot += std::filesystem::exists(beside) && std::filesystem::file_size(beside) > 4096;
      {
        // Read-only first, where SQLite may have to refuse: t as p.
        Db reader("file:" + file + "?mode=ro");
        const Result of_plain = reader.Run("SELECT key, value FROM p ORDER BY key"),
                     of_memkv = reader.Run("SELECT key, value FROM t ORDER BY key");
        CHECK(of_memkv.code == of_plain.code);
        CHECK(of_memkv.rows == of_plain.rows);
      }
      Db elsewhere(file);
      const std::string content = WholeContent(elsewhere);
      CHECK((content == before || content == after));
      // The table of the file that it is a copy of goes its own way.
      Both(elsewhere, "elsewhere");
      CHECK(WholeContent(db) == after);
      WholeContent(elsewhere);
    }
    CHECK(hot > 10);
    Both(db, "here");
    WholeContent(db);
  }
}

TEST_CASE("a database and its copy in one process, both changed from one state on") {
  for (const std::string mode : {"wal", "delete"}) {
    CAPTURE(mode);
    Folder folder, other;
    MakeBase(folder.path(), mode, Base::kSmall);
    Db db(folder / "a.db");
    Both(db, "kept");
    CopyBase(folder.path(), other.path());
    Db copy(other / "a.db");
    for (int i = 0; i < 5; ++i) {
      Both(db, "here " + std::to_string(i));
      Both(copy, "there " + std::to_string(i));
      if (i == 2) db.Exec("SELECT memkv_freeze('t')");
      RequireSound(db);
      RequireSound(copy);
    }
    copy.Exec("ATTACH '" + (folder / "a.db") + "' AS aux");
    CHECK(copy.Rows("SELECT count(*) FROM aux.t WHERE key LIKE 'here%'") == "5");
    CHECK(copy.Rows("SELECT count(*) FROM t WHERE key LIKE 'here%'") == "0");
  }
}

TEST_CASE("DETACH under open statements is refused as for a plain table, and works after them") {
  for (const std::string table : {"t", "p"}) {
    for (const std::string read :
         {"SELECT key FROM aux.%", "SELECT a.key FROM aux.% AS a JOIN aux.% AS b USING(key)",
          "SELECT key FROM aux.% WHERE key > 'a' ORDER BY key DESC"}) {
      CAPTURE(table);
      CAPTURE(read);
      Folder folder;
      MakeBase(folder.path(), "wal", Base::kSmall);
      Db db(folder / "main.db");
      const std::string attach = "ATTACH '" + (folder / "a.db") + "' AS aux";
      db.Exec(attach);
      std::string sql = read;
      for (size_t at; (at = sql.find('%')) != sql.npos;) sql.replace(at, 1, table);
      Cursor open(db, sql), kept(db, sql);
      REQUIRE(open.Step() == SQLITE_ROW);
      CHECK(db.Error("DETACH aux") == "database aux is locked");
      CHECK(open.Step() == SQLITE_ROW);
      db.Exec("BEGIN");
      CHECK(db.Error("DETACH aux") != "(succeeded)");
      db.Exec("COMMIT");
      for (int rows = 2; open.Step() == SQLITE_ROW; ++rows) REQUIRE(rows < 21);
      open.Reset();
      db.Exec("DETACH aux");
      CHECK(kept.Step() == SQLITE_ERROR);  // no such table
      kept.Reset();
      db.Exec(attach);
      CHECK(kept.Step() == SQLITE_ROW);
      kept.Reset();
      // Another file under the same name.
      db.Exec("DETACH aux; ATTACH '" + (folder / "b.db") +
              "' AS aux; CREATE VIRTUAL TABLE aux.t USING memkv; CREATE TABLE aux.p(key, value); "
              "INSERT INTO aux.t VALUES('other', 1); INSERT INTO aux.p VALUES('other', 1)");
      CHECK(kept.Step() == SQLITE_ROW);
      CHECK(kept.row()[0] == TextCell("other"));
      CHECK(kept.Step() == SQLITE_DONE);
    }
  }
}

TEST_CASE("DETACH with writes, savepoints and a merge under way") {
  Folder folder;
  Db db(folder / "main.db");
  const std::string attach = "ATTACH '" + (folder / "a.db") + "' AS aux";
  db.Exec(attach +
          "; CREATE VIRTUAL TABLE aux.t USING memkv(delta_limit = '20kB'); CREATE TABLE "
          "aux.p(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID");
  for (int i = 0; i < 20; ++i) {
    const std::string rows =
        "SELECT '" + std::to_string(i) + " ' || value, zeroblob(2000) FROM json_each('[1,2,3,4]')";
    db.Exec("BEGIN; INSERT INTO aux.p " + rows + "; INSERT INTO aux.t " + rows + "; SAVEPOINT s");
    CHECK(db.Error("DETACH aux") != "(succeeded)");
    db.Exec("DELETE FROM aux.t; ROLLBACK TO s");
    db.Exec(i % 3 ? "COMMIT" : "ROLLBACK");
    // The thread that may merge is left alone.
    db.Exec("DETACH aux");
    if (i % 2) {
      Db other(folder / "a.db");
      RequireSound(other);
    }
    CHECK(db.Code("SELECT memkv_count('aux.t')") == SQLITE_ERROR);
    db.Exec(attach);
    REQUIRE(db.Rows("SELECT memkv_count('aux.t')") == db.Rows("SELECT count(*) FROM aux.p"));
  }
  Db other(folder / "a.db");
  RequireSound(other);
}

}  // namespace memkv::test
