// libFuzzer: any bytes as an image, checksums made right, every read called. It makes its own first
// inputs: images of every shape of keys, with and without values and secondary indexes.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>

#include "tests/core/fst_exercise.h"
#include "tests/core/fst_repair.h"
#include "tests/core/fst_shapes.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace memkv::test {
namespace {

Cell AnyCell(Random& random) {
  switch (random() % 5) {
    case 0:
      return {Datum::kInteger, static_cast<int64_t>(random() % 100), 0, {}};
    case 1:
      return {Datum::kReal, 0, static_cast<double>(random() % 100) / 4, {}};
    case 2:
      return {Datum::kText, 0, 0, "text " + std::to_string(random() % 9)};
    case 3:
      return {Datum::kBlob, 0, 0, RandomText(random, 9, "ab")};
    default:
      return {};
  }
}

const std::vector<std::string>& SoundImages() {
  static const std::vector<std::string> images = [] {
    std::vector<std::string> out;
    Random random(1);
    for (const size_t keys : {6, 40}) {
      for (const Shape& shape : Shapes(keys)) {
        for (const size_t columns : {0, 1, 3}) {
          Model model = KeysOnly(shape.keys);
          for (auto& [key, row] : model) {
            for (size_t c = 0; c < columns; ++c) row.push_back(AnyCell(random));
          }
          FstBuilder::Options options;
          using C = IndexColumn;
          if (columns > 1)
            options.indexes = {0, 2, IndexDef(std::vector<C>{{C::kOfRow, 2}, {C::kOfRow, 0}})};
          out.emplace_back(MustBuild(model, options)->bytes());
        }
      }
    }
    return out;
  }();
  return images;
}

// One to three changes, each of a byte or of a run that is copied from elsewhere.
void Damage(uint8_t* data, size_t size, std::minstd_rand& random) {
  for (size_t n = 1 + random() % 3; n > 0; --n) {
    const size_t at = random() % size;
    switch (random() % 4) {
      case 0:
        data[at] = static_cast<uint8_t>(data[at] ^ 1u << random() % 8);
        break;
      case 1:
        data[at] = static_cast<uint8_t>(random());
        break;
      case 2:
        data[at] = static_cast<uint8_t>(data[at] + 1 - 2 * (random() % 2));
        break;
      default: {
        const size_t from = random() % size;
        const size_t run = std::min<size_t>(1 + random() % 16, size - std::max(at, from));
        std::memmove(data + at, data + from, run);
      }
    }
  }
}

}  // namespace
}  // namespace memkv::test

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  using namespace memkv;
  std::minstd_rand random(seed);
  (void)random();
  const auto& images = test::SoundImages();
  if (size < fst::kPreambleBytes || random() % 64 == 0) {
    const std::string& image = images[random() % images.size()];
    if (image.size() <= most) {
      std::memcpy(data, image.data(), image.size());
      return image.size();
    }
  }
  if (size == 0 || random() % 4 == 0) return LLVMFuzzerMutate(data, size, most);
  test::Damage(data, size, random);
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace memkv;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  test::Repair(&bytes, true);
  std::shared_ptr<const Fst> fst;
  if (!Fst::Open(FstImage::Own(std::move(bytes)), &fst).ok()) return 0;
  const Bytes tail(reinterpret_cast<const char*>(data) + size / 2, size - size / 2);
  test::Exercise(fst,
                 {"", "a", "https://www.example.com/index", Bytes("\0\xff", 2), tail.substr(0, 40)},
                 {.steps = 20, .bytes = 32 << 10});
  return 0;
}
