// Column affinity for values that do not come from SQLite: fields of a file, elements of a JSON
// array.

#ifndef MEMKV_EXT_FIELD_AFFINITY_H_
#define MEMKV_EXT_FIELD_AFFINITY_H_

#include <memory>
#include <optional>

#include "core/datum.h"
#include "ext/affinity.h"
#include "ext/sqlite.h"

namespace memkv::sql {

class FieldAffinity {
 public:
  explicit FieldAffinity(sqlite3* db) : db_(db) {}

  // v as it is stored in (compared with) a column of that affinity. Borrows from v, or from this
  // object until the next call.
  Datum Stored(const Datum& v, Affinity affinity) {
    return Convert(v, affinity, &Converted::Stored);
  }
  Datum Compared(const Datum& v, Affinity affinity) {
    return Convert(v, affinity, &Converted::Compared);
  }

  // left + right as SQL adds them.
  Datum Sum(const Datum& left, const Datum& right);

 private:
  struct Free {
    void operator()(sqlite3_value* v) const { sqlite3_value_free(v); }
  };
  Datum Convert(const Datum& v, Affinity affinity, Converted (*convert)(sqlite3_value*, Affinity));
  // Runs `statement`, made of `sql` when first needed, and keeps its value.
  sqlite3_value* Evaluate(std::unique_ptr<Statement>* statement, const char* sql, const Datum& a,
                          const Datum* b);

  sqlite3* db_;
  std::unique_ptr<Statement> echo_, sum_;
  std::unique_ptr<sqlite3_value, Free> value_;
  std::optional<Converted> converted_;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_FIELD_AFFINITY_H_
