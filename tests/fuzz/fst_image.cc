// libFuzzer: any bytes as an image, checksums made right, every read called.

#include <cstddef>
#include <cstdint>

#include "tests/core/fst_exercise.h"
#include "tests/core/fst_repair.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace memkv;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  test::Repair(&bytes, true);
  std::shared_ptr<const Fst> fst;
  if (!Fst::Open(FstImage::Own(std::move(bytes)), &fst).ok()) return 0;
  const Bytes tail(reinterpret_cast<const char*>(data) + size / 2, size - size / 2);
  test::Exercise(
      fst, {"", "a", "https://www.example.com/index", Bytes("\0\xff", 2), tail.substr(0, 40)});
  return 0;
}
