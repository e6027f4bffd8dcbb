// The 'add' command: counters. Inserts the row, or adds to each value that is given; stands in for
// INSERT … ON CONFLICT DO UPDATE SET value = value + excluded.value, which SQLite refuses for
// virtual tables.

#include "core/key.h"
#include "ext/commands.h"
#include "ext/field_affinity.h"
#include "ext/new_row.h"
#include "ext/sqlite.h"

namespace memkv::sql {

void AddToRow(Connection& connection, TableState& state, std::span<sqlite3_value*> columns) {
  const Schema& schema = state.schema;
  FieldAffinity fields(connection.db());
  NewRow row;
  row.Clear(schema);
  std::vector<Datum> given(schema.columns.size());
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    row.converted.push_back(Converted::Stored(columns[i], schema.columns[i].affinity));
    given[i] = row.converted.back().datum();
  }
  for (size_t part = 0; part < schema.key.size(); ++part) {
    const size_t i = schema.key[part];
    CheckNotNull(schema, i, given[i], false);
    row.parts[part] = &given[i];
  }
  SetKey(schema, row.parts, "", &row);

  const View before = state.table.Latest();
  bool found;
  RowRef at;
  Check(before.Find(row.key, &found, &at));
  std::vector<std::string> buffers(schema.row_columns()), sums(schema.columns.size());
  if (found) {
    for (size_t i = 0; i < row.row.size(); ++i)
      Check(before.Column(at, i, &buffers[i], &row.row[i]));
  }
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    if (schema.KeyPartOf(i)) continue;
    Datum& value = row.row[schema.RowColumn(i)];
    if (!found) {
      value = given[i];
    } else if (given[i].kind != Datum::kNull) {
      value = fields.Stored(fields.Sum(value, given[i]), schema.columns[i].affinity);
      if (value.kind == Datum::kText) {  // a number in a TEXT column: borrowed from `fields`
        sums[i] = value.bytes;
        value = Datum::Text(sums[i]);
      }
    }
    CheckNotNull(schema, i, value, false);
  }
  bool existed;
  Check(state.table.Put(row.key, row.Encoded(), true, &existed));
}

}  // namespace memkv::sql
