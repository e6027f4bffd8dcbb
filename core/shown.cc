#include "core/shown.h"

#include <cstring>

#include "core/utf8.h"

namespace memkv {
namespace {

// Gives put() the text in pieces, well-formed characters as they are and any other byte as it is
// shown, up to `most` bytes in all. Whether that was all of it.
template <class Put>
bool Escape(Bytes text, size_t most, bool controls, const Put& put) {
  constexpr char kHex[] = "0123456789ABCDEF";
  while (!text.empty()) {
    size_t n = Utf8Bytes(text);
    const uint8_t byte = static_cast<uint8_t>(text[0]);
    const char escaped[] = {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    Bytes piece = text.substr(0, n);
    if (n == 0 || (controls && (byte < 0x20 || byte == 0x7f))) {
      n = 1;
      piece = Bytes(escaped, sizeof escaped);
    }
    if (piece.size() > most) return false;
    most -= piece.size();
    put(piece);
    text.remove_prefix(n);
  }
  return true;
}

}  // namespace

std::string ShownBare(Bytes text, size_t most) {
  std::string out;
  if (!Escape(text, most, true, [&out](Bytes piece) { out += piece; })) out += "...";
  return out;
}

std::string Shown(Bytes text, size_t most) { return '"' + ShownBare(text, most) + '"'; }

size_t MakeWellFormed(Bytes message, size_t most, char* out) noexcept {
  size_t bytes = 0;
  auto put = [&](Bytes piece) {
    if (out != nullptr) std::memcpy(out + bytes, piece.data(), piece.size());
    bytes += piece.size();
  };
  if (!Escape(message, most, false, put)) put("...");
  return bytes;
}

}  // namespace memkv
