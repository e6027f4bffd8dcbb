// A virtual table that does nothing: it takes what it is asked, and answers with one row for a key,
// or with as many as it is told. What SQLite itself costs a statement on a virtual table.

#ifndef MEMKV_BENCH_EMPTY_TABLE_H_
#define MEMKV_BENCH_EMPTY_TABLE_H_

#include <sqlite3.h>

#include <cstdlib>
#include <string>

namespace memkv::bench {

// CREATE VIRTUAL TABLE … USING empty(ROWS, BYTES): BYTES are those of each key.
struct EmptyTable : sqlite3_vtab {
  sqlite3_int64 rows = 0;
  std::string key;

  struct Cursor : sqlite3_vtab_cursor {
    sqlite3_int64 left;
  };

  static int Connect(sqlite3* db, void*, int n, const char* const* words, sqlite3_vtab** out,
                     char**) {
    auto* const table = new EmptyTable{};
    if (n > 3) table->rows = std::atoll(words[3]);
    if (n > 4) table->key.assign(std::strtoul(words[4], nullptr, 10), 'k');
    *out = table;
    return sqlite3_declare_vtab(db, "CREATE TABLE t(key TEXT PRIMARY KEY, value) WITHOUT ROWID");
  }
  static int Disconnect(sqlite3_vtab* v) { return delete static_cast<EmptyTable*>(v), SQLITE_OK; }
  // Whatever is asked of the key is taken for granted.
  static int BestIndex(sqlite3_vtab*, sqlite3_index_info* info) {
    int next = 0;
    info->estimatedCost = 10;
    info->estimatedRows = 10;
    for (int i = 0; i < info->nConstraint; ++i) {
      if (!info->aConstraint[i].usable || info->aConstraint[i].iColumn != 0) continue;
      info->aConstraintUsage[i] = {++next, 1};
      if (info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
      info->estimatedCost = 1;
      info->estimatedRows = 1;
      info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    }
    info->orderByConsumed = 1;
    info->idxNum = info->idxFlags == SQLITE_INDEX_SCAN_UNIQUE;
    return SQLITE_OK;
  }
  static int Open(sqlite3_vtab*, sqlite3_vtab_cursor** out) {
    *out = new Cursor{};
    return SQLITE_OK;
  }
  static int Close(sqlite3_vtab_cursor* c) { return delete static_cast<Cursor*>(c), SQLITE_OK; }
  static int Filter(sqlite3_vtab_cursor* c, int one, const char*, int n, sqlite3_value** keys) {
    sqlite3_int64& left = static_cast<Cursor*>(c)->left;
    left = one ? 1 : static_cast<EmptyTable*>(c->pVtab)->rows;
    if (n > 0 && sqlite3_value_blob(keys[0]) == nullptr) left = 0;
    return SQLITE_OK;
  }
  static int Next(sqlite3_vtab_cursor* c) {
    --static_cast<Cursor*>(c)->left;
    return SQLITE_OK;
  }
  static int Eof(sqlite3_vtab_cursor* c) { return static_cast<Cursor*>(c)->left == 0; }
  static int Column(sqlite3_vtab_cursor* c, sqlite3_context* out, int column) {
    if (column == 0) {
      sqlite3_result_text(out, static_cast<EmptyTable*>(c->pVtab)->key.c_str(), -1,
                          SQLITE_TRANSIENT);
    } else {
      sqlite3_result_int64(out, 1);
    }
    return SQLITE_OK;
  }
  static int Rowid(sqlite3_vtab_cursor*, sqlite3_int64*) { return SQLITE_OK; }
  static int Update(sqlite3_vtab*, int, sqlite3_value**, sqlite3_int64*) { return SQLITE_OK; }

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
