// A script of the DDL twin: statements that run on a memkv database and, beside it, on the twin's,
// in which each memkv table is a plain WITHOUT ROWID table.

#ifndef MEMKV_TESTS_RANDOM_DDL_SCRIPT_H_
#define MEMKV_TESTS_RANDOM_DDL_SCRIPT_H_

#include <cstdint>
#include <string>
#include <vector>

namespace memkv::test {

struct Step {
  enum Kind {
    kSql,
    kLook,      // the tables of both sides are compared
    kReopen,    // every connection is closed and opened again
    kReattach,  // the attached database is detached and attached again
    kRefuse,    // a commit hook refuses the next commit
    kOpen,      // a SELECT is begun, and stays open
    kClose,     // it ends
  };
  Kind kind = kSql;
  int connection = 0;
  std::string ours;          // several statements, if they are to stay together
  std::string theirs = "";   // empty: the same as ours
  std::string options = "";  // of a CREATE on our side: what stands before the last parenthesis
  // What the twin runs where theirs, an UPSERT, misses a NOT NULL column; it must find a row to
  // change. 'add' wants such a column only where it inserts, an UPSERT always.
  std::string otherwise = "";
  // A function of ours has no twin: where both sides fail, the messages differ.
  bool own_message = false;
  // It writes to a table whose name is that of a shadow table: it runs only where the twin has it,
  // since otherwise it would damage what memkv has stored.
  std::string own_shadow = "";

  std::string Ours() const;
  const std::string& Theirs() const { return theirs.empty() ? ours : theirs; }
};

struct Script {
  uint64_t seed = 0;
  bool main_in_memory = false;
  enum Attached { kNone, kFile, kMemory, kMain };  // kMain: the main database's own file
  Attached attached = kNone;                       // as aux
  std::string journal_mode = "delete";
  bool exclusive = false;            // locking_mode; there is no second connection then
  bool other_process = false;        // another process looks at the end, beside a fresh connection
  std::vector<std::string> schemas;  // that hold tables
  std::vector<Step> steps;

  std::string ToString() const;
  // What kinds of statements it has, in order: scripts that fail for one reason look alike.
  std::string Outline() const;
};

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_DDL_SCRIPT_H_
