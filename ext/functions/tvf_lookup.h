// memkv_lookup(table, keys): key, value, found, rank. One row for each key, in input order: the
// stored key, the first value column and the key's rank where it is found, the key as it was asked
// for and NULL where it is not. `keys` is a JSON array of strings, numbers and nulls, or a pointer of
// type "memkv_keys" (memkv.h); of keys of several columns a JSON array of arrays, and `key` is the
// first column. Keys are looked up in batches, so that cache misses overlap.

#ifndef MEMKV_EXT_FUNCTIONS_TVF_LOOKUP_H_
#define MEMKV_EXT_FUNCTIONS_TVF_LOOKUP_H_

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/pace.h"
#include "core/query/json_keys.h"
#include "ext/field_affinity.h"
#include "ext/functions/arguments.h"
#include "ext/memkv.h"
#include "ext/poller.h"

namespace memkv::sql {

class LookupSpec {
 public:
  static constexpr char kSignature[] = "memkv_lookup(table, keys)";
  static constexpr char kColumns[] = "key, value, found INTEGER, \"rank\" INTEGER";
  static constexpr int kColumnCount = 4;
  static constexpr const char* kArguments[] = {"table", "keys"};
  static constexpr size_t kRequired = 2;
  static constexpr bool kAscending = false;

  LookupSpec(Connection& connection, const Arguments& args);
  bool Valid() const { return at_ < count_; }
  void Next() {
    if (++at_ == count_) Fill();
  }
  void Column(sqlite3_context* out, int column);

 private:
  static constexpr size_t kBatch = 64;

  // The next batch; none at the end.
  void Fill();
  void AddKeysOfPointer();
  void AddKeysOfJson();
  // key: its columns
  void AddKey(const Datum* key);

  Poller poller_;
  Pace pace_;
  FieldAffinity fields_;
  NamedTable table_;
  std::string json_;
  std::optional<JsonKeys> keys_;
  std::vector<Datum> key_;  // the last one of it
  const memkv_keys* pointer_ = nullptr;
  size_t taken_ = 0, taken_bytes_ = 0;  // of *pointer_

  size_t at_ = 0, count_ = 0;
  std::string encoded_;  // the batch's keys, one after the other
  std::array<size_t, kBatch + 1> ends_;
  std::array<Bytes, kBatch> views_;
  std::array<bool, kBatch> found_;
  std::array<RowRef, kBatch> rows_;
  std::string buffer_;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_FUNCTIONS_TVF_LOOKUP_H_
