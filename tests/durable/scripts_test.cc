// Every script of tests/sql/scripts/ over a stored table, each way.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/sql/twin.h"

namespace memkv::test {

TEST_CASE("every script comes to the same on a stored memkv table and on its twin") {
  std::vector<std::string> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(MEMKV_SOURCE_DIR "/tests/sql/scripts")) {
    if (entry.path().extension() == ".test") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  REQUIRE(!paths.empty());
  for (const std::string& path : paths) {
    for (const Way way : kWays) {
      RunScript(
          path, way,
          [&](int line, const std::string& what) {
            ADD_FAIL_CHECK_AT(path.c_str(), line, "(" << std::string(NameOf(way)) << ") " << what);
          },
          Place::kStored);
    }
  }
}

}  // namespace memkv::test
