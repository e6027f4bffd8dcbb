// memkv_export_keys(table, path): the keys, and values after TABs, as the lines of a text file that
// 'import' reads.

#ifndef MEMKV_EXT_FUNCTIONS_EXPORT_KEYS_H_
#define MEMKV_EXT_FUNCTIONS_EXPORT_KEYS_H_

#include <cstdint>
#include <string>

#include "ext/functions/arguments.h"

namespace memkv::sql {

// Writes every row in key order; returns how many. The file appears whole under its name or not at
// all: it is written beside it and renamed. NULL is an empty field, or none where nothing follows.
// Throws SqlError on a key or value that cannot stand on a line.
uint64_t ExportKeys(Connection& connection, const NamedTable& table, const std::string& path);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_FUNCTIONS_EXPORT_KEYS_H_
