// Art when memory or addresses run out, and at the limits of what a key and a record may be.

#include <doctest/doctest.h>

#include <optional>

#include "core/art/art.h"
#include "tests/core/art_model.h"
#include "tests/core/failing_allocations.h"
#include "tests/core/ordered_keys.h"

namespace memkv {
namespace {

using test::FailFrom;
using test::Model;
using test::OwnValue;
using test::Random;
using test::RequireOk;
using test::RequireSame;

// Runs op with its first allocation failing, then its second, ... until it gets through; the map
// must be as it was each time.
template <class Op>
void Sweep(Art& art, const Model& before, bool thorough, Op&& op) {
  for (int64_t n = 0;; ++n) {
    try {
      FailFrom fail(n);
      op();
      return;
    } catch (const std::bad_alloc&) {
    }
    REQUIRE(art.Latest().size() == before.size());
    if (thorough) {
      RequireOk(art.Verify());
      RequireSame(art.Latest(), before);
    }
    REQUIRE(n < 1000);
  }
}

}  // namespace

TEST_CASE("art: every allocation can fail") {
  for (int seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    Random random(static_cast<uint64_t>(seed) + 900);
    const int style = seed % test::kKeyStyles;
    Art art;
    Model m;
    std::vector<std::pair<ArtSnapshot, Model>> held;
    for (int step = 0; step < 1200; ++step) {
      const bool thorough = step % 16 == 0;
      const std::string k = test::StyledKey(style, random);
      const uint64_t dice = random.Below(100);
      if (dice < 60) {
        const OwnValue v = test::AnyValue(random);
        Status put;
        Sweep(art, m, thorough, [&] { put = art.Put(k, {v.Get(), 1}); });
        RequireOk(put);
        m[k] = v;
      } else if (dice < 88) {
        const auto it = m.lower_bound(k);
        if (it == m.end()) continue;
        bool erased = false;
        Sweep(art, m, thorough, [&] { erased = art.Erase(it->first); });
        REQUIRE(erased);
        m.erase(it);
      } else if (dice < 90) {
        const auto a = m.lower_bound(k);
        auto b = a;
        for (uint64_t i = random.Below(200); i > 0 && b != m.end(); --i) ++b;
        const std::string hi = b == m.end() ? "" : b->first;
        Sweep(art, m, true,
              [&] { art.EraseRange(k, b == m.end() ? std::nullopt : std::optional<Bytes>(hi)); });
        m.erase(a, b);
        RequireOk(art.Verify());
        RequireSame(art.Latest(), m);
      } else if (dice < 95) {
        std::optional<ArtSnapshot> s;
        Sweep(art, m, thorough, [&] { s = art.TakeSnapshot(); });
        held.push_back({*s, m});
      } else if (dice < 98) {
        if (!held.empty())
          held.erase(held.begin() + static_cast<int64_t>(random.Below(held.size())));
      } else if (!held.empty()) {
        const auto& h = held[random.Below(held.size())];
        FailFrom fail(0);
        art.Restore(h.first);
        m = h.second;
      }
      if (step % 100 == 99) {
        RequireOk(art.Verify());
        for (const auto& h : held) RequireSame(h.first, h.second);
      }
    }
    RequireSame(art.Latest(), m);
  }
}

TEST_CASE("art: nothing is lost when the arena is full") {
  Art art({.max_units = 24});
  Model m;
  Random random(5);
  Status full;
  for (int i = 0; i < 2000000 && full.ok(); ++i) {
    const std::string k = test::StyledKey(5, random) + std::to_string(i);
    OwnValue v;
    v.number = static_cast<uint64_t>(i);
    full = art.Put(k, {v.Get(), 1});
    if (full.ok()) m[k] = v;
  }
  REQUIRE(full.code() == Status::kFull);
  CHECK(m.size() > 5000);
  RequireOk(art.Verify());
  RequireSame(art.Latest(), m);
  // Room again after erasing.
  REQUIRE(art.EraseRange("", std::string_view("\x80", 1)) > 0);
  m.erase(m.begin(), m.lower_bound("\x80"));
  RequireOk(art.Put("again", {Value::Number(1), 1}));
  m["again"].number = 1;
  RequireSame(art.Latest(), m);
}

TEST_CASE("art: keys of 1 MiB and records of megabytes") {
  const int64_t before = allocated_bytes;
  {
    Art art;
    Model m;
    Random random(9);
    auto put = [&](std::string k, OwnValue v) {
      RequireOk(art.Put(k, {v.Get(), 1}));
      m[std::move(k)] = std::move(v);
    };
    for (int i = 0; i < 40; ++i) {
      std::string k(kMaxKeyBytes - static_cast<size_t>(i % 5), static_cast<char>('a' + i % 3));
      k[k.size() - 1 - static_cast<size_t>(i)] = static_cast<char>(i);
      put(k, test::AnyValue(random));
      put(k.substr(0, k.size() / 2), test::AnyValue(random));
    }
    OwnValue big;
    big.is_record = true;
    big.record.assign(20 << 20, 'r');
    put("big", big);
    put("", test::AnyValue(random));
    RequireOk(art.Verify());
    RequireSame(art.Latest(), m);
    CHECK(art.Put(std::string(kMaxKeyBytes + 1, 'k'), {Value::Number(1), 1}).code() ==
          Status::kTooBig);
    CHECK(art.GetStats().total_bytes > 20 << 20);
    const ArtSnapshot held = art.TakeSnapshot();
    put("big", OwnValue());
    Entry e;
    REQUIRE(held.Find("big", &e));
    CHECK(e.value.record == big.record);
    while (!m.empty()) {
      auto it = std::next(m.begin(), static_cast<int64_t>(random.Below(m.size())));
      REQUIRE(art.Erase(it->first));
      m.erase(it);
      if (m.size() % 16 == 0) {
        RequireOk(art.Verify());
        RequireSame(art.Latest(), m);
      }
    }
  }
  CHECK(allocated_bytes == before);
}

TEST_CASE("art: memory comes back") {
  const int64_t before = allocated_bytes;
  {
    Art art;
    Random random(3);
    std::vector<std::string> keys;
    for (int i = 0; i < 120000; ++i) {
      keys.push_back(test::StyledKey(2, random) + "/" + std::to_string(random()));
      RequireOk(art.Put(keys.back(), {Value::Number(random.Below(1000)), 1}));
    }
    const uint64_t full = art.GetStats().total_bytes;
    const auto stats = art.GetStats();
    CHECK(stats.slack_bytes * 100 < full * 13 + (100 << 19));
    // A held snapshot stays; what it alone held goes when it does.
    ArtSnapshot held = art.TakeSnapshot();
    for (int i = 0; i < 60000; ++i) REQUIRE(art.Erase(keys[static_cast<size_t>(i)]));
    CHECK(held.size() == keys.size());
    Entry e;
    for (int i = 0; i < 60000; i += 7) REQUIRE(held.Find(keys[static_cast<size_t>(i)], &e));
    held = ArtSnapshot();
    for (int i = 60000; i < 119990; ++i) REQUIRE(art.Erase(keys[static_cast<size_t>(i)]));
    RequireOk(art.Verify());
    CHECK(art.GetStats().total_bytes < 1 << 20);
    // What only a snapshot of a cleared map holds is counted, and comes back by Restore.
    held = art.TakeSnapshot();
    const uint64_t bytes = art.GetStats().total_bytes;
    art.Clear();
    CHECK(art.Latest().size() == 0);
    CHECK(art.GetStats().total_bytes >= bytes);
    art.Restore(held);
    CHECK(art.Latest().size() == held.size());
    art.Clear();
    held = ArtSnapshot();
    CHECK(art.GetStats().total_bytes < 4096);
  }
  CHECK(allocated_bytes == before);
}

}  // namespace memkv
