// SharedArt: an Art that several tables read, each at its own version, and that one of them at a
// time writes.
//
// A writer claims it at the version that it sees, changes it, seals it when its transaction is
// about to be committed, and releases it when that is over. Others read through snapshots, which
// nobody changes; the Art itself belongs to whoever claims it. A sealed Art may be claimed by
// another writer that sees the sealed version: it has read it from the database, so that the commit
// has happened, though its writer has not been told yet.

#ifndef MEMKV_CORE_STORE_SHARED_ART_H_
#define MEMKV_CORE_STORE_SHARED_ART_H_

#include <condition_variable>
#include <mutex>

#include "core/art/art.h"

namespace memkv {

class SharedArt : public Art {
 public:
  using Art::Art;

  // True: `writer` may change this Art from now on, and its present version is `at`. False: another
  // does, even after a moment's wait, which bridges the time between its ROLLBACK in the database
  // and its notice of it. `at` must be a version of this Art.
  bool Claim(const void* writer, const ArtSnapshot& at);
  // REQUIRES that writer holds the claim. Nothing is changed any more unless the claim is renewed;
  // `at` is the present version.
  void Seal(const void* writer, const ArtSnapshot& at) noexcept;
  // Renews a claim after Seal(). False: another has taken it over since, or there is none.
  bool Unseal(const void* writer) noexcept;
  // Ends the claim, if `writer` holds it still.
  void Release(const void* writer) noexcept;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  const void* writer_ = nullptr;
  bool sealed_ = false;
  ArtSnapshot sealed_at_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_SHARED_ART_H_
