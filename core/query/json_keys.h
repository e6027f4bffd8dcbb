// JsonKeys: the elements of a JSON array of keys, one by one: strings, numbers and null (RFC 8259,
// strictly); of keys of several columns, arrays of as many of these.
//
// Bytes of strings that are no well-formed UTF-8 are taken as they are, since keys may hold any.

#ifndef MEMKV_CORE_QUERY_JSON_KEYS_H_
#define MEMKV_CORE_QUERY_JSON_KEYS_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/datum.h"
#include "core/status.h"

namespace memkv {

class JsonKeys {
 public:
  // Borrows `text`. columns: of each key. REQUIRES columns > 0.
  explicit JsonKeys(Bytes text, size_t columns = 1) : text_(text), unescaped_(columns) {}

  // Called now and then within an element or the space before it; true ends the reading with
  // kInterrupted.
  void SetPoll(std::function<bool()> poll) { poll_ = std::move(poll); }

  // The next element, key[0] and what follows: TEXT, INTEGER (where int64 holds it), REAL or NULL;
  // *more is false after the last. Text is borrowed from the array or from this object until the
  // next call. kInvalid, with the byte position, where the text is no array of keys; after a failure
  // it may not be called again.
  Status Next(bool* more, Datum* key);

 private:
  bool Is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  // Takes c, and the space behind it.
  Status Take(char c, const char* expected);
  Status Fail(size_t at, const char* expected) const;
  // Asks whether to stop once that much more of the text was read.
  Status Poll();
  Status SkipSpace();
  // What a column is, with its escapes in *unescaped.
  Status Column(std::string* unescaped, Datum* v);
  Status Columns(Datum* key);
  Status String(std::string* unescaped, Datum* v);
  Status Escape(std::string* unescaped);
  Status Hex(uint32_t* c);
  Status Number(Datum* v);

  Bytes text_;
  size_t at_ = 0;
  bool started_ = false, ended_ = false;
  std::function<bool()> poll_;
  size_t polled_at_ = 0;
  std::vector<std::string> unescaped_;  // of each column
};

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_JSON_KEYS_H_
