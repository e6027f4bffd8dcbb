// Tokens: a piece of SQL cut as SQLite cuts it, comments left out.

#ifndef MEMKV_EXT_TOKENS_H_
#define MEMKV_EXT_TOKENS_H_

#include <optional>
#include <string>
#include <string_view>

namespace memkv::sql {

class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  struct Token {
    std::string text;      // without its quotes
    char quote = 0;        // " ' ` [ or 0
    bool word = false;     // a bare word, an identifier or a keyword
    std::string_view raw;  // as written

    bool Is(std::string_view keyword) const;
    bool IsName() const { return (word || quote) && !text.empty(); }
    bool IsList() const { return raw.starts_with("("); }
  };

  // None at the end. What is in parentheses is one token, text within it included. Throws SqlError
  // where a quote is not closed.
  std::optional<Token> Next();

  // What is left, from its first token on.
  std::string_view Rest() {
    SkipSpace();
    return rest_;
  }

 private:
  void TakeQuoted(Token* token, size_t* n);
  void SkipSpace();

  std::string_view rest_;
};

std::string_view Trimmed(std::string_view text);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_TOKENS_H_
