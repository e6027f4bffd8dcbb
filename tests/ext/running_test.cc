// What is read of a statement's text.

#include "ext/running.h"

#include <doctest/doctest.h>

#include "ext/row_value_in.h"

namespace memkv::sql {

TEST_CASE("which table an UPDATE or DELETE changes") {
  const auto changed = [](const char* sql) {
    const ChangedTable table = ChangedTableOf(sql);
    return (table.is_update ? "update " : "") + table.schema + "." + table.table;
  };
  CHECK(changed("UPDATE u SET a = 1") == "update .u");
  CHECK(changed("update\tOR replace\nMain . U SET a = 1") == "update main.u");
  CHECK(changed("UPDATE \"or\" SET a = 1") == "update .or");
  CHECK(changed("UPDATE [a b].`c.d`SET a = 1") == "update a b.c.d");
  CHECK(changed("DELETE FROM 'u'") == ".u");
  CHECK(changed("DELETE FROM\"x\".\"from\" WHERE 1") == "x.from");
  CHECK(changed("/* UPDATE u */ -- DELETE FROM u\n DELETE FROM p") == ".p");
  CHECK(changed("WITH w(k, \"update\") AS (SELECT 1, (SELECT 2)), v AS NOT MATERIALIZED (VALUES "
                "('x)'))UPDATE u SET a = 1") == "update .u");
  CHECK(changed("WITH w AS (SELECT 'update u ') DELETE/**/FROM p") == ".p");
  for (const char* other :
       {"", " ", "--", "/*", "\"", "(", ")", "INSERT INTO u SELECT 1", "SELECT 'update u'",
        "WITH w AS (SELECT last_update u FROM p) INSERT INTO q SELECT * FROM w",
        "WITH replace AS (SELECT 1) REPLACE INTO u SELECT * FROM replace", "CREATE TABLE u(a)",
        "EXPLAIN", "with", "WITH w AS (UPDATE u", "VALUES (1)", ";"}) {
    CAPTURE(other);
    CHECK(changed(other) == ".");
  }
  CHECK(changed("UPDATE") == "update .");
  CHECK(changed("UPDATE OR") == "update .");
  CHECK(changed("DELETE FROM x.") == "x.");
  CHECK(changed("UPDATE \"u") == "update .u");
}

TEST_CASE("where an IN of row values may be") {
  for (const char* sql : {"SELECT (a, b) IN (SELECT 1, 2)", "(a,b)in(VALUES (1, 2))",
                          "(a, b)\n\tIN x", "(a) /* IN */ IN y", "f(a) IN (1)"})
    CHECK(NamesRowValueIn(sql));
  for (const char* sql : {"", ")", ") ", "a IN (1)", "(a) INNER", "(a, b) = (1, 2)", ") I", ") IN"})
    CHECK_FALSE(NamesRowValueIn(sql));
}

}  // namespace memkv::sql
