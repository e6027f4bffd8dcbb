// memkv_stats(table): name, value. What a table holds, and every byte that it holds it in, by part.
// memkv_check(table): one row for each thing that is wrong, none if all is well; read-only.

#ifndef MEMKV_EXT_FUNCTIONS_TVF_STATS_H_
#define MEMKV_EXT_FUNCTIONS_TVF_STATS_H_

#include <vector>

#include "ext/functions/list_table.h"

namespace memkv::sql {

struct StatsSpec {
  static constexpr char kDeclaration[] = "CREATE TABLE x(name TEXT, value, \"table\" HIDDEN)";
  static constexpr int kColumns = 2;
  static constexpr char kUsage[] = "memkv_stats(table): table is the name of a memkv table";
  static std::vector<Row> Rows(Connection& connection, TableState& state);
};

struct CheckSpec {
  static constexpr char kDeclaration[] = "CREATE TABLE x(problem TEXT, \"table\" HIDDEN)";
  static constexpr int kColumns = 1;
  static constexpr char kUsage[] = "memkv_check(table): table is the name of a memkv table";
  static std::vector<Row> Rows(Connection& connection, TableState& state);
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_FUNCTIONS_TVF_STATS_H_
