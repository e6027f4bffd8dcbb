/* Gives memkv to every connection that this process opens from now on.
 *
 * A connection on dqlite's VFS can load nothing: the VFS has no xDlOpen. So the module is loaded
 * here, once, and handed to SQLite as an automatic extension. SQLite takes any answer but
 * SQLITE_OK from one as a failure, SQLITE_OK_LOAD_PERMANENTLY too. */

#ifndef MEMKV_TESTS_REPLICATION_LOAD_H_
#define MEMKV_TESTS_REPLICATION_LOAD_H_

#include <dlfcn.h>
#include <sqlite3.h>

typedef int (*memkv_entry)(sqlite3*, char**, const struct sqlite3_api_routines*);

static memkv_entry memkv_loaded;

static int memkv_on_open(sqlite3* db, char** error, const struct sqlite3_api_routines* api) {
  const int rc = memkv_loaded(db, error, api);
  return rc == SQLITE_OK_LOAD_PERMANENTLY ? SQLITE_OK : rc;
}

/* NULL, or what went wrong. */
static const char* memkv_load_for_all(const char* module) {
  void* const library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return dlerror();
  memkv_loaded = (memkv_entry)dlsym(library, "sqlite3_memkv_init");
  if (memkv_loaded == NULL) return dlerror();
  return sqlite3_auto_extension((void (*)(void))memkv_on_open) == SQLITE_OK
             ? NULL
             : "sqlite3_auto_extension() failed";
}

#endif /* MEMKV_TESTS_REPLICATION_LOAD_H_ */
