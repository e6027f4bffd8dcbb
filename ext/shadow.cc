#include "ext/shadow.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "ext/schema.h"

namespace memkv::sql {
namespace {

constexpr const char* kSuffixes[] = {"_meta", "_log", "_segment"};
constexpr int64_t kFormat = 1;

[[noreturn]] void Corrupt(const std::string& table, const std::string& what) {
  throw SqlError(SQLITE_CORRUPT_VTAB, "memkv: " + table + what);
}

// Reads the column `data` of a table's rows straight to where it is wanted; a statement would copy
// it once more.
class BlobReader {
 public:
  BlobReader(sqlite3* db, const std::string& schema, const std::string& table)
      : db_(db), schema_(schema), table_(table) {}
  ~BlobReader() { sqlite3_blob_close(blob_); }
  BlobReader(const BlobReader&) = delete;
  BlobReader& operator=(const BlobReader&) = delete;

  void Append(int64_t id, std::string* to) {
    Check(blob_ ? sqlite3_blob_reopen(blob_, id)
                : sqlite3_blob_open(db_, schema_.c_str(), table_.c_str(), "data", id, 0, &blob_));
    const size_t at = to->size();
    const int bytes = sqlite3_blob_bytes(blob_);
    to->resize(at + static_cast<size_t>(bytes));
    Check(sqlite3_blob_read(blob_, to->data() + at, bytes, 0));
  }

 private:
  void Check(int rc) {
    if (rc == SQLITE_NOMEM) throw std::bad_alloc();
    if (rc != SQLITE_OK) throw SqlError(rc, sqlite3_errmsg(db_));
  }

  sqlite3* const db_;
  const std::string& schema_;
  const std::string& table_;
  sqlite3_blob* blob_ = nullptr;
};

}  // namespace

bool Shadow::IsSuffix(const char* suffix) {
  return std::any_of(std::begin(kSuffixes), std::end(kSuffixes),
                     [suffix](const char* known) { return SameName(suffix, known + 1); });
}

bool Shadow::Exists(sqlite3* db, const std::string& schema, const std::string& table) {
  // Not by a statement, which would begin a transaction where a table is connected inside BEGIN.
  return std::all_of(std::begin(kSuffixes), std::end(kSuffixes), [&](const char* suffix) {
    return sqlite3_table_column_metadata(db, schema.c_str(), (table + suffix).c_str(), nullptr,
                                         nullptr, nullptr, nullptr, nullptr, nullptr) == SQLITE_OK;
  });
}

void CheckFree(sqlite3* db, const std::string& schema, const std::string& table,
               const std::string& shadow) {
  Statement taken(
      db, "SELECT 1 FROM " + QuoteName(schema) + ".sqlite_schema WHERE name = ?1 COLLATE NOCASE");
  taken.Bind(1, shadow);
  if (!taken.Step()) return;
  throw SqlError(SQLITE_ERROR, "memkv: table " + Shown(table) +
                                   " cannot be made: " + Shown(shadow) +
                                   ", where it would keep its rows, exists already");
}

void Shadow::Run(const std::string& sql) { Statement(db_, sql).Step(); }

void Shadow::Create() {
  for (const char* suffix : kSuffixes) CheckFree(db_, *schema_, *table_, *table_ + suffix);
  try {
    Run("CREATE TABLE " + Name("_meta") + "(id INTEGER PRIMARY KEY, name TEXT NOT NULL, value)");
    Run("CREATE TABLE " + Name("_log") +
        "(id INTEGER PRIMARY KEY, generation BLOB NOT NULL, data BLOB NOT NULL)");
    Run("CREATE TABLE " + Name("_segment") + "(id INTEGER PRIMARY KEY, data BLOB NOT NULL)");
    const KeepLastRowid keep(db_);
    Run("INSERT INTO " + Name("_meta") + " VALUES(1, 'format', " + std::to_string(kFormat) +
        "), (2, 'generation', NULL), (3, 'image', NULL)");
  } catch (...) {
    try {
      Drop();
    } catch (...) {
      // The first failure is the one to tell.
    }
    throw;
  }
}

void Shadow::Drop() {
  for (auto& statement : kept_) statement.reset();
  for (const char* suffix : kSuffixes) Run("DROP TABLE IF EXISTS " + Name(suffix));
}

void Shadow::Rename(const std::string& to) {
  for (auto& statement : kept_) statement.reset();
  for (const char* suffix : kSuffixes)
    Run("ALTER TABLE " + Name(suffix) + " RENAME TO " + QuoteName(to + suffix));
}

void Shadow::KeepPrepared(bool on) noexcept {
  keep_ = on;
  if (on) return;
  for (auto& statement : kept_) statement.reset();
}

std::string Shadow::SqlOf(Kept which) const {
  switch (which) {
    case kNewest:
      return "SELECT id, generation FROM " + Name("_log") + " ORDER BY id DESC LIMIT 1";
    case kBase:
      return "SELECT (SELECT value FROM " + Name("_meta") +
             " WHERE id = 1 AND name = 'format'), value, (SELECT value FROM " + Name("_meta") +
             " WHERE id = 3 AND name = 'image'), (SELECT max(id) FROM " + Name("_log") +
             " WHERE id <= (SELECT value FROM " + Name("_meta") + " WHERE id = 10)), " +
             "(SELECT min(id) FROM " + Name("_log") + ") FROM " + Name("_meta") +
             " WHERE id = 2 AND name = 'generation'";
    case kAppend:
      return "INSERT INTO " + Name("_log") + " VALUES(?1, ?2, ?3)";
    case kRead:
      return "SELECT 1 FROM " + Name("_meta") + " LIMIT 1";
    case kKept:
      break;
  }
  return "";
}

std::shared_ptr<Statement> Shadow::Prepared(Kept which) {
  if (keep_ && kept_[which]) return kept_[which];
  auto statement = std::make_shared<Statement>(db_, SqlOf(which));
  if (keep_ && AreOnlyTables() && keep_) kept_[which] = statement;
  return statement;
}

// SQLite prepares a statement again where the schema has changed: it may not be one to keep now.
Shadow::Running::~Running() {
  statement_->Reset();
  std::shared_ptr<Statement>& kept = shadow_.kept_[which_];
  if (kept == statement_ && statement_->PreparedAgain()) kept.reset();
}

bool Shadow::AreOnlyTables() {
  const std::string names = "COLLATE NOCASE IN (?1, ?2, ?3)";
  Statement others(db_, "SELECT 1 FROM (SELECT type, name, tbl_name FROM " + QuoteName(*schema_) +
                            ".sqlite_schema UNION ALL SELECT type, name, tbl_name FROM "
                            "temp.sqlite_schema) WHERE (type = 'trigger' AND tbl_name " +
                            names + ") OR (type = 'view' AND name " + names + ") LIMIT 1");
  for (int i = 0; i < 3; ++i) others.Bind(i + 1, *table_ + kSuffixes[i]);
  return !others.Step();
}

Storage::Head Shadow::ReadHead() {
  const Running running(*this, kNewest);
  Statement& newest = *running;
  if (!newest.Step()) return {ReadBase().generation, 0};
  Head head;
  head.log_id = newest.Int(0);
  if (!Generation::Decode(newest.Blob(1), &head.generation)) {
    Corrupt(*table_, "_log: row " + std::to_string(head.log_id) + " has no generation");
  }
  return head;
}

Storage::Base Shadow::ReadBase() {
  const Running running(*this, kBase);
  Statement& base = *running;
  Base read;
  if (!base.Step() || !Generation::Decode(base.Blob(1), &read.generation))
    Corrupt(*table_, "_meta: no generation");
  if (base.Int(0) != kFormat) {
    Corrupt(*table_, "_meta: format " + std::to_string(base.Int(0)) +
                         " (this build reads: " + std::to_string(kFormat) + ")");
  }
  if (!Generation::Decode(base.Blob(2), &read.image)) Corrupt(*table_, "_meta: no image id");
  read.log_id = base.Int(3);
  if (!base.Null(4) && base.Int(4) < 1) {
    Corrupt(*table_, "_log: row " + std::to_string(base.Int(4)) + ": ids begin at 1");
  }
  return read;
}

std::optional<std::string> Shadow::ReadImage() {
  const std::string until =
      " WHERE id < " + MergeSegment() + " AND id >= ifnull((SELECT value FROM " + Name("_meta") +
      " WHERE id = 9), " + std::to_string(std::numeric_limits<int64_t>::min()) + ")";
  Statement length(db_, "SELECT sum(length(data)) FROM " + Name("_segment") + until);
  length.Step();
  std::string image;
  image.reserve(static_cast<size_t>(std::max<int64_t>(length.Int(0), 0)));
  Statement rows(db_, "SELECT id FROM " + Name("_segment") + until + " ORDER BY id");
  const std::string table = *table_ + "_segment";
  BlobReader row(db_, *schema_, table);
  bool any = false;
  for (; rows.Step(); any = true) row.Append(rows.Int(0), &image);
  if (!any) return std::nullopt;
  return image;
}

Status Shadow::ReadLog(int64_t after, int64_t until,
                       const std::function<Status(const LogRow&)>& row) {
  Statement rows(db_, "SELECT id, generation, data FROM " + Name("_log") +
                          " WHERE id > ?1 AND id <= ?2 ORDER BY id");
  rows.Bind(1, after);
  rows.Bind(2, until);
  while (rows.Step()) MEMKV_TRY(row({rows.Int(0), rows.Blob(1), rows.Blob(2)}));
  return {};
}

void Shadow::AppendLog(int64_t id, const Generation& generation, Bytes data) {
  const KeepLastRowid keep(db_);
  const std::string encoded = generation.Encode();
  const Running running(*this, kAppend);
  Statement& append = *running;
  append.Bind(1, id);
  append.BindBlob(2, encoded);
  append.BindBlob(3, data);
  append.Step();
}

void Shadow::SetCreation(int64_t creation) {
  const KeepLastRowid keep(db_);
  Run("INSERT OR REPLACE INTO " + Name("_meta") + " VALUES(11, 'creation', " +
      std::to_string(creation) + ")");
}

void Shadow::ClearCreation() { Run("DELETE FROM " + Name("_meta") + " WHERE id = 11"); }

std::optional<int64_t> Shadow::Creation() {
  if (!Exists(db_, *schema_, *table_)) return std::nullopt;
  try {
    Statement mark(db_, "SELECT value FROM " + Name("_meta") + " WHERE id = 11");
    return mark.Step() ? std::optional(mark.Int(0)) : std::nullopt;
  } catch (const SqlError& e) {
    // After a RESET inside a transaction that was rolled back, SQLite knows of tables that are
    // gone.
    if (e.code() == SQLITE_ERROR) return std::nullopt;
    throw;
  }
}

void Shadow::CutLog(int64_t after) {
  Statement cut(db_, "DELETE FROM " + Name("_log") + " WHERE id > ?1");
  cut.Bind(1, after);
  cut.Step();
}

void Shadow::ReplaceBase(const Generation& generation, std::optional<Bytes> image) {
  const KeepLastRowid keep(db_);
  Statement last(db_, "SELECT ifnull(max(id), 0) FROM " + Name("_segment"));
  last.Step();
  const int64_t old = last.Int(0);
  last.Reset();
  if (image) {
    Statement insert(db_, "INSERT INTO " + Name("_segment") + "(data) VALUES(?1)");
    for (Bytes left = *image; !left.empty();) {
      const Bytes piece = left.substr(0, kMaxStoredRowBytes);
      left.remove_prefix(piece.size());
      insert.BindBlob(1, piece);
      insert.Step();
      insert.Reset();
    }
  }
  Run("DELETE FROM " + Name("_segment") + " WHERE id <= " + std::to_string(old));
  Run("DELETE FROM " + Name("_log"));
  SetBase(generation, generation);
  Run("DELETE FROM " + Name("_meta") + " WHERE id BETWEEN 4 AND 10");
}

void Shadow::SetBase(const Generation& generation, const Generation& image) {
  const std::string encoded[] = {generation.Encode(), image.Encode()};
  Statement update(db_, "UPDATE " + Name("_meta") +
                            " SET value = CASE id WHEN 2 THEN ?1 ELSE ?2 END WHERE id IN (2, 3)");
  update.BindBlob(1, encoded[0]);
  update.BindBlob(2, encoded[1]);
  update.Step();
}

}  // namespace memkv::sql
