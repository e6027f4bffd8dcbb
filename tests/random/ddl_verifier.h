// Another process that looks at databases: this executable, started with kVerify as its argument.
// It is started when first needed, and answers until this one ends.

#ifndef MEMKV_TESTS_RANDOM_DDL_VERIFIER_H_
#define MEMKV_TESTS_RANDOM_DDL_VERIFIER_H_

#include <sys/types.h>

#include <cstdio>
#include <string>

#include "tests/random/ddl_compare.h"

namespace memkv::test {

// Two databases at rest: a memkv one and the twin's. The attached files may be empty.
struct Pair {
  std::string ours, theirs, our_attached, their_attached;
};

// Compares them through fresh connections of this process.
Failure CompareAtRest(const Pair& pair);

class Verifier {
 public:
  static constexpr const char* kVerify = "--answer";

  Verifier() = default;
  ~Verifier();
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  // The same through connections of the other process.
  Failure Compare(const Pair& pair);

  // What the other process does: answers until its input ends.
  static int Serve();

 private:
  void Start();

  pid_t child_ = -1;
  FILE* questions_ = nullptr;
  FILE* answers_ = nullptr;
};

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_DDL_VERIFIER_H_
