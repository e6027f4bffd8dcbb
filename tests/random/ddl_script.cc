#include "tests/random/ddl_script.h"

#include <sstream>

namespace memkv::test {
namespace {

std::string Outlined(const Step& step) {
  switch (step.kind) {
    case Step::kLook:
      return "look";
    case Step::kReopen:
      return "reopen";
    case Step::kReattach:
      return "reattach";
    case Step::kRefuse:
      return "refuse";
    case Step::kOpen:
      return "open";
    case Step::kClose:
      return "close";
    case Step::kSql:
      break;
  }
  const std::string& sql = step.ours;
  if (const size_t command = sql.find("VALUES('");
      sql.find(", rank)") != std::string::npos || sql.find(") VALUES('freeze')") != sql.npos) {
    return sql.substr(command + 8, sql.find('\'', command + 8) - command - 8);
  }
  std::istringstream words(sql);
  std::string first, second;
  words >> first >> second;
  if (first == "INSERT" || first == "UPDATE" || first == "DELETE") {
    return sql.find(" LIMIT ") == std::string::npos ? "write" : "write with LIMIT";
  }
  if (first == "CREATE" || first == "PRAGMA" || second == "TO") return first + " " + second;
  return first + (sql.find(" RENAME TO ") != std::string::npos ? " RENAME" : "");
}

}  // namespace

std::string Step::Ours() const {
  return options.empty() ? ours : ours.substr(0, ours.size() - 1) + options + ")";
}

std::string Script::ToString() const {
  std::string text = "-- seed " + std::to_string(seed) + "; main " +
                     (main_in_memory ? "in memory" : "in a file, journal_mode = " + journal_mode) +
                     (exclusive ? ", locking_mode = exclusive" : "");
  static constexpr const char* kAttached[] = {"", "; aux in a file", "; aux in memory",
                                              "; aux is the same file"};
  text += kAttached[attached];
  text += other_process ? "; read by another process at the end\n" : "\n";
  for (const Step& step : steps) {
    const std::string other = step.connection == 0 ? "" : "  -- by a second connection";
    switch (step.kind) {
      case Step::kLook:
        text += "-- compare the tables" + std::string(other.empty() ? "" : ",") + other + "\n";
        break;
      case Step::kReopen:
        text += "-- close and open again\n";
        break;
      case Step::kReattach:
        text += "-- DETACH aux and ATTACH it again\n";
        break;
      case Step::kOpen:
        text += step.ours + ";  -- stays open at its first row\n";
        break;
      case Step::kClose:
        text += "-- the open statement ends\n";
        break;
      case Step::kRefuse:
        text += "-- a commit hook refuses the next commit\n";
        break;
      case Step::kSql:
        text += step.Ours() + ";" + other + "\n";
        if (!step.theirs.empty()) text += "    -- twin: " + step.theirs + ";\n";
        break;
    }
  }
  return text;
}

std::string Script::Outline() const {
  std::string text;
  for (const Step& step : steps) {
    text += (text.empty() ? "" : ", ") + Outlined(step) + (step.connection ? " (other)" : "");
  }
  return text;
}

}  // namespace memkv::test
