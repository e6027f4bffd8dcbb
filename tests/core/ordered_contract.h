// The contract of every ordered structure (core/cursor.h), checked against std::map. A structure
// earns these tests with an adapter:
//
//   struct MyAdapter {
//     explicit MyAdapter(const memkv::test::Model& model);   // builds the structure from these
//     entries SomeCursor NewCursor() const;                          // an OrderedCursor with
//     entry() and rank() bool Find(Bytes key, Entry* entry) const; uint64_t Rank(Bytes key) const;
//     // entries below key static constexpr bool kHoldsValues = true;             // false: values
//     are not compared
//   };
//   TEST_CASE("mine keeps the contract") { memkv::test::CheckContract<MyAdapter>(); }

#ifndef MEMKV_TESTS_CORE_ORDERED_CONTRACT_H_
#define MEMKV_TESTS_CORE_ORDERED_CONTRACT_H_

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/datum.h"
#include "tests/core/ordered_keys.h"

namespace memkv::test {

inline std::string KeyOf(Bytes b) { return std::string(b); }

// The cursor stands where the iterator does.
template <class Adapter, class Cursor>
bool SameEntry(const Cursor& c, const Model& m, Model::const_iterator it) {
  if (c.Valid() != (it != m.end())) return false;
  if (!c.Valid()) return true;
  if (KeyOf(c.key()) != it->first || c.key().data()[c.key().size()] != '\0') return false;
  if constexpr (Adapter::kHoldsValues) {
    if (!it->second.Is(c.entry().value)) return false;
  }
  return true;
}

template <class Adapter>
void CheckModel(const Model& m, Random& random) {
  Adapter a(m);
  auto c = a.NewCursor();
  std::vector<std::string> keys;
  for (const auto& [k, v] : m) keys.push_back(k);

  // Both ways through, each key asked for.
  uint64_t rank = 0;
  c.SeekFirst();
  std::string before;
  for (auto it = m.begin(); it != m.end(); ++it, ++rank) {
    REQUIRE(SameEntry<Adapter>(c, m, it));
    REQUIRE(c.rank() == rank);
    const std::string now = KeyOf(c.key());
    if (rank) REQUIRE(c.shared() <= CommonPrefix(before, now));
    before = now;
    c.Next();
  }
  CHECK(!c.Valid());
  c.SeekLast();
  for (auto it = m.end(); it != m.begin();) {
    --it;
    --rank;
    REQUIRE(SameEntry<Adapter>(c, m, it));
    if (rank % 3 == 0) REQUIRE(c.rank() == rank);
    c.Prev();
  }
  CHECK(!c.Valid());

  // Keys asked for now and then only, steps in both directions.
  if (!m.empty()) {
    auto it = m.begin();
    c.SeekFirst();
    for (int i = 0; i < 300; ++i) {
      const int steps = static_cast<int>(random.Below(9)) - 4;
      for (int s = 0; s < steps && std::next(it) != m.end(); ++s, ++it) c.Next();
      for (int s = 0; s > steps && it != m.begin(); --s, --it) c.Prev();
      REQUIRE(SameEntry<Adapter>(c, m, it));
    }
  }

  // Seeks to keys that are there, that nearly are, and to anything.
  for (int i = 0; i < 400; ++i) {
    std::string q =
        keys.empty() || random.Below(5) == 0 ? AnyKey(random) : keys[random.Below(keys.size())];
    if (random.Below(2)) q = Mutate(q, random);
    Entry e;
    const auto hit = m.find(q);
    REQUIRE(a.Find(q, &e) == (hit != m.end()));
    if constexpr (Adapter::kHoldsValues) {
      if (hit != m.end()) REQUIRE(hit->second.Is(e.value));
    }
    const auto lower = m.lower_bound(q);
    REQUIRE(a.Rank(q) == static_cast<uint64_t>(std::distance(m.begin(), lower)));
    c.Seek(q);
    REQUIRE(SameEntry<Adapter>(c, m, lower));
    if (c.Valid()) {
      REQUIRE(c.rank() == static_cast<uint64_t>(std::distance(m.begin(), lower)));
      // Past every prefix of the key, from here.
      if (!lower->first.empty()) {
        const size_t n = 1 + random.Below(std::min<size_t>(lower->first.size(), 40));
        const auto next = PrefixSuccessor(Bytes(lower->first).substr(0, n));
        c.NextPast(n);
        REQUIRE(SameEntry<Adapter>(c, m, next ? m.lower_bound(*next) : m.end()));
        if (c.Valid()) REQUIRE(c.shared() <= CommonPrefix(lower->first, KeyOf(c.key())));
      }
    }
    c.SeekBefore(q);
    REQUIRE(SameEntry<Adapter>(c, m, lower == m.begin() ? m.end() : std::prev(lower)));
    if (c.Valid() && random.Below(2)) {
      c.Next();
      REQUIRE(SameEntry<Adapter>(c, m, lower));
    }
    const uint64_t r = random.Below(m.size() + 2);
    c.SeekRank(r);
    REQUIRE(SameEntry<Adapter>(
        c, m, r < m.size() ? std::next(m.begin(), static_cast<int64_t>(r)) : m.end()));
    if (c.Valid()) REQUIRE(c.rank() == r);
  }
  CHECK(c.status().ok());
}

template <class Adapter>
void CheckContract() {
  for (int style = 0; style < kKeyStyles; ++style) {
    for (size_t n : {0, 1, 2, 63, 64, 65, 700, 5000}) {
      CAPTURE(style);
      CAPTURE(n);
      Random random(static_cast<uint64_t>(style) * 1000 + n);
      Model m;
      for (size_t i = 0; i < n; ++i) m[StyledKey(style, random)] = AnyValue(random);
      CheckModel<Adapter>(m, random);
    }
  }
}

}  // namespace memkv::test

#endif  // MEMKV_TESTS_CORE_ORDERED_CONTRACT_H_
