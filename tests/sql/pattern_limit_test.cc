// A pattern longer than SQLITE_LIMIT_LIKE_PATTERN_LENGTH is an error of the first row that SQLite
// checks against it: none in an empty table, nor of rows that a range has passed over.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/sql/twin.h"

namespace memkv::test {
namespace {

// %k is the key, an INDEXED column or another one; %p the pattern.
const std::vector<std::string> kTerms = {"%k LIKE %p",
                                         "%k GLOB %p",
                                         "%k NOT LIKE %p",
                                         "%k LIKE %p ESCAPE '!'",
                                         "%k LIKE %p ESCAPE ?2",
                                         "like(%p, %k)",
                                         "w = 7 AND %k LIKE %p",
                                         "w = 1 AND %k GLOB %p",
                                         "key > 'zz' AND %k LIKE %p",
                                         "key = 'abc' AND %k LIKE %p",
                                         "%k GLOB %p OR w = 1"};

const std::vector<std::string> kShapes = {
    "SELECT key FROM t WHERE %w", "SELECT count(*) FROM t WHERE %w ORDER BY key DESC LIMIT 2",
    "DELETE FROM t WHERE %w"};

// What comes before many copies of what, and after them.
struct Shape {
  std::string before, copied, after;
};
const std::vector<Shape> kPatterns = {
    {"", "x", ""},   {"", "%", ""},   {"", "*", ""},     {"", "_", "%"},   {"a%", "x", ""},
    {"a*", "x", ""}, {"", "x", "%"},  {"", "x", "*"},    {"a", "b", "%"},  {"q%", "[x]", ""},
    {"", "!%", "%"}, {"5%", "0", ""}, {"ABC", "%", "%"}, {"abc", "*", "*"}};

const std::vector<std::string> kContents = {
    "", "('abc', 'abc', 1), ('abx', 'ABX', 2), ('b', NULL, 1), ('', 'xx', 7), ('Abc', 5, 7)",
    "(x'61', x'6162', 7), (x'', x'', 1)", "(5, 5, 1), (6.5, 6.5, 7)",
    "('abc', 5, 1), (x'616263', 'abc', 7), (55, 5.5, 2)"};

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

class Limits {
 public:
  Limits(const std::string& type, const std::string& content)
      : twin_("key " + type + " PRIMARY KEY, v " + type + " INDEXED, w"),
        has_blobs_(content.find("x'") != std::string::npos) {
    if (!content.empty()) Expect(twin_.Compare("INSERT INTO t VALUES " + content));
  }

  // Patterns of some `length` bytes, where `limit` are allowed; -1: as many as by default.
  void Run(int limit, size_t length) {
    if (limit >= 0)
      for (Db* db : {&twin_.memkv(), &twin_.twin()})
        sqlite3_limit(db->handle(), SQLITE_LIMIT_LIKE_PATTERN_LENGTH, limit);
    for (const Shape& shape : kPatterns) {
      std::string pattern = shape.before;
      while (pattern.size() < length) pattern += shape.copied;
      pattern += shape.after;
      const std::vector<Row> bound = {{TextCell(pattern), TextCell("!")}};
      for (const std::string column : {"key", "v", "w"}) {
        for (const std::string& term : kTerms) {
          for (const std::string& text : {"'" + pattern + "'", std::string("?1"),
                                          std::string("(?1 || '')"), std::string("upper(?1)")}) {
            const std::string where = Replaced(Replaced(term, "%p", text), "%k", column);
            for (const std::string& query : kShapes) Query(Replaced(query, "%w", where), bound);
          }
        }
      }
    }
  }

  void Freeze() { Expect(twin_.Freeze()); }
  bool ok() const { return failures_ == 0; }

 private:
  void Query(const std::string& sql, const std::vector<Row>& parameters) {
    // Which rows the bounds on an index pass over is each planner's choice.
    if (sql.find("v GLOB") != std::string::npos &&
        (has_blobs_ || sql.find("w = ") != std::string::npos))
      return;
    const bool writes = sql[0] != 'S';
    if (writes) Expect(twin_.Compare("SAVEPOINT s"));
    Expect(twin_.Compare(sql, parameters, Twin::kAnyOrder));
    if (writes) Expect(twin_.Compare("ROLLBACK TO s; RELEASE s"));
  }

  void Expect(const std::string& differs) {
    if (differs.empty() || ++failures_ > 20) return;
    FAIL_CHECK(differs.substr(0, 300)
               << differs.substr(std::max<size_t>(differs.size(), 300) - 300));
  }

  Twin twin_;
  const bool has_blobs_;
  int failures_ = 0;
};

TEST_CASE("patterns over SQLite's limit are its error, where SQLite looks at a row") {
  for (const std::string type : {"TEXT", ""}) {
    for (const std::string& content : kContents) {
      CAPTURE(type);
      CAPTURE(content);
      Limits limits(type, content);
      for (const bool frozen : {false, true}) {
        CAPTURE(frozen);
        if (frozen) limits.Freeze();
        limits.Run(8, 8);
        limits.Run(8, 20);
      }
      CHECK(limits.ok());
    }
  }
  Limits limits("TEXT", kContents[1]);
  limits.Run(-1, 50'001);
  limits.Run(-1, 49'990);
  CHECK(limits.ok());
}

// A whole prefix of keys is a range, in which SQLite asks nothing.
TEST_CASE("a literal GLOB 'prefix*' over the limit finds what it finds in other tables") {
  Twin twin;
  for (Db* db : {&twin.memkv(), &twin.twin()})
    sqlite3_limit(db->handle(), SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 4);
  CHECK(twin.Compare("INSERT INTO t VALUES ('abcdef', 1), ('abcdeg', 2), ('b', 3)") == "");
  for (const std::string pragma : {"", "PRAGMA case_sensitive_like = 1"}) {
    CHECK(twin.Compare(pragma) == "");
    CHECK(twin.Compare("SELECT * FROM t WHERE key GLOB 'abcde*'") == "");
    CHECK(twin.Compare("SELECT * FROM t WHERE key GLOB 'abcde*g'") == "");
    CHECK(twin.Compare("SELECT * FROM t WHERE key GLOB 'abcdx*g'") == "");
    CHECK(twin.Compare("SELECT * FROM t WHERE key LIKE 'abcde%'") == "");
    CHECK(twin.Compare("SELECT * FROM t WHERE key LIKE 'abcde%g'") == "");
    CHECK(twin.Compare("SELECT * FROM t WHERE key LIKE 'abcdx%g'") == "");
  }
}

TEST_CASE("a limit that is lowered after a statement was prepared holds") {
  Twin twin;
  CHECK(twin.Compare("INSERT INTO t VALUES ('abcdef', 1), ('b', 3)") == "");
  for (const std::string where : {"key LIKE 'abcd%'", "key LIKE 'xyz%'", "key LIKE 'xyz%d'"}) {
    CAPTURE(where);
    const std::string sql = "SELECT * FROM t WHERE " + where;
    Cursor ours(twin.memkv(), sql), theirs(twin.twin(), sql);
    for (const int limit : {3, 100}) {
      for (Db* db : {&twin.memkv(), &twin.twin()})
        sqlite3_limit(db->handle(), SQLITE_LIMIT_LIKE_PATTERN_LENGTH, limit);
      CHECK(ours.Step() == theirs.Step());
      CHECK(std::string(sqlite3_errmsg(twin.memkv().handle())) ==
            sqlite3_errmsg(twin.twin().handle()));
      ours.Reset();
      theirs.Reset();
    }
  }
}

}  // namespace
}  // namespace memkv::test
