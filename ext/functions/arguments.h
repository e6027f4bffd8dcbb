// The arguments of memkv's SQL functions, and the messages that say what a function takes.

#ifndef MEMKV_EXT_FUNCTIONS_ARGUMENTS_H_
#define MEMKV_EXT_FUNCTIONS_ARGUMENTS_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/query/key_text.h"
#include "core/view/view.h"
#include "ext/registry.h"
#include "ext/sqlite.h"

namespace memkv::sql {

// A table that a function's argument names, as its rows stand now.
struct NamedTable {
  std::shared_ptr<TableState> state;
  View view;

  const Schema& schema() const { return state->schema; }
  // What functions that go by the text of keys go by.
  KeyText key_text() const {
    return KeyText(schema().has_composite_key() ? KeyColumns::kSeveral : KeyColumns::kOne);
  }
};

// The integer that an INTEGER is, or a REAL that is whole: bindings of JavaScript bind every number
// as REAL. None where int64 does not hold it.
std::optional<int64_t> WholeNumber(const Datum& v);
// A value as messages show it.
std::string ShownValue(const Datum& v);

class Arguments {
 public:
  // `signature` is what messages show: "memkv_fuzzy(table, word, distance)". A null value is an
  // argument that was not given.
  Arguments(const char* signature, std::span<sqlite3_value* const> values)
      : signature_(signature), values_(values) {}

  bool Has(size_t i) const { return i < values_.size() && values_[i] != nullptr; }
  bool IsNull(size_t i) const { return sqlite3_value_type(values_[i]) == SQLITE_NULL; }
  sqlite3_value* operator[](size_t i) const { return values_[i]; }

  // The table that argument i names.
  NamedTable Table(Connection& connection, size_t i = 0) const {
    if (sqlite3_value_type(values_[i]) != SQLITE_TEXT) Fail("table is the name of a memkv table");
    std::shared_ptr<TableState> state = connection.Lookup(ToDatum(values_[i]).bytes);
    View view = state->table.Latest();
    return {std::move(state), std::move(view)};
  }

  // Fails where the table's key has several columns.
  void CheckSingleKey(const NamedTable& table) const {
    if (table.schema().has_composite_key())
      Fail(Shown(table.schema().table) + " has a key of several columns");
  }

  // A WholeNumber from `least` to `most`.
  int64_t Integer(size_t i, const char* name, int64_t least, int64_t most) const;
  // A number from `least` to `most`.
  double Real(size_t i, const char* name, double least, double most) const;

  // Throws SqlError: the signature, and what is wrong.
  [[noreturn]] void Fail(const std::string& what) const {
    throw SqlError(SQLITE_ERROR, std::string(signature_) + ": " + what);
  }
  // REQUIRES a scalar function's arguments: throws unless there are `least` to `most` of them.
  void CheckCount(size_t least, size_t most) const {
    if (values_.size() >= least && values_.size() <= most) return;
    Fail("it was given " + std::to_string(values_.size()) +
         (values_.size() == 1 ? " argument" : " arguments"));
  }

 private:
  const char* signature_;
  std::span<sqlite3_value* const> values_;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_FUNCTIONS_ARGUMENTS_H_
