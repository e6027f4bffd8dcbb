// What a table was declared as: its columns, its key, its indexes and options.

#ifndef MEMKV_EXT_SCHEMA_H_
#define MEMKV_EXT_SCHEMA_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/store.h"
#include "ext/sqlite.h"

namespace memkv::sql {

// Throws SqlError: what CREATE does not take.
[[noreturn]] inline void Refuse(const std::string& message) {
  throw SqlError(SQLITE_ERROR, "memkv: " + message);
}

// How SQLite converts a value that is stored in, or compared with, a column
// (https://sqlite.org/datatype3.html#type_affinity).
enum class Affinity : unsigned char { kNone, kText, kNumeric, kInteger, kReal };

Affinity AffinityOf(std::string_view type);

struct Column {
  std::string name;
  std::string type;  // as written; may be empty
  Affinity affinity = Affinity::kNone;
  bool not_null = false;
};

// A secondary index: by these columns, then by key. `c … INDEXED` is the index c(c).
struct Index {
  std::string name;
  std::vector<size_t> columns;  // declared ones, in its order

  // Whether `c … INDEXED` makes it of that column.
  bool IsOwnOf(size_t column, const std::vector<Column>& of) const;
};

// The stored row is the value columns in order and, for each key column that can hold a REAL which
// equals an integer, one more: the class of that part of the key (see KeyClass).
struct Schema {
  std::string table;
  std::vector<Column> columns;  // as declared, those of the key among them
  std::vector<size_t> key;      // which of them are the PRIMARY KEY, in its order
  std::vector<Index> indexes;   // those of columns that say INDEXED, then the others as declared
  bool durable_given = false, durable = false;
  bool delta_limit_given = false;
  bool background_given = false, background = true;  // whether a thread merges
  // None: the delta is merged by command only.
  std::optional<DeltaLimit> delta_limit = DeltaLimit();
  // The path of an exported file, if the table is one; its columns come from there.
  std::string file;

  // --- the key
  bool has_composite_key() const { return key.size() > 1; }
  const Column& key_column(size_t part = 0) const { return columns[key[part]]; }
  // Which part of the key declared column i is; none: it is a value.
  std::optional<size_t> KeyPartOf(size_t i) const;
  bool IsLast(size_t part) const { return part + 1 == key.size(); }
  // "t.a, t.b", as SQLite names it.
  std::string KeyName() const;

  // --- the stored row
  size_t value_columns() const { return columns.size() - key.size(); }
  bool has_key_class(size_t part) const {
    const Affinity affinity = key_column(part).affinity;
    return affinity != Affinity::kText && affinity != Affinity::kReal;
  }
  // REQUIRES has_key_class(part).
  size_t KeyClassColumn(size_t part) const;
  size_t row_columns() const { return KeyClassColumn(key.size()); }
  // Where declared column i lies in it. REQUIRES a value column.
  size_t RowColumn(size_t i) const {
    size_t before = 0;
    for (const size_t k : key) before += k < i;
    return i - before;
  }
  // The declared column of value column i.
  size_t ValueColumn(size_t i) const;

  // --- indexes by number: key order is 0, the others follow from 1
  // Which one has that name (empty: key order).
  size_t IndexNumber(std::string_view name) const;
  // The declared columns that an index's keys are made of: its own, then those of the key. What
  // comes twice is meant by its first place.
  std::vector<size_t> IndexParts(size_t index) const;
  // How plans name those of the index of that name (ext/plan/plan.h).
  std::vector<std::string> PartNames(std::string_view index_name) const;
  // As core has them: without last columns that the key begins with.
  std::vector<IndexDef> IndexDefs() const;

  // Hidden columns of the declaration, after the declared ones: then the rank in each secondary
  // index, numbered from 0 here; then, of a key of several columns, that key as a BLOB, as SQLite
  // takes a virtual table's PRIMARY KEY to be one column.
  size_t rank_column() const { return columns.size(); }
  size_t command_column() const { return columns.size() + 1; }
  size_t index_rank_column(size_t i) const { return columns.size() + 2 + i; }
  size_t whole_key_column() const { return index_rank_column(indexes.size()); }

  // The arguments of CREATE that make these columns, this key and these indexes.
  std::vector<std::string> Definitions() const;
  // The statement for sqlite3_declare_vtab.
  std::string Declaration() const;

 private:
  std::string DeclaredAs(size_t i) const;
};

// The hidden column of whole_key_column().
inline constexpr const char* kWholeKeyName = "memkv_key";

// Whether both declare the same key, columns and indexes.
bool SameColumns(const Schema& a, const Schema& b);

// The hidden column of an index's ranks.
std::string RankName(const Index& index);

// How a stored key differs from the number that core/key.h decodes (INTEGER where int64 holds it,
// else REAL).
enum KeyClass : int { kKeyAsDecoded = 0, kKeyIsReal = 1, kKeyIsNegativeZero = 2 };

// Throws SqlError if a table of this schema may not be called `table` (a column has that name,
// whatever the case).
void CheckTableName(const Schema& schema, std::string_view table);

// ASCII case-insensitive equality, as SQLite compares names.
bool SameName(std::string_view a, std::string_view b);
std::string LowerName(std::string_view name);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_SCHEMA_H_
