// The text between the parentheses of CREATE VIRTUAL TABLE … USING memkv(…): columns and options.

#ifndef MEMKV_EXT_ARGS_H_
#define MEMKV_EXT_ARGS_H_

#include <span>
#include <string_view>

#include "ext/schema.h"

namespace memkv::sql {

// Throws SqlError naming what is unknown or malformed and what is allowed. `files`: whether the
// option file is known. A schema with a file has no columns yet.
Schema ParseArgs(std::string_view table, std::span<const char* const> args, bool files = true);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_ARGS_H_
