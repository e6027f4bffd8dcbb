#include "bench/keygen.h"

#include <algorithm>
#include <cstdio>

namespace memkv::bench {
namespace {

constexpr const char* kSyllables[] = {
    "a",  "an", "ba", "be", "bo",  "ca",  "ce", "co",  "da",  "de",  "di", "do", "e",
    "el", "en", "er", "fa", "fi",  "fo",  "ga", "ge",  "gra", "ha",  "he", "i",  "in",
    "is", "ka", "ko", "la", "le",  "li",  "lo", "ma",  "me",  "min", "mo", "na", "ne",
    "ni", "no", "o",  "on", "or",  "pa",  "pe", "pri", "pro", "ra",  "re", "ri", "ro",
    "sa", "se", "si", "so", "sta", "ter", "ti", "to",  "u",   "va",  "ve", "vi"};
constexpr const char* kDomains[] = {"com", "com", "com", "org", "org",  "net",
                                    "gov", "edu", "de",  "io",  "co.uk"};
constexpr const char* kSections[] = {"news", "about",  "research", "products",
                                     "docs", "events", "media",    "topics"};
constexpr const char* kFileTypes[] = {"pdf", "html", "jpg", "png", "xml"};

constexpr size_t kWords = 20000;
constexpr uint64_t kKeysPerHost = 400;  // on average

template <size_t N>
const char* Pick(const char* const (&from)[N], Rng* rng) {
  return from[rng->Below(N)];
}

// Small numbers are much likelier than large ones: log-uniform over [0, n), which is nearly Zipf's
// law.
size_t Skewed(Rng* rng, size_t n) {
  uint64_t bits = 0;
  for (size_t m = n; m > 1; m >>= 1) ++bits;
  const uint64_t top = uint64_t{1} << rng->Below(bits + 1);
  return std::min<uint64_t>(top - 1 + rng->Below(top), n - 1);
}

}  // namespace

UrlGenerator::UrlGenerator(uint64_t count, uint64_t seed) {
  Rng rng(seed);
  words_.reserve(kWords);
  while (words_.size() < kWords) {
    std::string word;
    for (uint64_t i = 1 + rng.Below(2) + (words_.size() > 200 ? 1 + rng.Below(2) : 0); i > 0; --i) {
      word += Pick(kSyllables, &rng);
    }
    words_.push_back(std::move(word));
  }

  const uint64_t hosts = std::max<uint64_t>(1, count / kKeysPerHost);
  std::vector<std::string> urls;
  while (urls.size() < hosts) {
    const size_t missing = hosts - urls.size();
    for (size_t i = 0; i < missing; ++i) {
      std::string url = rng.Below(10) == 0 ? "http://" : "https://";
      if (rng.Below(3) != 0) url += "www.";
      url += words_[rng.Below(kWords)];
      if (rng.Below(2) == 0) url += words_[rng.Below(kWords)];
      url += '.';
      url += Pick(kDomains, &rng);
      url += '/';
      urls.push_back(std::move(url));
    }
    std::sort(urls.begin(), urls.end());
    urls.erase(std::unique(urls.begin(), urls.end()), urls.end());
  }

  // Host number r in order of size holds a share of about 1/(r + 10).
  const std::vector<uint32_t> order = Permutation(hosts, seed + 1);
  double total = 0;
  for (size_t r = 0; r < hosts; ++r) total += 1.0 / static_cast<double>(r + 10);
  hosts_.resize(hosts);
  uint64_t given = 0;
  for (size_t r = 0; r < hosts; ++r) {
    const double share = static_cast<double>(count) / total / static_cast<double>(r + 10);
    uint64_t paths = std::min<uint64_t>(static_cast<uint64_t>(share), count - given);
    hosts_[order[r]] = {std::move(urls[order[r]]), paths, rng.Next()};
    given += paths;
  }
  for (size_t r = 0; given < count; r = (r + 1) % hosts, ++given) ++hosts_[order[r]].paths;
}

void UrlGenerator::Rewind() {
  next_host_ = next_path_ = 0;
  paths_.clear();
}

Bytes UrlGenerator::Word(Rng* rng) const { return words_[Skewed(rng, words_.size())]; }

void UrlGenerator::AppendSlug(Rng* rng, size_t words, std::string* out) const {
  for (size_t i = 0; i < words; ++i) {
    if (i != 0) *out += '-';
    *out += Word(rng);
  }
}

std::string UrlGenerator::Path(const Host& host, Rng* rng) const {
  std::string path;
  char number[64];
  // A host mostly keeps to its own style.
  const uint64_t style = rng->Below(5) == 0 ? rng->Below(5) : host.seed % 5;
  switch (style) {
    case 0:
      path += Pick(kSections, rng);
      path += '/';
      path += words_[Skewed(rng, 64)];
      path += '/';
      AppendSlug(rng, 3 + rng->Below(6), &path);
      break;
    case 1: {
      const auto year = static_cast<unsigned>(2026 - Skewed(rng, 20));
      const auto month = static_cast<unsigned>(1 + rng->Below(12));
      const auto day = static_cast<unsigned>(1 + rng->Below(28));
      std::snprintf(number, sizeof number, "%u/%02u/%02u/", year, month, day);
      path += Pick(kSections, rng);
      path += '/';
      path += number;
      AppendSlug(rng, 4 + rng->Below(6), &path);
      break;
    }
    case 2:
      std::snprintf(number, sizeof number, "node/%llu",
                    static_cast<unsigned long long>(rng->Below(4 * host.paths + 100)));
      path += number;
      break;
    case 3: {
      const auto id = static_cast<unsigned long long>(rng->Below(4 * host.paths + 100));
      std::snprintf(number, sizeof number, "?id=%llu&page=%u", id,
                    static_cast<unsigned>(1 + Skewed(rng, 50)));
      path += Word(rng);
      path += number;
      break;
    }
    default: {
      const auto id = static_cast<unsigned>(rng->Below(100000));
      std::snprintf(number, sizeof number, "-%05u.%s", id, Pick(kFileTypes, rng));
      path += "sites/default/files/";
      path += words_[Skewed(rng, 256)];
      path += '/';
      AppendSlug(rng, 1 + rng->Below(4), &path);
      path += number;
    }
  }
  return path;
}

void UrlGenerator::FillPaths() {
  const Host& host = hosts_[next_host_++];
  Rng rng(host.seed);
  paths_.clear();
  next_path_ = 0;
  if (host.paths != 0) paths_.emplace_back();  // the front page
  while (paths_.size() < host.paths) {
    for (size_t missing = host.paths - paths_.size(); missing > 0; --missing)
      paths_.push_back(Path(host, &rng));
    std::sort(paths_.begin(), paths_.end());
    paths_.erase(std::unique(paths_.begin(), paths_.end()), paths_.end());
  }
}

bool UrlGenerator::Next(Bytes* key) {
  while (next_path_ == paths_.size()) {
    if (next_host_ == hosts_.size()) return false;
    FillPaths();
  }
  key_ = hosts_[next_host_ - 1].url;
  key_ += paths_[next_path_++];
  *key = key_;
  return true;
}

}  // namespace memkv::bench
