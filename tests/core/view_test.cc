// View against std::map: a delta over a base, whatever lies in which.

#include "core/store/session.h"
#include "core/view/cursor.h"
#include "tests/core/ordered_contract.h"

namespace memkv {
namespace {

using test::Model;
using test::Random;

void RequireOk(const Status& s) { REQUIRE_MESSAGE(s.ok(), s.message()); }

// Some keys only in the base, some only in the delta, some in both; erased ones in either;
// overrides and tombstones.
template <bool kFrozen, bool kDelta>
struct ViewAdapter {
  static constexpr bool kHoldsValues = false;
  explicit ViewAdapter(const Model& m) : table(1) {
    Random random(m.size() + 7);
    bool existed;
    auto put = [&](const std::string& key) {
      RequireOk(table.Put(key, Value::Number(random.Below(100)), true, &existed));
    };
    std::vector<std::string> gone, late;
    for (const auto& [k, v] : m) {
      const std::string other = test::Mutate(k, random);
      if (kDelta && kFrozen && m.count(other) == 0 && random.Below(3) == 0) {
        put(other);
        gone.push_back(other);
      }
      if (kDelta && kFrozen && random.Below(2) == 0) {
        late.push_back(k);
      } else {
        put(k);
      }
    }
    if (kFrozen) RequireOk(table.Freeze(nullptr));
    for (const std::string& k : late) put(k);
    for (const std::string& k : gone) RequireOk(table.Erase(k, &existed));
    if (kDelta && kFrozen) {
      for (const auto& [k, v] : m) {
        if (random.Below(4) == 0) put(k);  // overrides
        if (random.Below(8) == 0) {        // gone and back
          RequireOk(table.Erase(k, &existed));
          REQUIRE(existed);
          put(k);
        }
      }
    }
    RequireOk(table.Verify(nullptr));
    REQUIRE(table.size() == m.size());
    view = table.Latest();
  }
  ViewCursor NewCursor() const { return ViewCursor(view); }
  bool Find(Bytes key, Entry*) const {
    bool found;
    RowRef row;
    RequireOk(view.Find(key, &found, &row));
    return found;
  }
  uint64_t Rank(Bytes key) const {
    uint64_t rank;
    RequireOk(view.Rank(key, &rank));
    return rank;
  }

  Session table;
  View view;
};

}  // namespace

TEST_CASE("a view of a delta keeps the contract") {
  test::CheckContract<ViewAdapter<false, true>>();
}
TEST_CASE("a view of a base keeps the contract") {
  test::CheckContract<ViewAdapter<true, false>>();
}
TEST_CASE("a view of a delta over a base keeps the contract") {
  test::CheckContract<ViewAdapter<true, true>>();
}

}  // namespace memkv
