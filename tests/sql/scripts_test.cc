// Every script of scripts/, each way; only those whose path has MEMKV_SCRIPT in it, where that is
// set.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/sql/twin.h"

namespace memkv::test {
namespace {

TEST_CASE("every script comes to the same on memkv and on its twin") {
  std::vector<std::string> paths;
  const char* only = std::getenv("MEMKV_SCRIPT");
  for (const auto& entry :
       std::filesystem::directory_iterator(MEMKV_SOURCE_DIR "/tests/sql/scripts")) {
    const std::string path = entry.path().string();
    if (path.ends_with(".test") && path.find(only ? only : "") != std::string::npos)
      paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  REQUIRE(!paths.empty());
  for (const std::string& path : paths) {
    for (const Way way : kWays) {
      RunScript(path, way, [&](int line, const std::string& what) {
        ADD_FAIL_CHECK_AT(path.c_str(), line, "(" << std::string(NameOf(way)) << ") " << what);
      });
    }
  }
}

}  // namespace
}  // namespace memkv::test
