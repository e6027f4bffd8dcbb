// Commands: INSERT INTO t(t, …) VALUES('command', …). They are writes, so that they are
// transactional.

#ifndef MEMKV_EXT_COMMANDS_H_
#define MEMKV_EXT_COMMANDS_H_

#include <span>

#include "ext/registry.h"
#include "ext/vtab.h"

namespace memkv::sql {

// Runs the command that `columns` (the declared columns, rank, the command column) holds, wholly or
// not at all. Throws SqlError that lists the known commands if it is none of them.
void RunCommand(Connection& connection, TableState& state, std::span<sqlite3_value*> columns);

// Throws SqlError (SQLITE_READONLY) if the table is an exported file.
void CheckWritable(const TableState& state);

// 'add': inserts the row that the declared columns hold, or adds to each value of the row that is
// there, where one is given, as SQL's + adds.
void AddToRow(Connection& connection, TableState& state, std::span<sqlite3_value*> columns);

// 'import': one key per line, or key TAB values (one field for each value column, in order). Lines
// end in LF or CRLF. A key alone leaves a row that is there as it is; a key with values replaces
// it. Where lines are malformed nothing is imported, and the error says how many there are, and
// which.
void ImportFile(Connection& connection, TableState& state, const std::string& path);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_COMMANDS_H_
