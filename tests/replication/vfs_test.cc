// Page replication as dqlite does it, by the functions that it exports: a transaction's pages are
// taken from the write-ahead log once it has committed, behind SQLite's back, and are put there, on
// every node, once a majority has them; or never, and others in their place.
//
// Each node is a VFS of this process. After every step memkv's tables must hold, on every node and
// in connections that were open all the while, what a plain table written in the same transactions
// holds, and what their shadow tables hold.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

extern "C" {
#include <dqlite.h>
}

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/replication/load.h"

namespace {

class Db {
 public:
  explicit Db(const std::string& vfs) {
    REQUIRE(sqlite3_open_v2("test.db", &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                            vfs.c_str()) == SQLITE_OK);
    Exec(
        "PRAGMA page_size = 512; PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL; "
        "PRAGMA wal_autocheckpoint = 0");
    sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  ~Db() { CHECK(sqlite3_close(db_) == SQLITE_OK); }
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;

  void Exec(const std::string& sql) {
    CAPTURE(sql);
    const int rc = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
    const std::string message = sqlite3_errmsg(db_);
    CAPTURE(message);
    REQUIRE(rc == SQLITE_OK);
  }
  std::string Text(const std::string& sql) {
    CAPTURE(sql);
    std::string out;
    char* error = nullptr;
    sqlite3_exec(
        db_, sql.c_str(),
        [](void* to, int n, char** values, char**) {
          for (int i = 0; i < n; ++i)
            *static_cast<std::string*>(to) += std::string(values[i] ? values[i] : "NULL") + '|';
          return 0;
        },
        &out, &error);
    const std::string message = error ? error : "";
    sqlite3_free(error);
    REQUIRE(message == "");
    return out;
  }

 private:
  sqlite3* db_ = nullptr;
};

// The pages of one transaction.
struct Pages {
  std::vector<unsigned long> numbers;
  std::string bytes;
  bool empty() const { return numbers.empty(); }
};

class Node {
 public:
  explicit Node(int i) : name_("node" + std::to_string(i)) {
    REQUIRE(dqlite_vfs_init(&vfs_, name_.c_str()) == 0);
    REQUIRE(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK);
    Open();
  }
  ~Node() {
    Close();
    sqlite3_vfs_unregister(&vfs_);
    dqlite_vfs_close(&vfs_);
  }

  void Open() {
    for (auto& db : dbs_) db = std::make_unique<Db>(name_);
  }
  void Close() {
    for (auto& db : dbs_) db.reset();
  }
  Db& writer() { return *dbs_[0]; }
  Db& reader() { return *dbs_[1]; }

  // What was committed since; until it is applied or aborted nobody sees it.
  Pages Poll() {
    dqlite_vfs_frame* frames = nullptr;
    unsigned n = 0;
    REQUIRE(dqlite_vfs_poll(&vfs_, "test.db", &frames, &n) == 0);
    Pages pages;
    for (unsigned i = 0; i < n; ++i) {
      pages.numbers.push_back(frames[i].page_number);
      pages.bytes.append(static_cast<char*>(frames[i].data), 512);
      sqlite3_free(frames[i].data);
    }
    sqlite3_free(frames);
    return pages;
  }
  void Apply(Pages pages) {
    REQUIRE(dqlite_vfs_apply(&vfs_, "test.db", static_cast<unsigned>(pages.numbers.size()),
                             pages.numbers.data(), pages.bytes.data()) == 0);
  }
  void Abort() { REQUIRE(dqlite_vfs_abort(&vfs_, "test.db") == 0); }

  std::string Snapshot() {
    void* data = nullptr;
    size_t n = 0;
    REQUIRE(dqlite_vfs_snapshot(&vfs_, "test.db", &data, &n) == 0);
    std::string out(static_cast<char*>(data), n);
    std::free(data);
    return out;
  }
  void Restore(const std::string& snapshot) {
    Close();
    REQUIRE(dqlite_vfs_restore(&vfs_, "test.db", snapshot.data(), snapshot.size()) == 0);
    Open();
  }

  // What the node shows, through each of its connections.
  std::string Verify() {
    CAPTURE(name_);
    std::string shown;
    for (auto& db : dbs_) {
      if (db->Text("SELECT count(*) FROM sqlite_schema WHERE name = 't'") == "0|") continue;
      shown = db->Text("SELECT * FROM t ORDER BY key");
      CHECK(shown == db->Text("SELECT * FROM twin ORDER BY key"));
      CHECK(db->Text("SELECT memkv_count('t')") == db->Text("SELECT count(*) FROM twin"));
      db->Exec("INSERT INTO t(t) VALUES ('integrity-check')");
    }
    CHECK(Poll().empty());
    return shown;
  }

 private:
  const std::string name_;
  sqlite3_vfs vfs_{};
  std::unique_ptr<Db> dbs_[2];
};

class Cluster {
 public:
  Cluster() {
    for (int i = 0; i < 3; ++i) nodes_.push_back(std::make_unique<Node>(i));
  }
  Node& operator[](size_t i) { return *nodes_[i]; }

  // A transaction that reaches a majority.
  void Commit(size_t leader, const std::string& sql) {
    (*this)[leader].writer().Exec(sql);
    const Pages pages = (*this)[leader].Poll();
    REQUIRE(!pages.empty());
    for (auto& node : nodes_) node->Apply(pages);
    Verify();
  }
  // One that does not: the leader takes it back after SQLite has told everybody that it is done.
  void Lose(size_t leader, const std::string& sql, bool look_between = false) {
    (*this)[leader].writer().Exec(sql);
    REQUIRE(!(*this)[leader].Poll().empty());
    if (look_between) (*this)[leader].reader().Exec("SELECT * FROM t");
    (*this)[leader].Abort();
  }
  // Every node shows the same, and rightly.
  void Verify() {
    const std::string shown = (*this)[0].Verify();
    CHECK((*this)[1].Verify() == shown);
    CHECK((*this)[2].Verify() == shown);
  }

 private:
  std::vector<std::unique_ptr<Node>> nodes_;
};

// To the table and its twin alike.
std::string Both(const std::string& before, const std::string& after) {
  return "BEGIN; " + before + " t " + after + "; " + before + " twin " + after + "; COMMIT;";
}
std::string Rows(int from, int to) {
  return Both(
      "INSERT OR REPLACE INTO",
      "SELECT 'https://' || (value % 7) || '.example/' || value, value FROM json_each('[" +
          [&] {
            std::string list;
            for (int i = from; i < to; ++i) list += (i > from ? "," : "") + std::to_string(i);
            return list;
          }() +
          "]')");
}
const std::string kCreate =
    "BEGIN; CREATE VIRTUAL TABLE t USING memkv; "
    "CREATE TABLE twin(key TEXT PRIMARY KEY NOT NULL, value) WITHOUT ROWID; COMMIT;";
const std::string kFreeze = "INSERT INTO t(t) VALUES ('freeze')";

}  // namespace

TEST_CASE("what is committed on one node is there on every node") {
  Cluster cluster;
  cluster.Commit(0, kCreate);
  cluster.Commit(0, Rows(0, 100));
  cluster.Commit(0, kFreeze);
  cluster.Commit(0, Rows(50, 120));
  cluster.Commit(0, Both("DELETE FROM", "WHERE key BETWEEN 'https://2' AND 'https://4'"));
  // Another one leads, whose connections have read only so far.
  cluster.Commit(1, Rows(200, 230));
  cluster.Commit(1, "INSERT INTO t(t, rank) VALUES ('merge', 1)");
  cluster.Commit(2, "BEGIN; INSERT INTO t(t) VALUES ('truncate'); DELETE FROM twin; COMMIT;");
  cluster.Commit(2, "BEGIN; DROP TABLE t; DROP TABLE twin; COMMIT;");
  cluster.Commit(0, kCreate);
  cluster.Commit(0, Rows(5, 10));
}

TEST_CASE("a commit that is taken back after it was told is not there") {
  Cluster cluster;
  cluster.Commit(0, kCreate);
  cluster.Commit(0, Rows(0, 50));
  for (bool frozen : {false, true}) {
    if (frozen) cluster.Commit(0, kFreeze);
    for (bool look : {false, true}) {
      for (const std::string& lost :
           {Rows(100, 120), Both("DELETE FROM", "WHERE key > 'https://3'"),
            std::string("BEGIN; INSERT INTO t(t) VALUES ('truncate'); DELETE FROM twin; COMMIT;"),
            std::string("BEGIN; DROP TABLE t; DROP TABLE twin; COMMIT;")}) {
        CAPTURE(lost);
        cluster.Lose(0, lost, look);
        cluster.Verify();
      }
    }
    cluster.Lose(0, Rows(300, 310));
    if (!frozen) cluster.Lose(0, kFreeze);
    cluster.Verify();
    cluster.Commit(0, Rows(60, 70));
  }
}

TEST_CASE("another node's commit takes the place, and the counter, of one that was taken back") {
  for (int more = 0; more < 4; ++more) {
    CAPTURE(more);
    Cluster cluster;
    cluster.Commit(0, kCreate);
    cluster.Commit(0, Rows(0, 50));
    if (more % 2) cluster.Commit(0, kFreeze);
    cluster.Lose(0, Rows(100, 110));
    // Not looked at in between: node 0 believes what it was told.
    cluster[1].writer().Exec(Rows(200, 210));
    const Pages first = cluster[1].Poll();
    cluster[1].Apply(first);
    cluster[1].writer().Exec(Rows(300, 305));
    const Pages second = cluster[1].Poll();
    cluster[1].Apply(second);
    for (size_t i : {0, 2}) {
      cluster[i].Apply(first);
      if (more < 2) cluster[i].Verify();
      cluster[i].Apply(second);
    }
    cluster.Verify();
    cluster.Commit(0, Rows(400, 402));
  }
}

TEST_CASE("a reader inside BEGIN keeps what it has begun with") {
  Cluster cluster;
  cluster.Commit(0, kCreate);
  cluster.Commit(0, Rows(0, 50));
  Db& reader = cluster[0].reader();
  reader.Exec("BEGIN");
  const std::string before = reader.Text("SELECT * FROM t ORDER BY key");
  for (const std::string& sql : {Rows(10, 80), kFreeze, Rows(80, 90)}) {
    cluster[0].writer().Exec(sql);
    CHECK(reader.Text("SELECT * FROM t ORDER BY key") == before);
    const Pages pages = cluster[0].Poll();
    CHECK(reader.Text("SELECT * FROM t ORDER BY key") == before);
    for (size_t i : {0, 1, 2}) cluster[i].Apply(pages);
    CHECK(reader.Text("SELECT * FROM t ORDER BY key") == before);
    CHECK(reader.Text("SELECT memkv_count('t')") == "50|");
  }
  reader.Exec("COMMIT");
  cluster.Verify();
}

TEST_CASE("a node is made from another one's snapshot") {
  Cluster cluster;
  cluster.Commit(0, kCreate);
  cluster.Commit(0, Rows(0, 50));
  cluster.Commit(0, kFreeze);
  cluster.Commit(0, Rows(30, 60));
  const std::string snapshot = cluster[0].Snapshot();
  cluster.Commit(0, Rows(500, 510));
  cluster.Lose(1, Rows(600, 610));
  // Back to then, and on from there, otherwise.
  for (size_t i : {0, 1, 2}) cluster[i].Restore(snapshot);
  cluster.Verify();
  cluster.Commit(1, Rows(700, 710));
  Node fresh(3);
  fresh.Restore(cluster[2].Snapshot());
  CHECK(fresh.Verify() == cluster[0].Verify());
}

TEST_CASE("commits that are kept and commits that are lost, in any order, led by anybody") {
  std::mt19937 random(7);
  Cluster cluster;
  cluster.Commit(0, kCreate);
  int next = 0;
  for (int step = 0; step < 150; ++step) {
    CAPTURE(step);
    const size_t leader = random() % 3;
    std::string sql;
    switch (random() % 8) {
      case 0:
        sql = Rows(next, next + 1) + kFreeze;
        break;
      case 1:
        sql = Rows(next, next + 1) + "INSERT INTO t(t, rank) VALUES ('merge', 1)";
        break;
      case 2:
        sql = Both("DELETE FROM", "WHERE value % 5 = " + std::to_string(random() % 5)) +
              Rows(next, next + 2);
        break;
      default:
        sql = Rows(next, next + 1 + static_cast<int>(random() % 20));
        break;
    }
    // Each of its statements is a transaction, as dqlite has it.
    for (size_t at = 0; at < sql.size();) {
      const bool block = sql.compare(at, 5, "BEGIN") == 0;
      size_t end = block ? sql.find("COMMIT;", at) + 7 : sql.size();
      const std::string one = sql.substr(at, end - at);
      at = end;
      cluster[leader].writer().Exec(one);
      const Pages pages = cluster[leader].Poll();
      if (pages.empty()) continue;
      if (random() % 3 == 0) {
        cluster[leader].Abort();
      } else {
        for (size_t i = 0; i < 3; ++i) cluster[i].Apply(pages);
      }
      if (random() % 2) cluster.Verify();
    }
    next += static_cast<int>(random() % 15);
  }
  cluster.Verify();
}

int main(int argc, char** argv) {
  const char* const problem = memkv_load_for_all(MEMKV_MODULE);
  if (problem != nullptr) {
    std::fprintf(stderr, "%s\n", problem);
    return 1;
  }
  return doctest::Context(argc, argv).run();
}
