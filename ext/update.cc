// Writes: INSERT, UPDATE and DELETE as the WITHOUT ROWID twin does them. Everything is checked
// before anything changes.

#include <array>
#include <cmath>

#include "core/key.h"
#include "core/row.h"
#include "ext/affinity.h"
#include "ext/commands.h"
#include "ext/new_row.h"
#include "ext/running.h"
#include "ext/sqlite.h"
#include "ext/table.h"

namespace memkv::sql {
namespace {

// Hidden columns can only be set as a command's arguments. An UPDATE … FROM of older SQLite hands
// over every column's present value, as if each were set: it shows by the command column, which an
// UPDATE otherwise marks as unchanged.
void CheckHidden(const Schema& schema, std::span<sqlite3_value*> columns, bool insert) {
  if (!insert && !sqlite3_value_nochange(columns[schema.command_column()])) return;
  auto is_set = [](sqlite3_value* v) {
    return !sqlite3_value_nochange(v) && sqlite3_value_type(v) != SQLITE_NULL;
  };
  if (is_set(columns[schema.rank_column()])) {
    throw SqlError(SQLITE_ERROR, "memkv: " + schema.table +
                                     ".rank is read-only (it is the row's position in key order)");
  }
  for (size_t i = 0; i < schema.indexes.size(); ++i) {
    if (!is_set(columns[schema.index_rank_column(i)])) continue;
    const Index& index = schema.indexes[i];
    throw SqlError(SQLITE_ERROR, "memkv: " + schema.table + "." + RankName(index) +
                                     " is read-only (it is the row's position in the order of " +
                                     index.name + ")");
  }
  if (schema.has_composite_key() && is_set(columns[schema.whole_key_column()])) {
    throw SqlError(SQLITE_ERROR, "memkv: " + schema.table + "." + kWholeKeyName +
                                     " is read-only (it is made of " + schema.KeyName() + ")");
  }
}

}  // namespace

void MemkvTable::Update(std::span<sqlite3_value*> args) {
  TableState& s = state();
  s.Begin();
  UndoIfFailed(s, args);
}

void MemkvTable::UpdateRow(TableState& s, std::span<sqlite3_value*> args) {
  if (args.size() == 1) {
    CheckWritable(s);
    return Delete(args[0]);
  }
  const std::span<sqlite3_value*> columns = args.subspan(2);
  sqlite3_value* command = columns[s.schema.command_column()];
  const bool insert = sqlite3_value_type(args[0]) == SQLITE_NULL;
  if (!sqlite3_value_nochange(command) && sqlite3_value_type(command) != SQLITE_NULL) {
    if (!insert) {
      throw SqlError(SQLITE_ERROR, "memkv: a command is an INSERT: INSERT INTO " + s.schema.table +
                                       "(" + s.schema.table + ") VALUES(...)");
    }
    return RunCommand(*connection_, s, columns);
  }
  CheckWritable(s);
  CheckHidden(s.schema, columns, insert);
  if (insert && IsUpdateOfNothing(args)) return;
  if (insert) return Insert(columns);
  Change(args[0], columns);
}

// An UPDATE … FROM of many rows gets no savepoint of its own from SQLite, so that what it has
// changed before it fails would stay in a transaction.
void MemkvTable::UndoIfFailed(TableState& s, std::span<sqlite3_value*> args) {
  const bool many =
      sqlite3_value_type(args[0]) != SQLITE_NULL && args.size() > 1 && s.cursors.any_started();
  if (!many || s.statement_has_savepoint() || sqlite3_get_autocommit(db()))
    return UpdateRow(s, args);
  if (!before_update_) before_update_.emplace(s.table);
  try {
    UpdateRow(s, args);
  } catch (...) {
    const int conflict = sqlite3_vtab_on_conflict(db());
    if (conflict != SQLITE_IGNORE && conflict != SQLITE_FAIL) before_update_->Return();
    throw;
  }
}

// An UPDATE … FROM whose rows are made by an aggregate over no rows has no old key either; its new
// one is NULL where it sets none. An INSERT that names rowid, which SQLite takes for a column as
// long as the table is not connected, has it as its new key; other INSERTs have none.
bool MemkvTable::IsUpdateOfNothing(std::span<sqlite3_value*> args) {
  if (sqlite3_value_type(args[1]) == SQLITE_NULL) {
    return sqlite3_value_type(args[2 + state_->schema.key[0]]) == SQLITE_NULL &&
           IsUpdateRunning(db(), state_->schema_name, state_->schema.table);
  }
  if (state_->cursors.any_started() ||
      IsUpdateRunning(db(), state_->schema_name, state_->schema.table))
    return true;
  throw SqlError(SQLITE_ERROR, "table " + state_->schema.table + " has no column named rowid");
}

// SQLite computes all that an UPDATE sets before it changes the first row. An ordinary table is
// read again for each row, and so has for the row of an old key what is there by then.
void MemkvTable::CheckNotOverwritten(Bytes old_key) {
  if (overwritten_.empty() || !overwritten_.contains(std::string(old_key)) ||
      !state_->cursors.update_read_values()) {
    return;
  }
  throw SqlError(
      SQLITE_ERROR,
      "memkv: UPDATE OR REPLACE moves rows onto rows it has yet to visit and computes from "
      "their values; select into a temp table first");
}

void MemkvTable::Delete(sqlite3_value* key) {
  bool existed;
  Check(state_->table.Erase(OldKey(key), &existed));
}

// What SQLite has for the key of a row that there is.
std::string MemkvTable::OldKey(sqlite3_value* key) const {
  const Datum v = ToDatum(key);
  return state_->schema.has_composite_key() ? std::string(v.bytes) : EncodeKey(v);
}

void MemkvTable::Insert(std::span<sqlite3_value*> columns) {
  const Schema& schema = state_->schema;
  const int conflict = sqlite3_vtab_on_conflict(connection_->db());
  const bool ignore = conflict == SQLITE_IGNORE;
  NewRow& row = row_;
  row.Clear(schema);
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    row.converted.push_back(Converted::Stored(columns[i], schema.columns[i].affinity));
    const Datum& v = row.converted.back().datum();
    CheckNotNull(schema, i, v, ignore);
    if (const std::optional<size_t> part = schema.KeyPartOf(i)) {
      row.parts[*part] = &v;
    } else {
      row.row[schema.RowColumn(i)] = v;
    }
  }
  SetKey(schema, row.parts, "", &row);
  bool existed;
  Check(state_->table.Put(row.key, row.Encoded(), conflict == SQLITE_REPLACE, &existed));
  if (existed && conflict != SQLITE_REPLACE) FailUnique(schema, ignore);
}

// Puts the columns that an UPDATE does not set into row_. They are copied: no version of the table
// stays pinned while the row is put, which can then be changed in its place.
void MemkvTable::KeepColumns(const RowRef& at, std::span<sqlite3_value*> columns) {
  const Schema& schema = state_->schema;
  const View view({}, at.in_base ? state_->table.base() : nullptr);
  row_.kept.resize(schema.row_columns());
  for (size_t i = 0; i < row_.row.size(); ++i) {
    if (i < schema.value_columns() && !sqlite3_value_nochange(columns[schema.ValueColumn(i)]))
      continue;
    Datum& v = row_.row[i];
    Check(view.Column(at, i, &row_.kept[i], &v));
    if ((v.kind != Datum::kText && v.kind != Datum::kBlob) || v.bytes.data() == row_.kept[i].data())
      continue;
    row_.kept[i].assign(v.bytes);
    v.bytes = row_.kept[i];
  }
}

// UPDATE: columns that the statement does not set are kept as they are; the key may change.
void MemkvTable::Change(sqlite3_value* old_key, std::span<sqlite3_value*> columns) {
  const Schema& schema = state_->schema;
  Session& table = state_->table;
  const int conflict = sqlite3_vtab_on_conflict(connection_->db());
  const bool ignore = conflict == SQLITE_IGNORE;
  const std::string old = OldKey(old_key);
  bool found;
  RowRef at;
  Check(table.Find(old, &found, &at));
  if (!found) return;  // gone since it was selected
  if (conflict == SQLITE_REPLACE) CheckNotOverwritten(old);

  NewRow& row = row_;
  row.Clear(schema);
  KeepColumns(at, columns);
  bool new_key = false;
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    if (sqlite3_value_nochange(columns[i])) continue;
    row.converted.push_back(Converted::Stored(columns[i], schema.columns[i].affinity));
    const Datum& v = row.converted.back().datum();
    CheckNotNull(schema, i, v, ignore);
    if (const std::optional<size_t> part = schema.KeyPartOf(i)) {
      row.parts[*part] = &v;
      new_key = true;
    } else {
      row.row[schema.RowColumn(i)] = v;
    }
  }
  if (new_key) {
    SetKey(schema, row.parts, old, &row);
    new_key = row.key != old;
  }
  if (!new_key) {
    bool existed;
    Check(table.Put(old, row.Encoded(), true, &existed));
    return;
  }
  if (conflict != SQLITE_REPLACE) {
    RowRef taken;
    Check(table.Find(row.key, &found, &taken));
    if (found) FailUnique(schema, ignore);
  }
  // Two changes that take effect together: a failure of the second takes back the first.
  bool existed;
  const Value encoded = row.Encoded();
  if (conflict == SQLITE_REPLACE) overwritten_.insert(row.key);
  Check(table.Move(old, row.key, encoded, &existed));
  if (conflict == SQLITE_REPLACE && !existed) overwritten_.erase(row.key);
}

}  // namespace memkv::sql
