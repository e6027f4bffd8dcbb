// The shadow tables of a durable table t, in its own schema:
//
//   t_meta      id | name | value          1 | format     | 1
//                                          2 | generation | of the base
//   t_log       id | generation | data     what was done since the base, see core/store/storage.h
//   t_segment   id | data                  the base's image, cut into rows; no row: there is none
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

// Whether a table `<t>_<suffix>` is a shadow table.
bool IsShadowSuffix(const char* suffix);

class Shadow : public Storage {
 public:
  // The names are those of the table; they may change, and must outlive this.
  Shadow(sqlite3* db, const std::string* schema, const std::string* table)
      : db_(db), schema_(schema), table_(table) {}

  // Whether `table` has shadow tables.
  static bool Exists(sqlite3* db, const std::string& schema, const std::string& table);

  // Makes the shadow tables, all or none; an SqlError names one that is there already.
  void Create();
  void Drop();
  void Rename(const std::string& to);

  // Between transactions no statement is open; while `on`, statements are kept prepared. They must
  // not outlive the last vtab object, since sqlite3_close() fails while there are any.
  void KeepPrepared(bool on) noexcept;

  // A read transaction on the database, for as long as it lives.
  class Reading {
   public:
    explicit Reading(Shadow& shadow);
    ~Reading() { statement_->Reset(); }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

   private:
    std::unique_ptr<Statement> own_;
    Statement* statement_;
  };

  Head ReadHead() override;
  Generation ReadBaseGeneration() override;
  std::optional<std::string> ReadImage() override;
  Status ReadLog(int64_t after, const std::function<Status(const LogRow&)>& row) override;
  void AppendLog(int64_t id, const Generation& generation, Bytes data) override;
  void CutLog(int64_t after) override;
  void ReplaceBase(const Generation& generation, std::optional<Bytes> image) override;

 private:
  enum Kept { kNewest, kBase, kAppend, kRead, kKept };

  std::string Name(const char* suffix) const {
    return QuoteName(*schema_) + '.' + QuoteName(*table_ + suffix);
  }
  std::string SqlOf(Kept which) const;
  // The statement, prepared; in *own unless it is kept.
  Statement& Prepared(Kept which, std::unique_ptr<Statement>* own);
  void Run(const std::string& sql);

  sqlite3* const db_;
  const std::string* const schema_;
  const std::string* const table_;
  bool keep_ = false;
  std::unique_ptr<Statement> kept_[kKept];
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_SHADOW_H_
