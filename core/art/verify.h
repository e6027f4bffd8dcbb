// The whole tree walked: its invariants, and what its parts take.

#ifndef MEMKV_CORE_ART_VERIFY_H_
#define MEMKV_CORE_ART_VERIFY_H_

#include <cstdint>
#include <functional>

#include "core/art/tree.h"
#include "core/status.h"

namespace memkv::art {

// Separators, skips, keys, counts, nets: the first that is wrong is the message. Polled every few
// ms; true stops it with kInterrupted.
Status VerifyTree(const Tree& tree, const std::function<bool()>& poll);

struct Usage {
  uint64_t leaves = 0, nodes[5] = {}, height = 0;
  uint64_t leaf_bytes = 0, directory_bytes = 0, descriptor_bytes = 0;
};
Usage MeasureTree(const Tree& tree);

}  // namespace memkv::art

#endif  // MEMKV_CORE_ART_VERIFY_H_
