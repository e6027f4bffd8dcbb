// Records: the skeleton written out as LIST, SINGLE and FUSED records (format.h), all but the
// offsets between them.

#ifndef MEMKV_CORE_FST_RECORDS_H_
#define MEMKV_CORE_FST_RECORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/fst/codebook.h"
#include "core/fst/progress.h"
#include "core/fst/skeleton.h"

namespace memkv::fst {

struct Record {
  uint64_t at = 0;  // its bytes in Records::bytes, offsets left out
  uint32_t bytes = 0;
  uint32_t head = 0;    // FUSED: where its first byte is (a SINGLE's label may precede it)
  uint32_t cut = 0;     // FUSED: where the child offsets go
  uint32_t links = 0;   // FUSED: children; LIST: cold references
  uint64_t link = 0;    // the first of them in Records::links
  uint64_t weight = 0;  // keys below
  bool fused = false;
};

struct Link {
  uint32_t record;
  uint32_t at;  // in a LIST: where in its bytes the offset goes
};

struct Records {
  std::string bytes;
  std::vector<Record> records;  // the root first
  std::vector<Link> links;
  std::vector<uint32_t> of_shared;  // the record of each shared subtree
};

class RecordWriter {
 public:
  static constexpr uint32_t kFanout = 32;  // children up to which nodes are fused

  // hot_of: per shared subtree, which reference of two bytes it has, or SharedSet::kNone.
  RecordWriter(const Skeleton& skeleton, Codebook* codebook, bool reuse,
               const std::vector<uint32_t>& hot_of, uint32_t list_entries);
  // Unfinished if progress says to stop.
  Records Write(Progress* progress);

 private:
  // An item of a node being fused: path_bytes of path lead from the fused node to it, the last
  // being the edge's first byte.
  struct Fusing {
    const Item* item;
    uint8_t path[4];
    uint8_t path_bytes;
    uint8_t depth;  // bytes of path down to the item's own node: without the edge
    bool closed;    // cannot be expanded
  };
  struct Work {
    uint32_t record;
    bool big;
    uint64_t at;  // node, or entries
    uint32_t entries;
    std::string label;  // of the SINGLE before the record
  };

  uint32_t NewRecord(uint64_t weight);
  uint32_t RecordOfShared(uint32_t id);
  void WriteNode(const Work& work);
  void WriteList(uint32_t record, const Fusing* begin, const Fusing* end);
  void AppendItems(uint64_t node, const uint8_t* path, uint32_t depth,
                   std::vector<Fusing>* out) const;
  void Fuse(std::vector<Fusing>* items) const;
  bool Expandable(const Fusing& x) const;
  uint32_t Groups(const std::vector<Fusing>& items) const;
  size_t GroupEnd(const std::vector<Fusing>& items, size_t begin) const;
  void BeginEntry(uint64_t shared);
  void EndEntry(Bytes text, bool is_ref, uint32_t ref, Bytes code);

  const Skeleton& skeleton_;
  Codebook& codebook_;
  const bool reuse_;
  const std::vector<uint32_t>& hot_of_;
  const uint32_t list_entries_;
  Records out_;
  std::vector<Work> work_;
  std::string list_;  // the LIST being written
  std::vector<Link> list_links_;
  uint32_t list_count_ = 0;
  Progress* progress_ = nullptr;
};

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_RECORDS_H_
