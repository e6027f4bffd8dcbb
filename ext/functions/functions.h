// The scalar functions of SQL.

#ifndef MEMKV_EXT_FUNCTIONS_FUNCTIONS_H_
#define MEMKV_EXT_FUNCTIONS_FUNCTIONS_H_

#include <memory>

#include "ext/registry.h"
#include "ext/vtab.h"

namespace memkv::sql {

// has_prefix(key, prefix): whether a TEXT starts with a TEXT, or a BLOB with a BLOB, bytewise; NULL
// if either is NULL.
void HasPrefix(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept;

// Registers all scalar functions; those that read or write files only `with_files`. Returns an
// SQLite result code.
int RegisterFunctions(const std::shared_ptr<Connection>& connection, bool with_files);

// The pointer type that memkv_file() makes: a path that the user named in direct SQL.
inline constexpr char kFilePointer[] = "memkv_file";

}  // namespace memkv::sql

#endif  // MEMKV_EXT_FUNCTIONS_FUNCTIONS_H_
