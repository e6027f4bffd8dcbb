#include "ext/columns.h"

#include <algorithm>
#include <span>

#include "ext/sqlite.h"
#include "ext/tokens.h"

namespace memkv::sql {
namespace {

using Token = Tokens::Token;

constexpr std::string_view kColumnTakes =
    " (a column takes a type, PRIMARY KEY, NOT NULL, INDEXED)";
constexpr std::string_view kTableTakes =
    " (a table takes PRIMARY KEY(column, ...), INDEX name(column, ...))";
constexpr std::string_view kRefused[] = {"AS",         "AUTOINCREMENT", "CHECK",      "COLLATE",
                                         "CONSTRAINT", "DEFAULT",       "DESC",       "FOREIGN",
                                         "GENERATED",  "HIDDEN",        "REFERENCES", "UNIQUE"};
// Words that are no part of a type: where one stands in it, something before it is misspelt.
constexpr std::string_view kNotOfType[] = {"ASC", "INDEX", "INDEXED", "KEY",
                                           "NOT", "NULL",  "PRIMARY"};

bool IsAny(const Token& t, std::span<const std::string_view> words, std::string_view* which) {
  const auto at =
      std::find_if(words.begin(), words.end(), [&t](std::string_view word) { return t.Is(word); });
  if (at == words.end()) return false;
  *which = *at;
  return true;
}

struct ParsedColumn {
  Column column;
  bool primary = false, indexed = false;
};

class ColumnParser {
 public:
  ColumnParser(const Token& name, Tokens tokens) : tokens_(tokens) {
    out_.column.name = name.text;
    if (!name.IsName()) Refuse("bad column name " + Shown(name.raw));
  }

  ParsedColumn Parse() {
    while (const std::optional<Token> t = tokens_.Next()) Take(*t);
    out_.column.affinity = AffinityOf(out_.column.type);
    return std::move(out_);
  }

 private:
  std::string Where() const { return "column " + Shown(out_.column.name) + ": "; }

  void Expect(const Token& first, std::string_view second) {
    const std::optional<Token> next = tokens_.Next();
    if (next && next->Is(second)) return;
    Refuse(Where() + std::string(first.raw) + " without " + std::string(second) +
           std::string(kColumnTakes));
  }

  void Take(const Token& t) {
    std::string_view word;
    if (IsAny(t, kRefused, &word))
      Refuse(Where() + std::string(word) + " is not supported" + std::string(kColumnTakes));
    if (TakeConstraint(t)) {
      in_type_ = false;
      return;
    }
    std::string& type = out_.column.type;
    if (!type.empty() && IsAny(t, kNotOfType, &word)) {
      Refuse(Where() + "type " + Shown(type + ' ' + std::string(t.raw)) + " holds " +
             std::string(word) + std::string(kColumnTakes));
    }
    if (!in_type_ || !(t.word || t.quote || t.IsList() || t.raw == "+" || t.raw == "-"))
      Refuse(Where() + "unexpected " + Shown(t.raw) + std::string(kColumnTakes));
    if (!type.empty() && !t.IsList()) type += ' ';
    type += t.raw;
  }

  bool TakeConstraint(const Token& t) {
    if (t.Is("PRIMARY")) {
      Expect(t, "KEY");
      return out_.primary = true;
    }
    if (t.Is("NOT")) {
      Expect(t, "NULL");
      return out_.column.not_null = true;
    }
    if (t.Is("INDEXED")) return out_.indexed = true;
    return t.Is("NULL") || (out_.primary && t.Is("ASC"));
  }

  Tokens tokens_;
  ParsedColumn out_;
  bool in_type_ = true;
};

// (name, …)
std::vector<std::string> ParseList(const std::string& what, Tokens tokens) {
  const std::optional<Token> list = tokens.Next();
  const auto malformed = [&what](const std::string& why) {
    Refuse(what + ": " + why + std::string(kTableTakes));
  };
  if (!list || !list->IsList() || !list->raw.ends_with(")"))
    malformed("columns in parentheses are missing");
  if (const std::optional<Token> more = tokens.Next()) malformed("unexpected " + Shown(more->raw));
  std::vector<std::string> names;
  Tokens inside(list->raw.substr(1, list->raw.size() - 2));
  for (bool more = true; more;) {
    const std::optional<Token> name = inside.Next();
    if (!name || !name->IsName())
      malformed(name ? "bad column name " + Shown(name->raw) : "a column is missing");
    names.push_back(name->text);
    std::optional<Token> after = inside.Next();
    if (after && after->Is("ASC")) after = inside.Next();
    more = after && after->raw == ",";
    if (!after || more) continue;
    if (after->Is("DESC") || after->Is("COLLATE"))
      malformed(LowerName(after->text) == "desc" ? "DESC is not supported"
                                                 : "COLLATE is not supported");
    malformed("unexpected " + Shown(after->raw));
  }
  return names;
}

}  // namespace

void ColumnDefinitions::Add(std::string_view definition) {
  Tokens tokens(definition);
  const std::optional<Token> first = tokens.Next();
  if (!first) Refuse("an empty argument (allowed: columns and options, separated by commas)");
  if (AddConstraint(definition)) return;
  ParsedColumn parsed = ColumnParser(*first, tokens).Parse();
  const size_t i = schema_.columns.size();
  if (parsed.primary) {
    if (marked_) {
      Refuse("columns " + Shown(schema_.columns[*marked_].name) + " and " +
             Shown(parsed.column.name) + " are both PRIMARY KEY (exactly one may be)");
    }
    marked_ = i;
  }
  if (parsed.indexed) own_indexes_.push_back(i);
  schema_.columns.push_back(std::move(parsed.column));
}

// PRIMARY KEY(…) or INDEX name(…): such words, not in quotes, begin no column.
bool ColumnDefinitions::AddConstraint(std::string_view definition) {
  Tokens tokens(definition);
  const Token first = *tokens.Next();
  for (const std::string_view refused : {"UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT"}) {
    if (first.Is(refused) && !tokens.Rest().empty())
      Refuse("table constraint " + Shown(definition) + " is not supported" +
             std::string(kTableTakes));
  }
  if (first.Is("PRIMARY")) {
    const std::optional<Token> second = tokens.Next();
    if (!second || !second->Is("KEY"))
      Refuse("PRIMARY without KEY in " + Shown(definition) + std::string(kTableTakes));
    if (key_) Refuse("PRIMARY KEY is given twice" + std::string(kTableTakes));
    key_ = Named{"PRIMARY KEY", "", ParseList("PRIMARY KEY", tokens)};
    return true;
  }
  if (!first.Is("INDEX")) return false;
  const std::optional<Token> name = tokens.Next();
  if (!name || !name->IsName())
    Refuse("INDEX without a name in " + Shown(definition) + std::string(kTableTakes));
  const std::string what = "INDEX " + Shown(name->text);
  named_.push_back({what, name->text, ParseList(what, tokens)});
  return true;
}

std::vector<size_t> ColumnDefinitions::Find(const Named& named) const {
  std::vector<size_t> found;
  for (const std::string& name : named.columns) {
    size_t i = 0;
    while (i < schema_.columns.size() && !SameName(schema_.columns[i].name, name)) ++i;
    if (i == schema_.columns.size()) {
      std::string known;
      for (const Column& c : schema_.columns) known += (known.empty() ? "" : ", ") + c.name;
      Refuse(named.what + ": no column " + Shown(name) + " (columns: " + ShownBare(known) + ")");
    }
    if (std::count(found.begin(), found.end(), i) > 0)
      Refuse(named.what + " names column " + Shown(schema_.columns[i].name) + " twice");
    found.push_back(i);
  }
  return found;
}

void ColumnDefinitions::Finish() {
  if (schema_.columns.empty()) Refuse("a table without columns" + std::string(kTableTakes));
  FinishKey();
  FinishIndexes();
  CheckNames();
}

void ColumnDefinitions::FinishKey() {
  if (key_ && marked_) {
    Refuse("column " + Shown(schema_.columns[*marked_].name) +
           " is PRIMARY KEY beside PRIMARY KEY(…) (exactly one may be)");
  }
  schema_.key = key_ ? Find(*key_) : std::vector<size_t>{marked_.value_or(0)};
  for (const size_t i : schema_.key) schema_.columns[i].not_null = true;
}

// Those of columns that say INDEXED first, then as they came.
void ColumnDefinitions::FinishIndexes() {
  schema_.indexes.clear();
  for (const size_t i : own_indexes_) schema_.indexes.push_back({schema_.columns[i].name, {i}});
  for (const Named& named : named_) schema_.indexes.push_back({named.index, Find(named)});
}

void ColumnDefinitions::CheckNames() const {
  const std::string where = "table " + Shown(schema_.table) + ": ";
  const auto is_own = [this](const Index& index) {
    return index.IsOwnOf(index.columns[0], schema_.columns);
  };
  for (const Column& c : schema_.columns) {
    const bool whole = schema_.has_composite_key() && SameName(c.name, kWholeKeyName);
    if (whole || SameName(c.name, "rank") || SameName(c.name, "rowid")) {
      Refuse(where + "a column may not be named " + Shown(c.name) + " (reserved: " +
             (schema_.has_composite_key() ? std::string(kWholeKeyName) + ", " : "") +
             "rank, rowid)");
    }
    for (const Index& index : schema_.indexes) {
      if (SameName(c.name, RankName(index))) {
        Refuse(where + "a column may not be named " + Shown(c.name) + " beside the " +
               (is_own(index) ? "INDEXED column " : "INDEX ") + Shown(index.name) +
               " (its ranks have that name)");
      }
    }
  }
  for (size_t i = 0; i < schema_.indexes.size(); ++i) {
    const Index& index = schema_.indexes[i];
    if (is_own(index) && schema_.key == index.columns) {
      Refuse("column " + Shown(index.name) +
             ": the PRIMARY KEY has its order already (INDEXED is for other columns)");
    }
    for (size_t j = 0; j < i; ++j) {
      if (SameName(index.name, schema_.indexes[j].name))
        Refuse(where + "two indexes are named " + Shown(index.name));
    }
    for (const Column& c : schema_.columns) {
      if (!is_own(index) && SameName(index.name, c.name)) {
        Refuse(where + "an INDEX may not be named " + Shown(index.name) + ", as a column (" +
               Shown(c.name) + " INDEXED is its index)");
      }
    }
  }
}

std::string ColumnsAsBytes(const Schema& schema) {
  std::string bytes;
  for (const std::string& definition : schema.Definitions()) {
    PutVarint(&bytes, definition.size());
    bytes += definition;
  }
  return bytes;
}

void SetColumns(Bytes columns, Schema* schema) {
  schema->columns.clear();
  ColumnDefinitions definitions(schema);
  while (!columns.empty()) {
    uint64_t size;
    if (!GetVarint(&columns, &size) || size > columns.size()) Refuse("a column is cut short");
    const Bytes definition = columns.substr(0, size);
    if (definition.find('\0') != Bytes::npos) Refuse("a column with a NUL byte");
    definitions.Add(definition);
    columns.remove_prefix(size);
  }
  if (schema->columns.empty()) Refuse("no columns");
  definitions.Finish();
}

}  // namespace memkv::sql
