#include "core/index_def.h"

#include "core/key_parts.h"

namespace memkv {

std::string IndexDef::ToText() const {
  std::string text;
  for (const IndexColumn& c : columns) {
    if (!text.empty()) text += ", ";
    text += (c.kind == IndexColumn::kOfRow ? "" : "key ") + std::to_string(c.at);
  }
  return text;
}

bool AppendKeyPartAsIndexValue(Bytes key, const IndexColumn& c, std::string* out) {
  const bool last = c.kind == IndexColumn::kLastOfKey;
  Bytes part;
  if (!KeyPart(key, c.at, last, &part)) return false;
  if (!last) {
    out->append(part);
    return true;
  }
  Datum v;
  if (!DecodeKey(part, &v)) return false;
  AppendIndexValue(v, out);
  return true;
}

}  // namespace memkv
