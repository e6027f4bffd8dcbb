// Every SQL block of the README and the docs gives the output that stands under it.
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
