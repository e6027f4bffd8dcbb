#include "core/key_parts.h"

namespace memkv {

bool KeyPart(Bytes key, size_t i, bool last, Bytes* part) {
  Bytes rest = key;
  for (size_t n = 0; n < i; ++n) {
    if (!SplitIndexKey(rest, part, &rest)) return false;
  }
  if (!last) return SplitIndexKey(rest, part, &rest);
  *part = rest;
  return !rest.empty();
}

}  // namespace memkv
