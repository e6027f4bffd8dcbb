// Poller: whether long work is to stop, asked of the host for as long as one piece of work goes on:
// a command, or the cursor of a table function.
//
// sqlite3_interrupt() is seen at every call where SQLite can tell (3.41 and later). For a progress
// handler, and for older versions, a statement of a few thousand instructions a millisecond of work
// is run: about as many as SQLite itself would run in a query, so that a handler is called as often
// as its period lets expect. SQLite counts a statement's instructions from its preparation on,
// whence it is kept from one call to the next; it goes with the Poller, which no cursor survives,
// so that it keeps no connection from closing.

#ifndef MEMKV_EXT_POLLER_H_
#define MEMKV_EXT_POLLER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "ext/sqlite.h"

namespace memkv::sql {

class Poller {
 public:
  explicit Poller(sqlite3* db) : db_(db), last_(Clock::now()) {}
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Whether to stop. Cheap: runs the statement only if some time has passed since it last did.
  bool Stop();
  // Throws SqlError (SQLITE_INTERRUPT) if so.
  void Check() {
    if (Stop()) Throw(Status::Interrupted());
  }

 private:
  using Clock = std::chrono::steady_clock;

  sqlite3* const db_;
  Clock::time_point last_;  // when the statement was run, or the work began
  std::unique_ptr<Statement> tick_;
};

// A Poller as a function, of which copies may be made; the last one takes it along.
inline std::function<bool()> NewPoll(sqlite3* db) {
  return [poller = std::make_shared<Poller>(db)] { return poller->Stop(); };
}

}  // namespace memkv::sql

#endif  // MEMKV_EXT_POLLER_H_
