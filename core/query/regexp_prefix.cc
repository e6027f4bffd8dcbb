#include "core/query/regexp_prefix.h"

#include "core/utf8.h"

namespace memkv {

std::string RegexpPrefix(Bytes pattern) {
  constexpr Bytes kSpecial = ".[](){}*+?|^$\\", kQuantifiers = "*+?{";
  if (!pattern.starts_with('^') || pattern.find('|') != Bytes::npos ||
      pattern.find("(?") != Bytes::npos || pattern.find('\0') != Bytes::npos) {
    return "";
  }
  pattern.remove_prefix(1);
  std::string prefix;
  size_t last = 0;  // where the last character begins
  while (!pattern.empty()) {
    if (pattern[0] == '\\') {
      // A letter or a digit after it makes a class, an assertion or a reference.
      if (pattern.size() < 2 || kSpecial.find(pattern[1]) == Bytes::npos) break;
      pattern.remove_prefix(1);
    } else if (kSpecial.find(pattern[0]) != Bytes::npos) {
      break;
    }
    last = prefix.size();
    do {
      prefix += pattern[0];
      pattern.remove_prefix(1);
    } while (!pattern.empty() && IsUtf8Continuation(static_cast<uint8_t>(pattern[0])));
  }
  if (!pattern.empty() && kQuantifiers.find(pattern[0]) != Bytes::npos) prefix.resize(last);
  return prefix;
}

}  // namespace memkv
