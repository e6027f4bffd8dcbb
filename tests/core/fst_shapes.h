// Key sets of many shapes, and a source over a std::map, for the tests of the frozen engine.

#ifndef MEMKV_TESTS_CORE_FST_SHAPES_H_
#define MEMKV_TESTS_CORE_FST_SHAPES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "core/fst/fst.h"

namespace memkv::test {

// A value that owns its bytes.
struct Cell {
  Datum::Kind kind = Datum::kNull;
  int64_t integer = 0;
  double real = 0;
  std::string bytes;

  Datum View() const { return {kind, integer, real, bytes}; }
};
using Row = std::vector<Cell>;
using Model = std::map<std::string, Row>;

class MapSource final : public FstBuilder::Source {
 public:
  explicit MapSource(const Model& model) : model_(model), at_(model.begin()) {}
  void Rewind() override { at_ = model_.begin(); }
  bool Next(Bytes* key, std::span<const Datum>* row) override {
    if (at_ == model_.end()) return false;
    *key = at_->first;
    row_.clear();
    for (const Cell& cell : at_->second) row_.push_back(cell.View());
    *row = row_;
    ++at_;
    return true;
  }
  Status status() const override { return {}; }

 private:
  const Model& model_;
  Model::const_iterator at_;
  std::vector<Datum> row_;
};

struct Shape {
  const char* name;
  std::vector<std::string> keys;
};

using Random = std::mt19937_64;

inline std::string RandomText(Random& random, size_t most, const std::string& alphabet) {
  std::string s(random() % (most + 1), ' ');
  for (char& c : s) c = alphabet[random() % alphabet.size()];
  return s;
}

inline std::string Url(Random& random) {
  static const char* const kHosts[] = {"www.example.com", "cdn.example.com", "news.site.org",
                                       "a.b.c.net", "shop.example.co.uk"};
  static const char* const kWords[] = {"index",  "images", "article", "2024", "product",
                                       "static", "user",   "blog",    "q"};
  std::string s = random() % 3 ? "https://" : "http://";
  s += kHosts[random() % 5];
  for (size_t n = random() % 4; n > 0; --n) s += std::string("/") + kWords[random() % 9];
  if (random() % 2) s += "?id=" + std::to_string(random() % 1000);
  if (random() % 4 == 0) s += ".html";
  return s;
}

inline std::vector<Shape> Shapes(size_t n) {
  Random random(n);
  std::vector<Shape> shapes;
  auto add = [&](const char* name, auto make) {
    Shape shape = {name, {}};
    for (size_t i = 0; i < n; ++i) shape.keys.push_back(make(i));
    shapes.push_back(std::move(shape));
  };
  shapes.push_back({"none", {}});
  shapes.push_back({"one empty key", {""}});
  shapes.push_back({"one key", {"hello"}});
  shapes.push_back(
      {"empty and nul", {"", std::string(1, '\0'), std::string(2, '\0'), std::string(3, '\0')}});
  shapes.push_back({"two", {"a", "b"}});
  // Whose last token is as long as tokens get.
  add("long endings", [&](size_t) {
    static const char* const kEndings[] = {"abcdefghijklmno", "/press-releases", "0123456789abcde",
                                           "-small-business"};
    return Url(random) + kEndings[random() % 4];
  });
  add("two letters", [&](size_t) { return RandomText(random, 12, "ab"); });
  add("nul and ff", [&](size_t) { return RandomText(random, 8, std::string("\0\xff", 2)); });
  add("nul, one, a, ff",
      [&](size_t) { return RandomText(random, 6, std::string("\0\1a\xff", 4)); });
  std::string all(256, '\0');
  for (int i = 0; i < 256; ++i) all[static_cast<size_t>(i)] = static_cast<char>(i);
  add("all bytes", [&](size_t) { return RandomText(random, 5, all); });
  add("one byte", [&](size_t i) { return std::string(1, static_cast<char>(i)); });
  add("prefixes", [&](size_t i) { return std::string(i % 700, 'x'); });
  add("prefixes of two",
      [&](size_t i) { return std::string(i % 60, 'x') + std::string(i % 7, 'y'); });
  add("numbers", [&](size_t i) { return std::to_string(i * 7919 % 100003); });
  add("long shared prefix", [&](size_t i) {
    return std::string(300, 'p') + std::to_string(i) + "/" + RandomText(random, 3, "abc");
  });
  add("long shared suffix", [&](size_t i) { return std::to_string(i) + std::string(300, 's'); });
  add("long keys",
      [&](size_t i) { return RandomText(random, 2000, "abcdefgh") + std::to_string(i); });
  add("urls", [&](size_t) { return Url(random); });
  add("same trees", [&](size_t i) {
    return "site" + std::to_string(i % 10) + "/dir" + std::to_string(i / 10 % 23) + "/file" +
           std::to_string(i / 7 % 50) + ".html";
  });
  return shapes;
}

inline Model KeysOnly(const std::vector<std::string>& keys) {
  Model model;
  for (const std::string& key : keys) model[key];
  return model;
}

inline std::shared_ptr<const FstImage> MustBuild(const Model& model,
                                                 FstBuilder::Options options = {}) {
  MapSource source(model);
  std::shared_ptr<const FstImage> image;
  if (!model.empty()) options.columns = model.begin()->second.size();
  const Status status = FstBuilder::Build(&source, options, &image);
  if (!status.ok()) throw std::runtime_error(status.message());
  return image;
}

inline std::shared_ptr<const Fst> MustOpen(std::shared_ptr<const FstImage> image) {
  std::shared_ptr<const Fst> fst;
  const Status status = Fst::Open(std::move(image), &fst);
  if (!status.ok()) throw std::runtime_error(status.message());
  return fst;
}

}  // namespace memkv::test

#endif  // MEMKV_TESTS_CORE_FST_SHAPES_H_
