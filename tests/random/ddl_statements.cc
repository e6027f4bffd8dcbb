// The single statements of a script.

#include "tests/random/ddl_generator.h"

namespace memkv::test {

std::string Generator::Value() {
  switch (Below(8)) {
    case 0:
      return "NULL";
    case 1:
      return "'x'";
    case 2:
      return "2.5";
    default:
      return std::to_string(Below(100));
  }
}

std::string Generator::Values(const Columns& columns) {
  std::string row = "(" + Key();
  if (columns.several) row += One(20) ? ", NULL" : ", " + std::to_string(Below(3));
  for (size_t i = 0; i < columns.values.size(); ++i) row += ", " + Value();
  return row + ")";
}

std::string Generator::Conflict() {
  static const std::vector<std::string> kConflicts = {
      "",           "",         " OR REPLACE", " OR REPLACE", " OR REPLACE",
      " OR IGNORE", " OR FAIL", " OR ROLLBACK"};
  return Pick(kConflicts);
}

std::string Generator::Condition(const std::string& written) {
  switch (Below(8)) {
    case 0:
      return "key >= " + Key();
    case 1:
      return "key IN (" + Key() + ", " + Key() + ")";
    case 2:
      return "key IN (SELECT key FROM " + (One(2) ? written : Written(Table())) + " WHERE key > " +
             Key() + ")";
    case 3:
      return "key LIKE 'K%'";
    default:
      return "key = " + Key();
  }
}

void Generator::Write(const std::string& table) {
  const std::string written = Written(table);
  const Columns columns = ColumnsOf(table);
  const std::string value =
      columns.values.empty() ? "" : columns.values[Below(columns.values.size())];
  switch (Below(16)) {
    case 0:
    case 1:
      return Add("DELETE FROM " + written + " WHERE " + Condition(written) +
                 (One(3) ? " LIMIT " + std::to_string(1 + Below(2)) : ""));
    case 2:
      return Add("DELETE FROM " + written);
    case 3:
    case 4:
      if (value.empty()) break;
      return Add("UPDATE " + written + " SET " + value + " = " +
                 (One(2) ? Value() : "coalesce(" + value + ", 0) + 1") +
                 (One(3) ? "" : " WHERE " + Condition(written)));
    case 5:
      return Add(
          "UPDATE" + Conflict() + " " + written + " SET " +
          (columns.several && One(2) ? "k2 = " + std::to_string(Below(3)) : "key = " + Key()) +
          " WHERE key = " + Key());
    case 6:
      return Add("INSERT" + Conflict() + " INTO " + written + "(" + columns.Key() +
                 ") SELECT key || 'x'" + (columns.several ? ", 1" : "") + " FROM " +
                 Written(Table()));
    case 7: {
      if (!One(4)) break;
      std::string row = columns.several ? "'n' || (i / 7), i" : "'n' || i";
      for (size_t i = 0; i < columns.values.size(); ++i) row += ", i";
      return Add("INSERT OR REPLACE INTO " + written +
                 " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                 std::to_string(50 + Below(200)) + ") SELECT " + row + " FROM n");
    }
    case 8:
    case 9:
      return Command(table);
    default:
      break;
  }
  std::string rows = Values(columns);
  while (One(2)) rows += ", " + Values(columns);
  Add("INSERT" + Conflict() + " INTO " + written + " VALUES" + rows);
}

void Generator::Command(const std::string& table) {
  const std::string written = Written(table), name = NameOf(table);
  const Columns its = ColumnsOf(table);
  const std::string insert = "INSERT INTO " + written + "(" + name;
  switch (Below(4)) {
    case 0:
      return Add(insert + ") VALUES('truncate')", "DELETE FROM " + written);
    case 1: {
      const std::string prefix = Pick<std::string>({"k", "k1", "n", "n1", ""});
      return Add(
          insert + ", key) VALUES('delete-prefix', '" + prefix + "')",
          "DELETE FROM " + written + " WHERE typeof(key) = 'text' AND key GLOB '" + prefix + "*'");
    }
    default: {
      const std::string key = Key(), k2 = std::to_string(Below(3));
      std::string columns = ", " + its.Key(), given = key + (its.several ? ", " + k2 : ""), change;
      for (const std::string& value : its.values) {
        if (One(3)) continue;
        const std::string number = std::to_string(1 + Below(9));
        columns += ", " + value;
        given += ", " + number;
        change += (change.empty() ? "" : ", ") + value + " = " + value + " + " + number;
      }
      if (change.empty()) change = "key = key";
      Step step{Step::kSql, 0, insert + columns + ") VALUES('add', " + given + ")",
                "INSERT INTO " + written + "(" + columns.substr(2) + ") VALUES(" + given +
                    ") ON CONFLICT DO UPDATE SET " + change};
      step.otherwise = "UPDATE " + written + " SET " + change + " WHERE key = " + key +
                       (its.several ? " AND k2 = " + k2 : "");
      script_.steps.push_back(std::move(step));
      return;
    }
  }
}

// Statements that change no row. The twin's finds the table, or not, and begins to write, too.
// Functions look for a name in every schema, and so lock a file that is attached twice under both
// of its names: there they are left out.
void Generator::Freeze(const std::string& table) {
  const std::string written = Written(table), name = NameOf(table);
  const std::string nothing =
      "INSERT INTO " + written + " SELECT * FROM " + written + " WHERE false";
  const std::string insert = "INSERT INTO " + written + "(" + name;
  switch (Below(8)) {
    case 0:
    case 1:
      return Add(insert + ", rank) VALUES('merge', " + std::to_string(1 + Below(8)) + ")", nothing);
    case 2:
      return Add(insert + ") VALUES('rebuild')", nothing);
    case 3:
      return Add(insert + ") VALUES('integrity-check')", nothing);
    case 4:
      if (script_.attached == Script::kMain) break;
      script_.steps.push_back({Step::kSql, 0, "SELECT memkv_freeze('" + table + "')",
                               "INSERT INTO " + table + " SELECT * FROM " + table +
                                   " WHERE false; SELECT count(*) FROM " + table,
                               "", "", true});
      return;
    default:
      break;
  }
  Add(insert + ") VALUES('freeze')", nothing);
}

void Generator::Read(const std::string& table) {
  const std::string written = Written(table);
  switch (Below(6)) {
    case 0:
      if (script_.attached == Script::kMain) break;
      script_.steps.push_back({Step::kSql, 0, "SELECT memkv_count('" + table + "')",
                               "SELECT count(*) FROM " + table, "", "", true});
      return;
    case 1:
      return Add("SELECT key FROM " + written + " WHERE rank = 1",
                 "SELECT key FROM " + written + " ORDER BY key LIMIT 1 OFFSET 1");
    case 2:
      return Add("SELECT count(*), min(key), max(key) FROM " + written);
    case 3:
      return Add("SELECT * FROM " + written + " WHERE key = " + Key());
    default:
      break;
  }
  Add("SELECT * FROM " + written + " ORDER BY key");
}

void Generator::PlainDdl() {
  const std::string schema = Schema();
  const std::string name = Pick<std::string>({"p", "p", "q"});
  const std::string table = schema + "." + name;
  switch (Below(8)) {
    case 0:
      return Add("DROP TABLE " + table);
    case 1:
      return Add("ALTER TABLE " + table + " RENAME TO " + (name == "p" ? "q" : "p"));
    case 2:
      return Add("ALTER TABLE " + table + " ADD COLUMN y" + std::to_string(Below(3)));
    case 3:
      return Add("ALTER TABLE " + table + " RENAME COLUMN x TO z");
    case 4:
      return Add("CREATE TABLE " + table + " AS SELECT * FROM " + Written(Table()));
    case 5:
      return Add("CREATE INDEX " + schema + ".i" + name + " ON " + name + "(x)");
    default:
      return Add("CREATE TABLE " + table + "(x)");
  }
}

void Generator::PlainWrite() {
  const std::string table = Schema() + "." + Pick<std::string>({"p", "p", "q"});
  if (One(4)) {
    return Add("INSERT INTO " + table + "(x) SELECT key FROM " + Written(Table()) +
               " ORDER BY key");
  }
  if (One(5)) return Add("DELETE FROM " + table);
  if (One(5)) {
    return Add("INSERT OR REPLACE INTO " + Written(this->Table()) + "(key) SELECT x FROM " + table +
               " WHERE x IS NOT NULL");
  }
  Add("INSERT INTO " + table + "(x) VALUES(" + std::to_string(Below(100)) + ")");
}

// Tables that lead elsewhere: a trigger, a view, and a reference that makes COMMIT fail.
void Generator::Led() {
  const std::string schema = Schema(), table = Table();
  const std::string name = SchemaOf(table) == schema ? NameOf(table) : "a";
  switch (Below(9)) {
    case 0:
      return Add("CREATE TRIGGER " + schema +
                 ".tr AFTER INSERT ON p BEGIN INSERT OR REPLACE INTO " + name +
                 "(key) VALUES(new.x); END");
    case 1:
      return Add("CREATE TRIGGER " + schema + ".tr AFTER DELETE ON p BEGIN DELETE FROM " + name +
                 " WHERE key = old.x; END");
    case 2:
      return Add("DROP TRIGGER " + schema + ".tr");
    case 3:
      return Add("CREATE VIEW " + schema + ".w AS SELECT key, 1 FROM " + name);
    case 4:
      return Add("DROP VIEW " + schema + ".w");
    case 5:
      Add("CREATE TABLE " + schema + ".g(id INTEGER PRIMARY KEY)");
      return Add("CREATE TABLE " + schema + ".f(x REFERENCES g(id) DEFERRABLE INITIALLY DEFERRED)");
    case 6:
      return Add("INSERT OR IGNORE INTO " + schema + ".g VALUES(" + std::to_string(Below(3)) + ")");
    default:
      return Add("INSERT INTO " + schema + ".f VALUES(" + std::to_string(Below(3)) + ")");
  }
}

// A table of the user's own, named as memkv would name one of its own.
void Generator::ShadowName() {
  const std::string table = Schema() + "." + Pick<std::string>({"a", "b", "c", "d"}) +
                            Pick<std::string>({"_log", "_log", "_meta", "_segment", "_memory"});
  switch (Below(4)) {
    case 0:
      script_.steps.push_back({Step::kSql, 0, "DROP TABLE " + table, "", "", "", false, table});
      return;
    case 1:
      script_.steps.push_back(
          {Step::kSql, 0, "INSERT INTO " + table + "(id) VALUES(NULL)", "", "", "", false, table});
      return;
    default:
      return Add("CREATE TABLE " + table + "(id INTEGER PRIMARY KEY, generation, data)");
  }
}

// What makes SQLite disconnect its virtual tables.
void Generator::Forget() {
  const std::string schema = Schema();
  switch (Below(10)) {
    case 0:
    case 1:
      return Add("PRAGMA writable_schema = RESET");
    case 9:
      return Add("PRAGMA main.wal_checkpoint");
    case 6:
      return Add("ANALYZE");
    case 7:
      return Add("PRAGMA " + schema + ".user_version = 1");
    case 8:
      // One that fails; the twin's fails while it runs, too, and so has begun to write.
      script_.steps.push_back(
          {Step::kSql, 0, "CREATE VIRTUAL TABLE " + schema + ".e USING memkv(nope = 1)",
           "CREATE TABLE " + schema + ".e AS SELECT abs(-9223372036854775808)", "", "", true});
      return;
    case 2:
      return Add(schema == "temp" || One(2) ? "VACUUM" : "VACUUM " + schema);
    case 3:
      if (script_.attached != Script::kNone && saved_.empty()) {
        script_.steps.push_back({Step::kReattach, 0, ""});
        if (script_.attached == Script::kMemory) {
          std::erase_if(tables_, [](const auto& t) { return SchemaOf(t.first) == "aux"; });
        }
        return;
      }
      [[fallthrough]];
    default:
      if (!saved_.empty()) {
        Add("SAVEPOINT f");
        Add("CREATE TABLE " + schema + ".forget(x)");
        Add("ROLLBACK TO f");
        return Add("RELEASE f");
      }
      Add("BEGIN");
      Add("CREATE TABLE " + schema + ".forget(x)");
      return Add("ROLLBACK");
  }
}

}  // namespace memkv::test
