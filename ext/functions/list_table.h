// A table-valued function whose rows are made at once: memkv_stats(table), memkv_check(table).
//
// Spec says: kDeclaration (its result columns, then `"table" HIDDEN`), kUsage, and
//   static std::vector<std::vector<Cell>> Rows(Connection&, TableState&)

#ifndef MEMKV_EXT_FUNCTIONS_LIST_TABLE_H_
#define MEMKV_EXT_FUNCTIONS_LIST_TABLE_H_

#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ext/registry.h"
#include "ext/sqlite.h"
#include "ext/vtab.h"

namespace memkv::sql {

using Cell = std::variant<std::string, int64_t, double>;
using Row = std::vector<Cell>;

template <class Spec>
class ListTable : public sqlite3_vtab {
 public:
  class Cursor : public sqlite3_vtab_cursor {
   public:
    explicit Cursor(ListTable& table) : sqlite3_vtab_cursor{}, table_(table) {}

    void Filter(int, const char*, std::span<sqlite3_value*> args) {
      at_ = 0;
      rows_.clear();
      name_ = TextArgument(args[0], Spec::kUsage);
      rows_ = Spec::Rows(*table_.connection_, *table_.connection_->Lookup(name_));
    }
    void Next() { ++at_; }
    bool Eof() const { return at_ >= rows_.size(); }
    void Column(sqlite3_context* out, int column) {
      const Row& row = rows_[at_];
      const size_t i = static_cast<size_t>(column);
      if (i >= row.size()) return SetResult(out, Datum::Text(name_));  // the hidden argument
      if (const auto* text = std::get_if<std::string>(&row[i]))
        return SetResult(out, Datum::Text(*text));
      if (const auto* integer = std::get_if<int64_t>(&row[i]))
        return SetResult(out, Datum::Integer(*integer));
      SetResult(out, Datum::Real(std::get<double>(row[i])));
    }
    sqlite3_int64 Rowid() const { return static_cast<sqlite3_int64>(at_); }

   private:
    ListTable& table_;
    std::string name_;
    std::vector<Row> rows_;
    size_t at_ = 0;
  };

  static std::unique_ptr<ListTable> Connect(const CreateArgs& args) {
    const int rc = sqlite3_declare_vtab(args.db, Spec::kDeclaration);
    if (rc == SQLITE_NOMEM) throw std::bad_alloc();
    if (rc != SQLITE_OK) throw SqlError(rc, sqlite3_errmsg(args.db));
    auto table = std::make_unique<ListTable>();
    table->connection_ = &Connection::Of(args.context);
    return table;
  }

  // The argument is the hidden column after the result columns; a plan without it is no plan.
  bool BestIndex(sqlite3_index_info& info) {
    for (int i = 0; i < info.nConstraint; ++i) {
      const auto& c = info.aConstraint[i];
      if (c.iColumn != Spec::kColumns || c.op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
      if (!c.usable) return false;
      info.aConstraintUsage[i].argvIndex = 1;
      info.aConstraintUsage[i].omit = 1;
      info.estimatedCost = 10;
      info.estimatedRows = 10;
      return true;
    }
    throw SqlError(SQLITE_ERROR, Spec::kUsage);
  }

 private:
  Connection* connection_ = nullptr;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_FUNCTIONS_LIST_TABLE_H_
