// memkv's core as a library, without SQLite: an Art that grows, an Fst that it is frozen into, and
// a View of both.

#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "core/art/art.h"
#include "core/fst/fst.h"
#include "core/view/cursor.h"
#include "core/view/view.h"

using namespace memkv;

namespace {

// An Fst is built from a source that gives keys in ascending order, as often as it is asked to:
// here, the Art.
class ArtSource : public FstBuilder::Source {
 public:
  explicit ArtSource(ArtSnapshot snapshot) : snapshot_(std::move(snapshot)) { Rewind(); }
  void Rewind() override {
    cursor_ = snapshot_.NewCursor();
    cursor_.SeekFirst();
    moved_ = false;
  }
  bool Next(Bytes* key, std::span<const Datum>* row) override {
    if (moved_ && cursor_.Valid()) cursor_.Next();
    moved_ = cursor_.Valid();
    if (!moved_) return false;
    *key = cursor_.key();
    column_ = Datum::Integer(static_cast<int64_t>(cursor_.entry().value.number));
    *row = {&column_, 1};
    return true;
  }
  Status status() const override { return cursor_.status(); }

 private:
  ArtSnapshot snapshot_;
  ArtCursor cursor_;
  bool moved_ = false;
  Datum column_;
};

int Fail(const Status& status) {
  std::printf("failed: %s\n", status.message().c_str());
  return 1;
}

}  // namespace

int main() {
  // The mutable map: bytes to numbers or records. A key may be any bytes.
  Art art;
  const char* const kWords[] = {"plum", "pear", "apple", "apricot", "peach"};
  for (uint64_t i = 0; i < std::size(kWords); ++i) {
    if (Status s = art.Put(kWords[i], {Value::Number(i), 1}); !s.ok()) return Fail(s);
  }
  const ArtSnapshot snapshot = art.TakeSnapshot();  // stays as it is, whatever is written after
  std::printf("%llu words, %llu of them before \"pe\"\n",
              static_cast<unsigned long long>(snapshot.size()),
              static_cast<unsigned long long>(snapshot.Rank("pe")));

  // Frozen: one buffer, which may be written to a file and mapped.
  ArtSource source(snapshot);
  FstBuilder::Options options;
  options.columns = 1;
  std::shared_ptr<const FstImage> image;
  if (Status s = FstBuilder::Build(&source, options, &image); !s.ok()) return Fail(s);
  std::shared_ptr<const Fst> fst;
  if (Status s = Fst::Open(image, &fst); !s.ok()) return Fail(s);
  std::string key;
  if (Status s = fst->Select(2, &key); !s.ok()) return Fail(s);
  std::printf("number 2 in order is %s\n", key.c_str());

  // What is written later goes to an Art over the Fst: its entries say what they add to the count
  // of keys.
  Art::Options over;
  over.over_base = true;
  Art delta(over);
  if (Status s = delta.Put("cherry", {Value::Number(5), +1}); !s.ok()) return Fail(s);  // a new key
  if (Status s = delta.Put("pear", {Value::Number(0), -1}); !s.ok()) return Fail(s);  // a tombstone
  const View view(delta.TakeSnapshot(), fst);
  ViewCursor cursor(view);
  std::printf("%llu words now:", static_cast<unsigned long long>(view.size()));
  for (cursor.SeekFirst(); cursor.Valid(); cursor.Next()) {
    std::printf(" %.*s", static_cast<int>(cursor.key().size()), cursor.key().data());
  }
  std::printf("\n");
  return cursor.status().ok() ? 0 : Fail(cursor.status());
}
