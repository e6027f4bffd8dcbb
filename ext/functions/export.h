// The exported file: memkv_export(table, path) writes it, CREATE … memkv(file = …) opens it. It is
// an image of the frozen engine (core/fst/format.h) whose section kAbout holds the columns
// (ext/args.h).

#ifndef MEMKV_EXT_FUNCTIONS_EXPORT_H_
#define MEMKV_EXT_FUNCTIONS_EXPORT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "ext/functions/arguments.h"

namespace memkv::sql {

// Writes the table's rows; returns how many. The table stays as it is: what is not frozen is merged
// into the file alone. The file appears whole under its name or not at all.
uint64_t ExportFile(Connection& connection, const NamedTable& table, const std::string& path);

// Maps schema->file and sets the columns that it holds. A few ms, whatever its size: damage in the
// rows is found where it is met. Throws SqlError that names the file.
std::shared_ptr<const Fst> OpenExported(sqlite3* db, Schema* schema);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_FUNCTIONS_EXPORT_H_
