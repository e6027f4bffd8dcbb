// Building over the image before: what it has coded is taken over, and the bytes are those of a
// build that codes everything anew.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/store/view_source.h"
#include "tests/core/fst_shapes.h"

namespace memkv::test {
namespace {

std::string Build(FstBuilder::Source* source, std::shared_ptr<const Fst> previous) {
  FstBuilder::Options options;
  options.previous = std::move(previous);
  std::shared_ptr<const FstImage> image;
  const Status status = FstBuilder::Build(source, options, &image);
  return status.ok() ? std::string(image->bytes()) : status.message();
}

// Takes every seventh key out of `model` and puts some in; the delta that does the same.
void Change(Random& random, Model* model, Art* delta) {
  std::vector<std::string> keys;
  for (const auto& [key, row] : *model) keys.push_back(key);
  for (size_t i = 0; i < keys.size(); i += 7) {
    model->erase(keys[i]);
    REQUIRE(delta->Put(keys[i], {Value::Number(0), -1}).ok());
  }
  for (size_t i = 3; i < keys.size(); i += 11) {
    const std::string key = keys[i] + RandomText(random, 3, "ab\xff/");
    const bool there = std::binary_search(keys.begin(), keys.end(), key);
    (*model)[key];
    REQUIRE(delta->Put(key, {Value::Number(0), there ? 0 : 1}).ok());
  }
}

TEST_CASE("fst rebuild: over the image before, the same bytes as coded anew") {
  Random random(5);
  for (const Shape& shape : Shapes(700)) {
    CAPTURE(shape.name);
    Model model = KeysOnly(shape.keys);
    std::shared_ptr<const Fst> base = MustOpen(MustBuild(model));
    for (int generation = 0; generation < 3; ++generation) {
      Art delta(Art::Options{.over_base = true});
      Change(random, &model, &delta);
      ViewSource view(View(delta.TakeSnapshot(), base), 0);
      MapSource anew(model);  // gives no codes
      const std::string bytes = Build(&view, base);
      REQUIRE(bytes == Build(&anew, base));
      REQUIRE(Fst::Open(FstImage::Own(bytes), &base).ok());
      REQUIRE(base->Verify().ok());
    }
  }
}

// Gives, where it can, the code of another key for a key's.
class WrongCodes final : public FstBuilder::Source {
 public:
  explicit WrongCodes(std::shared_ptr<const Fst> base) : right_({{}, std::move(base)}, 0) {}
  void Rewind() override { right_.Rewind(); }
  bool Next(Bytes* key, std::span<const Datum>* row) override { return right_.Next(key, row); }
  KeyCode code() const override {
    const KeyCode code = right_.code();
    std::string wrong(code.code);
    std::swap(wrong, last_);
    const bool fits = code.spells == spells_;
    spells_ = code.spells;
    given_ = wrong;
    return fits ? KeyCode{given_, code.spells} : code;
  }
  Status status() const override { return right_.status(); }

 private:
  ViewSource right_;
  mutable std::string last_, given_;
  mutable uint64_t spells_ = 0;
};

TEST_CASE("fst rebuild: codes are taken over, and wrong ones found out") {
  Random random(3);
  Model model;
  while (model.size() < 5000) model[Url(random) + std::to_string(model.size())];
  const std::shared_ptr<const Fst> base = MustOpen(MustBuild(model));
  WrongCodes wrong(base);
  CHECK(Build(&wrong, base) == "the source gives other rows when read again");
  // Codes are of use only to who codes alike.
  Model other;
  while (other.size() < 3000) other[RandomText(random, 30, "01234567!#$%&*()")];
  CHECK(Build(&wrong, MustOpen(MustBuild(other))) == Build(&wrong, nullptr));
  CHECK(Build(&wrong, nullptr) == MustBuild(model)->bytes());
}

}  // namespace
}  // namespace memkv::test
