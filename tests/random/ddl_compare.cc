#include "tests/random/ddl_compare.h"

#include <algorithm>
#include <map>

namespace memkv::test {
namespace {

constexpr const char* kShadowSuffixes[] = {"_meta", "_log", "_segment"};

enum class Type { kTable, kVirtual, kView };
using Names = std::map<std::string, Type>;

Result ReadNames(Db& db, const std::string& schema, Names* names) {
  const std::string sql = "SELECT name, type = 'view', sql LIKE 'CREATE VIRTUAL%' FROM " + schema +
                          ".sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE "
                          "'sqlite\\_%' ESCAPE '\\'";
  Result result = db.Run(sql);
  for (const Row& row : result.rows) {
    const Type type = row[1] == IntegerCell(1)   ? Type::kView
                      : row[2] == IntegerCell(1) ? Type::kVirtual
                                                 : Type::kTable;
    (*names)[row[0].substr(1)] = type;
  }
  result.rows.clear();
  return result;
}

std::string Listed(const Names& names) {
  std::string text;
  for (const auto& [name, type] : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

// Takes the shadow tables of each virtual table out of `ours`. A table that the twin has too is the
// user's own.
Failure RemoveShadows(const std::string& schema, const Names& theirs, Names* ours) {
  Names left = *ours;
  for (const auto& [name, type] : *ours) {
    if (type != Type::kVirtual) continue;
    int removed = 0;
    for (const char* suffix : kShadowSuffixes) {
      if (theirs.contains(name + suffix)) continue;
      removed += static_cast<int>(left.erase(name + suffix));
    }
    // A memory table may have one, which says whose memory holds its rows.
    const bool memory = !theirs.contains(name + "_memory") && left.erase(name + "_memory") == 1;
    if ((removed != 0 && removed != 3) || (memory && removed == 3)) {
      return {"shadows", "of the shadow tables of " + schema + "." + name + " there are " +
                             std::to_string(removed) + ": " + Listed(*ours)};
    }
  }
  *ours = std::move(left);
  return {};
}

}  // namespace

Failure CompareResults(const std::string& sql, const Result& ours, const Result& theirs,
                       bool own_message) {
  std::string kind;
  if ((ours.code & 0xff) != (theirs.code & 0xff)) {
    kind = "code " + std::to_string(ours.code & 0xff) + "/" + std::to_string(theirs.code & 0xff);
  } else if (ours.message != theirs.message && !own_message) {
    kind = "message";
  } else if (ours.rows != theirs.rows) {
    kind = "rows";
  }
  if (kind.empty()) return {};
  return {kind, sql + "\n  memkv: " + ours.ToString() + "\n  twin:  " + theirs.ToString()};
}

Failure CompareTables(Db& ours, Db& theirs, const std::vector<std::string>& schemas) {
  for (const std::string& schema : schemas) {
    Names our_names, their_names;
    const Result our_result = ReadNames(ours, schema, &our_names);
    const Result their_result = ReadNames(theirs, schema, &their_names);
    if (Failure failure = CompareResults("the schema of " + schema, our_result, their_result))
      return failure;
    if (!our_result.ok()) continue;  // both are locked
    if (Failure failure = RemoveShadows(schema, their_names, &our_names)) return failure;
    if (!std::equal(our_names.begin(), our_names.end(), their_names.begin(), their_names.end(),
                    [](const auto& a, const auto& b) { return a.first == b.first; })) {
      return {"names", "tables of " + schema + "\n  memkv: " + Listed(our_names) +
                           "\n  twin:  " + Listed(their_names)};
    }
    for (const auto& [name, type] : our_names) {
      const std::string sql = "SELECT * FROM " + schema + "." + name + " ORDER BY " +
                              (type == Type::kVirtual ? "key"
                               : type == Type::kView  ? "1"
                                                      : "rowid");
      if (Failure failure = CompareResults(sql, ours.Run(sql), theirs.Run(sql))) return failure;
    }
  }
  return {};
}

Failure CheckIntegrity(Db& ours, const std::vector<std::string>& schemas) {
  for (const std::string& schema : schemas) {
    Names names;
    const Result result = ReadNames(ours, schema, &names);
    if (!result.ok()) return {"integrity", "the schema of " + schema + ": " + result.ToString()};
    std::vector<std::string> checks;
    for (const auto& [name, type] : names) {
      if (type != Type::kVirtual) continue;
      checks.push_back("INSERT INTO " + schema + "." + name + "(" + name +
                       ") VALUES('integrity-check')");
    }
    checks.push_back("PRAGMA " + schema + ".integrity_check");
    for (const std::string& sql : checks) {
      const Result result = ours.Run(sql);
      if (result.ok() && (result.rows.empty() || Show(result.rows) == "'ok'")) continue;
      return {"integrity", sql + ": " + result.ToString()};
    }
  }
  return {};
}

}  // namespace memkv::test
