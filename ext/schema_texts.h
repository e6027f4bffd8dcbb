// What is written in the views and triggers that a statement may run: where SQLite does not say
// what a constraint comes from, it may come from there.

#ifndef MEMKV_EXT_SCHEMA_TEXTS_H_
#define MEMKV_EXT_SCHEMA_TEXTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ext/vtab.h"

namespace memkv::sql {

// What the views and triggers that a statement on a table of `schema` may run hold: those of that
// schema, and of temp. One that cannot be read may hold anything. What was last seen of main and
// temp is kept.
class SchemaTexts {
 public:
  explicit SchemaTexts(sqlite3* db) : db_(db) {}

  // Whether there is an outer join. To be asked in xBestIndex. Nothing where to read the schema
  // would begin a transaction in BEGIN, which would keep its lock or snapshot if the statement is
  // refused: then WhenRun() tells.
  std::optional<bool> WhenPlanned(const std::string& schema);

  // To be asked in xFilter. Reads what a plan could not; false, at no cost, where every plan could:
  // SQLite plans anew whatever runs in a schema that has changed.
  bool WhenRun(const std::string& schema);

  // Whether a statement with that text, which walks a table of `schema`, may run an IN of row
  // values (ext/row_value_in.h): its own, or that of a view which it names or a trigger. To be
  // asked in xFilter.
  bool MayRunRowValueIn(const std::string& schema, std::string_view sql);

 private:
  struct Seen {
    void* file = nullptr;
    int64_t cookie = 0;
    bool outer_join = false;
    // Of IN of row values: the views that hold one, or name a view that does; all views; whether a
    // trigger does so.
    std::vector<std::string> row_value_views, views;
    bool row_value_trigger = false, trigger = false;
  };
  // The schema's number; none where an authorizer refuses to tell.
  std::optional<int64_t> Cookie(const std::string& schema);
  const Seen& Look(const std::string& schema);  // until the next Look() at it
  bool MayHoldOuterJoin(const std::string& schema);

  sqlite3* const db_;
  Seen main_, temp_, attached_;
  std::vector<std::string> unread_;  // schemas that plans could not ask about
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_SCHEMA_TEXTS_H_
