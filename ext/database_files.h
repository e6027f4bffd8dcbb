// What the process has open as a database is no file for anything else.

#ifndef MEMKV_EXT_DATABASE_FILES_H_
#define MEMKV_EXT_DATABASE_FILES_H_

#include <string>

#include "ext/vtab.h"

namespace memkv::sql {

// Throws SqlError (SQLITE_CANTOPEN) if `path` is a file of one of the connection's databases, a WAL
// or journal included: whoever reads such a file as another drops SQLite's locks when he closes it
// (POSIX), and whoever replaces it leaves the connection with a file that is gone. `what` begins
// the message: "memkv: cannot read".
void CheckIsNoDatabase(sqlite3* db, const std::string& path, const char* what);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_DATABASE_FILES_H_
