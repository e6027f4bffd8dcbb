// Sorted sets: members with scores, found by member, by score and by position in (score, member)
// order. What a structure cannot do in O(log n) it does not offer.

#ifndef MEMKV_BENCH_STRUCTURES_SORTED_SETS_H_
#define MEMKV_BENCH_STRUCTURES_SORTED_SETS_H_

#include <cstdio>
#include <cstdlib>
#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/index_key.h"
#include "core/key.h"
#include "core/row.h"
#include "core/store/session.h"
#include "core/view/index_rows.h"

#ifdef MEMKV_BENCH_ABSL
#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#endif

namespace memkv::bench {

// A map from member to score and an ordered set of both, kept together.
template <class Map, class Set>
class TwoTrees {
 public:
  void Add(Bytes member, double score) {
    const auto [at, added] = scores_.try_emplace(std::string(member), score);
    if (!added) {
      order_.erase({at->second, at->first});
      at->second = score;
    }
    order_.insert({score, at->first});
  }
  bool Remove(Bytes member) {
    const auto at = scores_.find(std::string(member));
    if (at == scores_.end()) return false;
    order_.erase({at->second, at->first});
    scores_.erase(at);
    return true;
  }
  double Score(Bytes member) const { return scores_.find(std::string(member))->second; }
  template <class F>
  void RangeByScore(double lo, size_t n, F f) const {
    for (auto at = order_.lower_bound({lo, std::string()}); n > 0 && at != order_.end(); ++at, --n)
      f(Bytes(at->second));
  }
  double First() const { return order_.begin()->first; }
  double Last() const { return std::prev(order_.end())->first; }

 protected:
  Map scores_;
  Set order_;
};

using ScoredMember = std::pair<double, std::string>;

class StdSortedSet : public TwoTrees<std::map<std::string, double>, std::set<ScoredMember>> {
 public:
  static constexpr const char* kName = "std::map + std::set";
};

#ifdef MEMKV_BENCH_ABSL
class AbslSortedSet
    : public TwoTrees<absl::btree_map<std::string, double>, absl::btree_set<ScoredMember>> {
 public:
  static constexpr const char* kName = "absl::btree_map + btree_set";
};
#endif

class PbdsSortedSet
    : public TwoTrees<std::map<std::string, double>,
                      __gnu_pbds::tree<ScoredMember, __gnu_pbds::null_type, std::less<ScoredMember>,
                                       __gnu_pbds::rb_tree_tag,
                                       __gnu_pbds::tree_order_statistics_node_update>> {
 public:
  static constexpr const char* kName = "std::map + pb_ds order statistics";
  uint64_t Rank(Bytes member) const {
    const auto at = scores_.find(std::string(member));
    return order_.order_of_key({at->second, at->first});
  }
  template <class F>
  void Range(uint64_t from, size_t n, F f) const {
    for (auto at = order_.find_by_order(from); n > 0 && at != order_.end(); ++at, --n)
      f(Bytes(at->second));
  }
};

// memkv's Session with a secondary index, mutable or frozen.
template <bool kFrozen>
class MemkvSortedSet {
 public:
  static constexpr const char* kName = kFrozen ? "memkv, frozen" : "memkv";

  void Add(Bytes member, double score) {
    const Datum row = Datum::Real(score);
    bool existed;
    Must(table_.Put(Key(member), EncodeRow({&row, 1}, &record_), true, &existed));
  }
  void Freeze() {
    if (kFrozen) Must(table_.Freeze(nullptr));
    view_ = View();
  }
  bool Remove(Bytes member) {
    bool existed;
    Must(table_.Erase(Key(member), &existed));
    return existed;
  }
  double Score(Bytes member) const {
    bool found;
    RowRef row;
    Must(view().Find(Key(member), &found, &row));
    Datum v;
    std::string buffer;
    Must(view().Column(row, 0, &buffer, &v));
    return v.real;
  }
  uint64_t Rank(Bytes member) const {
    bool found;
    RowRef row;
    const Bytes key = Key(member);
    Must(view().Find(key, &found, &row));
    uint64_t rank;
    Must(view().IndexRank(0, key, row, &rank));
    return rank;
  }
  template <class F>
  void Range(uint64_t from, size_t n, F f) const {
    rows_->cursor().SeekRank(from);
    Walk(*rows_, n, f);
  }
  template <class F>
  void RangeByScore(double lo, size_t n, F f) const {
    rows_->cursor().Seek(IndexRange(CompareOp::kGreaterEqual, Datum::Real(lo)).lo);
    Walk(*rows_, n, f);
  }
  double First() const { return End(false); }
  double Last() const { return End(true); }
  uint64_t OwnBytes() const { return table_.GetStats().memory_bytes; }
  // Reads see the table as it is when this is called.
  void ReadsBegin() {
    view_ = table_.Latest();
    rows_.emplace(view_, 0);
  }
  void ReadsEnd() {
    rows_.reset();
    view_ = View();
  }

 private:
  static void Must(const Status& s) {
    if (s.ok()) return;
    std::fprintf(stderr, "memkv: %s\n", s.message().c_str());
    std::exit(1);
  }
  const View& view() const { return view_; }
  Bytes Key(Bytes member) const {
    key_.assign(1, kTextTag);
    key_.append(member);
    return key_;
  }
  template <class F>
  static void Walk(IndexRows& rows, size_t n, F f) {
    for (; n > 0 && rows.cursor().Valid(); rows.cursor().Next(), --n) {
      Bytes key;
      Must(rows.Key(&key));
      f(key.substr(1));
    }
  }
  double End(bool last) const {
    IndexCursor& at = rows_->cursor();
    last ? at.SeekLast() : at.SeekFirst();
    Bytes value, key;
    std::string buffer;
    Datum v;
    if (!SplitIndexKey(at.key(), &value, &key) || !DecodeIndexValue(value, &buffer, &v))
      std::exit(1);
    return v.kind == Datum::kReal ? v.real : static_cast<double>(v.integer);
  }

  Session table_{1, {0}};
  View view_;
  mutable std::optional<IndexRows> rows_;
  mutable std::string key_;
  std::string record_;
};

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_STRUCTURES_SORTED_SETS_H_
