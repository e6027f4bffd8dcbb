// Keys that structures of strings trip over, values, and a small deterministic random source.

#ifndef MEMKV_TESTS_CORE_ORDERED_KEYS_H_
#define MEMKV_TESTS_CORE_ORDERED_KEYS_H_

#include <cstdint>
#include <map>
#include <string>

#include "core/datum.h"

namespace memkv::test {

// splitmix64
class Random {
 public:
  explicit Random(uint64_t seed) : s_(seed) {}
  uint64_t operator()() {
    uint64_t z = s_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t n) { return (*this)() % n; }

 private:
  uint64_t s_;
};

// A value that owns its bytes.
struct OwnValue {
  bool is_record = false;
  uint64_t number = 0;
  std::string record;
  int net = 1;

  Value Get() const { return is_record ? Value::Record(record) : Value::Number(number); }
  bool Is(const Value& v) const { return v == Get(); }
};

using Model = std::map<std::string, OwnValue>;

inline OwnValue AnyValue(Random& r) {
  OwnValue v;
  switch (r.Below(8)) {
    case 0:
      v.number = r();
      break;
    case 1:
      v.is_record = true;
      v.record.assign(r.Below(40), static_cast<char>(r.Below(256)));
      break;
    case 2:
      if (r.Below(20) == 0) {
        v.is_record = true;
        v.record.assign(r.Below(3000), static_cast<char>(r.Below(256)));
      }
      break;
    default:
      v.number = r.Below(100000);
  }
  return v;
}

inline constexpr int kKeyStyles = 6;

inline std::string StyledKey(int style, Random& r) {
  std::string s;
  auto some = [&](size_t n, auto byte) {
    for (size_t i = 0; i < n; ++i) s.push_back(static_cast<char>(byte()));
  };
  switch (style) {
    case 0:  // few letters: many keys are prefixes of others; the empty key
      some(r.Below(12), [&] { return "ab"[r.Below(2)]; });
      some(r.Below(8), [&] { return "abc"[r.Below(3)]; });
      break;
    case 1:  // NULs, 0xff and anything
      some(r.Below(5), [&] { return r.Below(4) == 0 ? 0 : r.Below(3) == 0 ? 255 : r.Below(256); });
      break;
    case 2:  // like URLs
      s = r.Below(3) ? "https://example.com/" : "http://www.example.org/";
      for (size_t n = r.Below(5); n > 0; --n) s += "dir" + std::to_string(r.Below(40)) + "/";
      s += std::to_string(r.Below(1000));
      break;
    case 3:  // long shared prefixes and long rests
      s.assign(r.Below(4) * 300, 'x');
      s.append(r.Below(700), "pq"[r.Below(2)]);
      s += std::to_string(r.Below(50));
      break;
    case 4:  // runs of one byte, NUL or 0xff: each key a prefix of the next
      s.assign(r.Below(900), r.Below(2) ? '\0' : '\xff');
      if (r.Below(4) == 0) s.push_back('m');
      break;
    default:  // random bytes
      some(8, [&] { return r.Below(256); });
  }
  return s;
}

inline std::string AnyKey(Random& r) { return StyledKey(static_cast<int>(r.Below(kKeyStyles)), r); }

// A key close to s.
inline std::string Mutate(std::string s, Random& r) {
  switch (r.Below(5)) {
    case 0:
      s.push_back(static_cast<char>(r.Below(2) ? 0 : r.Below(256)));
      break;
    case 1:
      if (!s.empty()) s.pop_back();
      break;
    case 2:
      if (!s.empty()) s[r.Below(s.size())] = static_cast<char>(r.Below(256));
      break;
    case 3:
      if (!s.empty()) s.resize(r.Below(s.size()));
      break;
    default:
      if (!s.empty()) ++s.back();
  }
  return s;
}

}  // namespace memkv::test

#endif  // MEMKV_TESTS_CORE_ORDERED_KEYS_H_
