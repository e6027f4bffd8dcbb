// The values that random statements are made of: few for each case, so that they meet, and chosen
// to provoke trouble: numbers and texts that read as numbers, texts and blobs of the same bytes,
// equal numbers of two classes, the ends of the ranges, prefixes of each other, case pairs, NUL
// bytes, invalid UTF-8, and the metacharacters of patterns.

#ifndef MEMKV_TESTS_RANDOM_STATEMENT_VALUES_H_
#define MEMKV_TESTS_RANDOM_STATEMENT_VALUES_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/sql/db.h"

namespace memkv::test {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // 0 <= result < n
  uint64_t Below(uint64_t n) { return engine_() % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  template <class T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }

 private:
  std::mt19937_64 engine_;
};

// The value as an SQL literal, whatever bytes it has.
std::string Literal(const Cell& cell);

class Pool {
 public:
  explicit Pool(Random* random);

  // Any of the case's values, NULL seldom.
  Cell Any();
  // One that is not NULL.
  Cell Some();
  // One that is no number, and does not read as one.
  Cell Word();
  // Sees to it that there are some of both.
  void TakeNumbersAndWords();
  // A text of the case's, or what is left of one, with the wildcards of LIKE, GLOB or REGEXP in it.
  std::string LikePattern();
  std::string GlobPattern();
  std::string RegexpPattern();
  // The beginning of a text or blob of the case's.
  Cell Prefix();

 private:
  std::string SomeText();
  // A text, perhaps cut short, with one of `wildcards` put somewhere.
  std::string Pattern(const std::vector<std::string>& wildcards, const std::string& any);

  void Take(const std::vector<Cell>& family);

  Random& random_;
  std::vector<Cell> values_;
  std::vector<std::string> texts_;
};

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_STATEMENT_VALUES_H_
