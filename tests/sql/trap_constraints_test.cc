// What SQLite passes to a virtual table's planner is not always what the user wrote.

#include <doctest/doctest.h>

#include <string>

#include "tests/sql/twin.h"

namespace memkv::test {
namespace {

// As a user's own like(): matches everything that begins with a 'b', whatever the pattern.
void LikeB(sqlite3_context* context, int, sqlite3_value** args) {
  const unsigned char* text = sqlite3_value_text(args[1]);
  sqlite3_result_int(context, text != nullptr && text[0] == 'b');
}

// regexp(pattern, text): whether the text holds the pattern, as it is written.
void Holds(sqlite3_context* context, int, sqlite3_value** args) {
  const char* pattern = reinterpret_cast<const char*>(sqlite3_value_text(args[0]));
  const char* text = reinterpret_cast<const char*>(sqlite3_value_text(args[1]));
  sqlite3_result_int(context,
                     pattern && text && std::string(text).find(pattern) != std::string::npos);
}

void Define(Twin& twin, const char* name, int argc,
            void (*function)(sqlite3_context*, int, sqlite3_value**)) {
  for (Db* db : {&twin.memkv(), &twin.twin()}) {
    sqlite3_create_function(db->handle(), name, argc, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                            function, nullptr, nullptr);
  }
}

void Fill(Twin& twin) {
  REQUIRE(twin.CompareSuccess("INSERT INTO t VALUES ('a',1), ('abc',2), ('ABd',3), ('b',4), "
                              "('bc',5), ('c',6), (x'62',7)") == "");
}

TEST_CASE("an application's own like() and glob() decide, whatever the pattern looks like") {
  Twin twin;
  Fill(twin);
  for (const bool frozen : {false, true}) {
    if (frozen) REQUIRE(twin.Freeze() == "");
    Define(twin, "like", 2, LikeB);
    Define(twin, "glob", 2, LikeB);
    for (const std::string sql :
         {"SELECT * FROM t WHERE key LIKE 'a%'",
          "SELECT * FROM t WHERE key LIKE 'a%' ORDER BY key DESC LIMIT 1 OFFSET 1",
          "SELECT * FROM t WHERE key GLOB 'a*'", "SELECT * FROM t WHERE key LIKE 'abc'",
          "SELECT * FROM t WHERE key GLOB '*'"}) {
      CHECK(twin.Compare(sql) == "");
    }
    CHECK(twin.Compare("SELECT * FROM t WHERE key LIKE ?1",
                       {{TextCell("a%")}, {TextCell("zz")}, {NullCell()}}) == "");
    CHECK(twin.Compare("SELECT * FROM t WHERE key GLOB ?1", {{TextCell("a*")}, {TextCell("zz")}}) ==
          "");
  }
}

TEST_CASE("REGEXP and MATCH are the application's") {
  Twin twin;
  Fill(twin);
  CHECK(twin.memkv().Error("SELECT * FROM t WHERE key REGEXP 'b'") == "no such function: REGEXP");
  Define(twin, "regexp", 2, Holds);
  for (const std::string sql :
       {"SELECT * FROM t WHERE key REGEXP 'b'", "SELECT * FROM t WHERE key NOT REGEXP 'b'",
        "SELECT * FROM t WHERE key REGEXP 'b' AND key > 'abc' ORDER BY key DESC LIMIT 1 OFFSET "
        "1"}) {
    CHECK(twin.Compare(sql) == "");
  }
}

// Dialects of regexp() as hosts have them, of patterns that are '^' and characters.
enum class Dialect {
  kPlain,
  kFoldsAscii,
  kFoldsUnicode,
  kIgnoresBlanks,
  kEachLine,
  kBasic,  // \( begins a group, \+ repeats
  kUnanchored,
  kSwapped,  // regexp(text, pattern)
  kNull,
  kError,
  kText,  // 'yes', which is no truth
};
int dialect_calls;

void RegexpOf(sqlite3_context* context, int, sqlite3_value** args) {
  const auto dialect = static_cast<Dialect>(reinterpret_cast<intptr_t>(sqlite3_user_data(context)));
  ++dialect_calls;
  if (dialect == Dialect::kNull) return;
  if (dialect == Dialect::kError) return sqlite3_result_error(context, "regexp: no", -1);
  if (dialect == Dialect::kText) return sqlite3_result_text(context, "yes", -1, SQLITE_STATIC);
  const bool swapped = dialect == Dialect::kSwapped;
  const auto* p = reinterpret_cast<const char*>(sqlite3_value_text(args[swapped ? 1 : 0]));
  const auto* t = reinterpret_cast<const char*>(sqlite3_value_text(args[swapped ? 0 : 1]));
  if (p == nullptr || t == nullptr) return;
  std::string pattern(p), text(t);
  const bool anchored = pattern.starts_with('^') && dialect != Dialect::kUnanchored;
  if (pattern.starts_with('^')) pattern.erase(0, 1);
  if (dialect == Dialect::kBasic && pattern.find('\\') != std::string::npos)
    return sqlite3_result_int(context, text.starts_with("a"));
  std::erase(pattern, '\\');
  if (dialect == Dialect::kIgnoresBlanks) std::erase(pattern, ' ');
  for (std::string* s : {&pattern, &text}) {
    if (dialect == Dialect::kFoldsUnicode) {
      for (size_t at; (at = s->find("É")) != std::string::npos;) s->replace(at, 2, "é");
    }
    if (dialect == Dialect::kFoldsAscii || dialect == Dialect::kFoldsUnicode) {
      for (char& c : *s) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
  }
  bool found = anchored ? text.starts_with(pattern) : text.find(pattern) != std::string::npos;
  if (dialect == Dialect::kEachLine) found |= text.find('\n' + pattern) != std::string::npos;
  sqlite3_result_int(context, found);
}

TEST_CASE("REGEXP narrows by its literal only where regexp() is seen to mean it so") {
  for (const Dialect dialect :
       {Dialect::kPlain, Dialect::kFoldsAscii, Dialect::kFoldsUnicode, Dialect::kIgnoresBlanks,
        Dialect::kEachLine, Dialect::kBasic, Dialect::kUnanchored, Dialect::kSwapped,
        Dialect::kNull, Dialect::kError, Dialect::kText}) {
    CAPTURE(static_cast<int>(dialect));
    Twin twin;
    Fill(twin);
    REQUIRE(twin.CompareSuccess("INSERT INTO t VALUES ('a b',1), ('ÉA',2), ('éa',3), ('Éa',4), "
                                "('x' || char(10) || 'a',5), (char(10) || 'éa',6), ('(+',7), "
                                "('^a',8), ('xa',9), ('a(+',10)") == "");
    for (Db* db : {&twin.memkv(), &twin.twin()}) {
      sqlite3_create_function(db->handle(), "regexp", 2, SQLITE_UTF8,
                              reinterpret_cast<void*>(static_cast<intptr_t>(dialect)), RegexpOf,
                              nullptr, nullptr);
    }
    for (const bool frozen : {false, true}) {
      if (frozen) REQUIRE(twin.Freeze() == "");
      for (const std::string pattern :
           {"^a", "^A", "^a b", "^éa", "^ÉA", "^\\(\\+", "^a\\(", "a", "^", "^zz", "^x"}) {
        CHECK(twin.Compare("SELECT * FROM t WHERE key REGEXP '" + pattern + "'") == "");
        CHECK(twin.Compare("SELECT * FROM t WHERE key REGEXP ?1 ORDER BY key DESC",
                           {{TextCell(pattern)}, {NullCell()}, {BlobCell(pattern)}}) == "");
        CHECK(twin.Compare("SELECT key FROM t WHERE key REGEXP '" + pattern +
                           "' AND key > 'A' LIMIT 2 OFFSET 1") == "");
      }
    }
    const bool narrows =
        twin.memkv().Plan("SELECT * FROM t WHERE key REGEXP '^a'").find("REGEXP") !=
        std::string::npos;
    CHECK(narrows == (dialect == Dialect::kPlain));
  }
}

TEST_CASE("regexp() is tried when a plan is made, and not again for each row or run") {
  Db db;
  db.Exec("CREATE VIRTUAL TABLE t USING memkv");
  db.Exec(
      "INSERT INTO t WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c WHERE i < "
      "500) SELECT 'b' || i, i FROM c");
  sqlite3_create_function(db.handle(), "regexp", 2, SQLITE_UTF8, nullptr, RegexpOf, nullptr,
                          nullptr);
  dialect_calls = 0;
  db.Exec("SELECT * FROM t WHERE key = 'b1' AND key NOT REGEXP '^a'");
  CHECK(dialect_calls <= 1);  // the row's own
  dialect_calls = 0;
  Cursor cursor(db, "SELECT * FROM t WHERE key REGEXP ?1", {TextCell("^c")});
  const int tried = dialect_calls;
  CHECK(tried > 0);
  CHECK(tried <= 6);
  for (int i = 0; i < 10; ++i) {
    CHECK(cursor.Step() == SQLITE_DONE);
    cursor.Reset();
  }
  CHECK(dialect_calls == tried);
  // Another one in its place is another plan.
  sqlite3_create_function(db.handle(), "regexp", 2, SQLITE_UTF8,
                          reinterpret_cast<void*>(static_cast<intptr_t>(Dialect::kUnanchored)),
                          RegexpOf, nullptr, nullptr);
  cursor.Bind({TextCell("^1")});
  CHECK(cursor.Step() == SQLITE_ROW);
}

TEST_CASE("a prepared statement follows its parameters and case_sensitive_like") {
  Twin twin;
  Fill(twin);
  const std::vector<Row> patterns = {
      {TextCell("ab%")}, {TextCell("AB%")}, {TextCell("%c")},  {NullCell()},     {IntegerCell(1)},
      {BlobCell("ab%")}, {TextCell("")},    {TextCell("ab%")}, {TextCell("b_")}, {TextCell("%")}};
  for (const std::string sensitive : {"0", "1", "0"}) {
    REQUIRE(twin.Compare("PRAGMA case_sensitive_like = " + sensitive) == "");
    for (const std::string sql : {"SELECT * FROM t WHERE key LIKE ?1",
                                  "SELECT * FROM t WHERE key LIKE ?1 ORDER BY key DESC",
                                  "SELECT count(*) FROM t WHERE key LIKE ?1 AND key > 'a'",
                                  "SELECT * FROM t WHERE key LIKE ?1 LIMIT 1 OFFSET 1",
                                  "SELECT * FROM t WHERE key LIKE ?1 ESCAPE 'x'"}) {
      CHECK(twin.Compare(sql, patterns) == "");
    }
  }
}

TEST_CASE("a NULL parameter finds nothing, and the next binding finds again") {
  Twin twin;
  Fill(twin);
  for (const std::string op : {"=", "<", "<=", ">", ">=", "IS", "<>"}) {
    CHECK(twin.Compare("SELECT * FROM t WHERE key " + op + " ?1", {{TextCell("b")},
                                                                   {NullCell()},
                                                                   {TextCell("b")},
                                                                   {BlobCell("b")},
                                                                   {IntegerCell(5)},
                                                                   {RealCell(5)}}) == "");
  }
}

TEST_CASE("long IN lists, with repeated, missing and NULL values") {
  Twin twin;
  REQUIRE(twin.CompareSuccess("INSERT INTO t WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i "
                              "+ 1 FROM c WHERE i < 2000) "
                              "SELECT 'k' || i, i FROM c") == "");
  std::string list = "NULL";
  for (int i = 0; i < 3000; i += 3)
    list += ", 'k" + std::to_string(i) + "', 'k" + std::to_string(i / 2) + "'";
  for (const bool frozen : {false, true}) {
    if (frozen) REQUIRE(twin.Freeze() == "");
    CHECK(twin.Compare("SELECT count(*), sum(value) FROM t WHERE key IN (" + list + ")") == "");
    CHECK(twin.Compare("SELECT key FROM t WHERE key IN (" + list + ") ORDER BY key DESC") == "");
    CHECK(twin.Compare("SELECT key FROM t WHERE key IN (" + list +
                       ") AND key > 'k5' ORDER BY key LIMIT 10 OFFSET 5") == "");
    CHECK(twin.Compare(
              "SELECT key FROM t WHERE key IN (SELECT 'k' || value FROM t) ORDER BY key") == "");
    CHECK(twin.Compare("SELECT count(*) FROM t WHERE key NOT IN (" + list + ")") == "");
  }
}

TEST_CASE("OR gives each row once") {
  Twin twin;
  Fill(twin);
  for (const std::string sql :
       {"SELECT * FROM t WHERE key = 'a' OR key >= 'a' AND value < 3 OR key LIKE 'a%'",
        "SELECT * FROM t WHERE key IN ('a', 'b') OR key IN ('b', 'c') OR value = 4",
        "SELECT * FROM t WHERE key < 'b' OR key > 'a'",
        "SELECT * FROM t WHERE key = 'a' OR key = 'a'"}) {
    CHECK(twin.Compare(sql, {}, Twin::kAnyOrder) == "");
  }
}

TEST_CASE("more constraints than SQLite can leave out") {
  Twin twin;
  Fill(twin);
  std::string where = "key > '0'";
  for (int i = 1; i < 40; ++i)
    where += " AND key > '" + std::to_string(i) + "' AND key < 'z" + std::to_string(i) + "'";
  CHECK(twin.Compare("SELECT * FROM t WHERE " + where) == "");
  CHECK(twin.Compare("SELECT * FROM t WHERE " + where + " AND key LIKE 'a%' LIMIT 1 OFFSET 1") ==
        "");
  CHECK(twin.Compare("SELECT * FROM t WHERE " + where + " ORDER BY key DESC LIMIT 2 OFFSET 1") ==
        "");
}

TEST_CASE("LIKE in a join takes its pattern from each outer row") {
  Twin twin;
  Fill(twin);
  REQUIRE(twin.CompareSuccess("CREATE TABLE p(pattern)") == "");
  REQUIRE(twin.CompareSuccess("INSERT INTO p VALUES ('a%'), ('%c'), (NULL), ('b'), (5), (x'6125'), "
                              "('A_C%'), ('a*'), ('*c')") == "");
  CHECK(twin.Compare(
            "SELECT p.rowid, t.* FROM p CROSS JOIN t ON t.key LIKE p.pattern ORDER BY 1, 2") == "");
  CHECK(twin.Compare(
            "SELECT p.rowid, t.* FROM p CROSS JOIN t ON t.key GLOB p.pattern ORDER BY 1, 2") == "");
  CHECK(twin.Compare("SELECT p.rowid, t.* FROM p LEFT JOIN t ON t.key LIKE p.pattern AND t.value > "
                     "1 ORDER BY 1, 2") == "");
}

}  // namespace
}  // namespace memkv::test
