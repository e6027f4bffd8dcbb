// How messages show what came from outside: names, values, paths, keys. All of it is text that any
// program can print: well-formed UTF-8, on one line, of a readable length.

#ifndef MEMKV_CORE_SHOWN_H_
#define MEMKV_CORE_SHOWN_H_

#include <cstddef>
#include <string>

#include "core/bytes.h"

namespace memkv {

inline constexpr size_t kMostShown = 80;
inline constexpr size_t kMostPath = 1000;  // of a path, whose end matters

// Between double quotes, cut to `most` bytes, with dots for the rest. Control characters, and bytes
// that are no well-formed UTF-8, are shown as in \x0A.
std::string Shown(Bytes text, size_t most = kMostShown);
// The same without quotes: for what stands in a message as it stood in a statement.
std::string ShownBare(Bytes text, size_t most = kMostShown);

// A whole message as others may have made it, cut to `most` bytes and dots: bytes that are no
// well-formed UTF-8 are shown as in \xD1, all else is as it was. Returns how many bytes that takes,
// and writes them to `out` unless it is null; allocates nothing.
size_t MakeWellFormed(Bytes message, size_t most, char* out) noexcept;

}  // namespace memkv

#endif  // MEMKV_CORE_SHOWN_H_
