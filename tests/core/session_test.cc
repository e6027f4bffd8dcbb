// Session against std::map: transactions, savepoints, freezes, and views held across all of them.

#include "core/store/session.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "core/range.h"
#include "core/row.h"
#include "core/view/cursor.h"
#include "tests/core/failing_allocations.h"
#include "tests/core/ordered_keys.h"
#include "tests/core/table_rows.h"

namespace memkv {
namespace {

using test::FailFrom;
using test::Random;
using test::RequireOk;
using test::RequireSame;
using test::RowMap;

// A Session and the rows that it should have. With `failing`, memory runs out in writes, and in
// most rollbacks.
class Shadowed {
 public:
  Shadowed(uint64_t seed, bool indexed, bool failing)
      : random_(seed),
        failing_(failing),
        table_(1, indexed ? std::vector<IndexDef>{0} : std::vector<IndexDef>()) {}

  void Step() {
    const uint64_t what = random_.Below(100);
    if (what < 50) return Put();
    if (what < 75) return Erase();
    if (what < 80) return EraseRange();
    if (what < 81) return RequireOk(table_.Freeze(nullptr));
    if (what < 82) return Truncate();
    if (what < 88) return Savepoint();
    if (what < 91) return RollbackTo();
    if (what < 93) return Release();
    if (what < 95) return Finish(random_.Below(2) == 0);
    if (what < 97) return Look();
    if (what < 99 && !held_.empty())
      held_.erase(held_.begin() + static_cast<ptrdiff_t>(random_.Below(held_.size())));
    if (what == 99) Check();
  }

  void Check() {
    RequireOk(table_.Settle(nullptr));
    RequireOk(table_.Verify(nullptr));
    RequireSame(table_.Latest(), rows_);
    for (const auto& [key, text] : rows_)
      if (IsNumberLike(key)) REQUIRE(table_.may_hold_numbers());
    for (const auto& [view, rows] : held_) RequireSame(view, rows);
  }

 private:
  // Which allocation fails, of one time in `times`.
  int64_t Failing(uint64_t times) {
    constexpr int64_t kNone = int64_t{1} << 40;
    return failing_ && random_.Below(times) == 0 ? static_cast<int64_t>(random_.Below(8)) : kNone;
  }
  // Whether f() ran through; else it has changed nothing.
  template <class F>
  bool Runs(F&& f) {
    const FailFrom fail(Failing(3));
    try {
      f();
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
  std::string Key() { return test::StyledKey(static_cast<int>(random_.Below(2)), random_); }
  void Begin() {
    table_.Begin();
    if (begin_.empty()) begin_.push_back(rows_);
  }
  void Put() {
    Begin();
    const std::string key = Key(), text = std::to_string(random_.Below(1000));
    const bool replace = random_.Below(2) == 0, there = rows_.count(key) > 0;
    const Datum d = Datum::Text(text);
    std::string buffer;
    bool existed;
    const Value value = EncodeRow({&d, 1}, &buffer);
    Status status;
    if (!Runs([&] { status = table_.Put(key, value, replace, &existed); })) return;
    RequireOk(status);
    REQUIRE(existed == there);
    if (!there || replace) rows_[key] = text;
  }
  void Erase() {
    Begin();
    const std::string key = Key();
    bool existed;
    Status status;
    if (!Runs([&] { status = table_.Erase(key, &existed); })) return;
    RequireOk(status);
    REQUIRE(existed == (rows_.erase(key) > 0));
  }
  void EraseRange() {
    Begin();
    const std::string lo = Key();
    std::string hi = Key();
    const bool open = random_.Below(10) == 0;
    uint64_t erased;
    Status status;
    const std::optional<Bytes> end = open ? std::nullopt : std::optional<Bytes>(hi);
    if (!Runs([&] { status = table_.EraseRange(lo, end, nullptr, &erased); })) return;
    RequireOk(status);
    const auto from = rows_.lower_bound(lo), to = open ? rows_.end() : rows_.lower_bound(hi);
    if (!open && hi <= lo) {
      REQUIRE(erased == 0);
      return;
    }
    REQUIRE(erased == static_cast<uint64_t>(std::distance(from, to)));
    rows_.erase(from, to);
  }
  void Look() {
    RequireOk(table_.Settle(nullptr));
    held_.emplace_back(table_.Latest(), rows_);
  }
  void Truncate() {
    Begin();
    RequireOk(table_.Truncate());
    rows_.clear();
  }
  void Savepoint() {
    Begin();
    table_.Savepoint(static_cast<int>(savepoints_.size()));
    if (random_.Below(2)) table_.Savepoint(static_cast<int>(savepoints_.size()));  // told twice
    savepoints_.push_back(rows_);
  }
  void RollbackTo() {
    if (savepoints_.empty()) return;
    const size_t n = random_.Below(savepoints_.size());
    {
      const FailFrom fail(Failing(1));
      table_.RollbackTo(static_cast<int>(n));
    }
    rows_ = savepoints_[n];
    savepoints_.resize(n + 1);
  }
  void Release() {
    if (savepoints_.empty()) return;
    const size_t n = random_.Below(savepoints_.size());
    table_.Release(static_cast<int>(n));
    savepoints_.resize(n);
  }
  void Finish(bool commit) {
    if (commit) {
      RequireOk(table_.Settle(nullptr));
      table_.Commit();
    } else {
      const FailFrom fail(Failing(1));
      table_.Rollback();
      if (!begin_.empty()) rows_ = begin_[0];
    }
    begin_.clear();
    savepoints_.clear();
  }

  Random random_;
  const bool failing_;
  Session table_;
  RowMap rows_;
  std::vector<RowMap> begin_, savepoints_;
  std::vector<std::pair<View, RowMap>> held_;
};

}  // namespace

TEST_CASE("a table in transactions equals std::map") {
  for (uint64_t seed = 1; seed <= 48; ++seed) {
    CAPTURE(seed);
    Shadowed shadowed(seed, seed % 2 == 1, seed % 4 >= 2);
    for (int i = 0; i < 1500; ++i) shadowed.Step();
    shadowed.Check();
  }
}

TEST_CASE("a savepoint opened before the table joined is undone to where it joined") {
  Session table(1);
  bool existed;
  RequireOk(table.Put("a", Value::Number(1), false, &existed));
  table.Savepoint(2);
  RequireOk(table.Put("b", Value::Number(1), false, &existed));
  table.RollbackTo(0);
  CHECK(table.size() == 1);
  RequireOk(table.Put("b", Value::Number(1), false, &existed));
  table.Release(2);
  table.RollbackTo(0);
  CHECK(table.size() == 1);
}

TEST_CASE("savepoints of one row each cost as much as the row") {
  constexpr int kSavepoints = 100'000;
  for (const bool indexed : {false, true}) {
    Session table(1, indexed ? std::vector<IndexDef>{0} : std::vector<IndexDef>());
    bool existed;
    table.Begin();
    for (int i = 0; i < kSavepoints; ++i) {
      table.Savepoint(i);
      RequireOk(table.Put(std::to_string(i * 7919), Value::Number(1), false, &existed));
    }
    for (int i = kSavepoints; i-- > kSavepoints / 2;) table.RollbackTo(i);
    CHECK(table.size() == kSavepoints / 2);
    table.Release(100);
    table.RollbackTo(99);
    CHECK(table.size() == 99);
    table.Rollback();
    CHECK(table.size() == 0);
    RequireOk(table.Settle(nullptr));
    RequireOk(table.Verify(nullptr));
  }
}

TEST_CASE("what a rollback has left for want of memory is done before anybody looks") {
  // Each way to look is the first.
  using Look = uint64_t (*)(Session&);
  const Look looks[] = {
      [](Session& t) { return t.size(); },
      [](Session& t) { return t.Latest().size(); },
      [](Session& t) { return t.Remember().size(); },
      [](Session& t) { return t.GetStats().keys; },
      [](Session& t) {
        RequireOk(t.Freeze(nullptr));
        return t.base()->size();
      },
      [](Session& t) {
        t.Begin();
        return t.unnoted().size();
      },
      [](Session& t) {
        bool found;
        RowRef row;
        RequireOk(t.Find("key5", &found, &row));
        return found ? t.unnoted().size() : 0;
      },
  };
  for (const Look look : looks) {
    Session table(1);
    bool existed;
    const auto key = [](int i) { return "key" + std::to_string(i); };
    for (int i = 0; i < 20'000; ++i)
      RequireOk(table.Put(key(i), Value::Number(1), false, &existed));
    table.Begin();
    table.Savepoint(0);
    for (int i = 0; i < 20'000; i += 20) RequireOk(table.Erase(key(i + 5), &existed));
    const View seen = table.Latest();  // what is undone has to be copied
    {
      const FailFrom fail(0);
      table.RollbackTo(0);
      REQUIRE(!table.settled());
      CHECK_THROWS_AS(look(table), std::bad_alloc);
    }
    CHECK(look(table) == 20'000);
    CHECK(seen.size() == 19'000);
  }
}

TEST_CASE("an interrupted freeze leaves the table as it was") {
  Session table(1);
  bool existed;
  for (int i = 0; i < 200000; ++i)
    RequireOk(table.Put("key" + std::to_string(i), Value::Number(1), false, &existed));
  const Status status = table.Freeze([](uint64_t, uint64_t) { return true; });
  CHECK(status.code() == Status::kInterrupted);
  CHECK(table.size() == 200000);
  CHECK(table.GetStats().frozen_keys == 0);
  RequireOk(table.Verify(nullptr));
}

TEST_CASE("a table knows whether a key of it may be a number, or read as one") {
  Session table(0);
  bool existed;
  uint64_t erased;
  const auto put = [&](const char* text) {
    RequireOk(table.Put(EncodeKey(Datum::Text(text)), Value(), false, &existed));
  };
  put("/a");
  RequireOk(table.Put(EncodeKey(Datum::Blob("5")), Value(), false, &existed));
  CHECK(!table.may_hold_numbers());
  table.Begin();
  table.Savepoint(0);
  put("05");
  CHECK(table.may_hold_numbers());
  table.RollbackTo(0);
  CHECK(!table.may_hold_numbers());
  Session::KeptMark without(table);
  put("05");
  without.Return();
  CHECK(!table.may_hold_numbers());
  put("05");
  CHECK(table.may_hold_numbers());
  table.Commit();
  RequireOk(table.Freeze(nullptr));
  CHECK(table.may_hold_numbers());
  RequireOk(table.EraseRange(EncodeKey(Datum::Text("0")), std::nullopt, nullptr, &erased));
  CHECK(table.may_hold_numbers());  // it might come back
  RequireOk(table.Freeze(nullptr));
  CHECK(!table.may_hold_numbers());
  const std::string from = EncodeKey(Datum::Text("/a")), to = EncodeKey(Datum::Text(" 1"));
  RequireOk(table.Move(from, to, Value(), &existed));
  CHECK(table.may_hold_numbers());
  RequireOk(table.Truncate());
  CHECK(!table.may_hold_numbers());
  const std::string keys[] = {EncodeKey(Datum::Text("-1")), EncodeKey(Datum::Text("a"))};
  const Rows::NewRow rows[] = {{keys[0], Value(), false}, {keys[1], Value(), false}};
  RequireOk(table.PutMany(rows));
  CHECK(table.may_hold_numbers());
  RequireOk(table.Truncate());
  RequireOk(table.Put(EncodeKey(Datum::Real(0.5)), Value(), false, &existed));
  CHECK(table.may_hold_numbers());
}

TEST_CASE("moving a row to a key that is taken replaces that row") {
  for (bool frozen : {false, true}) {
    Session table(1);
    bool existed;
    RequireOk(table.Put("a", Value::Number(1), false, &existed));
    RequireOk(table.Put("b", Value::Number(2), false, &existed));
    if (frozen) RequireOk(table.Freeze(nullptr));
    RequireOk(table.Move("a", "b", Value::Number(3), &existed));
    CHECK(existed);
    CHECK(table.size() == 1);
    RowRef row;
    RequireOk(table.Find("b", &existed, &row));
    CHECK(row.value.number == 3);
  }
}

}  // namespace memkv
