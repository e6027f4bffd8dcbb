// A case: tables of random columns and the steps that are taken with them, on a database where some
// of the tables are memkv's and on its twin, where all are plain.

#ifndef MEMKV_TESTS_RANDOM_STATEMENT_CASE_H_
#define MEMKV_TESTS_RANDOM_STATEMENT_CASE_H_

#include <string>
#include <vector>

#include "tests/random/statement_sql.h"
#include "tests/sql/db.h"

namespace memkv::test {

struct Column {
  std::string name, type;
  bool not_null = false, indexed = false;

  bool operator==(const Column&) const = default;
};

struct Table {
  std::string name, schema;  // main, temp, aux
  bool memkv = true;
  std::vector<Column> columns;  // the first are the key
  size_t key_columns = 1;
  std::vector<std::vector<size_t>> indexes;  // of several columns, beside those of INDEXED ones

  std::string Create(bool as_memkv, bool durable) const;
  // The columns of the key, each behind `prefix`.
  std::vector<std::string> Key(const std::string& prefix) const;
  // Ordinary indexes for its own.
  std::vector<std::string> CreateIndexes() const;
};

// The dialect of the regexp() that the host has. kModule is memkv_regexp's.
enum class Regexp { kModule, kPlain, kFoldsCase, kMultiLine, kIgnoresBlanks };

struct Step {
  enum Kind {
    kRun,         // on both sides
    kMemkv,       // on the memkv side: commands, which change no row
    kDisconnect,  // every virtual table of the connection
    kPrepare,     // a statement that is kept in `slot`, run with the parameters
    kAgain,       // the statement in `slot`, with other parameters
    kOpen,        // a query in `slot` that stays open after its first row
    kNext,        // the next row of the query in `slot`
    kClose,       // the other rows of the query in `slot`
    kReopen,      // a database in a file is closed and opened again
  };
  // How the rows of a query compare. Without a total order the rows are a multiset; with a LIMIT
  // as well, only their number is promised.
  enum Rows { kInOrder, kInAnyOrder, kCount };

  Kind kind = kRun;
  int connection = 0;
  Sql sql;
  Rows rows = kInAnyOrder;
  bool writes = false;          // rows: then changes() is its own
  bool sets_aggregate = false;  // an UPDATE ... FROM that has the one row of an aggregate
  Row parameters;
  int slot = 0;
  // kOpen: how many of the last columns are what the rows are ordered by, and whether down.
  int order_columns = 0;
  bool descending = false;

  std::string Text(For side) const { return sql.Text(side); }
};

struct Case {
  enum Way {
    kNeverFrozen,
    kFrozen,        // now and then
    kNotConnected,  // before each statement every virtual table is disconnected
    kReconnected,   // after each
  };
  // How the virtual tables are disconnected.
  enum Disconnect { kReset, kRolledBackDdl, kOtherConnection };

  Way way = kNeverFrozen;
  Disconnect disconnect = kReset;
  bool file = false;     // a WAL database with two connections, else one in memory
  bool durable = false;  // in memory: with shadow tables nevertheless
  Regexp regexp = Regexp::kPlain;
  bool case_sensitive_like = false;
  std::vector<Table> tables;
  std::vector<Step> steps;

  // As a script for the SQLite shell, for the memkv side.
  std::string ToString() const;
};

const char* NameOf(Case::Way way);
const char* NameOf(Case::Disconnect disconnect);
const char* NameOf(Regexp regexp);

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_STATEMENT_CASE_H_
