// libFuzzer: any bytes as the image and the log rows of a stored table, ids and generations made
// right, so that everything behind the checksums is reached: loading, reading, writing on.
//
//   columns 1 byte | image length 2 | image | row length 2 | row | …

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/store/store.h"
#include "core/view/cursor.h"
#include "tests/core/fst_repair.h"

namespace memkv {
namespace {

class Bytewise : public Storage {
 public:
  size_t columns = 0;
  Base base;
  std::optional<std::string> image;
  struct Row {
    int64_t id;
    std::string generation, data;
  };
  std::vector<Row> rows;

  Head ReadHead() override {
    Head head{base.generation, 0};
    if (rows.empty()) return head;
    head.log_id = rows.back().id;
    (void)Generation::Decode(rows.back().generation, &head.generation);
    return head;
  }
  Base ReadBase() override { return base; }
  std::optional<std::string> ReadImage() override { return image; }
  Status ReadLog(int64_t after, int64_t until,
                 const std::function<Status(const LogRow&)>& row) override {
    for (const Row& at : rows) {
      if (at.id > after && at.id <= until) MEMKV_TRY(row({at.id, at.generation, at.data}));
    }
    return {};
  }
  void AppendLog(int64_t id, const Generation& generation, Bytes data) override {
    rows.push_back({id, generation.Encode(), std::string(data)});
  }
  void CutLog(int64_t after) override {
    std::erase_if(rows, [after](const Row& row) { return row.id > after; });
  }
  void ReplaceBase(const Generation& generation, std::optional<Bytes> bytes) override {
    base = {generation, generation, 0};
    image.reset();
    if (bytes) image = std::string(*bytes);
    rows.clear();
  }
  std::optional<Merge> ReadMerge() override { return std::nullopt; }
  void StartMerge(const Merge&) override {}
  void AppendPiece(Bytes) override {}
  uint64_t ReadPieceBytes() override { return 0; }
  bool PiecesAre(uint64_t, Bytes) override { return true; }
  void DropMerge() override {}
  void FinishMerge(const Merge&) override {}
  bool Clean(uint64_t) override { return false; }
};

std::string Take(Bytes* in) {
  if (in->size() < 2) return "";
  const size_t n = static_cast<uint8_t>((*in)[0]) | static_cast<uint8_t>((*in)[1]) << 8;
  in->remove_prefix(2);
  std::string out(in->substr(0, n));
  in->remove_prefix(out.size());
  return out;
}

void ReadAll(const Table& table) {
  ViewCursor at(table.Latest());
  std::string buffer;
  for (at.SeekFirst(); at.Valid(); at.Next()) {
    for (size_t i = 0; i < table.columns(); ++i) {
      Datum datum;
      (void)at.view().Column(at.row(), i, &buffer, &datum);
    }
  }
}

}  // namespace
}  // namespace memkv

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace memkv;
  Bytes in(reinterpret_cast<const char*>(data), size);
  if (in.empty()) return 0;
  Bytewise storage;
  storage.columns = static_cast<uint8_t>(in[0]) % 4;
  in.remove_prefix(1);
  Generation generation = FirstGeneration(storage.columns);
  if (std::string image = Take(&in); !image.empty()) {
    test::Repair(&image, true);
    generation = generation.Chain(image);
    storage.image = std::move(image);
  }
  storage.base = {generation, generation};
  for (int64_t id = 1; !in.empty() && id < 50; ++id) {
    const std::string row = Take(&in);
    generation = generation.Chain(row);
    storage.rows.push_back({id, generation.Encode(), row});
  }
  Store store(storage.columns, {}, &storage);
  if (!store.Refresh(nullptr).ok()) return 0;
  ReadAll(store.table());
  (void)store.table().Verify(nullptr);
  (void)store.VerifyStored(nullptr);
  store.table().Begin();
  bool existed;
  (void)store.table().Put("k", Value::Number(1), true, &existed);
  uint64_t erased;
  (void)store.table().EraseRange("a", "z", nullptr, &erased);
  if (store.Sync(nullptr).ok())
    store.Commit();
  else
    store.Rollback();
  ReadAll(store.table());
  return 0;
}
