// What the planner asks beside the query: of the table, of the connection, of the SQLite that hosts
// it. Each is asked only where it matters; the planner's tests answer without a database.

#ifndef MEMKV_EXT_PLAN_SURROUNDINGS_H_
#define MEMKV_EXT_PLAN_SURROUNDINGS_H_

#include <optional>

#include "core/range.h"
#include "ext/schema.h"

namespace memkv::sql {

class Surroundings {
 public:
  virtual ~Surroundings() = default;

  virtual const Schema& schema() const = 0;
  virtual uint64_t rows() const = 0;
  // How many entries of an index are in a range of its keys; none where it cannot be told. Index 0
  // is key order, the others are those of the INDEXED columns, from 1.
  virtual std::optional<uint64_t> Count(size_t index, const KeyRange& range) const = 0;

  // Whether SQLite's own like() and glob() match BLOBs.
  virtual bool LikeMatchesBlobs() const = 0;
  // See IsPatternOverLimit() and, in ext/registry.h, the others.
  virtual bool IsPatternOverLimit(Bytes pattern) const = 0;
  virtual bool HasPlainRegexp() const = 0;
  virtual bool HasPlainNoCase() const = 0;
  // Whether a key may be a number, or TEXT that reads as one. Where none is, nothing equals a key but
  // the same text or BLOB: statements rely on that until one comes (ext/walk/doubts.h).
  virtual bool MayHoldNumbers() const = 0;
  // See ext/sqlite_version.h.
  virtual bool OffsetMayBeConsumed() const = 0;
  virtual bool OnTermsAreHidden() const = 0;
  // Whether a view or trigger that may be about holds an outer join (ext/schema_texts.h); none
  // where that cannot be asked now.
  virtual std::optional<bool> SchemaHoldsOuterJoin() const = 0;
  // See ext/outer_join.h; whether one was met.
  virtual bool PatternsMaySlip(bool folds) const = 0;
  virtual bool PatternsAreChecked() const = 0;
  // See ext/row_value_in.h.
  virtual bool LeavesEqualities() = 0;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_PLAN_SURROUNDINGS_H_
