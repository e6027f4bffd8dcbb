// Columns, keys and indexes as CREATE VIRTUAL TABLE and exported files write them.

#ifndef MEMKV_EXT_COLUMNS_H_
#define MEMKV_EXT_COLUMNS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "ext/schema.h"

namespace memkv::sql {

// Collects definitions; a key and indexes may come before the columns that they name. All throw
// SqlError, which names what is wrong and what is allowed.
class ColumnDefinitions {
 public:
  explicit ColumnDefinitions(Schema* schema) : schema_(*schema) {}

  // `name TYPE PRIMARY KEY NOT NULL INDEXED`, `PRIMARY KEY(name)` or `INDEX name(name)`.
  void Add(std::string_view definition);
  bool any() const { return !schema_.columns.empty() || key_ || !named_.empty(); }
  // Once all are there.
  void Finish();

 private:
  struct Named {
    std::string what;  // PRIMARY KEY, or an index
    std::string index;
    std::vector<std::string> columns;
  };

  bool AddConstraint(std::string_view definition);
  std::vector<size_t> Find(const Named& named) const;
  void FinishKey();
  void FinishIndexes();
  void CheckNames() const;

  Schema& schema_;
  std::optional<size_t> marked_;     // the column that says PRIMARY KEY
  std::optional<Named> key_;         // PRIMARY KEY(…)
  std::vector<Named> named_;         // INDEX name(…)
  std::vector<size_t> own_indexes_;  // columns that say INDEXED
};

// A schema's definitions as an exported file holds them, and back: of each varint length | its text.
// Untrusted: SetColumns throws SqlError on what it cannot take.
std::string ColumnsAsBytes(const Schema& schema);
void SetColumns(Bytes columns, Schema* schema);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_COLUMNS_H_
