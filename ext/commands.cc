#include "ext/commands.h"

#include "core/range.h"
#include "ext/affinity.h"
#include "ext/functions/arguments.h"
#include "ext/functions/functions.h"
#include "ext/poller.h"
#include "ext/sqlite.h"
#include "ext/walk/narrow.h"

namespace memkv::sql {
namespace {

struct Call {
  Connection& connection;
  TableState& state;
  std::span<sqlite3_value*> columns;

  sqlite3_value* key() const { return columns[state.schema.key[0]]; }
  Session::Poll Poll() const {
    return [stop = NewPoll(connection.db()), p = &state.progress](uint64_t done, uint64_t total) {
      p->Set(done, total);
      return stop();
    };
  }
};

void DeletePrefix(const Call& call) {
  const Converted prefix = Converted::Compared(call.key(), Affinity::kText);
  if (prefix.datum().kind != Datum::kText && prefix.datum().kind != Datum::kBlob) {
    throw SqlError(SQLITE_ERROR,
                   "memkv: 'delete-prefix' takes a TEXT or BLOB prefix in the key column");
  }
  const KeyTag tag = prefix.datum().kind == Datum::kBlob ? kBlobTag : kTextTag;
  const KeyRange range =
      WalkedIndex(call.state.schema, 0).CodecOf(0).with_prefix(tag, prefix.datum().bytes);
  uint64_t erased;
  Check(call.state.table.EraseRange(
      range.lo, range.hi ? std::optional<Bytes>(*range.hi) : std::nullopt, call.Poll(), &erased));
}

void Import(const Call& call) {
  const auto* path =
      static_cast<const std::string*>(sqlite3_value_pointer(call.key(), kFilePointer));
  if (path == nullptr) throw SqlError(SQLITE_ERROR, "memkv: 'import' takes memkv_file(path)");
  ImportFile(call.connection, call.state, *path);
}

void Freeze(const Call& call) {
  const Progress::Scope scope(call.state.progress, "freeze");
  Check(call.state.table.Freeze(call.Poll()));
}

void Merge(const Call& call) {
  constexpr int64_t kMiB = int64_t{1} << 20, kMost = int64_t{1} << 20;
  const Datum given = ToDatum(call.columns[call.state.schema.rank_column()]);
  const std::optional<int64_t> budget = WholeNumber(given);
  if (!budget || *budget < 1 || *budget > kMost) {
    throw SqlError(SQLITE_ERROR,
                   "memkv: 'merge' takes a number of MiB in the rank column (given: " +
                       ShownValue(given) + ", allowed: 1 to " + std::to_string(kMost) + ")");
  }
  const Progress::Scope scope(call.state.progress, "merge");
  call.state.Merge(static_cast<uint64_t>(*budget * kMiB), call.Poll());
}

void CheckIntegrity(const Call& call) {
  const Progress::Scope scope(call.state.progress, "integrity-check");
  Check(call.state.table.Settle(call.Poll()));
  Check(call.state.table.Verify(call.Poll()));
  call.state.VerifyStored();
}

struct Command {
  std::string_view name;
  bool writes;  // may change rows
  void (*run)(const Call&);
};

constexpr Command kCommands[] = {
    {"add", true, [](const Call& call) { AddToRow(call.connection, call.state, call.columns); }},
    {"delete-prefix", true, &DeletePrefix},
    {"freeze", false, &Freeze},
    {"import", true, &Import},
    {"integrity-check", false, &CheckIntegrity},
    {"merge", false, &Merge},
    {"rebuild", false, [](const Call& call) { call.state.Rebuild(); }},
    {"truncate", true, [](const Call& call) { Check(call.state.table.Truncate()); }},
};

}  // namespace

void CheckWritable(const TableState& state) {
  if (!state.read_only()) return;
  throw SqlError(SQLITE_READONLY, "memkv: " + Shown(state.schema.table) +
                                      " is read-only (it is the file " +
                                      Shown(state.schema.file, kMostPath) + ")");
}

void RunCommand(Connection& connection, TableState& state, std::span<sqlite3_value*> columns) {
  sqlite3_value* name = columns[state.schema.command_column()];
  const Datum given = ToDatum(name);
  if (given.kind == Datum::kText) {
    for (const Command& command : kCommands) {
      if (given.bytes != command.name) continue;
      if (command.writes) CheckWritable(state);
      return command.run({connection, state, columns});
    }
  }
  std::string known;
  for (const Command& command : kCommands)
    known += (known.empty() ? "" : ", ") + std::string(command.name);
  const Converted shown = Converted::Compared(name, Affinity::kText);
  throw SqlError(SQLITE_ERROR, "memkv: unknown command " + Shown(shown.datum().bytes) +
                                   " (known: " + known + ")");
}

}  // namespace memkv::sql
