// Every SQL block of the README and the docs gives the output that stands under it, and every line
// of the table from Redis to SQL runs and leaves what it should.
//
// A block starts at ```sql; the ```text block that follows it, if any, is its output as the shell's
// list mode prints it, an error as "Error: " and its message. A block runs in a new :memory:
// connection that has loaded the module; lines that start with a dot are the shell's and are passed
// over.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Block {
  std::string file;
  int line = 0;
  std::string sql, output;
  bool has_output = false;
};

std::vector<Block> BlocksOf(const fs::path& path) {
  std::vector<Block> blocks;
  std::ifstream in(path);
  std::string* into = nullptr;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line == "```") {
      into = nullptr;
    } else if (line == "```sql") {
      blocks.push_back({path.string(), number, "", "", false});
      into = &blocks.back().sql;
    } else if (line == "```text" && !blocks.empty()) {
      blocks.back().has_output = true;
      into = &blocks.back().output;
    } else if (into && !(into == &blocks.back().sql && !line.empty() && line[0] == '.')) {
      *into += line + '\n';
    }
  }
  return blocks;
}

// Where the statement that begins at sql ends.
const char* EndOfStatement(const char* sql) {
  const char* end = sql;
  do {
    end += std::strcspn(end, ";");
    if (*end != '\0') ++end;
  } while (*end != '\0' && !sqlite3_complete(std::string(sql, end).c_str()));
  return end;
}

std::string Run(const Block& block) {
  sqlite3* db;
  REQUIRE(sqlite3_open(":memory:", &db) == SQLITE_OK);
  sqlite3_enable_load_extension(db, 1);
  char* error = nullptr;
  REQUIRE_MESSAGE(sqlite3_load_extension(db, MEMKV_MODULE, nullptr, &error) == SQLITE_OK, error);
  std::string output;
  for (const char* sql = block.sql.c_str(); *sql != '\0';) {
    sqlite3_stmt* stmt = nullptr;
    const char* const begin = sql;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, &sql) != SQLITE_OK) {
      output += "Error: " + std::string(sqlite3_errmsg(db)) + '\n';
      sql = EndOfStatement(begin);
      continue;
    }
    if (stmt == nullptr) continue;
    const bool explain = sqlite3_stmt_isexplain(stmt) == 2;
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
      // EXPLAIN QUERY PLAN: its text alone.
      for (int i = explain ? 3 : 0; i < sqlite3_column_count(stmt); ++i) {
        const char* text = reinterpret_cast<const char*>(sqlite3_column_text(stmt, i));
        output += (i > (explain ? 3 : 0) ? "|" : "") + std::string(text ? text : "");
      }
      output += '\n';
    }
    if (rc != SQLITE_DONE) output += "Error: " + std::string(sqlite3_errmsg(db)) + '\n';
    sqlite3_finalize(stmt);
  }
  CHECK(sqlite3_close(db) == SQLITE_OK);
  return output;
}

}  // namespace

TEST_CASE("the SQL in the README and the docs does what is shown") {
  std::vector<fs::path> files = {fs::path(MEMKV_SOURCE_DIR) / "README.md"};
  const fs::path docs = fs::path(MEMKV_SOURCE_DIR) / "docs";
  if (fs::exists(docs)) {
    for (const auto& entry : fs::directory_iterator(docs)) {
      if (entry.path().extension() == ".md") files.push_back(entry.path());
    }
  }
  int blocks = 0;
  for (const fs::path& file : files) {
    for (const Block& block : BlocksOf(file)) {
      ++blocks;
      INFO(block.file << ":" << block.line);
      const std::string output = Run(block);
      if (block.has_output) {
        CHECK(output == block.output);
      } else {
        CHECK(output.find("Error: ") == std::string::npos);
      }
    }
  }
  CHECK(blocks > 0);
}

TEST_CASE("every line of the table from Redis to SQL runs") {
  // What each gives on the board below, in the order of the table.
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"ZADD board 12.5 ann", ""},
      {"ZINCRBY board 2 ann", ""},
      {"ZSCORE board ann", "14.5\n"},
      {"ZRANK board ann", "4\n"},
      {"ZCARD board", "6\n"},
      {"ZCOUNT board 3 (8", "2\n"},
      {"ZRANGE board 0 1", "low\nbob\n"},
      {"ZREVRANGE board 0 1", "eve\nann\n"},
      {"ZRANGEBYSCORE board 3 8", "bob\ndan\ncat\n"},
      {"ZRANGEBYSCORE board 3 8 LIMIT 1 1", "dan\n"},
      {"ZPOPMIN board", ""},
      {"ZREM board ann", ""},
      {"ZREMRANGEBYSCORE board 3 4", ""},
      {"ZREMRANGEBYRANK board 0 1", ""},
  };
  Block block{
      "README.md", 0,
      "CREATE VIRTUAL TABLE board USING memkv(member TEXT PRIMARY KEY, score REAL INDEXED);"
      "INSERT INTO board VALUES('bob', 3), ('cat', 8), ('dan', 3), ('eve', 20), ('low', 1);",
      "", true};
  std::ifstream in(fs::path(MEMKV_SOURCE_DIR) / "README.md");
  size_t lines = 0;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("| Redis | SQL")) {
      inside = true;
      std::getline(in, line);
      continue;
    }
    if (!inside || !line.starts_with("| `")) {
      inside = false;
      continue;
    }
    const size_t middle = line.find("` | `");
    REQUIRE(lines < expected.size());
    CHECK(line.substr(3, middle - 3) == expected[lines].first);
    const std::string before = Run(block);
    block.sql += line.substr(middle + 5, line.rfind('`') - middle - 5) + ";\n";
    CHECK(Run(block).substr(before.size()) == expected[lines].second);
    ++lines;
  }
  CHECK(lines == expected.size());
  block.sql += "SELECT group_concat(member) FROM board;";
  CHECK(Run(block).ends_with("\n\n"));  // nobody is left
}
