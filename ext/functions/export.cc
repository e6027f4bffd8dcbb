#include "ext/functions/export.h"

#include "core/new_file.h"
#include "core/store/frozen_file.h"
#include "ext/columns.h"
#include "ext/database_files.h"
#include "ext/poller.h"
#include "ext/sqlite.h"

namespace memkv::sql {

uint64_t ExportFile(Connection& connection, const NamedTable& table, const std::string& path) {
  CheckIsNoDatabase(connection.db(), path, "memkv: cannot write");
  Check(NewFile::CheckTarget(path));  // before the image is built
  const Schema& schema = table.schema();
  Progress& progress = table.state->progress;
  const Progress::Scope scope(progress, "export");
  Poller poller(connection.db());
  auto poll = [&](uint64_t done, uint64_t total) {
    progress.Set(done, total);
    return poller.Stop();
  };
  Check(WriteFrozenFile(table.view, schema.row_columns(), schema.IndexDefs(),
                        ColumnsAsBytes(schema), path, poll));
  return table.view.size();
}

std::shared_ptr<const Fst> OpenExported(sqlite3* db, Schema* schema) {
  CheckIsNoDatabase(db, schema->file, "memkv: cannot open");
  const std::string shown = Shown(schema->file, kMostPath) + ": ";
  auto corrupt = [&shown](const std::string& what) {
    return SqlError(SQLITE_CORRUPT_VTAB, "memkv: " + shown + what);
  };
  std::shared_ptr<const Fst> fst;
  const Status opened = OpenFrozenFile(schema->file, &fst);
  if (opened.code() == Status::kCorrupt) throw corrupt(opened.message());
  Check(opened);  // names the file itself
  if (fst->about().empty()) {
    throw corrupt("it does not say what its columns are (memkv_export() writes files that do)");
  }
  try {
    SetColumns(fst->about(), schema);
  } catch (const SqlError& e) {
    throw corrupt("section about: " + std::string(e.what()));
  }
  if (schema->row_columns() != fst->columns()) {
    throw corrupt("it has " + std::to_string(fst->columns()) + " columns of values, and names " +
                  std::to_string(schema->row_columns()));
  }
  for (const IndexDef& index : schema->IndexDefs()) {
    if (fst->index(index)) continue;
    throw corrupt("it lacks the index of column " + index.ToText() + " of its values");
  }
  return fst;
}

}  // namespace memkv::sql
