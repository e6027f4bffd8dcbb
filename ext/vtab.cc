#include "ext/vtab.h"

#include "core/shown.h"

namespace memkv::sql {

char* NewMessage(const char* text) noexcept {
  constexpr size_t kMost = 4096;
  const size_t bytes = MakeWellFormed(text, kMost, nullptr);
  auto* const message = static_cast<char*>(sqlite3_malloc64(bytes + 1));
  if (message == nullptr) return nullptr;
  MakeWellFormed(text, kMost, message);
  message[bytes] = '\0';
  return message;
}

}  // namespace memkv::sql
