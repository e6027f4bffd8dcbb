// Versions: the stored contents that this process has in memory, known by their generations, so
// that all connections and threads whose snapshots agree share one copy. What nobody shows any more
// is forgotten.

#ifndef MEMKV_CORE_STORE_VERSIONS_H_
#define MEMKV_CORE_STORE_VERSIONS_H_

#include <memory>

#include "core/fst/fst.h"
#include "core/store/generation.h"
#include "core/store/table.h"

namespace memkv {

// One content of a table, as long as somebody holds it.
struct StoredVersion {
  Generation generation;
  Table::Version content;  // its mark is not used
  uint64_t log_bytes = 0, log_operations = 0;

  ~StoredVersion();
};

// Thread-safe. Null: not in memory.
std::shared_ptr<const StoredVersion> FindVersion(const Generation& generation);
// Makes a version known; returns the one that is shared from now on: another of that generation, if
// there is one and this is not a `better` form of the same content.
std::shared_ptr<const StoredVersion> ShareVersion(std::shared_ptr<const StoredVersion> version,
                                                  bool better = false);

// Frozen images, by their ids.
std::shared_ptr<const Fst> FindImage(const Generation& id);
std::shared_ptr<const Fst> ShareImage(const Generation& id, std::shared_ptr<const Fst> fst);

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_VERSIONS_H_
