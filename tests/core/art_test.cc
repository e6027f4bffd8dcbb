// Art against std::map.

#include "core/art/art.h"

#include <memory>

#include "core/art/simd.h"
#include "tests/core/ordered_contract.h"

namespace memkv {
namespace {

using test::Model;
using test::OwnValue;
using test::Random;

Entry Own(const OwnValue& v) { return {v.Get(), v.net}; }

void RequireOk(const Status& s) { REQUIRE_MESSAGE(s.ok(), s.message()); }

// Built in random order, with keys that come and go.
struct ArtAdapter {
  static constexpr bool kHoldsValues = true;
  explicit ArtAdapter(const Model& m) : art(std::make_unique<Art>()) {
    std::vector<std::string> keys;
    for (const auto& [k, v] : m) keys.push_back(k);
    Random random(m.size());
    for (size_t i = keys.size(); i > 1; --i) std::swap(keys[i - 1], keys[random.Below(i)]);
    for (const std::string& k : keys) {
      const std::string other = test::Mutate(k, random);
      const bool extra = m.count(other) == 0;
      if (extra) RequireOk(art->Put(other, {Value::Number(1), 1}));
      RequireOk(art->Put(k, Own(m.at(k))));
      if (extra) REQUIRE(art->Erase(other));
    }
    RequireOk(art->Verify());
    snapshot = art->TakeSnapshot();
  }
  ArtCursor NewCursor() const { return snapshot.NewCursor(); }
  bool Find(Bytes key, Entry* e) const { return snapshot.Find(key, e); }
  uint64_t Rank(Bytes key) const { return snapshot.Rank(key); }

  std::unique_ptr<Art> art;
  ArtSnapshot snapshot;
};

bool Same(const ArtSnapshot& s, const Model& m) {
  if (s.size() != m.size()) return false;
  ArtCursor c = s.NewCursor();
  c.SeekFirst();
  for (const auto& [k, v] : m) {
    if (!c.Valid() || c.key() != k || !v.Is(c.entry().value) || c.entry().net != v.net)
      return false;
    c.Next();
  }
  return !c.Valid();
}

}  // namespace

TEST_CASE("art keeps the contract") { test::CheckContract<ArtAdapter>(); }

TEST_CASE("art: random writes equal std::map") {
  for (int seed = 0; seed < 24; ++seed) {
    CAPTURE(seed);
    Random random(static_cast<uint64_t>(seed));
    const int style = seed % test::kKeyStyles;
    const bool over_base = seed % 2;
    Art art({.over_base = over_base});
    Model m;
    for (int op = 0; op < 6000; ++op) {
      const std::string k = test::StyledKey(style, random);
      const uint64_t dice = random.Below(op / 1500 % 2 ? 14 : 10);
      if (dice < 6) {
        OwnValue v = test::AnyValue(random);
        if (over_base) v.net = static_cast<int>(random.Below(3)) - 1;
        bool replaced;
        RequireOk(art.Put(k, Own(v), &replaced));
        REQUIRE(replaced == (m.count(k) > 0));
        m[k] = v;
      } else {
        const auto it = m.lower_bound(k);
        const std::string gone = dice < 8 || it == m.end() ? k : it->first;
        REQUIRE(art.Erase(gone) == (m.erase(gone) > 0));
      }
      if (op % 1500 == 1499) {
        RequireOk(art.Verify());
        REQUIRE(Same(art.Latest(), m));
        const std::string q = test::StyledKey(style, random);
        int64_t net = 0;
        for (auto it = m.begin(); it != m.lower_bound(q); ++it) net += it->second.net;
        REQUIRE(art.Latest().NetRank(q) == net);
        ArtCursor c = art.Latest().NewCursor();
        c.Seek(q);
        if (c.Valid()) REQUIRE(c.net_rank() == net);
      }
    }
    while (!m.empty()) {
      const std::string k = m.begin()->first;
      REQUIRE(art.Erase(k));
      m.erase(k);
    }
    RequireOk(art.Verify());
    REQUIRE(art.Latest().size() == 0);
    REQUIRE(art.GetStats().total_bytes < 1 << 20);
  }
}

TEST_CASE("art: erased ranges equal std::map") {
  for (int seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    Random random(static_cast<uint64_t>(seed) + 77);
    const int style = seed % test::kKeyStyles;
    Art art;
    Model m;
    for (int round = 0; round < 30; ++round) {
      for (int i = 0; i < 300; ++i) {
        const std::string k = test::StyledKey(style, random);
        m[k] = test::AnyValue(random);
        RequireOk(art.Put(k, Own(m[k])));
      }
      ArtSnapshot held;
      Model old;
      if (round % 3 == 0) {
        held = art.TakeSnapshot();
        old = m;
      }
      std::string lo = test::StyledKey(style, random), hi = test::StyledKey(style, random);
      if (hi < lo) std::swap(lo, hi);
      const bool open = random.Below(8) == 0;
      const auto a = m.lower_bound(lo), b = open ? m.end() : m.lower_bound(hi);
      const auto n = static_cast<uint64_t>(std::distance(a, b));
      m.erase(a, b);
      REQUIRE(art.EraseRange(lo, open ? std::nullopt : std::optional<Bytes>(hi)) == n);
      RequireOk(art.Verify());
      REQUIRE(Same(art.Latest(), m));
      if (round % 3 == 0) REQUIRE(Same(held, old));
    }
    REQUIRE(art.EraseRange("", std::nullopt) == m.size());
    RequireOk(art.Verify());
    REQUIRE(art.Latest().size() == 0);
  }
}

TEST_CASE("art: snapshots held, dropped and restored in any order stay exact") {
  for (int seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    Random random(static_cast<uint64_t>(seed) + 500);
    const int style = seed % test::kKeyStyles;
    Art art;
    Model m;
    std::vector<std::pair<ArtSnapshot, Model>> held;
    for (int step = 0; step < 120; ++step) {
      for (uint64_t i = random.Below(60); i > 0; --i) {
        const std::string k = test::StyledKey(style, random);
        if (random.Below(3)) {
          m[k] = test::AnyValue(random);
          RequireOk(art.Put(k, Own(m[k])));
        } else {
          const auto it = m.lower_bound(k);
          if (it == m.end()) continue;
          REQUIRE(art.Erase(it->first));
          m.erase(it);
        }
      }
      switch (random.Below(6)) {
        case 0:
        case 1:
          held.push_back({art.TakeSnapshot(), m});
          break;
        case 2:
          if (!held.empty())
            held.erase(held.begin() + static_cast<int64_t>(random.Below(held.size())));
          break;
        case 3:
          if (!held.empty()) {
            const auto& h = held[random.Below(held.size())];
            art.Restore(h.first);
            m = h.second;
            REQUIRE(Same(art.Latest(), m));
          }
          break;
        case 4:
          if (random.Below(10) == 0) {
            art.Clear();
            m.clear();
          }
      }
      RequireOk(art.Verify());
      if (step % 10 == 0) {
        for (const auto& h : held) REQUIRE(Same(h.first, h.second));
      }
    }
    REQUIRE(Same(art.Latest(), m));
    for (const auto& h : held) REQUIRE(Same(h.first, h.second));
    held.clear();
    RequireOk(art.Verify());
  }
}

TEST_CASE("art: a large map with token books, sweeps, snapshots and restores") {
  Random random(4242);
  Art art({.over_base = true});
  Model m;
  std::vector<std::pair<ArtSnapshot, Model>> held;
  std::vector<std::string> keys;
  for (int op = 0; op < 400000; ++op) {
    // The keys drift from one style to another.
    const int style = op < 150000 ? 2 : 5;
    const uint64_t dice = random.Below(100);
    if (dice < (op < 250000 ? 75u : 40u) || keys.empty()) {
      std::string k = test::StyledKey(style, random) + "?q=" + std::to_string(random.Below(1000));
      OwnValue v = test::AnyValue(random);
      v.net = static_cast<int>(random.Below(3)) - 1;
      RequireOk(art.Put(k, Own(v)));
      m[k] = v;
      keys.push_back(std::move(k));
    } else {
      const std::string& k = keys[random.Below(keys.size())];
      REQUIRE(art.Erase(k) == (m.erase(k) > 0));
    }
    if (op % 20000 == 10000) held.push_back({art.TakeSnapshot(), m});
    if (held.size() > 3) held.erase(held.begin() + static_cast<int64_t>(random.Below(3)));
    if (op % 100000 == 90000) {
      const auto& h = held[random.Below(held.size())];
      art.Restore(h.first);
      m = h.second;
      RequireOk(art.Verify());
    }
    if (op % 100000 == 99999) {
      RequireOk(art.Verify());
      for (const auto& h : held) REQUIRE(Same(h.first, h.second));
    }
  }
  CHECK(art.GetStats().book_bytes > 0);
  REQUIRE(Same(art.Latest(), m));
  held.clear();
  for (auto it = m.begin(); it != m.end(); it = m.erase(it)) REQUIRE(art.Erase(it->first));
  RequireOk(art.Verify());
  CHECK(art.GetStats().total_bytes < 1 << 20);
}

}  // namespace memkv

namespace memkv {

// Each third key moves behind itself while a snapshot is held: the open leaf is at times the one
// that is written.
TEST_CASE("art: keys move within an open leaf that a snapshot shares") {
  for (int n : {90, 120, 250, 300, 600, 2000}) {
    CAPTURE(n);
    Art art;
    std::map<std::string, uint64_t> model;
    for (int i = 1; i <= n; ++i) {
      const std::string key = "k" + std::to_string(i);
      REQUIRE(art.Put(key, {Value::Number(static_cast<uint64_t>(i)), 1}).ok());
      model[key] = static_cast<uint64_t>(i);
    }
    const ArtSnapshot begin = art.TakeSnapshot();
    for (int i = 3; i <= n; i += 3) {
      const std::string key = "k" + std::to_string(i);
      const ArtSnapshot held = art.TakeSnapshot();
      REQUIRE(art.Put(key + "x", {Value::Number(1), 1}).ok());
      REQUIRE(art.Erase(key));
      model.erase(key);
      model[key + "x"] = 1;
    }
    const Status status = art.Verify();
    REQUIRE_MESSAGE(status.ok(), status.message());
    CHECK(begin.size() == static_cast<uint64_t>(n));
    ArtCursor c = art.Latest().NewCursor();
    c.SeekFirst();
    for (const auto& [key, number] : model) {
      REQUIRE(c.Valid());
      REQUIRE(c.key() == key);
      REQUIRE(c.entry().value.number == number);
      c.Next();
    }
    CHECK(!c.Valid());
  }
}

}  // namespace memkv
