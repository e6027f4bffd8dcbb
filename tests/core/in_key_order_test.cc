// InKeyOrder against std::map, which gets the same operations one after the other.

#include "core/store/in_key_order.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "core/row.h"
#include "core/store/verify.h"
#include "tests/core/ordered_keys.h"
#include "tests/core/table_rows.h"

namespace memkv {
namespace {

using test::Random;
using test::RequireOk;

// A table, what puts its operations in order, and the model.
class Replayed {
 public:
  explicit Replayed(Rows::Poll poll = {}) : poll_(std::move(poll)) {}

  void Put(const std::string& key, const std::string& text) {
    const Datum d = Datum::Text(text);
    std::string buffer;
    RequireOk(order_.Put(key, EncodeRow({&d, 1}, &buffer)));
    rows_[key] = text;
  }
  void Erase(const std::string& key) {
    RequireOk(order_.Erase(key));
    rows_.erase(key);
  }
  void EraseRange(const std::string& lo, const std::optional<std::string>& hi) {
    RequireOk(order_.EraseRange(lo, hi));
    if (hi && *hi <= lo) return;
    rows_.erase(rows_.lower_bound(lo), hi ? rows_.lower_bound(*hi) : rows_.end());
  }
  void Apply() { RequireOk(order_.Apply()); }
  void Freeze() {
    Apply();
    RequireOk(table_.Freeze(nullptr));
  }
  void Check() {
    Apply();
    RequireOk(table_.delta()->Verify({}));
    RequireOk(VerifyView(table_.Latest(), {}, nullptr));
    test::RequireSame(table_.Latest(), rows_);
  }
  InKeyOrder& order() { return order_; }

 private:
  const Rows::Poll poll_;
  Rows table_{1};
  InKeyOrder order_{&table_, poll_};
  test::RowMap rows_;
};

}  // namespace

TEST_CASE("operations in key order leave what they leave one after the other") {
  for (int style = 0; style < test::kKeyStyles; ++style) {
    CAPTURE(style);
    Random random(static_cast<uint64_t>(style) + 1);
    Replayed replayed;
    for (int i = 0; i < 6000; ++i) {
      const uint64_t what = random.Below(1000);
      const std::string key = test::StyledKey(style, random);
      if (what < 700) {
        replayed.Put(key, std::to_string(i));
      } else if (what < 990) {
        replayed.Erase(key);
      } else if (what < 993) {
        replayed.EraseRange(key, test::StyledKey(style, random));
      } else if (what < 994) {
        replayed.EraseRange(key, std::nullopt);
      } else if (what < 997) {
        replayed.Apply();
      } else if (what < 998) {
        replayed.Freeze();
      } else {
        replayed.Check();
      }
    }
    replayed.Check();
  }
}

TEST_CASE("keys that part late, or nowhere but in how many zeros they end with") {
  Random random(9);
  Replayed replayed;
  const std::string front(37, 'f');
  for (int i = 0; i < 4000; ++i) {
    std::string key = front.substr(0, random.Below(front.size() + 1));
    key.append(random.Below(20), '\0');
    if (random.Below(3) == 0) key.push_back('x');
    if (random.Below(5) == 0) {
      replayed.Erase(key);
    } else {
      replayed.Put(key, std::to_string(i));
    }
  }
  replayed.Check();
}

TEST_CASE("what is too large to be gathered is applied in its turn") {
  Replayed replayed;
  const std::string large(size_t{21} << 20, 'l'), some(size_t{19} << 20, 's');
  replayed.Put("b", "before");
  replayed.Put("a", "before");
  replayed.Put("b", large);
  replayed.Put("a", "after");
  replayed.Check();
  replayed.Put("b", "small");
  replayed.Put("c", large);
  replayed.Erase("c");
  replayed.Check();
  // Past what is gathered at once.
  for (int i = 0; i < 10; ++i) replayed.Put(std::string(1, static_cast<char>('z' - i % 2)), some);
  replayed.Erase("z");
  replayed.Check();
}

TEST_CASE("is asked whether to stop while it gathers, sorts and applies") {
  uint64_t asked = 0, stop_at = UINT64_MAX;
  Replayed replayed([&](uint64_t, uint64_t) { return ++asked >= stop_at; });
  for (int i = 0; i < 100'000; ++i)
    replayed.Put("key " + std::to_string(i * 7919 % 100'003), "value");
  const uint64_t gathering = asked;
  CHECK(gathering >= 5);
  stop_at = gathering + 2;
  CHECK(replayed.order().Apply().code() == Status::kInterrupted);
  CHECK(asked == stop_at);
}

}  // namespace memkv
