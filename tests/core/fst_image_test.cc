// The image of the frozen engine as bytes and as a file: damage, forgery, the golden file, mapping,
// codes taken over, memory that runs out.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>

#include "core/key_parts.h"
#include "tests/core/fst_exercise.h"
#include "tests/core/fst_repair.h"
#include "tests/core/fst_shapes.h"
#include "tests/folder.h"

namespace memkv::test {
namespace {

namespace fs = std::filesystem;

// A small image with something of everything: lists, fused nodes, references, columns of several
// kinds.
Model SmallModel() {
  Random random(7);
  Model model;
  for (int site = 0; site < 6; ++site) {
    for (int file = 0; file < 24; ++file) {
      const std::string key =
          "http://site" + std::to_string(site) + "/directory/file" + std::to_string(file) + ".html";
      Row row(3);
      row[0] = {Datum::kInteger, static_cast<int64_t>(random() % 1000), 0, {}};
      row[1] = {file % 5 ? Datum::kText : Datum::kNull, 0, 0,
                file % 5 ? "title " + std::to_string(random() % 4) : ""};
      row[2] = {file % 2 ? Datum::kReal : Datum::kBlob, 0, 0.25 * file,
                file % 2 ? "" : Url(random)};
      model[key] = row;
    }
  }
  model[""] = model.begin()->second;
  model[std::string("a\0b", 3)] = model.begin()->second;
  return model;
}

// The same with secondary indexes by all three columns.
std::shared_ptr<const FstImage> SmallImage() {
  FstBuilder::Options options;
  options.indexes = {0, 1, 2};
  return MustBuild(SmallModel(), options);
}

// The same rows under keys of two columns, and indexes of several.
std::shared_ptr<const FstImage> SmallImageOfSeveral() {
  Model model;
  for (const auto& [key, row] : SmallModel()) {
    std::string parts;
    AppendKeyPart(Datum::Text(Bytes(key).substr(0, key.size() / 2)), false, &parts);
    AppendKeyPart(Datum::Integer(static_cast<int64_t>(model.size())), true, &parts);
    model[parts] = row;
  }
  FstBuilder::Options options;
  options.indexes = IndexesOfSeveral();
  return MustBuild(model, options);
}

std::vector<Bytes> SmallProbes() {
  return {"",
          "http://site3/directory/file7.html",
          "http://site3/directory/file7.htm",
          "http://site9",
          "zz",
          Bytes("a\0b", 3),
          Bytes("\x01\xbf\xf0\0", 4),
          Bytes("\2title 1\0\2k", 11)};
}

// Whether every answer is the model's, or an error.
void RightOrError(const std::shared_ptr<const Fst>& fst, const Model& model) {
  if (fst->size() != model.size() || fst->columns() != 3)
    FAIL("a count that is wrong without an error");
  std::string key;
  uint64_t i = 0;
  for (const auto& [want, row] : model) {
    bool found = false;
    uint64_t rank = 0;
    if (fst->Find(want, &found, &rank).ok()) REQUIRE((found && rank == i));
    if (fst->Select(i, &key).ok()) REQUIRE(key == want);
    Datum value;
    if (fst->Column(i, 0, &key, &value).ok()) REQUIRE(value.integer == row[0].integer);
    ++i;
  }
}

TEST_CASE("fst image: every truncation is an error") {
  const std::string whole(SmallImage()->bytes());
  std::shared_ptr<const Fst> fst;
  for (size_t n = 0; n < whole.size(); ++n) {
    const Status status = Fst::Open(FstImage::Own(whole.substr(0, n)), &fst);
    REQUIRE(status.code() == Status::kCorrupt);
    std::string forged = whole.substr(0, n);
    Repair(&forged, true);
    if (Fst::Open(FstImage::Own(forged), &fst).ok()) Exercise(fst, SmallProbes());
  }
}

TEST_CASE("fst image: every flip is an error, or forged, survived") {
  const Model model = SmallModel();
  const std::string whole(SmallImage()->bytes());
  const TempFile file;
  for (size_t i = 0; i < whole.size(); ++i) {
    for (int bits : {1, 0x80, 0xff}) {
      std::string bad = whole;
      bad[i] = static_cast<char>(bad[i] ^ bits);
      std::shared_ptr<const Fst> fst;
      REQUIRE(Fst::Open(FstImage::Own(bad), &fst).code() == Status::kCorrupt);
      if (i % 16 == 0) {
        // Mapped, only what is touched is checked.
        WriteAll(file.path(), bad);
        std::shared_ptr<const FstImage> image;
        REQUIRE(MapFile(file.path(), &image).ok());
        if (Fst::Open(image, &fst).ok()) {
          RightOrError(fst, model);
          CHECK(fst->Verify().code() == Status::kCorrupt);
        }
      }
      Repair(&bad, false);
      if (Fst::Open(FstImage::Own(bad), &fst).ok()) Exercise(fst, SmallProbes());
    }
  }
}

// The head, where the sections are named, and what tells an index's columns.
TEST_CASE("fst image: indexes of several columns, cut short or flipped") {
  const std::string whole(SmallImageOfSeveral()->bytes());
  std::shared_ptr<const Fst> fst;
  REQUIRE(Fst::Open(FstImage::Own(whole), &fst).ok());
  CHECK(fst->Verify().ok());
  Exercise(fst, SmallProbes());
  size_t opened = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string forged = whole.substr(0, i);
    Repair(&forged, true);
    if (Fst::Open(FstImage::Own(forged), &fst).ok()) Exercise(fst, SmallProbes());
    std::string bad = whole;
    bad[i] = static_cast<char>(bad[i] ^ (i % 3 == 0 ? 1 : i % 3 == 1 ? 0x80 : 0xff));
    CHECK(Fst::Open(FstImage::Own(bad), &fst).code() == Status::kCorrupt);
    Repair(&bad, false);
    if (!Fst::Open(FstImage::Own(bad), &fst).ok()) continue;
    Exercise(fst, SmallProbes());
    ++opened;
  }
  CHECK(opened > 0);
}

TEST_CASE("fst image: other files are told apart") {
  std::shared_ptr<const Fst> fst;
  CHECK(Fst::Open(FstImage::Own("SQLite format 3"), &fst).message() ==
        "header: the image is shorter than its preamble");
  CHECK(Fst::Open(FstImage::Own(std::string(200, 'x')), &fst).message() ==
        "header: this is no memkv image");
  std::string newer(MustBuild(SmallModel())->bytes());
  newer[8] = 9;
  CHECK(Fst::Open(FstImage::Own(newer), &fst).message() ==
        "header: format version 9 (this build reads 1)");
}

TEST_CASE("fst image: the golden files") {
  const auto golden_of = [](const std::string& name, const FstImage& image) {
    const std::string path =
        (fs::path(__FILE__).parent_path().parent_path() / "golden" / name).string();
    if (std::getenv("MEMKV_WRITE_GOLDEN")) WriteAll(path, image.bytes());
    std::ifstream in(path, std::ios::binary);
    const std::string golden((std::istreambuf_iterator<char>(in)),
                             std::istreambuf_iterator<char>());
    REQUIRE(!golden.empty());
    CHECK(golden == image.bytes());
    const auto fst = MustOpen(FstImage::Own(golden));
    CHECK(fst->Verify().ok());
    return fst;
  };
  const auto several = golden_of("fst_image_v1_several.mkv", *SmallImageOfSeveral());
  for (const IndexDef& def : IndexesOfSeveral()) CHECK(several->index(def) != nullptr);
  for (const bool indexes : {false, true}) {
    const std::string name = indexes ? "fst_image_v1_indexes.mkv" : "fst_image_v1.mkv";
    const auto fst = golden_of(name, *(indexes ? SmallImage() : MustBuild(SmallModel())));
    RightOrError(fst, SmallModel());
    CHECK((fst->index(2) != nullptr) == indexes);
  }
}

TEST_CASE("fst image: an index that does not ascend, or has a row twice, is found") {
  const auto image = SmallImage();
  const auto fst = MustOpen(image);
  CHECK(fst->Verify().ok());
  const std::string whole(image->bytes());
  // Of each section, its ranks, one bit after the other.
  size_t forged = 0;
  const uint32_t sections = fst::Load32(whole.data() + 12);
  for (uint32_t i = 0; i < sections; ++i) {
    const char* s = whole.data() + fst::kPreambleBytes + i * fst::kSectionBytes;
    if (fst::Load32(s) != fst::kIndex) continue;
    const uint64_t at = fst::Load64(s + 8), bytes = fst::Load64(s + 16);
    const uint64_t used = (fst->size() * static_cast<uint8_t>(whole[at]) + 7) / 8;
    for (uint64_t j = at + bytes - used; j + 1 < at + bytes; ++j) {
      std::string bad = whole;
      bad[j] = static_cast<char>(bad[j] ^ 1);
      Repair(&bad, false);
      CHECK(MustOpen(FstImage::Own(bad))->Verify().code() == Status::kCorrupt);
      ++forged;
    }
  }
  CHECK(forged > 300);
}

TEST_CASE("fst image: written, mapped, cut short") {
  const TempFile file;
  const Model model = KeysOnly(Shapes(3000).back().keys);
  const auto image = MustBuild(model);
  REQUIRE(WriteFile(*image, file.path()).ok());
  std::shared_ptr<const FstImage> mapped;
  REQUIRE(MapFile(file.path(), &mapped).ok());
  CHECK(mapped->bytes() == image->bytes());
  CHECK(mapped->CheckSize().ok());
  const auto fst = MustOpen(mapped);
  CHECK(fst->Verify().ok());
  uint64_t rank = 0;
  for (const auto& [key, row] : model) {
    bool found;
    uint64_t got;
    REQUIRE(fst->Find(key, &found, &got).ok());
    REQUIRE((found && got == rank++));
  }
  // Replaced, the old mapping lives on.
  REQUIRE(WriteFile(*MustBuild(SmallModel()), file.path()).ok());
  CHECK(mapped->bytes() == image->bytes());
  CHECK(mapped->CheckSize().ok());
  REQUIRE(MapFile(file.path(), &mapped).ok());
  fs::resize_file(file.path(), 10);
  CHECK(mapped->CheckSize().code() == Status::kIo);
  CHECK(MapFile("/nonexistent/file.mkv", &mapped).code() == Status::kCantOpen);
  CHECK(WriteFile(*image, "/nonexistent/file.mkv").code() == Status::kCantOpen);
}

TEST_CASE("fst image: Verify stops when asked, every few ms of work") {
  Random random(11);
  Model model;
  while (model.size() < 20000)
    model[Url(random) + std::to_string(model.size())] = {{Datum::kInteger, 7, 0, {}}};
  const auto fst = MustOpen(MustBuild(model));
  int polls = 0;
  CHECK(fst->Verify([&](uint64_t, uint64_t) { return ++polls < 0; }).ok());
  CHECK(polls > 5);
  for (int stop = 1; stop <= polls; ++stop) {
    int n = 0;
    const Status status = fst->Verify([&](uint64_t, uint64_t) { return ++n == stop; });
    REQUIRE(status.code() == Status::kInterrupted);
    REQUIRE(n == stop);
  }
}

TEST_CASE("fst image: a section about is added, replaced, and damage stays known") {
  for (const size_t keys : {0, 1, 3000, 30000}) {
    Model model;
    Random random(keys);
    while (model.size() < keys) model[Url(random) + std::to_string(model.size())];
    const auto image = MustBuild(model);
    const TempFile file;
    std::string first;
    for (const std::string& about :
         {std::string("x"), std::string(200000, 'y'), std::string("x")}) {
      std::shared_ptr<const FstImage> mapped;
      REQUIRE(WriteFile(*image, about, file.path(), {}).ok());
      REQUIRE(MapFile(file.path(), &mapped).ok());
      const auto fst = MustOpen(mapped);
      CHECK(fst->about() == about);
      CHECK(fst->size() == keys);
      CHECK(fst->Verify().ok());
      // In the place of the one before.
      REQUIRE(WriteFile(*mapped, "other", file.path(), {}).ok());
      REQUIRE(MapFile(file.path(), &mapped).ok());
      if (first.empty()) first = mapped->bytes();
      CHECK(mapped->bytes() == first);
      CHECK(MustOpen(mapped)->Verify().ok());
      CHECK(WriteFile(*mapped, about, file.path(), [](uint64_t, uint64_t) {
              return true;
            }).code() == Status::kInterrupted);
    }
    // The page before the new section is read: damage in it is not covered up.
    std::string bad = first;
    bad[bad.size() - fst::kPadBytes - 6] ^= 1;
    CHECK(WriteFile(*FstImage::Own(bad), "more", file.path(), {}).code() == Status::kCorrupt);
  }
}

TEST_CASE("fst image: small sets make small images") {
  Model model;
  CHECK(MustBuild(model)->bytes().size() < 200);
  for (int i = 0; i < 10; ++i) model["key " + std::to_string(i)] = {};
  CHECK(MustBuild(model)->bytes().size() < 400);
}

TEST_CASE("fst image: the code of the image before is taken over while it fits") {
  Random random(3);
  Model model;
  while (model.size() < 5000) model[Url(random) + std::to_string(model.size())];
  FstBuilder::Options options;
  options.previous = MustOpen(MustBuild(model));
  for (int i = 0; i < 50; ++i) model[Url(random) + "~" + std::to_string(i)];
  const auto again = MustOpen(MustBuild(model, options));
  CHECK(again->Verify().ok());
  CHECK(again->code().learnt_rate == options.previous->code().learnt_rate);
  CHECK(MustBuild(model, options)->bytes() == again->image().bytes());
  // Of another language altogether, it is not.
  Model other;
  while (other.size() < 3000) other[RandomText(random, 30, "01234567!#$%&*()")];
  const auto learnt = MustOpen(MustBuild(other, options));
  CHECK(learnt->Verify().ok());
  CHECK(learnt->image().bytes() == MustBuild(other)->bytes());
}

}  // namespace
}  // namespace memkv::test
