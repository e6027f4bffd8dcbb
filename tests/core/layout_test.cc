// The direction of includes: ext, ext/walk -> ext/plan -> core/{query,store} -> core/view -> core/{art,fst} -> core/*.h.
// core never sees SQLite.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

namespace {

namespace fs = std::filesystem;

// What a room may include, besides itself and what the standard library has.
const std::map<std::string, std::set<std::string>> kAllowed = {
    {"core", {}},
    {"core/art", {"core"}},
    {"core/fst", {"core"}},
    {"core/view", {"core", "core/art", "core/fst"}},
    {"core/query", {"core", "core/view"}},
    {"core/store", {"core", "core/art", "core/fst", "core/view"}},
    {"ext/plan", {"core", "core/query", "core/view", "ext"}},
    {"ext/walk", {"core", "core/query", "core/view", "ext", "ext/plan"}},
    {"ext/functions",
     {"core", "core/query", "core/store", "core/view", "ext", "ext/plan", "ext/walk"}},
    {"ext",
     {"core", "core/query", "core/store", "core/view", "ext/functions", "ext/plan", "ext/sqlite",
      "ext/walk"}},
};

std::string RoomOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

TEST_CASE("includes point down only") {
  const fs::path root = MEMKV_SOURCE_DIR;
  int files = 0;
  for (const auto& [room, allowed] : kAllowed) {
    for (const auto& entry : fs::directory_iterator(root / room)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      ++files;
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) {
        if (line.rfind("#include ", 0) != 0) continue;
        const std::string what = line.substr(10, line.find_first_of("\">", 10) - 10);
        INFO(entry.path().string() << ": " << line);
        if (line[9] == '<') {
          CHECK((what.find("sqlite") == std::string::npos || room.starts_with("ext")));
          continue;
        }
        const std::string to = RoomOf(what);
        CHECK((to == room || allowed.count(to) == 1));
      }
    }
  }
  CHECK(files > 30);
}
