// Memory that runs out while an image is built, opened or read: an exception, nothing leaked (the
// address sanitizer looks), and the next try succeeds. Every allocation of a build fails once.

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/core/fst_exercise.h"
#include "tests/core/fst_shapes.h"

namespace memkv::test {
namespace {

// Counts down to the allocation that fails; negative: none does.
thread_local int64_t allocations_left = -1;

}  // namespace
}  // namespace memkv::test

// Not inlined, or the compiler takes new and free for a pair that does not match.
[[gnu::noinline]] void* operator new(size_t bytes) {
  int64_t& left = memkv::test::allocations_left;
  if (left == 0) throw std::bad_alloc();
  if (left > 0) --left;
  if (void* p = std::malloc(bytes ? bytes : 1)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  int64_t& left = memkv::test::allocations_left;
  if (left == 0) return nullptr;
  if (left > 0) --left;
  return std::malloc(bytes ? bytes : 1);
}
[[gnu::noinline]] void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, size_t) noexcept { std::free(p); }

namespace memkv::test {
namespace {

TEST_CASE("fst memory: any allocation may fail") {
  Model model;
  for (int i = 0; i < 60; ++i) {
    model["http://site" + std::to_string(i % 4) + "/file" + std::to_string(i / 4)] = {
        {Datum::kText, 0, 0, "title " + std::to_string(i)}};
  }
  const auto golden = MustBuild(model);
  MapSource source(model);
  FstBuilder::Options options;
  options.columns = 1;
  for (int64_t n = 0;; ++n) {
    std::shared_ptr<const FstImage> image;
    std::shared_ptr<const Fst> fst;
    bool done = false;
    try {
      allocations_left = n;
      const bool built =
          FstBuilder::Build(&source, options, &image).ok() && Fst::Open(image, &fst).ok();
      done = built && fst->Verify().ok();
      allocations_left = -1;
    } catch (const std::bad_alloc&) {
      allocations_left = -1;
      continue;
    }
    REQUIRE(done);
    CHECK(image->bytes() == golden->bytes());
    break;
  }
}

TEST_CASE("fst memory: reads do not allocate") {
  const std::vector<std::string> keys = Shapes(3000).back().keys;
  const Model model = KeysOnly(keys);
  const auto fst = MustOpen(MustBuild(model));
  std::string key(200, ' ');
  FstCursor cursor(fst);
  cursor.SeekFirst();
  for (int round = 0; round < 2; ++round) {
    if (round == 1) allocations_left = 0;
    bool found;
    uint64_t rank;
    for (size_t i = 0; i < keys.size(); i += 7) {
      (void)fst->Find(keys[i], &found, &rank);
      (void)fst->LowerBound(keys[i], &rank);
      (void)fst->Select(rank, &key);
      cursor.Seek(keys[i]);
      for (int step = 0; step < 20 && cursor.Valid(); ++step) {
        (void)cursor.key();
        cursor.Next();
      }
      cursor.SeekRank(rank);
      cursor.NextPast(cursor.key().size() / 2);
      cursor.SeekBefore(keys[i]);
      if (cursor.Valid()) cursor.Prev();
    }
    allocations_left = -1;
    CHECK(cursor.status().ok());
  }
}

}  // namespace
}  // namespace memkv::test
