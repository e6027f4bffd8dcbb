#include "ext/functions/tvf_sets.h"

#include "ext/poller.h"
#include "ext/sqlite.h"
#include "ext/walk/row_values.h"

namespace memkv::sql {

SetRows::SetRows(Connection& connection, const Arguments& args, SetOp op)
    : a_(args.Table(connection, 0)), b_(args.Table(connection, 1)) {
  args.CheckSingleKey(a_);
  args.CheckSingleKey(b_);
  walk_.emplace(ViewCursor(a_.view), ViewCursor(b_.view), op);
  walk_->SetPoll(NewPoll(connection.db()));
  walk_->Start();
  if (!walk_->Valid()) Check(walk_->status());
}

void SetRows::Next() {
  walk_->Next();
  if (!walk_->Valid()) Check(walk_->status());
}

void SetRows::Column(sqlite3_context* out, int) {
  const bool in_a = walk_->in_a();
  const NamedTable& table = in_a ? a_ : b_;
  const ViewCursor& at = in_a ? walk_->a() : walk_->b();
  Datum key;
  ReadKey(
      table.schema(), table.view, walk_->key(), [&] { return at.row(); }, &buffer_, &key);
  key.kind == Datum::kText ? SetTerminatedText(out, key.bytes) : SetResult(out, key);
}

}  // namespace memkv::sql
