/* memkv: a loadable SQLite extension that keeps huge ordered key sets in little memory.
 *
 * Load it with sqlite3_load_extension() or `.load memkv`, or link it and hand an entry point to
 * sqlite3_auto_extension(). */

#ifndef MEMKV_H_
#define MEMKV_H_

#define MEMKV_VERSION "0.1.0"

#ifdef _WIN32
#define MEMKV_API __declspec(dllexport)
#else
#define MEMKV_API __attribute__((visibility("default")))
#endif

struct sqlite3;
struct sqlite3_api_routines;

#include <stddef.h>
#include <stdint.h>

/* The keys of memkv_lookup(table, keys) without JSON. They are TEXT, and are compared as bound TEXT
 * parameters are:
 *
 *     const struct memkv_keys keys = {n, bytes, lengths};
 *     sqlite3_bind_pointer(stmt, 1, (void*)&keys, MEMKV_KEYS_POINTER, NULL);
 *     ... SELECT key, value, found FROM memkv_lookup('urls', ?1)
 *
 * All of it has to stay as it is until the statement is reset or finalized. */
#define MEMKV_KEYS_POINTER "memkv_keys"
struct memkv_keys {
  size_t count;            /* how many keys */
  const char* bytes;       /* the keys' bytes, one after the other with nothing between them */
  const uint32_t* lengths; /* how many bytes each has */
};

#ifdef __cplusplus
extern "C" {
#endif

/* Registers the memkv module and every function. Calling it again on a connection changes nothing.
 */
MEMKV_API int sqlite3_memkv_init(struct sqlite3* db, char** error,
                                 const struct sqlite3_api_routines* api);

/* The same without anything that reads or writes files. */
MEMKV_API int sqlite3_memkv_nofs_init(struct sqlite3* db, char** error,
                                      const struct sqlite3_api_routines* api);

#ifdef __cplusplus
}
#endif

#endif /* MEMKV_H_ */
