// By which affinity a key, or an INDEXED column, is compared. SQLite does not say: a parameter may
// stand for a column, as it makes k = ?1 of k = c AND c = ?1 and keeps c's affinity. Every declared
// type is compared with parameters of every class, alone, cast, and by way of columns of every
// affinity, in the table itself and in joined ones.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/sql/apart.h"
#include "tests/sql/twin.h"

namespace memkv::test {
namespace {

const std::vector<std::string> kTypes = {"TEXT", "INTEGER", "REAL", "NUMERIC", ""};

// Columns of p, of q and of t itself, one of each affinity.
const std::vector<std::string> kColumns = {"i", "r", "x", "m", "b"};
const std::string kDeclared = "i INTEGER, r REAL, x TEXT, m NUMERIC, b";

// Keys, INDEXED values, and what the joined columns hold.
const std::vector<std::string> kValues = {"5",     "'5'",
                                          "'05'",  "' 5'",
                                          "'5.0'", "5.5",
                                          "'5.5'", "x'35'",
                                          "4",     "'4'",
                                          "6",     "'6'",
                                          "'-5'",  "'5x'",
                                          "'a'",   "'A'",
                                          "x'61'", "''",
                                          "x''",   "-1",
                                          "1e18",  "'50'",
                                          "50",    "'1e1'",
                                          "10",    "9007199254740993",
                                          "'a5'"};

const std::vector<Row> kParameters = {
    {IntegerCell(5), IntegerCell(6)},   {RealCell(5), RealCell(5.5)},
    {RealCell(5.5), IntegerCell(10)},   {TextCell("5"), TextCell("6")},
    {TextCell("05"), IntegerCell(50)},  {TextCell(" 5"), TextCell("5x")},
    {TextCell("5.0"), TextCell("05")},  {TextCell("1e1"), NullCell()},
    {BlobCell("5"), BlobCell("a")},     {NullCell(), IntegerCell(5)},
    {TextCell("a"), BlobCell("")},      {TextCell(""), TextCell("a5")},
    {IntegerCell(-1), RealCell(1e300)}, {RealCell(9007199254740992.0), IntegerCell(4)}};

// %k is the key or the INDEXED column.
const std::vector<std::string> kTerms = {"%k = ?1",
                                         "?1 = %k",
                                         "%k IS ?1",
                                         "%k IS NOT ?1",
                                         "%k < ?1",
                                         "%k <= ?1",
                                         "%k > ?1",
                                         "%k >= ?1",
                                         "%k BETWEEN ?1 AND ?2",
                                         "%k NOT BETWEEN ?1 AND ?2",
                                         "?1 BETWEEN %k AND ?2",
                                         "%k > ?1 AND %k <= ?2",
                                         "%k = ?1 AND %k >= ?2",
                                         "%k = ?1 OR %k = ?2",
                                         "%k IN (?1)",
                                         "%k IN (?1, ?2)",
                                         "%k IN (?1, ?2) AND %k > 4",
                                         "%k NOT IN (?1, ?2)",
                                         "%k = +?1",
                                         "%k = ?1 || ''",
                                         "%k = ?1 + 0",
                                         "%k = (SELECT ?1)",
                                         "%k IN (SELECT ?1)",
                                         "%k IN (SELECT ?1 UNION ALL SELECT ?2)",
                                         "%k IN (VALUES (?1), (?2))",
                                         "(%k, w) >= (?1, ?2)",
                                         "(%k, w) = (?1, w)"};

// %t is a type, %o an operator.
const std::vector<std::string> kCasts = {
    "%k %o CAST(?1 AS %t)",          "CAST(?1 AS %t) %o %k",
    "%k %o (SELECT CAST(?1 AS %t))", "%k IN (CAST(?1 AS %t), ?2)",
    "%k IN (SELECT CAST(?1 AS %t))", "%k BETWEEN CAST(?1 AS %t) AND CAST(?2 AS %t)",
    "CAST(%k AS %t) %o ?1"};

// %c is a column of the table itself, of any affinity.
const std::vector<std::string> kOwnColumns = {"%k %o %c AND %c = ?1",
                                              "%k %o %c AND %c IS ?1",
                                              "%k %o %c AND %c = CAST(?1 AS TEXT)",
                                              "%k %o %c AND %c = 5",
                                              "%k %o %c AND %c = '05'",
                                              "%k IN (SELECT %c FROM p)",
                                              "%k IN (SELECT %c FROM p WHERE %c = ?1)",
                                              "%k IN (SELECT %c FROM p WHERE %c %o ?1)",
                                              "%k IN (SELECT %c FROM q) AND %k %o ?1"};

// Whole queries; y has columns of each affinity, and z too.
const std::vector<std::string> kJoins = {
    "FROM %y y JOIN t ON t.%k %o y.%c WHERE y.%c = ?1",
    "FROM %y y CROSS JOIN t ON t.%k %o y.%c WHERE y.%c = ?1",
    "FROM t CROSS JOIN %y y ON t.%k %o y.%c WHERE y.%c = ?1",
    "FROM %y y CROSS JOIN t WHERE y.%c %o t.%k AND y.%c IS ?1",
    "FROM %y y CROSS JOIN t WHERE t.%k %o y.%c AND y.%c IN (?1, ?2)",
    "FROM %y y LEFT JOIN t ON t.%k %o y.%c WHERE y.%c = ?1",
    "FROM %y y LEFT JOIN t ON t.%k %o y.%c AND y.%c = ?1",
    "FROM %y y CROSS JOIN t WHERE t.%k %o y.%c AND y.%c = 5",
    "FROM %y y CROSS JOIN t WHERE t.%k %o y.%c AND y.%c = '05'",
    "FROM (SELECT CAST(?1 AS REAL) i, CAST(?1 AS TEXT) r, ?1 x, CAST(?1 AS BLOB) m, ?1 || '' b) y "
    "CROSS JOIN t WHERE t.%k %o y.%c",
    "FROM (SELECT %c FROM p UNION ALL SELECT %c FROM q) y CROSS JOIN t WHERE t.%k %o y.%c "
    "AND y.%c = ?1",
    "FROM %y z, %y y CROSS JOIN t WHERE t.%k %o y.%c AND y.%c = z.m AND z.m = ?1",
    "FROM %y y CROSS JOIN t WHERE t.%k BETWEEN y.%c AND ?2 AND y.%c = ?1"};

const std::vector<std::string> kWrites = {
    "DELETE FROM t WHERE %k = ?1",
    "DELETE FROM t WHERE %k = CAST(?1 AS NUMERIC)",
    "DELETE FROM t WHERE %k = m AND m = ?1",
    "DELETE FROM t WHERE %k IN (?1, ?2)",
    "UPDATE t SET w = w + 1 WHERE %k = ?1 AND %k <= ?2",
    "UPDATE t SET w = w + 1 WHERE %k IN (SELECT r FROM p WHERE r = ?1)",
    "UPDATE t SET w = y.r FROM (SELECT DISTINCT r FROM p) y WHERE t.%k = y.r AND y.r = ?1"};

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// `text` with each operator for %o; alone where it has none.
std::vector<std::string> Operators(const std::string& text) {
  if (text.find("%o") == std::string::npos) return {text};
  std::vector<std::string> out;
  for (const std::string op : {"=", "IS", "<", ">="}) out.push_back(Replaced(text, "%o", op));
  return out;
}

class Grid {
 public:
  Grid(const std::string& type, Place place)
      : twin_("k " + type + " PRIMARY KEY, v " + type + " INDEXED, w, " + kDeclared, place) {
    for (Db* db : {&twin_.memkv(), &twin_.twin()}) {
      db->Exec("CREATE TABLE p(" + kDeclared + ")");
      db->Exec(db == &twin_.memkv() ? "CREATE VIRTUAL TABLE q USING memkv(" + kDeclared + ", n)"
                                    : "CREATE TABLE q(" + kDeclared + ", n)");
      FillJoined(*db);
    }
    for (size_t n = 0; n < kValues.size(); ++n) {
      // The value beside a key is the key's own, or another.
      const std::string& key = kValues[n];
      const std::string& other = kValues[n % 2 == 0 ? n : n * 7 % kValues.size()];
      std::string row = key + ", " + other + ", " + std::to_string(n);
      for (size_t c = 0; c < kColumns.size(); ++c) row += ", " + (c % 2 == 0 ? key : other);
      Expect(twin_.Compare("INSERT OR IGNORE INTO t VALUES (" + row + ")"));
    }
  }

  void Run() {
    for (const std::string column : {"k", "v"}) {
      const auto of = [&](const std::string& text) { return Replaced(text, "%k", column); };
      for (const std::string& term : kTerms) Where(of(term));
      for (const std::string& cast : kCasts) {
        for (const std::string type : {"TEXT", "INTEGER", "REAL", "NUMERIC", "BLOB"})
          for (const std::string& where : Operators(of(cast))) Where(Replaced(where, "%t", type));
      }
      for (const std::string& c : kColumns) {
        for (const std::string& own : kOwnColumns)
          for (const std::string& where : Operators(of(own))) Where(Replaced(where, "%c", c));
        for (const std::string& join : kJoins)
          for (const std::string& from : Operators(of(join))) Join(Replaced(from, "%c", c), c);
      }
      for (const std::string& write : kWrites) Write(of(write));
    }
  }

  void Freeze() { Expect(twin_.Freeze()); }
  bool ok() const { return failures_ == 0; }
  int queries() const { return queries_; }

 private:
  // The joined tables hold every value in every column; q's key drops none but equal ones.
  static void FillJoined(Db& db) {
    for (const std::string& v : kValues) {
      const std::string row = v + ", " + v + ", " + v + ", " + v + ", " + v;
      db.Exec("INSERT INTO p VALUES (" + row + ")");
    }
    db.Exec("INSERT INTO q SELECT rowid, r, x, m, b, i FROM p");
  }

  void Where(const std::string& where) { Query("SELECT k, v FROM t WHERE " + where); }

  void Join(const std::string& from, const std::string& c) {
    for (const std::string y : {"p", "q"}) {
      Query("SELECT t.k, y." + c + " " + Replaced(from, "%y", y));
      if (from.find("%y") == std::string::npos) break;
    }
  }

  void Query(const std::string& sql) {
    // A sanitizer looks at how a query is run, which one of eight shows as well.
    if (kSanitized && ++asked_ % 8 != 0) return;
    const bool binds = sql.find('?') != std::string::npos;
    queries_ += binds ? static_cast<int>(kParameters.size()) : 1;
    Expect(twin_.Compare(sql, binds ? kParameters : std::vector<Row>(), Twin::kAnyOrder));
  }

  void Write(const std::string& sql) {
    for (const Row& parameters : kParameters) {
      ++queries_;
      Expect(twin_.Compare("SAVEPOINT s"));
      Expect(twin_.Compare(sql, {parameters}));
      Expect(twin_.CompareContents());
      Expect(twin_.Compare("ROLLBACK TO s; RELEASE s"));
    }
  }

  void Expect(const std::string& differs) {
    if (differs.empty() || ++failures_ > 20) return;
    FAIL_CHECK(differs);
  }

  Twin twin_;
  int failures_ = 0, queries_ = 0, asked_ = 0;
};

TEST_CASE("comparisons are by the affinity that SQLite compares by, wherever a value comes from") {
  int queries = 0;
  for (const std::string& type : kTypes) {
    CAPTURE(type);
    Grid grid(type, Place::kMemory);
    grid.Run();
    grid.Freeze();
    grid.Run();
    CHECK(grid.ok());
    queries += grid.queries();
  }
  Grid stored("TEXT", Place::kStored);
  stored.Freeze();
  stored.Run();
  CHECK(stored.ok());
  queries += stored.queries();
  MESSAGE(queries << " queries");
}

}  // namespace
}  // namespace memkv::test
