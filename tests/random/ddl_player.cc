#include "tests/random/ddl_player.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

namespace memkv::test {
namespace {

constexpr const char* kCheckpoint = "PRAGMA main.wal_checkpoint";

// Commands that change no row write all the same, or not; the twin's stand-in never does.
bool MayWriteNoRow(const std::string& sql) {
  constexpr const char* kCommands[] = {"'freeze'", "'merge'", "'rebuild'", "memkv_freeze("};
  return std::any_of(std::begin(kCommands), std::end(kCommands),
                     [&](const char* c) { return sql.find(c) != std::string::npos; });
}

}  // namespace

Side::~Side() {
  Close();
  std::error_code ignored;
  for (const std::string& file : {files_ + ".db", files_ + ".aux"}) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
      std::filesystem::remove(file + suffix, ignored);
  }
}

std::string Side::AttachedFile() const {
  if (script_.attached == Script::kNone) return "";
  if (script_.attached == Script::kMain) return MainFile();
  return script_.attached == Script::kMemory ? ":memory:" : files_ + ".aux";
}

Db& Side::At(int connection) {
  std::optional<Db>& db = connections_[connection];
  if (db) return *db;
  db.emplace(MainFile(), load_);
  // One that finds the file locked does without.
  const std::string mode = "journal_mode = " + script_.journal_mode;
  db->Run("PRAGMA temp_store = memory; PRAGMA synchronous = off; PRAGMA " + mode);
  if (script_.exclusive) db->Run("PRAGMA locking_mode = exclusive");
  // The second connection does without another way to the same file.
  if (script_.attached == Script::kNone || (script_.attached == Script::kMain && connection == 1))
    return *db;
  db->Exec("ATTACH '" + AttachedFile() + "' AS aux");
  db->Run("PRAGMA aux.synchronous = off; PRAGMA aux." + mode);
  return *db;
}

bool Side::Writes(int connection) const {
  const std::optional<Db>& db = connections_[connection];
  return db && sqlite3_txn_state(db->handle(), nullptr) == SQLITE_TXN_WRITE;
}

void Side::RefuseCommit(int connection) {
  refuse_[connection] = 1;
  sqlite3_commit_hook(
      At(connection).handle(),
      [](void* refuse) { return std::exchange(*static_cast<int*>(refuse), 0); },
      &refuse_[connection]);
}

Result Side::Open(const std::string& sql) {
  open_.reset();
  Db& db = At(0);
  Result result;
  try {
    open_.emplace(db, sql);
    result.code = open_->Step();
  } catch (const std::runtime_error&) {
    result.code = sqlite3_extended_errcode(db.handle());
  }
  if (result.code == SQLITE_ROW) {
    result.rows.push_back(open_->row());
  } else if (result.code != SQLITE_DONE) {
    result.message = sqlite3_errmsg(db.handle());
  }
  if (result.code != SQLITE_ROW) open_.reset();
  return result;
}

void Side::Close() {
  open_.reset();
  for (const int connection : {0, 1}) Close(connection);
}

Result Side::Reattach() {
  const Result result = At(0).Run("DETACH aux");
  return result.ok() ? At(0).Run("ATTACH '" + AttachedFile() + "' AS aux") : result;
}

Player::Player(const Script& script, const std::string& folder, Verifier& verifier)
    : script_(script),
      ours_(script, folder + "/memkv" + std::to_string(script.seed), Load::kModule),
      theirs_(script, folder + "/twin" + std::to_string(script.seed), Load::kNothing),
      verifier_(verifier) {}

Failure Player::Play() {
  try {
    for (size_t i = 0; i < script_.steps.size(); ++i) {
      Failure failure = Do(script_.steps[i]);
      if (!failure) continue;
      failure.text = "step " + std::to_string(i + 1) + ": " + failure.text;
      return failure;
    }
    return Finish();
  } catch (const std::exception& e) {
    return {"exception", e.what()};
  }
}

Failure Player::Do(const Step& step) {
  switch (step.kind) {
    case Step::kLook:
      if (step.connection == 0) return CompareTables(ours_.At(0), theirs_.At(0), script_.schemas);
      return CompareTables(ours_.At(1), theirs_.At(1), {"main"});
    case Step::kReopen:
      ours_.Close();
      theirs_.Close();
      stale_schema_[0] = stale_schema_[1] = false;
      return {};
    case Step::kReattach:
      if (script_.attached == Script::kNone) return {};
      return CompareResults("DETACH aux; ATTACH ...", ours_.Reattach(), theirs_.Reattach());
    case Step::kRefuse:
      for (Side* side : {&ours_, &theirs_}) side->RefuseCommit(step.connection);
      return {};
    case Step::kOpen:
      return CompareResults(step.ours, ours_.Open(step.ours), theirs_.Open(step.ours));
    case Step::kClose:
      for (Side* side : {&ours_, &theirs_}) side->CloseStatement();
      return {};
    case Step::kSql:
      return RunSql(step);
  }
  return {};
}

// Two steps that could not be played alike on both sides.
bool Player::MustSkip(const Step& step) {
  // What a statement comes to while another connection writes depends on when the locks are taken,
  // which differs on the side that keeps its rows in more tables.
  const int other = 1 - step.connection;
  if (ours_.Writes(other) || theirs_.Writes(other)) return true;
  // A checkpoint is refused in a transaction that has read anything, as connecting a memkv table
  // does.
  if (step.ours == kCheckpoint &&
      !(ours_.At(step.connection).autocommit() && theirs_.At(step.connection).autocommit())) {
    return true;
  }
  if (step.own_shadow.empty() ||
      theirs_.At(step.connection).Run("SELECT 1 FROM " + step.own_shadow).ok()) {
    return false;
  }
  // See Step. The twin has read the schema anew to find that there is no such table: so does ours.
  ours_.At(step.connection).Run("SELECT 1 FROM " + step.own_shadow + "_of_none");
  return true;
}

// Why our side may refuse what the twin would do; null if it may not.
const char* Player::Allowed(const Step& step, const Result& ours) const {
  if (ours.code == SQLITE_BUSY_SNAPSHOT && wrote_no_row_)
    return "a write on a snapshot that is older than a command of the other connection";
  if ((ours.code & 0xFF) == SQLITE_ABORT && stale_schema_[step.connection])
    return "a statement in whose course SQLite found that it had not taken back a failed CREATE";
  if (ours.code != SQLITE_ERROR) return nullptr;
  // Where memkv has, or would have, its shadow tables there can be no table of the user's own.
  constexpr const char* kSuffixes[] = {"_log", "_memory", "_meta", "_segment"};
  if (std::none_of(std::begin(kSuffixes), std::end(kSuffixes), [&](const char* suffix) {
        return ours.message.find(suffix) != std::string::npos;
      })) {
    return nullptr;
  }
  if (step.ours.starts_with("CREATE VIRTUAL TABLE") &&
      ours.message.ends_with(", where it would keep its rows, exists already")) {
    return "CREATE where a table is named like a shadow table";
  }
  if (step.ours.starts_with("ALTER TABLE") &&
      ours.message.starts_with("there is already another table or index with this name: ")) {
    return "RENAME to where a table is named like a shadow table";
  }
  if (step.ours.starts_with("CREATE TABLE") && ours.message.ends_with(" already exists")) {
    return "CREATE of a table named like a shadow table that is there";
  }
  return nullptr;
}

// Two cases in which SQLite itself holds a schema that is not the file's once a transaction is over
// (any module's, and plain tables; seen up to 3.53.2). It forgets to take back the schema's number
// when a CREATE VIRTUAL TABLE fails, so that the next DDL of another connection goes unseen; and at
// a RESET that the schema was changed before it, so that a ROLLBACK leaves the changed one.
void Player::ReadSchemaAgain(int connection) {
  for (Side* side : {&ours_, &theirs_}) side->At(connection).Exec("PRAGMA writable_schema = RESET");
  stale_schema_[connection] = false;
}

// What was refused on our side alone has begun to write there: so does the twin.
void Player::BeginToWrite(int connection) {
  for (const std::string& schema : script_.schemas) {
    sqlite3* db = ours_.At(connection).handle();
    if (sqlite3_txn_state(db, schema.c_str()) != SQLITE_TXN_WRITE) continue;
    theirs_.At(connection)
        .Run("CREATE TABLE " + schema +
             ".e AS SELECT abs(-9223372036854775808)");  // fails as it runs
  }
}

Failure Player::RunSql(const Step& step) {
  if (MustSkip(step)) return {};
  Db& ours = ours_.At(step.connection);
  Db& theirs = theirs_.At(step.connection);
  Result our_result = ours.Run(step.Ours());
  const bool refused = Allowed(step, our_result) != nullptr;
  if ((!our_result.ok() && step.ours.starts_with("CREATE VIRTUAL TABLE")) ||
      step.ours == "PRAGMA writable_schema = RESET") {
    stale_schema_[step.connection] = !ours.autocommit();
  }
  if (our_result.ok() && MayWriteNoRow(step.ours)) wrote_no_row_ = true;
  if (refused) {
    BeginToWrite(step.connection);
  } else {
    Result their_result = theirs.Run(step.Theirs());
    if (their_result.code == SQLITE_CONSTRAINT_NOTNULL && our_result.code != their_result.code &&
        !step.otherwise.empty()) {
      const Result otherwise = theirs.Run(step.otherwise);
      if (!otherwise.ok() || sqlite3_changes(theirs.handle()) > 0) their_result = otherwise;
    }
    // How many pages a checkpoint moves.
    if (step.ours == kCheckpoint) our_result.rows = their_result.rows;
    const bool own_message = step.own_message || stale_schema_[step.connection];
    if (Failure failure = CompareResults(step.Ours(), our_result, their_result, own_message))
      return failure;
  }
  if (ours.autocommit() != theirs.autocommit())
    return {"transaction", step.Ours() + "\n  memkv and twin: only one is in a transaction"};
  if (stale_schema_[step.connection] && ours.autocommit()) ReadSchemaAgain(step.connection);
  return {};
}

Failure Player::Finish() {
  for (Side* side : {&ours_, &theirs_}) {
    side->CloseStatement();
    side->Close(1);
    sqlite3_commit_hook(side->At(0).handle(), nullptr, nullptr);
  }
  if (Failure failure = CompareTables(ours_.At(0), theirs_.At(0), script_.schemas)) {
    failure.text = "at the end: " + failure.text;
    return failure;
  }
  if (ours_.At(0).autocommit()) {
    if (Failure failure = CheckIntegrity(ours_.At(0), script_.schemas)) return failure;
  }
  ours_.Close();
  theirs_.Close();
  Pair pair{ours_.MainFile(), theirs_.MainFile(), "", ""};
  if (script_.attached == Script::kFile) {
    pair.our_attached = ours_.AttachedFile();
    pair.their_attached = theirs_.AttachedFile();
  }
  Failure failure = CompareAtRest(pair);
  if (failure) {
    failure.text = "reopened: " + failure.text;
  } else if (script_.other_process) {
    failure = verifier_.Compare(pair);
    if (failure) failure.text = "in another process: " + failure.text;
  }
  return failure;
}

}  // namespace memkv::test
