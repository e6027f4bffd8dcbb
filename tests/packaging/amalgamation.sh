#!/usr/bin/env bash
# amalgamation.sh FOLDER: memkv.cc compiles with one command, linked into a program, without a warning.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cp "$1"/memkv.cc "$1"/memkv.h "$folder"
cd "$folder"
cat >main.cc <<'END'
#include <sqlite3.h>
#include <cstdio>
#include "memkv.h"

int main() {
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_memkv_init));
  sqlite3* db;
  if (sqlite3_open(":memory:", &db) != SQLITE_OK) return 1;
  auto print = [](void*, int, char** values, char**) -> int { return std::puts(values[0]) < 0; };
  char* error = nullptr;
  if (sqlite3_exec(db, "CREATE VIRTUAL TABLE t USING memkv; INSERT INTO t VALUES('a', 1), ('ab', 2), ('b', 3);"
                       "SELECT memkv_freeze('t'); SELECT sum(value) FROM t WHERE key LIKE 'A%'; SELECT memkv_version()",
                   print, nullptr, &error) != SQLITE_OK) {
    std::puts(error);
    return 1;
  }
  return sqlite3_close(db);
}
END
# Not optimised: this is about whether it compiles.
g++ -std=c++20 -O0 -Wall -Wextra -Werror -DSQLITE_CORE main.cc memkv.cc -lsqlite3 -o linked
is "the linked program's output" "3 3 $version" "$(./linked | xargs)"
g++ -std=c++20 -Wall -Wextra -Werror -fsyntax-only memkv.cc  # as a module, with its own copy of SQLite's headers
# And so it does by the other compiler, where that is installed.
if command -v clang++ >/dev/null; then
  clang++ -std=c++20 -Wall -Wextra -Werror -fsyntax-only memkv.cc
else
  echo "clang++ is not installed: not compiled by it"
fi
