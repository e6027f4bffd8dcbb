// Column affinity: how a value changes when it is stored in a column, or compared with one.
// SQLite does not apply affinities for virtual tables; https://sqlite.org/datatype3.html says what
// they do.

#ifndef MEMKV_EXT_AFFINITY_H_
#define MEMKV_EXT_AFFINITY_H_

#include <memory>

#include "core/datum.h"
#include "ext/schema.h"
#include "ext/vtab.h"

namespace memkv::sql {

// A value after an affinity was applied. The Datum borrows from the argument or from this object.
class Converted {
 public:
  // As it is stored in a column of that affinity.
  static Converted Stored(sqlite3_value* v, Affinity affinity);
  // As it is compared with a column of that affinity. REAL and INTEGER are compared by value: no
  // class changes but TEXT's.
  static Converted Compared(sqlite3_value* v, Affinity affinity);

  const Datum& datum() const { return datum_; }

 private:
  struct Free {
    void operator()(sqlite3_value* v) const { sqlite3_value_free(v); }
  };
  Datum datum_;
  std::unique_ptr<sqlite3_value, Free>
      copy_;  // conversions work on a copy: the argument may be a shared register
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_AFFINITY_H_
