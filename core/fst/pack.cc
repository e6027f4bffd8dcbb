#include "core/fst/pack.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "core/fst/format.h"

namespace memkv::fst {
namespace {

constexpr uint64_t kOutlierBits = 80;

struct Fit {
  uint64_t stride = 0, base = 0;
  uint32_t width = 64;
  uint64_t bits = ~uint64_t{0};  // that it costs
};

uint32_t Allowed(uint32_t width) { return width > 56 ? 64 : width; }

// The cheapest window for the values less their line. Values count as signed, so that a line may
// pass through zero.
Fit FitLine(std::span<const uint64_t> values, const std::vector<uint32_t>& places, uint64_t stride,
            bool outliers, std::vector<int64_t>* sorted) {
  sorted->clear();
  for (uint32_t i : places) sorted->push_back(static_cast<int64_t>(values[i] - i * stride));
  std::sort(sorted->begin(), sorted->end());
  const size_t n = sorted->size();
  auto distance = [&](size_t i, size_t j) {
    return static_cast<uint64_t>((*sorted)[j]) - static_cast<uint64_t>((*sorted)[i]);
  };
  Fit best;
  best.stride = stride;
  best.base = static_cast<uint64_t>((*sorted)[0]);
  best.width = Allowed(static_cast<uint32_t>(std::bit_width(distance(0, n - 1))));
  best.bits = values.size() * best.width;
  if (!outliers) return best;
  const uint32_t widest = best.width;
  for (uint32_t width = 0; width < widest && width <= 56; ++width) {
    // The window of this width that holds the most.
    size_t most = 0, from = 0;
    for (size_t i = 0, j = 0; i < n; ++i) {
      while (j < n && distance(i, j) >> width == 0) ++j;
      if (j - i > most) most = j - i, from = i;
      if (j == n) break;
    }
    const uint64_t bits = values.size() * width + (n - most) * kOutlierBits;
    if (bits < best.bits) best = {stride, static_cast<uint64_t>((*sorted)[from]), width, bits};
  }
  return best;
}

}  // namespace

void AppendInts(std::span<const uint64_t> values, std::span<const bool> free, bool outliers,
                std::string* out) {
  std::vector<uint32_t> places;
  for (uint32_t i = 0; i < values.size(); ++i) {
    if (free.empty() || !free[i]) places.push_back(i);
  }
  Fit fit;
  if (places.empty()) {
    fit.width = 0;
  } else {
    std::vector<int64_t> sorted;
    fit = FitLine(values, places, 0, outliers, &sorted);
    const uint32_t first = places.front(), last = places.back();
    if (last > first && fit.width > 0) {
      const auto rise = static_cast<int64_t>(values[last] - values[first]);
      const auto stride = static_cast<uint64_t>(rise / static_cast<int64_t>(last - first));
      if (stride != 0) {
        const Fit sloped = FitLine(values, places, stride, outliers, &sorted);
        if (sloped.bits < fit.bits) fit = sloped;
      }
    }
  }
  const uint32_t width = fit.width;
  std::string bits((values.size() * width + 7) / 8 + 8, '\0');
  std::vector<uint32_t> far;
  size_t next = 0;
  for (uint32_t i = 0; i < values.size(); ++i) {
    if (next == places.size() || places[next] != i) continue;
    ++next;
    const uint64_t d = values[i] - i * fit.stride - fit.base;
    if (width < 64 && d >> width != 0) {
      far.push_back(i);
    } else if (width == 64) {
      StoreWide(&bits[8 * size_t{i}], d, 8);
    } else {
      const uint64_t bit = uint64_t{i} * width;
      char* at = &bits[bit / 8];
      StoreWide(at, Load64(at) | d << (bit % 8), 8);
    }
  }
  bits.resize(bits.size() - 8);
  AppendWide(out, fit.base, 8);
  AppendWide(out, fit.stride, 8);
  out->push_back(static_cast<char>(width));
  AppendWide(out, far.size(), 2);
  out->append(bits);
  for (uint32_t i : far) AppendWide(out, i, 2);
  for (uint32_t i : far) AppendWide(out, values[i], 8);
}

}  // namespace memkv::fst
