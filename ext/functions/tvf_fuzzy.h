// memkv_fuzzy(table, word, distance): key, value, distance. The TEXT keys within that Levenshtein
// distance of a word, counted in UTF-8 characters, in key order; branches that are too far off are
// skipped. `value` is the first value column. Of a key of several columns the first is looked at.

#ifndef MEMKV_EXT_FUNCTIONS_TVF_FUZZY_H_
#define MEMKV_EXT_FUNCTIONS_TVF_FUZZY_H_

#include <string>
#include <variant>

#include "core/query/first_column.h"
#include "core/query/levenshtein.h"
#include "core/query/search.h"
#include "core/view/cursor.h"
#include "ext/functions/arguments.h"

namespace memkv::sql {

class FuzzySpec {
 public:
  static constexpr char kSignature[] = "memkv_fuzzy(table, word, distance)";
  static constexpr char kColumns[] = "key TEXT, value, distance INTEGER";
  static constexpr int kColumnCount = 3;
  static constexpr const char* kArguments[] = {"table", "word", "max_distance"};
  static constexpr size_t kRequired = 3;
  static constexpr bool kAscending = true;

  FuzzySpec(Connection& connection, const Arguments& args);
  bool Valid() const { return valid_; }
  void Next();
  void Column(sqlite3_context* out, int column);

 private:
  using Whole = Search<ViewCursor, Levenshtein>;
  using First = Search<ViewCursor, FirstColumn<Levenshtein>>;

  const ViewCursor& cursor() const;
  int distance() const;

  NamedTable table_;
  std::variant<Whole, First> search_;
  bool valid_ = false;
  std::string buffer_;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_FUNCTIONS_TVF_FUZZY_H_
