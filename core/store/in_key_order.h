// InKeyOrder: applies a log's operations to a table as if one after the other, and mostly in key
// order: what lies between two ranges erased is gathered, sorted, and only the last operation of
// each key is applied. So rows that ascend past the table's last are packed into leaves, and others
// go near where the one before went.

#ifndef MEMKV_CORE_STORE_IN_KEY_ORDER_H_
#define MEMKV_CORE_STORE_IN_KEY_ORDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/store/log.h"
#include "core/store/rows.h"

namespace memkv {

class InKeyOrder : public LogTarget {
 public:
  // Both must outlive this.
  InKeyOrder(Rows* rows, const Rows::Poll& poll) : rows_(rows), poll_(poll) {}

  Status Put(Bytes key, const Value& value) override;
  Status Erase(Bytes key) override;
  Status EraseRange(Bytes lo, std::optional<Bytes> hi) override;
  // What is gathered. REQUIRES to be called at the end.
  Status Apply();

 private:
  // So much is gathered at once.
  static constexpr size_t kMostBytes = size_t{160} << 20;

  struct Operation {
    uint64_t number = 0;
    uint32_t at, key_bytes, record_bytes = 0;  // in bytes_: the key, then the record
    bool put, is_record = false;
  };
  struct Item {
    uint64_t head;  // eight bytes of the key, the first one highest, zeros past its end
    uint32_t index;
  };
  Bytes KeyOf(uint32_t index) const {
    const Operation& o = operations_[index];
    return Bytes(bytes_).substr(o.at, o.key_bytes);
  }
  Status Gather(Bytes key, Bytes record, Operation operation);
  Status Sort();
  bool Before(const Item& a, const Item& b, size_t depth) const;
  Status Stop(size_t work);

  Rows* const rows_;
  const Rows::Poll& poll_;
  std::string bytes_;
  std::vector<Operation> operations_;
  std::vector<Item> items_;
  size_t work_ = 0;
};

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_IN_KEY_ORDER_H_
