// Fst: the frozen ordered set of keys with their rows, one flat buffer: key <-> rank, and columns by rank.

#ifndef MEMKV_CORE_FST_FST_H_
#define MEMKV_CORE_FST_FST_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/cursor.h"
#include "core/datum.h"
#include "core/status.h"

namespace memkv {

// The bytes of an image, wherever they lie: an owned buffer (shadow rows, a fresh freeze) or a mapped file.
class FstImage;

class FstCursor;

class Fst {
 public:
  // Verifies header and section table only, plus, for owned buffers, every page's checksum. Untrusted bytes: every later call is
  // memory-safe and finite whatever they hold, and answers kCorrupt where a reference leaves its section.
  static Status Open(std::shared_ptr<const FstImage> image, std::shared_ptr<const Fst>* out);

  uint64_t size() const;
  size_t columns() const;
  uint64_t image_bytes() const;
  uint64_t memory_bytes() const;

  // None of these allocates (Select and Column fill the caller's buffer, which grows once).
  Status Find(Bytes key, bool* found, uint64_t* rank) const;
  Status LowerBound(Bytes key, uint64_t* rank) const;    // how many keys are below key
  Status Select(uint64_t rank, std::string* key) const;  // REQUIRES rank < size()
  // One column of one row; text and blobs are borrowed from the image or from *buffer. Never touches another column or the key.
  Status Column(uint64_t rank, size_t column, std::string* buffer, Datum* out) const;

  Status Verify() const;  // every structure walked: order, counts, checksums, references
};

// Keeps the contract of core/cursor.h, and rank(). Holds the Fst.
class FstCursor {
 public:
  explicit FstCursor(std::shared_ptr<const Fst> fst);
  uint64_t rank() const;
};

// Builds an image from keys in ascending order. Deterministic: the same input gives the same bytes on every machine.
class FstBuilder {
 public:
  struct Options {
    size_t columns = 0;
    // Polled every few ms; true stops the build with kInterrupted. done/total count work in keys.
    std::function<bool(uint64_t done, uint64_t total)> poll;
    uint64_t expected_keys = 0;
  };
  // A source that can be read more than once from the front (the codebook is learnt from a sample first).
  // Each call of Next gives the next key and row, false at the end.
  class Source {
   public:
    virtual ~Source() = default;
    virtual void Rewind() = 0;
    virtual bool Next(Bytes* key, std::span<const Datum>* row) = 0;  // borrowed until the next call
    virtual Status status() const = 0;
  };
  static Status Build(Source* source, const Options& options, std::shared_ptr<const FstImage>* out);
};

}  // namespace memkv

#endif  // MEMKV_CORE_FST_FST_H_
