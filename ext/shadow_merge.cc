// What the shadow tables hold of a merge that is on its way.

#include <limits>

#include "ext/shadow.h"

namespace memkv::sql {

std::string Shadow::MergeSegment() const {
  return "ifnull((SELECT value FROM " + Name("_meta") + " WHERE id = 8), " +
         std::to_string(std::numeric_limits<int64_t>::max()) + ")";
}

std::optional<Storage::Merge> Shadow::ReadMerge() {
  Statement rows(db_, "SELECT id, value FROM " + Name("_meta") + " WHERE id > 3 ORDER BY id");
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

std::string Shadow::ReadPieces() {
  std::string bytes;
  bytes.reserve(ReadPieceBytes());
  Statement rows(db_, "SELECT data FROM " + Name("_segment") + " WHERE id >= " + MergeSegment() +
                          " ORDER BY id");
  while (rows.Step()) bytes += rows.Blob(0);
  return bytes;
}

void Shadow::DropMerge() {
  Run("DELETE FROM " + Name("_segment") + " WHERE id >= " + MergeSegment());
  Run("DELETE FROM " + Name("_meta") + " WHERE id > 3");
}

void Shadow::FinishMerge(const Merge& merge) {
  Run("DELETE FROM " + Name("_segment") + " WHERE id < " + MergeSegment());
  Run("DELETE FROM " + Name("_log") + " WHERE id <= " + std::to_string(merge.log_id));
  SetBase(merge.generation, merge.image);
}

}  // namespace memkv::sql
