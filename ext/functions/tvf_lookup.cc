#include "ext/functions/tvf_lookup.h"

#include "core/key_parts.h"
#include "ext/sqlite.h"
#include "ext/walk/index_of_view.h"
#include "ext/walk/row_values.h"

namespace memkv::sql {

LookupSpec::LookupSpec(Connection& connection, const Arguments& args)
    : poller_(connection.db()),
      fields_(connection.db()),
      table_(args.Table(connection)),
      key_(table_.schema().key.size()) {
  const bool several = table_.schema().has_composite_key();
  if (!several)
    pointer_ = static_cast<const memkv_keys*>(sqlite3_value_pointer(args[1], MEMKV_KEYS_POINTER));
  if (pointer_ == nullptr) {
    const Datum json = ToDatum(args[1]);
    if (json.kind != Datum::kText) {
      args.Fail(several ? "keys of several columns are a JSON array of arrays"
                        : "keys is a JSON array, or a pointer of type \"" MEMKV_KEYS_POINTER "\"");
    }
    json_ = json.bytes;
    keys_.emplace(json_, key_.size());
    keys_->SetPoll([this] { return poller_.Stop(); });
  }
  Fill();
}

// NULL is no key's: it is found nowhere.
void LookupSpec::AddKey(const Datum* key) {
  const Schema& schema = table_.schema();
  for (size_t part = 0; part < schema.key.size(); ++part) {
    const Datum compared = fields_.Compared(key[part], schema.key_column(part).affinity);
    AppendKeyPart(compared, schema.IsLast(part), &encoded_);
  }
  ends_[++count_] = encoded_.size();
}

void LookupSpec::AddKeysOfPointer() {
  for (; count_ < kBatch && taken_ < pointer_->count; ++taken_) {
    const size_t n = pointer_->lengths[taken_];
    if (pace_.Due(n)) poller_.Check();
    const Datum key = Datum::Text({pointer_->bytes + taken_bytes_, n});
    AddKey(&key);
    taken_bytes_ += n;
  }
}

void LookupSpec::AddKeysOfJson() {
  while (count_ < kBatch) {
    bool more;
    if (const Status status = keys_->Next(&more, key_.data()); !status.ok()) {
      if (status.code() == Status::kInterrupted) Throw(status);
      const std::string what =
          key_.size() > 1 ? "keys of " + std::to_string(key_.size()) + " columns: " : "keys: ";
      throw SqlError(SQLITE_ERROR, std::string(kSignature) + ": " + what + status.message());
    }
    if (!more) break;
    AddKey(key_.data());
    size_t bytes = 0;
    for (const Datum& column : key_) bytes += column.bytes.size();
    if (pace_.Due(bytes)) poller_.Check();
  }
}

void LookupSpec::Fill() {
  encoded_.clear();
  at_ = count_ = 0;
  ends_[0] = 0;
  pointer_ ? AddKeysOfPointer() : AddKeysOfJson();
  for (size_t i = 0; i < count_; ++i)
    views_[i] = Bytes(encoded_).substr(ends_[i], ends_[i + 1] - ends_[i]);
  Check(table_.view.FindMany(views_.data(), count_, found_.data(), rows_.data()));
}

void LookupSpec::Column(sqlite3_context* out, int column) {
  const Schema& schema = table_.schema();
  const Bytes key = views_[at_];
  Datum v;
  if (column == 2) {
    v = Datum::Integer(found_[at_]);
  } else if (column == 0 && !found_[at_]) {
    Bytes part;
    if (KeyPart(key, 0, schema.IsLast(0), &part))
      DecodeKeyPart(part, schema.IsLast(0), &buffer_, &v);
  } else if (column == 0) {
    ReadKey(
        schema, table_.view, key, [this] { return rows_[at_]; }, &buffer_, &v);
  } else if (column == 1 && found_[at_]) {
    ReadValue(schema, table_.view, rows_[at_], &buffer_, &v);
  } else if (column == 3 && found_[at_]) {
    v = Datum::Integer(static_cast<int64_t>(IndexOfView(table_.view, 0).Rank(key)));
  }
  SetResult(out, v);
}

}  // namespace memkv::sql
