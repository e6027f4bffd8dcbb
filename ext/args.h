// The text between the parentheses of CREATE VIRTUAL TABLE … USING memkv(…): columns and options.

#ifndef MEMKV_EXT_ARGS_H_
#define MEMKV_EXT_ARGS_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/store.h"

namespace memkv::sql {

// How SQLite converts a value that is stored in, or compared with, a column
// (https://sqlite.org/datatype3.html#type_affinity).
enum class Affinity : unsigned char { kNone, kText, kNumeric, kInteger, kReal };

Affinity AffinityOf(std::string_view type);

struct Column {
  std::string name;
  std::string type;  // as written; may be empty
  Affinity affinity = Affinity::kNone;
  bool not_null = false;
  bool indexed = false;  // there is a secondary index by this column and key
};

// What a table was declared as. Its stored row is the value columns in order and, where the key
// column can hold a REAL that equals an integer, one more: the class of the key (see KeyClass).
struct Schema {
  std::string table;
  std::vector<Column> columns;  // as declared, the key among them
  size_t key = 0;               // index of the PRIMARY KEY column
  bool durable_given = false, durable = false;
  bool delta_limit_given = false;
  bool background_given = false, background = true;  // whether a thread merges
  // None: the delta is merged by command only.
  std::optional<DeltaLimit> delta_limit = DeltaLimit();
  // The path of an exported file, if the table is one; its columns come from there.
  std::string file;

  const Column& key_column() const { return columns[key]; }
  size_t value_columns() const { return columns.size() - 1; }
  bool has_key_class() const {
    return key_column().affinity != Affinity::kText && key_column().affinity != Affinity::kReal;
  }
  size_t row_columns() const { return value_columns() + (has_key_class() ? 1 : 0); }
  // Where declared column i lies in the stored row. REQUIRES i != key.
  size_t RowColumn(size_t i) const { return i < key ? i : i - 1; }

  // The INDEXED columns, as declared columns and as row columns.
  std::vector<size_t> IndexedColumns() const;
  std::vector<uint32_t> IndexedRowColumns() const;

  // The indexes: key order, then those of the INDEXED columns, from 1. Which one is by the column of
  // that name (empty: key order), and by which declared column one is.
  size_t IndexBy(std::string_view name) const;
  size_t LeadingColumn(size_t index) const {
    return index == 0 ? key : IndexedColumns()[index - 1];
  }

  // Hidden columns of the declaration, after the declared ones: then the rank in each secondary
  // index, numbered from 0 here.
  size_t rank_column() const { return columns.size(); }
  size_t command_column() const { return columns.size() + 1; }
  size_t index_rank_column(size_t i) const { return columns.size() + 2 + i; }

  // Column i as CREATE takes it.
  std::string Definition(size_t i) const;
  // The statement for sqlite3_declare_vtab.
  std::string Declaration() const;

 private:
  std::string DeclaredAs(size_t i) const;
};

// Whether both declare the same key and columns.
bool SameColumns(const Schema& a, const Schema& b);

// The hidden column of an INDEXED column's ranks.
std::string RankName(const Column& indexed);

// How a stored key differs from the number that core/key.h decodes (INTEGER where int64 holds it,
// else REAL).
enum KeyClass : int { kKeyAsDecoded = 0, kKeyIsReal = 1, kKeyIsNegativeZero = 2 };

// Throws SqlError naming what is unknown or malformed and what is allowed. `files`: whether the
// option file is known. A schema with a file has no columns yet.
Schema ParseArgs(std::string_view table, std::span<const char* const> args, bool files = true);

// The columns as an exported file holds them, and back: per column, varint length | its definition
// as in CREATE. Untrusted: SetColumns throws SqlError on what it cannot take.
std::string ColumnsAsBytes(const Schema& schema);
void SetColumns(Bytes columns, Schema* schema);

// Throws SqlError if a table of this schema may not be called `table` (a column has that name,
// whatever the case).
void CheckTableName(const Schema& schema, std::string_view table);

// ASCII case-insensitive equality, as SQLite compares names.
bool SameName(std::string_view a, std::string_view b);
std::string LowerName(std::string_view name);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_ARGS_H_
