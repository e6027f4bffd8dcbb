// memkv_union(a, b) · memkv_intersect(a, b) · memkv_except(a, b): key. The keys of two tables
// combined, in key order and one at a time; gaps are skipped by seeking. Keys are equal as SQL
// compares them under BINARY (1 = 1.0); a key in both is shown as in a.

#ifndef MEMKV_EXT_FUNCTIONS_TVF_SETS_H_
#define MEMKV_EXT_FUNCTIONS_TVF_SETS_H_

#include <optional>
#include <string>

#include "core/query/sets.h"
#include "core/view/cursor.h"
#include "ext/functions/arguments.h"

namespace memkv::sql {

class SetRows {
 public:
  static constexpr char kColumns[] = "key";
  static constexpr int kColumnCount = 1;
  static constexpr const char* kArguments[] = {"a", "b"};
  static constexpr size_t kRequired = 2;
  static constexpr bool kAscending = true;

  SetRows(Connection& connection, const Arguments& args, SetOp op);
  bool Valid() const { return walk_->Valid(); }
  void Next();
  void Column(sqlite3_context* out, int column);

 private:
  NamedTable a_, b_;
  std::optional<SetWalk<ViewCursor, ViewCursor>> walk_;
  std::string buffer_;
};

struct UnionSpec : SetRows {
  static constexpr char kSignature[] = "memkv_union(a, b)";
  UnionSpec(Connection& connection, const Arguments& args)
      : SetRows(connection, args, SetOp::kUnion) {}
};
struct IntersectSpec : SetRows {
  static constexpr char kSignature[] = "memkv_intersect(a, b)";
  IntersectSpec(Connection& connection, const Arguments& args)
      : SetRows(connection, args, SetOp::kIntersect) {}
};
struct ExceptSpec : SetRows {
  static constexpr char kSignature[] = "memkv_except(a, b)";
  ExceptSpec(Connection& connection, const Arguments& args)
      : SetRows(connection, args, SetOp::kExcept) {}
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_FUNCTIONS_TVF_SETS_H_
