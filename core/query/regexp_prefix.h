// What a regular expression says about the start of each text that it matches, whichever engine
// reads it.

#ifndef MEMKV_CORE_QUERY_REGEXP_PREFIX_H_
#define MEMKV_CORE_QUERY_REGEXP_PREFIX_H_

#include <string>

#include "core/bytes.h"

namespace memkv {

// The literal that follows a leading ^: up to the first special character, less its last character
// where a quantifier follows. Empty, which says nothing, without ^, with flags (`(?`) or an
// alternative (`|`) anywhere. An escaped special character is itself.
std::string RegexpPrefix(Bytes pattern);

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_REGEXP_PREFIX_H_
