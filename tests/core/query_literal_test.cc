#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "core/query/literal.h"

namespace memkv {
namespace {

Literal Make(const std::string& text, bool folds) {
  std::vector<CasePair> bytes;
  for (const char c : text)
    bytes.push_back(folds ? CasePair(static_cast<uint8_t>(c))
                          : CasePair::Only(static_cast<uint8_t>(c)));
  return Literal(std::move(bytes));
}

TEST_CASE("a literal is found where the textbook finds it, and not past a NUL") {
  std::mt19937 random(5);
  for (int i = 0; i < 200000; ++i) {
    std::string literal, text;
    for (uint32_t n = 1 + random() % (random() % 4 ? 5 : 40); n > 0; --n)
      literal += "abAr."[random() % 5];
    for (uint32_t n = random() % 90; n > 0; --n)
      text += random() % 60 ? "abAr.x"[random() % 6] : '\0';
    if (random() % 2 && !text.empty()) text.insert(random() % text.size(), literal);
    const bool folds = random() % 2;
    const Literal finder = Make(literal, folds);
    size_t expected = 0;
    bool expected_found = false;
    for (; expected < text.size() && text[expected] != '\0'; ++expected) {
      const std::string here = text.substr(expected, literal.size());
      if (here.size() == literal.size() && finder.Is(here.data())) {
        expected_found = true;
        break;
      }
    }
    bool found;
    REQUIRE(finder.Find(text, &found) == expected);
    REQUIRE(found == expected_found);
  }
}

}  // namespace
}  // namespace memkv
