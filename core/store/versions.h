// Versions: the stored contents that this process has in memory, known by the database they were
// read from and their generations, so that all connections and threads whose snapshots agree share
// one copy. What nobody shows any more is forgotten.
//
// The database is part of the name because generations can be forged: they are no cryptographic
// hash, and a file may claim any. So nobody can put content before, or get it from, those who read
// another file; who can write to a file can only deceive that file's own readers.

#ifndef MEMKV_CORE_STORE_VERSIONS_H_
#define MEMKV_CORE_STORE_VERSIONS_H_

#include <memory>
#include <string>

#include "core/fst/fst.h"
#include "core/store/generation.h"
#include "core/store/rows.h"

namespace memkv {

class Merging;

struct ContentName {
  std::string file;       // names a database as no other of this process is named
  Generation generation;  // of a content, or the id of an image

  friend auto operator<=>(const ContentName&, const ContentName&) = default;
};

// One content of a table, as long as somebody holds it.
struct StoredVersion {
  ContentName name;
  Rows::Version content;
  uint64_t log_bytes = 0, log_operations = 0;
  std::shared_ptr<Merging> merging;  // what this process has of a merge of it, or of what it was

  ~StoredVersion();
};

// Thread-safe. Null: not in memory.
std::shared_ptr<const StoredVersion> FindVersion(const ContentName& name);
// Makes a version known; returns the one that is shared from now on: another of that name, if
// there is one and this is not a `better` form of the same content.
std::shared_ptr<const StoredVersion> ShareVersion(std::shared_ptr<const StoredVersion> version,
                                                  bool better = false);

// Frozen images.
std::shared_ptr<const Fst> FindImage(const ContentName& name);
std::shared_ptr<const Fst> ShareImage(const ContentName& name, std::shared_ptr<const Fst> fst);

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_VERSIONS_H_
