#include "core/fst/about.h"

#include "core/fst/format.h"

namespace memkv::fst {
namespace {

uint64_t PagesOf(uint64_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes; }

uint64_t PageSum(Bytes page, uint64_t number) {
  return Checksum(reinterpret_cast<const uint8_t*>(page.data()), page.size(), number);
}

}  // namespace

Status AddAbout(Bytes image, Bytes about, AboutParts* out) {
  const Status wrong = Status::Corrupt("header: it is not what it was when the image was opened");
  if (image.size() < kPreambleBytes) return wrong;
  const char* p = image.data();
  const uint64_t sections = Load32(p + 12), data_at = Load64(p + 40);
  if (data_at > image.size() || image.size() - data_at < kPadBytes) return wrong;
  const Bytes data = image.substr(data_at);
  const uint64_t pages = PagesOf(data.size());
  if (data_at != kPreambleBytes + sections * kSectionBytes + 8 * pages) return wrong;
  const char* sums = p + data_at - 8 * pages;
  auto section = [p](uint64_t i) { return p + kPreambleBytes + i * kSectionBytes; };

  // What is kept of the data: all, or what precedes a section kAbout at their end.
  uint64_t keep = data.size(), others = 0;
  for (uint64_t i = 0; i < sections; ++i) {
    const char* s = section(i);
    others += Load32(s) != kAbout;
    const uint64_t at = Load64(s + 8);
    if (Load32(s) == kAbout && at >= data_at && at <= image.size() - kPadBytes &&
        Load64(s + 16) == image.size() - kPadBytes - at)
      keep = at - data_at;
  }
  const uint64_t whole = keep / kPageBytes;  // pages
  std::string end(data.substr(whole * kPageBytes, keep - whole * kPageBytes));
  if (!end.empty() &&
      PageSum(data.substr(whole * kPageBytes, kPageBytes), whole) != Load64(sums + 8 * whole)) {
    return Status::Corrupt("page " + std::to_string(whole) + " of " + std::to_string(pages) +
                           ": checksum");
  }
  std::string tail(about);
  tail.append(kPadBytes, '\0');
  end += tail;

  const uint64_t bytes = keep + tail.size();
  const uint64_t new_data_at = kPreambleBytes + (others + 1) * kSectionBytes + 8 * PagesOf(bytes);
  std::string header(image.substr(0, kPreambleBytes));
  StoreWide(header.data() + 12, others + 1, 4);
  StoreWide(header.data() + 16, new_data_at + bytes, 8);
  StoreWide(header.data() + 40, new_data_at, 8);
  auto add = [&header](uint32_t kind, uint32_t index, uint64_t at, uint64_t size) {
    AppendWide(&header, kind, 4);
    AppendWide(&header, index, 4);
    AppendWide(&header, at, 8);
    AppendWide(&header, size, 8);
  };
  for (uint64_t i = 0; i < sections; ++i) {
    const char* s = section(i);
    if (Load32(s) == kAbout) continue;
    add(Load32(s), Load32(s + 4), Load64(s + 8) - data_at + new_data_at, Load64(s + 16));
  }
  add(kAbout, 0, new_data_at + keep, about.size());
  header.append(sums, 8 * whole);
  for (uint64_t at = 0; at < end.size(); at += kPageBytes)
    AppendWide(&header, PageSum(Bytes(end).substr(at, kPageBytes), whole + at / kPageBytes), 8);
  StoreWide(header.data() + kPreambleBytes - 8, HeaderChecksum(header), 8);
  *out = {std::move(header), data.substr(0, keep), std::move(tail)};
  return {};
}

}  // namespace memkv::fst
