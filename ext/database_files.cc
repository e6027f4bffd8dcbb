#include "ext/database_files.h"

#include <sys/stat.h>

#include "ext/sqlite.h"

namespace memkv::sql {

void CheckIsNoDatabase(sqlite3* db, const std::string& path, const char* what) {
  struct stat file, other;
  if (::stat(path.c_str(), &file) != 0) return;
  Statement databases(db, "PRAGMA database_list");
  while (databases.Step()) {
    const std::string database = databases.Text(2);
    if (database.empty()) continue;
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
      if (::stat((database + suffix).c_str(), &other) != 0 || other.st_dev != file.st_dev ||
          other.st_ino != file.st_ino)
        continue;
      throw SqlError(SQLITE_CANTOPEN, std::string(what) + ' ' + Shown(path, kMostPath) +
                                          ": it belongs to the open database " +
                                          Shown(databases.Text(1)));
    }
  }
}

}  // namespace memkv::sql
