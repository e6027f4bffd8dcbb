// KeyText: which bytes of a key are the text that facets and prefix trees go by.
//
//   of a key of one column         tag | text
//   of a key of several columns    tag | text, NUL as 00 FF | 00 | the other columns
//
// See core/key.h and core/key_parts.h: it is the first column that is read.

#ifndef MEMKV_CORE_QUERY_KEY_TEXT_H_
#define MEMKV_CORE_QUERY_KEY_TEXT_H_

#include <algorithm>
#include <string>

#include "core/bytes.h"
#include "core/index_key.h"
#include "core/range.h"

namespace memkv {

enum class KeyColumns : bool { kOne, kSeveral };

class KeyText {
 public:
  explicit KeyText(KeyColumns columns = KeyColumns::kOne)
      : several_(columns == KeyColumns::kSeveral) {}

  // Whether many keys may have one text.
  bool several() const { return several_; }

  // A text as keys have it.
  std::string Coded(Bytes text) const {
    if (!several_) return std::string(text);
    std::string coded;
    AppendIndexText(text, &coded);
    return coded;
  }
  // The text; borrowed from `coded` or *buffer. False if it is none.
  bool Decode(Bytes coded, std::string* buffer, Bytes* text) const {
    *text = coded;
    return !several_ || DecodeIndexText(coded, buffer, text);
  }

  // Where the text ends in a key, or in the beginning of one.
  size_t End(Bytes key) const {
    return several_ ? std::min(IndexTextEnd(key, 1), key.size()) : key.size();
  }
  // Where the coded delimiter first comes in the text, from byte `from` of the key on; npos: nowhere.
  size_t Find(Bytes key, Bytes delimiter, size_t from) const {
    const Bytes text = key.substr(0, End(key));
    size_t at = FindBytes(text, delimiter, from);
    // One that begins with FF is not found in the code of a NUL.
    while (several_ && at != Bytes::npos && at > 1 && text[at - 1] == '\0')
      at = FindBytes(text, delimiter, at + 1);
    return at;
  }
  // All keys whose text is that of this key. REQUIRES several().
  KeyRange Same(Bytes key) const {
    return KeysOfIndexValue(key.substr(0, End(key) + 1), KeyRange::All());
  }

 private:
  bool several_;
};

}  // namespace memkv

#endif  // MEMKV_CORE_QUERY_KEY_TEXT_H_
