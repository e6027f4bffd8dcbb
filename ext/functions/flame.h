// memkv_folded(table, delimiter, depth [, min_share]) and memkv_flame(table, delimiter [,
// min_share]): where the keys are, as the folded stacks that flame-graph tools read, and as one
// self-contained SVG, an icicle. A frame is what lies between two delimiters; made from counts
// alone (core/query/prefix_tree.h). TEXT keys are looked at, of a key of several columns the first.

#ifndef MEMKV_EXT_FUNCTIONS_FLAME_H_
#define MEMKV_EXT_FUNCTIONS_FLAME_H_

#include <optional>
#include <string>

#include "core/query/prefix_tree.h"
#include "core/view/cursor.h"
#include "ext/functions/arguments.h"

namespace memkv::sql {

// stack, count: one row for each branch that has keys of its own: keys in none of the branches
// shown below it. The counts of all rows add up to the keys. Branches with less than min_share of
// all keys (0: every one is shown) are counted with their parents.
class FoldedSpec {
 public:
  static constexpr char kSignature[] = "memkv_folded(table, delimiter, depth [, min_share])";
  static constexpr char kColumns[] = "stack TEXT, count INTEGER";
  static constexpr int kColumnCount = 2;
  static constexpr const char* kArguments[] = {"table", "delimiter", "depth", "min_share"};
  static constexpr size_t kRequired = 3;
  static constexpr bool kAscending = false;

  FoldedSpec(Connection& connection, const Arguments& args);
  bool Valid() const { return valid_; }
  void Next();
  void Column(sqlite3_context* out, int column);

 private:
  NamedTable table_;
  std::optional<PrefixTree<ViewCursor>> tree_;
  bool valid_ = false;
};

// The scalar function memkv_flame. min_share is 0.001 unless it is given.
void Flame(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept;

}  // namespace memkv::sql

#endif  // MEMKV_EXT_FUNCTIONS_FLAME_H_
