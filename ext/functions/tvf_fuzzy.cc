#include "ext/functions/tvf_fuzzy.h"

#include "ext/affinity.h"
#include "ext/poller.h"
#include "ext/sqlite.h"
#include "ext/walk/row_values.h"

namespace memkv::sql {

FuzzySpec::FuzzySpec(Connection& connection, const Arguments& args)
    : table_(args.Table(connection)) {
  args.CheckSingleKey(table_);
  const Converted word = Converted::Compared(args[1], Affinity::kText);
  if (word.datum().kind != Datum::kText) args.Fail("word is a TEXT");
  const int distance = static_cast<int>(args.Integer(2, "distance", 0, Levenshtein::kMaxDistance));
  search_.emplace(ViewCursor(table_.view), Levenshtein(word.datum().bytes, distance),
                  ClassRange(kTextTag));
  search_->SetPoll(NewPoll(connection.db()));
  search_->Start();
  if (!search_->Valid()) Check(search_->status());
}

void FuzzySpec::Next() {
  search_->Next();
  if (!search_->Valid()) Check(search_->status());
}

void FuzzySpec::Column(sqlite3_context* out, int column) {
  if (column == 0) return SetResult(out, Datum::Text(search_->cursor().key().substr(1)));
  if (column == 2) return sqlite3_result_int(out, *search_->automaton().Distance(search_->state()));
  Datum value;
  ReadValue(table_.schema(), table_.view, search_->cursor().row(), &buffer_, &value);
  SetResult(out, value);
}

}  // namespace memkv::sql
