// memkv_regexp: a loadable module of its own that gives a host without regexp() one, by RE2
// (https://github.com/google/re2), so that `key REGEXP '^literal…'` works. A host that has one
// keeps it.

#include <re2/re2.h>

#include <memory>
#include <new>
#include <string>

#include "ext/sqlite/sqlite3ext.h"
SQLITE_EXTENSION_INIT1

namespace {

// regexp(pattern, text), which is what `text REGEXP pattern` calls: whether the pattern matches
// anywhere in the text. NULL if either is NULL. A compiled pattern is kept while the statement
// runs.
void Regexp(sqlite3_context* context, int, sqlite3_value** argv) noexcept {
  if (sqlite3_value_type(argv[0]) == SQLITE_NULL || sqlite3_value_type(argv[1]) == SQLITE_NULL)
    return;
  try {
    auto bytes = [](sqlite3_value* v) {
      const char* text = reinterpret_cast<const char*>(sqlite3_value_text(v));
      if (text == nullptr) throw std::bad_alloc();
      return re2::StringPiece(text, static_cast<size_t>(sqlite3_value_bytes(v)));
    };
    auto* pattern = static_cast<RE2*>(sqlite3_get_auxdata(context, 0));
    std::unique_ptr<RE2> compiled;
    if (pattern == nullptr) {
      RE2::Options options;
      options.set_log_errors(false);
      compiled = std::make_unique<RE2>(bytes(argv[0]), options);
      pattern = compiled.get();
      if (!pattern->ok()) {
        sqlite3_result_error(context, ("regexp: " + pattern->error()).c_str(), -1);
        return;
      }
    }
    sqlite3_result_int(context, RE2::PartialMatch(bytes(argv[1]), *pattern));
    if (compiled)
      sqlite3_set_auxdata(context, 0, compiled.release(),
                          [](void* p) { delete static_cast<RE2*>(p); });
  } catch (...) {
    sqlite3_result_error_nomem(context);
  }
}

bool HasRegexp(sqlite3* db) {
  sqlite3_stmt* stmt = nullptr;
  const int rc = sqlite3_prepare_v2(db, "SELECT regexp('a', 'a')", -1, &stmt, nullptr);
  sqlite3_finalize(stmt);
  return rc == SQLITE_OK;
}

}  // namespace

#ifdef _WIN32
#define MEMKV_REGEXP_API __declspec(dllexport)
#else
#define MEMKV_REGEXP_API __attribute__((visibility("default")))
#endif

extern "C" MEMKV_REGEXP_API int sqlite3_memkvregexp_init(sqlite3* db, char**,
                                                         const sqlite3_api_routines* api) {
  SQLITE_EXTENSION_INIT2(api);
  // RE2 keeps what it made for the process's lifetime: unloading would leak it.
  if (HasRegexp(db)) return SQLITE_OK_LOAD_PERMANENTLY;
  const int rc = sqlite3_create_function_v2(db, "regexp", 2,
                                            SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                                            nullptr, &Regexp, nullptr, nullptr, nullptr);
  return rc == SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : rc;
}
