// JsonKeys: the elements of a JSON array of keys, one by one: strings, numbers and null (RFC 8259,
// strictly).
//
// Bytes of strings that are no well-formed UTF-8 are taken as they are, since keys may hold any.

#ifndef MEMKV_CORE_QUERY_JSON_KEYS_H_
#define MEMKV_CORE_QUERY_JSON_KEYS_H_

#include <functional>
#include <string>
#include <utility>

#include "core/bytes.h"
#include "core/datum.h"
#include "core/status.h"

namespace memkv {

class JsonKeys {
 public:
  // Borrows `text`.
  explicit JsonKeys(Bytes text) : text_(text) {}

  // Called now and then within an element or the space before it; true ends the reading with
  // kInterrupted.
  void SetPoll(std::function<bool()> poll) { poll_ = std::move(poll); }

  // The next element: TEXT, INTEGER (where int64 holds it), REAL or NULL; *more is false after the
  // last. Text is borrowed from the array or from this object until the next call. kInvalid, with
  // the byte position, where the text is no array of keys; after a failure it may not be called
  // again.
  Status Next(bool* more, Datum* key);

 private:
  Status Fail(size_t at, const char* expected) const;
  // Asks whether to stop once that much more of the text was read.
  Status Poll();
  Status SkipSpace();
  Status String(Datum* key);
  Status Escape();
  Status Hex(uint32_t* c);
  Status Number(Datum* key);

  Bytes text_;
  size_t at_ = 0;
  bool started_ = false, ended_ = false;
  std::function<bool()> poll_;
  size_t polled_at_ = 0;
  std::string unescaped_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_JSON_KEYS_H_
