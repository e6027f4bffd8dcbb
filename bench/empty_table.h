// The least that a virtual table can do for `WHERE key = ?`: take the key, and answer with one row.
// What SQLite itself costs a table's lookup.

#ifndef MEMKV_BENCH_EMPTY_TABLE_H_
#define MEMKV_BENCH_EMPTY_TABLE_H_

#include <sqlite3.h>

namespace memkv::bench {

struct EmptyTable {
  struct Cursor : sqlite3_vtab_cursor {
    bool row;
  };

  static int Connect(sqlite3* db, void*, int, const char* const*, sqlite3_vtab** out, char**) {
    *out = new sqlite3_vtab{};
    return sqlite3_declare_vtab(db, "CREATE TABLE t(key TEXT PRIMARY KEY, value) WITHOUT ROWID");
  }
  static int Disconnect(sqlite3_vtab* v) { return delete v, SQLITE_OK; }
  static int BestIndex(sqlite3_vtab*, sqlite3_index_info* info) {
    for (int i = 0; i < info->nConstraint; ++i) {
      if (!info->aConstraint[i].usable || info->aConstraint[i].iColumn != 0) continue;
      info->aConstraintUsage[i] = {1, 1};
      info->estimatedCost = 1;
      info->estimatedRows = 1;
      info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    }
    return SQLITE_OK;
  }
  static int Open(sqlite3_vtab*, sqlite3_vtab_cursor** out) {
    *out = new Cursor{};
    return SQLITE_OK;
  }
  static int Close(sqlite3_vtab_cursor* c) { return delete static_cast<Cursor*>(c), SQLITE_OK; }
  static int Filter(sqlite3_vtab_cursor* c, int, const char*, int n, sqlite3_value** keys) {
    static_cast<Cursor*>(c)->row = n == 1 && sqlite3_value_blob(keys[0]) != nullptr;
    return SQLITE_OK;
  }
  static int Next(sqlite3_vtab_cursor* c) {
    static_cast<Cursor*>(c)->row = false;
    return SQLITE_OK;
  }
  static int Eof(sqlite3_vtab_cursor* c) { return !static_cast<Cursor*>(c)->row; }
  static int Column(sqlite3_vtab_cursor*, sqlite3_context* out, int) {
    sqlite3_result_int64(out, 1);
    return SQLITE_OK;
  }
  static int Rowid(sqlite3_vtab_cursor*, sqlite3_int64*) { return SQLITE_OK; }
  static int Update(sqlite3_vtab*, int, sqlite3_value**, sqlite3_int64*) { return SQLITE_READONLY; }

  static void Register(sqlite3* db) {
    static const sqlite3_module module = [] {
      sqlite3_module m{};
      m.xCreate = m.xConnect = &Connect;
      m.xDestroy = m.xDisconnect = &Disconnect;
      m.xBestIndex = &BestIndex;
      m.xOpen = &Open;
      m.xClose = &Close;
      m.xFilter = &Filter;
      m.xNext = &Next;
      m.xEof = &Eof;
      m.xColumn = &Column;
      m.xRowid = &Rowid;
      m.xUpdate = &Update;
      return m;
    }();
    sqlite3_create_module_v2(db, "empty", &module, nullptr, nullptr);
  }
};

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_EMPTY_TABLE_H_
