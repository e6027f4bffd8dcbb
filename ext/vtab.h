// The one place where C++ meets SQLite's C virtual-table ABI.
//
// A module is a plain class; ModuleOf<T>() reads its shape at compile time and fills in the
// sqlite3_module. Methods take and return C++ types and throw on failure; nothing is ever thrown
// past Guard():
//
//   std::bad_alloc  -> SQLITE_NOMEM
//   SqlError        -> its code; its text, unless empty, as the error message
//   anything else   -> SQLITE_INTERNAL
//
// A message is made well-formed here, since bindings decode it: what SQLite says of a name that is
// no UTF-8 is passed on in it.
//
// See https://www.sqlite.org/vtab.html. Nothing here knows about keys or trees.

#ifndef MEMKV_EXT_VTAB_H_
#define MEMKV_EXT_VTAB_H_

#include <concepts>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>

#ifdef SQLITE_CORE
#include <sqlite3.h>  // linked into the host: its own header says what it has
#else
#include "ext/sqlite/sqlite3ext.h"
SQLITE_EXTENSION_INIT3
#endif

namespace memkv::sql {

// An error with an SQLite result code. what() is shown to the user verbatim.
class SqlError : public std::exception {
 public:
  SqlError(int code, std::string message) : code_(code), message_(std::move(message)) {}
  int code() const noexcept { return code_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  int code_;
  std::string message_;
};

// The arguments of CREATE VIRTUAL TABLE schema.table USING module(args...).
struct CreateArgs {
  sqlite3* db;
  void* context;  // what the module was registered with
  const char* schema;
  const char* table;
  std::span<const char* const> args;
};

// A copy of a message for SQLite, to be freed by it: well-formed UTF-8, and of no more than a few
// KiB. Null if it cannot be allocated.
char* NewMessage(const char* text) noexcept;

// Runs body; an exception becomes a result code and *message (owned by SQLite; null if even that
// allocation failed).
template <class Body>
int Guard(char** message, Body&& body) noexcept {
  auto say = [message](const char* text) {
    if (*text == '\0') return;
    sqlite3_free(*message);
    *message = NewMessage(text);
  };
  try {
    body();
    return SQLITE_OK;
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  } catch (const SqlError& e) {
    say(e.what());
    return e.code();
  } catch (const std::exception& e) {
    say(e.what());
    return SQLITE_INTERNAL;
  } catch (...) {
    return SQLITE_INTERNAL;
  }
}

// The same for a scalar function's body.
template <class Body>
void GuardFunction(sqlite3_context* context, Body&& body) noexcept {
  char* message = nullptr;
  const int rc = Guard(&message, std::forward<Body>(body));
  if (rc == SQLITE_NOMEM) {
    sqlite3_result_error_nomem(context);
  } else if (rc != SQLITE_OK) {
    sqlite3_result_error(context, message ? message : sqlite3_errstr(rc), -1);
    sqlite3_result_error_code(context, rc);
  }
  sqlite3_free(message);
}

// The sqlite3_module of T. T derives from sqlite3_vtab; what it may have, found by `requires`:
//
//   static std::unique_ptr<T> Create(const CreateArgs&)
//       of an ordinary table; without it T is a table-valued function
//   static std::unique_ptr<T> Connect(const CreateArgs&)
//       required
//   bool BestIndex(sqlite3_index_info&)
//       required; false: this plan is unusable
//   T::Cursor, derived from sqlite3_vtab_cursor
//       required, with a constructor from T&, Filter(int, const char*, std::span<sqlite3_value*>),
//       Next(), bool Eof(), Column(sqlite3_context*, int), Rowid(); its operator new may take a T&.
//       It may have bool FastNext(), FastColumn(sqlite3_context*, int), both noexcept: false where
//       Next(), Column() have to be called
//   void Destroy()
//       DROP TABLE; afterwards the object is deleted
//   void Update(std::span<sqlite3_value*>), sqlite3* db()
//       writable tables; with db(), last_insert_rowid() outlives an INSERT
//   Begin(), Sync(), Commit(), Rollback(), Savepoint(int), Release(int), RollbackTo(int)
//       transactional tables
//   void Rename(const char*)
//   T::Function, bool FindFunction(int argc, const char* name, Function*)
//   static bool ShadowName(const char*)
//   std::string Integrity(bool quick)
//       what is wrong; empty if all is well (SQLite 3.44 and later)
template <class T>
class ModuleOf {
  using Cursor = typename T::Cursor;
  static T* Self(sqlite3_vtab* v) { return static_cast<T*>(v); }
  static Cursor* Self(sqlite3_vtab_cursor* c) { return static_cast<Cursor*>(c); }

  // SQLite takes no message from some methods, xDestroy among them, and frees none with the object.
  static void Delete(sqlite3_vtab* v) noexcept {
    DropMessage(v);
    delete Self(v);
  }

  // What is left in the object shows with the next error of whatever kind.
  static void DropMessage(sqlite3_vtab* v) noexcept {
    sqlite3_free(v->zErrMsg);
    v->zErrMsg = nullptr;
  }

  template <auto Method, class... Args>
  static int Call(sqlite3_vtab* v, Args... args) noexcept {
    return Guard(&v->zErrMsg, [&] { (Self(v)->*Method)(args...); });
  }

  // Of the methods that SQLite takes no message from.
  template <auto Method, class... Args>
  static int CallSilently(sqlite3_vtab* v, Args... args) noexcept {
    const int rc = Call<Method>(v, args...);
    if (rc != SQLITE_OK) DropMessage(v);
    return rc;
  }

  template <std::unique_ptr<T> (*Make)(const CreateArgs&)>
  static int Open(sqlite3* db, void* context, int argc, const char* const* argv, sqlite3_vtab** out,
                  char** message) noexcept {
    return Guard(message, [&] {
      const CreateArgs args{
          db, context, argv[1], argv[2], {argv + 3, static_cast<size_t>(argc > 3 ? argc - 3 : 0)}};
      *out = Make(args).release();
    });
  }

  // Out of line, so that the fast ones before them save no registers.
  [[gnu::noinline]] static int SlowNext(Cursor* c) noexcept {
    return Guard(&c->pVtab->zErrMsg, [&] { c->Next(); });
  }
  [[gnu::noinline]] static int SlowColumn(Cursor* c, sqlite3_context* out, int n) noexcept {
    return Guard(&c->pVtab->zErrMsg, [&] { c->Column(out, n); });
  }

  static constexpr sqlite3_module Build() {
    sqlite3_module m{};
    m.iVersion = SQLITE_VERSION_NUMBER >= 3044000 ? 4 : 3;
    m.xConnect = &Open<&T::Connect>;
    if constexpr (requires(const CreateArgs& a) { T::Create(a); }) m.xCreate = &Open<&T::Create>;
    m.xDisconnect = [](sqlite3_vtab* v) noexcept {
      Delete(v);
      return SQLITE_OK;
    };
    if constexpr (requires(T & t) { t.Destroy(); }) {
      m.xDestroy = [](sqlite3_vtab* v) noexcept {
        const int rc = CallSilently<&T::Destroy>(v);
        if (rc == SQLITE_OK) Delete(v);
        return rc;
      };
    } else {
      m.xDestroy = m.xDisconnect;
    }
    m.xBestIndex = [](sqlite3_vtab* v, sqlite3_index_info* info) noexcept {
      bool usable = true;
      const int rc = Guard(&v->zErrMsg, [&] { usable = Self(v)->BestIndex(*info); });
      return rc != SQLITE_OK ? rc : usable ? SQLITE_OK : SQLITE_CONSTRAINT;
    };
    m.xOpen = [](sqlite3_vtab* v, sqlite3_vtab_cursor** out) noexcept {
      return Guard(&v->zErrMsg, [&] {
        if constexpr (requires { Cursor::operator new(sizeof(Cursor), *Self(v)); }) {
          *out = new (*Self(v)) Cursor(*Self(v));
        } else {
          *out = new Cursor(*Self(v));
        }
      });
    };
    m.xClose = [](sqlite3_vtab_cursor* c) noexcept {
      delete Self(c);
      return SQLITE_OK;
    };
    m.xFilter = [](sqlite3_vtab_cursor* c, int num, const char* str, int argc,
                   sqlite3_value** argv) noexcept {
      return Guard(&c->pVtab->zErrMsg, [&] {
        Self(c)->Filter(num, str, {argv, static_cast<size_t>(argc)});
      });
    };
    m.xNext = [](sqlite3_vtab_cursor* c) noexcept -> int {
      if constexpr (requires { Self(c)->FastNext(); }) {
        if (Self(c)->FastNext()) return SQLITE_OK;
      }
      return SlowNext(Self(c));
    };
    m.xEof = [](sqlite3_vtab_cursor* c) noexcept -> int { return Self(c)->Eof(); };
    m.xColumn = [](sqlite3_vtab_cursor* c, sqlite3_context* out, int n) noexcept -> int {
      if constexpr (requires { Self(c)->FastColumn(out, n); }) {
        if (Self(c)->FastColumn(out, n)) return SQLITE_OK;
      }
      return SlowColumn(Self(c), out, n);
    };
    m.xRowid = [](sqlite3_vtab_cursor* c, sqlite3_int64* out) noexcept {
      return Guard(&c->pVtab->zErrMsg, [&] { *out = Self(c)->Rowid(); });
    };
    if constexpr (requires(T & t, std::span<sqlite3_value*> a) { t.Update(a); }) {
      m.xUpdate = [](sqlite3_vtab* v, int argc, sqlite3_value** argv,
                     sqlite3_int64* rowid) noexcept {
        return Guard(&v->zErrMsg, [&] {
          Self(v)->Update({argv, static_cast<size_t>(argc)});
          if constexpr (requires(T & t) { t.db(); })
            *rowid = sqlite3_last_insert_rowid(Self(v)->db());
        });
      };
    }
    if constexpr (requires(T & t) { t.Begin(), t.Sync(), t.Commit(), t.Rollback(); }) {
      m.xBegin = [](sqlite3_vtab* v) noexcept { return Call<&T::Begin>(v); };
      m.xSync = [](sqlite3_vtab* v) noexcept { return Call<&T::Sync>(v); };
      m.xCommit = [](sqlite3_vtab* v) noexcept { return Call<&T::Commit>(v); };
      m.xRollback = [](sqlite3_vtab* v) noexcept { return Call<&T::Rollback>(v); };
    }
    if constexpr (requires(T & t) { t.Savepoint(0), t.Release(0), t.RollbackTo(0); }) {
      m.xSavepoint = [](sqlite3_vtab* v, int n) noexcept {
        return CallSilently<&T::Savepoint>(v, n);
      };
      m.xRelease = [](sqlite3_vtab* v, int n) noexcept { return CallSilently<&T::Release>(v, n); };
      m.xRollbackTo = [](sqlite3_vtab* v, int n) noexcept {
        return CallSilently<&T::RollbackTo>(v, n);
      };
    }
    if constexpr (requires(T & t, const char* s) { t.Rename(s); }) {
      m.xRename = [](sqlite3_vtab* v, const char* s) noexcept { return Call<&T::Rename>(v, s); };
    }
    if constexpr (requires { typename T::Function; }) {
      m.xFindFunction = [](sqlite3_vtab* v, int argc, const char* name,
                           void (**function)(sqlite3_context*, int, sqlite3_value**),
                           void** context) noexcept -> int {
        typename T::Function found{};
        if (!Self(v)->FindFunction(argc, name, &found)) return 0;
        *function = found.function;
        *context = found.context;
        return found.op;
      };
    }
    if constexpr (requires(const char* s) {
                    { T::ShadowName(s) } -> std::same_as<bool>;
                  }) {
      m.xShadowName = [](const char* s) noexcept -> int { return T::ShadowName(s); };
    }
#if SQLITE_VERSION_NUMBER >= 3044000
    if constexpr (requires(T & t) { t.Integrity(true); }) {
      m.xIntegrity = [](sqlite3_vtab* v, const char*, const char*, int flags,
                        char** wrong) noexcept {
        return Guard(wrong, [&] {
          const std::string text = Self(v)->Integrity(flags & 1);
          if (!text.empty() && (*wrong = NewMessage(text.c_str())) == nullptr)
            throw std::bad_alloc();
        });
      };
    }
#endif
    return m;
  }

 public:
  static constexpr sqlite3_module kModule = Build();
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_VTAB_H_
