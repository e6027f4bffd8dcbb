// The frozen image, byte by byte. Everything is little-endian; a varint is core/bytes.h's; W<n> is
// an integer of n bytes.
//
// clang-format off
//   image      preamble | page sums | data | 64 zero bytes (belonging to the data)
//   preamble   8 magic "\x89MKVFST\n" | 4 version | 4 sections | 8 image bytes | 8 keys | 4 columns
//              | 4 bytes of the longest key | 8 where the data begin
//              | 8 checksum of all that precedes the data, this field taken as zero
//              then, per section: 4 kind | 4 index | 8 where it begins in the image | 8 bytes
//   page sums  8 per page: the checksum of each 64 KiB of the data (the last page may be shorter)
//
// Section kCode, the token code of the labels. A lead byte c means
//
//   0      e1        n1            e2             hot          255
//   | END  | plain   | END         | plain        | hot ref    | cold ref
//   | one byte:      | two bytes: slot            | two bytes  | 1 + W<ref> offset + varint keys
//   | slot c         | n1 + (c - n1) * 256 + next |
//
//   varints    e1 | n1 | e2 | hot | ref | tokens of two bytes that END | of two bytes, plain
//              | bytes of code per 1024 bytes of text when it was learnt
//   tokens     END of one byte, plain of one byte, END of two, plain of two; each class in bytewise
//              order, front-coded: 1 (bytes shared with the token before << 4 | bytes of its own)
//              | own bytes. Texts are 0..15 bytes.
//
// A token that ENDs ends a key; a reference says that the rest of the key is spelled by the record
// at an offset of kRecords.
//
// Section kHot, the references of two bytes, (lead - hot) * 256 + next, each:
//
//   W<6> offset | W<6> keys below
//
// Section kRecords; the root is the record at 0. The first byte tells them apart:
//
//   LIST    1..64 entries n | entry n times
//     entry   shared (not in the first; 255: a varint follows) | token codes | END token or reference
//   SINGLE  0 | length (255: a varint follows), at least 1 | raw label | LIST or FUSED inline
//   FUSED   80..FF: 1 s ccc ooo | k - 1 | k separators | k + 1 offsets W<o+1> | k counts W<c+1>
//
//     k separators, 1..256, cut the keys below into k + 1 ordered children: child i holds the keys
//     in [separator i-1, separator i). s = 1: of one byte; else of four, zero-padded, big-endian
//     value ^ 80000000 (so that signed compare orders them). Offsets count from this record's first
//     byte, and are never 0. Counts are keys in the children before. A child spells its keys from
//     the depth of the FUSED node, and is a LIST or a SINGLE.
// clang-format on
//
// A reference comes after at least one byte of text, and offsets of children point forward: so
// every walk ends.
//
// Section kColumn (index: which column): core/fst/values.h.
//
// Section kIndex (index: which column), for each column that has a secondary index:
// core/fst/frozen_index.h.
//
// Section kAbout, which may be missing: what the image is of, in bytes that are its writer's own.

#ifndef MEMKV_CORE_FST_FORMAT_H_
#define MEMKV_CORE_FST_FORMAT_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace memkv::fst {

inline constexpr char kMagic[8] = {'\x89', 'M', 'K', 'V', 'F', 'S', 'T', '\n'};
inline constexpr uint32_t kVersion = 1;
inline constexpr size_t kPreambleBytes = 56;
inline constexpr size_t kSectionBytes = 24;
inline constexpr uint64_t kPageBytes = uint64_t{1} << 16;
// Readable bytes behind every section, so that wide loads need no bounds of their own.
inline constexpr size_t kPadBytes = 64;

enum SectionKind : uint32_t {
  kCode = 1,
  kHot = 2,
  kRecords = 3,
  kColumn = 4,
  kAbout = 5,
  kIndex = 6,
  kIndexOfSeveral = 7
};

inline constexpr uint8_t kSingle = 0;
inline constexpr uint8_t kFused = 0x80;
inline constexpr uint8_t kOneByteSeparators = 0x40;
inline constexpr uint8_t kLongByte = 255;  // a length or shared prefix that goes on as a varint
inline constexpr uint32_t kColdRef = 255;
inline constexpr uint32_t kMaxListEntries = 64;
inline constexpr uint32_t kMaxSeparators = 256;
inline constexpr uint32_t kMaxTokenBytes = 15;
inline constexpr size_t kHotBytes = 12;

inline uint32_t Load32(const void* p) {
  uint32_t v;
  std::memcpy(&v, p, 4);
  if constexpr (std::endian::native == std::endian::big) v = __builtin_bswap32(v);
  return v;
}

inline uint64_t Load64(const void* p) {
  uint64_t v;
  std::memcpy(&v, p, 8);
  if constexpr (std::endian::native == std::endian::big) v = __builtin_bswap64(v);
  return v;
}

// The integer of 1..8 bytes at p. REQUIRES eight readable bytes.
inline uint64_t LoadWide(const void* p, uint32_t width) {
  return Load64(p) & (~uint64_t{0} >> (64 - 8 * width));
}

inline void StoreWide(void* p, uint64_t v, uint32_t width) {
  auto* out = static_cast<uint8_t*>(p);
  for (uint32_t i = 0; i < width; ++i, v >>= 8) out[i] = static_cast<uint8_t>(v);
}

inline void AppendWide(std::string* out, uint64_t v, uint32_t width) {
  for (uint32_t i = 0; i < width; ++i, v >>= 8) out->push_back(static_cast<char>(v));
}

// How many bytes hold v; at least 1.
inline uint32_t WidthOf(uint64_t v) {
  return v ? (static_cast<uint32_t>(std::bit_width(v)) + 7) / 8 : 1;
}

// 64 bits over n bytes; catches every single flip and any likely damage, not forgery.
uint64_t Checksum(const uint8_t* p, size_t n, uint64_t seed = 0);

// Of everything before the data, the field of the checksum itself taken as zero.
uint64_t HeaderChecksum(std::string_view header);

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_FORMAT_H_
