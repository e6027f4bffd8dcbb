// ColumnWriter: one column's values in rank order -> its section (values.h).
//
// Two passes: Survey sees every value once and decides how texts are kept; Add sees them again and
// writes.

#ifndef MEMKV_CORE_FST_COLUMN_WRITER_H_
#define MEMKV_CORE_FST_COLUMN_WRITER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/datum.h"
#include "core/fst/codebook.h"
#include "core/fst/progress.h"

namespace memkv::fst {

class ColumnWriter {
 public:
  void Survey(const Datum& value);
  // After the last Survey, before the first Add.
  void Plan(Progress* progress);
  // False if the value was not among those surveyed.
  bool Add(const Datum& value);
  std::string Finish();

 private:
  // A value kept until its block is written.
  struct Cell {
    Datum::Kind kind;
    uint64_t bits;  // integer, real; texts and blobs: where they begin in texts_
    uint64_t bytes;
  };

  void WriteBlock();
  bool Constant() const;
  bool WriteReals();
  void WriteDictionary();
  void WriteBytes(Datum::Kind kind);
  void WriteMixed();
  bool Surveyed(Bytes text) const;
  Bytes TextOf(const Cell& cell) const { return Bytes(texts_).substr(cell.bits, cell.bytes); }
  void AppendText(const Cell& cell, std::string* out);

  // Texts and blobs seen, while few; the kind leads.
  std::map<std::string, uint32_t, std::less<>> dictionary_;
  bool many_ = false;  // too many for a dictionary
  uint64_t dictionary_bytes_ = 0;
  uint64_t seen_ = 0, seen_bytes_ = 0, text_bytes_ = 0;
  Sample sample_;
  Codebook::Demand demand_;
  std::unique_ptr<Codebook> codebook_;
  uint64_t random_ = 88172645463325252;

  std::vector<Cell> cells_;
  std::string texts_;
  std::vector<uint64_t> directory_;
  std::string out_;
};

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_COLUMN_WRITER_H_
