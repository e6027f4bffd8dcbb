#include "ext/tokens.h"

#include <algorithm>

#include "ext/schema.h"
#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

bool Tokens::Token::Is(std::string_view keyword) const { return word && SameName(text, keyword); }

std::optional<Tokens::Token> Tokens::Next() {
  SkipSpace();
  if (rest_.empty()) return std::nullopt;
  Token t;
  const char c = rest_[0];
  size_t n = 1;
  if (c == '"' || c == '\'' || c == '`' || c == '[') {
    TakeQuoted(&t, &n);
  } else if (c == '(') {
    // A parenthesis in quotes, or in a comment, is none.
    Tokens inside(rest_.substr(1));
    for (int depth = 1; depth > 0;) {
      const std::string_view left = inside.Rest();
      if (left.empty()) break;
      if (left[0] == ')') {
        --depth;
        inside.rest_.remove_prefix(1);
      } else if (left[0] == '(') {
        ++depth;
        inside.rest_.remove_prefix(1);
      } else {
        inside.Next();
      }
    }
    n = rest_.size() - inside.rest_.size();
    t.text = rest_.substr(0, n);
  } else {
    while (IsWord(c) && n < rest_.size() && IsWord(rest_[n])) ++n;
    t.word = IsWord(c);
    t.text = rest_.substr(0, n);
  }
  t.raw = rest_.substr(0, n);
  rest_.remove_prefix(n);
  return t;
}

void Tokens::TakeQuoted(Token* t, size_t* n) {
  const char open = rest_[0], close = open == '[' ? ']' : open;
  t->quote = open;
  for (;; ++*n) {
    if (*n >= rest_.size()) {
      throw SqlError(SQLITE_ERROR,
                     "memkv: unterminated " + std::string(1, open) + " in " + Shown(rest_));
    }
    if (rest_[*n] != close) {
      t->text += rest_[*n];
    } else if (close != ']' && *n + 1 < rest_.size() && rest_[*n + 1] == close) {
      t->text += rest_[(*n)++];
    } else {
      ++*n;
      return;
    }
  }
}

void Tokens::SkipSpace() {
  for (;;) {
    while (!rest_.empty() && IsSpace(rest_[0])) rest_.remove_prefix(1);
    if (rest_.starts_with("--")) {
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    } else if (rest_.starts_with("/*")) {
      const size_t end = rest_.find("*/", 2);
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
    } else {
      return;
    }
  }
}

}  // namespace memkv::sql
