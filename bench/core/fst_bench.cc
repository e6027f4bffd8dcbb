// The frozen engine on a file of sorted keys, one a line: size, build, hit, miss, rank, select,
// scan. Every answer is checked.
//
//   fst_bench keys.txt

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "core/fst/fst.h"

namespace {

using memkv::Bytes;
using memkv::Datum;
using memkv::Fst;
using memkv::FstBuilder;
using memkv::FstCursor;

// Processor time: other work on the machine does not count.
double Now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "wrong answer: %s\n", what);
  std::exit(1);
}

void Check(const memkv::Status& status) { Check(status.ok(), status.message().c_str()); }

class Keys final : public FstBuilder::Source {
 public:
  explicit Keys(const std::vector<Bytes>& keys, bool values) : keys_(keys), values_(values) {}
  void Rewind() override { at_ = 0; }
  bool Next(Bytes* key, std::span<const Datum>* row) override {
    if (at_ == keys_.size()) return false;
    *key = keys_[at_++];
    if (values_) {
      state_ = at_ * 0x9E3779B97F4A7C15;
      datum_ =
          Datum::Integer(static_cast<int64_t>((state_ ^ state_ >> 29) * 0xC2B2AE3D27D4EB4F >> 42));
      *row = {&datum_, 1};
    } else {
      *row = {};
    }
    return true;
  }
  memkv::Status status() const override { return {}; }

 private:
  const std::vector<Bytes>& keys_;
  const bool values_;
  Datum datum_;
  uint64_t state_ = 0;
  size_t at_ = 0;
};

template <class F>
void Time(const char* what, size_t n, F f) {
  const double start = Now();
  f();
  std::printf("%-24s %9.1f ns\n", what, (Now() - start) * 1e9 / static_cast<double>(n));
  std::fflush(stdout);
}

long PeakKb() {
  rusage use;
  getrusage(RUSAGE_SELF, &use);
  return use.ru_maxrss;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: fst_bench keys.txt\n"), 2;
  std::ifstream in(argv[1], std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::vector<Bytes> keys;
  for (size_t i = 0; i < text.size();) {
    const size_t j = std::min(text.find('\n', i), text.size());
    keys.push_back(Bytes(text).substr(i, j - i));
    i = j + 1;
  }
  const size_t n = keys.size();
  const long before = PeakKb();

  Keys source(keys, false);
  std::shared_ptr<const memkv::FstImage> image;
  const double start = Now();
  Check(FstBuilder::Build(&source, {}, &image));
  std::printf("%zu keys: %.3f B/key, built at %.3f M keys/s, peak %.1f B/key above the keys\n", n,
              static_cast<double>(image->bytes().size()) / static_cast<double>(n),
              static_cast<double>(n) / 1e6 / (Now() - start),
              static_cast<double>(PeakKb() - before) * 1024 / static_cast<double>(n));
  std::shared_ptr<const Fst> fst;
  Time("open", 1, [&] { Check(Fst::Open(image, &fst)); });

  const size_t probes = std::min<size_t>(n, 1000000);
  std::mt19937_64 random(1);
  std::vector<uint64_t> order(probes);
  for (uint64_t& i : order) i = random() % n;
  std::vector<std::string> hits, misses;
  for (uint64_t i : order) hits.emplace_back(keys[i]);
  for (uint64_t i : order) {
    std::string s(keys[i]);
    s[s.empty() ? 0 : random() % s.size()] ^= 1;
    misses.push_back(std::move(s));
  }
  for (int round = 0; round < 2; ++round) {
    Time("hit", probes, [&] {
      for (size_t i = 0; i < probes; ++i) {
        bool found;
        uint64_t rank;
        Check(fst->Find(hits[i], &found, &rank));
        Check(found && rank == order[i], "hit");
      }
    });
  }
  std::vector<uint64_t> ranks(probes);
  std::vector<Bytes> views(hits.begin(), hits.end());
  Time("hit, many at once", probes, [&] {
    for (size_t i = 0; i < probes; i += 1000) {
      Check(fst->FindMany(&views[i], std::min<size_t>(1000, probes - i), &ranks[i]));
    }
  });
  Check(ranks == order, "many");
  Time("miss", probes, [&] {
    for (const std::string& s : misses) {
      bool found;
      uint64_t rank;
      Check(fst->Find(s, &found, &rank));
    }
  });
  Time("rank", probes, [&] {
    for (size_t i = 0; i < probes; ++i) {
      uint64_t rank;
      Check(fst->LowerBound(hits[i], &rank));
      Check(rank == order[i], "rank");
    }
  });
  std::string key;
  Time("select", probes, [&] {
    for (size_t i = 0; i < probes; ++i) {
      Check(fst->Select(order[i], &key));
      Check(key == hits[i], "select");
    }
  });
  FstCursor cursor(fst);
  Time("scan, no keys", n, [&] {
    size_t i = 0;
    for (cursor.SeekFirst(); cursor.Valid(); cursor.Next()) ++i;
    Check(cursor.status());
    Check(i == n, "scan");
  });
  uint64_t sum = 0;
  Time("scan, keys", n, [&] {
    for (cursor.SeekFirst(); cursor.Valid(); cursor.Next()) sum += cursor.key().size();
  });
  std::printf("%llu\n", static_cast<unsigned long long>(sum));
  size_t i = 0;
  for (cursor.SeekFirst(); cursor.Valid(); cursor.Next()) Check(cursor.key() == keys[i++], "key");
  Time("scan backwards, keys", n, [&] {
    for (cursor.SeekLast(); cursor.Valid(); cursor.Prev()) sum -= cursor.key().size();
  });
  Check(sum == 0, "backwards");
  Time("seek", probes, [&] {
    for (size_t p = 0; p < probes; ++p) {
      cursor.Seek(hits[p]);
      Check(cursor.Valid() && cursor.rank() == order[p], "seek");
    }
  });
  return 0;
}
