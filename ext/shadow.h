// The shadow tables of a durable table t, in its own schema:
//
//   t_meta      id | name | value          1 | format     | 1
//                                          2 | generation | of the base
//                                          3 | image      | its id
//                                    and, while there is a merge on its way:
//                                          4 | merge generation | of what its image holds
//                                          5 | merge log id     | the last row that this is
//                                          6 | merge image      | its id
//                                          7 | merge bytes      | of the whole image
//                                          8 | merge segment    | the first row of t_segment that
//                                                                 is the merge's
//                                    and, while something is left over from the last one:
//                                          9 | left segment     | rows of t_segment before this one
//                                         10 | left log         | rows of t_log up to this one
//                                    and, in the transaction that makes the table, until it commits:
//                                         11 | creation | a number that no other has
//   t_log       id | generation | data     what was done since the base, see core/store/storage.h
//   t_segment   id | data                  what is left over; the base's image, cut into rows (no
//                                    row: there is none); what there is of the merge's
//
// Each id is an INTEGER PRIMARY KEY, so that VACUUM keeps it. Nothing else of the table is kept
// anywhere.

#ifndef MEMKV_EXT_SHADOW_H_
#define MEMKV_EXT_SHADOW_H_

#include <memory>
#include <optional>
#include <string>

#include "core/store/storage.h"
#include "ext/sqlite.h"

namespace memkv::sql {

// SQLite counts our rows as the user's.
class KeepLastRowid {
 public:
  explicit KeepLastRowid(sqlite3* db) : db_(db), id_(sqlite3_last_insert_rowid(db)) {}
  ~KeepLastRowid() { sqlite3_set_last_insert_rowid(db_, id_); }

 private:
  sqlite3* const db_;
  const sqlite3_int64 id_;
};

// Throws SqlError, naming both, where `schema` has something called like a shadow table that
// `table` is to have.
void CheckFree(sqlite3* db, const std::string& schema, const std::string& table,
               const std::string& shadow);

class Shadow : public Storage {
 public:
  // The names are those of the table; they may change, and must outlive this.
  Shadow(sqlite3* db, const std::string* schema, const std::string* table)
      : db_(db), schema_(schema), table_(table) {}

  // Whether a table `<t>_<suffix>` is one of them.
  static bool IsSuffix(const char* suffix);
  // Whether `table` has them.
  static bool Exists(sqlite3* db, const std::string& schema, const std::string& table);

  // Makes the shadow tables, all or none; an SqlError names one that is there already.
  void Create();
  void Drop();
  void Rename(const std::string& to);

  // The mark of an uncommitted creation. SQLite says nothing where it undoes a CREATE; but then the
  // mark is gone, or another's stands there.
  void SetCreation(int64_t creation);
  void ClearCreation();
  // Nothing where there are no shadow tables, or their creation was committed.
  std::optional<int64_t> Creation();

  // Between transactions no statement is open; while `on`, statements are kept prepared. They must
  // not outlive the last vtab object, since sqlite3_close() fails while there are any.
  void KeepPrepared(bool on) noexcept;

  // A read transaction on the database, for as long as it lives.
  class Reading;

  Head ReadHead() override;
  Base ReadBase() override;
  std::optional<std::string> ReadImage() override;
  Status ReadLog(int64_t after, int64_t until,
                 const std::function<Status(const LogRow&)>& row) override;
  void AppendLog(int64_t id, const Generation& generation, Bytes data) override;
  void CutLog(int64_t after) override;
  void ReplaceBase(const Generation& generation, std::optional<Bytes> image) override;

  std::optional<Merge> ReadMerge() override;
  void StartMerge(const Merge& merge) override;
  void AppendPiece(Bytes piece) override;
  uint64_t ReadPieceBytes() override;
  bool PiecesAre(uint64_t from, Bytes expected) override;
  void DropMerge() override;
  void FinishMerge(const Merge& merge) override;
  bool Clean(uint64_t bytes) override;

 private:
  enum Kept { kNewest, kBase, kAppend, kRead, kKept };

  std::string Name(const char* suffix) const {
    return QuoteName(*schema_) + '.' + QuoteName(*table_ + suffix);
  }
  std::string SqlOf(Kept which) const;
  // A statement that may be kept, prepared; reset at the end. Holds it, since a step that finds
  // another schema makes SQLite disconnect the table, after which nothing is kept any more.
  class Running {
   public:
    Running(Shadow& shadow, Kept which)
        : shadow_(shadow), which_(which), statement_(shadow.Prepared(which)) {}
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    Statement& operator*() const { return *statement_; }

   private:
    Shadow& shadow_;
    const Kept which_;
    const std::shared_ptr<Statement> statement_;
  };
  std::shared_ptr<Statement> Prepared(Kept which);
  // Whether statements on the shadow tables touch nothing else: a trigger or a view may lead back
  // to the virtual table, and a statement that does so keeps it from being disconnected.
  bool AreOnlyTables();
  void Run(const std::string& sql);
  void SetBase(const Generation& generation, const Generation& image);
  std::string MergeSegment() const;  // an expression: its first row, or past all there are
  bool CutFront(const char* suffix, const char* up_to, int64_t end, uint64_t* bytes);

  sqlite3* const db_;
  const std::string* const schema_;
  const std::string* const table_;
  bool keep_ = false;
  std::shared_ptr<Statement> kept_[kKept];
};

class Shadow::Reading {
 public:
  explicit Reading(Shadow& shadow) : statement_(shadow, kRead) { (*statement_).Step(); }

 private:
  const Running statement_;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_SHADOW_H_
