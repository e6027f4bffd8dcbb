// memkv_facets(table, prefix, delimiter [, depth]): prefix, count, leaf. How the keys that start
// with a prefix go on, up to the next delimiter, in key order; see core/query/facets.h. A TEXT
// prefix looks at TEXT keys, a BLOB prefix at BLOB keys; of a key of several columns, at the first.

#ifndef MEMKV_EXT_FUNCTIONS_TVF_FACETS_H_
#define MEMKV_EXT_FUNCTIONS_TVF_FACETS_H_

#include <optional>

#include "core/query/facets.h"
#include "core/view/cursor.h"
#include "ext/functions/arguments.h"

namespace memkv::sql {

class FacetsSpec {
 public:
  static constexpr char kSignature[] = "memkv_facets(table, prefix, delimiter [, depth])";
  static constexpr char kColumns[] = "prefix, count INTEGER, leaf INTEGER";
  static constexpr int kColumnCount = 3;
  static constexpr const char* kArguments[] = {"table", "of_prefix", "delimiter", "depth"};
  static constexpr size_t kRequired = 3;
  static constexpr bool kAscending = true;

  FacetsSpec(Connection& connection, const Arguments& args);
  bool Valid() const { return facets_->Valid(); }
  void Next();
  void Column(sqlite3_context* out, int column);

 private:
  bool blob_ = false;
  std::optional<Facets<ViewCursor>> facets_;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_FUNCTIONS_TVF_FACETS_H_
