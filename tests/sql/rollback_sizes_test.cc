// Transactions of every size that are rolled back in whole, in part or not at all, with savepoints
// in them, beside the twin: from one row to many times what is there.

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/folder.h"
#include "tests/sql/db.h"

namespace memkv::test {
namespace {

struct Kind {
  bool stored, frozen, indexed, records;
};

class Twins {
 public:
  Twins(Db* db, const Kind& kind, uint64_t seed) : db_(*db), random_(seed) {
    const std::string columns = kind.records ? ", v INTEGER@, w TEXT" : ", v INTEGER@";
    const auto declared = [&](const char* indexed) {
      std::string text = columns;
      return "(key TEXT PRIMARY KEY NOT NULL" + text.replace(text.find('@'), 1, indexed) + ")";
    };
    db_.Exec("CREATE VIRTUAL TABLE t USING memkv" + declared(kind.indexed ? " INDEXED" : ""));
    db_.Exec("CREATE TABLE p" + declared("") + " WITHOUT ROWID");
    more_ = kind.records ? ", hex(i * 7919)" : "";
    Exec(Fill(0, 2000));
    if (kind.frozen) db_.Exec("SELECT memkv_freeze('t')");
  }

  // About n rows, in one of several ways.
  void Write(int n) {
    const int from = Below(2500);
    switch (Below(7)) {
      case 0:
        return Exec(Fill(from, n));
      case 1:  // past all others, in order
        return Exec("INSERT OR REPLACE INTO @ " + Rows("printf('k%09d', i)", 100'000 + from, n));
      case 2:
        return Exec("UPDATE @ SET v = v + 1 WHERE v % 2500 BETWEEN " + std::to_string(from) +
                    " AND " + std::to_string(from + n));
      case 3:
        return Exec("DELETE FROM @ WHERE v % 2500 BETWEEN " + std::to_string(from) + " AND " +
                    std::to_string(from + n));
      case 4:
        return Exec("UPDATE @ SET key = key || '/" + std::to_string(++moves_) +
                    "' WHERE v % 2500 BETWEEN " + std::to_string(from) + " AND " +
                    std::to_string(from + n / 4));
      case 5:  // one by one, as a program does
        for (int i = 0; i < std::min(n, 300); ++i) {
          const std::string key = "'k' || " + std::to_string((from + i * 7919) % 5000);
          Exec(i % 3 == 0 ? "DELETE FROM @ WHERE key = " + key
                          : "INSERT OR REPLACE INTO @(key, v) VALUES(" + key + ", " +
                                std::to_string(i) + ")");
        }
        return;
      default:  // while somebody looks
        Cursor cursor(db_, "SELECT key FROM t");
        cursor.Step();
        return Exec(Fill(from, n));
    }
  }
  void Exec(const std::string& sql) {
    for (const char* table : {"t", "p"}) {
      std::string text = sql;
      for (size_t at; (at = text.find('@')) != std::string::npos;) text.replace(at, 1, table);
      db_.Exec(text);
    }
  }
  void Check() {
    REQUIRE(db_.Rows("SELECT count(*), sum(v) FROM t") ==
            db_.Rows("SELECT count(*), sum(v) FROM p"));
    REQUIRE(db_.Rows("SELECT * FROM t") == db_.Rows("SELECT * FROM p"));
    REQUIRE(db_.Rows("SELECT key FROM t ORDER BY v, key") ==
            db_.Rows("SELECT key FROM p ORDER BY v, key"));
    db_.Exec("INSERT INTO t(t) VALUES('integrity-check')");
  }
  int Below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }

 private:
  std::string Rows(const std::string& key, int from, int n) const {
    return "SELECT " + key + ", i" + more_ + " FROM (WITH RECURSIVE c(i) AS (VALUES(" +
           std::to_string(from) + ") UNION ALL SELECT i + 1 FROM c WHERE i < " +
           std::to_string(from + n) + ") SELECT i FROM c)";
  }
  std::string Fill(int from, int n) const {
    return "INSERT OR REPLACE INTO @ " + Rows("'k' || (i * 7919 % 5000)", from, n);
  }

  Db& db_;
  std::mt19937_64 random_;
  std::string more_;
  int moves_ = 0;
};

}  // namespace

TEST_CASE("transactions of every size go back to any savepoint") {
  for (int bits = 0; bits < 16; ++bits) {
    const Kind kind = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
    CAPTURE(bits);
    Folder folder;
    Db db(kind.stored ? folder / "a.db" : ":memory:");
    Twins twins(&db, kind, static_cast<uint64_t>(bits) + 1);
    for (const int n : {1, 2, 20, 300, 1000, 3000}) {
      CAPTURE(n);
      db.Exec("BEGIN");
      int savepoints = 0;
      for (int step = 0; step < 8; ++step) {
        twins.Write(1 + twins.Below(n));
        const int what = twins.Below(6);
        const std::string name = "s" + std::to_string(twins.Below(std::max(savepoints, 1)));
        if (what < 3) {
          db.Exec("SAVEPOINT s" + std::to_string(savepoints++));
        } else if (savepoints > 0 && what < 5) {
          db.Exec("ROLLBACK TO " + name);
          savepoints = std::stoi(name.substr(1)) + 1;
          twins.Check();
        } else if (savepoints > 0) {
          db.Exec("RELEASE " + name);
          savepoints = std::stoi(name.substr(1));
        }
      }
      db.Exec(twins.Below(3) == 0 ? "COMMIT" : "ROLLBACK");
      twins.Check();
    }
  }
}

}  // namespace memkv::test
