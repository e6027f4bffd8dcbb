// Entry points: what SQLite calls when it loads memkv, and the one table of modules.

#include "ext/memkv.h"

#include <map>
#include <memory>
#include <mutex>

#include "ext/functions/flame.h"
#include "ext/functions/functions.h"
#include "ext/functions/list_table.h"
#include "ext/functions/table_function.h"
#include "ext/functions/tvf_facets.h"
#include "ext/functions/tvf_fuzzy.h"
#include "ext/functions/tvf_lookup.h"
#include "ext/functions/tvf_sets.h"
#include "ext/functions/tvf_stats.h"
#include "ext/host.h"
#include "ext/registry.h"
#include "ext/sqlite.h"
#include "ext/table.h"

#ifndef SQLITE_CORE
SQLITE_EXTENSION_INIT1
#endif

namespace memkv::sql {
namespace {

constexpr sqlite3_module kTableModule = ModuleOf<MemkvTable>::kModule;
constexpr sqlite3_module kStatsModule = ModuleOf<ListTable<StatsSpec>>::kModule;
constexpr sqlite3_module kCheckModule = ModuleOf<ListTable<CheckSpec>>::kModule;

template <class Spec>
constexpr sqlite3_module kFunctionModule = ModuleOf<TableFunction<Spec>>::kModule;

struct ModuleEntry {
  const char* name;
  const sqlite3_module* module;
};

constexpr ModuleEntry kModules[] = {
    {"memkv", &kTableModule},
    {"memkv_check", &kCheckModule},
    {"memkv_except", &kFunctionModule<ExceptSpec>},
    {"memkv_facets", &kFunctionModule<FacetsSpec>},
    {"memkv_folded", &kFunctionModule<FoldedSpec>},
    {"memkv_fuzzy", &kFunctionModule<FuzzySpec>},
    {"memkv_intersect", &kFunctionModule<IntersectSpec>},
    {"memkv_lookup", &kFunctionModule<LookupSpec>},
    {"memkv_stats", &kStatsModule},
    {"memkv_union", &kFunctionModule<UnionSpec>},
};

// Which connections are loaded, so that loading twice changes nothing. SQLite 3.44 could keep this
// itself (client data).
struct Loaded {
  std::weak_ptr<Connection> connection;
  bool with_files = false;
};
std::mutex loaded_mutex;
std::map<sqlite3*, Loaded>& LoadedConnections() {
  static auto* loaded =
      new std::map<sqlite3*, Loaded>;  // outlives every connection, whatever closes last
  return *loaded;
}

std::shared_ptr<Connection> NewConnection(sqlite3* db) {
  return std::shared_ptr<Connection>(new Connection(db), [](Connection* c) {
    {
      const std::lock_guard lock(loaded_mutex);
      auto& loaded = LoadedConnections();
      const auto at = loaded.find(c->db());
      if (at != loaded.end() && at->second.connection.expired()) loaded.erase(at);
    }
    delete c;
  });
}

void CheckResult(sqlite3* db, int rc) {
  if (rc == SQLITE_NOMEM) throw std::bad_alloc();
  if (rc != SQLITE_OK)
    throw SqlError(rc, "memkv: cannot register: " + std::string(sqlite3_errmsg(db)));
}

void Register(sqlite3* db, bool with_files) {
  const std::string refused = HostRefusal(sqlite3_libversion_number());
  if (!refused.empty()) throw SqlError(SQLITE_ERROR, refused);
  std::shared_ptr<Connection> connection;
  bool had_files = false;
  {
    const std::lock_guard lock(loaded_mutex);
    const auto at = LoadedConnections().find(db);
    if (at != LoadedConnections().end()) {
      connection = at->second.connection.lock();
      had_files = at->second.with_files;
    }
  }
  if (connection) {
    if (had_files || !with_files) return;
    CheckResult(db, RegisterFunctions(connection, true));
    connection->AllowFiles();
  } else {
    connection = NewConnection(db);
    if (with_files) connection->AllowFiles();
    for (const ModuleEntry& m : kModules) {
      CheckResult(db, sqlite3_create_module_v2(
                          db, m.name, m.module, new std::shared_ptr<Connection>(connection),
                          [](void* p) { delete static_cast<std::shared_ptr<Connection>*>(p); }));
    }
    CheckResult(db, RegisterFunctions(connection, with_files));
  }
  const std::lock_guard lock(loaded_mutex);
  LoadedConnections()[db] = {connection, with_files || had_files};
}

int Load(sqlite3* db, char** error, const sqlite3_api_routines* api, bool with_files) {
#ifndef SQLITE_CORE
  {
    // Other threads may be running in us already.
    const std::lock_guard lock(loaded_mutex);
    if (sqlite3_api != api) SQLITE_EXTENSION_INIT2(api);
  }
#else
  static_cast<void>(api);
#endif
  char* message = nullptr;
  const int rc = Guard(&message, [&] { Register(db, with_files); });
  if (error != nullptr) {
    *error = message;
  } else {
    sqlite3_free(message);
  }
#ifdef SQLITE_CORE
  return rc;
#else
  // States and threads may outlive the connection that loaded us.
  return rc == SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : rc;
#endif
}

}  // namespace
}  // namespace memkv::sql

extern "C" int sqlite3_memkv_init(sqlite3* db, char** error, const sqlite3_api_routines* api) {
  return memkv::sql::Load(db, error, api, true);
}

extern "C" int sqlite3_memkv_nofs_init(sqlite3* db, char** error, const sqlite3_api_routines* api) {
  return memkv::sql::Load(db, error, api, false);
}
