#include "ext/memory_mark.h"

#include <cstring>
#include <random>

#include "ext/schema.h"
#include "ext/shadow.h"
#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

constexpr const char* kSuffix = "_memory";
constexpr Bytes kMagic = "memkvmem";
constexpr int kProcessAt = 8, kStateAt = 16, kEditsAt = 24, kBytes = 32;

std::string Encode(uint64_t state, uint64_t edits) {
  std::string bytes(kMagic);
  for (const uint64_t part : {ProcessNumber(), state, edits}) {
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(part >> 8 * i & 0xff);
  }
  return bytes;
}

uint64_t Decode(Bytes bytes, size_t at) {
  uint64_t part = 0;
  for (size_t i = 0; i < 8; ++i) part |= uint64_t{static_cast<uint8_t>(bytes[at + i])} << 8 * i;
  return part;
}

std::string NameOf(const std::string& schema, const std::string& table) {
  return QuoteName(schema) + '.' + QuoteName(table + kSuffix);
}

// The row of a mark; empty where there is none.
std::string ReadBytes(sqlite3* db, const std::string& schema, const std::string& table) {
  // Not by a statement, which would begin a transaction where a table is connected inside BEGIN.
  if (sqlite3_table_column_metadata(db, schema.c_str(), (table + kSuffix).c_str(), nullptr, nullptr,
                                    nullptr, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return "";
  }
  Statement row(db, "SELECT * FROM " + NameOf(schema, table) + " LIMIT 1");
  const Bytes bytes = row.Step() ? row.Blob(0) : Bytes();
  return bytes.size() == kBytes && bytes.starts_with(kMagic) ? std::string(bytes) : "";
}

// Unlike an UPDATE, writing through a blob handle leaves total_changes() alone.
class Blob {
 public:
  ~Blob() { sqlite3_blob_close(blob_); }
  int Open(sqlite3* db, const std::string& schema, const std::string& table) {
    return sqlite3_blob_open(db, schema.c_str(), table.c_str(), "data", 1, 1, &blob_);
  }
  sqlite3_blob* operator*() const { return blob_; }

 private:
  sqlite3_blob* blob_ = nullptr;
};

}  // namespace

uint64_t ProcessNumber() {
  static const uint64_t process = [] {
    std::random_device random;
    return uint64_t{random()} << 32 | random();
  }();
  return process;
}

bool MemoryMark::IsSuffix(const char* suffix) { return SameName(suffix, kSuffix + 1); }

bool MemoryMark::Exists(sqlite3* db, const std::string& schema, const std::string& table) {
  return !ReadBytes(db, schema, table).empty();
}

std::optional<MemoryMark::Content> MemoryMark::Read(sqlite3* db, const std::string& schema,
                                                    const std::string& table) {
  const std::string bytes = ReadBytes(db, schema, table);
  if (bytes.empty() || Decode(bytes, kProcessAt) != ProcessNumber()) return std::nullopt;
  return Content{Decode(bytes, kStateAt), Decode(bytes, kEditsAt)};
}

void MemoryMark::Drop(sqlite3* db, const std::string& schema, const std::string& table) {
  if (Exists(db, schema, table)) Statement(db, "DROP TABLE " + NameOf(schema, table)).Step();
}

void MemoryMark::Rename(sqlite3* db, const std::string& schema, const std::string& table,
                        const std::string& to) {
  if (!Exists(db, schema, table)) return;
  Statement(db, "ALTER TABLE " + NameOf(schema, table) + " RENAME TO " + QuoteName(to + kSuffix))
      .Step();
}

void MemoryMark::Create() {
  CheckFree(db_, *schema_, *table_, *table_ + kSuffix);
  std::string literal = "x'";
  for (const char c : Encode(state_, 0)) {
    literal += "0123456789abcdef"[static_cast<uint8_t>(c) >> 4];
    literal += "0123456789abcdef"[c & 15];
  }
  Statement(db_,
            "CREATE TABLE " + NameOf(*schema_, *table_) + " AS SELECT " + literal + "' AS data")
      .Step();
}

void MemoryMark::SetEdits(uint64_t edits) {
  Blob blob;
  int rc = blob.Open(db_, *schema_, *table_ + kSuffix);
  if (rc == SQLITE_ERROR) return;  // no such table, or no such row
  const std::string bytes = Encode(state_, edits);
  char there[kBytes];
  if (rc == SQLITE_OK) {
    if (sqlite3_blob_bytes(*blob) != kBytes) return;
    rc = sqlite3_blob_read(*blob, there, kBytes, 0);
  }
  if (rc == SQLITE_OK && std::memcmp(there, bytes.data(), kEditsAt) == 0)
    rc = sqlite3_blob_write(*blob, bytes.data() + kEditsAt, kBytes - kEditsAt, kEditsAt);
  if (rc == SQLITE_NOMEM) throw std::bad_alloc();
  if (rc != SQLITE_OK) throw SqlError(rc, sqlite3_errmsg(db_));
}

}  // namespace memkv::sql
