#include "ext/functions/tvf_facets.h"

#include "ext/affinity.h"
#include "ext/sqlite.h"

namespace memkv::sql {

FacetsSpec::FacetsSpec(Connection& connection, const Arguments& args) {
  NamedTable table = args.Table(connection);
  const Converted prefix = Converted::Compared(args[1], Affinity::kText);  // NULL: no bytes
  const Converted delimiter = Converted::Compared(args[2], Affinity::kText);
  if (delimiter.datum().bytes.empty())
    args.Fail("delimiter is a TEXT or BLOB of at least one byte");
  const uint64_t depth =
      args.Has(3) ? static_cast<uint64_t>(args.Integer(3, "depth", 1, INT64_MAX)) : 1;
  blob_ = prefix.datum().kind == Datum::kBlob;
  facets_.emplace(ViewCursor(std::move(table.view)), blob_ ? kBlobTag : kTextTag,
                  prefix.datum().bytes, delimiter.datum().bytes, depth, table.key_text());
  facets_->Start();
  if (!facets_->Valid()) Check(facets_->status());
}

void FacetsSpec::Next() {
  facets_->Next();
  if (!facets_->Valid()) Check(facets_->status());
}

void FacetsSpec::Column(sqlite3_context* out, int column) {
  if (column == 1) return sqlite3_result_int64(out, static_cast<sqlite3_int64>(facets_->count()));
  if (column == 2) return sqlite3_result_int(out, facets_->leaf());
  SetResult(out, blob_ ? Datum::Blob(facets_->prefix()) : Datum::Text(facets_->prefix()));
}

}  // namespace memkv::sql
