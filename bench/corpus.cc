#include "bench/corpus.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <optional>

#include "bench/keygen.h"
#include "bench/random.h"

namespace memkv::bench {
namespace {

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "bench: %s\n", message.c_str());
  std::exit(2);
}

// The key cut after one of its '/' (those of "://" apart), or the whole key if it has none.
Bytes CutAtDelimiter(Bytes key, Rng* rng) {
  size_t from = key.find("://");
  from = from == Bytes::npos ? 0 : from + 3;
  const auto slashes =
      static_cast<uint64_t>(std::count(key.begin() + static_cast<ptrdiff_t>(from), key.end(), '/'));
  if (slashes == 0) return key;
  for (uint64_t skip = rng->Below(slashes) + 1; skip > 0; --skip) from = key.find('/', from) + 1;
  return key.substr(0, from);
}

KeyList Generate(uint64_t count) {
  KeyList keys;
  keys.Reserve(count, count * 64);
  UrlGenerator generator(count);
  for (Bytes key; generator.Next(&key);) keys.Add(key);
  return keys;
}

// An even sample of `limit` of the keys.
KeyList Sample(const KeyList& keys, uint64_t limit) {
  KeyList sample;
  sample.Reserve(limit, keys.key_bytes() / keys.size() * limit);
  for (uint64_t i = 0; i < limit; ++i) {
    sample.Add(keys[static_cast<size_t>(static_cast<unsigned __int128>(i) * keys.size() / limit)]);
  }
  return sample;
}

}  // namespace

void KeyList::Reserve(size_t keys, size_t bytes) {
  ends_.reserve(keys);
  blob_.reserve(bytes + keys + 16);
}

void KeyList::Add(Bytes key) {
  blob_.append(key);
  ends_.push_back(blob_.size());
  blob_.push_back('\0');
  if (blob_.capacity() < blob_.size() + 16) blob_.reserve(2 * blob_.size() + 16);
}

void KeyList::SortUnique() {
  bool ascending = true;
  for (size_t i = 1; ascending && i < size(); ++i) ascending = (*this)[i - 1] < (*this)[i];
  if (ascending) return;
  std::vector<uint64_t> order(size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [this](uint64_t a, uint64_t b) { return (*this)[a] < (*this)[b]; });
  KeyList sorted;
  sorted.Reserve(size(), key_bytes());
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || (*this)[order[i - 1]] != (*this)[order[i]]) sorted.Add((*this)[order[i]]);
  }
  *this = std::move(sorted);
}

const KeyList& Corpus::Shuffled() {
  if (shuffled_.size() == 0) {
    shuffled_.Reserve(keys.size(), keys.key_bytes());
    for (uint32_t i : order) shuffled_.Add(keys[i]);
  }
  return shuffled_;
}

KeyList ReadLines(const std::string& file) {
  const bool packed = file.ends_with(".zst");
  std::string command = "zstd -dcq -- '";
  for (char c : file) {
    if (c == '\'') command += "'\\'";
    command += c;
  }
  command += '\'';
  std::FILE* in = packed ? popen(command.c_str(), "r") : std::fopen(file.c_str(), "r");
  if (in == nullptr) Die("cannot open \"" + file + "\"");
  KeyList keys;
  char* line = nullptr;
  size_t capacity = 0;
  for (ssize_t n; (n = getline(&line, &capacity, in)) > 0;) {
    if (line[n - 1] == '\n') --n;
    keys.Add({line, static_cast<size_t>(n)});
  }
  std::free(line);
  const bool failed = std::ferror(in) != 0;
  const int status = packed ? pclose(in) : std::fclose(in);
  if (failed || status != 0) Die("cannot read \"" + file + "\"");
  return keys;
}

size_t LowerBound(const KeyList& keys, Bytes key) {
  size_t low = 0, high = keys.size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (keys[middle] < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

uint64_t ParseCount(const std::string& option, const std::string& text) {
  char* end = nullptr;
  uint64_t n = std::strtoull(text.c_str(), &end, 10);
  const std::string unit = end;
  if (unit == "k" || unit == "K") {
    n *= 1000;
  } else if (unit == "M") {
    n *= 1'000'000;
  } else if (!unit.empty() || text.empty() || text[0] == '-') {
    Die(option + " takes a number such as 250000, 250k or 10M, not \"" + text + "\"");
  }
  return n;
}

bool TakeOption(const std::string& option, const std::string& value, CorpusOptions* options) {
  if (option == "--keys") {
    options->file = value;
  } else if (option == "--scale") {
    options->scale = ParseCount(option, value);
  } else if (option == "--limit") {
    options->limit = ParseCount(option, value);
  } else {
    return false;
  }
  return true;
}

Corpus MakeCorpus(const CorpusOptions& options) {
  Corpus c;
  if (options.file.empty()) {
    c.name = "generated URLs";
    c.keys = Generate(options.scale);
  } else {
    c.name = options.file.substr(options.file.rfind('/') + 1);
    c.keys = ReadLines(options.file);
    c.keys.SortUnique();
  }
  if (c.keys.size() == 0) Die("no keys in \"" + options.file + "\"");
  if (options.limit != 0 && options.limit < c.keys.size()) {
    c.keys = Sample(c.keys, options.limit);
    c.name += " (sample)";
  }

  const size_t n = c.keys.size();
  c.order = Permutation(n, 1);
  c.values.resize(n);
  Rng values(2);
  for (size_t i = 0; i < n; ++i) {
    if (options.values == "index") {
      c.values[c.order[i]] = i;
    } else if (options.values == "random22") {
      c.values[i] = values.Next() >> 42;
    } else if (options.values == "random64") {
      c.values[i] = values.Next();
    } else {
      Die("--values takes index, random22 or random64, not \"" + options.values + "\"");
    }
  }
  for (size_t i = 0; i < n && !c.has_nul; ++i) c.has_nul = c.keys[i].find('\0') != Bytes::npos;

  const uint64_t queries = std::min<uint64_t>(options.queries, std::max<uint64_t>(4 * n, 100'000));
  const std::vector<uint32_t> hit_order = Permutation(n, 3);
  Rng miss(4), prefix(5);
  for (uint64_t q = 0; q < queries; ++q) {
    const uint32_t i = hit_order[q % n];
    c.hit_index.push_back(i);
    c.hits.Add(c.keys[i]);
  }
  std::string changed;
  while (c.misses.size() < queries) {
    changed = c.keys[miss.Below(n)];
    if (changed.empty()) changed.assign(1, 'a');
    changed[miss.Below(changed.size())] = static_cast<char>('a' + miss.Below(26));
    const size_t at = LowerBound(c.keys, changed);
    if (at == n || c.keys[at] != changed) c.misses.Add(changed);
  }
  for (uint64_t q = 0; q < std::min<uint64_t>(queries, 200'000); ++q) {
    const Bytes cut = CutAtDelimiter(c.keys[prefix.Below(n)], &prefix);
    const std::optional<std::string> past = PrefixSuccessor(cut);
    c.prefixes.Add(cut);
    c.prefix_counts.push_back((past ? LowerBound(c.keys, *past) : n) - LowerBound(c.keys, cut));
  }
  return c;
}

}  // namespace memkv::bench
