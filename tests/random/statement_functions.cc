#include "tests/random/statement_functions.h"

#include <regex.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

namespace memkv::test {
namespace {

std::string_view BytesOf(sqlite3_value* v) {
  const char* bytes = static_cast<const char*>(
      sqlite3_value_type(v) == SQLITE_BLOB ? sqlite3_value_blob(v) : sqlite3_value_text(v));
  return {bytes ? bytes : "", static_cast<size_t>(sqlite3_value_bytes(v))};
}

bool IsNull(sqlite3_value* v) { return sqlite3_value_type(v) == SQLITE_NULL; }

// A number as the prefix counts as its text; a number as the key begins with nothing.
void HasPrefix(sqlite3_context* context, int, sqlite3_value** argv) {
  if (IsNull(argv[0]) || IsNull(argv[1])) return;
  const int key = sqlite3_value_type(argv[0]);
  const int prefix = sqlite3_value_type(argv[1]) == SQLITE_BLOB ? SQLITE_BLOB : SQLITE_TEXT;
  const bool matches = key == prefix && BytesOf(argv[0]).starts_with(BytesOf(argv[1]));
  sqlite3_result_int(context, matches);
}

struct Pattern {
  regex_t compiled;
  bool valid;
};

// regexp(pattern, text) by POSIX extended regular expressions, which end at a NUL byte.
void RegexpFunction(sqlite3_context* context, int, sqlite3_value** argv) {
  if (IsNull(argv[0]) || IsNull(argv[1])) return;
  const auto dialect = static_cast<Regexp>(reinterpret_cast<intptr_t>(sqlite3_user_data(context)));
  auto* pattern = static_cast<Pattern*>(sqlite3_get_auxdata(context, 0));
  if (pattern == nullptr) {
    std::string text(BytesOf(argv[0]));
    if (dialect == Regexp::kIgnoresBlanks) std::erase(text, ' ');
    pattern = new Pattern;
    pattern->valid =
        regcomp(&pattern->compiled, text.c_str(),
                REG_EXTENDED | REG_NOSUB | (dialect == Regexp::kFoldsCase ? REG_ICASE : 0) |
                    (dialect == Regexp::kMultiLine ? REG_NEWLINE : 0)) == 0;
    sqlite3_set_auxdata(context, 0, pattern, [](void* p) {
      auto* old = static_cast<Pattern*>(p);
      if (old->valid) regfree(&old->compiled);
      delete old;
    });
    // It may have been freed at once.
    pattern = static_cast<Pattern*>(sqlite3_get_auxdata(context, 0));
    if (pattern == nullptr) return sqlite3_result_error_nomem(context);
  }
  // A pattern that cannot be compiled matches nothing: an error would come only where a plan
  // evaluates it.
  const std::string text(BytesOf(argv[1]));
  sqlite3_result_int(
      context, pattern->valid && regexec(&pattern->compiled, text.c_str(), 0, nullptr, 0) == 0);
}

// An expression of two or three values, evaluated by a connection of its own.
class Evaluator {
 public:
  Evaluator(const char* sql, bool case_sensitive_like) {
    if (sqlite3_open(":memory:", &db_) != SQLITE_OK) throw std::runtime_error("no memory");
    if (case_sensitive_like)
      sqlite3_exec(db_, "PRAGMA case_sensitive_like = 1", nullptr, nullptr, nullptr);
    sqlite3_prepare_v2(db_, sql, -1, &stmt_, nullptr);
  }
  ~Evaluator() {
    sqlite3_finalize(stmt_);
    sqlite3_close(db_);
  }
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  void Run(sqlite3_context* context, int argc, sqlite3_value** argv) {
    for (int i = 0; i < argc; ++i) sqlite3_bind_value(stmt_, i + 1, argv[i]);
    if (sqlite3_step(stmt_) == SQLITE_ROW) {
      sqlite3_result_value(context, sqlite3_column_value(stmt_, 0));
    } else {
      sqlite3_result_error(context, sqlite3_errmsg(db_), -1);
    }
    sqlite3_reset(stmt_);
  }

 private:
  sqlite3* db_ = nullptr;
  sqlite3_stmt* stmt_ = nullptr;
};

}  // namespace

void DefinePatterns(sqlite3* db, bool case_sensitive_like) {
  const struct {
    const char* name;
    int arguments;
    const char* sql;
  } functions[] = {{"like", 2, "SELECT ?2 LIKE ?1"},
                   {"like", 3, "SELECT ?2 LIKE ?1 ESCAPE ?3"},
                   {"glob", 2, "SELECT ?2 GLOB ?1"}};
  for (const auto& f : functions) {
    sqlite3_create_function_v2(
        db, f.name, f.arguments, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
        new Evaluator(f.sql, case_sensitive_like),
        [](sqlite3_context* context, int argc, sqlite3_value** argv) {
          static_cast<Evaluator*>(sqlite3_user_data(context))->Run(context, argc, argv);
        },
        nullptr, nullptr, [](void* p) { delete static_cast<Evaluator*>(p); });
  }
}

void DefineRegexp(sqlite3* db, Regexp regexp) {
#ifdef MEMKV_REGEXP
  if (regexp == Regexp::kModule) {
    sqlite3_enable_load_extension(db, 1);
    char* error = nullptr;
    const int rc = sqlite3_load_extension(db, MEMKV_REGEXP, nullptr, &error);
    const std::string message = error ? error : "";
    sqlite3_free(error);
    if (rc != SQLITE_OK) throw std::runtime_error("loading memkv_regexp: " + message);
    return;
  }
#endif
  sqlite3_create_function_v2(db, "regexp", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                             reinterpret_cast<void*>(static_cast<intptr_t>(regexp)),
                             &RegexpFunction, nullptr, nullptr, nullptr);
}

void DefineHasPrefix(sqlite3* db) {
  sqlite3_create_function_v2(db, "has_prefix", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                             &HasPrefix, nullptr, nullptr, nullptr);
}

}  // namespace memkv::test
