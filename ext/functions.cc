#include "ext/functions.h"

#include <string>

#include "core/range.h"
#include "ext/affinity.h"
#include "ext/memkv.h"
#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

Connection& ConnectionOf(sqlite3_context* context) {
  return Connection::Of(sqlite3_user_data(context));
}

void Version(sqlite3_context* context, int, sqlite3_value**) noexcept {
  sqlite3_result_text(context, MEMKV_VERSION, -1, SQLITE_STATIC);
}

void Debug(sqlite3_context* context, int, sqlite3_value**) noexcept {
  GuardFunction(context, [&] {
    std::string text = "memkv " MEMKV_VERSION;
#if defined(__clang__)
    text += ", clang " __clang_version__;
#elif defined(__GNUC__)
    text += ", gcc " __VERSION__;
#endif
#if defined(__SSE2__)
    text += ", x86-64 SSE2";
#elif defined(__ARM_NEON)
    text += ", arm64 NEON";
#else
    text += ", scalar";
#endif
    text += ", compiled for SQLite " SQLITE_VERSION ", running in SQLite ";
    text += sqlite3_libversion();
    SetResult(context, Datum::Text(text));
  });
}

// memkv_freeze(table): the command, so that it is a write like any other.
void Freeze(sqlite3_context* context, int, sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    Connection& connection = ConnectionOf(context);
    const auto state = connection.Lookup(TextArgument(argv[0], "memkv_freeze(table): table is the name of a memkv table"));
    const std::string table = QuoteName(state->schema.table);
    Statement(connection.db(), "INSERT INTO " + QuoteName(state->schema_name) + '.' + table + '(' + table + ") VALUES('freeze')").Step();
    sqlite3_result_int64(context, static_cast<sqlite3_int64>(state->table.size()));
  });
}

// memkv_count(table) · (table, prefix) · (table, lo, hi) · (table, column, lo, hi)
void Count(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    constexpr char kUsage[] =
        "memkv_count(table [, prefix | , lo, hi | , column, lo, hi]): table is the name of a memkv table";
    const auto state = ConnectionOf(context).Lookup(TextArgument(argv[0], kUsage));
    const Schema& schema = state->schema;
    const View view = state->table.Latest();
    KeyRange range;
    auto bound = [&](CompareOp op, sqlite3_value* v) {
      if (sqlite3_value_type(v) == SQLITE_NULL) return;
      const Converted converted = Converted::Compared(v, schema.key_column().affinity);
      range = Intersect(std::move(range), CompareRange(op, converted.datum()));
    };
    if (argc == 2 && sqlite3_value_type(argv[1]) != SQLITE_NULL) {
      const Converted prefix = Converted::Compared(argv[1], Affinity::kText);
      range = PrefixRange(prefix.datum().kind == Datum::kBlob ? kBlobTag : kTextTag, prefix.datum().bytes);
    } else if (argc == 3) {
      bound(CompareOp::kGreaterEqual, argv[1]);
      bound(CompareOp::kLess, argv[2]);
    } else if (argc == 4) {
      throw SqlError(SQLITE_ERROR, "memkv_count: " + Shown(TextArgument(argv[1], kUsage)) + " is not an INDEXED column of " +
                                       Shown(schema.table));
    }
    uint64_t lo = 0, hi = view.size();
    if (range.empty()) {
      hi = 0;
    } else {
      if (!range.lo.empty()) Check(view.Rank(range.lo, &lo));
      if (range.hi) Check(view.Rank(*range.hi, &hi));
    }
    sqlite3_result_int64(context, static_cast<sqlite3_int64>(hi - lo));
  });
}

void File(sqlite3_context* context, int, sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    auto* path = new std::string(TextArgument(argv[0], "memkv_file(path): path is the name of a file"));
    sqlite3_result_pointer(context, path, kFilePointer, [](void* p) { delete static_cast<std::string*>(p); });
  });
}

struct FunctionEntry {
  const char* name;
  int argc;
  int flags;
  void (*function)(sqlite3_context*, int, sqlite3_value**) noexcept;
  bool files;
};

constexpr int kPure = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
constexpr int kReads = SQLITE_UTF8;
constexpr int kDirect = SQLITE_UTF8 | SQLITE_DIRECTONLY;

constexpr FunctionEntry kFunctions[] = {
    {"memkv_version", 0, kPure, &Version, false}, {"memkv_debug", 0, kPure, &Debug, false},
    {"has_prefix", 2, kPure, &HasPrefix, false},  {"memkv_count", 1, kReads, &Count, false},
    {"memkv_count", 2, kReads, &Count, false},    {"memkv_count", 3, kReads, &Count, false},
    {"memkv_count", 4, kReads, &Count, false},    {"memkv_freeze", 1, kDirect, &Freeze, false},
    {"memkv_file", 1, kDirect, &File, true},
};

}  // namespace

void HasPrefix(sqlite3_context* context, int, sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL || sqlite3_value_type(argv[1]) == SQLITE_NULL) return;
    const Datum v = ToDatum(argv[0]);
    const Converted prefix = Converted::Compared(argv[1], Affinity::kText);
    sqlite3_result_int(context, v.kind == prefix.datum().kind && v.bytes.starts_with(prefix.datum().bytes));
  });
}

int RegisterFunctions(const std::shared_ptr<Connection>& connection, bool with_files) {
  for (const FunctionEntry& f : kFunctions) {
    if (f.files && !with_files) continue;
    auto* context = new std::shared_ptr<Connection>(connection);
    const int rc = sqlite3_create_function_v2(connection->db(), f.name, f.argc, f.flags, context, f.function, nullptr, nullptr,
                                              [](void* p) { delete static_cast<std::shared_ptr<Connection>*>(p); });
    if (rc != SQLITE_OK) return rc;
  }
  return SQLITE_OK;
}

}  // namespace memkv::sql
