// What the shadow tables hold of a merge that is on its way.

#include <algorithm>
#include <limits>

#include "ext/shadow.h"

namespace memkv::sql {

std::string Shadow::MergeSegment() const {
  return "ifnull((SELECT value FROM " + Name("_meta") + " WHERE id = 8), " +
         std::to_string(std::numeric_limits<int64_t>::max()) + ")";
}

std::optional<Storage::Merge> Shadow::ReadMerge() {
  Statement rows(
      db_, "SELECT id, value FROM " + Name("_meta") + " WHERE id BETWEEN 4 AND 8 ORDER BY id");
  if (!rows.Step()) return std::nullopt;
  // What is damaged names no image that could be built: the merge is begun anew.
  Merge merge;
  do {
    switch (rows.Int(0)) {
      case 4:
        (void)Generation::Decode(rows.Blob(1), &merge.generation);
        break;
      case 5:
        merge.log_id = rows.Int(1);
        break;
      case 6:
        (void)Generation::Decode(rows.Blob(1), &merge.image);
        break;
      case 7:
        merge.bytes = static_cast<uint64_t>(rows.Int(1));
        break;
    }
  } while (rows.Step());
  return merge;
}

void Shadow::StartMerge(const Merge& merge) {
  const KeepLastRowid keep(db_);
  const std::string generation = merge.generation.Encode(), image = merge.image.Encode();
  Statement insert(
      db_, "INSERT INTO " + Name("_meta") +
               " VALUES(4, 'merge generation', ?1), (5, 'merge log id', ?2), (6, 'merge image', "
               "?3), (7, 'merge bytes', ?4), (8, 'merge segment', (SELECT ifnull(max(id), 0) + 1 "
               "FROM " +
               Name("_segment") + "))");
  insert.BindBlob(1, generation);
  insert.Bind(2, merge.log_id);
  insert.BindBlob(3, image);
  insert.Bind(4, static_cast<int64_t>(merge.bytes));
  insert.Step();
}

void Shadow::AppendPiece(Bytes piece) {
  const KeepLastRowid keep(db_);
  Statement insert(db_, "INSERT INTO " + Name("_segment") + "(data) VALUES(?1)");
  insert.BindBlob(1, piece);
  insert.Step();
}

uint64_t Shadow::ReadPieceBytes() {
  Statement length(db_, "SELECT ifnull(sum(length(data)), 0) FROM " + Name("_segment") +
                            " WHERE id >= " + MergeSegment());
  length.Step();
  return static_cast<uint64_t>(length.Int(0));
}

bool Shadow::PiecesAre(uint64_t from, Bytes expected) {
  const std::string pieces = " FROM " + Name("_segment") + " WHERE id >= ";
  int64_t first = 0;
  {
    Statement lengths(db_, "SELECT id, length(data)" + pieces + MergeSegment() + " ORDER BY id");
    uint64_t at = 0;
    while (at < from && lengths.Step()) {
      first = lengths.Int(0) + 1;
      at += static_cast<uint64_t>(lengths.Int(1));
    }
    if (at != from) return false;
  }
  Statement rows(db_, "SELECT data" + pieces + "max(?1, " + MergeSegment() + ") ORDER BY id");
  rows.Bind(1, first);
  while (rows.Step()) {
    const Bytes piece = rows.Blob(0);
    if (!expected.starts_with(piece)) return false;
    expected.remove_prefix(piece.size());
  }
  return expected.empty();
}

void Shadow::DropMerge() {
  Run("DELETE FROM " + Name("_segment") + " WHERE id >= " + MergeSegment());
  Run("DELETE FROM " + Name("_meta") + " WHERE id BETWEEN 4 AND 8");
}

void Shadow::FinishMerge(const Merge& merge) {
  Run("INSERT OR REPLACE INTO " + Name("_meta") + " SELECT 9, 'left segment', " + MergeSegment() +
      " UNION ALL SELECT 10, 'left log', " + std::to_string(merge.log_id));
  SetBase(merge.generation, merge.image);
  Run("DELETE FROM " + Name("_meta") + " WHERE id BETWEEN 4 AND 8");
}

// The log's last row goes last, so that nobody takes the number of one that is left over.
bool Shadow::Clean(uint64_t bytes) {
  int64_t segment, log;
  {
    const std::string value = "(SELECT value FROM " + Name("_meta") + " WHERE id = ";
    Statement left(db_, "SELECT " + value + "9), " + value + "10)");
    left.Step();
    if (left.Null(0) && left.Null(1)) return false;
    segment = left.Int(0);
    log = left.Int(1);
  }
  if (CutFront("_segment", "<", segment, &bytes) && CutFront("_log", "<=", log, &bytes))
    Run("DELETE FROM " + Name("_meta") + " WHERE id IN (9, 10)");
  return true;
}

// Drops rows from the front, about so many bytes of them. Whether all up to the end are gone.
bool Shadow::CutFront(const char* suffix, const char* up_to, int64_t end, uint64_t* bytes) {
  constexpr uint64_t kRowCost = 512;
  bool all = true;
  std::optional<int64_t> last;
  {
    Statement rows(db_, "SELECT id, length(data) FROM " + Name(suffix) + " WHERE id " + up_to +
                            " ?1 ORDER BY id");
    rows.Bind(1, end);
    while (all && rows.Step()) {
      if (*bytes == 0) {
        all = false;
        break;
      }
      last = rows.Int(0);
      *bytes -= std::min(*bytes, static_cast<uint64_t>(rows.Int(1)) + kRowCost);
    }
  }
  if (last) Run("DELETE FROM " + Name(suffix) + " WHERE id <= " + std::to_string(*last));
  return all;
}

}  // namespace memkv::sql
