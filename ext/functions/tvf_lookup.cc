#include "ext/functions/tvf_lookup.h"

#include "ext/sqlite.h"
#include "ext/walk/row_values.h"

namespace memkv::sql {

LookupSpec::LookupSpec(Connection& connection, const Arguments& args)
    : poller_(connection.db()),
      fields_(connection.db()),
      table_(args.Table(connection)),
      affinity_(table_.schema().key_column().affinity) {
  pointer_ = static_cast<const memkv_keys*>(sqlite3_value_pointer(args[1], MEMKV_KEYS_POINTER));
  if (pointer_ == nullptr) {
    const Datum json = ToDatum(args[1]);
    if (json.kind != Datum::kText)
      args.Fail("keys is a JSON array, or a pointer of type \"" MEMKV_KEYS_POINTER "\"");
    json_ = json.bytes;
    keys_.emplace(json_);
    keys_->SetPoll([this] { return poller_.Stop(); });
  }
  Fill();
}

void LookupSpec::AddKey(const Datum& key) {
  const Datum compared = fields_.Compared(key, affinity_);
  if (compared.kind != Datum::kNull) AppendKey(compared, &encoded_);
  ends_[++count_] = encoded_.size();
}

void LookupSpec::Fill() {
  encoded_.clear();
  at_ = count_ = 0;
  ends_[0] = 0;
  if (pointer_) {
    for (; count_ < kBatch && taken_ < pointer_->count; ++taken_) {
      const size_t n = pointer_->lengths[taken_];
      if (pace_.Due(n)) poller_.Check();
      AddKey(Datum::Text({pointer_->bytes + taken_bytes_, n}));
      taken_bytes_ += n;
    }
  } else {
    bool more = true;
    while (count_ < kBatch && more) {
      Datum key;
      if (const Status status = keys_->Next(&more, &key); !status.ok()) {
        if (status.code() == Status::kInterrupted) Throw(status);
        throw SqlError(SQLITE_ERROR, std::string(kSignature) + ": keys: " + status.message());
      }
      if (!more) break;
      AddKey(key);
      if (pace_.Due(key.bytes.size())) poller_.Check();
    }
  }
  for (size_t i = 0; i < count_; ++i)
    views_[i] = Bytes(encoded_).substr(ends_[i], ends_[i + 1] - ends_[i]);
  Check(table_.view.FindMany(views_.data(), count_, found_.data(), rows_.data()));
}

void LookupSpec::Column(sqlite3_context* out, int column) {
  if (column == 2) return sqlite3_result_int(out, found_[at_]);
  Datum v;
  if (column == 0) {
    if (views_[at_].empty()) return;  // NULL was asked for
    if (found_[at_]) {
      ReadKey(
          table_.schema(), table_.view, views_[at_], [this] { return rows_[at_]; }, &buffer_, &v);
    } else if (!DecodeKey(views_[at_], &v)) {
      return;
    }
  } else if (found_[at_]) {
    ReadValue(table_.schema(), table_.view, rows_[at_], &buffer_, &v);
  }
  SetResult(out, v);
}

}  // namespace memkv::sql
