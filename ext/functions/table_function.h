// A table-valued function whose rows are made one by one as they are asked for.
//
// Spec says:
//   kSignature        "memkv_fuzzy(table, word, distance)": what messages show
//   kColumns          the result columns as in CREATE TABLE; kColumnCount, how many
//   kArguments        the arguments' names, an array; kRequired, how many must be given
//   kAscending        whether rows ascend by the first column, without repeats
//   Spec(Connection&, const Arguments&)   stands on the first row
//   bool Valid() · void Next() · void Column(sqlite3_context*, int)

#ifndef MEMKV_EXT_FUNCTIONS_TABLE_FUNCTION_H_
#define MEMKV_EXT_FUNCTIONS_TABLE_FUNCTION_H_

#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "ext/functions/arguments.h"
#include "ext/registry.h"
#include "ext/sqlite.h"
#include "ext/vtab.h"

namespace memkv::sql {

template <class Spec>
class TableFunction : public sqlite3_vtab {
  static constexpr size_t kArgumentCount = std::size(Spec::kArguments);

 public:
  class Cursor : public sqlite3_vtab_cursor {
   public:
    explicit Cursor(TableFunction& table) : sqlite3_vtab_cursor{}, table_(table) {}
    ~Cursor() { FreeArguments(); }

    // `given` has a bit for each argument that is there.
    void Filter(int given, const char*, std::span<sqlite3_value*> args) {
      rows_.reset();
      at_ = 0;
      FreeArguments();
      std::array<sqlite3_value*, kArgumentCount> values{};
      for (size_t i = 0, next = 0; i < kArgumentCount; ++i) {
        if (given >> i & 1) values[i] = args[next++];
        // A column of SELECT *, or of a join: kept where it is small enough to copy.
        if (values[i] && sqlite3_value_type(values[i]) != SQLITE_NULL &&
            sqlite3_value_bytes(values[i]) < 4096) {
          kept_[i] = sqlite3_value_dup(values[i]);
        }
      }
      rows_.emplace(*table_.connection_, Arguments(Spec::kSignature, values));
    }
    void Next() {
      ++at_;
      rows_->Next();
    }
    bool Eof() const { return !rows_ || !rows_->Valid(); }
    void Column(sqlite3_context* out, int column) {
      if (column < Spec::kColumnCount) return rows_->Column(out, column);
      if (sqlite3_value* v = kept_[static_cast<size_t>(column - Spec::kColumnCount)])
        sqlite3_result_value(out, v);
    }
    sqlite3_int64 Rowid() const { return static_cast<sqlite3_int64>(at_); }

   private:
    void FreeArguments() {
      for (sqlite3_value*& v : kept_) {
        sqlite3_value_free(v);
        v = nullptr;
      }
    }

    TableFunction& table_;
    std::array<sqlite3_value*, kArgumentCount> kept_{};
    std::optional<Spec> rows_;
    uint64_t at_ = 0;
  };

  static std::unique_ptr<TableFunction> Connect(const CreateArgs& args) {
    std::string sql = "CREATE TABLE x(" + std::string(Spec::kColumns);
    for (const char* name : Spec::kArguments) sql += ", " + QuoteName(name) + " HIDDEN";
    const int rc = sqlite3_declare_vtab(args.db, (sql + ")").c_str());
    if (rc == SQLITE_NOMEM) throw std::bad_alloc();
    if (rc != SQLITE_OK) throw SqlError(rc, sqlite3_errmsg(args.db));
    auto table = std::make_unique<TableFunction>();
    table->connection_ = &Connection::Of(args.context);
    return table;
  }

  // Arguments are the hidden columns after the result columns; a plan that lacks a given one is no
  // plan.
  bool BestIndex(sqlite3_index_info& info) {
    int given = 0;
    std::array<int, kArgumentCount> constraint{};
    for (int i = 0; i < info.nConstraint; ++i) {
      const auto& c = info.aConstraint[i];
      const int argument = c.iColumn - Spec::kColumnCount;
      if (argument < 0 || argument >= static_cast<int>(kArgumentCount) ||
          c.op != SQLITE_INDEX_CONSTRAINT_EQ)
        continue;
      if (!c.usable) return false;
      if (given >> argument & 1) continue;  // the second is SQLite's to check
      given |= 1 << argument;
      constraint[static_cast<size_t>(argument)] = i;
    }
    int next = 0;
    for (size_t i = 0; i < kArgumentCount; ++i) {
      if (given >> i & 1) {
        auto& usage = info.aConstraintUsage[constraint[i]];
        usage.argvIndex = ++next;
        usage.omit = 1;
      } else if (i < Spec::kRequired) {
        throw SqlError(SQLITE_ERROR, std::string(Spec::kSignature) + ": argument " +
                                         std::to_string(i + 1) + " is not given");
      }
    }
    if (Spec::kAscending && info.nOrderBy == 1 && info.aOrderBy[0].iColumn == 0 &&
        !info.aOrderBy[0].desc) {
      info.orderByConsumed = 1;
    }
    info.idxNum = given;
    info.estimatedCost = 1000;
    info.estimatedRows = 1000;
    return true;
  }

 private:
  Connection* connection_ = nullptr;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_FUNCTIONS_TABLE_FUNCTION_H_
