// genkeys N: writes N URL-like keys, ascending and unique, one per line.

#include <cstdio>
#include <cstdlib>

#include "bench/keygen.h"

int main(int argc, char** argv) {
  char* end = nullptr;
  const unsigned long long count = argc == 2 ? std::strtoull(argv[1], &end, 10) : 0;
  if (count == 0 || *end != '\0') {
    std::fprintf(stderr, "usage: genkeys N\n");
    return 2;
  }
  memkv::bench::UrlGenerator generator(count);
  for (memkv::Bytes key; generator.Next(&key);) {
    std::fwrite(key.data(), 1, key.size(), stdout);
    std::putchar('\n');
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
