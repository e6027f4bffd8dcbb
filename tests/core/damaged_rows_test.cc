// A Session over a damaged image.

#include <doctest/doctest.h>

#include <string>

#include "core/key.h"
#include "core/range.h"
#include "core/store/session.h"
#include "tests/core/fst_repair.h"
#include "tests/core/fst_shapes.h"

namespace memkv::test {
namespace {

TEST_CASE("a table opens over a damaged image, and reckons with keys that are numbers") {
  Model model;
  for (int i = 0; i < 300; ++i) model[EncodeKey(Datum::Text("/" + std::to_string(i)))] = {};
  const std::string whole(MustBuild(model)->bytes());
  int unreadable = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bad = whole;
    bad[at] = static_cast<char>(~bad[at]);
    Repair(&bad, false);
    std::shared_ptr<const Fst> base;
    if (!Fst::Open(FstImage::Own(bad), &base).ok()) continue;
    bool readable = true;
    for (const KeyRange& range : NumberLikeRanges()) {
      uint64_t rank;
      readable &= base->LowerBound(range.lo, &rank).ok() && base->LowerBound(*range.hi, &rank).ok();
    }
    Session table(0);
    CHECK(table.unnoted().StartFrom(base).ok());
    CHECK((readable || table.may_hold_numbers()));
    unreadable += !readable;
  }
  CHECK(unreadable > 0);
}

}  // namespace
}  // namespace memkv::test
