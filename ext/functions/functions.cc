#include "ext/functions/functions.h"

#include <optional>
#include <string>

#include "core/index_key.h"
#include "core/query/url.h"
#include "core/range.h"
#include "ext/affinity.h"
#include "ext/functions/arguments.h"
#include "ext/functions/export.h"
#include "ext/functions/export_keys.h"
#include "ext/functions/flame.h"
#include "ext/memkv.h"
#include "ext/sqlite.h"
#include "ext/walk/index_of_view.h"
#include "ext/walk/narrow.h"

namespace memkv::sql {
namespace {

Connection& ConnectionOf(sqlite3_context* context) {
  return Connection::Of(sqlite3_user_data(context));
}

Arguments ArgumentsOf(const char* signature, int argc, sqlite3_value** argv) {
  return Arguments(signature, {argv, static_cast<size_t>(argc)});
}

void Version(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    ArgumentsOf("memkv_version()", argc, argv).CheckCount(0, 0);
    sqlite3_result_text(context, MEMKV_VERSION, -1, SQLITE_STATIC);
  });
}

void Debug(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    ArgumentsOf("memkv_debug()", argc, argv).CheckCount(0, 0);
    std::string text = "memkv " MEMKV_VERSION;
#if defined(__clang__)
    text += ", clang " __clang_version__;
#elif defined(__GNUC__)
    text += ", gcc " __VERSION__;
#endif
#if defined(MEMKV_SCALAR)
    text += ", scalar";
#elif defined(__SSE2__)
    text += ", x86-64 SSE2";
#elif defined(__ARM_NEON) && defined(__aarch64__)
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
void Freeze(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    const Arguments args = ArgumentsOf("memkv_freeze(table)", argc, argv);
    args.CheckCount(1, 1);
    Connection& connection = ConnectionOf(context);
    const auto state = args.Table(connection).state;
    const std::string table = QuoteName(state->schema.table);
    Statement(connection.db(), "INSERT INTO " + QuoteName(state->schema_name) + '.' + table + '(' +
                                   table + ") VALUES('freeze')")
        .Step();
    sqlite3_result_int64(context, static_cast<sqlite3_int64>(state->table.size()));
  });
}

// The rows with lo <= c < hi, c being the first column of an index; NULL is no bound.
uint64_t CountIn(const NamedTable& table, size_t index, sqlite3_value* lo, sqlite3_value* hi) {
  const WalkedIndex walked(table.schema(), index);
  KeyRange range;  // without bounds every row counts, those with NULL too
  const auto bound = [&](CompareOp op, sqlite3_value* v) {
    if (sqlite3_value_type(v) == SQLITE_NULL) return;
    const Converted converted = Converted::Compared(v, walked.AffinityOf(0));
    range = Intersect(std::move(range), walked.CodecOf(0).compared(op, converted.datum()));
  };
  bound(CompareOp::kGreaterEqual, lo);
  bound(CompareOp::kLess, hi);
  return IndexOfView(table.view, index).CountIn(range);
}

// memkv_count(table) · (table, prefix) · (table, lo, hi) · (table, column, lo, hi)
void Count(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    const Arguments args =
        ArgumentsOf("memkv_count(table [, prefix | , lo, hi | , column, lo, hi])", argc, argv);
    args.CheckCount(1, 4);
    const NamedTable table = args.Table(ConnectionOf(context));
    const Schema& schema = table.schema();
    uint64_t count = table.view.size();
    if (argc == 2 && sqlite3_value_type(argv[1]) != SQLITE_NULL) {
      const Converted prefix = Converted::Compared(argv[1], Affinity::kText);
      const KeyTag tag = prefix.datum().kind == Datum::kBlob ? kBlobTag : kTextTag;
      count =
          IndexOfView(table.view, 0)
              .CountIn(WalkedIndex(schema, 0).CodecOf(0).with_prefix(tag, prefix.datum().bytes));
    } else if (argc == 3) {
      count = CountIn(table, 0, argv[1], argv[2]);
    } else if (argc == 4) {
      if (sqlite3_value_type(argv[1]) != SQLITE_TEXT)
        args.Fail("column is the name of an INDEXED column");
      const Bytes name = ToDatum(argv[1]).bytes;
      size_t i = 0;
      while (i < schema.indexes.size() && !SameName(schema.indexes[i].name, name)) ++i;
      if (i == schema.indexes.size())
        args.Fail(Shown(name) + " is neither an INDEXED column nor an INDEX of " +
                  Shown(schema.table));
      count = CountIn(table, i + 1, argv[2], argv[3]);
    }
    sqlite3_result_int64(context, static_cast<sqlite3_int64>(count));
  });
}

std::string PathArgument(const Arguments& args, size_t i) {
  const Datum path = sqlite3_value_type(args[i]) == SQLITE_TEXT ? ToDatum(args[i]) : Datum::Null();
  if (path.bytes.empty() || path.bytes.find('\0') != Bytes::npos)
    args.Fail("path is the name of a file");
  return std::string(path.bytes);
}

// A function (table, path) that writes rows to a file and returns how many.
template <uint64_t (*write)(Connection&, const NamedTable&, const std::string&)>
void Export(const char* signature, sqlite3_context* context, int argc,
            sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    const Arguments args = ArgumentsOf(signature, argc, argv);
    args.CheckCount(2, 2);
    const std::string path = PathArgument(args, 1);
    Connection& connection = ConnectionOf(context);
    sqlite3_result_int64(
        context, static_cast<sqlite3_int64>(write(connection, args.Table(connection), path)));
  });
}

void ExportKeysTo(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept {
  Export<&ExportKeys>("memkv_export_keys(table, path)", context, argc, argv);
}

void ExportTo(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept {
  Export<&ExportFile>("memkv_export(table, path)", context, argc, argv);
}

void File(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    const Arguments args = ArgumentsOf("memkv_file(path)", argc, argv);
    args.CheckCount(1, 1);
    auto* path = new std::string(PathArgument(args, 0));
    sqlite3_result_pointer(context, path, kFilePointer,
                           [](void* p) { delete static_cast<std::string*>(p); });
  });
}

// The text of a URL; false for NULL.
bool UrlArgument(const Arguments& args, Converted* url) {
  args.CheckCount(1, 1);
  if (args.IsNull(0)) return false;
  *url = Converted::Compared(args[0], Affinity::kText);
  return true;
}

void Host(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    Converted url;
    if (!UrlArgument(ArgumentsOf("memkv_host(url)", argc, argv), &url)) return;
    if (const std::optional<std::string> host = UrlHost(url.datum().bytes))
      SetResult(context, Datum::Text(*host));
  });
}

void Surt(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    Converted url;
    if (!UrlArgument(ArgumentsOf("memkv_surt(url)", argc, argv), &url)) return;
    SetResult(context, Datum::Text(UrlSurt(url.datum().bytes)));
  });
}

// memkv_after(prefix): the least TEXT or BLOB past everything that begins with prefix, which is of
// the prefix's class if there is one: BLOBs come after TEXT. Bytewise, so that it holds for any
// bytes: a TEXT that comes of it may be no well-formed UTF-8.
void After(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    const Arguments args = ArgumentsOf("memkv_after(prefix)", argc, argv);
    args.CheckCount(1, 1);
    if (args.IsNull(0)) return;
    const Converted prefix = Converted::Compared(args[0], Affinity::kText);
    const bool text = prefix.datum().kind == Datum::kText;
    const std::optional<std::string> next = PrefixSuccessor(prefix.datum().bytes);
    if (next) return SetResult(context, text ? Datum::Text(*next) : Datum::Blob(*next));
    if (text) SetResult(context, Datum::Blob(""));
  });
}

// Functions take any number of arguments and say themselves which they take.
constexpr int kAnyCount = -1;

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
    {"has_prefix", kAnyCount, kPure, &HasPrefix, false},
    {"memkv_after", kAnyCount, kPure, &After, false},
    {"memkv_count", kAnyCount, kReads, &Count, false},
    {"memkv_debug", kAnyCount, kPure, &Debug, false},
    {"memkv_export", kAnyCount, kDirect, &ExportTo, true},
    {"memkv_export_keys", kAnyCount, kDirect, &ExportKeysTo, true},
    {"memkv_file", kAnyCount, kDirect, &File, true},
    {"memkv_flame", kAnyCount, kReads, &Flame, false},
    {"memkv_freeze", kAnyCount, kDirect, &Freeze, false},
    {"memkv_host", kAnyCount, kPure, &Host, false},
    {"memkv_surt", kAnyCount, kPure, &Surt, false},
    {"memkv_version", kAnyCount, kPure, &Version, false},
};

}  // namespace

void HasPrefix(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    ArgumentsOf("has_prefix(key, prefix)", argc, argv).CheckCount(2, 2);
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL || sqlite3_value_type(argv[1]) == SQLITE_NULL)
      return;
    const Datum v = ToDatum(argv[0]);
    const Converted prefix = Converted::Compared(argv[1], Affinity::kText);
    sqlite3_result_int(context,
                       v.kind == prefix.datum().kind && v.bytes.starts_with(prefix.datum().bytes));
  });
}

int RegisterFunctions(const std::shared_ptr<Connection>& connection, bool with_files) {
  for (const FunctionEntry& f : kFunctions) {
    if (f.files && !with_files) continue;
    auto* context = new std::shared_ptr<Connection>(connection);
    const int rc = sqlite3_create_function_v2(
        connection->db(), f.name, f.argc, f.flags, context, f.function, nullptr, nullptr,
        [](void* p) { delete static_cast<std::shared_ptr<Connection>*>(p); });
    if (rc != SQLITE_OK) return rc;
  }
  return SQLITE_OK;
}

}  // namespace memkv::sql
