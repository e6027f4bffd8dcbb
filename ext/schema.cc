#include "ext/schema.h"

#include <algorithm>

#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string LowerName(std::string_view name) {
  std::string out(name);
  std::transform(out.begin(), out.end(), out.begin(), Lower);
  return out;
}

Affinity AffinityOf(std::string_view type) {
  const std::string t = LowerName(type);
  auto has = [&t](std::string_view s) { return t.find(s) != std::string::npos; };
  if (has("int")) return Affinity::kInteger;
  if (has("char") || has("clob") || has("text")) return Affinity::kText;
  if (t.empty() || has("blob")) return Affinity::kNone;
  if (has("real") || has("floa") || has("doub")) return Affinity::kReal;
  return Affinity::kNumeric;
}

bool SameColumns(const Schema& a, const Schema& b) {
  const auto same_column = [](const Column& x, const Column& y) {
    return SameName(x.name, y.name) && x.type == y.type && x.not_null == y.not_null;
  };
  const auto same_index = [](const Index& x, const Index& y) {
    return SameName(x.name, y.name) && x.columns == y.columns;
  };
  return a.key == b.key &&
         std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(),
                    same_column) &&
         std::equal(a.indexes.begin(), a.indexes.end(), b.indexes.begin(), b.indexes.end(),
                    same_index);
}

std::string RankName(const Index& index) { return index.name + "_rank"; }

void CheckTableName(const Schema& schema, std::string_view table) {
  for (const Column& c : schema.columns) {
    if (SameName(c.name, table)) {
      Refuse("table " + Shown(table) + " may not have a column named " + Shown(c.name) +
             " (the table's own name is its command column)");
    }
  }
  for (const Index& index : schema.indexes) {
    if (!SameName(RankName(index), table)) continue;
    const bool own = index.IsOwnOf(index.columns[0], schema.columns);
    Refuse("table " + Shown(table) + " may not have an " + (own ? "INDEXED column" : "INDEX") +
           " named " + Shown(index.name) + " (its ranks are in a column named like the table)");
  }
  if (schema.has_composite_key() && SameName(table, kWholeKeyName)) {
    Refuse("a table with a key of several columns may not be named " + Shown(table) +
           " (it has a column of that name)");
  }
  if (SameName(table, "rank"))
    Refuse("a table may not be named " + Shown(table) + " (it has a column named \"rank\")");
}

bool Index::IsOwnOf(size_t column, const std::vector<Column>& of) const {
  return columns == std::vector<size_t>{column} && SameName(name, of[column].name);
}

std::optional<size_t> Schema::KeyPartOf(size_t i) const {
  const auto at = std::find(key.begin(), key.end(), i);
  if (at == key.end()) return std::nullopt;
  return static_cast<size_t>(at - key.begin());
}

std::string Schema::KeyName() const {
  std::string name;
  for (const size_t i : key) name += (name.empty() ? "" : ", ") + table + "." + columns[i].name;
  return name;
}

size_t Schema::KeyClassColumn(size_t part) const {
  size_t column = value_columns();
  for (size_t i = 0; i < part; ++i) column += has_key_class(i);
  return column;
}

size_t Schema::ValueColumn(size_t i) const {
  for (size_t column = 0;; ++column) {
    if (!KeyPartOf(column) && i-- == 0) return column;
  }
}

// As SQLite itself knows it.
std::string Schema::DeclaredAs(size_t i) const {
  const Column& c = columns[i];
  const bool is_key = key.size() == 1 && key[0] == i;
  return QuoteName(c.name) + ' ' + c.type + (is_key ? " PRIMARY KEY" : "") +
         (c.not_null ? " NOT NULL" : "");
}

std::vector<std::string> Schema::Definitions() const {
  const auto list = [this](const std::vector<size_t>& of) {
    std::string names;
    for (const size_t i : of) names += (names.empty() ? "" : ", ") + QuoteName(columns[i].name);
    return "(" + names + ")";
  };
  const auto is_own = [this](const Index& index) {
    return index.IsOwnOf(index.columns[0], columns);
  };
  std::vector<std::string> definitions;
  for (size_t i = 0; i < columns.size(); ++i) {
    const bool indexed = std::any_of(indexes.begin(), indexes.end(),
                                     [&](const Index& index) { return index.IsOwnOf(i, columns); });
    definitions.push_back(DeclaredAs(i) + (indexed ? " INDEXED" : ""));
  }
  if (key.size() > 1) definitions.push_back("PRIMARY KEY" + list(key));
  for (const Index& index : indexes) {
    if (!is_own(index))
      definitions.push_back("INDEX " + QuoteName(index.name) + list(index.columns));
  }
  return definitions;
}

size_t Schema::IndexNumber(std::string_view name) const {
  if (name.empty()) return 0;
  for (size_t i = 0; i < indexes.size(); ++i) {
    if (indexes[i].name == name) return i + 1;
  }
  throw SqlError(SQLITE_INTERNAL, "memkv: no index " + Shown(name));
}

std::vector<size_t> Schema::IndexParts(size_t index) const {
  if (index == 0) return key;
  std::vector<size_t> parts = indexes[index - 1].columns;
  // Last columns that the key begins with are those of the key.
  for (size_t drop = std::min(parts.size() - 1, key.size()); drop > 0; --drop) {
    if (!std::equal(parts.end() - static_cast<ptrdiff_t>(drop), parts.end(), key.begin())) continue;
    parts.resize(parts.size() - drop);
    break;
  }
  parts.insert(parts.end(), key.begin(), key.end());
  return parts;
}

std::vector<std::string> Schema::PartNames(std::string_view index_name) const {
  std::vector<std::string> names;
  for (const size_t i : IndexParts(IndexNumber(index_name)))
    names.push_back(key.size() == 1 && i == key[0] ? "key" : QuoteName(columns[i].name));
  return names;
}

std::vector<IndexDef> Schema::IndexDefs() const {
  std::vector<IndexDef> defs;
  for (size_t i = 1; i <= indexes.size(); ++i) {
    std::vector<size_t> parts = IndexParts(i);
    parts.resize(parts.size() - key.size());
    std::vector<IndexColumn> of;
    for (const size_t column : parts) {
      const std::optional<size_t> part = KeyPartOf(column);
      if (!part) {
        of.push_back({IndexColumn::kOfRow, static_cast<uint32_t>(RowColumn(column))});
      } else {
        of.push_back({IsLast(*part) ? IndexColumn::kLastOfKey : IndexColumn::kOfKey,
                      static_cast<uint32_t>(*part)});
      }
    }
    defs.emplace_back(std::move(of));
  }
  return defs;
}

std::string Schema::Declaration() const {
  std::string sql = "CREATE TABLE x(";
  for (size_t i = 0; i < columns.size(); ++i) sql += DeclaredAs(i) + ", ";
  sql += "\"rank\" INTEGER HIDDEN, " + QuoteName(table) + " HIDDEN";
  for (const Index& index : indexes) sql += ", " + QuoteName(RankName(index)) + " INTEGER HIDDEN";
  if (has_composite_key())
    sql += ", " + QuoteName(kWholeKeyName) + " BLOB HIDDEN PRIMARY KEY NOT NULL";
  return sql + ") WITHOUT ROWID";
}

}  // namespace memkv::sql
