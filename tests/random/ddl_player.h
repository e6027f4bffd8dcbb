// Plays a script of the DDL twin on two databases and tells what first differs.

#ifndef MEMKV_TESTS_RANDOM_DDL_PLAYER_H_
#define MEMKV_TESTS_RANDOM_DDL_PLAYER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/random/ddl_compare.h"
#include "tests/random/ddl_script.h"
#include "tests/random/ddl_verifier.h"

namespace memkv::test {

// One of the two databases, with the connections to it.
class Side {
 public:
  // Its files begin with `files`.
  Side(const Script& script, std::string files, Load load)
      : script_(script), files_(std::move(files)), load_(load) {}
  ~Side();
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  // Opened when first asked for.
  Db& At(int connection);
  void Close(int connection) { connections_[connection].reset(); }
  void Close();
  // Begins a SELECT on the first connection, in place of the one that is open. Its first row, or
  // why there is none.
  Result Open(const std::string& sql);
  void CloseStatement() { open_.reset(); }
  // Whether it holds a write lock.
  bool Writes(int connection) const;
  // The next commit of this connection fails.
  void RefuseCommit(int connection);
  Result Reattach();

  std::string MainFile() const { return script_.main_in_memory ? ":memory:" : files_ + ".db"; }
  std::string AttachedFile() const;  // empty: there is none

 private:
  const Script& script_;
  const std::string files_;
  const Load load_;
  std::optional<Db> connections_[2];
  std::optional<Cursor> open_;
  int refuse_[2] = {0, 0};  // the next commit
};

class Player {
 public:
  // Makes its files in `folder`, and removes them.
  Player(const Script& script, const std::string& folder, Verifier& verifier);

  // What first differs; nothing if nothing does.
  Failure Play();

 private:
  Failure Do(const Step& step);
  Failure RunSql(const Step& step);
  bool MustSkip(const Step& step);
  const char* Allowed(const Step& step, const Result& ours) const;
  void ReadSchemaAgain(int connection);
  void BeginToWrite(int connection);
  Failure Finish();

  const Script& script_;
  Side ours_, theirs_;
  Verifier& verifier_;
  bool wrote_no_row_ = false;
  bool stale_schema_[2] = {false, false};  // of each connection, once its transaction is over
};

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_DDL_PLAYER_H_
