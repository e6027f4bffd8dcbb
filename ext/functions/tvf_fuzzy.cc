#include "ext/functions/tvf_fuzzy.h"

#include "ext/affinity.h"
#include "ext/poller.h"
#include "ext/sqlite.h"
#include "ext/walk/row_values.h"

namespace memkv::sql {
namespace {

Levenshtein WordOf(const Arguments& args) {
  const Converted word = Converted::Compared(args[1], Affinity::kText);
  if (word.datum().kind != Datum::kText) args.Fail("word is a TEXT");
  const int distance = static_cast<int>(args.Integer(2, "distance", 0, Levenshtein::kMaxDistance));
  return Levenshtein(word.datum().bytes, distance);
}

// An empty search, of the kind that the table's keys need.
template <class Variant>
Variant SearchOf(const NamedTable& table, Levenshtein word) {
  if (table.schema().has_composite_key())
    return Variant(std::in_place_index<1>, ViewCursor(table.view), FirstColumn(std::move(word)),
                   ClassRange(kTextTag));
  return Variant(std::in_place_index<0>, ViewCursor(table.view), std::move(word),
                 ClassRange(kTextTag));
}

}  // namespace

FuzzySpec::FuzzySpec(Connection& connection, const Arguments& args)
    : table_(args.Table(connection)),
      search_(SearchOf<std::variant<Whole, First>>(table_, WordOf(args))) {
  std::visit(
      [&](auto& search) {
        search.SetPoll(NewPoll(connection.db()));
        search.Start();
        valid_ = search.Valid();
        if (!valid_) Check(search.status());
      },
      search_);
}

void FuzzySpec::Next() {
  std::visit(
      [this](auto& search) {
        search.Next();
        valid_ = search.Valid();
        if (!valid_) Check(search.status());
      },
      search_);
}

const ViewCursor& FuzzySpec::cursor() const {
  return std::visit([](const auto& search) -> const ViewCursor& { return search.cursor(); },
                    search_);
}

int FuzzySpec::distance() const {
  if (const Whole* whole = std::get_if<Whole>(&search_))
    return *whole->automaton().Distance(whole->state());
  const First& first = std::get<First>(search_);
  return *first.automaton().text().Distance(first.state().of_text);
}

void FuzzySpec::Column(sqlite3_context* out, int column) {
  if (column == 2) return sqlite3_result_int(out, distance());
  Datum v;
  const auto row = [this] { return cursor().row(); };
  if (column == 0) {
    ReadKey(table_.schema(), table_.view, cursor().key(), row, &buffer_, &v);
  } else {
    ReadValue(table_.schema(), table_.view, row(), &buffer_, &v);
  }
  SetResult(out, v);
}

}  // namespace memkv::sql
