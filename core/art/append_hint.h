// AppendHint: where keys that come in ascending order go on, without a descent.

#ifndef MEMKV_CORE_ART_APPEND_HINT_H_
#define MEMKV_CORE_ART_APPEND_HINT_H_

#include <cstdint>
#include <string>

#include "core/alloc.h"
#include "core/art/tree.h"
#include "core/bytes.h"

namespace memkv::art {

class AppendHint {
 public:
  // While it is set, the leaf of the writer's path gets the keys in (last, to), behind all others
  // that it has. Set() makes it hold what was noted: it is noted before a write, which may fail,
  // and set after it.
  bool is_set() const { return is_set_; }
  void Set() { is_set_ = true; }
  void Clear() { is_set_ = false; }

  // Throw std::bad_alloc. `last` becomes the last key of the leaf at the end of `path`; of the leaf
  // for which it was set before.
  void Note(const Tree& tree, const Path& path, Bytes last) {
    NoteLast(last);
    Path next = path;
    size_t level;
    ends_ = next.Next(tree, &level);
    if (!ends_) return;
    to_.resize(next.SeparatorBytes(tree));
    next.CopySeparator(tree, static_cast<uint32_t>(to_.size()),
                       reinterpret_cast<uint8_t*>(to_.data()));
  }
  void NoteLast(Bytes last) { last_.assign(last.data(), last.size()); }

  // Whether the leaf gets the key. *shared: what it shares with the last one there.
  bool Leads(Bytes key, uint32_t* shared) const {
    if (!is_set_) return false;
    const size_t k = CommonPrefix(last_, key);
    *shared = static_cast<uint32_t>(k);
    const bool above = k < key.size() && (k == last_.size() || static_cast<uint8_t>(key[k]) >
                                                                   static_cast<uint8_t>(last_[k]));
    return above && !(ends_ && key >= Bytes(to_));
  }

 private:
  using Key = std::basic_string<char, std::char_traits<char>, Allocator<char>>;
  bool is_set_ = false, ends_ = false;
  Key last_, to_;
};

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_APPEND_HINT_H_
