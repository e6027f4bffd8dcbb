// MapCursor: the cursor contract over a std::map, dull enough to be right: the oracle of the
// structures' tests.

#ifndef MEMKV_TESTS_CORE_MAP_CURSOR_H_
#define MEMKV_TESTS_CORE_MAP_CURSOR_H_

#include <cassert>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/cursor.h"
#include "core/status.h"

namespace memkv {

template <class T>
class MapCursor {
 public:
  using Map = std::map<std::string, T, std::less<>>;

  // How often the cursor was moved, by kind: what skipping is judged by.
  struct Moves {
    size_t seeks = 0, steps = 0, skips = 0, keys = 0;
  };

  explicit MapCursor(const Map* map) : map_(map), at_(map->end()) {}

  void SeekFirst() { Land(map_->begin()); }
  void SeekLast() { Land(map_->empty() ? map_->end() : std::prev(map_->end())); }
  void Seek(Bytes key) { Land(map_->lower_bound(key)); }
  void SeekBefore(Bytes key) {
    const auto it = map_->lower_bound(key);
    Land(it == map_->begin() ? map_->end() : std::prev(it));
  }
  void SeekRank(uint64_t rank) {
    Land(rank < map_->size() ? std::next(map_->begin(), static_cast<ptrdiff_t>(rank))
                             : map_->end());
  }

  void Next() {
    assert(Valid());
    ++moves_.steps;
    const Bytes left = at_->first;
    ++at_;
    shared_ = Valid() ? CommonPrefix(left, at_->first) : 0;
  }
  void Prev() {
    assert(Valid());
    ++moves_.steps;
    at_ = at_ == map_->begin() ? map_->end() : std::prev(at_);
  }
  void NextPast(size_t n) {
    assert(Valid() && n > 0 && n <= at_->first.size());
    ++moves_.skips;
    const std::optional<std::string> next = PrefixSuccessor(Bytes(at_->first).substr(0, n));
    at_ = next ? map_->lower_bound(*next) : map_->end();
  }

  bool Valid() const { return at_ != map_->end(); }
  Bytes key() {
    assert(Valid());
    ++moves_.keys;
    return at_->first;
  }
  size_t shared() const { return shared_; }
  const Status& status() const { return status_; }

  const T& value() const { return at_->second; }
  uint64_t rank() const {
    return static_cast<uint64_t>(std::distance(map_->begin(), typename Map::const_iterator(at_)));
  }
  const Moves& moves() const { return moves_; }

 private:
  void Land(typename Map::const_iterator it) {
    ++moves_.seeks;
    at_ = it;
  }

  const Map* map_;
  typename Map::const_iterator at_;
  size_t shared_ = 0;
  Status status_;
  Moves moves_;
};

static_assert(OrderedCursor<MapCursor<int>>);

}  // namespace memkv

#endif  // MEMKV_TESTS_CORE_MAP_CURSOR_H_
