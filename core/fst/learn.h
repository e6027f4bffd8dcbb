// Byte-pair merging: proposes tokens by joining, again and again, the most frequent pair of
// neighbours. After Gage, "A New Algorithm for Data Compression" (1994).

#ifndef MEMKV_CORE_FST_LEARN_H_
#define MEMKV_CORE_FST_LEARN_H_

#include <vector>

#include "core/fst/codebook.h"
#include "core/fst/progress.h"

namespace memkv::fst {

// The tokens found, in the order of their merges, at most `merges`; the 256 single bytes and the
// empty END are not among them. Needs some 12 bytes a byte of sample. Ties go to the pair met
// first.
std::vector<Token> ProposeTokens(const Sample& sample, size_t merges, Progress* progress);

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_LEARN_H_
