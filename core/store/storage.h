// Storage: what a durable table needs of the database that it lies in. Everything takes part in the
// database's transaction.
//
// A stored table is a base (a frozen image, or nothing) and a log of what was done to it since:
//
//   base   generation | image, or none    a new base: FirstGeneration(columns), chained over the
//                                         image; that is the image's id as well
//   log    row after row, ids ascending
//   row    id | generation | data         the base's or the row before's, chained over data
//   data   1 byte | batch, or a piece     0: the batch ends here, 1: it goes on in the next row
//
// Generations are checked when rows are read, so that they are checksums too; images by their ids.
//
// A merge puts an image of everything up to a row of the log in the base's place, in steps. Until
// it is finished its pieces lie beside the base, and mean nothing. It changes no generation: the
// new base has that of the row, and the rows behind it follow on. The old base's image and the rows
// that are in the new one may be left over for a while, and mean nothing either.

#ifndef MEMKV_CORE_STORE_STORAGE_H_
#define MEMKV_CORE_STORE_STORAGE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/status.h"
#include "core/store/generation.h"

namespace memkv {

// The longest row that is written, of the log or of an image; and how much a log gathers before it
// writes a row unasked.
inline constexpr size_t kMaxStoredRowBytes = size_t{4} << 20;
inline constexpr size_t kLogRowBytes = size_t{256} << 10;

// Of a table with that many row columns and no rows.
inline Generation FirstGeneration(size_t columns) {
  return Generation{}.Chain("memkv 1, columns: " + std::to_string(columns));
}

// Methods may throw what the database throws. A write that failed may have happened in part.
class Storage {
 public:
  struct Head {
    Generation generation;
    int64_t log_id = 0;  // of the newest row; 0: the log is empty
  };
  struct Base {
    Generation generation;
    Generation image;    // its id; FirstGeneration(columns): there is none
    int64_t log_id = 0;  // rows of the log up to here are left over; 0: none is
  };
  // An image that is on its way to become the base.
  struct Merge {
    Generation generation;  // of what it holds: of the log's row log_id
    int64_t log_id = 0;
    Generation image;    // its id
    uint64_t bytes = 0;  // of the whole image
  };
  struct LogRow {
    int64_t id;
    Bytes generation, data;  // borrowed, unchecked
  };

  virtual ~Storage() = default;

  virtual Head ReadHead() = 0;
  virtual Base ReadBase() = 0;
  // The bytes that make up the base's image; nullopt: there is none. Unchecked.
  virtual std::optional<std::string> ReadImage() = 0;
  // The log's rows with ids over `after` and up to `until`, ascending, until one fails.
  virtual Status ReadLog(int64_t after, int64_t until,
                         const std::function<Status(const LogRow&)>& row) = 0;

  virtual void AppendLog(int64_t id, const Generation& generation, Bytes data) = 0;
  virtual void CutLog(int64_t after) = 0;  // drops rows with ids over `after`
  // Puts another base (none: no image) in the place of base, log and merge.
  virtual void ReplaceBase(const Generation& generation, std::optional<Bytes> image) = 0;

  virtual std::optional<Merge> ReadMerge() = 0;  // the one that is on its way; unchecked
  virtual void StartMerge(const Merge& merge) = 0;
  virtual void AppendPiece(Bytes piece) = 0;
  virtual uint64_t ReadPieceBytes() = 0;  // how many have been appended
  // Whether what was appended reads, from a piece's beginning on, as `expected`.
  virtual bool PiecesAre(uint64_t from, Bytes expected) = 0;
  virtual void DropMerge() = 0;
  // Makes the pieces the base. Whatever they replace is left over.
  virtual void FinishMerge(const Merge& merge) = 0;
  // Drops about so many bytes of what is left over. False: there was nothing.
  virtual bool Clean(uint64_t bytes) = 0;
};

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_STORAGE_H_
